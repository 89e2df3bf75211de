// The beginning plays while the rest renders; a connection that breaks is made again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, until, withBrowser } from "./visitor.mjs";
import { TEXT, create, ended, quickly, studio } from "./studio.mjs";

withBrowser();

test("the beginning plays before the job has ended, and the whole video takes over where it is", async () => {
  const { page, context, complaints } = await studio();
  await quickly(page, { seed: "6" });

  const id = await create(page, Array(6).fill(TEXT).join(" "));
  const early = await until(async () => {
    const at = await page.locator("#video").evaluate((video) => video.currentTime);
    return at > 0.3 && { at, job: await api(`/api/v1/jobs/${id}`) };
  }, "a beginning that plays");

  assert.equal(early.job.state, "running");
  assert.ok(early.job.playable_seconds < early.job.speech_seconds);
  assert.ok(await page.locator("#early").isVisible());
  assert.ok(await page.locator("#video").evaluate((video) => video.videoWidth > 0 && video.src.startsWith("blob:")));
  assert.match(await ended(page), /^Done in /);
  await until(() => page.locator("#video").evaluate((video) => video.src.endsWith("/video")), "the whole video");
  assert.ok(await page.locator("#video").evaluate((video) => video.currentTime) >= early.at);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a connection that cannot be made says so, and the job is seen to its end when it can", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "7" });
  const broken = /\/api\/v1\/jobs\/job_[0-9a-f]+(\/events)?$/;
  await context.route(broken, (route) => route.abort());

  await create(page, Array(2).fill(TEXT).join(" "));
  await page.locator("#lost").waitFor();
  await context.unroute(broken);

  assert.match(await ended(page), /^Done in /);
  await page.locator("#lost").waitFor({ state: "hidden" });
  await context.close();
});

test("without event streams the job is polled to its end", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "8" });
  await context.route(/\/events$/, (route) => route.fulfill({ status: 503, body: "{}" }));

  await create(page, TEXT);

  assert.match(await ended(page), /^Done in /);
  await context.close();
});
