// Shows what the console sends to this browser, and opens the console when it is pressed.
"use strict";
const CONSOLE = new URL("/review/", self.location.origin).href;
// Pages on which nothing is written. Any other is left alone: a new window opens instead.
const QUIET = new Set(["/review/", "/review/inbox", "/review/push"]);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("push", (event) => {
  let told = {};
  try { told = event.data.json(); } catch { /* something is shown in any case: browsers insist on it */ }
  event.waitUntil(self.registration.showNotification(told.title || "查明", {
    body: told.body || "", tag: told.tag || "inbox", lang: told.lang || "", data: { url: told.url || `${CONSOLE}inbox` },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = new URL(event.notification.data.url, self.location.origin);
  const url = wanted.origin === self.location.origin && wanted.href.startsWith(CONSOLE) ? wanted.href : `${CONSOLE}inbox`;
  event.waitUntil((async () => {
    const open = await self.clients.matchAll({ type: "window" });
    const there = open.find((client) => QUIET.has(new URL(client.url).pathname));
    if (there) return (await there.focus()).navigate(url);
    return self.clients.openWindow(url);
  })());
});
