// The API key of a house that asks for one: typed once, kept in this tab until it is closed, sent with every request.

import { make } from "./dom.js";
import { t } from "./i18n.js";

const KEPT = "lipchord.key";
let asking = null; // one dialog, however many requests were refused together

/** Headers of a request: with the key, if one is known. */
export function keyHeaders() {
  const key = sessionStorage.getItem(KEPT);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Ask the person; true when there is a (new) key to try. */
export function askForKey() {
  asking ??= dialog(sessionStorage.getItem(KEPT) !== null).finally(() => { asking = null; });
  return asking;
}

function dialog(refused) {
  sessionStorage.removeItem(KEPT);
  const input = make("input", { id: "api-key", type: "password", autocomplete: "off", required: true, spellcheck: false });
  const form = make("form", { method: "dialog" },
    make("h2", { id: "key-title", textContent: t("key-title") }),
    make("p", { textContent: t("key-why") }),
    ...(refused ? [make("p", { class: "complaint", role: "alert", textContent: t("key-wrong") })] : []),
    make("label", { htmlFor: "api-key", textContent: t("key") }), input,
    make("div", { class: "actions" }, make("button", { type: "submit", textContent: t("key-use") }),
      make("button", { type: "button", class: "quiet", textContent: t("cancel"), onclick: () => box.close() })));
  const box = make("dialog", { "aria-labelledby": "key-title" }, form);
  document.body.append(box);
  box.showModal();
  return new Promise((decide) => {
    form.addEventListener("submit", () => sessionStorage.setItem(KEPT, input.value.trim()));
    box.addEventListener("close", () => {
      box.remove();
      decide(keyHeaders().Authorization !== undefined);
    });
  });
}
