"""Chunks and sound cut for HLS: nothing is lost, moved or encoded, at any rate, for any cut."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import av
import m3u8
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from independent_reader import decoded, ffmpeg, sound
from stamped import stamps
from test_merge_mux import wav

from lipsync_engine.video import KEYFRAME_SECONDS, encode_chunk
from merge import fragments, hls, soundtrack
from merge.errors import UnreadableTrackError
from merge.hls import Segment
from merge.track import AUDIO, VIDEO, Track, read_track

RATES = [
    *(Fraction(24_000, 1001), Fraction(24), Fraction(25), Fraction(30_000, 1001)),
    *(Fraction(30), Fraction(50), Fraction(60), Fraction(7, 3), Fraction(1)),
]


def tracks_of(folder: Path, lengths: Sequence[int], fps: Fraction) -> list[tuple[bytes, Track]]:
    """Frames 0, 1, 2 … in chunks of these lengths: each file and its index."""
    made, first = [], 0
    for n_frames in lengths:
        path = folder / f"chunk-{first}.mp4"
        encode_chunk([stamps(range(first, first + n_frames), 36, 48)], path, fps)
        with path.open("rb") as file:
            made.append((path.read_bytes(), read_track(file)))
        first += n_frames
    return made


def sound_of(folder: Path, n_frames: int, fps: Fraction) -> tuple[bytes, Track]:
    """The M4A of a sound as long as the video, and its index."""
    track = wav(folder / "track.wav", n_frames / fps, impulses=())
    soundtrack.write(track, folder / "sound.m4a", n_frames, fps)
    with (folder / "sound.m4a").open("rb") as file:
        return (folder / "sound.m4a").read_bytes(), read_track(file)


def streamed(folder: Path, kind: str, files: Sequence[tuple[bytes, Track]]) -> list[Segment]:
    """Write a media playlist and its files, as the API serves them; returns its segments."""
    named: list[tuple[str, Segment]] = []
    before = 0
    for data, track in files:
        begins = before * track.ticks[1]
        for cut in hls.cut(track, Fraction(begins, track.timescale)):
            first = before + cut.first
            index = fragments.fragment(
                track, cut.first, cut.stop, first + 1, begins + track.ticks[cut.first]
            )
            samples = data[track.places[cut.first] : track.places[cut.stop]]
            (folder / f"{kind}-{first}.m4s").write_bytes(index + samples)
            named.append((f"{kind}-{first}.m4s", cut))
        before += track.n_samples
    (folder / f"{kind}-init.mp4").write_bytes(fragments.header(files[0][1]))
    (folder / f"{kind}.m3u8").write_text(hls.media_playlist(named, f"{kind}-init.mp4", ended=True))
    return [cut for _, cut in named]


@settings(max_examples=12, deadline=None)
@given(
    fps=st.sampled_from(RATES),
    lengths=st.lists(st.integers(1, 70), min_size=1, max_size=4),
)
@example(Fraction(30_000, 1001), [1, 130, 1])
@example(Fraction(25), [125])
def test_a_streamed_video_has_every_frame_at_its_time(
    tmp_path_factory: pytest.TempPathFactory, fps: Fraction, lengths: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("hls")
    files = tracks_of(folder, lengths, fps)

    segments = streamed(folder, "video", files)

    with av.open(str(folder / "video.m3u8"), options={"allowed_extensions": "ALL"}) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    n, first = sum(lengths), (segments[0].begins, segments[-1].ends)
    assert [packet.pts * packet.time_base for packet in packets] == [k / fps for k in range(n)]
    assert [bytes(packet) for packet in packets] == [
        data[a:b] for data, track in files for a, b in pairwise(track.places)
    ]
    assert first == (0, n / fps)
    assert all(one.ends == after.begins for one, after in pairwise(segments))
    starts = [0, *accumulate(lengths)]
    assert {packets[start].is_keyframe for start in starts[:-1]} == {True}


@settings(max_examples=8, deadline=None)
@given(fps=st.sampled_from(RATES), lengths=st.lists(st.integers(1, 70), min_size=1, max_size=3))
@example(Fraction(60_000, 1001), [300])
def test_a_playlist_keeps_its_own_promises(
    tmp_path_factory: pytest.TempPathFactory, fps: Fraction, lengths: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("hls")
    files = tracks_of(folder, lengths, fps)
    video = streamed(folder, "video", files)
    audio = streamed(folder, "audio", [sound_of(folder, sum(lengths), fps)])

    for kind, segments in (("video", video), ("audio", audio)):
        playlist = m3u8.load(str(folder / f"{kind}.m3u8"))

        assert playlist.playlist_type == "event"
        assert playlist.is_endlist
        assert playlist.is_independent_segments
        assert playlist.target_duration == hls.TARGET_S
        assert all(segment.duration <= hls.TARGET_S + 0.5 for segment in playlist.segments)
        assert {segment.init_section.uri for segment in playlist.segments} == {f"{kind}-init.mp4"}
        told = [Fraction(str(segment.duration)) for segment in playlist.segments]
        whole = round(segments[-1].ends, hls.PRECISION)
        assert abs(sum(told) - whole) < Fraction(1, 10**9)  # errors do not add up
        assert abs(whole - sum(lengths) / fps) < Fraction(1, 1000)


def test_no_run_of_frames_is_longer_than_the_target() -> None:
    assert hls.TARGET_S == KEYFRAME_SECONDS


def test_the_streamed_sound_is_the_sound_without_a_gap(tmp_path: Path) -> None:
    n_frames, fps = 250, Fraction(30_000, 1001)
    track = wav(tmp_path / "track.wav", n_frames / fps, impulses=(0.25, 1.0, 1.75))
    soundtrack.write(track, tmp_path / "sound.m4a", n_frames, fps)
    data = (tmp_path / "sound.m4a").read_bytes()
    with (tmp_path / "sound.m4a").open("rb") as file:
        index = read_track(file)

    streamed(tmp_path, "audio", [(data, index)])

    heard = sound(tmp_path / "audio.m3u8")
    whole = sound(tmp_path / "sound.m4a")
    assert index.delay == 1024
    assert np.array_equal(heard[: len(whole)], whole)
    assert 0 <= len(heard) - n_frames / fps * 48_000 < 1024  # what the last packet holds is heard


def test_a_header_says_what_the_file_said(tmp_path: Path) -> None:
    (_, video), (_, audio) = (
        tracks_of(tmp_path, [30], Fraction(25))[0],
        sound_of(tmp_path, 30, Fraction(25)),
    )

    assert (video.kind, audio.kind) == (VIDEO, AUDIO)
    assert fragments.size(video) == (48, 36)
    assert fragments.codec(video).startswith("avc1.64")
    assert fragments.codec(audio) == "mp4a.40.2"
    assert audio.keys == range(audio.n_samples)


def test_the_master_playlist_names_one_video_and_its_sound(tmp_path: Path) -> None:
    variant = hls.Variant(
        "avc1.640015,mp4a.40.2", 640, 480, Fraction(30_000, 1001), 900_000, 700_000
    )

    master = m3u8.loads(hls.master_playlist(variant, "stream/video.m3u8", "stream/audio.m3u8"))

    (video,), (audio,) = master.playlists, master.media
    assert video.uri == "stream/video.m3u8"
    assert video.stream_info.codecs == "avc1.640015,mp4a.40.2"
    assert video.stream_info.resolution == (640, 480)
    assert video.stream_info.frame_rate == 29.97
    assert (video.stream_info.bandwidth, video.stream_info.average_bandwidth) == (900_000, 700_000)
    assert (audio.uri, audio.group_id, audio.default) == ("stream/audio.m3u8", "sound", "YES")
    assert video.stream_info.audio == "sound"


def test_a_playlist_that_grows_is_the_beginning_of_the_later_one(tmp_path: Path) -> None:
    segments = hls.cut(tracks_of(tmp_path, [130], Fraction(25))[0][1])
    named = [(f"video-{segment.first}.m4s", segment) for segment in segments]

    early = hls.media_playlist(named[:1], "video-init.mp4", ended=False)
    late = hls.media_playlist(named, "video-init.mp4", ended=True)

    assert late.startswith(early)
    assert not m3u8.loads(early).is_endlist


@pytest.mark.parametrize("damage", ["cut off", "no mp4", "two tracks", "empty"])
def test_what_is_no_file_of_ours_is_refused_in_a_sentence(tmp_path: Path, damage: str) -> None:
    tracks_of(tmp_path, [30], Fraction(25))
    whole, path = tmp_path / "chunk-0.mp4", tmp_path / "odd.mp4"
    path.write_bytes(
        {"cut off": whole.read_bytes()[:-9], "no mp4": b"not a video" * 9}.get(damage, b"")
    )
    if damage == "two tracks":
        sound_of(tmp_path, 30, Fraction(25))
        ffmpeg("-i", whole, "-i", tmp_path / "sound.m4a", "-c", "copy", "-y", path)

    with path.open("rb") as file, pytest.raises(UnreadableTrackError, match="Render it again"):
        read_track(file)


def test_ffmpeg_reads_the_whole_stream_of_both(tmp_path: Path) -> None:
    fps, lengths = Fraction(25), [38, 75, 130]
    files = tracks_of(tmp_path, lengths, fps)
    streamed(tmp_path, "video", files)
    streamed(tmp_path, "audio", [sound_of(tmp_path, sum(lengths), fps)])
    variant = hls.Variant(fragments.codec(files[0][1]) + ",mp4a.40.2", 48, 36, fps, 9000, 8000)
    (tmp_path / "stream.m3u8").write_text(hls.master_playlist(variant, "video.m3u8", "audio.m3u8"))

    frames = decoded(tmp_path / "video.m3u8")
    ffmpeg("-i", tmp_path / "stream.m3u8", "-map", "0:v", "-map", "0:a", "-f", "null", "-")

    assert [frame.time for frame in frames] == [k / fps for k in range(sum(lengths))]
