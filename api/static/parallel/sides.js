// Both jobs while they run: a strip and a clock for each.

import { $ } from "../dom.js";
import { number, seconds, t } from "../i18n.js";
import { keyHeaders } from "../key.js";
import { live } from "../live.js";
import { strip } from "../strip.js";
import { exact } from "./sentence.js";

const PLANLESS = { chunks: { total: 0, done: 0, list: [] } };

/** One side, "one" or "many": `follow(address)` once its job is there; `show(job)`; `clear()`. */
export function side(name) {
  const bar = strip($(`${name}-strip`));
  let line = null;
  let job = null;
  let followed = "";

  function show(view) {
    job = view;
    tell();
  }

  function tell(before = t("waits")) {
    bar.show(job ?? PLANLESS);
    const link = $(`${name}-link`);
    link.hidden = !job;
    if (job) Object.assign(link.firstElementChild, { href: job.links.page, textContent: t("job-link") });
    $(`${name}-time`).textContent = job ? words() : before;
  }

  function words() {
    const took = (new Date(job.finished_at ?? Date.now()) - new Date(job.started_at ?? Date.now())) / 1000;
    if (job.state === "succeeded") return exact(took);
    if (["queued", "running"].includes(job.state)) return `${t("side-running", { percent: number(Math.floor(100 * job.progress), 0) })} · ${seconds(Math.max(0, took))}`;
    return t("side-failed");
  }

  return {
    show,
    tell,
    get job() { return job; },
    follow(address) {
      if (followed === address) return;
      followed = address;
      line?.close();
      line = live(`${address}/events`, { headers: keyHeaders(), onJob: show });
    },
    clear() {
      line?.close();
      [line, job, followed] = [null, null, ""];
      tell();
    },
  };
}
