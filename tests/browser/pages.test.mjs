// Every page: in two languages, in both themes, on a desk and on a phone, with nothing that axe calls serious.

import assert from "node:assert/strict";
import { test } from "node:test";
import { DESK, PHONE, api, assertAccessible, until, visit, withBrowser } from "./visitor.mjs";

withBrowser();

const PAGES = ["/", "/docs", "/problems/no-face"];

for (const path of PAGES) {
  for (const colorScheme of ["light", "dark"]) {
    test(`${path} is accessible and fits a desk and a phone, ${colorScheme}`, async () => {
      const { page, context, complaints } = await visit(path, { colorScheme });
      await page.waitForLoadState("networkidle");

      for (const viewport of [DESK, PHONE]) {
        await page.setViewportSize(viewport);
        await assertAccessible(page, `${path} ${colorScheme} ${viewport.width}`);
        const overhang = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overhang <= 0, `${path} is ${overhang} px too wide at ${viewport.width}`);
      }

      assert.deepEqual(complaints, []);
      await context.close();
    });
  }
}

test("the page follows the browser's language, and the switch overrides it for good", async () => {
  const { page, context } = await visit("/", { locale: "ru-RU" });
  assert.equal(await page.locator("html").getAttribute("lang"), "ru");
  await page.getByRole("link", { name: "Студия" }).waitFor();

  await page.getByRole("button", { name: "EN: in English" }).click();
  await page.getByRole("link", { name: "Studio" }).waitFor();
  await page.reload();

  await page.getByRole("link", { name: "Studio" }).waitFor();
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  await context.close();
});

test("the theme follows the system, and the switch overrides it for good", async () => {
  const { page, context } = await visit("/", { colorScheme: "light" });
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();

  await page.locator("#theme-switch").click();
  const dark = await paper();
  await page.reload();

  assert.notEqual(dark, light);
  assert.equal(await paper(), dark);
  await context.close();
});

test("every word of a page exists in both languages", async () => {
  const { page, context } = await visit("/");

  const missing = await page.evaluate(async () => {
    const [en, ru] = await Promise.all(["en", "ru"].map((code) => import(`/static/i18n/${code}.js`)));
    const [a, b] = [Object.keys(en.default), Object.keys(ru.default)];
    return [...a.filter((key) => !b.includes(key)), ...b.filter((key) => !a.includes(key))];
  });

  assert.deepEqual(missing, []);
  await context.close();
});

test("the strip shows each chunk's worker, state and share, and says it in words", async () => {
  const { page, context } = await visit("/");
  const chunk = { index: 0, first_frame: 0, n_frames: 40, state: "done", frames_done: 40, worker: "render0@a", seconds: 1.25, attempts: 1, error: null, reused: false };
  const job = { chunks: { total: 4, done: 2, list: [
    chunk,
    { ...chunk, index: 1, n_frames: 80, reused: true, worker: null, seconds: null, attempts: 0 },
    { ...chunk, index: 2, state: "rendering", frames_done: 10, worker: "render1@a", seconds: null, attempts: 2 },
    { ...chunk, index: 3, state: "queued", frames_done: 0, worker: null, seconds: null, attempts: 0 },
  ] } };

  const shown = await page.evaluate(async (given) => {
    const { strip } = await import("/static/strip.js");
    const place = document.createElement("div");
    document.getElementById("main").prepend(place);
    strip(place).show(given);
    const items = [...place.querySelectorAll("ol li")];
    return { words: items.map((item) => item.innerText.trim()), widths: items.map((item) => item.offsetWidth), legend: [...place.querySelectorAll("ul li")].map((item) => item.innerText.replace("\n", " ")) };
  }, job);

  assert.deepEqual(shown.words, [
    "Chunk 1 of 4: done by render0 in 1.3 s", "Chunk 2 of 4: reused, nothing to render",
    "Chunk 3 of 4: 25 % on render1, 2 attempts", "Chunk 4 of 4: waiting",
  ]);
  assert.ok(Math.abs(shown.widths[1] - 2 * shown.widths[0]) < 8, "as long as its frames");
  assert.deepEqual(shown.legend, ["render0 1 done", "render1 chunk 3, 25 %", "1 reused", "1 retried", "1 waiting"]);
  await context.close();
});

test("the house has the workers that these tests need", async () => {
  const found = await until(async () => {
    const { workers } = await api("/api/v1/workers");
    const ready = workers.filter((worker) => worker.generator_ready && worker.kind === "render").map((worker) => worker.generator).sort();
    return ready.length === 3 && ready;
  }, "three ready render workers");

  assert.deepEqual(found, ["moody", "moody", "viseme"]);
});
