// A job on the stage: how far it is, when it will be there, what went wrong; followed live until it has ended.

import { Problem, ask } from "../api.js";
import { $, make } from "../dom.js";
import { number, onLanguage, seconds, t } from "../i18n.js";
import { keyHeaders } from "../key.js";
import { live } from "../live.js";
import { strip } from "../strip.js";
import { announce } from "./announce.js";
import { atLarge } from "./complaints.js";
import { pictureOf } from "./face.js";
import { darken, play } from "./playing.js";

let job = null; // the JobView on the stage
let line = null; // what live() gave
let bar = null;
let ended = () => {};

/** Wire the stage; `onEnd(job)` is called when a job that was watched has ended. */
export function startWatch(onEnd) {
  ended = onEnd;
  bar = strip($("strip"));
  onLanguage(() => job && tell());
}

/** The job on the stage, or null. */
export const watched = () => job;

export const isOver = (view) => !["queued", "running"].includes(view.state);

/** Put a job on the stage and follow it. */
export async function watch(view) {
  unwatch();
  $("face-side").hidden = true;
  $("watch-side").hidden = false;
  $("job-problem").hidden = true;
  backdrop(view);
  show(view);
  if (!isOver(view)) follow(view);
}

/** Open a job by its id, such as the address bar's. */
export async function watchId(id) {
  try {
    await watch(await ask(`/api/v1/jobs/${encodeURIComponent(id)}`));
    return true;
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    atLarge(problem, $("problem"));
    return false;
  }
}

/** Leave the stage to the face; the job goes on. */
export function unwatch() {
  line?.close();
  line = null;
  job = null;
  darken();
  $("backdrop").hidden = true;
  $("lost").hidden = true;
  $("face-side").hidden = false;
  $("watch-side").hidden = true;
}

/** Show a view that came as the answer to something else, such as a cancel. */
export function show(view) {
  const before = job;
  job = view;
  tell();
  play(view).catch((problem) => { if (!(problem instanceof Problem)) throw problem; });
  milestones(before, view);
  if (isOver(view) && before && !isOver(before)) ended(view);
}

function follow({ id, links }) {
  line = live(links.events ?? `${links.self}/events`, {
    headers: keyHeaders(),
    onJob: (view) => { if (job?.id === id) { connected(true); show(view); } },
    onLost: () => { if (job?.id === id) connected(false); },
    onEnd: () => connected(true),
  });
}

function connected(well) {
  if (well && !$("lost").hidden) announce(t("connected"));
  if (!well) announce(t("lost"));
  $("lost").hidden = well;
}

function tell() {
  const over = isOver(job);
  $("watch-side").dataset.state = job.state;
  $("headline").textContent = headline();
  $("facts").textContent = facts().join(" · ");
  $("percent").value = job.progress;
  $("percent").hidden = over;
  $("percent").ariaLabel = t("progress");
  bar.show(job);
  $("strip").hidden = !job.chunks.total;
  $("warnings").replaceChildren(...job.warnings.map((text) => make("li", { textContent: text })));
  $("warnings").hidden = !job.warnings.length;
  if (job.error) atLarge(job.error, $("job-problem"));
  $("cancel").hidden = over;
  for (const node of document.querySelectorAll(".when-over")) node.hidden = !over;
  for (const node of document.querySelectorAll(".when-video")) node.hidden = !job.links.video;
  if (job.links.video) $("download").href = job.links.video;
  $("details").hidden = !job.links.page;
  if (job.links.page) $("details").href = job.links.page;
}

function headline() {
  if (job.state === "succeeded" && !job.links.video) return t("state-deleted");
  if (job.state === "succeeded") return t("state-succeeded", { time: seconds(lasted()) });
  if (job.stage === "rendering" && job.chunks.total) return t("stage-rendering", { done: job.chunks.done, n: job.chunks.total });
  return t(job.state === "running" && job.stage ? `stage-${job.stage}` : `state-${job.state}`);
}

function facts() {
  const words = [];
  if (!isOver(job) && job.eta_seconds !== null) words.push(t("eta", { time: seconds(Math.max(1, job.eta_seconds)) }));
  if (!isOver(job) && job.playable_seconds > 0) words.push(t("playable", { time: seconds(job.playable_seconds) }));
  if (job.speech_seconds !== null) words.push(t("length", { time: seconds(job.speech_seconds) }));
  if (job.n_frames !== null) words.push(t("frames", { n: job.n_frames, fps: number(rate(job.fps), 2) }));
  return words;
}

const rate = (fps) => fps.split("/").map(Number).reduce((a, b) => a / b);
const lasted = () => (new Date(job.finished_at) - new Date(job.created_at)) / 1000;

function milestones(before, now) {
  if (before?.id === now.id && before.state === now.state && before.stage === now.stage && !(before.playable_seconds > 0) === !(now.playable_seconds > 0)) return;
  if (!isOver(now) && now.playable_seconds > 0 && !(before?.playable_seconds > 0)) announce(t("can-watch"));
  else announce([headline(), now.error?.detail].filter(Boolean).join(" "));
}

/** The job's face behind the screen, until there is something to see. */
async function backdrop(view) {
  const address = await pictureOf(view.request);
  if (job?.id !== view.id) return;
  $("backdrop").hidden = false;
  $("backdrop-picture").hidden = !address;
  if (address) $("backdrop-picture").src = address;
}
