// The editor: conflicts are shown where they happen, and the preview follows what is saved.
"use strict";
(() => {
  const preview = document.getElementById("preview");
  document.body.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 409) { event.detail.shouldSwap = true; event.detail.isError = false; }
  });
  document.body.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.target && event.detail.target.id === "saved" && event.detail.successful) preview.src = preview.src;
  });
})();
