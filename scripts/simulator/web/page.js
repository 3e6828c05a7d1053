// The chat page: asks the server for the state whenever it changed, and sends what the person does.

import { drawChoices, drawEntries, drawLog, drawMenu, element } from "./drawing.js";
import { language, word } from "./wording.js";

const $ = (id) => document.getElementById(id);
const remembered = new URLSearchParams(location.hash.slice(1));
let viewer = remembered.get("viewer") || "";
let chat = remembered.get("chat") || "";
let now = null;
let greeted = new Set();

async function fetchState() {
  const answer = await fetch(`page/state?${new URLSearchParams({ viewer, chat, lang: language })}`);
  return answer.json();
}

let asking = false;
let askAgain = false;

/** Fetches and draws the state; calls that come meanwhile are answered by one more round. */
async function refresh() {
  if (asking) {
    askAgain = true;
    return;
  }
  asking = true;
  try {
    do {
      askAgain = false;
      draw(await fetchState());
    } while (askAgain);
  } finally {
    asking = false;
  }
}

function draw(state) {
  now = state;
  viewer = state.viewer;
  chat = state.chat.id;
  history.replaceState(null, "", `#${new URLSearchParams({ viewer, chat })}`);
  $("chat-name").textContent = state.chat.name;
  $("chat-about").textContent = state.chat.group ? word("{number} people", { number: state.chat.people }) : word("LINE official account");
  $("avatar").textContent = [...state.chat.name][0];
  $("relation").textContent = relationLabel(state.chat);
  $("mention").hidden = !state.chat.group || !state.chat.hasBot;
  drawChoices($("people"), state.people, viewer, (id) => open(id, ""));
  drawChoices($("chats"), state.chats, chat, (id) => open(viewer, id));
  drawEntries($("screen"), state.chat, { edit, unsend });
  drawMenu($("menu"), $("menu-bar"), state.menu);
  drawLog($("log"), state.log);
  const limit = state.quota.limit === null ? word("no limit") : word("of {number}", { number: state.quota.limit });
  $("quota").textContent = word("Pushes this month: {number} ({limit}); replies are free. → LINE tells 查明, ← 查明 asks LINE.", {
    number: state.quota.used,
    limit,
  });
  for (const box of document.querySelectorAll("[data-switch]")) box.checked = state.switches[box.dataset.switch];
  greet(state.chat);
}

function relationLabel(open) {
  if (open.group) return open.hasBot ? word("Remove 查明") : word("Invite 查明");
  return open.follows ? word("Block") : open.isNew ? word("Add friend") : word("Unblock");
}

/** Adds the bot as a friend when a phone sees it for the first time, so that it can say hello. */
function greet(open) {
  if (open.group || open.follows || !open.isNew || greeted.has(open.id)) return;
  greeted.add(open.id);
  act("follow");
}

function open(newViewer, newChat) {
  viewer = newViewer;
  chat = newChat;
  showPane("chat");
  refresh();
}

