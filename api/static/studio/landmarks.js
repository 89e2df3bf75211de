// The landmarks on a picture: seen, zoomed, and dragged right by mouse, touch or keyboard, with undo.

import { draw } from "../dom.js";
import { onLanguage, t } from "../i18n.js";
import { LINES, MOUTH, N_POINTS, around, lineOf, pathOf } from "./points.js";

const REACH = { mouse: 16, pen: 20, touch: 30 }; // pixels of the screen
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const TURNS = { PageDown: 1, PageUp: -1 };
const FAR = 10; // picture pixels of an arrow with Shift

/** An editor in `svg`. `changed(landmarks)` is called after each move that a person has ended.
 *
 * Returns {show(face, address), clear(), zoom(to), undo(), canUndo()}; `face` is a FaceView. */
export function landmarkEditor(svg, changed) {
  const image = draw("image");
  const lines = LINES.map(({ name }) => draw("path", { class: `line ${name}` }));
  const dots = Array.from({ length: N_POINTS }, (_, i) => draw("path", { class: `dot ${lineOf(i)}`, role: "button", tabindex: i === MOUTH[0] ? 0 : -1, "data-i": i }));
  svg.replaceChildren(image, draw("g", {}, ...lines), draw("g", {}, ...dots));
  let [face, points, past, view, current] = [null, [], [], "all", MOUTH[0]];

  const place = (index) => {
    const [x, y] = points[index];
    dots[index].setAttribute("d", `M${x} ${y}h0`);
    dots[index].setAttribute("aria-label", t("point", { i: index + 1, where: t(`part-${lineOf(index)}`), x: Math.round(x), y: Math.round(y) }));
    const line = LINES.findIndex(({ points: its }) => its.includes(index));
    lines[line].setAttribute("d", pathOf(LINES[line], points));
  };
  const move = (index, [x, y]) => {
    points[index] = [clamp(x, face.width - 1), clamp(y, face.height - 1)];
    place(index);
  };
  const remember = (index, from) => { if (from[0] !== points[index][0] || from[1] !== points[index][1]) { past.push([index, from]); changed(points); } };
  const choose = (index) => {
    dots[current].setAttribute("tabindex", -1);
    current = index;
    dots[index].setAttribute("tabindex", 0);
  };
  const frame = () => ({ all: { x: 0, y: 0, width: face.width, height: face.height }, face: around(points, 0.12), mouth: around(MOUTH.map((i) => points[i]), 0.25) })[view];
  const look = () => {
    const { x, y, width, height } = frame();
    svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    const wide = (around(points, 0).width / Math.max(width, height)) * svg.clientWidth; // of the face, on the screen
    svg.style.setProperty("--dot", `${Math.min(8, Math.max(2.5, wide / 45))}px`);
  };

  dragging(svg, { points: () => (face ? points : []), move, choose, remember, focus: (i) => dots[i].focus({ preventScroll: true }) });
  svg.addEventListener("keydown", (event) => {
    const index = dots.indexOf(event.target);
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && editor.canUndo()) { event.preventDefault(); editor.undo(); }
    if (index < 0) return;
    if (event.key in TURNS) {
      event.preventDefault();
      choose((index + TURNS[event.key] + N_POINTS) % N_POINTS);
      dots[current].focus({ preventScroll: true });
    } else if (event.key in STEPS) {
      event.preventDefault();
      const [from, far] = [points[index], event.shiftKey ? FAR : 1];
      move(index, from.map((at, axis) => at + STEPS[event.key][axis] * far));
      remember(index, from);
    }
  });
  new ResizeObserver(() => { if (face) look(); }).observe(svg);
  onLanguage(() => points.forEach((_, i) => place(i)));

  const editor = {
    show(newFace, address) {
      if (newFace.id !== face?.id) [past, view] = [[], "all"];
      [face, points] = [newFace, newFace.landmarks.map((point) => [...point])];
      for (const [name, value] of Object.entries({ href: address, width: face.width, height: face.height })) image.setAttribute(name, value);
      points.forEach((_, i) => place(i));
      look();
    },
    clear() { [face, points, past] = [null, [], []]; },
    zoom(to) { view = to; if (face) look(); },
    canUndo: () => past.length > 0,
    undo() {
      const [index, to] = past.pop();
      move(index, to);
      choose(index);
      changed(points);
    },
  };
  return editor;
}

/** Dragging of whatever point is near the pointer; a finger elsewhere still scrolls the page. */
function dragging(svg, { points, move, choose, remember, focus }) {
  let held = null; // {index, from, grip}: the point, where it was, and how far off its middle it was taken
  const toPicture = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  const nearest = (event, reach) => {
    const at = toPicture(event);
    const scale = svg.getScreenCTM().a;
    const far = points().map(([x, y]) => Math.hypot(x - at.x, y - at.y) * scale);
    const index = far.indexOf(Math.min(...far));
    return far[index] <= reach ? { index, at } : null;
  };
  svg.addEventListener("touchstart", (event) => {
    if (event.touches.length === 1 && nearest(event.touches[0], REACH.touch)) event.preventDefault();
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    const near = event.button === 0 && nearest(event, REACH[event.pointerType] ?? REACH.mouse);
    if (!near) return;
    event.preventDefault();
    const from = points()[near.index];
    held = { index: near.index, from, grip: [from[0] - near.at.x, from[1] - near.at.y] };
    svg.setPointerCapture(event.pointerId);
    choose(near.index);
    focus(near.index);
    svg.classList.add("dragging");
  });
  svg.addEventListener("pointermove", (event) => {
    if (!held) { svg.classList.toggle("near", nearest(event, REACH.mouse) !== null); return; }
    const at = toPicture(event);
    move(held.index, [at.x + held.grip[0], at.y + held.grip[1]]);
  });
  const drop = () => {
    if (held) remember(held.index, held.from);
    held = null;
    svg.classList.remove("dragging");
  };
  for (const name of ["pointerup", "pointercancel"]) svg.addEventListener(name, drop);
}

const clamp = (value, most) => Math.round(Math.min(most, Math.max(0, value)) * 100) / 100;
