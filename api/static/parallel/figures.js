// The measured figures of a comparison, side by side.

import { make } from "../dom.js";
import { number, t } from "../i18n.js";
import { exact } from "./sentence.js";

/** Fill the table of times and the table of likenesses. */
export function figures(times, alike, { result, prepare_seconds: prepared }) {
  const { sequential: one, parallel: many, likeness } = result;
  const stage = (name) => [t(`f-${name}`), exact(one.timings[name]), exact(many.timings[name])];
  times.replaceChildren(
    make("thead", {}, row("td", "", t("one"), t("many"))),
    make("tbody", {},
      marked(row("th", t("f-whole"), exact(one.seconds), exact(many.seconds))),
      ...["plan", "render", "merge"].map((name) => row("th", ...stage(name))),
      row("th", t("f-chunks"), number(one.n_chunks), number(many.n_chunks)),
      row("th", t("f-frames"), number(one.n_frames), number(many.n_frames)),
      row("th", t("f-workers"), shares(one), shares(many)),
      row("th", t("f-wait"), exact(one.wait_seconds), exact(many.wait_seconds))));
  const ratio = (value) => (value === null ? "–" : t("times", { x: number(value, 2) }));
  alike.replaceChildren(make("tbody", {},
    marked(row("th", t("f-speedup"), ratio(result.speedup))),
    row("th", t("f-render-speedup"), ratio(result.render_speedup)),
    row("th", t("f-efficiency"), result.efficiency === null ? "–" : t("percent", { n: number(100 * result.efficiency, 0) })),
    row("th", t("f-rendered"), likeness.rendered_equal === null ? t("unknown") : yes(likeness.rendered_equal)),
    row("th", t("f-max"), t("of-255", { n: likeness.max_difference })),
    row("th", t("f-psnr"), likeness.psnr_db === null ? t("infinite") : t("db", { n: number(likeness.psnr_db, 1) })),
    row("th", t("f-different"), number(likeness.n_different)),
    row("th", t("f-sound"), yes(likeness.sound_equal)),
    ...(prepared === null ? [] : [row("th", t("f-prepare"), exact(prepared))])));
}

const yes = (so) => t(so ? "yes" : "no");
const shares = (side) => side.workers.map((share) => `${share.worker.split("@")[0]} ${exact(share.seconds)}`).join(", ");

function row(kind, name, ...values) {
  const cells = values.map((value) => make(kind === "td" ? "th" : "td", { ...(kind === "td" && { scope: "col" }), textContent: value }));
  return make("tr", {}, make(kind, { ...(kind === "th" && { scope: "row" }), textContent: name }), ...cells);
}

function marked(line) {
  line.className = "main";
  return line;
}
