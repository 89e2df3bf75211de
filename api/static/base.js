// What every page has: the switches of language and theme.

import { $ } from "./dom.js";
import { language, onLanguage, setLanguage, t } from "./i18n.js";

const THEMES = ["auto", "dark", "light"];
const page = document.documentElement;
const theme = () => page.dataset.theme ?? "auto";

function setTheme(name) {
  if (name === "auto") delete page.dataset.theme;
  else page.dataset.theme = name;
  try {
    if (name === "auto") localStorage.removeItem("lipchord.theme");
    else localStorage.setItem("lipchord.theme", name);
  } catch { /* for this page only */ }
  say();
}

function say() {
  const other = language() === "ru" ? "en" : "ru";
  $("language-switch").textContent = other.toUpperCase();
  $("language-switch").ariaLabel = other === "ru" ? "RU: по-русски" : "EN: in English";
  $("language-switch").lang = other;
  $("theme-switch").ariaLabel = t("theme", { theme: t(`theme-${theme()}`) });
  $("theme-switch").title = $("theme-switch").ariaLabel;
}

$("language-switch").addEventListener("click", () => setLanguage(language() === "ru" ? "en" : "ru"));
$("theme-switch").addEventListener("click", () => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]));
onLanguage(say);
delete page.dataset.unread;
