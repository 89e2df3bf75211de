// Where two videos differ, amplified: painted one over the other in "difference" mode.

export const AMPLIFIED = 16; // times; the browser's filter does it, no pixel is read back

/** A painter on `canvas`: `paint()` shows |one − many| of the frames that are on the screen. */
export function difference(canvas, one, many) {
  const context = canvas.getContext("2d", { alpha: false });
  return {
    paint() {
      if (!one.videoWidth || !many.videoWidth) return;
      if (canvas.width !== one.videoWidth) Object.assign(canvas, { width: one.videoWidth, height: one.videoHeight });
      context.globalCompositeOperation = "copy";
      context.drawImage(one, 0, 0);
      context.globalCompositeOperation = "difference";
      context.drawImage(many, 0, 0);
      context.globalCompositeOperation = "lighter"; // added to itself: 2, 4, 8, 16 times
      for (let times = 1; times < AMPLIFIED; times *= 2) context.drawImage(canvas, 0, 0);
    },
  };
}
