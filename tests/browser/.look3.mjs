import { chromium } from "playwright-core";
const H = process.argv[2], out = "/tmp/proof/shots/";
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });
for (const [name, opts] of Object.entries({
  "desk-light": { viewport: { width: 1440, height: 900 }, locale: "en-GB", colorScheme: "light" },
  "desk-dark-ru": { viewport: { width: 1440, height: 900 }, locale: "ru-RU", colorScheme: "dark" },
  "phone-light-ru": { viewport: { width: 390, height: 844 }, locale: "ru-RU", colorScheme: "light" },
  "phone-dark": { viewport: { width: 390, height: 844 }, locale: "en-GB", colorScheme: "dark" },
})) {
  const ctx = await browser.newContext({ baseURL: H, ...opts });
  const page = await ctx.newPage();
  page.on("console", (m) => m.type() === "error" && console.log("console:", m.text()));
  page.on("pageerror", (e) => console.log("pageerror:", e.stack));
  const list = await (await ctx.request.get("/api/v1/comparisons")).json();
  const one = list.comparisons.find((c) => c.result && c.request.face === null && c.n_frames > 100);
  await page.goto(one.links.page);
  await page.locator("#player:not([hidden])").waitFor();
  await page.locator("#position").fill("335");
  await page.locator("#difference").check();
  await page.waitForTimeout(900);
  await page.screenshot({ path: `${out}pt-${name}.png`, fullPage: true });
  console.log(name, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
  await page.goto("/jobs/" + one.parallel);
  await page.waitForTimeout(1200);
  await page.locator(".gantt .bar").nth(2).focus();
  await page.locator("summary").click();
  await page.screenshot({ path: `${out}job-${name}.png`, fullPage: true });
  console.log(name, await page.evaluate(() => document.documentElement.scrollWidth - innerWidth));
  await ctx.close();
}
await browser.close();
