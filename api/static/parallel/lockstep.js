// Two videos that play as one: one play button, one scrubber, the same frame on both sides.

const SEEK = 0.12; // s apart: beyond this a jump is less visible than catching up
const STEER = 0.01; // s apart that is let be: less than half a frame

/** Bind `leader` and `follower`, two <video>; `fps` frames a second, `n` frames. `onFrame(frame, drift)` is
 * called for each frame that the leader shows, with how far the follower is from it, in seconds. */
export function lockstep(leader, follower, { fps, n, onFrame, onState }) {
  const both = [leader, follower];
  const middle = (frame) => (frame + 0.5) / fps; // no rounding can make that another frame
  const shown = { leader: 0, follower: 0 }; // media times of the frames on the screen
  let closed = false;
  let wanted = null; // a frame to go to as soon as both have ended their last jump
  watch(leader, "leader");
  watch(follower, "follower");
  const on = { pause: settle, ended: settle, play: () => state(), seeked: next };
  for (const [name, call] of Object.entries(on)) leader.addEventListener(name, call);
  follower.addEventListener("seeked", next);

  /** Every presented frame, as the browser presents it. */
  function watch(video, name) {
    const step = (_, { mediaTime }) => {
      if (closed) return;
      shown[name] = mediaTime;
      if (name === "leader") steer();
      tell();
      video.requestVideoFrameCallback(step);
    };
    video.requestVideoFrameCallback(step);
  }

  function steer() {
    if (leader.paused || follower.seeking) return;
    const drift = follower.currentTime - leader.currentTime;
    if (follower.paused) follower.play().catch(() => {});
    if (Math.abs(drift) > SEEK) follower.currentTime = leader.currentTime;
    follower.playbackRate = Math.abs(drift) > STEER ? 1 - Math.max(-0.25, Math.min(0.25, 2 * drift)) : 1;
  }

  const frame = () => Math.min(n - 1, Math.max(0, Math.floor(shown.leader * fps + 0.25)));
  // While they play, one video's callback comes before the other's: their clocks tell, not their frames.
  const apart = () => (leader.paused ? shown.follower - shown.leader : follower.currentTime - leader.currentTime);
  const tell = () => onFrame(frame(), apart());
  const state = () => onState(!leader.paused && !leader.ended);

  /** Both stand still, on the same frame. */
  function settle() {
    if (closed) return;
    both.forEach((video) => video.pause());
    follower.playbackRate = 1;
    go(leader.ended ? n - 1 : Math.min(n - 1, Math.floor(leader.currentTime * fps + 0.01)));
    state();
  }

  function go(to) {
    wanted = Math.max(0, Math.min(n - 1, Math.round(to)));
    next();
  }

  function next() {
    if (wanted === null || both.some((video) => video.seeking)) return;
    const at = middle(wanted);
    wanted = null;
    both.forEach((video) => { video.currentTime = at; });
  }

  return {
    frame,
    go,
    async toggle() {
      if (!leader.paused && !leader.ended) return leader.pause();
      if (leader.ended || frame() >= n - 1) both.forEach((video) => { video.currentTime = 0; });
      await Promise.allSettled(both.map((video) => video.play()));
      state();
      return undefined;
    },
    step(frames) {
      both.forEach((video) => video.pause());
      go(frame() + frames);
    },
    close() {
      closed = true;
      for (const [name, call] of Object.entries(on)) leader.removeEventListener(name, call);
      follower.removeEventListener("seeked", next);
      both.forEach((video) => video.pause());
    },
  };
}
