// The page of one job: what happened to it when, and the proof that its video is what was asked for.

import { Problem, ask, media } from "./api.js";
import { addCaptions, startCaptions } from "./captions.js";
import { $, make, prose } from "./dom.js";
import { add, ago, number, onLanguage, seconds, t } from "./i18n.js";
import words from "./i18n/job.js";
import { gantt } from "./job/gantt.js";
import { showCheck, startCheck } from "./job/check.js";
import { keyHeaders } from "./key.js";
import { live } from "./live.js";

const id = location.pathname.split("/")[2];
const here = `/api/v1/jobs/${encodeURIComponent(id)}`;
const events = []; // the job's history, as its event stream told it
const applyCaptions = startCaptions($("captions-on"), () => [$("video")]);
let job = null;
let chart = null;
let shownVideo = null;
let pending = 0; // an animation frame that will draw

const isOver = () => job && !["queued", "running"].includes(job.state);

async function start() {
  add(words);
  chart = gantt($("chart"), $("pointed"), $("bars-body"));
  try {
    show(await ask(here));
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    $("state").hidden = true;
    return complain(problem);
  }
  startCheck(id, () => job);
  onLanguage(tell);
  live(job.links.events, { headers: keyHeaders(), onJob: show, onEvent: note, onLost: () => { $("lost").hidden = isOver(); }, onEnd: () => { $("lost").hidden = true; } });
  setInterval(() => { if (!isOver()) later(); }, 500);
}

function note(name, facts) {
  if (name === "progress") return;
  events.push({ name, ...facts, at: Number(facts.at) });
  later();
}

function show(view) {
  const before = job?.state;
  job = view;
  $("lost").hidden = true;
  tell();
  if (before && before !== job.state) $("said").textContent = t(`state-${job.state}`);
}

/** Many events come in one burst: they are drawn once. */
function later() {
  pending ||= requestAnimationFrame(() => { pending = 0; chart.show(job, events); });
}

function tell() {
  const over = isOver();
  document.title = `${t("job")} ${job.id.slice(0, 12)} · Lipchord`;
  $("job-id").textContent = job.id;
  $("sent").textContent = t("job-from", { ago: ago(job.created_at) });
  $("state").textContent = t(job.state === "running" && job.stage ? `stage-${job.stage}` : `state-${job.state}`);
  $("state").dataset.state = job.state;
  $("working").hidden = over;
  $("progress").value = job.progress;
  $("facts").textContent = job.eta_seconds === null ? "" : t("eta", { time: seconds(Math.max(1, job.eta_seconds)) });
  $("cancel").hidden = over;
  $("delete").hidden = !over || !job.links.video;
  $("json").href = job.links.self;
  $("warnings-card").hidden = !job.warnings.length;
  $("warnings").replaceChildren(...job.warnings.map((text) => make("li", { textContent: text })));
  if (job.error) complain(job.error);
  figures($("timings"), timings());
  figures($("proof"), proof());
  figures($("request"), request());
  showVideo().catch(complain);
  showCheck();
  later();
}

const complain = (problem) => {
  $("problem").hidden = false;
  $("problem").replaceChildren(make("strong", { textContent: problem.title }), ...prose(problem.detail), " ",
    ...(problem.type ? [make("a", { href: problem.type, textContent: t("what-to-do") })] : []));
};

function figures(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([key, value]) => [make("dt", { textContent: t(key) }), make("dd", {}, ...[value].flat())]));
}

const exact = (value) => (value < 100 ? t("seconds", { s: number(value, 2) }) : seconds(value));

function timings() {
  const at = (moment) => new Date(moment ?? Date.now()) / 1000;
  const pairs = [["t-wait", exact(Math.max(0, at(job.started_at) - at(job.created_at)))]];
  for (const [stage, spent] of Object.entries(job.timings)) pairs.push([`t-${stage}`, exact(spent)]);
  if (!job.finished_at) return pairs;
  const whole = at(job.finished_at) - at(job.created_at);
  pairs.push(["t-whole", exact(whole)]);
  if (job.state === "succeeded") pairs.push(["t-pace", t("pace", { x: number(job.speech_seconds / whole, 2) })]);
  return pairs;
}

function proof() {
  const { proof: facts, video } = job;
  if (!facts) return [["p-frames", job.state === "succeeded" ? t("gone") : isOver() ? "–" : t("no-proof")]];
  const fps = facts.fps.split("/").map(Number).reduce((a, b) => a / b);
  const apart = Math.abs(facts.picture_seconds - facts.sound_seconds) * 1000;
  const code = (text) => make("code", { textContent: text });
  return [
    ["p-frames", t("p-frames-are", { n: facts.n_frames, fps: number(fps, 3) })],
    ["p-picture", t("seconds", { s: number(facts.picture_seconds, 4) })],
    ["p-sound", t("seconds", { s: number(facts.sound_seconds, 4) })],
    ["p-apart", t("p-apart-is", { ms: number(apart, 2), frame: number(1000 / fps, 2) })],
    ["p-file", t("p-format", { codec: facts.codec, w: String(facts.width), h: String(facts.height), sound: facts.sound_codec, khz: number(facts.sample_rate / 1000, 1) })],
    ["p-size", t("p-mb", { mb: number(video.size / 1e6, 2) })],
    ["p-rendered", code(facts.rendered ?? "–")],
    ["p-sha", code(video.sha256)],
  ];
}

function request() {
  const asked = job.request;
  const pairs = asked.text === null ? [["r-audio", make("code", { textContent: asked.audio })]] : [["r-text", asked.text], ["r-language", asked.language]];
  const face = asked.face === null ? t("r-avatar") : asked.face.startsWith("blob_") ? t("r-upload") : asked.face;
  pairs.push(["r-face", face], ["r-generator", asked.generator], ["r-fps", asked.fps], ["r-workers", asked.num_workers === null ? t("r-as-many") : String(asked.num_workers)]);
  if (job.webhook) pairs.push(["webhook", t("webhook-line", { state: job.webhook.state, n: job.webhook.attempts })]);
  return pairs;
}

async function showVideo() {
  $("video-card").hidden = !job.links.video;
  if (shownVideo === job.links.video) return;
  shownVideo = job.links.video;
  if (!shownVideo) return $("video").removeAttribute("src");
  const address = await media(shownVideo);
  $("video").src = $("download").href = address;
  $("captions").hidden = !await addCaptions($("video"), job);
  applyCaptions();
}

async function act(path, options) {
  try {
    show(await ask(path, options));
    $("sure").hidden = true;
  } catch (problem) {
    complain(problem);
  }
}

$("cancel").addEventListener("click", () => act(`${here}/cancel`, { method: "POST" }));
$("delete").addEventListener("click", () => { $("sure").hidden = false; $("delete-yes").focus(); });
$("delete-no").addEventListener("click", () => { $("sure").hidden = true; $("delete").focus(); });
$("delete-yes").addEventListener("click", () => act(here, { method: "DELETE" }));
start();
