// A job as it changes: server-sent events over fetch (so that a key can go with them), resumed where they broke off.

const AGAIN = [500, 1000, 2000, 4000]; // ms until the next try

/** Follow `url` (…/events): onJob(view), onEvent(name, facts), onEnd(), onLost(). Returns {close()}. */
export function live(url, { onJob = () => {}, onEvent = () => {}, onEnd = () => {}, onLost = () => {}, headers = {} }) {
  const stop = new AbortController();
  follow(url, { onJob, onEvent, onEnd, onLost, headers }, stop.signal);
  return { close: () => stop.abort() };
}

async function follow(url, on, signal) {
  const seen = { id: "", ended: false };
  for (let failed = 0; !signal.aborted && !seen.ended;) {
    try {
      const headers = { ...on.headers, Accept: "text/event-stream", ...(seen.id && { "Last-Event-ID": seen.id }) };
      const answer = await fetch(url, { headers, signal, cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      for await (const message of messages(answer.body)) {
        failed = 0;
        tell(message, on, seen);
      }
    } catch { /* the same as a connection that has ended */ }
    if (signal.aborted || seen.ended) return;
    on.onLost();
    await new Promise((wake) => setTimeout(wake, AGAIN[Math.min(failed++, AGAIN.length - 1)]));
  }
}

function tell({ event, data, id }, on, seen) {
  if (id) seen.id = id;
  if (event === "job") on.onJob(JSON.parse(data));
  else if (event === "end") {
    seen.ended = true;
    on.onEnd();
  } else if (event) on.onEvent(event, JSON.parse(data));
}

/** The messages of an event stream (WHATWG HTML, 9.2.6), of lines that end in \n. */
async function* messages(body) {
  let text = "";
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const fields = { event: "", data: "", id: "" };
      for (const line of block.split("\n")) {
        const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
        if (name in fields) fields[name] += value;
      }
      if (fields.data) yield fields;
    }
  }
}
