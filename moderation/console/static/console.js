// Keys, chosen rows, what is said while one waits, and forms that are not sent twice. Everything works without it.
"use strict";
(() => {
  const busy = document.getElementById("busy");
  const csrf = document.querySelector("meta[name=csrf]").content;
  const rows = () => [...document.querySelectorAll("ol.tasks > li")];
  let chosen = -1;

  const choose = (step) => {
    const list = rows();
    if (!list.length) return;
    chosen = Math.min(Math.max(chosen + step, 0), list.length - 1);
    list.forEach((row, index) => row.classList.toggle("chosen", index === chosen));
    const link = list[chosen].querySelector("a");
    if (link) link.focus();
  };
  const press = (selector) => {
    const row = rows()[chosen] || document;
    const target = row.querySelector(selector) || document.querySelector(selector);
    if (target) target.click();
  };
  const isTyping = (node) => node.closest("input, textarea, select, [contenteditable]") !== null;

  const KEYS = {
    j: () => choose(1),
    k: () => choose(-1),
    c: () => press("[data-act=claim]"),
    "/": () => { const field = document.querySelector("input[type=search]"); if (field) field.focus(); else location.href = "/review/#search"; },
    "?": () => { const list = document.getElementById("keys"); if (list) list.showModal(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const act = KEYS[event.key];
    const link = /^[a-z]$/.test(event.key) && document.querySelector(`nav a[data-key=${event.key}]`);
    if (!act && !link) return;
    event.preventDefault();
    if (act) act(); else link.click();
  });

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method === "dialog" || event.defaultPrevented) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    busy.textContent = busy.dataset.waiting;
  });
  // Back in the browser's history: the page is as it was, and its forms can be sent again.
  addEventListener("pageshow", () => {
    busy.textContent = "";
    document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent);
  });
  // Reasons that do not go with the rating are not shown, so they are not sent either.
  document.querySelectorAll("#rating [name=level]").forEach((level) => level.addEventListener("change", () => {
    for (const group of document.querySelectorAll("#rating .praise, #rating .blame")) {
      if (!group.checkVisibility()) group.querySelectorAll(":checked").forEach((box) => { box.checked = false; });
    }
  }));
  const failed = () => { busy.textContent = busy.dataset.failed; };
  document.body.addEventListener("htmx:sendError", failed);
  document.body.addEventListener("htmx:afterRequest", (event) => { if (event.detail.successful) busy.textContent = ""; });

  // While a claimed task is open the lease is renewed: by typing, or by having looked at it within five minutes.
  const lease = document.querySelector("[data-lease]");
  if (lease) {
    let active = Date.now();
    for (const kind of ["keydown", "pointerdown", "input", "scroll"]) addEventListener(kind, () => { active = Date.now(); }, { passive: true });
    setInterval(async () => {
      if (Date.now() - active > 300000) return;
      try {
        const answer = await fetch(lease.dataset.lease, { method: "POST", headers: { "X-CSRF-Token": csrf } });
        lease.textContent = answer.ok ? await answer.text() : lease.dataset.lost;
      } catch { failed(); }
    }, Number(lease.dataset.every) * 1000);
  }
})();
