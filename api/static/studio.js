// The form: send a job, show how far it is, play the video.

const $ = (id) => document.getElementById(id);
const form = $("form");
let current = null; // the job that this page shows; an older poll that answers late is dropped

const STATES = {
  queued: "Waiting for a worker…", planning: "Speaking and looking at the face…",
  rendering: "Rendering", merging: "Joining the chunks…", running: "Working…",
  succeeded: "Done.", failed: "It failed.", canceled: "Canceled.", expired: "It took too long.",
};

async function fillLanguages() {
  const answer = await fetch("/api/v1/voices").catch(() => null);
  if (!answer?.ok) return; // English stays: the form works without the list
  const { voices } = await answer.json();
  const wanted = localStorage.getItem("language") ?? navigator.language.split("-")[0];
  const options = voices.map((voice) => new Option(voice.name, voice.language));
  options.sort((a, b) => a.text.localeCompare(b.text));
  $("language").replaceChildren(...options);
  $("language").value = voices.some((voice) => voice.language === wanted) ? wanted : "en";
}

function showProblem(problem) {
  const title = document.createElement("strong");
  title.textContent = problem.title;
  const more = document.createElement("a");
  more.href = problem.type;
  more.textContent = "What to do";
  // A detail names fields in backticks, as the API's other readers expect.
  const detail = problem.detail.split("`").map((part, i) => (i % 2 ? Object.assign(document.createElement("code"), { textContent: part }) : part));
  $("problem").replaceChildren(title, ...detail, " ", more);
  $("problem").hidden = false;
}

function body() {
  const data = new FormData(form);
  const unused = data.get("source") === "text" ? ["audio"] : ["text", "rate", "language"];
  for (const name of ["source", ...unused]) data.delete(name);
  for (const name of ["audio", "face"]) if (data.get(name)?.size === 0 && !data.get(name).name) data.delete(name);
  return data;
}

async function send(event) {
  event.preventDefault();
  for (const id of ["problem", "done", "warnings"]) $(id).hidden = true;
  $("video").removeAttribute("src");
  $("send").disabled = true;
  $("status").textContent = "Sending…";
  localStorage.setItem("language", $("language").value);
  try {
    const answer = await fetch("/api/v1/jobs", { method: "POST", body: body(), headers: { "Idempotency-Key": crypto.randomUUID?.() ?? String(Math.random()) } });
    const said = await answer.json();
    if (!answer.ok) { $("status").textContent = "Not sent."; showProblem(said); return; }
    current = said.id;
    show(said);
    await follow(said);
  } catch (error) {
    $("status").textContent = "The connection failed.";
    showProblem({ title: "The service did not answer", detail: `${error.message}. Check that it runs, then send again.`, type: "/readyz" });
  } finally {
    $("send").disabled = false;
  }
}

async function follow(job) {
  let lost = 0;
  while (["queued", "running"].includes(job.state) && current === job.id) {
    await new Promise((wake) => setTimeout(wake, 700));
    const answer = await fetch(job.links.self).catch(() => null);
    if (answer?.ok) { job = await answer.json(); lost = 0; }
    else if (answer?.status === 404) { showProblem(await answer.json()); break; }
    else if (++lost > 40) throw new Error("No answer for a while");
    if (current === job.id) show(job);
  }
}

function show(job) {
  const busy = ["queued", "running"].includes(job.state);
  const chunks = job.chunks.list ?? [];
  let words = STATES[job.stage ?? job.state];
  if (job.stage === "rendering") words += ` ${job.chunks.done} of ${job.chunks.total} chunks done`;
  if (busy && job.eta_seconds != null) words += `, about ${Math.max(1, Math.round(job.eta_seconds))} s left`;
  $("status").textContent = words;
  $("working").hidden = !busy;
  $("progress").value = job.progress;
  $("chunks").replaceChildren(...chunks.map(chunkLine));
  $("warnings").replaceChildren(...job.warnings.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  $("warnings").hidden = job.warnings.length === 0;
  if (job.error) showProblem(job.error);
  if (job.links.video) showVideo(job);
}

function chunkLine(chunk) {
  const line = document.createElement("li");
  const bar = Object.assign(document.createElement("progress"), { max: chunk.n_frames, value: chunk.frames_done });
  bar.setAttribute("aria-label", `Chunk ${chunk.index + 1}`);
  const cells = [`Chunk ${chunk.index + 1}`, chunk.reused ? "reused" : chunk.seconds != null ? `${chunk.seconds.toFixed(1)} s` : (chunk.worker ?? "")];
  const [name, who] = cells.map((text) => Object.assign(document.createElement("span"), { textContent: text }));
  line.classList.toggle("done", chunk.state === "done");
  line.append(name, bar, who);
  return line;
}

function showVideo(job) {
  if ($("video").getAttribute("src") === job.links.video) return;
  $("video").src = job.links.video;
  $("download").href = job.links.video;
  $("record").href = job.links.self;
  $("done").hidden = false;
}

form.addEventListener("submit", send);
form.addEventListener("change", () => {
  const text = new FormData(form).get("source") === "text";
  $("by-text").hidden = !text;
  $("by-audio").hidden = text;
});
$("rate").addEventListener("input", () => { $("rate-shown").value = $("rate").value; });
$("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
$("cancel").addEventListener("click", () => fetch(`/api/v1/jobs/${current}`, { method: "DELETE" }));
fillLanguages();
