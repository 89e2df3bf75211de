// The page that compares parallel with sequential: to its sentence, with both videos in lockstep.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DESK, PHONE, api, assertAccessible, until, visit, withBrowser } from "./visitor.mjs";

withBrowser();

const TEXT = "One sentence is said here. Another one follows after it. And this is the third of them, which is a little longer.";
const start = (more) => api("/api/v1/comparisons", { method: "POST", body: JSON.stringify({ text: TEXT, language: "en", generator: "moody", num_workers: 2, ...more }) });
const ended = (id) => until(async () => {
  const comparison = await api(`/api/v1/comparisons/${id}`);
  return comparison.state !== "running" && comparison;
}, "the end of the comparison");

let usual = null; // one comparison serves all tests that only look at its videos

async function compared(page, more) {
  const { id } = more ? await ended((await start(more)).id) : await (usual ??= start().then((made) => ended(made.id)));
  await page.goto(`/parallel_test?comparison=${id}`);
  await page.locator("#player:not([hidden])").waitFor();
  return api(`/api/v1/comparisons/${id}`);
}

/** The number that a frame of the quick generator shows, read from the picture of a <video>. */
const numberIn = (page, id) => page.locator(`#${id}`).evaluate((video) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [64, 64];
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0, 64, 64);
  const bit = (i) => context.getImageData((i % 4) * 16 + 8, Math.floor(i / 4) * 16 + 8, 1, 1).data[1] > 120;
  return Array.from({ length: 16 }, (_, i) => (bit(i) ? 2 ** i : 0)).reduce((a, b) => a + b);
});

const frame = async (page) => Number((await page.locator("#player").getAttribute("data-frame")));

