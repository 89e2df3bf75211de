"""What a renderer says after each batch, and what it is told: go on, or stop.

A cancel must be seen within two batches, and a store must not be asked after
every 5 ms of work. So frames are written down every half second (that syncs the
store's file); in between, the record is only looked at (0.5 ms with both cores busy), at most every
50 ms. A batch that takes longer than that is followed by a look each time.
"""

import time
from collections.abc import Callable

from tasks.attempt import Attempt
from tasks.errors import StoreError
from tasks.keeper import Keeper

WRITTEN_S = 0.5
ASKED_S = 0.05


class Progress:
    """`note` of `tasks.render.Renderer.render`, for one attempt at a chunk."""

    def __init__(
        self, attempt: Attempt, keeper: Keeper, show: Callable[[int], None] = lambda _done: None
    ) -> None:
        """`show`: told the frames done after every batch; must cost nothing."""
        self._attempt, self._keeper, self._show = attempt, keeper, show
        self._written_at = self._asked_at = time.monotonic()

    def __call__(self, frames_done: int) -> bool:
        """Whether to go on. A store that does not answer is no reason to stop."""
        self._keeper.moved()
        self._show(frames_done)
        now = time.monotonic()
        if self._keeper.lost:
            return False
        if now - self._written_at >= WRITTEN_S:
            self._written_at = self._asked_at = now
            return self._write(frames_done)
        if now - self._asked_at >= ASKED_S:
            self._asked_at = now
            return self._attempt.mine()
        return True

    def _write(self, frames_done: int) -> bool:
        work = self._attempt
        try:
            return work.records.note_progress(work.job_id, int(work.piece), work.fence, frames_done)
        except StoreError:
            return True
