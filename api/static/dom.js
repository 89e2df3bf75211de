// Three short names for what every page does with its elements.

/** The element of this id. */
export const $ = (id) => document.getElementById(id);

/** A new element: `attributes` are properties of it, but for `class`, `data` and aria-…/role. */
export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG, where everything is an attribute. */
export function draw(tag, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A text whose parts in `backticks` are code, as the API writes names of fields. */
export const prose = (text = "") => text.split("`").map((part, i) => (i % 2 ? make("code", { textContent: part }) : part));

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "role" || name.startsWith("aria-")) node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children);
  return node;
}
