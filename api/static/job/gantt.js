// The Gantt chart of a job: a row for each worker, a bar for each attempt; also as a table, for who cannot see it.

import { draw, make } from "../dom.js";
import { number, onLanguage, seconds, t } from "../i18n.js";
import { shortName, workerColours } from "../strip.js";
import { ticks, timeline } from "./timeline.js";

const [LABEL, TRACK, GAP, AXIS] = [20, 26, 10, 26]; // px
const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** A chart inside `place`, what is pointed at inside `said`, the same as rows inside `body`. `show(job, events)` draws. */
export function gantt(place, said, body) {
  const chart = draw("svg", { role: "group", class: "gantt", "aria-describedby": said.id });
  let shown = null; // {job, line} as drawn last
  let focus = 0; // the bar that Tab comes to
  place.replaceChildren(chart);
  new ResizeObserver(() => shown && paint()).observe(place);
  chart.addEventListener("keydown", (event) => move(event));
  onLanguage(() => shown && paint());

  function show(job, events) {
    shown = { job, line: timeline(job, events) };
    paint();
  }

  function paint() {
    const { job, line } = shown;
    const had = chart.contains(document.activeElement);
    const colours = workerColours(job);
    const width = Math.max(240, place.clientWidth);
    const height = line.rows.length * (LABEL + TRACK + GAP) + AXIS;
    const x = (at) => 1 + (at / line.seconds) * (width - 2);
    for (const [name, value] of Object.entries({ viewBox: `0 0 ${width} ${height}`, width, height })) chart.setAttribute(name, value);
    chart.setAttribute("aria-label", t("timeline"));
    chart.replaceChildren(hatch(), ...axis(line.seconds, width, height, x), ...line.rows.flatMap((row, i) => drawn(row, i, x, colours)));
    const bars = all();
    focus = Math.min(focus, Math.max(0, bars.length - 1));
    bars.forEach((bar, i) => bar.setAttribute("tabindex", i === focus ? 0 : -1));
    if (had) bars[focus]?.focus();
    body.replaceChildren(...line.rows.flatMap((row) => row.bars.map((bar) => tableRow(bar, colours))));
  }

  function drawn(row, i, x, colours) {
    const top = i * (LABEL + TRACK + GAP);
    const name = row.name === "worker" ? shortName(row.worker ?? "?", colours.keys()) : t(`row-${row.name}`);
    return [draw("text", { class: "row", x: 1, y: top + 13 }, name), ...row.bars.map((bar) => barOf(bar, top + LABEL, x, colours))];
  }

  function barOf(bar, top, x, colours) {
    const words = barWords(bar, colours);
    const [left, wide] = [x(bar.from), Math.max(2, x(bar.to) - x(bar.from))];
    const group = draw("g", { role: "img", class: `bar ${bar.kind} ${bar.outcome} ${colours.get(bar.worker) ?? ""}`, "aria-label": words },
      draw("title", {}, words), draw("rect", { x: left, y: top, width: wide, height: TRACK, rx: Math.min(6, wide / 2) }));
    const label = bar.kind === "chunk" ? String(bar.index + 1) : "";
    if (label && wide > 10 + 8 * label.length) group.append(draw("text", { x: left + wide / 2, y: top + 17.5, "text-anchor": "middle" }, label));
    const point = () => { said.textContent = words; };
    group.addEventListener("pointerenter", point);
    group.addEventListener("focus", point);
    group.addEventListener("click", () => to(all().indexOf(group)));
    return group;
  }

  const all = () => [...chart.querySelectorAll(".bar")];

  function move(event) {
    const bars = all();
    const next = event.key === "Home" ? 0 : event.key === "End" ? bars.length - 1 : focus + (KEYS[event.key] ?? NaN);
    if (!(next >= 0 && next < bars.length)) return;
    event.preventDefault();
    to(next);
  }

  function to(next) {
    const bars = all();
    bars[focus]?.setAttribute("tabindex", -1);
    focus = next;
    bars[focus].setAttribute("tabindex", 0);
    bars[focus].focus();
  }

  return { show };
}

/** All that is known of a bar, in a sentence. */
function barWords(bar, colours) {
  const what = bar.kind === "chunk" ? t("bar-chunk", { i: bar.index + 1, n: bar.frames }) : t(`bar-${bar.kind}`);
  const parts = [t(`outcome-${bar.outcome}`, { time: seconds(bar.to - bar.from) })];
  if (bar.worker) parts.unshift(shortName(bar.worker, colours.keys()));
  if (bar.attempt > 1) parts.push(t("attempt", { n: bar.attempt }));
  parts.push(t("from", { time: seconds(bar.from) }));
  return `${what}: ${parts.join(", ")}${bar.why ? `. ${bar.why}` : ""}`;
}

function tableRow(bar, colours) {
  const cell = (value) => make("td", { textContent: value ?? "" });
  const what = bar.kind === "chunk" ? t("chunk-short", { i: bar.index + 1 }) : t(`bar-${bar.kind}`);
  const outcome = t(`outcome-${bar.outcome}-short`) + (bar.why ? `: ${bar.why}` : "");
  return make("tr", {}, make("th", { scope: "row", textContent: what }), cell(bar.worker && shortName(bar.worker, colours.keys())),
    cell(number(bar.from, 2)), cell(number(bar.to - bar.from, 2)), cell(bar.frames && number(bar.frames)), cell(bar.attempt && number(bar.attempt)), cell(outcome));
}

function axis(length, width, height, x) {
  const base = height - AXIS;
  return ticks(length, width / 90).flatMap((at) => [
    draw("line", { class: "tick", x1: x(at), x2: x(at), y1: 0, y2: base }),
    draw("text", { class: "tick", x: x(at), y: height - 8, "text-anchor": at === 0 ? "start" : x(at) > width - 30 ? "end" : "middle" }, t("seconds", { s: number(at, 2) })),
  ]);
}

const hatch = () => draw("defs", {}, draw("pattern", { id: "hatch", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" },
  draw("rect", { width: 7, height: 7, class: "hatch-ground" }), draw("rect", { width: 3, height: 7, class: "hatch-line" })));
