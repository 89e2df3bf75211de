// What is folded away: frames a second, generator, workers, the voice's pace and pitch, blinks and sway.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { number, onLanguage, t } from "../i18n.js";
import { uncomplain } from "./complaints.js";

/** Wire the fields; `changed` is called after each change. */
export async function startSettings(changed) {
  for (const node of $("settings").querySelectorAll("input, select")) {
    node.addEventListener("input", () => { outputs(); uncomplain(node.id); changed(); });
  }
  $("settings-reset").addEventListener("click", () => { reset(); changed(); });
  onLanguage(outputs);
  fillGenerators((await ask("/api/v1/workers").catch(() => ({ workers: [] }))).workers);
}

/** Fields of a job that differ from what the house would take by itself. */
export function settings() {
  const fields = { fps: $("fps").value, generator: $("generator").value, blink: $("blink").checked, sway: $("sway").checked };
  if ($("num_workers").value) fields.num_workers = Number($("num_workers").value);
  if ($("seed").value) fields.seed = Number($("seed").value);
  return fields;
}

/** Take an earlier job's settings up. */
export function setAgain(request) {
  for (const name of ["fps", "generator", "num_workers", "seed", "rate", "pitch"]) {
    const node = $(name);
    const value = request[name] === null ? "" : String(request[name]);
    if (node.tagName === "SELECT" && ![...node.options].some((option) => option.value === value)) node.append(make("option", { value, textContent: value }));
    node.value = value;
  }
  for (const name of ["blink", "sway"]) $(name).checked = request[name];
  outputs();
}

function reset() {
  for (const node of $("settings").querySelectorAll("input")) {
    if (node.type === "checkbox") node.checked = node.defaultChecked;
    else node.value = node.defaultValue;
  }
  $("fps").value = "25";
  $("generator").value = "viseme";
  outputs();
}

function outputs() {
  $("rate-shown").textContent = t("words-a-minute", { n: Number($("rate").value) });
  $("pitch-shown").textContent = number(Number($("pitch").value));
}

function fillGenerators(workers) {
  const names = new Set(["viseme", ...workers.map((worker) => worker.generator).filter(Boolean)]);
  const before = $("generator").value || "viseme";
  $("generator").replaceChildren(...[...names].map((name) => make("option", { value: name, textContent: name })));
  $("generator").value = before;
}
