// What a screen reader hears of the page's progress: milestones, not every percent.

import { $ } from "../dom.js";

let last = "";

/** Say `words` once. */
export function announce(words) {
  if (words === last) return;
  last = words;
  $("said").textContent = words;
}
