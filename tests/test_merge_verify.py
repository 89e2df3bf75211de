"""What `verify` lets pass and what it refuses, on files that another FFmpeg made."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from independent_reader import ffmpeg

from merge.errors import VerifyError
from merge.verify import VideoFacts, verify

FPS = Fraction(25)


def made(
    path: Path,
    *options: str,
    video: str = "2",
    audio: str = "2",
    flags: str = "+faststart",
    size: str = "64x48",
) -> Path:
    """A test picture of `video` seconds at 25 fps with a tone of `audio` seconds."""
    ffmpeg(
        *("-f", "lavfi", "-i", f"testsrc=size={size}:rate=25:duration={video}"),
        *("-f", "lavfi", "-i", f"sine=frequency=300:sample_rate=48000:duration={audio}"),
        *("-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", "-c:a", "aac"),
        *("-movflags", flags, *options, path),
    )
    return path


def digest_of(path: Path) -> str:
    """Of the video's packets, as `merge.pictures.decode` says it for the chunks."""
    with av.open(str(path)) as container:
        packets = b"".join(bytes(packet) for packet in container.demux(video=0))
    return hashlib.sha256(packets).hexdigest()


def verified(path: Path, n_frames: int = 50, fps: Fraction = FPS) -> VideoFacts:
    """`verify` of a video whose pictures are the right ones."""
    return verify(path, n_frames, fps, digest_of(path))


def test_a_good_video_is_measured(tmp_path: Path) -> None:
    path = made(tmp_path / "good.mp4")

    facts = verified(path)

    assert (facts.n_frames, facts.width, facts.height, facts.fps) == (50, 64, 48, FPS)
    assert facts.duration_s == 2.0
    assert facts.audio_duration_s == pytest.approx(2.0, abs=0.02)
    assert facts.size == path.stat().st_size


@pytest.mark.parametrize("n", [49, 51])
def test_another_number_of_frames_is_refused(tmp_path: Path, n: int) -> None:
    with pytest.raises(VerifyError, match=f"50 frames instead of {n}"):
        verified(made(tmp_path / "video.mp4"), n)


def test_another_frame_rate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="frame 1 has time stamp 512 instead of"):
        verified(made(tmp_path / "video.mp4"), fps=Fraction(25_000, 1001))


def test_a_frame_that_is_shown_late_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "late.mp4", "-bsf:v", "setts=ts=TS+gt(N\\,20)*7")

    with pytest.raises(VerifyError, match="frame 21 has time stamp"):
        verified(path)


@pytest.mark.parametrize("audio", ["1.95", "2.07"])
def test_sound_that_is_a_frame_shorter_or_longer_is_refused(tmp_path: Path, audio: str) -> None:
    with pytest.raises(VerifyError, match=rf"sound lasts {audio}\d* s and the video 2\.0"):
        verified(made(tmp_path / "video.mp4", audio=audio))


def test_a_last_frame_that_stays_too_long_is_refused(tmp_path: Path) -> None:
    longer = "setts=duration=1+eq(N\\,49)"

    with pytest.raises(VerifyError, match=r"index says 2\.04\d* s of video, its frames 2\.0"):
        verified(made(tmp_path / "video.mp4", "-bsf:v", longer))


def test_an_index_that_claims_more_sound_than_there_is_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "video.mp4", "-bsf:a", "setts=ts=TS+gt(N\\,20)*4800", audio="1.9")

    with pytest.raises(VerifyError, match=r"index says \d\.\d+ s of sound, its packets hold"):
        verified(path)


def test_an_index_behind_the_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="moov"):
        verified(made(tmp_path / "video.mp4", flags="0"))


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VerifyError, match="holds video instead of one video and one sound"):
        verified(made(tmp_path / "video.mp4", "-an"))


def test_damaged_sound_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "video.mp4")
    noise = ("-bsf:a", "noise=amount=40")
    ffmpeg("-i", path, "-c", "copy", *noise, "-movflags", "+faststart", tmp_path / "noisy.mp4")

    with pytest.raises(VerifyError):
        verified(tmp_path / "noisy.mp4")


def test_other_pictures_than_the_chunks_are_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "video.mp4")
    right = digest_of(path)
    with av.open(str(path)) as container:
        place = next(packet.pos for packet in container.demux(video=0) if packet.size) + 100
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)

    with pytest.raises(VerifyError, match="pictures are not those of its chunks"):
        verify(path, 50, FPS, right)


def test_a_video_cut_off_in_its_data_is_refused(tmp_path: Path) -> None:
    path = made(tmp_path / "video.mp4")
    right = digest_of(path)
    path.write_bytes(path.read_bytes()[:-3000])

    with pytest.raises(VerifyError):
        verify(path, 50, FPS, right)


def test_a_file_that_is_no_mp4_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("not a video" * 50)

    with pytest.raises(VerifyError):
        verify(tmp_path / "text.mp4", 50, FPS, "")
