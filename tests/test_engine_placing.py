"""Where chunks whose lengths matter are cut: on the grid, as long as was wanted, so that workers
who begin one after the other end together."""

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.levelling import levelled
from lipsync_engine.placing import computed, place
from lipsync_engine.pulling import Pace, played, pulled
from lipsync_engine.quiet import GRID
from lipsync_engine.timeline import FrameRange

FPS = Fraction(25)
NOTHING = np.zeros(0, np.int16)  # even cuts do not listen
LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=70)


@settings(deadline=None)
@given(wanted=LENGTHS, first=st.integers(0, 50))
def test_even_chunks_tile_the_run_on_the_grid(wanted: list[int], first: int) -> None:
    chunks = place(NOTHING, wanted, FPS, first, even=True)

    assert [chunk.first for chunk in chunks] == [first, *(chunk.stop for chunk in chunks[:-1])]
    assert chunks[-1].stop == first + sum(wanted)
    assert all(chunk.count >= 1 for chunk in chunks)
    if min(wanted) > GRID:
        assert all(chunk.first % GRID == 0 for chunk in chunks[1:])


@settings(deadline=None)
@given(
    wanted=LENGTHS,
    crew=st.lists(st.builds(Pace, st.floats(0, 1), st.floats(0.001, 0.1)), min_size=1, max_size=70),
)
def test_levelled_lengths_are_placed_to_the_frame(wanted: list[int], crew: list[Pace]) -> None:
    found = levelled(wanted, crew, GRID)

    assert (len(found), sum(found)) == (len(wanted), sum(wanted))
    assert min(found) >= 1
    if min(wanted) > GRID:
        assert all(length % GRID == 0 for length in found[:-1])
        assert [c.count for c in place(NOTHING, found, FPS, even=True)] == list(found)


def test_a_chunk_costs_whole_batches() -> None:
    assert [computed(FrameRange(*run)) for run in ((0, 24), (24, 26), (3, 1), (7, 2), (8, 8))] == [
        24, 32, 8, 16, 8,
    ]  # fmt: skip


@settings(deadline=None)
@given(workers=st.integers(2, 64), each=st.integers(40, 400), turn_s=st.floats(0, 0.003))
def test_like_workers_end_within_a_batch_of_each_other(
    workers: int, each: int, turn_s: float
) -> None:
    """Equal chunks end as far from each other as their messages came, and the grid adds to it."""
    crew = [Pace(0.05, 0.02, turn * turn_s) for turn in range(workers)]

    found = levelled([each] * workers, crew, GRID)

    ends = [end for end, _ in played(found, crew)]
    assert max(ends[:-1], default=0) - min(ends[:-1], default=0) <= GRID * 0.02 + 1e-9
    assert pulled(found, crew) <= pulled([each] * workers, crew) + GRID * 0.02
