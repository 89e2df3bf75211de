// Words in English and Russian: follows the browser, a switch overrides, listeners hear of a change.

import en from "./i18n/en.js";
import ru from "./i18n/ru.js";

const words = { en: { ...en }, ru: { ...ru } };
const listeners = new Set();
const KEPT = "lipchord.language";
const ATTRIBUTES = { t: "textContent", tLabel: "ariaLabel", tPlaceholder: "placeholder", tTitle: "title", tAlt: "alt" };

/** The language in use, "en" or "ru". */
export const language = () => document.documentElement.lang;

/** A page's own words: {en: {key: words}, ru: {…}}. Words in `{braces}` are replaced by values;
 * an object {one, few, many, other} is chosen from by the value `n`. */
export function add(more) {
  for (const [code, its] of Object.entries(more)) Object.assign(words[code], its);
  translate();
}

/** The words of `key`, with values put in; numbers are written as the language writes them. */
export function t(key, values = {}) {
  let text = words[language()][key] ?? words.en[key] ?? key;
  if (typeof text === "object") text = text[new Intl.PluralRules(language()).select(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? shown(values[name]) : whole));
}

/** A number as the language writes it; `digits` after the point at most. */
export const number = (value, digits = 1) => new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);

/** A length of time in words: "0.4 s", "12 s", "2 min 5 s". */
export function seconds(value) {
  if (value < 59.5) return t("seconds", { s: number(value, value < 9.95 ? 1 : 0) });
  const whole = Math.round(value);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours ? t("hours", { h: hours, min: minutes }) : t("minutes", { min: minutes, s: whole % 60 });
}

/** How long ago a moment was, in words. */
export function ago(moment) {
  const passed = (new Date(moment) - Date.now()) / 1000;
  const said = new Intl.RelativeTimeFormat(language(), { numeric: "auto", style: "short" });
  const [size, unit] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([s]) => -passed >= s) ?? [1, "second"];
  return unit === "second" ? t("just-now") : said.format(Math.round(passed / size), unit);
}

/** Put the words into every element below `root` that names some in data-t…. */
export function translate(root = document) {
  for (const [name, property] of Object.entries(ATTRIBUTES)) {
    const attribute = `data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    for (const node of root.querySelectorAll(`[${attribute}]`)) node[property] = t(node.dataset[name]);
  }
}

/** Call `listener` now and whenever the language changes. */
export function onLanguage(listener) {
  listeners.add(listener);
  listener();
}

/** Use this language from now on, here and on the next visit. */
export function setLanguage(code) {
  const own = (navigator.languages ?? []).map((tag) => tag.slice(0, 2)).find((tag) => tag in words) ?? "en";
  try {
    if (code === own) localStorage.removeItem(KEPT); // the browser says the same: follow it again
    else localStorage.setItem(KEPT, code);
  } catch { /* kept for this page only */ }
  document.documentElement.lang = code;
  translate();
  for (const listener of listeners) listener();
}

const shown = (value) => (typeof value === "number" ? number(value) : value);

translate();
