// The job page: a finished job with its proof and its check, one that runs, one that failed, one that was tried again.

import assert from "node:assert/strict";
import { test } from "node:test";
import { timeline, ticks } from "../../api/static/job/timeline.js";
import { DESK, PHONE, api, assertAccessible, until, visit, withBrowser } from "./visitor.mjs";

withBrowser();

const TEXT = "One sentence is said here. Another one follows after it. And this is the third of them, which is a little longer.";
const send = (more) => api("/api/v1/jobs", { method: "POST", body: JSON.stringify({ text: TEXT, language: "en", generator: "moody", num_workers: 2, ...more }) });
const ended = (id) => until(async () => {
  const job = await api(`/api/v1/jobs/${id}`);
  return !["queued", "running"].includes(job.state) && job;
}, "the end of the job");
const bars = (page, kind = "") => page.locator(`.gantt .bar${kind}`);
/** All bars of a finished job: its chunks are in its own view; plan and merge come with its history, a moment later. */
async function drawn(page, job) {
  for (const [kind, count] of [[".chunk.done", job.chunks.total], [".plan.done", 1], [".merge.done", 1]]) {
    await until(async () => (await bars(page, kind).count()) === count, `${count} bars ${kind}`);
  }
}
const pairs = (page, id) => page.locator(`#${id}`).evaluate((list) => Object.fromEntries([...list.querySelectorAll("dt")].map((name) => [name.textContent, name.nextElementSibling.textContent])));

