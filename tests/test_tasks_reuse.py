"""Reuse by content: what was rendered before, and only that, is not rendered again."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine import avatar
from lipsync_engine.look import Look
from lipsync_engine.viseme.generator import VisemeGenerator
from tasks.blueprint import Plan
from tasks.contract import JobRequest
from tasks.cutting import MAX_CHUNK_FRAMES, cut
from tasks.known import MAX_KNOWN, Known, KnownChunks
from tasks.paces import like
from tasks.plan import Capacity, make_plan
from tasks.render import Renderer
from tasks.reuse import Reuse, best_cover
from tasks.settings import Settings
from tasks.storage import RedisStorage, read
from tasks.stores import connect
from tasks.versions import Renderers
from tests.generators import Stamp, read_stamp

SECOND = 16_000  # samples
FPS = Fraction(25)
OPENING = (
    "The house stands on a hill above the river. In spring the water reaches the garden wall. "
    "Nobody remembers who built it, and nobody has asked for years. "
)


class House:
    """A generator at a real blob store, and a planner that knows what it has rendered."""

    def __init__(self, blob_url: str, generator: Stamp | VisemeGenerator) -> None:
        client = connect(blob_url)
        self.client, self.settings = client, Settings()
        self.storage = RedisStorage(client)
        self.known = KnownChunks(client, 600)
        self.renderer = Renderer(generator, self.storage, self.settings, self.known)
        self.reuse = Reuse(Renderers(self.renderer.fingerprint, generator.context), self.known)

    def planned(self, request: JobRequest, workers: int = 3) -> Plan:
        """As a cpu worker plans it."""
        crew = like("stamp", workers)
        return make_plan(
            request, self.storage, self.settings, Capacity(crew), lambda _: None, self.reuse
        )

    def rendered(self, plan: Plan) -> list[str]:
        """Blob keys of all chunks, rendered where they are not there."""
        return [
            chunk.key or self.renderer.render(plan, chunk, lambda _: True).key
            for chunk in plan.chunks
        ]

    def shown(self, keys: list[str], folder: Path) -> Iterator[int]:
        """The numbers stamped into the frames of some chunks."""
        for key in keys:
            path = folder / "chunk.mp4"
            path.write_bytes(read(self.storage, key))
            with av.open(str(path)) as container:
                for frame in container.decode(video=0):
                    yield read_stamp(frame.to_ndarray(format="bgr24"))


@pytest.fixture
def house(blob_store: str) -> House:
    return House(blob_store, Stamp())


def text(words: str, **changes: object) -> JobRequest:
    return JobRequest(text=words, language="en", generator="stamp", **changes)  # type: ignore[arg-type]


def sound(seconds: float, seed: int = 0) -> NDArray[np.int16]:
    """(n_samples,) of noise, at 16 kHz."""
    rng = np.random.default_rng(seed)
    return rng.integers(-9000, 9000, int(seconds * SECOND), dtype=np.int16)


def film(house: House, pcm: NDArray[np.int16], face: str | None = None, workers: int = 4) -> Plan:
    """A plan for a canonical sound as it is."""
    n_frames = len(pcm) * 25 // SECOND
    face = face or house.storage.put(avatar.default_face().to_bytes(), 600).key
    sound = house.storage.put(pcm.tobytes(), 600).key
    folder = Path(house.client.config_get("dir")["dir"])
    known = house.reuse.find(face, FPS, Look(), pcm.tobytes(), n_frames, house.storage, folder)
    chunks = cut(pcm, n_frames, FPS, like("stamp", workers), known)
    return Plan(text("x"), FPS, n_frames, len(pcm), chunks, sound, "", ".wav", face)


# -- choosing ----------------------------------------------------------------------------

ranges = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 12)), max_size=9, unique=True)


@given(ranges)
def test_the_chosen_chunks_leave_the_fewest_frames_to_render(cuts: list[tuple[int, int]]) -> None:
    known = [Known(first, count, "", "") for first, count in cuts]

    chosen = best_cover(known)

    def fits(some: tuple[Known, ...]) -> bool:
        ordered = sorted(some, key=lambda one: one.first_frame)
        return all(one.stop <= after.first_frame for one, after in pairwise(ordered))

    def score(some: tuple[Known, ...]) -> tuple[int, int]:
        return sum(one.n_frames for one in some), -len(some)

    every = (some for n in range(len(known) + 1) for some in combinations(known, n))
    assert fits(chosen)
    assert list(chosen) == sorted(chosen, key=lambda one: one.first_frame)
    assert score(chosen) == max(score(some) for some in every if fits(some))


@settings(deadline=None)
@given(
    cuts=ranges,
    n_frames=st.integers(42, 20_000),
    workers=st.integers(1, 5),
    early=st.sampled_from([0, 50]),
)
def test_reused_and_new_chunks_tile_the_job(
    cuts: list[tuple[int, int]], n_frames: int, workers: int, early: int
) -> None:
    known = best_cover(Known(first, count, "", f"blob_{first}") for first, count in cuts)
    pcm = np.zeros(n_frames * 640, np.int16)

    chunks = cut(pcm, n_frames, FPS, like("viseme", workers), known, early)

    edges = [0, *(chunk.first_frame + chunk.n_frames for chunk in chunks)]
    assert [chunk.first_frame for chunk in chunks] == edges[:-1]
    assert edges[-1] == n_frames
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert [c.key for c in chunks if c.key] == [one.key for one in known]
    assert all(0 < c.n_frames <= 2 * MAX_CHUNK_FRAMES for c in chunks if not c.key)


# -- texts -------------------------------------------------------------------------------


def test_a_job_sent_again_renders_nothing(house: House) -> None:
    first = house.planned(text(OPENING))
    keys = house.rendered(first)

    again = house.planned(text(OPENING), workers=5)

    assert again.to_render == ()
    assert [chunk.key for chunk in again.chunks] == keys


def test_an_edited_last_sentence_renders_only_the_end(house: House, tmp_path: Path) -> None:
    first = house.planned(text(OPENING + "It may be three hundred years old."))
    house.rendered(first)

    edited = house.planned(text(OPENING + "A gardener comes on Fridays, and brings his dog."))

    reused = [chunk for chunk in edited.chunks if chunk.key]
    assert [chunk.index for chunk in reused] == list(range(len(first.chunks) - 1))
    assert edited.to_render[0] == len(reused)
    shown = house.shown(house.rendered(edited), tmp_path)
    assert list(shown) == list(range(edited.n_frames))


def test_reused_chunks_are_the_bytes_that_rendering_would_give(blob_store: str) -> None:
    house = House(blob_store, VisemeGenerator("cpu"))
    opening = OPENING.split(". ")[0] + ". In spring the water comes. "
    first = house.planned(text(opening + "Old.", fps="5"), workers=9)
    rendered = house.renderer.render(first, first.chunks[1], lambda _: True)

    edited = house.planned(text(opening + "New, as everything.", fps="5"), workers=9)

    (reused,) = (chunk for chunk in edited.chunks if chunk.key)
    assert reused.key == rendered.key
    assert house.renderer.render(edited, reused, lambda _: True).key == rendered.key


# -- what is determined by what ------------------------------------------------------------


def test_an_edit_in_the_middle_that_keeps_the_length_leaves_both_sides(house: House) -> None:
    pcm = sound(12)
    house.rendered(film(house, pcm))
    edited = pcm.copy()
    edited[5 * SECOND : 5 * SECOND + 800] = 0

    plan = film(house, edited)

    kept = [chunk for chunk in plan.chunks if chunk.key]
    assert (kept[0].first_frame, kept[-1].first_frame + kept[-1].n_frames) == (0, 300)
    assert 200 <= sum(chunk.n_frames for chunk in kept) < 300
    assert not any(c.first_frame <= 125 < c.first_frame + c.n_frames for c in kept)


def test_a_longer_sound_leaves_what_does_not_hear_the_end(house: House) -> None:
    pcm = sound(12)
    house.rendered(film(house, pcm))

    plan = film(house, np.concatenate([pcm, sound(4, seed=1)]))

    assert [chunk.index for chunk in plan.chunks if chunk.key] == [0, 1, 2]


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"blink": False}, {"fps": "30"}, {"paste": "reference"}], ids=str
)
def test_another_look_or_frame_rate_is_another_scene(
    house: House, changes: dict[str, object]
) -> None:
    house.rendered(house.planned(text("Short.")))

    assert house.planned(text("Short.", num_workers=2)).to_render == ()
    assert house.planned(text("Short.", **changes)).to_render == (0,)


def test_another_face_or_fingerprint_is_another_scene(house: House) -> None:
    pcm = sound(2)
    house.rendered(film(house, pcm))
    other = Reuse(replace(house.reuse.renderers, fingerprint="newer"), house.known)

    assert film(house, pcm).to_render == ()
    assert len(film(house, pcm, face="blob_of_another").to_render) > 0
    house.reuse = other
    assert len(film(house, pcm).to_render) > 0


# -- a hit is verified -------------------------------------------------------------------


def test_a_damaged_chunk_is_not_used_and_can_be_stored_anew(house: House) -> None:
    pcm = sound(8)
    first = film(house, pcm)
    keys = house.rendered(first)
    part = max(house.client.keys("lipchord:part:*"), key=lambda key: key in _parts(house, keys[1]))
    house.client.setrange(part, 300, b"rot")

    plan = film(house, pcm)

    assert plan.to_render == (1,)
    assert house.rendered(plan) == keys
    assert house.storage.verify(keys[1])
    assert film(house, pcm).to_render == ()


def test_a_chunk_of_a_wrong_length_and_one_that_is_gone_are_forgotten(house: House) -> None:
    pcm = sound(8)
    keys = house.rendered(film(house, pcm))
    scene = house.client.keys("lipchord:scene:*")[0].decode().rpartition(":")[2]
    known = {one.key: one for one in house.known.of(scene)}
    house.known.drop(scene, known[keys[0]])
    (longer,) = house.rendered(film(house, sound(3, seed=5), workers=1))
    house.known.add(scene, replace(known[keys[0]], key=longer))
    house.storage.delete(keys[2])

    plan = film(house, pcm)

    assert 0 in plan.to_render
    assert len(house.known.of(scene)) == len(keys) - 2 + 1


def _parts(house: House, key: str) -> list[bytes]:
    manifest = house.client.get(f"lipchord:{key}")
    return [name for name in house.client.keys("lipchord:part:*") if name[-64:] in manifest]


def test_the_index_is_bounded_and_keeps_the_latest(house: House) -> None:
    for number in range(MAX_KNOWN + 5):
        house.known.add("scene", Known(number, 1, "h", "blob_x"))

    found = house.known.of("scene")

    assert len(found) == MAX_KNOWN
    assert found[0].first_frame == MAX_KNOWN + 4
    assert house.client.ttl("lipchord:scene:scene") > 0
