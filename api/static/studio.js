// The studio: what is said and by whom on one side, the face that becomes a video on the other.

import { $ } from "./dom.js";
import { add } from "./i18n.js";
import words from "./i18n/studio.js";
import { startActions } from "./studio/actions.js";
import { changed, send, startCreate } from "./studio/create.js";
import { guardDrops } from "./studio/drop.js";
import { faceAgain, startFace } from "./studio/face.js";
import { startPreflight } from "./studio/preflight.js";
import { mark, refresh, startRecent } from "./studio/recent.js";
import { setAgain, startSettings } from "./studio/settings.js";
import { sayAgain, startSpeech } from "./studio/speech.js";
import { startWatch, unwatch, watch, watchId, watched } from "./studio/watch.js";

add(words);
guardDrops();
startWatch(refresh);
startCreate(accepted);
startPreflight();
startActions({ again, resend, gone, leave });
$("stage").addEventListener("face", leave);
addEventListener("popstate", fromAddress);
await Promise.all([startSpeech(changed), startFace(changed), startSettings(changed)]);
startRecent(open);
await fromAddress();
document.documentElement.dataset.ready = "";

function accepted(job) {
  address(job.id);
  watch(job);
  refresh();
  if ($("stage").getBoundingClientRect().top < 0 || $("stage").getBoundingClientRect().top > innerHeight * 0.6) $("stage").scrollIntoView({ behavior: "smooth" });
}

function resend(request) {
  return send(Object.fromEntries(Object.entries(request).filter(([, value]) => value !== null)), accepted);
}

function again(request) {
  sayAgain(request);
  setAgain(request);
  faceAgain(request);
  leave();
  $("text").focus();
}

function gone() {
  leave();
  refresh();
}

function leave() {
  if (!watched()) return;
  unwatch();
  address(null);
}

async function open(id) {
  if (await watchId(id)) {
    address(id);
    $("stage").scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
}

/** The address names the job on the stage, so that a reload comes back to it. */
function address(id) {
  mark(id);
  const wanted = id ? `?job=${id}` : location.pathname;
  if (location.pathname + location.search !== wanted && location.search !== wanted) history.pushState(null, "", wanted);
}

async function fromAddress() {
  const id = new URLSearchParams(location.search).get("job");
  if (!id) { unwatch(); mark(null); return; }
  if (await watchId(id)) mark(id);
}
