"""Whom a job is planned for: ready workers, as they were measured, with what they have in hand."""

from dataclasses import replace
from fractions import Fraction

import pytest

from lipsync_engine.chunking import costs_of
from lipsync_engine.pulling import Pace
from tasks.contract import JobRequest
from tasks.cutting import early_frames
from tasks.house import WorkerInfo
from tasks.paces import chosen, like, paces
from tasks.settings import Settings

MEASURED = WorkerInfo(
    "a", "render", "viseme", True, "cores 0", 1, fixed_s=0.1, per_frame_s=0.02, frames_left=50
)
NEW = WorkerInfo("b", "render", "viseme", True, "cores 1", 1)


def test_a_worker_is_free_when_what_it_has_in_hand_is_done() -> None:
    assert paces([MEASURED], waiting=0) == (Pace(0.1, 0.02, free_s=1.0),)


def test_where_chunks_of_others_wait_all_are_thought_to_be_free_together() -> None:
    assert paces([MEASURED], waiting=3) == (Pace(0.1, 0.02),)


def test_a_new_worker_is_taken_for_the_median_of_the_others_or_for_the_table() -> None:
    slow = replace(MEASURED, name="c", fixed_s=0.3, per_frame_s=0.04)
    table = costs_of("viseme")

    assert paces([MEASURED, slow, NEW], waiting=1)[2] == Pace(0.2, 0.03)
    assert paces([NEW], waiting=0) == (Pace(table.fixed_s, table.per_frame_s),)
    assert paces([], waiting=0) == ()


def test_who_differs_little_from_the_others_is_like_them() -> None:
    near = [replace(MEASURED, name=name, per_frame_s=0.02 * by, frames_left=0)
            for name, by in (("a", 0.95), ("b", 1.0), ("c", 1.06))]  # fmt: skip
    far = replace(near[0], name="d", per_frame_s=0.03)

    assert set(paces(near, waiting=0)) == {Pace(0.1, 0.02)}
    assert [pace.per_frame_s for pace in paces([*near[:2], near[1], far], waiting=0)] == [
        0.02, 0.02, 0.02, 0.03,
    ]  # fmt: skip


def test_the_crew_is_as_large_as_was_asked_for() -> None:
    ready = (Pace(0.1, 0.03), Pace(0.1, 0.01, free_s=2.0), Pace(0.1, 0.02))

    assert chosen(ready, None, "viseme") == (ready[2], ready[0], ready[1])
    assert chosen(ready, 2, "viseme") == (ready[2], ready[0])
    assert chosen(ready, 5, "viseme")[3:] == (Pace(0.1, 0.02),) * 2
    assert chosen((), 3, "wav2lip") == like("wav2lip", 3)
    assert len(chosen((), None, "viseme")) == 1


@pytest.mark.parametrize(
    ("early_s", "wanted", "frames"),
    [(2.0, None, 60), (2.0, 4, 60), (2.0, 1, 0), (0, None, 0), (-3, None, 0)],
)
def test_who_asks_for_one_piece_gets_no_short_first_chunk(
    early_s: float, wanted: int | None, frames: int
) -> None:
    request = JobRequest(text="Hello", num_workers=wanted)

    assert early_frames(request, Fraction(30), Settings(early_s=early_s)) == frames
