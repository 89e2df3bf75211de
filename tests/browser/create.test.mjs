// A video is made from a text, from a file, from the microphone; and what happens when it is not.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUSE, api, assertAccessible, until, withBrowser } from "./visitor.mjs";
import { TEXT, create, ended, hum, jobOf, quickly, studio } from "./studio.mjs";

withBrowser();

test("a text becomes a video that plays, with its chunks on the strip", async () => {
  const { page, context, complaints } = await studio();
  await quickly(page);

  const id = await create(page, TEXT);
  await until(async () => (await page.locator("#strip .chunk").count()) > 1, "several chunks on the strip");
  const headline = await ended(page);

  const job = await api(`/api/v1/jobs/${id}`);
  assert.match(headline, /^Done in /);
  assert.equal(await page.locator("#strip .chunk").count(), job.chunks.total);
  assert.equal(await page.locator("#strip .chunk:is(.done, .reused)").count(), job.chunks.total);
  await until(() => page.locator("#video").evaluate((video) => video.currentTime > 0.2), "a video that plays");
  const length = await page.locator("#video").evaluate((video) => video.duration);
  assert.ok(Math.abs(length - job.speech_seconds) < 0.1, `${length} s`);
  assert.equal((await fetch(HOUSE + await page.locator("#download").getAttribute("href"))).headers.get("content-type"), "video/mp4");
  await page.locator("#recent-jobs button[aria-current]").filter({ hasText: "done" }).waitFor();
  await assertAccessible(page, "the studio with a finished job");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a sound file is looked at once, then named by its key, and becomes a video", async () => {
  const { page, context, complaints } = await studio();
  await quickly(page);
  await page.getByRole("radio", { name: "File" }).check();

  await page.locator("#audio").setInputFiles(hum());
  await page.getByText("2 s of video").waitFor();
  await page.locator("#create").click();
  const id = await jobOf(page);
  await ended(page);

  const job = await api(`/api/v1/jobs/${id}`);
  assert.equal(job.state, "succeeded");
  assert.match(job.request.audio, /^blob_/);
  assert.equal(job.n_frames, 50);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the microphone's level is shown, and its recording becomes a video", async () => {
  const { page, context } = await studio();
  await quickly(page);
  await page.getByRole("radio", { name: "Microphone" }).check();

  await page.getByRole("button", { name: "Record", exact: true }).click();
  const level = () => page.locator("#level").evaluate((node) => Number(node.style.getPropertyValue("--level")));
  await until(async () => (await level()) > 0.3, "a level");
  await new Promise((wake) => setTimeout(wake, 1500));
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("recording.webm").waitFor();
  await page.locator("#create").click();
  const id = await jobOf(page);
  await ended(page);

  const job = await api(`/api/v1/jobs/${id}`);
  assert.equal(job.state, "succeeded");
  assert.ok(job.speech_seconds > 1 && job.speech_seconds < 10);
  await context.close();
});

test("a microphone that is refused says what to do", async () => {
  const { page, context } = await studio();
  await page.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("no", "NotAllowedError")); });
  await page.getByRole("radio", { name: "Microphone" }).check();

  await page.getByRole("button", { name: "Record", exact: true }).click();

  await page.getByRole("alert").filter({ hasText: "Allow it beside the address" }).waitFor();
  await context.close();
});

test("what the API refuses stands beside its field, in the API's own words", async () => {
  const { page, context } = await studio();
  await page.locator("#settings").evaluate((node) => { node.open = true; });

  await page.locator("#text").fill("?!");
  await page.locator("#create").click();
  const said = page.locator("[data-field=text] [role=alert]");
  await said.waitFor();

  const problem = await (await fetch(`${HOUSE}/api/v1/jobs`, { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"text": "?!"}' })).json();
  assert.ok((await said.textContent()).startsWith(problem.detail.replaceAll("`", "")));
  assert.equal(await page.locator("#text").getAttribute("aria-invalid"), "true");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text");

  await page.locator("#text").fill("Hello there.");
  await page.locator("#num_workers").fill("900");
  await page.locator("#create").click();
  await page.locator("[data-field=num_workers] [role=alert]").filter({ hasText: "num_workers must be a whole number from 1 to 64" }).waitFor();
  assert.equal(await said.count(), 0);
  await assertAccessible(page, "the studio with complaints");
  await context.close();
});

test("a job can be canceled, and says so", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "3" });

  const id = await create(page, `${TEXT} ${TEXT} ${TEXT}`);
  await page.locator("#cancel").click();

  assert.equal(await ended(page), "Canceled");
  assert.equal((await api(`/api/v1/jobs/${id}`)).state, "canceled");
  assert.ok(await page.locator("#cancel").isHidden());
  await context.close();
});

test("a failed job shows the API's sentence", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "19", workers: "1" });

  const id = await create(page, "This one breaks.");
  const headline = await ended(page);

  const job = await api(`/api/v1/jobs/${id}`);
  assert.equal(headline, "It failed");
  assert.ok((await page.locator("#job-problem").textContent()).includes(job.error.detail));
  await page.locator("#strip .chunk.retried").first().waitFor();
  await assertAccessible(page, "a failed job");
  await context.close();
});

test("a reload in the middle of a job comes back to it, and the way back leads to the face", async () => {
  const { page, context } = await studio();
  await quickly(page, { seed: "4" });
  const id = await create(page, `${TEXT} ${TEXT}`);
  await page.locator("#strip .chunk").first().waitFor();

  await page.reload();
  await page.locator("#watch-side").waitFor();
  assert.equal(await jobOf(page), id);
  assert.match(await ended(page), /^Done in/);

  assert.match(await page.locator("#text").inputValue(), /^One sentence/);
  await page.goBack();
  await page.locator("#avatar").waitFor();
  await context.close();
});

test("a finished video is deleted only after a question, and its call can be copied", async () => {
  const { page, context } = await studio({ permissions: ["clipboard-read", "clipboard-write"] });
  await quickly(page, { seed: "5" });
  const id = await create(page, "A short one.");
  await ended(page);

  await page.locator("#copy-curl").click();
  const curl = await page.evaluate(() => navigator.clipboard.readText());
  assert.ok(curl.includes(`${HOUSE}/api/v1/jobs`) && curl.includes('"text":"A short one."') && curl.includes('"generator":"moody"'));

  await page.locator("#delete").click();
  await page.locator("#delete-sure").getByRole("button", { name: "Keep it" }).click();
  assert.notEqual((await api(`/api/v1/jobs/${id}`)).links.video, null);
  await page.locator("#delete").click();
  await page.locator("#delete-sure").getByRole("button", { name: "Delete" }).click();
  await page.locator("#avatar").waitFor();
  await until(async () => (await api(`/api/v1/jobs/${id}`)).links.video === null, "the video is deleted");
  await context.close();
});
