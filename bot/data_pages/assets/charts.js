// Draws each chart from the table that stands under it, so that both always say the same.
"use strict";
(() => {
  const HEIGHT = 280;
  const DASHES = [[], [8, 4], [2, 3], [10, 4, 2, 4], [4, 4], [14, 5]];
  const language = document.documentElement.lang;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  function read(table) {
    const drawn = [...table.tHead.rows[0].cells].flatMap((cell, index) => ("drawn" in cell.dataset ? [index] : []));
    const rows = [...table.tBodies[0].rows];
    const value = (row, index) => {
      const raw = row.cells[index].dataset.value;
      return raw === "" ? null : Number(raw);
    };
    return {
      week: table.tHead.rows[0].cells[0].textContent.trim(),
      labels: drawn.map((index) => table.tHead.rows[0].cells[index].textContent.trim()),
      times: rows.map((row) => Date.parse(row.cells[0].dataset.value + "T00:00:00+08:00") / 1000),
      values: drawn.map((index) => rows.map((row) => value(row, index))),
    };
  }

  // Each series on top of the ones before it; drawn from the tallest down, the lower ones cover the rest.
  function stack(values) {
    const sums = values[0].map(() => 0);
    return values.map((series) => series.map((value, index) => (sums[index] += value || 0)));
  }

  const write = (value) => (value === null || value === undefined ? "–" : value.toLocaleString(language, { maximumFractionDigits: 1 }));

  function draw(holder) {
    const table = document.getElementById(holder.dataset.for);
    const { week, labels, times, values } = read(table);
    const stacked = holder.dataset.chart === "stacked";
    const order = labels.map((_, index) => (stacked ? labels.length - 1 - index : index));
    const heights = stacked ? stack(values) : values;
    const series = order.map((index) => ({
      label: labels[index],
      value: (_, __, ___, at) => (at === null || at === undefined ? "–" : write(values[index][at])),
      stroke: colour(`--c${index + 1}`),
      width: stacked ? 1 : 2,
      dash: stacked ? undefined : DASHES[index],
      fill: stacked ? colour(`--c${index + 1}`) : undefined,
      paths: stacked ? uPlot.paths.bars({ size: [0.8, 40] }) : undefined,
      // A week between two empty ones is no line, only a point.
      points: { show: !stacked && (times.length < 60 || values[index].includes(null)), size: 5 },
    }));
    const axis = { stroke: colour("--ink"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
    holder.replaceChildren();
    holder.hidden = false;
    return new uPlot(
      {
        width: holder.clientWidth,
        height: HEIGHT,
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Taipei"),
        fmtDate: (template) => (date) => shortDate(template, date),
        scales: { x: { time: true }, y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
        axes: [axis, { ...axis, size: 64, values: (_, splits) => splits.map(write) }],
        series: [{ label: week, value: (_, seconds) => (seconds === null ? "–" : new Date(seconds * 1000).toLocaleDateString(language, { timeZone: "Asia/Taipei" })) }, ...series],
      },
      [times, ...order.map((index) => heights[index])],
      holder,
    );
  }

  // uPlot's axis names its formats; years and months are written as the page's language writes them.
  function shortDate(template, date) {
    const parts = [];
    if (/\{YYYY\}/.test(template)) parts.push(["year", "numeric"]);
    if (/\{MMM\}|\{M\}/.test(template)) parts.push(["month", "short"]);
    if (/\{D\}|\{DD\}/.test(template)) parts.push(["day", "numeric"]);
    return parts.length ? date.toLocaleDateString(language, Object.fromEntries(parts)) : "";
  }

  const holders = [...document.querySelectorAll(".chart[data-for]")];
  let charts = [];
  function drawAll() {
    charts.forEach((chart) => chart.destroy());
    charts = holders.map(draw);
  }
  drawAll();
  document.querySelectorAll("details[data-fold]").forEach((details) => (details.open = false));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new ResizeObserver(() => {
    charts.forEach((chart, index) => {
      const width = holders[index].clientWidth;
      if (width && width !== chart.width) chart.setSize({ width, height: HEIGHT });
    });
  }).observe(document.querySelector("main"));
})();
