"""What a chunk costs this worker, learnt from the chunks that it has rendered.

A running least-squares fit of seconds = fixed + per_frame * frames. Each chunk counts by its
relative error, for a long one is not more certain than a short one; older chunks are forgotten
exponentially (recursive least squares with a forgetting factor: Haykin, Adaptive Filter Theory),
because a machine's other guests come and go; and one that took absurdly long, as when its process
was stopped for a while, counts as CLIP times what was expected. A few chunks of like lengths say
little about the two costs apart: then their believed proportion holds the line (ridge regression).
"""

from dataclasses import replace

from lipsync_engine.chunking import ChunkCosts

KEPT = 0.8  # of each chunk's weight, when the next one comes: some five chunks decide
CLIP = 3.0
BELIEVED = (25, 250)  # frames of two chunks that were never rendered, and take what is believed
BELIEF = 0.5  # what each of them counts, against 1 of the last real one


class ChunkTimes:
    """The costs so far; `measured` once a chunk was rendered."""

    def __init__(self, believed: ChunkCosts) -> None:
        """`believed`: before the first chunk; then only the proportion of its two costs counts."""
        self.costs, self.measured = believed, False
        self._believed = believed
        self._flat = believed.fixed_s / believed.per_frame_s  # frames that take the fixed time
        self._sums = [0.0] * 5  # of w, w x, w y, w x x, w x y

    def add(self, n_frames: int, seconds: float) -> None:
        """A chunk took so long, with its messages."""
        if self.measured:
            expected = self.costs.fixed_s + self.costs.per_frame_s * n_frames
            seconds = min(max(seconds, expected / CLIP), expected * CLIP)
        self.measured = True
        row = self._row(n_frames, max(seconds, 1e-6), 1.0)
        self._sums = [KEPT * had + more for had, more in zip(self._sums, row, strict=True)]
        self._fit()

    def _row(self, n_frames: int, seconds: float, counts: float) -> tuple[float, ...]:
        weight = counts * (n_frames + self._flat) ** -2.0  # what it takes at any speed, squared
        terms = (1, n_frames, seconds, n_frames**2, n_frames * seconds)
        return tuple(weight * term for term in terms)

    def _fit(self) -> None:
        """The least weighted squares; no cost is below nothing."""
        fixed, frame = self._believed.fixed_s, self._believed.per_frame_s
        w, x, y, xx, xy = self._sums
        speed = (fixed * y + frame * xy) / (fixed**2 * w + 2 * fixed * frame * x + frame**2 * xx)
        held = [self._row(n, speed * (fixed + frame * n), BELIEF) for n in BELIEVED]
        w, x, y, xx, xy = (sum(each) for each in zip(self._sums, *held, strict=True))
        slope = (w * xy - x * y) / (w * xx - x * x)
        rest = (y - slope * x) / w
        if rest < 0:
            rest, slope = 0.0, xy / xx
        elif slope <= 0:
            rest, slope = speed * fixed, speed * frame
        self.costs = replace(self.costs, fixed_s=rest, per_frame_s=slope)
