// "Equal to one piece?": has the server render a finished job once more, sequentially, and says what came of it.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { add, onLanguage, t } from "../i18n.js";
import words from "../i18n/comparison.js";
import { likenessWords } from "../parallel/sentence.js";

const POLL = 700; // ms
let jobOf = () => null;
let latest = null; // the ComparisonView that is shown

/** Wire the button, and look for a check that was made before; `current()` gives the JobView. */
export async function startCheck(id, current) {
  jobOf = current;
  add(words);
  onLanguage(showCheck);
  $("check").addEventListener("click", () => run(id));
  const { comparisons } = await ask(`/api/v1/comparisons?job=${id}`).catch(() => ({ comparisons: [] }));
  if (comparisons.length) await follow(comparisons[0]).catch(complain);
}

/** What is known, in the language of the page. */
export function showCheck() {
  const job = jobOf();
  $("check-part").hidden = !job?.links.video && !latest;
  if (!latest) return;
  const running = latest.state === "running";
  $("check").disabled = running;
  $("check").textContent = t(running ? "check" : "check-again");
  $("check-result").replaceChildren(...told(latest));
}

function told({ state, stage, result, error, links }) {
  if (state === "running") return [make("p", { class: "hint", textContent: t("checking", { stage: t(`stage-${stage}`) }) })];
  const more = make("a", { href: links.page, textContent: t("check-page") });
  if (!result) return [make("p", { class: "sentence bad", textContent: error?.detail ?? t(`state-${state}`) })];
  const good = result.likeness.rendered_equal && result.likeness.sound_equal;
  return [make("p", { class: `sentence ${good ? "good" : "bad"}`, textContent: likenessWords(result.likeness) }), make("p", {}, more)];
}

async function run(id) {
  $("check-problem").hidden = true;
  $("check").disabled = true;
  try {
    await follow(await ask(`/api/v1/jobs/${id}/comparison`, { method: "POST" }));
  } catch (problem) {
    complain(problem);
    $("check").disabled = false;
  }
}

async function follow(comparison) {
  latest = comparison;
  showCheck();
  while (latest.state === "running") {
    await new Promise((wake) => setTimeout(wake, POLL));
    latest = await ask(latest.links.self);
    showCheck();
  }
}

function complain(problem) {
  $("check-problem").hidden = false;
  $("check-problem").textContent = problem.detail ?? String(problem);
}
