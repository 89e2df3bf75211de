// The language is guessed from the text, and never against the person's own pick.

import assert from "node:assert/strict";
import { test } from "node:test";
import { guessLanguage } from "../../api/static/studio/guess.js";
import { until, withBrowser } from "./visitor.mjs";
import { studio } from "./studio.mjs";

withBrowser();

const SAID = {
  en: "Good morning, and welcome to the show.", ru: "Доброе утро! Я рад, что вы здесь.", uk: "Доброго ранку! Як ся маєте?", be: "Добры дзень, я ўжо тут.",
  kk: "Қайырлы таң, қалайсыз?", bg: "Здравейте, аз съм тук и това е добре.", sr: "Здраво, ја сам овде и све је у реду.",
  de: "Guten Morgen, ich bin ein Gesicht, das spricht.", fr: "Bonjour, je suis un visage qui parle.", es: "Hola, soy una cara que habla.",
  it: "Ciao, sono un volto che parla della sua vita.", pt: "Olá, eu sou um rosto que não se cala.", pl: "Cześć, jestem twarzą, która mówi.",
  tr: "Merhaba, ben konuşan bir yüzüm.", nl: "Hallo, ik ben een gezicht dat spreekt.", sv: "Hej, jag är ett ansikte som talar.",
  vi: "Xin chào, tôi là một khuôn mặt biết nói.", ja: "おはようございます。顔が話します。", ko: "안녕하세요, 말하는 얼굴입니다.", cmn: "早上好，这是一张会说话的脸。",
  el: "Καλημέρα, είμαι ένα πρόσωπο.", he: "בוקר טוב, אני פנים.", ar: "صباح الخير، أنا وجه يتكلم.", fa: "سلام، من یک چهره هستم که گپ می‌زند.",
  hi: "नमस्ते, मैं एक चेहरा हूँ।", ka: "გამარჯობა, მე სახე ვარ.", hy: "Բարեւ, ես դեմք եմ.",
};

test("a sentence tells its language", () => {
  const guessed = Object.fromEntries(Object.entries(SAID).map(([code, text]) => [code, guessLanguage(text)]));

  assert.deepEqual(guessed, Object.fromEntries(Object.keys(SAID).map((code) => [code, code])));
});

test("what says nothing tells nothing", () => {
  for (const text of ["", "123", "ok", "!?", "Lipchord"]) assert.equal(guessLanguage(text), null, text);
});

test("the picker follows the text until the person picks, and then only offers", async () => {
  const { page, context } = await studio();

  await page.locator("#text").fill(SAID.ru);
  await until(async () => (await page.locator("#language").inputValue()) === "ru", "Russian");
  await page.locator("#language").selectOption("de");
  await page.locator("#text").fill(SAID.es);

  await page.getByText("This looks like Spanish").waitFor();
  assert.equal(await page.locator("#language").inputValue(), "de");
  await page.locator("#guess-use").click();
  assert.equal(await page.locator("#language").inputValue(), "es");
  await context.close();
});

test("text that runs from right to left does so in the field", async () => {
  const { page, context } = await studio();

  await page.locator("#text").fill(SAID.he);

  assert.equal(await page.locator("#text").evaluate((node) => getComputedStyle(node).direction), "rtl");
  await context.close();
});
