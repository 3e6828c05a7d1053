// Charts that tell their numbers under the pointer, drawn from the table below each. Without scripts, and on paper,
// the server's own picture stands.
"use strict";
(() => {
  const HEIGHT = 220;
  const figures = [...document.querySelectorAll("figure.chart[data-draw]")];
  const language = document.documentElement.lang;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const write = (value) => (value === null || value === undefined ? "–" : value.toLocaleString(language, { maximumFractionDigits: 1 }));

  function read(figure) {
    const table = figure.nextElementSibling.querySelector("table");
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
    return {
      heads: [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim()),
      labels: rows.map(([label]) => label),
      values: rows.map(([, value]) => (value === "–" ? null : Number(value))),
    };
  }

  function draw(figure) {
    const { heads, labels, values } = read(figure);
    const usual = figure.dataset.usual === undefined ? [] : [labels.map(() => Number(figure.dataset.usual))];
    const bars = figure.dataset.draw === "bars";
    const axis = { stroke: colour("--text-light"), grid: { stroke: colour("--border"), width: 0.5 }, ticks: { show: false } };
    return new uPlot(
      {
        width: figure.clientWidth,
        height: HEIGHT,
        cursor: { y: false, drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: [-0.6, labels.length - 0.4] },
          y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] },
        },
        axes: [
          { ...axis, incrs: [1, 2, 3, 4, 6], values: (_, splits) => splits.map((at) => labels[at] || "") },
          { ...axis, size: 56, values: (_, splits) => splits.map(write) },
        ],
        series: [
          { label: heads[0], value: (_, at) => (at === null ? "–" : labels[at]) },
          {
            label: heads[1],
            stroke: colour("--accent"),
            fill: bars ? colour("--accent") : undefined,
            width: 2,
            paths: bars ? uPlot.paths.bars({ size: [0.7, 40] }) : undefined,
            points: { show: !bars, size: 6 },
            value: (_, value) => write(value),
          },
          ...usual.map(() => ({ label: figure.dataset.usualLabel, stroke: colour("--text-light"), dash: [6, 5], points: { show: false }, value: (_, value) => write(value) })),
        ],
      },
      [labels.map((_, index) => index), values, ...usual],
      figure,
    );
  }

  let charts = [];
  const drawAll = () => {
    charts.forEach((chart) => chart.destroy());
    charts = figures.map(draw);
  };
  drawAll();
  figures.forEach((figure) => figure.classList.add("drawn"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  new ResizeObserver(() => charts.forEach((chart, index) => {
    const width = figures[index].clientWidth;
    if (width && width !== chart.width) chart.setSize({ width, height: HEIGHT });
  })).observe(document.querySelector("main"));
})();
