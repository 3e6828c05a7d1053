// Passkeys: between the browser's WebAuthn and the console's JSON.
"use strict";
(() => {
  const csrf = document.querySelector("meta[name=csrf]").content;
  const status = document.getElementById("passkey-status");
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const send = (path, body) => fetch(path, {
    method: "POST", headers: { "X-CSRF-Token": csrf, "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  const described = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));

  async function make() {
    const options = await (await send("/review/passkeys/add/begin", {})).json();
    options.challenge = bytes(options.challenge);
    options.user.id = bytes(options.user.id);
    options.excludeCredentials = described(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    return { id: made.id, rawId: text(made.rawId), type: made.type, response: {
      clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) } };
  }
  async function show() {
    const options = await (await send("/review/passkeys/show/begin", {})).json();
    options.challenge = bytes(options.challenge);
    options.allowCredentials = described(options.allowCredentials);
    const shown = await navigator.credentials.get({ publicKey: options });
    return { id: shown.id, rawId: text(shown.rawId), type: shown.type, response: {
      clientDataJSON: text(shown.response.clientDataJSON), authenticatorData: text(shown.response.authenticatorData),
      signature: text(shown.response.signature), userHandle: shown.response.userHandle && text(shown.response.userHandle) } };
  }
  const run = (button, act, path, more) => button && button.addEventListener("click", async () => {
    status.textContent = "";
    button.disabled = true;
    try {
      const answer = await send(path, { credential: await act(), ...more() });
      const { go } = await answer.json();
      if (go) location.href = go; else status.textContent = button.dataset.failed;
    } catch { status.textContent = button.dataset.failed; }
    button.disabled = false;
  });
  const adding = document.getElementById("add-passkey");
  run(adding, make, "/review/passkeys/add", () => ({ name: document.getElementById("passkey-name").value }));
  const showing = document.getElementById("show-passkey");
  run(showing, show, "/review/passkeys/show", () => ({ next: showing.dataset.next }));
})();
