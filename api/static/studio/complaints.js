// What the API refused, said in its own words beside the field that caused it.

import { $, make, prose } from "../dom.js";
import { t } from "../i18n.js";

// Where a problem names no field, its type tells: the stable last word of `type`.
const BY_TYPE = [
  [/text/, "text"], [/language/, "language"], [/voice/, "voice"], [/generator/, "generator"],
  [/face|image/, "face"], [/audio/, "audio"],
];

/** Show `problem` (an api.js Problem) beside its fields, or at `elsewhere` where it has none.
 *
 * Returns the first control that it is about, or null. */
export function complain(problem, elsewhere = $("problem")) {
  const said = fieldsOf(problem).filter(({ field }) => wrapper(field));
  for (const { field, detail } of said) beside(field, detail, problem.type);
  if (!said.length) atLarge(problem, elsewhere);
  return said.length ? control(said[0].field) : null;
}

/** Take complaints back: of one field, or all of them. */
export function uncomplain(field = null) {
  for (const note of document.querySelectorAll(field ? `#complaint-${field}` : "[id^=complaint-]")) note.remove();
  for (const node of document.querySelectorAll("[aria-invalid]")) if (!field || node === control(field)) unmark(node);
  if (!field) $("problem").hidden = true;
}

/** A box with a problem's title, words and a link to what to do. */
export function atLarge(problem, box) {
  const more = problem.type ? [" ", make("a", { href: problem.type, textContent: t("what-to-do") })] : [];
  box.replaceChildren(make("strong", { textContent: problem.title }), ...prose(problem.detail), ...more);
  box.hidden = false;
}

function fieldsOf(problem) {
  if (problem.errors.length) return problem.errors;
  const named = /^`(\w+)`: /.exec(problem.detail)?.[1];
  const kind = problem.type.split("/").at(-1);
  const field = named ?? BY_TYPE.find(([pattern]) => pattern.test(kind))?.[1];
  return field ? [{ field, detail: problem.detail.replace(/^`\w+`: /, "") }] : [];
}

function beside(field, detail, type) {
  uncomplain(field);
  const place = wrapper(field);
  place.closest("details")?.setAttribute("open", "");
  place.append(make("p", { class: "complaint", id: `complaint-${field}`, role: "alert" }, ...prose(detail), " ",
    ...(type ? [make("a", { href: type, textContent: t("what-to-do") })] : [])));
  const node = control(field);
  node?.setAttribute("aria-invalid", "true");
  node?.setAttribute("aria-describedby", [node.getAttribute("aria-describedby"), `complaint-${field}`].filter(Boolean).join(" "));
}

function unmark(node) {
  node.removeAttribute("aria-invalid");
  const left = (node.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.startsWith("complaint-"));
  if (left.length) node.setAttribute("aria-describedby", left.join(" "));
  else node.removeAttribute("aria-describedby");
}

/** A field's wrapper, unless it is out of sight (a text while a file is chosen). */
function wrapper(field) {
  const node = document.querySelector(`[data-field="${CSS.escape(field)}"]`);
  return node && !node.closest("[hidden]") ? node : null;
}

const control = (field) => wrapper(field)?.querySelector("textarea, select, input");
