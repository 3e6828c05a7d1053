// Covers are drawn with a finger and written into the form; without this script fields are chosen instead.
(() => {
  const SCALE = 10000, LEAST = 60, SVG = "http://www.w3.org/2000/svg";
  const canvas = document.querySelector(".canvas"), svg = canvas.querySelector("svg");
  const written = document.querySelector("input[name=drawn]");
  const [draw, undo, choose] = ["draw", "undo", "choose"].map((id) => document.getElementById(id));
  const { width, height } = svg.viewBox.baseVal;
  let drawn = written.value.split(";").filter(Boolean).map((one) => one.split(",").map(Number));
  let start = null, shown = [];

  const rect = ([left, top, right, bottom]) => {
    const box = document.createElementNS(SVG, "rect");
    const set = (name, value) => box.setAttribute(name, value);
    set("x", left * width / SCALE); set("y", top * height / SCALE);
    set("width", (right - left) * width / SCALE); set("height", (bottom - top) * height / SCALE);
    return box;
  };
  const show = (being) => {
    shown.forEach((box) => box.remove());
    shown = [...drawn, ...(being ? [being] : [])].map((area) => svg.appendChild(rect(area)));
    written.value = drawn.map((area) => area.join(",")).join(";");
    undo.disabled = !drawn.length;
  };
  const place = (event) => {
    const edge = svg.getBoundingClientRect();
    const within = (share) => Math.round(Math.min(1, Math.max(0, share)) * SCALE);
    return [within((event.clientX - edge.left) / edge.width), within((event.clientY - edge.top) / edge.height)];
  };
  const area = ([x, y], [u, v]) => [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
  const press = (button, name) => {
    const on = canvas.classList.toggle(name);
    button.setAttribute("aria-pressed", on);
    return on;
  };

  draw.addEventListener("click", () => {
    if (press(draw, "drawing") && canvas.classList.contains("choosing")) press(choose, "choosing");
  });
  choose.addEventListener("click", () => {
    if (press(choose, "choosing") && canvas.classList.contains("drawing")) press(draw, "drawing");
  });
  undo.addEventListener("click", () => { drawn.pop(); show(); });
  svg.addEventListener("pointerdown", (event) => {
    if (!canvas.classList.contains("drawing")) return;
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    start = place(event);
  });
  svg.addEventListener("pointermove", (event) => { if (start) show(area(start, place(event))); });
  svg.addEventListener("pointerup", (event) => {
    if (!start) return;
    const made = area(start, place(event));
    start = null;
    if (made[2] - made[0] >= LEAST && made[3] - made[1] >= LEAST) drawn.push(made);
    show();
  });
  svg.addEventListener("pointercancel", () => { start = null; show(); });
  document.querySelectorAll(".part").forEach((part) => {
    const box = document.querySelector(`input[name=cover][value="${part.dataset.number}"]`);
    box.addEventListener("change", () => part.classList.toggle("off", !box.checked));
    part.addEventListener("click", () => { if (!canvas.classList.contains("drawing")) box.click(); });
  });
  document.documentElement.classList.add("can-draw");
  show();
})();
