// A face is dropped, its landmarks are seen and dragged right; the video shows it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { HOUSE, PHONE, api, assertAccessible, until, withBrowser } from "./visitor.mjs";
import { NO_FACE, PORTRAIT, create, drop, ended, studio } from "./studio.mjs";

withBrowser();
after(async () => { // the other files find a house without faces
  for (const { links } of (await api("/api/v1/faces")).faces) await fetch(HOUSE + links.self, { method: "DELETE" });
});

const newest = async () => (await api("/api/v1/faces")).faces[0];

/** Where landmark `i` is on the screen. */
const onScreen = (page, i) => page.evaluate((index) => {
  const svg = document.getElementById("landmarks");
  const [, x, y] = /M(\S+) (\S+)h/.exec(svg.querySelector(`.dot[data-i="${index}"]`).getAttribute("d"));
  const at = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
  return { x: at.x, y: at.y };
}, i);

async function withPortrait(options) {
  const visited = await studio(options);
  await drop(visited.page, "#stage", PORTRAIT, "image/png");
  await visited.page.locator("#landmarks").waitFor();
  await until(() => visited.page.locator("#undo").isDisabled(), "a fresh editor");
  return visited;
}

test("a dropped face shows its landmarks, is drawn right with the mouse, and speaks", async () => {
  const { page, context, complaints } = await withPortrait();
  const before = await newest();
  assert.equal(await page.locator("#landmarks .dot").count(), 68);
  await page.getByRole("radio", { name: "Mouth" }).check();

  const from = await onScreen(page, 48);
  await page.mouse.move(from.x + 3, from.y + 2);
  await page.mouse.down();
  await page.mouse.move(from.x + 23, from.y + 12, { steps: 5 });
  await page.mouse.up();
  const moved = await until(async () => { const face = await newest(); return face.corrected && face; }, "a corrected face");

  const scale = await page.locator("#landmarks").evaluate((svg) => svg.getScreenCTM().a);
  assert.ok(Math.abs((moved.landmarks[48][0] - before.landmarks[48][0]) * scale - 20) < 1);
  assert.ok(Math.abs((moved.landmarks[48][1] - before.landmarks[48][1]) * scale - 10) < 1);
  assert.deepEqual(moved.landmarks.toSpliced(48, 1), before.landmarks.toSpliced(48, 1));

  await page.locator("#undo").click();
  await until(async () => !(await newest()).corrected, "the correction taken back");

  await assertAccessible(page, "the studio with a face");
  await create(page, "This face can speak.");
  assert.match(await ended(page), /^Done/);
  const size = await until(async () => {
    const [width, height] = await page.locator("#video").evaluate((video) => [video.videoWidth, video.videoHeight]);
    return width && [width, height];
  }, "a video of a size");
  assert.deepEqual(size, [before.width, before.height]);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a landmark is moved by keyboard alone", async () => {
  const { page, context } = await withPortrait();
  const before = await newest();

  await page.locator("#landmarks .dot[tabindex='0']").focus();
  await page.keyboard.press("PageDown");
  for (const key of ["ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowDown"]) await page.keyboard.press(key);
  const moved = await until(async () => { const face = await newest(); return face.corrected && face; }, "a corrected face");

  assert.deepEqual(moved.landmarks[49], [before.landmarks[49][0] + 2, before.landmarks[49][1] + 11]);
  assert.match(await page.evaluate(() => document.activeElement.getAttribute("aria-label")), /^Point 50, outer lips: \d+, \d+$/);
  for (let i = 0; i < 4; i++) await page.keyboard.press("Control+z");
  await until(async () => !(await newest()).corrected, "all of it taken back");
  await context.close();
});

test("a landmark is dragged by a finger, and a finger elsewhere scrolls", async () => {
  const { page, context } = await withPortrait({ viewport: PHONE, hasTouch: true, isMobile: true });
  const before = await newest();
  await page.getByRole("radio", { name: "Mouth" }).check();
  await page.locator("#landmarks").scrollIntoViewIfNeeded();
  const touch = await context.newCDPSession(page);
  const swipe = async (from, dx, dy) => {
    await touch.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: [from] });
    for (let i = 1; i <= 5; i++) await touch.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: [{ x: from.x + (dx * i) / 5, y: from.y + (dy * i) / 5 }] });
    await touch.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };

  await swipe(await onScreen(page, 57), 0, 30);
  const moved = await until(async () => { const face = await newest(); return face.corrected && face; }, "a corrected face");
  const top = await page.evaluate(() => scrollY);
  const frame = await page.locator("#landmarks").boundingBox();
  await swipe({ x: frame.x + 8, y: frame.y + frame.height / 2 + 60 }, 0, -60);

  assert.ok(moved.landmarks[57][1] > before.landmarks[57][1] + 1);
  await until(() => page.evaluate((was) => scrollY > was + 20, top), "a scrolled page");
  await context.close();
});

test("a picture without a face says so beside the face", async () => {
  const { page, context } = await studio();

  await page.locator("#face").setInputFiles(NO_FACE);

  await page.locator("[data-field=face] [role=alert]").filter({ hasText: "face" }).waitFor();
  await page.locator("#avatar").waitFor();
  await context.close();
});

test("a registered face can be chosen again and deleted", async () => {
  const { page, context } = await withPortrait();
  const { id } = await newest();

  await page.reload();
  await page.locator("#landmarks").waitFor();
  await page.locator("#faces .thumb").first().click(); // the avatar: a person clicks the picture, not the hidden radio
  assert.ok(await page.getByRole("radio", { name: "The shipped avatar" }).isChecked());
  await page.locator("#avatar").waitFor();
  await page.locator(`#faces .thumb:has(input[value=${id}])`).click();
  await page.locator("#forget").click();

  await page.locator("#avatar").waitFor();
  assert.equal((await api("/api/v1/faces")).faces.filter((face) => face.id === id).length, 0);
  await context.close();
});
