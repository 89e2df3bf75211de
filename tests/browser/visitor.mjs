// A visitor with a browser: opens pages of the house that HOUSE_URL names, and notices what goes wrong in them.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const HOUSE = process.env.HOUSE_URL ?? "http://127.0.0.1:3000";
export const PATIENCE = 30_000; // ms: what a page has to show comes within this, or never
export const DESK = { width: 1440, height: 900 };
export const PHONE = { width: 390, height: 844 };

let browser;

/** Call once in a test file: starts Chromium before its tests, ends it after them. */
export function withBrowser() {
  before(async () => { browser = await launch(); });
  after(() => browser?.close());
}

/** Chromium without a window; a microphone that beeps, and no question about it. */
export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"],
});

/** Open `path` as a new visitor. Options: those of a browser context (locale, colorScheme, viewport, …), and
 * `by`, a browser other than this file's.
 *
 * Returns {page, context, complaints}: what the page complained of in its console, or asked of another host. */
export async function visit(path = "/", { by = browser, ...options } = {}) {
  const context = await by.newContext({ baseURL: HOUSE, locale: "en-GB", viewport: DESK, reducedMotion: "no-preference", ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => { if (message.type() === "error" && !expected(message)) complaints.push(message.text()); });
  page.on("request", (request) => { if (!request.url().startsWith(HOUSE) && /^(http|ws)/.test(request.url())) complaints.push(`asked ${request.url()}`); });
  await page.goto(path);
  return { page, context, complaints };
}

/** Fail where axe finds something serious or critical in the page as it is now. */
export async function assertAccessible(page, what = page.url()) {
  await page.evaluate(AXE); // past the page's own CSP, which forbids script elements
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join("; ")}`), [], what);
}

/** Wait until `check()` (a promise of) something true; fail after `PATIENCE` with `what`. */
export async function until(check, what = String(check)) {
  for (const end = Date.now() + PATIENCE; Date.now() < end;) {
    const found = await check();
    if (found) return found;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  return assert.fail(`did not come: ${what}`);
}

/** Ask the API from the test itself; returns the body of a good answer. */
export async function api(path, options = {}) {
  const answer = await fetch(HOUSE + path, options.body ? { headers: { "Content-Type": "application/json" }, ...options } : options);
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.json();
}

/** What Chromium says of every answer that is not 2xx: pages deal with those themselves, tests look at that. */
const expected = (message) => /Failed to load resource: the server responded/.test(message.text());
