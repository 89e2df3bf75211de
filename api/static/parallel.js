// The page that compares parallel with sequential: asks the server for it, and shows what it does and finds.

import { Problem, ask } from "./api.js";
import { $, make, prose } from "./dom.js";
import { add, onLanguage, t } from "./i18n.js";
import comparisonWords from "./i18n/comparison.js";
import words from "./i18n/parallel.js";
import { body, startForm } from "./parallel/form.js";
import { figures } from "./parallel/figures.js";
import { refresh, startHistory } from "./parallel/history.js";
import { likenessWords, resultWords } from "./parallel/sentence.js";
import { side } from "./parallel/sides.js";
import { leave, startWatching, watchBoth } from "./parallel/watching.js";

const POLL = 600; // ms
const AFTER = { waiting: 0, preparing: 0, sequential: 1, parallel: 2, comparing: 2 }; // jobs that were sent by then

let shown = null; // the ComparisonView on the page
let sides = null;

async function start() {
  add(words);
  add(comparisonWords);
  sides = { one: side("one"), many: side("many") };
  onLanguage(tell);
  startForm();
  startWatching();
  startHistory(open);
  $("form").addEventListener("submit", send);
  $("stop").addEventListener("click", stop);
  addEventListener("popstate", fromAddress);
  setInterval(() => { if (shown?.state === "running") tellSides(); }, 250);
  await Promise.allSettled([refresh(), fromAddress()]);
}

async function fromAddress() {
  const id = new URLSearchParams(location.search).get("comparison");
  if (id && id !== shown?.id) await open(id, false);
}

async function send(event) {
  event.preventDefault();
  $("problem").hidden = true;
  $("start").disabled = true;
  $("now").textContent = t("starting");
  try {
    await follow(await ask("/api/v1/comparisons", { method: "POST", body: body() }), true);
  } catch (problem) {
    complain(problem);
  } finally {
    $("start").disabled = false;
  }
}

async function open(id, remember = true) {
  $("problem").hidden = true;
  try {
    await follow(await ask(`/api/v1/comparisons/${encodeURIComponent(id)}`), remember);
  } catch (problem) {
    complain(problem);
  }
}

async function stop() {
  const { links } = shown;
  shown = { ...shown, state: "canceled" };
  await ask(links.self, { method: "DELETE" }).catch(complain);
  history.replaceState(null, "", location.pathname);
  $("run").hidden = true;
  tell();
  await refresh("");
}

/** Show a comparison until it is over, or another one is shown. */
async function follow(view, remember) {
  if (remember) history.pushState(null, "", view.links.page);
  sides.one.clear();
  sides.many.clear();
  await leave();
  shown = view;
  $("run").hidden = false;
  if (view.state === "running") $("run").scrollIntoView({ behavior: "smooth", block: "nearest" });
  while (shown.id === view.id && shown.state === "running") {
    show(shown);
    await new Promise((wake) => setTimeout(wake, POLL));
    if (shown.id !== view.id || shown.state !== "running") return;
    try {
      shown = await ask(view.links.self);
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status >= 400) throw problem;
      $("now").textContent = t("connection");
    }
  }
  if (shown.id === view.id) await over(shown);
}

function show(view) {
  const sent = AFTER[view.stage];
  if (sent > 0 || view.of_job) sides.one.follow(view.links.sequential);
  if (sent > 1 || view.of_job) sides.many.follow(view.links.parallel);
  tell();
}

async function over(view) {
  const jobs = await Promise.all([view.links.sequential, view.links.parallel].map((address) => ask(address).catch(() => null)));
  if (shown.id !== view.id) return;
  [sides.one, sides.many].forEach((each, i) => jobs[i] && each.show(jobs[i]));
  tell();
  refresh(view.id).catch(() => {});
  if (view.result && jobs.every((job) => job?.links.video)) await watchBoth(...jobs);
}

function tell() {
  if (!shown) return;
  const { state, stage, result, error } = shown;
  $("stop").hidden = state !== "running";
  $("now").textContent = state === "running" ? t("now", { stage: t(`stage-${stage}`) }) : state === "succeeded" ? t("compared") : t(`state-${state}`);
  $("many-title").textContent = t("many-on", { n: shown.num_workers });
  $("sentence").hidden = !result && !error;
  $("sentence").classList.toggle("bad", !result);
  $("sentence").textContent = result ? `${resultWords(result)} ${likenessWords(result.likeness)}` : error?.detail ?? "";
  $("figures-part").hidden = !result;
  if (result) figures($("figures"), $("alike"), shown);
  tellSides();
}

function tellSides() {
  const stage = AFTER[shown.stage] ?? 2;
  sides.one.tell(stage === 0 ? t("next") : t("waits"));
  sides.many.tell(stage === 1 ? t("next") : t("waits"));
}

function complain(problem) {
  $("now").textContent = "";
  $("problem").hidden = false;
  $("problem").replaceChildren(make("strong", { textContent: problem.title ?? problem.name }), ...prose(problem.detail ?? problem.message), " ",
    ...(problem.type ? [make("a", { href: problem.type, textContent: t("what-to-do") })] : []));
}

start();
