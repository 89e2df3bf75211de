// What several pages say, in English.

export default {
  "skip": "Skip to content",
  "pages": "Pages",
  "nav-studio": "Studio", "nav-compare": "Side by side", "nav-api": "API", "nav-flower": "Flower",
  "theme": "Theme: {theme}", "theme-auto": "as the system", "theme-dark": "dark", "theme-light": "light",
  "seconds": "{s} s", "minutes": "{min} min {s} s", "hours": "{h} h {min} min", "just-now": "just now",
  "needs-script": "This page needs JavaScript. The API does not.",
  "strip": "Chunks",
  "chunk": "Chunk {i} of {n}", "chunk-queued": "waiting", "chunk-rendering": "{percent} % on {worker}",
  "chunk-done": "done by {worker}", "chunk-done-in": "done by {worker} in {time}", "chunk-reused": "reused, nothing to render",
  "chunk-tries": { one: "{n} attempt", other: "{n} attempts" },
  "legend-reused": { one: "{n} reused", other: "{n} reused" },
  "legend-retried": { one: "{n} retried", other: "{n} retried" },
  "legend-waiting": { one: "{n} waiting", other: "{n} waiting" },
  "legend-at": "chunk {i}, {percent} %", "legend-done": { one: "{n} done", other: "{n} done" },
  "what-to-do": "What to do",
  "no-answer": "The service did not answer", "no-answer-detail": "Check that it runs and that you are connected, then try again.",
  "key-title": "An API key, please",
  "key-why": "This house asks for one. It is kept in this tab only, until you close it.",
  "key-wrong": "This key is not known here. Check it and try again.",
  "key": "API key", "key-use": "Use it", "cancel": "Cancel",
};
