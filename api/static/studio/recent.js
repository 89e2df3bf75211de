// The latest jobs of the house, to come back to.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { ago, onLanguage, seconds, t } from "../i18n.js";
import { nameOf } from "./voices.js";

const SHOWN = 8;
const AGAIN = 15_000; // ms between two looks while the page is in sight
let jobs = [];
let current = null;
let open = () => {};

/** Start the list; `onOpen(id)` is called with the job that is chosen. */
export function startRecent(onOpen) {
  open = onOpen;
  onLanguage(draw);
  setInterval(() => { if (!document.hidden) refresh(); }, AGAIN);
  return refresh();
}

/** Look again, as after a job was sent or deleted. */
export async function refresh() {
  const page = await ask(`/api/v1/jobs?limit=${SHOWN}`).catch(() => null);
  if (page) jobs = page.jobs;
  draw();
}

/** Mark the job that is on the stage. */
export function mark(id) {
  current = id;
  draw();
}

function draw() {
  $("recent").hidden = jobs.length === 0;
  const focused = document.activeElement?.dataset?.job;
  $("recent-jobs").replaceChildren(...jobs.map(item));
  if (focused) $("recent-jobs").querySelector(`[data-job="${CSS.escape(focused)}"]`)?.focus();
}

function item(job) {
  const { request } = job;
  const what = request.text ?? t("a-recording");
  const about = [request.text === null ? null : nameOf(request.language), job.speech_seconds && seconds(job.speech_seconds), ago(job.created_at)];
  const state = job.state === "succeeded" && !job.links.video ? "deleted" : job.state;
  return make("li", {}, make("button", { type: "button", class: "row", data: { job: job.id }, onclick: () => open(job.id), ...(job.id === current ? { "aria-current": "true" } : {}) },
    make("span", { class: `dot ${state}` }), make("span", { class: "what", dir: "auto", textContent: what }),
    make("span", { class: "about", textContent: [t(`short-${state}`), ...about].filter(Boolean).join(" · ") })));
}
