// What is said: a text with its voice, or a sound that was dropped, chosen or recorded.

import { $ } from "../dom.js";
import { number, onLanguage, t } from "../i18n.js";
import { uncomplain } from "./complaints.js";
import { onDrop } from "./drop.js";
import { startMicrophone } from "./microphone.js";
import { guess, setVoice, startVoices } from "./voices.js";

const KEPT = "lipchord.text"; // of this tab: a reload loses no text
let sound = null; // {file} as chosen, {key} once the house keeps it
let changed = () => {};

/** Wire the card; `onChange` is called whenever what is said has changed. */
export function startSpeech(onChange) {
  changed = onChange;
  $("text").value = sessionStorage.getItem(KEPT) ?? "";
  $("text").addEventListener("input", () => {
    sessionStorage.setItem(KEPT, $("text").value);
    uncomplain("text");
    guess();
    changed();
  });
  for (const radio of document.querySelectorAll("[name=source]")) radio.addEventListener("change", showSource);
  $("audio").addEventListener("change", () => $("audio").files[0] && takeSound($("audio").files[0]));
  $("sound-clear").addEventListener("click", () => { clearSound(); $("audio").focus(); });
  onDrop($("say"), takeSound);
  startMicrophone(takeSound);
  onLanguage(showSound);
  showSource();
  return startVoices(changed);
}

/** Fields and files of a job: {fields: {…}, files: {…}}; null while nothing is said. */
export function speech() {
  if (source() !== "text") {
    if (!sound) return null;
    return sound.key ? { fields: { audio: sound.key }, files: {} } : { fields: {}, files: { audio: sound.file } };
  }
  const text = $("text").value;
  if (!text.trim()) return null;
  const fields = { text, language: $("language").value, rate: Number($("rate").value), pitch: Number($("pitch").value) };
  return { fields: $("voice").value ? { ...fields, voice: $("voice").value } : fields, files: {} };
}

/** The house keeps the chosen sound as `key`: name that from now on instead of sending it again. */
export function soundIsKept(key, file) {
  if (sound?.file === file) sound.key = key;
}

/** Take up what an earlier job said. */
export function sayAgain(request) {
  if (request.text !== null) {
    setSource("text");
    $("text").value = request.text;
    sessionStorage.setItem(KEPT, request.text);
    setVoice(request.language, request.voice ?? "");
  } else {
    sound = { key: request.audio, name: t("sound-earlier") };
    setSource("audio");
  }
  showSound();
  changed();
}

/** A sound, from wherever it came. */
export function takeSound(file) {
  sound = { file, name: file.name };
  if (source() === "text") setSource("audio");
  uncomplain("audio");
  showSound();
  changed();
}

const source = () => document.querySelector("[name=source]:checked").value;

function setSource(name) {
  document.querySelector(`[name=source][value=${name}]`).checked = true;
  showSource();
}

function showSource() {
  const now = source();
  $("by-text").hidden = now !== "text";
  $("by-sound").hidden = now === "text";
  $("by-file").hidden = now !== "audio";
  $("by-microphone").hidden = now !== "microphone";
  for (const node of document.querySelectorAll(".of-text")) node.hidden = now !== "text";
  uncomplain();
  changed();
}

function clearSound() {
  sound = null;
  $("audio").value = "";
  showSound();
  changed();
}

function showSound() {
  $("sound").hidden = !sound;
  if (!sound) return;
  const about = sound.file ? ` · ${size(sound.file.size)}` : "";
  $("sound-name").textContent = sound.name + about;
  const heard = $("sound-heard");
  if (heard.dataset.of === sound.name + about) return;
  heard.dataset.of = sound.name + about;
  if (heard.src) URL.revokeObjectURL(heard.src);
  if (sound.file) heard.src = URL.createObjectURL(sound.file);
  heard.hidden = !sound.file;
}

const size = (bytes) => (bytes < 2 ** 20 ? t("kilobytes", { kb: number(bytes / 2 ** 10, 0) }) : t("megabytes", { mb: number(bytes / 2 ** 20, 1) }));
