// From a job and its events to the bars of a Gantt chart: who had which piece when, and how it ended.

const ENDS = ["succeeded", "failed", "canceled", "expired"];
const seconds = (moment) => new Date(moment).getTime() / 1000;

/** Rows of bars, in seconds since the job was accepted.
 *
 * `events`: [{name, at (Unix time), …facts}] in order, from the job's history; without any the bars come from
 * the chunks' own times. A bar: {kind: "wait"|"plan"|"chunk"|"merge", from, to, open, worker, index, frames,
 * attempt, outcome: "done"|"running"|"failed"|"lost"|"handed"|"stopped", why}. */
export function timeline(job, events, now = Date.now() / 1000) {
  const begin = seconds(job.created_at);
  const end = job.finished_at ? seconds(job.finished_at) : Math.max(now, begin);
  const bars = events.length ? fromEvents(job, events, end) : fromChunks(job, end);
  for (const bar of bars) {
    bar.from = Math.max(0, bar.from - begin);
    bar.to = Math.max(bar.from, Math.min(bar.to, end) - begin);
  }
  return { seconds: Math.max(0.1, end - begin), rows: rowsOf(bars) };
}

function fromEvents(job, events, end) {
  const bars = [];
  const open = new Map(); // by piece: "plan", "merge", or a chunk's index as text
  const begin = (piece, facts) => {
    stop(piece, facts.at, "lost");
    const kind = piece === "plan" || piece === "merge" ? piece : "chunk";
    const bar = { kind, from: facts.at, to: end, open: true, worker: facts.worker, attempt: Number(facts.attempt ?? 1), outcome: "running", why: "" };
    if (kind === "chunk") Object.assign(bar, { index: Number(piece), frames: framesOf(job, piece) });
    open.set(piece, bar);
    bars.push(bar);
  };
  const stop = (piece, at, outcome, why = "") => {
    const bar = open.get(piece);
    if (bar) Object.assign(bar, { to: at, open: false, outcome, why });
    open.delete(piece);
  };
  const stopAll = (at, outcome) => [...open.keys()].forEach((piece) => stop(piece, at, outcome));
  const on = {
    planning: (facts) => { waited(bars, facts.at); begin("plan", facts); },
    planned: ({ at }) => stop("plan", at, "done"),
    replanned: ({ at }) => stopAll(at, "stopped"),
    claimed: (facts) => begin(String(facts.chunk), facts),
    chunk: ({ chunk, at }) => stop(String(chunk), at, "done"),
    merging: (facts) => begin("merge", facts),
    reopened: ({ at, reason }) => stop("merge", at, "failed", reason),
    "given-back": ({ piece, at, reason }) => stop(String(piece), at, reason ? "failed" : "handed", reason),
    lapsed: ({ piece, at }) => stop(String(piece), at, "lost"),
  };
  bars.push({ kind: "wait", from: events[0].at, to: end, open: true, outcome: "running", why: "" });
  for (const { name, ...facts } of events) {
    on[name]?.(facts);
    if (!ENDS.includes(name)) continue;
    stopAll(facts.at, name === "succeeded" ? "done" : "stopped");
    waited(bars, facts.at);
  }
  return bars.map((bar) => ({ ...bar, why: whyOf(job, bar) }));
}

/** The wait for a worker is over. */
function waited(bars, at) {
  if (bars[0].open) Object.assign(bars[0], { to: at, open: false, outcome: "done" });
}

function fromChunks(job, end) {
  return (job.chunks.list ?? []).filter((chunk) => chunk.started_at).map((chunk) => ({
    kind: "chunk", from: seconds(chunk.started_at), to: chunk.finished_at ? seconds(chunk.finished_at) : end,
    open: !chunk.finished_at, worker: chunk.worker, index: chunk.index, frames: chunk.n_frames,
    attempt: chunk.attempts, outcome: chunk.finished_at ? "done" : "running", why: chunk.error ?? "",
  }));
}

/** Of several failed attempts at a chunk the record keeps the last one's words; others have their reason. */
function whyOf(job, bar) {
  if (bar.kind !== "chunk" || !["failed", "lost"].includes(bar.outcome)) return bar.why;
  const chunk = job.chunks.list?.[bar.index];
  const last = chunk?.error && bar.attempt === chunk.attempts - (chunk.state === "done" ? 1 : 0);
  return last ? chunk.error : bar.why;
}

const framesOf = (job, index) => job.chunks.list?.[index]?.n_frames ?? 0;

/** One row for what cpu workers do, then one for each render worker, by name. */
function rowsOf(bars) {
  const first = bars.filter((bar) => bar.kind === "wait" || bar.kind === "plan");
  const last = bars.filter((bar) => bar.kind === "merge");
  const workers = [...new Set(bars.filter((bar) => bar.kind === "chunk").map((bar) => bar.worker))].sort();
  return [
    { name: "plan", bars: first },
    ...workers.map((worker) => ({ name: "worker", worker, bars: bars.filter((bar) => bar.kind === "chunk" && bar.worker === worker) })),
    { name: "merge", bars: last },
  ].filter((row) => row.bars.length);
}

/** Whole steps for a time axis of about `wanted` marks: 0, 0.5, 1, … */
export function ticks(length, wanted) {
  const rough = length / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
  return Array.from({ length: Math.floor(length / step + 1e-9) + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}
