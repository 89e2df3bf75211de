"""Chunks and a sound become one MP4 in which another FFmpeg finds every frame, in time."""

import hashlib
import wave
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from independent_reader import decoded, ffmpeg, frames_bgr, packets, sound
from numpy.typing import NDArray
from stamped import number_of, stamps

from lipsync_engine.video import encode_chunk
from merge.errors import MergeError, TrackError, WriteError
from merge.mux import ChunkFile, merge_chunks

RATES = [
    *(Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001)),
    *(Fraction(30), Fraction(50), Fraction(60)),
]
IMPULSES = (0.25, 1.0, 1.75)  # s
SYNC = 0.002  # s


def chunks_of(
    folder: Path, lengths: Sequence[int], fps: Fraction, size: tuple[int, int] = (36, 48)
) -> list[ChunkFile]:
    """Frames 0, 1, 2 … stamped with their numbers, in chunks of these lengths."""
    made, first = [], 0
    for index, n in enumerate(lengths):
        path = folder / f"chunk-{index}.mp4"
        encode_chunk([stamps(range(first, first + n), *size)], path, fps)
        made.append(ChunkFile(path, n))
        first += n
    return made


def wav(
    path: Path,
    seconds: float | Fraction,
    rate: int = 22_050,
    channels: int = 1,
    impulses: Sequence[float] = (),
) -> Path:
    """Faint noise with clicks, 16 bit PCM."""
    n = round(seconds * rate)
    pcm = np.random.default_rng(0).integers(-40, 40, (n, channels)).astype("<i2")
    for time in impulses:
        pcm[round(time * rate)] = 30_000
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())
    return path


def recoded(source: Path, name: str, *options: str) -> Path:
    target = source.with_name(name)
    ffmpeg("-i", source, *options, target)
    return target


def clicks(samples: NDArray[np.float32], rate: int = 48_000) -> list[float]:
    """Seconds at which the sound is loudest, within 0.1 s of each of IMPULSES."""
    near = round(0.1 * rate)
    starts = [round(time * rate) - near for time in IMPULSES]
    return [
        (start + int(np.abs(samples[start : start + 2 * near]).argmax())) / rate for start in starts
    ]


def boxes(path: Path) -> list[bytes]:
    content, place, kinds = path.read_bytes(), 0, []
    while place < len(content):
        kinds.append(content[place + 4 : place + 8])
        place += int.from_bytes(content[place : place + 4], "big")
    return kinds


@settings(max_examples=20, deadline=None)
@given(
    fps=st.sampled_from(RATES),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=5),
    height=st.integers(16, 41),
    width=st.integers(16, 41),
    rounding=st.floats(-0.5, 0.5),
    rate=st.sampled_from([16_000, 22_050, 48_000]),
)
@example(Fraction(25), [1], 16, 16, 0.0, 22_050)
@example(Fraction(60), [1], 17, 17, -0.5, 22_050)
@example(Fraction(30_000, 1001), [1, 1, 60, 1], 16, 16, 0.5, 22_050)
def test_any_chunks_become_exactly_their_frames(
    tmp_path_factory: pytest.TempPathFactory,
    fps: Fraction,
    lengths: list[int],
    height: int,
    width: int,
    rounding: float,
    rate: int,
) -> None:
    folder, n = tmp_path_factory.mktemp("merge"), sum(lengths)
    chunks = chunks_of(folder, lengths, fps, (height, width))
    track = wav(folder / "track.wav", float((n + Fraction(rounding)) / fps), rate)

    facts = merge_chunks(chunks, track, folder / "out.mp4", fps)

    out = decoded(folder / "out.mp4")
    assert [(entry.time, entry.duration) for entry in out] == [(k / fps, 1 / fps) for k in range(n)]
    assert [entry.md5 for entry in out] == [
        entry.md5 for chunk in chunks for entry in decoded(chunk.path)
    ]
    read = frames_bgr(folder / "out.mp4", height + height % 2, width + width % 2)
    assert [number_of(picture) for picture in read] == list(range(n))
    assert len(sound(folder / "out.mp4")) == round(n / fps * 48_000)
    assert (facts.n_frames, facts.fps, facts.width, facts.height) == (
        *(n, fps),
        *(width + width % 2, height + height % 2),
    )
    assert facts.size == (folder / "out.mp4").stat().st_size
    assert abs(facts.audio_duration_s - facts.duration_s) < 1 / fps
    assert boxes(folder / "out.mp4")[:2] == [b"ftyp", b"moov"]


