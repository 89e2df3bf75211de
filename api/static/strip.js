// The strip of a job's chunks: as long as their frames, in the colour of their worker, filled as it renders.

import { make } from "./dom.js";
import { seconds, t } from "./i18n.js";

export const COLOURS = 8; // classes w0 … w7 in style.css

/** A strip inside `element`; `show(job)` draws a JobView and may be called as often as one likes. */
export function strip(element) {
  const bar = make("ol", { class: "chunks", "aria-label": t("strip"), role: "list" });
  const legend = make("ul", { class: "legend", role: "list" });
  element.classList.add("strip");
  element.replaceChildren(bar, legend);
  return {
    show(job) {
      const chunks = job.chunks?.list ?? [];
      const colours = workerColours(job);
      bar.ariaLabel = t("strip");
      bar.classList.toggle("planless", chunks.length === 0);
      while (bar.children.length > chunks.length) bar.lastChild.remove();
      while (bar.children.length < chunks.length) bar.append(emptyChunk());
      chunks.forEach((chunk, i) => showChunk(bar.children[i], chunk, chunks.length, colours));
      legend.replaceChildren(...legendOf(chunks, colours));
    },
  };
}

/** The class of each worker's colour, by its name: Map {"render0@host" → "w0"}; the same wherever a job is shown. */
export function workerColours(job) {
  const names = [...new Set((job.chunks?.list ?? []).map((chunk) => chunk.worker).filter(Boolean))].sort();
  return new Map(names.map((name, i) => [name, `w${i % COLOURS}`]));
}

/** A worker's name without its host, where all are on one host. */
export function shortName(worker, all) {
  const hosts = new Set([...all].map((name) => name.split("@")[1]));
  return hosts.size > 1 ? worker : worker.split("@")[0];
}

/** What a chunk is, in one word: queued, rendering, done or reused. */
export const chunkKind = (chunk) => (chunk.reused ? "reused" : chunk.state);

/** Whether a worker had to take a chunk more than once. */
export const isRetried = (chunk) => chunk.attempts > 1;

/** All that is known of a chunk, in a sentence. */
export function chunkWords(chunk, total, all) {
  const kind = chunkKind(chunk);
  const worker = chunk.worker ? shortName(chunk.worker, all) : "?";
  const key = kind === "done" && chunk.seconds != null ? "chunk-done-in" : `chunk-${kind}`;
  const parts = [t(key, { worker, percent: percent(chunk), time: seconds(chunk.seconds ?? 0) })];
  if (isRetried(chunk)) parts.push(t("chunk-tries", { n: chunk.attempts }));
  return `${t("chunk", { i: chunk.index + 1, n: total })}: ${parts.join(", ")}`;
}

const percent = (chunk) => Math.floor((100 * chunk.frames_done) / chunk.n_frames);

const emptyChunk = () => make("li", {}, make("span", { class: "fill" }), make("span", { class: "unseen" }));

function showChunk(item, chunk, total, colours) {
  const words = chunkWords(chunk, total, colours.keys());
  const done = chunk.state === "done" ? 1 : chunk.frames_done / chunk.n_frames;
  item.className = `chunk ${chunkKind(chunk)} ${colours.get(chunk.worker) ?? ""} ${isRetried(chunk) ? "retried" : ""}`;
  item.style.flexGrow = chunk.n_frames;
  item.firstChild.style.transform = `scaleX(${done})`;
  if (item.title !== words) {
    item.title = words;
    item.lastChild.textContent = words;
  }
}

function legendOf(chunks, colours) {
  const items = [...colours].map(([worker, colour]) => {
    const own = chunks.filter((chunk) => chunk.worker === worker && !chunk.reused);
    const now = own.find((chunk) => chunk.state === "rendering");
    const what = now ? t("legend-at", { i: now.index + 1, percent: percent(now) }) : t("legend-done", { n: own.length });
    return own.length ? legendItem(colour, shortName(worker, colours.keys()), what) : null;
  });
  const count = (test) => chunks.filter(test).length;
  const [reused, retried] = [count((chunk) => chunk.reused), count(isRetried)];
  const waiting = count((chunk) => chunk.state === "queued");
  if (reused) items.push(legendItem("reused", "", t("legend-reused", { n: reused })));
  if (retried) items.push(legendItem("retried", "", t("legend-retried", { n: retried })));
  if (waiting) items.push(legendItem("queued", "", t("legend-waiting", { n: waiting })));
  return items.filter(Boolean);
}

const legendItem = (kind, name, what) => make("li", {}, make("span", { class: `swatch ${kind}` }), name && make("b", { textContent: name }), what);
