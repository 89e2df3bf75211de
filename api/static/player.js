// Plays a growing HLS stream in a <video>: by the browser itself where that is Apple's, else by hls.js.

const TYPE = "application/vnd.apple.mpegurl";
const TRIES = 5; // of a stream that breaks, before it is left alone: the MP4 comes in any case

/** Play `url` in `video` from its beginning. `headers` go with each request, such as the key's. */
export function attach(video, url, { headers = {} } = {}) {
  // Other browsers that say they can do it begin at the live end, or send no headers.
  const own = /apple/i.test(navigator.vendor) && video.canPlayType(TYPE) !== "" && !Object.keys(headers).length;
  if (own) {
    video.src = url;
    return { destroy() { video.removeAttribute("src"); } };
  }
  let hls = null, left = false;
  import("./vendor/hls/hls.min.mjs").then(({ default: Hls }) => {
    if (left || !Hls.isSupported()) return;
    hls = new Hls({
      startPosition: 0,
      enableWorker: false, // it would need a wider CSP
      renderTextTracksNatively: false, // the page has captions of its own, and the stream's would stand beside them
      xhrSetup: (request) => { for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value); },
    });
    let tries = 0;
    hls.on(Hls.Events.ERROR, (_event, { fatal, type }) => {
      if (!fatal) return;
      if (tries++ === TRIES) hls.destroy();
      else if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError();
      else setTimeout(() => { if (!left) hls.loadSource(url); }, 1000);
    });
    hls.loadSource(url);
    hls.attachMedia(video);
  });
  return { destroy() { left = true; hls?.destroy(); } };
}
