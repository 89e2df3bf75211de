// The screen: plays the finished beginning of a job while the rest renders, then the MP4, from the same place.

import { media } from "../api.js";
import { addCaptions, startCaptions } from "../captions.js";
import { $ } from "../dom.js";
import { keyHeaders } from "../key.js";
import { attach } from "../player.js";

const applyCaptions = startCaptions($("captions-on"), () => [$("video")]);
const FAR_OFF = 0.35; // seconds between the two players that nobody minds
let shown = { id: null, mode: null }; // mode: null, "stream" or "video"
let stream = null; // what attach() gave

/** Show what can be watched of `job` (a JobView) now; safe to call as often as one likes. */
export async function play(job) {
  if (shown.id !== job.id) darken(job.id);
  if (job.links.video && shown.mode !== "video") await playVideo(job);
  else if (job.links.stream && job.playable_seconds > 0 && shown.mode === null && !job.error) playStream(job);
  await showCaptions(job);
}

/** Nothing to see: the frame shows the face again. */
export function darken(id = null) {
  stream?.destroy();
  stream = null;
  shown = { id, mode: null };
  const video = $("video");
  video.pause();
  video.removeAttribute("src");
  video.replaceChildren();
  video.load();
  $("screen").hidden = true;
  $("early").hidden = true;
}

function playStream(job) {
  shown.mode = "stream";
  const video = $("video");
  stream = attach(video, job.links.stream, { headers: keyHeaders() });
  video.addEventListener("loadeddata", () => { $("screen").hidden = false; $("early").hidden = shown.mode !== "stream"; }, { once: true });
  begin(video);
}

/** The MP4 takes over where the stream is: in a second player that is first brought to the same place. */
async function playVideo(job) {
  const [id, early, old] = [job.id, shown.mode === "stream", $("video")];
  shown.mode = "video";
  const address = await media(job.links.video);
  if (shown.id !== id) return;
  if (!early) {
    old.src = address;
    $("screen").hidden = false;
    if (fresh(job)) begin(old);
    return;
  }
  const next = old.cloneNode(false);
  next.muted = true;
  next.preload = "auto";
  next.src = address;
  await new Promise((ready) => { next.addEventListener("loadedmetadata", ready, { once: true }); next.addEventListener("error", ready, { once: true }); });
  await follow(old, next);
  if (shown.id !== id) return;
  takeOver(old, next);
}

/** Bring `next` to where `old` is; until nobody would see the difference. Full screen is left alone. */
async function follow(old, next) {
  for (let tries = 0; tries < 4; tries++) {
    if (document.fullscreenElement === old) await new Promise((left) => document.addEventListener("fullscreenchange", left, { once: true }));
    next.currentTime = Math.min(old.ended ? next.duration : old.currentTime, next.duration || 0);
    await new Promise((ready) => { next.addEventListener("seeked", ready, { once: true }); setTimeout(ready, 1500); });
    if (Math.abs(next.currentTime - old.currentTime) < FAR_OFF || old.ended) return;
  }
}

function takeOver(old, next) {
  const moving = !old.paused && !old.ended;
  Object.assign(next, { muted: old.muted, volume: old.volume, playbackRate: old.playbackRate });
  const focused = document.activeElement === old;
  old.replaceWith(next);
  $("screen").hidden = false;
  if (moving) begin(next);
  if (focused) next.focus();
  stream?.destroy();
  stream = null;
  $("early").hidden = true;
}

/** Whether the person has just waited for this job: then it begins by itself. */
const fresh = (job) => Date.now() - new Date(job.finished_at ?? Date.now()) < 15_000;

function begin(video) {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  video.play().catch(() => { /* the browser wants a click first: the controls are there */ });
}

async function showCaptions(job) {
  $("captions").hidden = shown.mode === null || !await addCaptions($("video"), job);
  applyCaptions();
}
