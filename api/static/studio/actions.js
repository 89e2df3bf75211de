// What can be done with the job on the stage: cancel, save, copy its call, take it up again, delete it.

import { Problem, ask, media } from "../api.js";
import { $ } from "../dom.js";
import { t } from "../i18n.js";
import { keyHeaders } from "../key.js";
import { announce } from "./announce.js";
import { asCurl, asPython } from "./calls.js";
import { atLarge } from "./complaints.js";
import { show, watched } from "./watch.js";

const SHOWN = 1600; // ms that a button says "Copied"

/** Wire the buttons. `again(request)` puts a request back into the form, `resend(request)` sends it, `gone()` hears of
 * a deleted job, `leave()` of the way back to the face. */
export function startActions({ again, resend, gone, leave }) {
  $("cancel").addEventListener("click", () => tried(async () => show(await ask(`${watched().links.self}/cancel`, { method: "POST" }))));
  $("copy-curl").addEventListener("click", () => copy($("copy-curl"), asCurl(watched().request, keyed())));
  $("copy-python").addEventListener("click", () => copy($("copy-python"), asPython(watched().request, keyed())));
  $("again").addEventListener("click", () => again(watched().request));
  $("resend").addEventListener("click", () => resend(watched().request));
  $("back").addEventListener("click", leave);
  $("delete").addEventListener("click", () => $("delete-sure").showModal());
  $("delete-sure").addEventListener("close", () => {
    if ($("delete-sure").returnValue === "delete") tried(async () => { await ask(watched().links.self, { method: "DELETE" }); gone(); });
    $("delete-sure").returnValue = "";
  });
  $("download").addEventListener("click", saveWithKey);
}

const keyed = () => Object.keys(keyHeaders()).length > 0;

/** A link cannot send the key: then the video is fetched, and the link leads to what came. */
async function saveWithKey(event) {
  if (!keyed() || $("download").href.startsWith("blob:")) return;
  event.preventDefault();
  await tried(async () => { $("download").href = await media(watched().links.video); });
  $("download").click();
}

async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch { // no permission, or not a secure context
    const area = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const words = button.textContent;
  button.textContent = t("copied");
  announce(t("copied"));
  setTimeout(() => { button.textContent = words; }, SHOWN);
}

async function tried(act) {
  try {
    $("job-problem").hidden = true;
    await act();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    atLarge(problem, $("job-problem"));
  }
}