@pytest.mark.parametrize(
    "options",
    [
        ("track.wav",),
        ("track.flac",),
        ("track.m4a", "-c:a", "aac"),
        ("track.m4a", "-c:a", "aac", "-movflags", "+faststart", "-ar", "44100"),
        ("track.mp3", "-c:a", "libmp3lame"),
        ("track.mka", "-c:a", "libopus", "-ar", "48000"),
    ],
    ids=["wav", "flac", "m4a", "m4a 44100", "mp3", "opus"],
)
@pytest.mark.parametrize("rate", [16_000, 22_050, 48_000])
def test_a_click_stays_where_it_was(tmp_path: Path, rate: int, options: tuple[str, ...]) -> None:
    fps = Fraction(30_000, 1001)
    chunks = chunks_of(tmp_path, [1, 40, 19], fps)
    source = wav(tmp_path / "source.wav", 60 / fps, rate, impulses=IMPULSES)
    track = recoded(source, *options)

    merge_chunks(chunks, track, tmp_path / "out.mp4", fps)

    assert clicks(sound(tmp_path / "out.mp4")) == pytest.approx(IMPULSES, abs=SYNC)


def test_aac_is_copied_bit_for_bit(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [25, 25], Fraction(25))
    source = wav(tmp_path / "source.wav", 2.004, 44_100, channels=2)
    track = recoded(source, "track.m4a", "-c:a", "aac")

    facts = merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(25))

    mine, its = packets(tmp_path / "out.mp4", "a"), packets(track, "a")
    assert [entry.md5 for entry in mine] == [entry.md5 for entry in its][: len(mine)]
    assert [entry.time for entry in mine] == [entry.time for entry in its][: len(mine)]
    assert len(its) - len(mine) <= 1
    assert facts.audio_duration_s == pytest.approx(2.0, abs=1 / 44_100)


def test_aac_that_ends_too_early_is_encoded_with_silence_behind(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [50], Fraction(25))
    track = recoded(wav(tmp_path / "source.wav", 1.94), "track.m4a", "-c:a", "aac")

    facts = merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(25))

    assert facts.audio_duration_s == 2.0
    assert np.abs(sound(tmp_path / "out.mp4")[-1000:]).max() < 1e-3


@pytest.mark.parametrize("shift", ["gt(N\\,20)*1500", "1500+1024"], ids=["gap", "late start"])
def test_aac_off_its_time_is_joined_as_the_generator_heard_it(tmp_path: Path, shift: str) -> None:
    chunks = chunks_of(tmp_path, [60], Fraction(30))
    source = wav(tmp_path / "source.wav", 2.0, 22_050, impulses=IMPULSES)
    track = recoded(
        recoded(source, "whole.m4a", "-c:a", "aac"),
        *("track.m4a", "-c", "copy", "-bsf:a", f"setts=ts=TS+{shift}"),
    )

    merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(30))

    heard = clicks(sound(track))
    assert clicks(sound(tmp_path / "out.mp4")) == pytest.approx(heard, abs=SYNC)


def test_a_track_whose_names_are_no_utf8_is_read(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [10], Fraction(25))
    track = recoded(wav(tmp_path / "source.wav", 0.4), "track.m4a")
    track.write_bytes(track.read_bytes().replace(b"SoundHandler", b"\x80oundHandler"))

    facts = merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(25))

    assert facts.n_frames == 10


@pytest.mark.parametrize(("channels", "kept"), [(1, 1), (2, 2), (6, 2)])
def test_channels_are_kept_up_to_stereo(tmp_path: Path, channels: int, kept: int) -> None:
    chunks = chunks_of(tmp_path, [10], Fraction(25))
    track = wav(tmp_path / "track.wav", 0.4, channels=channels)

    merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(25))

    raw = ffmpeg("-i", tmp_path / "out.mp4", "-map", "0:a", "-f", "f32le", "-")
    assert len(raw) == round(0.4 * 48_000) * kept * 4


def test_the_seam_has_no_gap(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [7, 1, 1, 30], Fraction(60))

    merge_chunks(chunks, wav(tmp_path / "track.wav", 39 / 60), tmp_path / "out.mp4", Fraction(60))

    times = [entry.time for entry in packets(tmp_path / "out.mp4", "v")]
    assert {later - earlier for earlier, later in pairwise(times)} == {Fraction(1, 60)}


