"""The digest of a run of pictures: blind to cuts, and to nothing else."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lipsync_engine.digest import Digest, append_to, read_from
from lipsync_engine.video import encode_chunk
from tests.stamped import stamps

PICTURES = stamps(range(12), 32, 32)


def digest_of(pictures: np.ndarray) -> Digest:
    whole = Digest()
    for picture in pictures:
        whole = whole.add(picture)
    return whole


@given(st.sets(st.integers(0, 12)))
def test_however_a_run_is_cut_its_parts_joined_are_the_whole(cuts: set[int]) -> None:
    edges = [0, *sorted(cuts), 12]

    joined = Digest()
    for first, stop in pairwise(edges):
        joined = joined.then(digest_of(PICTURES[first:stop]))

    assert joined == digest_of(PICTURES)


@given(st.integers(0, 11), st.integers(0, 31), st.integers(0, 31))
def test_one_value_that_is_off_by_one_is_another_digest(frame: int, row: int, column: int) -> None:
    other = PICTURES.copy()
    other[frame, row, column, 0] ^= 1

    assert digest_of(other) != digest_of(PICTURES)


@given(st.permutations(range(12)))
def test_two_pictures_that_changed_places_are_another_digest(order: list[int]) -> None:
    same = list(order) == sorted(order)

    assert (digest_of(PICTURES[list(order)]) == digest_of(PICTURES)) is same


def test_a_chunk_carries_its_digest_and_players_pass_over_it(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole.mp4", [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    encode_chunk([PICTURES], whole, Fraction(25))
    encode_chunk([PICTURES[:5]], parts[0], Fraction(25))
    encode_chunk([PICTURES[5:]], parts[1], Fraction(25))

    a, b, together = (read_from(path) for path in (*parts, whole))

    assert a is not None
    assert b is not None
    assert a.then(b) == together
    with av.open(str(whole)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 12


def test_a_file_without_one_has_none(tmp_path: Path) -> None:
    path = tmp_path / "any"
    for content in (b"", b"short", bytes(500)):
        path.write_bytes(content)

        assert read_from(path) is None

    append_to(path, Digest(3, 2**126))
    assert read_from(path) == Digest(3, 2**126)
