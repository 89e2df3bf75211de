// The line above the button: how long the video will be, and how long to wait, asked of the API while one writes.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { number, onLanguage, seconds, t } from "../i18n.js";
import { complain, uncomplain } from "./complaints.js";

const PAUSE = 600; // ms without a change
const LARGEST = 64 * 2 ** 20; // bytes of a file that is sent ahead to be looked at
let timer = 0;
let asked = null; // AbortController of the question under way
let known = null; // the last answer

/** Start to answer; the words follow the page's language. */
export const startPreflight = () => onLanguage(tell);

/** Ask again in a moment. `request()` gives {body, file} or null; `kept(key, file)` hears where a file is kept now. */
export function look(request, kept) {
  clearTimeout(timer);
  asked?.abort();
  asked = null;
  $("preflight").classList.add("stale");
  timer = setTimeout(check, PAUSE, request, kept);
}

/** No more for now: the job is sent. */
export function rest() {
  clearTimeout(timer);
  asked?.abort();
}

async function check(request, kept) {
  const wanted = request();
  if (!wanted || wanted.file?.size > LARGEST) return say(null);
  const mine = asked = new AbortController();
  $("preflight").ariaBusy = "true";
  try {
    const answer = await ask("/api/v1/check", { method: "POST", body: wanted.body, signal: mine.signal });
    if (wanted.file && answer.audio) kept(answer.audio, wanted.file);
    uncomplain();
    say(answer);
  } catch (problem) {
    if (problem.name === "AbortError") return undefined;
    say(null);
    // What is wrong now may be right in a moment; a full or sleeping house will say so at the button.
    if (problem.status >= 400 && problem.status < 500 && problem.status !== 404) complain(problem);
  } finally {
    if (asked === mine) $("preflight").ariaBusy = "false";
  }
  return undefined;
}

function say(answer) {
  known = answer;
  $("preflight").classList.remove("stale");
  tell();
}

function tell() {
  const words = known ? phrases(known) : [t("preflight-none")];
  $("preflight-words").textContent = words.join(" · ");
  $("preflight-warnings").replaceChildren(...(known?.warnings ?? []).map((text) => make("li", { textContent: text })));
  $("preflight-warnings").hidden = !known?.warnings.length;
}

function phrases({ speech_seconds, exact, chunks, wait_seconds, total_seconds, render_seconds }) {
  const total = total_seconds ?? (render_seconds === null ? null : render_seconds + (wait_seconds ?? 0));
  const words = [t(exact === false ? "preflight-about" : "preflight-length", { time: seconds(speech_seconds) })];
  if (total !== null && total !== undefined) words.push(t("preflight-ready", { time: seconds(Math.max(1, total)) }));
  if (wait_seconds > 2) words.push(t("preflight-wait", { time: seconds(wait_seconds) }));
  words.push(t("preflight-chunks", { n: chunks, count: number(chunks) }));
  return words;
}
