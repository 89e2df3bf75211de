// Speed-up against clip length: one dot for each comparison that was measured.

import { draw } from "../dom.js";
import { number, t } from "../i18n.js";
import { ticks } from "../job/timeline.js";

const [HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [230, 38, 16, 26, 40]; // px

/** Draw `comparisons` (ComparisonViews) into `place`; those without a speed-up are left out. */
export function plot(place, comparisons) {
  const found = comparisons.filter((one) => one.result?.speedup != null && one.speech_seconds);
  if (!found.length) return place.replaceChildren();
  const width = Math.max(260, Math.min(place.clientWidth, 900));
  const most = Math.max(...found.map((one) => one.speech_seconds)) * 1.05;
  const top = Math.max(2, ...found.map((one) => one.result.speedup), ...found.map((one) => one.num_workers)) * 1.08;
  const x = (value) => LEFT + (value / most) * (width - LEFT - RIGHT);
  const y = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "group", "aria-label": t("chart") });
  for (const at of ticks(top, 4)) svg.append(draw("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: y(at), y2: y(at) }), draw("text", { x: LEFT - 7, y: y(at) + 4, "text-anchor": "end" }, number(at, 1)));
  for (const at of ticks(most, width / 90)) svg.append(draw("text", { x: x(at), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle" }, number(at, 1)));
  svg.append(
    draw("line", { class: "even", x1: LEFT, x2: width - RIGHT, y1: y(1), y2: y(1) }),
    draw("text", { x: width - RIGHT, y: HEIGHT - 6, "text-anchor": "end" }, t("chart-x")),
    draw("text", { x: 2, y: 11 }, t("chart-y")),
    ...found.map((one) => dot(one, x(one.speech_seconds), y(one.result.speedup))),
  );
  return place.replaceChildren(svg);
}

function dot(one, cx, cy) {
  const words = t("chart-point", { s: number(one.speech_seconds, 1), n: one.num_workers, x: number(one.result.speedup, 2) });
  return draw("a", { href: one.links.page, class: one.result.spoiled ? "spoiled" : "", "aria-label": words }, draw("title", {}, words), draw("circle", { cx, cy, r: 6 }));
}
