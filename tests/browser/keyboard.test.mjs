// From an empty page to a playing video without a mouse, and what a screen reader hears meanwhile.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until, withBrowser } from "./visitor.mjs";
import { ended, quickly, studio } from "./studio.mjs";

withBrowser();

const focus = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim());

/** Press Tab until `id` has the focus; returns what was passed. */
async function tabTo(page, id) {
  const passed = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press("Tab");
    const at = await focus(page);
    if (at === id) return passed;
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none" || document.activeElement.matches(".tabs input, .unseen"));
    assert.ok(ring, `no visible focus on ${at}`);
    passed.push(at);
  }
  return assert.fail(`${id} cannot be reached: ${passed.join(", ")}`);
}

test("a video is made by keyboard alone", async () => {
  const { page, context } = await studio();
  const heard = [];
  await page.exposeFunction("hear", (words) => heard.push(words));
  await page.evaluate(() => new MutationObserver(() => globalThis.hear(document.getElementById("said").textContent)).observe(document.getElementById("said"), { childList: true, characterData: true, subtree: true }));

  await page.keyboard.press("Tab");
  assert.equal(await focus(page), "Skip to content");
  await page.keyboard.press("Enter");
  await tabTo(page, "text");
  await page.keyboard.type("Typed, not clicked.");
  await tabTo(page, "create");
  await page.keyboard.press("Enter");

  assert.match(await ended(page), /^Done in/);
  await until(() => heard.some((words) => words.startsWith("Done in")), "the end, aloud");
  assert.ok(heard.includes("Sending…"));
  await context.close();
});

test("Ctrl+Enter in the text sends it", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "6" });

  await page.locator("#text").fill("Sent from the field.");
  await page.keyboard.press("Control+Enter");

  assert.match(await ended(page), /^Done in/);
  await context.close();
});

test("the sources and faces are one stop each, and arrows choose", async () => {
  const { page, context } = await studio();

  await page.locator("[name=source][value=text]").focus();
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#by-file").isVisible());
  await page.keyboard.press("ArrowRight");
  assert.ok(await page.locator("#by-microphone").isVisible());
  await context.close();
});
