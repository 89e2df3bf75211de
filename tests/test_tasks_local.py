"""The same plan, render and merge in one process, and the earlier service's names for it."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
import pytest

from lipsync_engine import avatar, speech
from lipsync_engine.errors import InputError
from merge.errors import MergeError
from tasks import services
from tasks.contract import JobRequest
from tasks.local import render_locally
from tasks.plan import Capacity, make_plan
from tasks.render import Renderer
from tasks.settings import Settings
from tasks.stitch import stitch
from tasks.storage import MemoryStorage
from tests.generators import Stamp, read_stamp
from tests.workers import EXTRA

HELLO = JobRequest(text="Hello there. This is a test.", language="en", generator="stamp")


@pytest.fixture(autouse=True)
def _stamp_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCHORD_EXTRA_GENERATORS", EXTRA)


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    text = "A sentence to be cut. Another sentence after a pause. And one more, to be sure."
    return speech.synthesize(text, "en", None, 165, 50, folder).track


@pytest.fixture
def stamping() -> services.LipsyncService:
    return services.LipsyncService(generator="stamp")


def shown(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [read_stamp(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def sound(path: Path) -> Iterator[np.ndarray]:
    with av.open(str(path)) as container:
        yield from (frame.to_ndarray() for frame in container.decode(audio=0))


def test_a_text_becomes_a_video_in_one_process(tmp_path: Path) -> None:
    out = tmp_path / "hello.mp4"
    told: list[tuple[str, float]] = []

    report = render_locally(
        HELLO, out, Settings(), on_progress=lambda stage, done: told.append((stage, done))
    )

    assert shown(out) == list(range(report.plan.n_frames))
    assert report.plan.n_frames == round(report.plan.speech_seconds * 25)
    assert set(report.timings) == {"setup", "plan", "render", "merge"}
    assert told[-1] == ("merge", 1.0)
    assert ("render", 1.0) in told


def test_a_sound_file_becomes_a_video_in_one_process(tmp_path: Path, wav: Path) -> None:
    out = tmp_path / "spoken.mp4"

    report = render_locally(replace(HELLO, text=None), out, Settings(), speech_path=wav)

    assert shown(out) == list(range(report.plan.n_frames))
    assert sum(piece.size for piece in sound(out)) > 0


def test_bad_input_ends_before_a_frame_is_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stamp, "render", None)

    with pytest.raises(InputError):
        render_locally(replace(HELLO, text="🙂"), tmp_path / "no.mp4", Settings())

    assert not (tmp_path / "no.mp4").exists()


def test_a_sound_is_split_on_the_frame_grid(wav: Path, tmp_path: Path) -> None:
    chunks = services.split_audio_file(wav, 3, tmp_path)

    assert len(chunks) == 3
    assert chunks[0].frames.first == 0
    for one, after in pairwise(chunks):
        assert one.frames.stop == after.frames.first
    assert chunks[-1].frames.stop == services.frame_count(chunks[0].sound.n_samples, Fraction(25))


def test_split_process_and_merge_make_the_whole_video(
    wav: Path, tmp_path: Path, stamping: services.LipsyncService
) -> None:
    chunks = services.split_audio_file(wav, 3, tmp_path)
    parts = [services.process_chunk_with_service(stamping, chunk, tmp_path) for chunk in chunks]

    out = services.merge_video_chunks(parts, wav, tmp_path / "out.mp4")

    assert shown(Path(out)) == list(range(chunks[-1].frames.stop))


@pytest.mark.parametrize("num_workers", [1, 2, 5])
def test_parallel_makes_what_one_service_makes(
    wav: Path, tmp_path: Path, stamping: services.LipsyncService, num_workers: int
) -> None:
    other = services.LipsyncService(generator="stamp")

    alone = stamping.process_with_preloaded(audio_path=wav, output_path=tmp_path / "alone.mp4")
    together = services.parallel_lipsync_process(
        stamping, other, wav, tmp_path / "together.mp4", num_workers=num_workers
    )

    assert shown(Path(together)) == shown(Path(alone))


def test_a_preloaded_face_is_never_located_again(
    wav: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = tmp_path / "face.png"
    picture.write_bytes(avatar.default_face().images[0])
    service = services.LipsyncService(picture, generator="stamp")
    monkeypatch.setattr(services.locate, "locate", None)

    for name in ("one.mp4", "two.mp4"):
        service.process_with_preloaded(audio_path=wav, output_path=tmp_path / name)

    assert shown(tmp_path / "one.mp4") == shown(tmp_path / "two.mp4")


def test_two_generators_in_one_video_are_allowed_with_a_warning(
    wav: Path, tmp_path: Path, stamping: services.LipsyncService
) -> None:
    other = services.LipsyncService(generator="stamp")
    other.generator.fingerprint = lambda: "another"  # type: ignore[method-assign]

    with pytest.warns(UserWarning, match="look of the video will change"):
        services.parallel_lipsync_process(stamping, other, wav, tmp_path / "both.mp4")


def test_no_workers_and_unlike_frame_rates_are_refused(
    wav: Path, tmp_path: Path, stamping: services.LipsyncService
) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        services.parallel_lipsync_process(stamping, stamping, wav, tmp_path / "x.mp4", 0)
    with pytest.raises(ValueError, match="frame rates differ"):
        services.parallel_lipsync_process(
            stamping, services.LipsyncService(generator="stamp", fps="30"), wav, tmp_path / "x.mp4"
        )


def test_chunks_without_the_sounds_length_are_not_merged(
    wav: Path, tmp_path: Path, stamping: services.LipsyncService
) -> None:
    chunks = services.split_audio_file(wav, 3, tmp_path)
    parts = [services.process_chunk_with_service(stamping, chunk, tmp_path) for chunk in chunks]

    with pytest.raises(MergeError):
        services.merge_video_chunks(parts[:2], wav, tmp_path / "short.mp4")


def test_a_chunk_that_changed_in_the_store_is_never_merged(wav: Path, tmp_path: Path) -> None:
    class Bitrot(MemoryStorage):
        def open(self, key: str) -> BinaryIO:
            whole = bytearray(super().open(key).read())
            if whole[4:8] == b"ftyp":
                whole[len(whole) // 2] ^= 1
            return BytesIO(whole)

    storage = Bitrot()
    settings = Settings()
    request = replace(HELLO, text=None, speech=storage.put(wav.read_bytes(), 60).key)
    plan = make_plan(request, storage, settings, Capacity(), lambda _done: None)
    renderer = Renderer(Stamp(), storage, settings)
    keys = [renderer.render(plan, chunk, lambda _frames: True).key for chunk in plan.chunks]

    with pytest.raises(MergeError):
        stitch(plan, keys, storage, settings)


def test_the_proof_says_that_two_chunks_show_what_one_shows(tmp_path: Path, wav: Path) -> None:
    settings, storage = Settings(), MemoryStorage()
    request = replace(HELLO, text=None, speech=storage.put(wav.read_bytes(), 600).key)
    renderer = Renderer(Stamp(), storage, settings)

    proofs = []
    for workers in (1, 2):
        plan = make_plan(
            replace(request, num_workers=workers), storage, settings, Capacity(), lambda _: None
        )
        keys = [renderer.render(plan, chunk, lambda _: True).key for chunk in plan.chunks]
        assert len(keys) == workers
        proofs.append(stitch(plan, keys, storage, settings).proof)

    one, two = proofs
    assert one == two
    assert one is not None
    assert one.rendered is not None
    assert (one.n_frames, one.codec, one.sound_codec) == (plan.n_frames, "h264", "aac")
    assert abs(one.picture_seconds - one.sound_seconds) < 1 / 25
