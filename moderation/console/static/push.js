// Being told in this browser: asks for permission, subscribes, and hands the subscription to the console.
"use strict";
(() => {
  const page = document.getElementById("push");
  if (!page) return;
  const csrf = document.querySelector("meta[name=csrf]").content;
  const status = document.getElementById("push-status");
  const button = document.getElementById("push-on");
  const say = (key) => { status.textContent = page.dataset[key] || ""; };
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const same = (left, right) => left && left.byteLength === right.byteLength && new Uint8Array(left).every((b, i) => b === right[i]);

  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) { say("unable"); return; }
  const key = bytes(page.dataset.key);
  button.hidden = false;

  async function subscribe() {
    const permission = await Notification.requestPermission();
    if (permission !== "granted") { say("denied"); return; }
    await navigator.serviceWorker.register("/review/worker.js", { scope: "/review/" });
    const worker = await navigator.serviceWorker.ready;
    let own = await worker.pushManager.getSubscription();
    // Made for another key, say before the server got a new one: nothing could be sent to it.
    if (own && !same(own.options && own.options.applicationServerKey, key)) { await own.unsubscribe(); own = null; }
    own = own || await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    const topics = [...document.querySelectorAll("#push-topics input:checked")].map((box) => box.value);
    const answer = await fetch("/review/push", {
      method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" },
      body: JSON.stringify({ ...own.toJSON(), topics }),
    });
    if (!answer.ok) { say("failed"); return; }
    location.href = (await answer.json()).go;
  }
  button.addEventListener("click", async () => {
    status.textContent = "";
    button.disabled = true;
    try { await subscribe(); } catch { say("failed"); }
    button.disabled = false;
  });
})();
