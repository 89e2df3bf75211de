// What a visitor does in the studio, in a few words, for the tests.

import { readFileSync } from "node:fs";
import { until, visit } from "./visitor.mjs";

const ROOT = new URL("../../", import.meta.url);
export const PORTRAIT = new URL("lipsync_engine/avatar/avatar.png", ROOT).pathname;
export const NO_FACE = new URL("docs/img/viseme-training.png", ROOT).pathname;
export const TEXT = "One sentence is said here. Another one follows after it. And this is the third of them, which is a little longer.";

/** Open the studio when its scripts have done their part. */
export async function studio(options = {}, path = "/") {
  const visited = await visit(path, options);
  await visited.page.locator("html[data-ready]").waitFor();
  return visited;
}

/** Let the quick generator render: its frames show their numbers as cells. `seed` 19 breaks every attempt. */
export async function quickly(page, { seed = "", workers = "" } = {}) {
  await page.locator("#settings").evaluate((node) => { node.open = true; });
  await until(async () => (await page.locator("#generator option").allTextContents()).includes("moody"), "the quick generator in the list");
  await page.locator("#generator").selectOption("moody");
  if (seed) await page.locator("#seed").fill(seed);
  if (workers) await page.locator("#num_workers").fill(workers);
}

/** Write and press Create; returns the job's id when the page watches it. */
export async function create(page, text) {
  await page.locator("#text").fill(text);
  await page.locator("#create").click();
  return jobOf(page);
}

/** The job that the address names, as soon as it does. */
export const jobOf = (page, not = null) => until(async () => {
  const id = new URL(page.url()).searchParams.get("job");
  return id !== not && id;
}, "a job in the address");

/** Wait until the job on the stage has ended; returns the stage's headline. */
export async function ended(page) {
  await page.locator("#watch-side:is([data-state=succeeded], [data-state=failed], [data-state=canceled], [data-state=expired])").waitFor();
  return page.locator("#headline").textContent();
}

/** Drop a file of this machine on an element, as from a file manager. */
export async function drop(page, selector, path, type) {
  const bytes = readFileSync(path).toString("base64");
  await page.evaluate(([where, data, name, kind]) => {
    const blob = new Blob([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], { type: kind });
    const carried = new DataTransfer();
    carried.items.add(new File([blob], name, { type: kind }));
    for (const event of ["dragenter", "dragover", "drop"]) {
      document.querySelector(where).dispatchEvent(new DragEvent(event, { dataTransfer: carried, bubbles: true, cancelable: true }));
    }
  }, [selector, bytes, path.split("/").at(-1), type]);
}

/** A second of a wavering tone as a WAV file's bytes: what a person might hum. */
export function hum(seconds = 2, rate = 16_000) {
  const n = seconds * rate;
  const wav = Buffer.alloc(44 + 2 * n);
  wav.write("RIFF", 0); wav.writeUInt32LE(36 + 2 * n, 4); wav.write("WAVEfmt ", 8); wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22); wav.writeUInt32LE(rate, 24); wav.writeUInt32LE(2 * rate, 28);
  wav.writeUInt16LE(2, 32); wav.writeUInt16LE(16, 34); wav.write("data", 36); wav.writeUInt32LE(2 * n, 40);
  for (let i = 0; i < n; i++) wav.writeInt16LE(Math.round(9000 * Math.sin(i / 12) * (0.6 + 0.4 * Math.sin(i / 1500))), 44 + 2 * i);
  return { name: "hum.wav", mimeType: "audio/wav", buffer: wav };
}
