// Earlier comparisons: a chart and a table, the latest first.

import { ask } from "../api.js";
import { $, make } from "../dom.js";
import { ago, number, onLanguage, seconds, t } from "../i18n.js";
import { plot } from "./chart.js";
import { exact } from "./sentence.js";

const SHOWN = 50;
let known = [];
let open = ""; // the comparison that the page shows

/** Wire the history; `show(id)` opens one on the page. */
export function startHistory(show) {
  onLanguage(draw);
  new ResizeObserver(() => plot($("chart"), known)).observe($("chart"));
  $("history-rows").addEventListener("click", (event) => {
    const { id, act } = event.target.dataset;
    if (!id) return;
    event.preventDefault();
    if (act === "open") show(id);
    else remove(id);
  });
}

/** Ask for the list again; `current` is the one that the page shows. */
export async function refresh(current = open) {
  open = current;
  known = (await ask(`/api/v1/comparisons?limit=${SHOWN}`)).comparisons;
  draw();
}

async function remove(id) {
  await ask(`/api/v1/comparisons/${id}`, { method: "DELETE" }).catch(() => null);
  await refresh();
}

function draw() {
  const over = known.filter((one) => one.state !== "running");
  $("history-none").hidden = over.length > 0;
  $("history").hidden = !over.length;
  $("history-rows").replaceChildren(...over.map(line));
  plot($("chart"), over);
}

function line(one) {
  const { result } = one;
  const cell = (...children) => make("td", {}, ...children.filter((child) => child !== null));
  const badge = (text) => make("span", { class: "badge", textContent: text });
  const when = make("a", { href: one.links.page, textContent: ago(one.created_at), title: new Date(one.created_at).toLocaleString(), data: { id: one.id, act: "open" } });
  const speedup = result?.speedup == null ? t(one.of_job ? "h-check" : `state-${one.state}`) : t("times", { x: number(result.speedup, 2) });
  const row = make("tr", {},
    cell(when), cell(one.speech_seconds === null ? "–" : seconds(one.speech_seconds)), cell(number(one.num_workers)),
    cell(result ? exact(result.sequential.seconds) : "–"), cell(result ? exact(result.parallel.seconds) : "–"),
    cell(speedup, result?.spoiled ? " " : null, result?.spoiled ? badge(t("h-spoiled")) : null),
    cell(make("button", { type: "button", class: "quiet small", textContent: t("h-delete"), "aria-label": `${t("h-delete")}: ${ago(one.created_at)}`, data: { id: one.id, act: "delete" } })));
  if (one.id === open) row.setAttribute("aria-current", "true");
  return row;
}
