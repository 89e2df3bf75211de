// From the figures of a comparison to plain sentences. Every number in them was measured.

import { number, seconds, t } from "../i18n.js";

/** Seconds as measured: two digits after the point, while that says anything. */
export const exact = (value) => (value < 100 ? t("seconds", { s: number(value, 2) }) : seconds(value));

/** What came of it: the outcome, the efficiency, and every reason. */
export function resultWords(result) {
  const times = { one: exact(result.sequential.seconds), many: exact(result.parallel.seconds) };
  const words = [t(`outcome-${result.outcome}`, { ...times, x: number(result.speedup ?? 0, 2) })];
  if (result.efficiency !== null && result.parallel.workers.length > 1) {
    words.push(t("efficiency-is", { n: result.parallel.workers.length, percent: number(100 * result.efficiency, 0) }));
  }
  words.push(...result.reasons.map(reasonWords));
  if (result.spoiled) words.push(t("spoiled"));
  return words.join(" ");
}

/** One reason, as a sentence; a code that is newer than this page is left out. */
export function reasonWords({ code, facts }) {
  const values = {
    "other-jobs": () => ({ n: facts.sequential + facts.parallel }),
    "retried": () => ({ n: facts.sequential + facts.parallel }),
    "one-chunk": () => ({ n: facts.frames }),
    "fixed-costs": () => ({ time: exact(facts.seconds), percent: number(100 * facts.share, 0) }),
    "uneven-workers": () => ({ worker: facts.worker.split("@")[0], time: exact(facts.seconds), mean: exact(facts.mean) }),
    "crowded": () => ({ sequential: exact(facts.sequential), parallel: exact(facts.parallel) }),
  };
  const words = t(`why-${code}`, values[code]?.() ?? facts);
  return words === `why-${code}` ? "" : words;
}

/** How alike both videos are: rendered, encoded, heard. */
export function likenessWords(likeness) {
  const [one, many] = likeness.n_frames;
  const words = [];
  if (one !== many) words.push(t("like-lengths", { one, many }));
  const rendered = likeness.rendered_equal;
  if (rendered === true) words.push(t("like-rendered", { n: one }));
  else words.push(t(rendered === false ? "like-not-rendered" : "like-unknown"));
  if (likeness.n_different) {
    words.push(t("like-encoded", { n: likeness.n_different, max: likeness.max_difference, db: number(likeness.psnr_db ?? 0, 1) }));
  } else words.push(t(rendered ? "like-decoded" : "like-decoded-only"));
  words.push(t(likeness.sound_equal ? "like-sound" : "like-not-sound"));
  return words.join(" ");
}
