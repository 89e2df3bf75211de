"""Where chunks whose lengths matter are cut: on the grid, and none much longer than was wanted."""

from fractions import Fraction
from itertools import accumulate, pairwise, product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.placing import place
from lipsync_engine.quiet import GRID

FPS = Fraction(25)
NOTHING = np.zeros(0, np.int16)  # even cuts do not listen


@settings(deadline=None)
@given(
    wanted=st.lists(st.integers(1, 300), min_size=1, max_size=70),
    first=st.integers(0, 50),
)
def test_even_chunks_tile_the_run_and_are_hardly_longer_than_was_wanted(
    wanted: list[int], first: int
) -> None:
    chunks = place(NOTHING, wanted, FPS, first, even=True)

    assert [chunk.first for chunk in chunks] == [first, *(chunk.stop for chunk in chunks[:-1])]
    assert chunks[-1].stop == first + sum(wanted)
    assert all(chunk.count >= 1 for chunk in chunks)
    if min(wanted) > GRID:
        assert all(chunk.first % GRID == 0 for chunk in chunks[1:])
        assert all(c.count <= w + GRID for c, w in zip(chunks, wanted, strict=True))


@settings(max_examples=50, deadline=None)
@given(wanted=st.lists(st.integers(GRID + 1, 60), min_size=2, max_size=5), first=st.integers(0, 20))
def test_no_other_cuts_on_the_grid_are_more_even(wanted: list[int], first: int) -> None:
    ideal = list(accumulate(wanted, initial=first))

    def too_long(edges: list[int]) -> int:
        return max(0, *(b - a - w for (a, b), w in zip(pairwise(edges), wanted, strict=True)))

    around = [
        range((at - GRID // 2) // GRID * GRID, at + GRID // 2 + 1, GRID) for at in ideal[1:-1]
    ]
    best = min(too_long([first, *cuts, ideal[-1]]) for cuts in product(*around))

    chunks = place(NOTHING, wanted, FPS, first, even=True)

    assert too_long([chunk.first for chunk in chunks] + [ideal[-1]]) <= best


def test_sixty_four_chunks_get_four_frames_too_many_at_most() -> None:
    """By nearest grid points, one of them would get eight."""
    wanted = [239 - k // 8 for k in range(64)]

    chunks = place(NOTHING, wanted, FPS, even=True)

    assert max(c.count - w for c, w in zip(chunks, wanted, strict=True)) <= 4
