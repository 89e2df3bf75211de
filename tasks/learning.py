"""What a chunk costs this worker, learnt from the chunks that it has rendered.

A running least-squares fit of seconds = fixed + per_frame * frames. Each chunk counts by its
relative error, for a long one is not more certain than a short one; older chunks are forgotten
exponentially (recursive least squares with a forgetting factor: Haykin, Adaptive Filter Theory),
because a machine's other guests come and go; and one that took absurdly long, as when its process
was stopped for a while, counts as CLIP times what was expected.
"""

from dataclasses import replace

from lipsync_engine.chunking import ChunkCosts

KEPT = 0.8  # of each chunk's weight, when the next one comes: some five chunks decide
CLIP = 3.0
BELIEVED = (25, 250)  # frames: two chunks that were never rendered hold the line in the beginning


class ChunkTimes:
    """The costs so far; `measured` once a chunk was rendered."""

    def __init__(self, believed: ChunkCosts) -> None:
        """`believed`: before the first chunk; only the proportion of its two costs matters then."""
        self.costs, self.measured = believed, False
        self._flat = believed.fixed_s / believed.per_frame_s  # frames that take the fixed time
        self._sums = [0.0] * 5  # of w, w x, w y, w x x, w x y

    def add(self, n_frames: int, seconds: float) -> None:
        """A chunk took so long, with its messages."""
        expected = self._expected(n_frames)
        if not self.measured:
            share = max(seconds, 1e-6) / expected
            self._set(self.costs.fixed_s * share, self.costs.per_frame_s * share)
            for believed in BELIEVED:
                self._count(believed, self._expected(believed))
            self.measured = True
        else:
            self._sums = [KEPT * each for each in self._sums]
            self._count(n_frames, min(max(seconds, expected / CLIP), expected * CLIP))
            self._fit()

    def _expected(self, n_frames: int) -> float:
        return self.costs.fixed_s + self.costs.per_frame_s * n_frames

    def _count(self, n_frames: int, seconds: float) -> None:
        weight = (n_frames + self._flat) ** -2.0  # what it takes at any speed, squared
        row = (1, n_frames, seconds, n_frames**2, n_frames * seconds)
        self._sums = [had + weight * more for had, more in zip(self._sums, row, strict=True)]

    def _fit(self) -> None:
        """The least weighted squares; no cost is below nothing."""
        w, x, y, xx, xy = self._sums
        per_frame = (w * xy - x * y) / (w * xx - x * x)
        fixed = (y - per_frame * x) / w
        if fixed < 0:
            fixed, per_frame = 0.0, xy / xx
        elif per_frame <= 0:  # all that was rendered lately is of one length, and they differ
            share = y / (w * self.costs.fixed_s + x * self.costs.per_frame_s)
            fixed, per_frame = self.costs.fixed_s * share, self.costs.per_frame_s * share
        self._set(fixed, per_frame)

    def _set(self, fixed_s: float, per_frame_s: float) -> None:
        self.costs = replace(self.costs, fixed_s=fixed_s, per_frame_s=per_frame_s)
