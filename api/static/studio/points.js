// The 68 landmarks (iBUG 300-W): which lines they draw, and what each is called.

const run = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** Lines of a face: name, numbers of their points, and whether they close. */
export const LINES = [
  { name: "jaw", points: run(0, 16) },
  { name: "brow-left", points: run(17, 21) }, { name: "brow-right", points: run(22, 26) },
  { name: "nose", points: run(27, 30) }, { name: "nostrils", points: run(31, 35) },
  { name: "eye-left", points: run(36, 41), closed: true }, { name: "eye-right", points: run(42, 47), closed: true },
  { name: "lips-outer", points: run(48, 59), closed: true }, { name: "lips-inner", points: run(60, 67), closed: true },
];
export const N_POINTS = 68;
export const MOUTH = run(48, 67);

/** The line that a point belongs to. */
export const lineOf = (index) => LINES.find(({ points }) => points.includes(index)).name;

/** An SVG path through a line's points. */
export const pathOf = ({ points, closed }, landmarks) => `M${points.map((i) => landmarks[i].join(" ")).join("L")}${closed ? "Z" : ""}`;

/** The smallest rectangle around points, {x, y, width, height}, with `margin` of its larger side all around. */
export function around(landmarks, margin) {
  const [xs, ys] = [0, 1].map((axis) => landmarks.map((point) => point[axis]));
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  const more = margin * Math.max(width, height);
  return { x: left - more, y: top - more, width: width + 2 * more, height: height + 2 * more };
}
