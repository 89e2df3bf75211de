// The pickers of language and voice: named in the page's language, guessed from the text until the person picks.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { language as pageLanguage, onLanguage, t } from "../i18n.js";
import { guessLanguage } from "./guess.js";

const KEPT = "lipchord.voice-language";
const NAMED = /^[a-z]{2,3}(-[a-z]{2})?$/; // codes that Intl has names for
let voices = [];
let picked = false; // by the person: a guess is then only offered

/** Fill the pickers, and follow the page's language; `changed` is called when the choice has changed. */
export async function startVoices(changed) {
  $("language").addEventListener("change", () => { pick($("language").value); changed(); });
  $("voice").addEventListener("change", changed);
  $("guess-use").addEventListener("click", () => { pick($("guess-use").dataset.language); changed(); $("text").focus(); });
  voices = (await ask("/api/v1/voices").catch(() => ({ voices: [] }))).voices;
  onLanguage(name);
  const wanted = [kept(), ...navigator.languages.map((tag) => tag.split("-")[0].toLowerCase()), "en"];
  choose(wanted.find((code) => voices.some((voice) => voice.language === code)) ?? "en");
  guess();
}

/** Look at the text: choose its language, or offer it where the person has picked another. */
export function guess() {
  const found = guessLanguage($("text").value);
  const known = found && voices.some((voice) => voice.language === found) && found !== base($("language").value);
  if (known && !picked) choose(found);
  const offered = known && picked;
  $("guess").hidden = !offered;
  if (offered) {
    $("guess-words").textContent = t("guess", { language: nameOf(found) });
    $("guess-use").dataset.language = found;
  }
}

/** Choose for the person, as when an earlier job is taken up again. */
export function setVoice(language, voice) {
  pick(language);
  if ([...$("voice").options].some((option) => option.value === voice)) $("voice").value = voice;
}

/** A language's name as the page's language says it. */
export function nameOf(code) {
  const own = voices.find((voice) => voice.language === code)?.name ?? code;
  if (!NAMED.test(code)) return own;
  const said = new Intl.DisplayNames(pageLanguage(), { type: "language", fallback: "none", languageDisplay: "standard" }).of(code);
  return said ? said[0].toUpperCase() + said.slice(1) : own;
}

function pick(code) {
  picked = true;
  choose(code);
  try { localStorage.setItem(KEPT, code); } catch { /* for this page only */ }
  $("guess").hidden = true;
}

function choose(code) {
  $("language").value = code;
  fillVoices();
}

function name() {
  const [language, voice] = [$("language").value, $("voice").value];
  const options = voices.map((each) => make("option", { value: each.language, textContent: nameOf(each.language) }));
  options.sort((a, b) => a.text.localeCompare(b.text, pageLanguage()));
  if (options.length) $("language").replaceChildren(...options);
  if (language) $("language").value = language;
  fillVoices();
  $("voice").value = voice;
}

function fillVoices() {
  const variants = voices.find((voice) => voice.language === $("language").value)?.variants ?? [];
  const groups = { woman: [], man: [], whisper: [], other: [] };
  for (const variant of variants) groups[kindOf(variant)].push(variant);
  const sets = Object.entries(groups).filter(([, names]) => names.length).map(([kind, names]) => make("optgroup", { label: t(`voices-${kind}`) },
    ...names.map((own, i) => make("option", { value: own, textContent: kind === "other" ? own : t(`voice-${kind}`, { n: i + 1 }) }))));
  const before = $("voice").value;
  $("voice").replaceChildren(make("option", { value: "", textContent: t("voice-own") }), ...sets);
  $("voice").value = variants.includes(before) ? before : "";
}

function kindOf(variant) {
  if (/^f\d$/.test(variant)) return "woman";
  if (/^m\d$/.test(variant)) return "man";
  return /^whisper/.test(variant) ? "whisper" : "other";
}

const base = (code) => code.split("-")[0];

function kept() {
  try { return localStorage.getItem(KEPT); } catch { return null; }
}