def test_a_player_can_start_at_every_seam(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [9, 12, 9], Fraction(25))
    merge_chunks(chunks, wav(tmp_path / "t.wav", 1.2), tmp_path / "out.mp4", Fraction(25))

    raw = ffmpeg(
        *("-ss", "0.84", "-i", tmp_path / "out.mp4", "-map", "0:v", "-f", "rawvideo"),
        *("-pix_fmt", "bgr24", "-"),
    )

    shown = np.frombuffer(raw, np.uint8).reshape(-1, 36, 48, 3)
    assert [number_of(picture) for picture in shown] == list(range(21, 30))


@pytest.mark.parametrize("seconds", [1.0, 1.85, 2.15, 60.0])
@pytest.mark.parametrize("name", ["track.wav", "track.m4a"])
def test_a_sound_of_another_length_is_refused_with_both_lengths(
    tmp_path: Path, seconds: float, name: str
) -> None:
    chunks = chunks_of(tmp_path, [50], Fraction(25))
    track = recoded(wav(tmp_path / "source.wav", seconds, 16_000), name)

    with pytest.raises(TrackError, match=rf"sound is {seconds}.* video 2\.000 s"):
        merge_chunks(chunks, track, tmp_path / "out.mp4", Fraction(25))

    assert not list(tmp_path.glob("out*"))


def test_a_track_that_is_no_sound_is_refused(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [5], Fraction(25))
    (tmp_path / "text.wav").write_text("no sound at all" * 99)
    (tmp_path / "empty.wav").touch()

    for name in ("text.wav", "empty.wav", "gone.wav", chunks[0].path.name):
        with pytest.raises(TrackError, match="Give a WAV, FLAC or M4A file"):
            merge_chunks(chunks, tmp_path / name, tmp_path / "out.mp4", Fraction(25))

    assert not list(tmp_path.glob("out*"))


def damaged(chunk: ChunkFile, start: int, noise: bytes) -> ChunkFile:
    """The chunk with `noise` written over it, and with the digest that it had before."""
    content = bytearray(chunk.path.read_bytes())
    digest = hashlib.sha256(content).hexdigest()
    content[start : start + len(noise)] = noise
    chunk.path.write_bytes(content)
    return replace(chunk, sha256=digest)


@settings(max_examples=25, deadline=None)
@given(place=st.floats(0.0, 0.9), noise=st.binary(min_size=1, max_size=64))
def test_a_damaged_chunk_is_an_error_and_never_a_wrong_video(
    tmp_path_factory: pytest.TempPathFactory, place: float, noise: bytes
) -> None:
    folder = tmp_path_factory.mktemp("merge")
    good, bad = chunks_of(folder, [6, 6], Fraction(25))
    before = bad.path.read_bytes()
    bad = damaged(bad, int(len(before) * place), noise)
    assume(bad.path.read_bytes() != before)

    with pytest.raises(MergeError, match="Chunk 1"):
        merge_chunks([good, bad], wav(folder / "track.wav", 0.48), folder / "out.mp4", Fraction(25))

    assert not list(folder.glob("out*"))


@pytest.mark.parametrize("seed", range(5))
def test_a_garbled_chunk_without_a_digest_is_found_by_decoding(tmp_path: Path, seed: int) -> None:
    good, bad = chunks_of(tmp_path, [6, 12], Fraction(25))
    size = bad.path.stat().st_size
    noise = np.random.default_rng(seed).bytes(size // 4)
    bad = replace(damaged(bad, size // 3, noise), sha256=None)

    with pytest.raises(MergeError):
        merge_chunks(
            [good, bad], wav(tmp_path / "track.wav", 0.72), tmp_path / "out.mp4", Fraction(25)
        )

    assert not list(tmp_path.glob("out*"))


def test_an_older_video_stays_when_the_new_one_fails(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [5], Fraction(25))
    (tmp_path / "out.mp4").write_bytes(b"older")

    with pytest.raises(TrackError):
        merge_chunks(chunks, tmp_path / "gone.wav", tmp_path / "out.mp4", Fraction(25))

    assert (tmp_path / "out.mp4").read_bytes() == b"older"


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [5], Fraction(25))

    with pytest.raises(WriteError, match=r"out\.mp4 could not be written"):
        merge_chunks(
            chunks, wav(tmp_path / "t.wav", 0.2), tmp_path / "no" / "out.mp4", Fraction(25)
        )


def test_the_same_chunks_give_the_same_bytes(tmp_path: Path) -> None:
    chunks = chunks_of(tmp_path, [5, 5], Fraction(25))
    track = wav(tmp_path / "track.wav", 0.4)

    for name in ("a.mp4", "b.mp4"):
        merge_chunks(chunks, track, tmp_path / name, Fraction(25))

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
