// The two finished videos: one play button, one scrubber, and what differs between them.

import { media } from "../api.js";
import { addCaptions, startCaptions } from "../captions.js";
import { $ } from "../dom.js";
import { number, onLanguage, t } from "../i18n.js";
import { AMPLIFIED, difference } from "./difference.js";
import { lockstep } from "./lockstep.js";

const applyCaptions = startCaptions($("captions-on"), () => [$("one-video"), $("many-video")]);
let pair = null; // what lockstep() gave
let painter = null;
let length = 0; // frames
let playing = false;
let shownFrame = 0;
let worst = 0; // the largest drift since the last start, s

/** Wire buttons and keys, once. */
export function startWatching() {
  $("play").addEventListener("click", () => pair?.toggle());
  $("position").addEventListener("input", () => pair?.go(Number($("position").value)));
  $("difference").addEventListener("change", showDifference);
  addEventListener("keydown", keys);
  onLanguage(tell);
}

/** Show both videos of a comparison, from their jobs (JobViews). */
export async function watchBoth(one, many) {
  await leave();
  const videos = [$("one-video"), $("many-video")];
  const addresses = await Promise.all([media(one.links.video), media(many.links.video)]);
  await Promise.all(videos.map((video, i) => loaded(video, addresses[i])));
  const said = await Promise.all([addCaptions(videos[0], one), addCaptions(videos[1], many)]);
  $("captions").hidden = !said.every(Boolean);
  applyCaptions();
  length = one.n_frames;
  const fps = one.fps.split("/").map(Number).reduce((a, b) => a / b);
  $("position").max = length - 1;
  painter = difference($("difference-picture"), ...videos);
  pair = lockstep(...videos, { fps, n: length, onFrame, onState: (now) => { playing = now; worst = now ? 0 : worst; tell(); } });
  $("player").hidden = false;
  pair.go(0);
  tell();
}

/** Nothing to watch any more. */
export async function leave() {
  pair?.close();
  pair = null;
  $("player").hidden = true;
  $("difference").checked = false;
  showDifference();
  for (const id of ["one-video", "many-video"]) {
    $(id).hidden = true;
    $(id).removeAttribute("src");
  }
}

function loaded(video, address) {
  video.hidden = false;
  video.src = address;
  return new Promise((ready) => {
    video.addEventListener("loadeddata", ready, { once: true });
    video.addEventListener("error", ready, { once: true });
  });
}

function onFrame(frame, drift) {
  shownFrame = frame;
  if (playing) worst = Math.max(worst, Math.abs(drift));
  $("position").value = frame;
  Object.assign($("player").dataset, { frame, drift: drift.toFixed(4) });
  if (!$("difference-part").hidden) painter.paint();
  tell();
}

function tell() {
  $("play").textContent = t(playing ? "pause" : "play");
  $("position").ariaLabel = t("position");
  $("position").setAttribute("aria-valuetext", t("frame-of", { i: shownFrame + 1, n: length }));
  $("frame").textContent = t("frame-of", { i: shownFrame + 1, n: length });
  $("difference-words").textContent = t("difference-is", { x: AMPLIFIED });
  $("drift").textContent = worst ? t("drift", { ms: number(1000 * worst, 0) }) : "";
}

function showDifference() {
  $("difference-part").hidden = !$("difference").checked;
  if ($("difference").checked) painter?.paint();
}

/** Space plays, the arrows step; not while somebody writes, and buttons keep their own. */
function keys(event) {
  if (!pair || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target } = event;
  if (target.closest("textarea, select, input:not(#position, #difference, #captions-on), a, dialog, .plot")) return;
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -length, End: length };
  if (event.key in steps) pair.step(steps[event.key]);
  else if (event.key === " " && !target.closest("button, #difference, #captions-on")) pair.toggle();
  else return;
  event.preventDefault();
}
