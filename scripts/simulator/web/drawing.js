// Draws what the server sent. Message HTML comes escaped from `bot.flex_html`; everything else is set as text.

import { word } from "./wording.js";

export function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** Draws a row of buttons of which one is chosen. */
export function drawChoices(place, choices, chosenId, choose) {
  place.replaceChildren(...choices.map((choice) => {
    const button = element("button", "", (choice.group ? "👥 " : "") + choice.name);
    button.type = "button";
    button.setAttribute("aria-pressed", String(choice.id === chosenId));
    button.addEventListener("click", () => choose(choice.id));
    return button;
  }));
}

/** Draws the rich menu: LINE's picture, and over it a button for each field, which says what the field says. */
export function drawMenu(place, bar, menu) {
  bar.hidden = !menu;
  if (!menu) place.hidden = true;
  if (!menu || place.dataset.id === menu.id) return;
  place.dataset.id = menu.id;
  bar.textContent = menu.bar;
  const picture = element("img");
  picture.src = `page/menu/${menu.id}`;
  picture.alt = "";
  place.replaceChildren(picture, ...menu.areas.map((area) => {
    const button = element("button");
    button.type = "button";
    button.dataset.action = JSON.stringify(area.action);
    button.setAttribute("aria-label", area.action.label);
    Object.assign(button.style, { left: `${area.x}%`, top: `${area.y}%`, width: `${area.width}%`, height: `${area.height}%` });
    return button;
  }));
}

/** Brings the chat up to date, touching only the entries that changed, so that nothing jumps while one reads. */
export function drawEntries(screen, chat, actions) {
  const isAtEnd = screen.scrollHeight - screen.scrollTop - screen.clientHeight < 120;
  if (screen.dataset.chat !== chat.id) {
    screen.replaceChildren();
    screen.dataset.chat = chat.id;
  }
  screen.querySelectorAll(".passing").forEach((passing) => passing.remove());
  const drawn = new Map([...screen.children].map((child) => [child.dataset.id, child]));
  let grew = false;
  for (const entry of chat.entries) {
    const before = drawn.get(entry.id);
    const state = JSON.stringify(entry);
    if (before && before.dataset.state === state) continue;
    const made = drawEntry(entry, actions);
    made.dataset.state = state;
    if (before) before.replaceWith(made);
    else {
      screen.append(made);
      grew = true;
    }
  }
  for (const passing of passingNotes(chat)) screen.append(passing);
  if (grew || isAtEnd) showNewest(screen);
}

/** Scrolls to the end, but never past the beginning of the newest answer: a long one is read from its top. */
function showNewest(screen) {
  const answers = [...screen.querySelectorAll(".entry")];
  let first = answers.length - 1;
  while (first > 0 && !answers[first].classList.contains("mine") && !answers[first - 1].classList.contains("mine")) first -= 1;
  const top = answers[first] ? answers[first].offsetTop - screen.offsetTop - 60 : 0;
  const end = screen.scrollHeight - screen.clientHeight;
  screen.scrollTop = Math.min(end, Math.max(0, top));
}

function passingNotes(chat) {
  const notes = [];
  if (!chat.follows) notes.push(element("div", "note passing", word("Blocked: 查明 receives no message, and can send you none")));
  if (!chat.hasBot) notes.push(element("div", "note passing", word("查明 is not in this group")));
  if (chat.loading) {
    const entry = element("div", "entry bot passing loading");
    entry.append(avatar("查", false));
    const dots = element("div", "dots body");
    dots.setAttribute("aria-label", word("查明 is typing"));
    dots.append(element("i"), element("i"), element("i"));
    dots.style.flexDirection = "row";
    dots.style.justifySelf = "start";
    entry.append(dots);
    notes.push(entry);
  }
  return notes;
}

function avatar(name, isPerson) {
  const made = element("span", isPerson ? "avatar person" : "avatar", [...name][0]);
  made.setAttribute("aria-hidden", "true");
  return made;
}

function drawEntry(entry, actions) {
  const made = element("article", `entry ${entry.side}`);
  made.dataset.id = entry.id;
  made.append(avatar(entry.name, entry.side === "other"), element("span", "who", entry.name));
  const body = element("div", "body");
  body.innerHTML = entry.html;
  const foot = element("div", "foot");
  if (entry.canEdit) foot.append(footButton(word("Edit"), () => actions.edit(entry)));
  if (entry.canUnsend) foot.append(footButton(word("Unsend"), () => actions.unsend(entry)));
  foot.append(element("time", "", entry.time));
  body.append(foot);
  made.append(body);
  return made;
}

function footButton(label, act) {
  const button = element("button", "", label);
  button.type = "button";
  button.addEventListener("click", act);
  return button;
}

/** Draws both directions of traffic, newest first, with LINE's reason beside every refusal. */
export function drawLog(place, lines) {
  place.replaceChildren(...lines.map((line) => {
    const item = element("li", line.ok ? "good" : "bad");
    item.append(element("span", "", line.direction === "in" ? "→ " : "← "), element("span", "", line.what + " "));
    item.append(element("b", "", line.status), element("span", "", line.ordered ? ` ${word("(on purpose)")}` : ""));
    for (const why of line.why) item.append(element("div", "why", why));
    return item;
  }));
}
