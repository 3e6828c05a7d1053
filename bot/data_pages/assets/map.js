// The theme map: one canvas, a slider through the months, and the message under the pointer.
"use strict";
(async () => {
  const holder = document.getElementById("map");
  if (!holder) return;
  const answer = await fetch(holder.dataset.source);
  if (!answer.ok) return;
  const data = await answer.json();
  const canvas = document.getElementById("map-canvas");
  const labels = document.getElementById("map-labels");
  const slider = document.getElementById("month");
  const shown = document.getElementById("month-shown");
  const told = document.getElementById("map-told");
  const openOnly = document.getElementById("open-only");
  const hint = told.textContent;
  const months = everyMonth(data.month.filter(Boolean).sort());
  const language = document.documentElement.lang;
  const MARGIN = 16;
  const COLOURS = 6;
  let place = [];

  // The months from the first to the last, the empty ones too, so that the slider moves evenly through time.
  function everyMonth(used) {
    if (!used.length) return [];
    const found = [];
    let [year, month] = used[0].split("-").map(Number);
    for (let each = used[0]; each <= used[used.length - 1]; ) {
      found.push(each);
      month += 1;
      if (month > 12) [year, month] = [year + 1, 1];
      each = `${year}-${String(month).padStart(2, "0")}`;
    }
    return found;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const chosenMonth = () => (slider.value === "0" ? null : months[slider.value - 1]);
  const isWanted = (index) => (!chosenMonth() || data.month[index] === chosenMonth()) && !(openOnly.checked && data.answered[index]);

  function draw() {
    const width = canvas.parentElement.clientWidth;
    const height = Math.max(320, Math.min(640, width * 0.7));
    const scale = devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    place = data.x.map((x, index) => [MARGIN + x * (width - 2 * MARGIN), MARGIN + data.y[index] * (height - 2 * MARGIN)]);
    const ink = { none: colour("--quiet"), line: colour("--line") };
    for (let number = 0; number < COLOURS; number++) ink[number] = colour(`--c${number + 1}`);
    const radius = data.x.length > 5000 ? 2 : 4;
    const dot = (index, tone, full) => {
      pen.beginPath();
      pen.arc(...place[index], radius, 0, 2 * Math.PI);
      pen.fillStyle = pen.strokeStyle = tone;
      full ? pen.fill() : pen.stroke();
    };
    pen.lineWidth = 1.5;
    const wanted = [];
    data.x.forEach((_, index) => (isWanted(index) ? wanted.push(index) : dot(index, ink.line, true)));
    for (const index of wanted) {
      const theme = data.theme[index];
      dot(index, theme === null ? ink.none : ink[theme % COLOURS], data.answered[index]);
    }
    name(wanted, width, height);
    const month = chosenMonth();
    const count = holder.dataset.shown.replace("%", wanted.length.toLocaleString(language));
    shown.value = `${month ? new Date(`${month}-15`).toLocaleDateString(language, { year: "numeric", month: "long" }) : holder.dataset.all} · ${count}`;
  }

  // A theme's words stand at its middle, the larger theme first, where they cover no other words.
  function name(wanted, width, height) {
    labels.replaceChildren();
    const taken = [];
    for (const [number, words] of Object.entries(data.themes)) {
      const members = wanted.filter((index) => data.theme[index] === Number(number));
      if (!members.length || !words.length) continue;
      const middle = (axis) => members.map((index) => place[index][axis]).sort((a, b) => a - b)[members.length >> 1];
      const label = document.createElement("span");
      label.textContent = words.slice(0, 2).join(" · ");
      labels.append(label);
      const [w, h] = [label.offsetWidth, label.offsetHeight];
      const x = Math.max(0, Math.min(width - w, middle(0) - w / 2));
      const y = Math.max(0, Math.min(height - h, middle(1) - h / 2));
      const covers = taken.some(([a, b, c, d]) => x < a + c && a < x + w && y < b + d && b < y + h);
      if (covers) {
        label.remove();
        continue;
      }
      label.style.transform = `translate(${x}px, ${y}px)`;
      taken.push([x, y, w, h]);
    }
  }

  function nearest(event) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best = null;
    let least = 14 ** 2;
    place.forEach(([a, b], index) => {
      const distance = (a - x) ** 2 + (b - y) ** 2;
      if (distance < least && isWanted(index)) [best, least] = [index, distance];
    });
    return best;
  }

  function tell(event) {
    const index = nearest(event);
    if (index === null) {
      if (event.type === "click") told.textContent = hint;
      return;
    }
    const link = document.createElement("a");
    link.href = `/articles/${encodeURIComponent(data.id[index])}`;
    link.textContent = data.title[index] || data.id[index];
    const theme = data.theme[index] === null ? holder.dataset.none : (data.themes[data.theme[index]] || []).join(" · ");
    told.replaceChildren(link, ` (${theme}${data.month[index] ? `, ${data.month[index]}` : ""})`);
  }

  slider.max = months.length;
  slider.addEventListener("input", draw);
  openOnly.addEventListener("change", draw);
  canvas.addEventListener("pointermove", tell);
  canvas.addEventListener("click", tell);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  holder.hidden = false;
  draw();
  new ResizeObserver(draw).observe(canvas.parentElement);
})();
