// What the page says, in the language the server chose; the page brings it along.

const wording = JSON.parse(document.getElementById("wording").textContent);

export const language = document.documentElement.lang;

/** The wording asked for by its English one, with `{name}` filled in. */
export function word(english, values = {}) {
  return wording[english].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