test("a text is compared from the form to its sentence, both strips live, and lands in the history", async () => {
  const { page, context, complaints } = await visit("/parallel_test");
  await until(async () => (await page.locator("#generator option").allTextContents()).includes("moody"), "the quick generator");
  assert.match(await page.locator("#text").inputValue(), /^Every face has a story/);

  await page.locator("#generator").selectOption("moody");
  await page.locator("#text").fill(`${TEXT} And a last one, so that it takes a while.`);
  await page.locator("#start").click();
  await page.locator("#one-strip .chunk.rendering").waitFor();
  assert.equal(await page.locator("#many-time").textContent(), "Comes next");
  await page.locator("#many-strip .chunk.rendering").first().waitFor();
  await page.locator("#one-strip .chunk.done").waitFor();
  await page.locator("#sentence:not([hidden])").waitFor();

  const id = new URL(page.url()).searchParams.get("comparison");
  const { result, n_frames: n } = await api(`/api/v1/comparisons/${id}`);
  const said = await page.locator("#sentence").textContent();
  assert.equal(result.outcome, "faster"); // its 0.02 s a frame are slept, not computed
  assert.ok(said.includes(`Parallel was ${result.speedup.toFixed(2).replace(/\.?0+$/, "")} times as fast`), said);
  assert.ok(said.includes(`All ${n} rendered pictures are the same, byte for byte.`), said);
  assert.ok(said.includes("The sound is the same."), said);
  await page.locator("#history-rows tr[aria-current]").waitFor();
  assert.ok(await page.locator("#chart circle").count() >= 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("one button plays both, one scrubber moves both, and both show the same frame", async () => {
  const { page, context } = await visit("/parallel_test");
  const { n_frames: n } = await compared(page);

  for (const to of [57, 3, n - 1, 20]) {
    await page.locator("#position").fill(String(to));
    await until(async () => (await frame(page)) === to && (await numberIn(page, "many-video")) === to, `frame ${to} on both sides`);
    assert.equal(await numberIn(page, "one-video"), to);
  }
  await page.locator("#play").click();
  await until(async () => (await frame(page)) > 40, "it plays");
  assert.deepEqual(await page.evaluate(() => ["one-video", "many-video"].map((name) => document.getElementById(name).paused)), [false, false]);
  await page.locator("#play").click();
  // What stands is painted a moment after it was sought: all that is seen is looked at together, twice.
  const seen = async () => [await numberIn(page, "one-video"), await numberIn(page, "many-video"), await frame(page)];
  await until(async () => new Set([...(await seen()), ...(await seen())]).size === 1, "both stand at the same frame");
  await context.close();
});

test("the keyboard alone plays, stops and steps; a jump of one player is made good", async () => {
  const { page, context } = await visit("/parallel_test");
  await compared(page);
  await page.locator("#position").fill("10");
  await until(async () => (await frame(page)) === 10, "frame 10");

  await page.locator("#play").focus();
  for (const [key, to] of [["ArrowRight", 11], ["ArrowRight", 12], ["ArrowLeft", 11], ["Home", 0]]) {
    await page.keyboard.press(key);
    await until(async () => (await numberIn(page, "one-video")) === to && (await numberIn(page, "many-video")) === to, `${key} to ${to}`);
  }
  await page.keyboard.press("Space"); // the button's own
  await until(async () => (await frame(page)) > 5, "it plays");
  await page.evaluate(() => { document.getElementById("many-video").currentTime += 1; });
  await until(async () => Math.abs(await page.evaluate(() => document.getElementById("many-video").currentTime - document.getElementById("one-video").currentTime)) < 0.05, "caught up");
  await page.keyboard.press("Space");

  await until(async () => (await page.locator("#play").textContent()) === "Play", "it stands");
  await context.close();
});

test("the difference is black where the frames are the same, and bright where they are not", async () => {
  const { page, context } = await visit("/parallel_test");
  await compared(page);
  await page.locator("#difference").check();
  const brightest = () => page.locator("#difference-picture").evaluate((canvas) => Math.max(...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.filter((_, i) => i % 4 < 3)));

  assert.ok(await brightest() < 60, "the same frame on both sides");
  await page.evaluate(() => { document.getElementById("many-video").currentTime = 1.02; });
  await until(async () => (await brightest()) > 200, "another frame on one side");
  await context.close();
});

test("a clip that is too short to cut says why nothing was won", async () => {
  const { page, context } = await visit("/parallel_test");
  await compared(page, { text: "Hi." });

  assert.match(await page.locator("#sentence").textContent(), /the clip is too short to be cut, so there was nothing to share/);
  await context.close();
});

test("a reload in the middle goes on, closing the page breaks nothing, and Stop deletes", async () => {
  const first = await visit("/parallel_test");
  const { id } = await start({ text: `${TEXT} ${TEXT}` });
  await first.page.goto(`/parallel_test?comparison=${id}`);
  await first.page.locator("#one-strip .chunk.rendering").waitFor();
  await first.page.reload();
  await first.page.locator("#one-strip .chunk.rendering, #one-strip .chunk.done").first().waitFor();
  await first.context.close();

  assert.equal((await ended(id)).state, "succeeded");
  const { page, context } = await visit("/parallel_test");
  const other = await start({ text: `${TEXT} ${TEXT}` });
  await page.goto(`/parallel_test?comparison=${other.id}`);
  await page.locator("#one-strip .chunk.rendering").waitFor();
  await page.locator("#stop").click();
  await page.locator("#run").waitFor({ state: "hidden" });

  assert.equal((await fetch(`${process.env.HOUSE_URL}/api/v1/comparisons/${other.id}`)).status, 404);
  assert.equal((await api(`/api/v1/jobs/${other.sequential}`)).state, "canceled");
  await context.close();
});

test("what is refused is said in the API's words", async () => {
  const { page, context } = await visit("/parallel_test");
  await page.locator("#text").fill("");
  await page.locator("#start").click();

  await page.locator("#problem", { hasText: "There is nothing to say" }).waitFor();
  await assertAccessible(page, "a refused comparison");
  await context.close();
});

for (const [locale, colorScheme] of [["en-GB", "light"], ["ru-RU", "dark"]]) {
  test(`the page with a result is accessible and fits a desk and a phone, ${locale} ${colorScheme}`, async () => {
    const { page, context, complaints } = await visit("/parallel_test", { locale, colorScheme });
    await compared(page);
    await page.locator("#difference").check();

    for (const viewport of [DESK, PHONE]) {
      await page.setViewportSize(viewport);
      await assertAccessible(page, `a comparison ${locale} ${viewport.width}`);
      const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(overhang <= 0, `${overhang} px too wide at ${viewport.width}`);
    }

    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("every word of both pages exists in both languages", async () => {
  for (const name of ["job", "comparison", "parallel"]) {
    const { default: { en, ru } } = await import(`../../api/static/i18n/${name}.js`);
    assert.deepEqual(Object.keys(ru).sort(), Object.keys(en).sort());
  }
});
