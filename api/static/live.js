// A job's events as they happen. Read by fetch, which can send the key, as EventSource cannot.

const PAUSE_MS = 1000; // before a connection that broke is made again

/** Follow the events at `url` (`links.events`) until the job has ended.
 *
 * `onJob(view)` hears of each state, `onEvent(name, facts)` of each entry of the job's history, `onLost()` of a
 * connection that broke: it is made again, from where it was, and meanwhile the job is polled. */
export function live(url, { onJob = () => {}, onEvent, onEnd, onLost, headers = {} }) {
  const left = new AbortController();
  const { signal } = left;
  let last = "";

  async function listen() {
    const answer = await fetch(url, { signal, headers: { ...headers, ...(last && { "Last-Event-ID": last }) } });
    if (!answer.ok) throw new Error(answer.statusText);
    for await (const { id, event, data } of messages(answer.body)) {
      last = id || last;
      if (event === "end") return true;
      if (event === "job") onJob(JSON.parse(data));
      else onEvent?.(event, JSON.parse(data));
    }
    return false;
  }

  /** One look at the job; whether it has ended. */
  async function poll() {
    const answer = await fetch(url.replace(/\/events$/, ""), { signal, headers });
    if (!answer.ok) throw new Error(answer.statusText);
    const view = await answer.json();
    onJob(view);
    return !["queued", "running"].includes(view.state);
  }

  (async () => {
    for (let step = listen; !signal.aborted; step = step === listen ? poll : listen) {
      let over = false;
      try {
        over = await step();
      } catch {
        if (!signal.aborted) onLost?.();
      }
      if (signal.aborted) return;
      if (over) { onEnd?.(); return; }
      await new Promise((wake) => setTimeout(wake, PAUSE_MS));
    }
  })();
  return { close() { left.abort(); } };
}

/** The messages of a stream of server-sent events (WHATWG HTML, 9.2.6). */
async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const message = { id: "", event: "message", data: "" };
      for (const line of block.split("\n")) {
        const [, name, text] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
        if (name) message[name] = text;
      }
      if (message.data) yield message;
    }
  }
}
