// Runs before the first paint: the theme and the language that were chosen here before.
(() => {
  const kept = (name) => { try { return localStorage.getItem(`lipchord.${name}`); } catch { return null; } };
  const page = document.documentElement;
  const theme = kept("theme");
  if (theme) page.dataset.theme = theme;
  const language = kept("language") ?? (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => ["en", "ru"].includes(tag)) ?? "en";
  page.lang = language;
  if (language !== "en") page.dataset.unread = ""; // English until i18n.js has put the words in
})();
