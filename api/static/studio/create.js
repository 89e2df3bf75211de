// The button: gathers what was chosen, sends it once, and hands the accepted job on.

import { ask } from "../api.js";
import { $ } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { announce } from "./announce.js";
import { complain, uncomplain } from "./complaints.js";
import { face, faceIsPending } from "./face.js";
import { look, rest } from "./preflight.js";
import { settings } from "./settings.js";
import { soundIsKept, speech } from "./speech.js";

const POLL = 100; // ms between two looks at a picture that is still being looked at
let sending = false;

/** Wire the form; `accepted(job)` gets each job that the API took. */
export function startCreate(accepted) {
  $("form").addEventListener("submit", (event) => { event.preventDefault(); create(accepted); });
  $("text").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); create(accepted); }
  });
  onLanguage(label);
}

/** Something has changed: look ahead again. */
export function changed() {
  look(request, soundIsKept);
}

/** Send a request as it is, such as an earlier job's. */
export async function send(body, accepted) {
  sending = true;
  rest();
  label();
  uncomplain();
  announce(t("sending"));
  try {
    const key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    accepted(await ask("/api/v1/jobs", { method: "POST", body, headers: { "Idempotency-Key": key } }));
  } catch (problem) {
    announce(t("not-sent"));
    const node = complain(problem);
    (node ?? $("create")).focus();
  } finally {
    sending = false;
    label();
  }
}

async function create(accepted) {
  if (sending) return;
  sending = true;
  label();
  while (faceIsPending()) await new Promise((wake) => setTimeout(wake, POLL));
  await send(request()?.body ?? { ...settings(), text: "" }, accepted);
}

/** {body, file}: what would be sent now, and the sound in it that the house does not keep yet; null: nothing is said. */
function request() {
  const said = speech();
  if (!said) return null;
  const fields = { ...said.fields, ...face(), ...settings() };
  const file = said.files.audio ?? null;
  if (!file) return { body: fields, file };
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("audio", file, file.name);
  return { body, file };
}

function label() {
  $("create").disabled = sending;
  $("create-words").textContent = t(sending ? "sending" : "create");
}
