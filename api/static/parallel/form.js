// What is to be compared: a text, its language, a face, a generator, and how many workers.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { language, onLanguage, t } from "../i18n.js";

const LOOK_AGAIN = 5000; // ms
let untouched = true; // the text is still the page's own
let voices = [];
let ready = new Map(); // generator → render workers that are ready

/** Fill the pickers, and keep an eye on the fleet. */
export async function startForm() {
  $("text").addEventListener("input", () => { untouched = false; });
  $("num_workers").addEventListener("input", tell);
  $("generator").addEventListener("change", workers);
  onLanguage(translate);
  await look();
  setInterval(look, LOOK_AGAIN);
  voices = (await ask("/api/v1/voices").catch(() => ({ voices: [] }))).voices;
  translate();
}

/** The form as the API takes it. */
export function body() {
  const data = new FormData();
  for (const name of ["text", "language", "num_workers"]) data.set(name, $(name).value);
  if ($("generator").value) data.set("generator", $("generator").value);
  if ($("face").files.length) data.set("face", $("face").files[0]);
  return data;
}

async function look() {
  const found = await ask("/api/v1/workers").catch(() => null);
  if (!found) return;
  ready = new Map();
  for (const worker of found.workers) {
    if (worker.kind === "render" && worker.generator_ready) ready.set(worker.generator, (ready.get(worker.generator) ?? 0) + 1);
  }
  const names = [...ready.keys()].sort();
  const chosen = $("generator").value;
  if ([...$("generator").options].map((option) => option.value).join() !== names.join()) {
    $("generator").replaceChildren(...names.map((name) => make("option", { value: name, textContent: name })));
    $("generator").value = names.includes(chosen) ? chosen : names.includes("viseme") ? "viseme" : names[0] ?? "";
  }
  $("generator-part").hidden = names.length < 2;
  workers();
}

/** The slider goes as far as there are workers; it starts with all of them. */
function workers() {
  const slider = $("num_workers");
  const most = Math.max(2, ready.get($("generator").value) ?? 0);
  const all = slider.value === slider.max;
  slider.max = most;
  slider.disabled = most === 2;
  if (all) slider.value = most;
  tell();
}

function tell() {
  const n = ready.get($("generator").value) ?? 0;
  $("workers-shown").value = $("num_workers").value;
  $("workers-hint").textContent = n === 1 ? t("not-comparable") : t("workers-are", { n });
}

function translate() {
  const before = $("language").value;
  if (untouched) $("text").value = t("text-default");
  const named = new Intl.DisplayNames(language(), { type: "language", fallback: "none" });
  const nameOf = (voice) => (/^[a-z]{2,3}(-[a-z]{2})?$/.test(voice.language) && named.of(voice.language)) || voice.name;
  const options = voices.map((voice) => make("option", { value: voice.language, textContent: nameOf(voice) }));
  options.sort((a, b) => a.text.localeCompare(b.text, language()));
  if (options.length) $("language").replaceChildren(...options);
  else if (language() !== "en") $("language").append(make("option", { value: language(), textContent: language() }));
  $("language").value = untouched ? language() : before;
  tell();
}
