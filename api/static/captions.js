// Captions under a video: a <track> of its job, and a checkbox that shows it. The choice is remembered.

import { media } from "./api.js";
import { make } from "./dom.js";
import { t } from "./i18n.js";

const REMEMBERED = "lipchord.captions";

/** Bind the checkbox `box` to the captions of the videos that `videos()` gives; off until somebody wants them. */
export function startCaptions(box, videos) {
  try {
    box.checked = localStorage.getItem(REMEMBERED) === "on";
  } catch { /* off, then */ }
  const apply = () => videos().forEach((video) => show(video, box.checked));
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(REMEMBERED, box.checked ? "on" : "off");
    } catch { /* for this page only */ }
    apply();
  });
  return apply;
}

/** Give `video` the captions of `job` (a JobView), hidden; takes away those of another. Says whether there are any. */
export async function addCaptions(video, job) {
  const address = job?.links.captions ?? null;
  const before = video.querySelector("track");
  if (before?.dataset.of === address) return true;
  before?.remove();
  if (!address) return false;
  const track = make("track", { kind: "captions", srclang: job.request.language, label: t("captions"), data: { of: address } });
  video.append(track); // at once: whoever asks again meanwhile finds it
  const source = await media(address).catch(() => null);
  if (source) track.src = source;
  else track.remove();
  return source !== null;
}

/** A stream may bring captions of its own: ours are there before it and after it, so only they are shown. */
function show(video, wanted) {
  const own = video.querySelector("track")?.track;
  for (const track of video.textTracks) track.mode = wanted && track === own ? "showing" : "disabled";
}
