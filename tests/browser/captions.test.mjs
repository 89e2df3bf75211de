// Captions: the words that are heard, under every player, when somebody wants them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { api, assertAccessible, until, visit, withBrowser } from "./visitor.mjs";
import { create, ended, hum, quickly, studio } from "./studio.mjs";

withBrowser();

// A text of its own: chunks of a text that another test sends would be used again there.
const TEXT = "One sentence can be read here. Another one comes after it. And this is the third of them, for whoever likes to read.";

/** What a video's captions are: those that show, and what they say at `at` seconds. */
const shown = (page, id = "video", at = null) => page.locator(`#${id}`).evaluate(async (video, seconds) => {
  const showing = [...video.textTracks].filter(({ mode }) => mode === "showing");
  if (seconds !== null) {
    video.pause();
    video.currentTime = seconds;
    await new Promise((done) => { video.addEventListener("seeked", done, { once: true }); });
    await new Promise((done) => { setTimeout(done, 300); }); // cues follow the clock a little later
  }
  return { tracks: showing.length, cues: showing.flatMap(({ cues }) => [...(cues ?? [])].map(({ text }) => text)), now: showing.flatMap(({ activeCues }) => [...(activeCues ?? [])].map(({ text }) => text)) };
}, at);

const finished = (more) => api("/api/v1/jobs", { method: "POST", body: JSON.stringify({ text: TEXT, language: "en", generator: "moody", ...more }) })
  .then(({ id }) => until(async () => {
    const job = await api(`/api/v1/jobs/${id}`);
    return job.state === "succeeded" && job;
  }, "the end of the job"));

test("in the studio captions wait to be asked for, by keys too, and the choice is remembered", async () => {
  const { page, context, complaints } = await studio();
  await quickly(page, { seed: "1" });
  await create(page, TEXT);
  await ended(page);
  await until(() => page.locator("#video").evaluate((video) => video.src.endsWith("/video")), "the whole video");
  await page.locator("#captions").waitFor();
  assert.equal((await shown(page)).tracks, 0);

  await page.locator("#captions-on").focus();
  await page.keyboard.press("Space");
  await until(async () => (await shown(page)).cues.length === 3, "three cues");

  assert.deepEqual((await shown(page, "video", 0.5)).now, ["One sentence can be read here."]);
  assert.equal((await shown(page)).tracks, 1);
  await assertAccessible(page, "the studio with captions");
  await page.reload();
  await page.locator("#captions").waitFor();
  assert.ok(await page.locator("#captions-on").isChecked());
  await until(async () => (await shown(page)).cues.length === 3, "three cues after a reload");
  await page.locator("#captions-on").uncheck();
  assert.equal((await shown(page)).tracks, 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("captions are there while the beginning plays, and go on under the whole video", async () => {
  const { page, context, complaints } = await studio();
  await page.evaluate(() => localStorage.setItem("lipchord.captions", "on"));
  await page.reload();
  await page.locator("html[data-ready]").waitFor();
  await quickly(page, { seed: "2" });

  const id = await create(page, Array(6).fill(TEXT).join(" "));
  await until(async () => (await shown(page)).now.length === 1, "a caption that shows");
  const job = await api(`/api/v1/jobs/${id}`);
  await ended(page);
  await until(() => page.locator("#video").evaluate((video) => video.src.endsWith("/video")), "the whole video");
  await until(async () => (await shown(page)).cues.length === 18, "all cues of the whole video");

  assert.equal(job.state, "running");
  assert.deepEqual((await shown(page, "video", 0.5)).now, ["One sentence can be read here."]);
  assert.equal((await shown(page)).tracks, 1);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the page of a job has captions, in Russian too", async () => {
  const job = await finished({ text: "Мама мыла раму весь день. Папа купил большую рыбу.", language: "ru" });
  const { page, context, complaints } = await visit(job.links.page, { locale: "ru" });

  await page.getByLabel("Субтитры").check();

  await until(async () => (await shown(page)).cues.length === 2, "two cues");
  assert.deepEqual((await shown(page, "video", 0.5)).now, ["Мама мыла раму весь день."]);
  assert.equal(await page.locator("#video track").getAttribute("srclang"), "ru");
  await assertAccessible(page, "a job with captions");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("both videos of a comparison have captions", async () => {
  const { id } = await api("/api/v1/comparisons", { method: "POST", body: JSON.stringify({ text: TEXT, language: "en", generator: "moody", num_workers: 2 }) });
  await until(async () => (await api(`/api/v1/comparisons/${id}`)).state !== "running", "the end of the comparison");
  const { page, context, complaints } = await visit(`/parallel_test?comparison=${id}`);
  await page.locator("#player:not([hidden])").waitFor();

  await page.getByLabel("Captions").check();

  for (const video of ["one-video", "many-video"]) {
    await until(async () => (await shown(page, video)).cues.length === 3, `three cues of ${video}`);
    assert.deepEqual((await shown(page, video)).now, ["One sentence can be read here."]);
  }
  await assertAccessible(page, "a comparison with captions");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a player of its own reads the captions of the stream, each once and at its time", async () => {
  const job = await finished({ seed: 4 });
  const { page, context } = await visit("/");
  const vtt = await (await page.request.get(job.links.captions)).text();
  const told = [...vtt.matchAll(/^([\d:.]+) --> ([\d:.]+)\n([^]+?)\n$/gm)].map((found) => [...found.slice(1, 3).map((at) => at.split(":").reduce((sum, part) => 60 * sum + Number(part), 0)), found[3].trim()]);

  const read = await page.evaluate(async (stream) => {
    const { default: Hls } = await import("/static/vendor/hls/hls.min.mjs");
    const video = document.createElement("video");
    const hls = new Hls({ startPosition: 0, enableWorker: false });
    const complaints = [];
    hls.on(Hls.Events.ERROR, (_, { details }) => complaints.push(details));
    hls.loadSource(stream);
    hls.attachMedia(video);
    await new Promise((done) => { hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => { if (hls.subtitleTracks.length) done(); }); });
    const offered = hls.subtitleTracks.map(({ lang, name, default: chosen }) => [lang, name, chosen]);
    hls.subtitleTrack = 0;
    await new Promise((done) => { hls.on(Hls.Events.BUFFER_EOS, done); });
    for (let tries = 0; tries < 100 && (video.textTracks[0]?.cues?.length ?? 0) < 3; tries++) await new Promise((wake) => { setTimeout(wake, 100); });
    return { offered, complaints, cues: [...video.textTracks[0].cues].map(({ startTime, endTime, text }) => [startTime, endTime, text]) };
  }, job.links.stream);

  assert.deepEqual(read.offered, [["en", "Captions", false]]);
  assert.deepEqual(read.complaints, []);
  assert.equal(told.length, 3);
  assert.deepEqual(read.cues.map((cue) => cue[2]), told.map((cue) => cue[2]));
  read.cues.forEach(([begins, ends], i) => assert.ok(Math.abs(begins - told[i][0]) < 0.002 && Math.abs(ends - told[i][1]) < 0.002, `${begins}..${ends} is ${told[i]}`));
  await context.close();
});

test("a sound of one's own has no captions, and no switch for them", async () => {
  const { page, context, complaints } = await studio();
  await quickly(page, { seed: "3" });
  await page.locator("input[name=source][value=audio]").check({ force: true });
  await page.locator("#audio").setInputFiles(hum());
  await page.locator("#create").click();
  await ended(page);
  await until(() => page.locator("#video").evaluate((video) => video.src.endsWith("/video")), "the whole video");

  assert.ok(await page.locator("#captions").isHidden());
  assert.equal(await page.locator("#video track").count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});