async function act(deed, given = {}) {
  const answer = await fetch(`page/do/${deed}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ viewer, chat, ...given }),
  });
  if (!answer.ok) toast((await answer.json().catch(() => ({}))).problem || word("Not possible ({status})", { status: answer.status }));
  refresh();
}

function edit(entry) {
  const text = prompt(word("Change it to:"), entry.text);
  if (text && text !== entry.text) act("edit", { message: entry.id, text });
}

function unsend(entry) {
  act("unsend", { message: entry.id });
}

/** Does what the LINE app does when something in the bot's message is pressed. */
function press(action) {
  if (action.type === "uri") window.open(action.uri, "_blank", "noopener,noreferrer");
  else if (action.type === "clipboard") navigator.clipboard.writeText(action.clipboardText).then(() => toast(word("Copied")));
  else if (["postback", "message", "datetimepicker"].includes(action.type)) act("press", { action });
  else toast(word("The simulator has no such button ({kind})", { kind: action.type }));
}

let toastTimer = 0;

function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { $("toast").hidden = true; }, 3500);
}

function showPane(name) {
  document.body.dataset.pane = name;
  for (const tab of document.querySelectorAll(".tabs button")) {
    tab.setAttribute("aria-pressed", String(tab.dataset.pane === name));
  }
}

function sendText() {
  const text = $("text").value;
  if (!text.trim()) return;
  $("text").value = "";
  fitText();
  act("text", { text });
}

function fitText() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight + 2}px`;
  $("send").disabled = !$("text").value.trim();
}

async function sendImage(file) {
  if (!file) return;
  const answer = await fetch(`page/image?${new URLSearchParams({ viewer, chat })}`, {
    method: "POST",
    headers: { "Content-Type": file.type },
    body: file,
  });
  if (!answer.ok) toast(word("Pictures, videos and recordings: 50 MB at most"));
}

async function drawTray() {
  const { samples, stickers } = await (await fetch(`page/samples?${new URLSearchParams({ lang: language })}`)).json();
  $("samples").replaceChildren(...samples.map((sample) => {
    const button = element("button", "", sample.title);
    button.type = "button";
    button.title = sample.text;
    button.addEventListener("click", () => {
      showPane("chat");
      act("text", { text: sample.text });
    });
    return button;
  }));
  $("stickers").replaceChildren(...Object.entries(stickers).map(([id, emoji]) => {
    const button = element("button", "", emoji);
    button.type = "button";
    button.setAttribute("aria-label", word("Sticker {emoji}", { emoji }));
    button.addEventListener("click", () => {
      toggleStickers(false);
      act("sticker", { sticker: id });
    });
    return button;
  }));
}

function toggleStickers(shown) {
  $("stickers").hidden = !shown;
  $("pick-sticker").setAttribute("aria-expanded", String(shown));
}

function toggleMenu(shown) {
  $("menu").hidden = !shown;
  $("menu-bar").setAttribute("aria-expanded", String(shown));
}

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  sendText();
});
$("text").addEventListener("input", fitText);
$("text").addEventListener("keydown", (event) => {
  // Enter sends, Shift+Enter breaks the line; an input method's own Enter does neither.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    sendText();
  }
});
$("screen").addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-action]");
  if (pressed) press(JSON.parse(pressed.dataset.action));
});
$("screen").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[role=button][data-action]")) press(JSON.parse(event.target.dataset.action));
});
$("menu").addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-action]");
  if (!pressed) return;
  toggleMenu(false);
  press(JSON.parse(pressed.dataset.action));
});
$("menu-bar").addEventListener("click", () => toggleMenu($("menu").hidden));
$("relation").addEventListener("click", () => {
  act(now.chat.group ? "toggle_bot" : now.chat.follows ? "block" : "follow");
});
$("mention").addEventListener("click", () => {
  $("text").value = `@${now.bot} ${$("text").value}`;
  fitText();
  $("text").focus();
});
$("pick-image").addEventListener("click", () => $("image").click());
$("image").addEventListener("change", async () => {
  for (const file of $("image").files) await sendImage(file);
  $("image").value = "";
});
$("pick-sticker").addEventListener("click", () => toggleStickers($("stickers").hidden));
$("new-person").addEventListener("submit", async (event) => {
  event.preventDefault();
  const name = $("person-name").value.trim();
  if (!name) return;
  $("person-name").value = "";
  await act("add_person", { name });
});
$("switches").addEventListener("change", (event) => {
  act("switch", { name: event.target.dataset.switch, on: event.target.checked });
});
$("unknown-event").addEventListener("click", () => act("unknown_event"));
for (const tab of document.querySelectorAll(".tabs button")) tab.addEventListener("click", () => showPane(tab.dataset.pane));

showPane("chat");
fitText();
drawTray();
refresh();
new EventSource("page/events").addEventListener("message", refresh);
// The loading animation ends by itself, without anything happening at the server.
setInterval(() => { if (now && now.chat.loading) refresh(); }, 1000);