test("a finished job shows each chunk on its worker, its times, and the proof", async () => {
  const job = await ended((await send({ reuse: false })).id);
  const { page, context, complaints } = await visit(job.links.page);

  await drawn(page, job);
  assert.equal(await page.locator("#state").textContent(), "Done");
  const proof = await pairs(page, "proof");
  assert.equal(proof.Frames, `${job.proof.n_frames} at 25 a second`);
  assert.ok(proof.File.includes(`${job.proof.width} × ${job.proof.height}`));
  assert.equal(proof["SHA-256"], job.video.sha256);
  assert.equal(await page.locator("#bars-body tr").count(), await bars(page).count());
  for (const viewport of [DESK, PHONE]) {
    await page.setViewportSize(viewport);
    await page.locator("details[open]").count() || await page.locator("summary").click();
    await assertAccessible(page, `a finished job ${viewport.width}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `fits ${viewport.width}`);
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test("the chart is one stop of the keyboard, and the arrows tell of each bar", async () => {
  const job = await ended((await send({ reuse: false })).id);
  const { page, context } = await visit(job.links.page);
  await drawn(page, job);

  await page.locator(".gantt .bar[tabindex='0']").focus();
  assert.equal(await page.locator(".gantt .bar[tabindex='0']").count(), 1);
  await page.keyboard.press("End");
  assert.match(await page.locator("#pointed").textContent(), /^Joining and proving: cpu0/);
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");

  assert.match(await page.locator("#pointed").textContent(), /^Chunk \d, \d+ frames: quick\d, [\d.]+ s/);
  assert.equal(await page.evaluate(() => document.activeElement.classList.contains("bar")), true);
  await context.close();
});

test("a finished job is checked against one piece, in Russian too, and the check is there on the next visit", async () => {
  const job = await ended((await send({ reuse: false })).id);
  const { page, context } = await visit(job.links.page);

  await page.locator("#check").click();
  await page.locator("#check-result .sentence.good").waitFor();
  assert.match(await page.locator("#check-result").textContent(), new RegExp(`^All ${job.n_frames} rendered pictures are the same, byte for byte\\..* The sound is the same\\.`));

  await page.reload();
  await page.locator("#check-result .sentence.good").waitFor();
  await page.getByRole("button", { name: "RU: по-русски" }).click();
  await page.locator("#check-result").filter({ hasText: "байт в байт" }).waitFor();
  assert.equal(await page.locator("#timeline-title").textContent(), "Ход работы");
  await assertAccessible(page, "a checked job in Russian");
  await context.close();
});

test("a job that runs grows before one's eyes, and ends without a reload", async () => {
  const { id, links } = await send({ reuse: false, text: `${TEXT} ${TEXT}` });
  const { page, context, complaints } = await visit(links.page);

  await bars(page, ".chunk.running").first().waitFor();
  const width = () => bars(page, ".chunk").first().locator("rect").evaluate((rect) => rect.getBoundingClientRect().width);
  assert.ok(await page.locator("#progress").isVisible());
  assert.ok(await page.locator("#check-part").isHidden());
  await until(async () => await width() > 0, "a bar that has grown");
  await page.locator("#state", { hasText: "Done" }).waitFor();
  await page.locator("#video-card:not([hidden])").waitFor();

  assert.equal(await bars(page, ".running").count(), 0);
  assert.equal((await api(`/api/v1/jobs/${id}`)).state, "succeeded");
  assert.ok(await page.locator("#working").isHidden());
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a job that runs is canceled, and its bars stop", async () => {
  const { id, links } = await send({ reuse: false, text: `${TEXT} ${TEXT} ${TEXT}` });
  const { page, context } = await visit(links.page);
  await bars(page, ".chunk.running").first().waitFor();

  await page.locator("#cancel").click();
  await page.locator("#state", { hasText: "Canceled" }).waitFor();

  await bars(page, ".chunk.stopped").first().waitFor();
  assert.equal((await api(`/api/v1/jobs/${id}`)).state, "canceled");
  assert.ok(await page.locator("#check-part").isHidden());
  await context.close();
});

test("an attempt that failed has a bar of its own, beside the one that did not", async () => {
  const job = await ended((await send({ seed: 31, num_workers: 1 })).id); // its process ends once
  assert.equal(job.state, "succeeded");
  const { page, context } = await visit(job.links.page);

  await bars(page, ".chunk.failed, .gantt .bar.chunk.lost").first().waitFor();
  assert.equal(await bars(page, ".chunk.done").count(), 1);
  assert.match(await bars(page, ".chunk.done").getAttribute("aria-label"), /attempt 2/);
  await assertAccessible(page, "a job with a retried chunk");
  await context.close();
});

test("a failed job shows its three attempts, and the API's own sentence", async () => {
  const job = await ended((await send({ seed: 19, num_workers: 1, text: "This one breaks." })).id);
  const { page, context } = await visit(job.links.page);

  await until(async () => (await bars(page, ".chunk.failed").count()) === 3, "three failed attempts");
  assert.equal(await page.locator("#state").textContent(), "Failed");
  assert.ok((await page.locator("#problem").textContent()).includes(job.error.detail));
  const told = await bars(page, ".chunk.failed").evaluateAll((nodes) => nodes.map((node) => node.getAttribute("aria-label")));
  assert.match(told.find((words) => words.includes("attempt 3")), /failed after .*ArithmeticError/);
  await assertAccessible(page, "a failed job's page");
  await context.close();
});

test("a deleted video leaves the timeline, and asks before it goes", async () => {
  const job = await ended((await send({ reuse: false, text: "Short." })).id);
  const { page, context } = await visit(job.links.page);

  await page.locator("#delete").click();
  await page.locator("#delete-no").click();
  assert.ok((await api(job.links.self)).video);
  await page.locator("#delete").click();
  await page.locator("#delete-yes").click();
  await page.locator("#video-card").waitFor({ state: "hidden" });

  assert.equal((await api(job.links.self)).video, null);
  assert.equal((await pairs(page, "proof")).Frames, "The video was deleted.");
  assert.ok(await bars(page, ".chunk.done").count() >= 1);
  await context.close();
});

test("a job that is not there is said in the API's words", async () => {
  const { page, context } = await visit("/jobs/job_nowhere");

  await page.locator("#problem", { hasText: "There is no job" }).waitFor();
  await assertAccessible(page, "no such job");
  await context.close();
});

const JOB = { created_at: "1970-01-01T00:00:10Z", finished_at: "1970-01-01T00:00:20Z", chunks: { list: [{ n_frames: 50, attempts: 3, state: "done", error: "A kernel went wrong." }] } };

test("events become bars: the wait, every attempt at a chunk, and the joining", () => {
  const { seconds, rows } = timeline(JOB, [
    { name: "accepted", at: 10 }, { name: "planning", at: 11, worker: "cpu0", attempt: "1" }, { name: "planned", at: 12 },
    { name: "claimed", at: 12, chunk: "0", worker: "a", attempt: "1" }, { name: "lapsed", at: 13, piece: "0" },
    { name: "claimed", at: 13.5, chunk: "0", worker: "b", attempt: "2" }, { name: "given-back", at: 14, piece: "0", reason: "internal" },
    { name: "claimed", at: 15, chunk: "0", worker: "a", attempt: "3" }, { name: "chunk", at: 18, chunk: "0" },
    { name: "merging", at: 18, worker: "cpu0", attempt: "1" }, { name: "succeeded", at: 20 },
  ]);

  const told = rows.map((row) => row.bars.map((bar) => [bar.kind, bar.from, bar.to, bar.outcome, bar.attempt ?? 0]));
  assert.equal(seconds, 10);
  assert.deepEqual(told, [
    [["wait", 0, 1, "done", 0], ["plan", 1, 2, "done", 1]],
    [["chunk", 2, 3, "lost", 1], ["chunk", 5, 8, "done", 3]],
    [["chunk", 3.5, 4, "failed", 2]],
    [["merge", 8, 10, "done", 1]],
  ]);
  assert.equal(rows[2].bars[0].why, "A kernel went wrong.");
});

test("without events the chunks' own times are shown", () => {
  const chunk = { index: 0, n_frames: 50, state: "done", worker: "a", attempts: 1, started_at: "1970-01-01T00:00:12Z", finished_at: "1970-01-01T00:00:15Z" };
  const { rows } = timeline({ ...JOB, chunks: { list: [chunk] } }, []);

  assert.deepEqual(rows.map((row) => row.bars.map((bar) => [bar.from, bar.to, bar.outcome])), [[[2, 5, "done"]]]);
});

test("the marks of the axis are whole steps", () => {
  assert.deepEqual(ticks(2.7, 5), [0, 1, 2]);
  assert.deepEqual(ticks(0.35, 8), [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35]);
  assert.deepEqual(ticks(120, 4), [0, 50, 100]);
});
