import { chromium } from "playwright-core";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
const ctx = await browser.newContext({ baseURL: "http://127.0.0.1:21310", viewport: { width: 1440, height: 900 } });
const page = await ctx.newPage();
const list = await (await ctx.request.get("/api/v1/comparisons")).json();
await page.goto(list.comparisons.find((c) => c.result).links.page);
await page.locator("#player:not([hidden])").waitFor();
await page.waitForTimeout(800);
const state = () => page.evaluate(() => { const [a, b] = ["one-video", "many-video"].map((i) => document.getElementById(i)); return JSON.stringify([document.getElementById("player").dataset.frame, document.getElementById("player").dataset.drift, a.currentTime, b.currentTime, a.paused, b.paused, a.seeking, b.seeking]); });
for (let k = 0; k < 4; k++) {
  await page.click("#play"); await page.waitForTimeout(1500); console.log("playing", await state());
  await page.click("#play"); for (let i = 0; i < 5; i++) { await page.waitForTimeout(200); console.log("paused", await state()); }
}
for (let k = 0; k < 5; k++) { await page.keyboard.press("ArrowRight"); await page.waitForTimeout(300); console.log("step", await state()); }
await browser.close();
