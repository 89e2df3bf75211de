"""Uploads: what is accepted comes out canonical, what is not is refused in plain words."""

import contextlib
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import media
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageOps

from lipsync_engine.errors import (
    AudioTooLongError,
    AudioTooShortError,
    EmptyFileError,
    ForbiddenFormatError,
    ImageTooLargeError,
    ImageTooSmallError,
    MediaError,
    MediaLimitError,
    NoAudioError,
    SilentAudioError,
    UnreadableMediaError,
)
from lipsync_engine.ingest import Limits, ingest_face, ingest_speech
from lipsync_engine.media_child import inspect, program
from lipsync_engine.media_formats import (
    FLAC,
    JPEG,
    MATROSKA,
    MP3,
    MP4,
    OGG,
    PNG,
    WAV,
    MediaFormat,
    recognise,
)
from lipsync_engine.picture_header import read_header
from lipsync_engine.sandbox import ChildLimits, run
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import SAMPLE_RATE

FPS = Fraction(25)
LIMITS = Limits()
AAC_PACKET = 1024  # samples


def heard(source: Path, limits: Limits = LIMITS) -> Sound:
    folder = source.parent / "heard"
    folder.mkdir(exist_ok=True)
    return ingest_speech(source, folder, limits)


def seen(
    source: Path, fps: Fraction = FPS, limits: Limits = LIMITS
) -> tuple[NDArray[np.uint8], ...]:
    """The canonical pictures, (H, W, 3) uint8 RGB each."""
    folder = source.parent / "seen"
    folder.mkdir(exist_ok=True)
    encoded = ingest_face(source, folder, limits, fps).images
    assert not list(folder.iterdir())
    return tuple(decoded(picture) for picture in encoded)


def decoded(picture: bytes) -> NDArray[np.uint8]:
    image = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image[..., ::-1].astype(np.uint8)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def track_seconds(track: Path) -> float:
    """Length of the track by an independent decoder, PyAV's."""
    with av.open(str(track)) as container:
        stream = container.streams.audio[0]
        n_samples = sum(frame.samples for frame in container.decode(stream))
        assert stream.rate
        return n_samples / stream.rate


# Speech that is accepted ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "encoding"),
    [
        ("a.wav", ()),
        ("a24.wav", ("-c:a", "pcm_s24le", "-ar", 48000, "-ac", 2)),
        ("phone.wav", ("-c:a", "pcm_mulaw", "-ar", 8000)),
        ("a.mp3", ()),
        ("a.flac", ()),
        ("a.ogg", ("-c:a", "libvorbis")),
        ("a.opus", ("-c:a", "libopus", "-ar", 48000)),
        ("a.webm", ("-c:a", "libopus", "-ar", 48000)),
        ("lossless.m4a", ("-c:a", "alac")),
    ],
)
def test_other_sound_becomes_lossless_flac_of_the_same_length(
    tmp_path: Path, name: str, encoding: tuple[object, ...]
) -> None:
    source = media.tone(tmp_path / name, 1.3, *encoding)

    sound = heard(source)

    assert sound.track.suffix == ".flac"
    assert sound.pcm.stat().st_size == 2 * sound.n_samples
    assert abs(sound.n_samples / SAMPLE_RATE - track_seconds(sound.track)) < 0.001
    assert sound.n_samples / SAMPLE_RATE == pytest.approx(1.3, abs=0.03)
    assert sound.warnings == ()
    assert {path.name for path in sound.pcm.parent.iterdir()} == {"speech.pcm", "speech.flac"}


@pytest.mark.parametrize("name", ["a.m4a", "a.aac", "a.mka"])
def test_aac_packets_are_kept_bit_for_bit(tmp_path: Path, name: str) -> None:
    source = media.tone(tmp_path / name, 1.3, "-c:a", "aac")

    sound = heard(source)

    kept, original = packets(sound.track), packets(source)
    if name.endswith(".aac"):
        original = [packet[7:] for packet in original]  # each with its ADTS header
    assert sound.track.suffix == ".m4a"
    assert kept == original


def test_the_aac_track_is_as_long_as_the_pcm_but_for_its_padding(tmp_path: Path) -> None:
    source = media.tone(tmp_path / "a.m4a", 1.3, "-c:a", "aac")

    sound = heard(source)

    with av.open(str(sound.track)) as container:
        stream = container.streams.audio[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        shown = float(stream.duration * stream.time_base)
    assert abs(shown - sound.n_samples / SAMPLE_RATE) < 0.001
    # FFmpeg before 9 plays the last packet to its end, whatever the edit list says.
    padding = track_seconds(sound.track) - sound.n_samples / SAMPLE_RATE
    assert -0.001 < padding < AAC_PACKET / 44100


@pytest.mark.parametrize("name", ["v.mp4", "v.mov", "v.mkv"])
def test_the_sound_track_of_a_video_is_heard(tmp_path: Path, name: str) -> None:
    source = media.talkie(tmp_path / name)

    sound = heard(source)

    assert packets(sound.track) == packets(source)
    assert sound.n_samples / SAMPLE_RATE == pytest.approx(1, abs=0.001)


def test_a_webm_video_is_heard(tmp_path: Path) -> None:
    source = media.talkie(tmp_path / "v.webm", 1, "-c:v", "libvpx", "-c:a", "libopus", "-ar", 48000)

    sound = heard(source)

    assert sound.n_samples / SAMPLE_RATE == pytest.approx(1, abs=0.03)


def test_lossless_means_the_very_samples(tmp_path: Path) -> None:
    source = media.tone(tmp_path / "a.wav", 1, "-af", "volume=12dB", "-ac", 2)

    sound = heard(source)

    same = [media.make(tmp_path / f"{path.suffix[1:]}.raw", "-i", path, "-f", "s16le")
            for path in (source, sound.track)]  # fmt: skip
    assert same[0].read_bytes() == same[1].read_bytes()


def test_the_pcm_is_the_tone_that_was_sent(tmp_path: Path) -> None:
    sound = heard(media.tone(tmp_path / "a.m4a", 1, "-c:a", "aac", "-b:a", "128k"))

    samples = np.fromfile(sound.pcm, "<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples))
    assert spectrum.argmax() * SAMPLE_RATE / len(samples) == pytest.approx(330, abs=2)
    assert np.abs(samples[2000:-2000]).max() == pytest.approx(4096, rel=0.05)


def test_the_same_upload_gives_the_same_bytes(tmp_path: Path) -> None:
    source = media.tone(tmp_path / "a.mp3", 1)

    first = heard(source)
    before = first.pcm.read_bytes(), first.track.read_bytes()
    second = heard(source)

    assert (second.pcm.read_bytes(), second.track.read_bytes()) == before


def test_six_channels_are_mixed_down_with_a_warning(tmp_path: Path) -> None:
    sound = heard(media.tone(tmp_path / "a.wav", 1, "-ac", 6))

    with av.open(str(sound.track)) as container:
        assert container.streams.audio[0].channels == 2
    assert "mixed down" in sound.warnings[0]


def test_clipped_sound_is_used_with_a_warning(tmp_path: Path) -> None:
    sound = heard(media.tone(tmp_path / "a.wav", 1, "-af", "volume=40dB"))

    assert "clipped" in sound.warnings[0]


def test_a_hole_in_the_time_stamps_is_filled_with_silence(tmp_path: Path) -> None:
    whole = media.tone(tmp_path / "whole.m4a", 3, "-c:a", "aac")
    with av.open(str(whole)) as source, av.open(str(tmp_path / "a.mkv"), "w") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None and not 44100 <= packet.dts < 2 * 44100:
                packet.stream = stream
                target.mux(packet)

    sound = heard(tmp_path / "a.mkv")

    assert sound.track.suffix == ".flac"
    assert sound.n_samples / SAMPLE_RATE == pytest.approx(3, abs=2 * AAC_PACKET / 44100)
    assert abs(sound.n_samples / SAMPLE_RATE - track_seconds(sound.track)) < 0.001
    samples = np.fromfile(sound.pcm, "<i2")
    assert np.abs(samples[SAMPLE_RATE * 5 // 4 : SAMPLE_RATE * 7 // 4]).max() < 33


def test_sound_that_starts_late_in_its_video_starts_at_once(tmp_path: Path) -> None:
    silent, tone = media.film(tmp_path / "f.mp4"), media.tone(tmp_path / "t.m4a", 1, "-c:a", "aac")
    late = media.make(
        tmp_path / "late.mp4",
        *("-i", silent, "-itsoffset", 0.7, "-i", tone, "-map", "0:v", "-map", "1:a", "-c", "copy"),
    )

    sound = heard(late)

    assert abs(sound.n_samples / SAMPLE_RATE - track_seconds(sound.track)) < 0.001
    assert sound.n_samples / SAMPLE_RATE == pytest.approx(1, abs=0.05)


# Speech that is refused ----------------------------------------------------------------------


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").touch()

    for look in (heard, seen):
        with pytest.raises(EmptyFileError, match="0 bytes"):
            look(tmp_path / "a.mp3")


def test_a_text_named_mp3_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_text("This is not music.\n" * 100)

    with pytest.raises(UnreadableMediaError, match=r"whatever its name says.*Send wav, mp3"):
        heard(tmp_path / "a.mp3")


@pytest.mark.parametrize("flags", [(), ("-movflags", "+faststart")])
def test_a_truncated_mp4_is_refused(tmp_path: Path, flags: tuple[str, ...]) -> None:
    whole = media.talkie(tmp_path / "whole.mp4", 2, *flags)
    cut = media.cut_off(whole, tmp_path / "cut.mp4")

    for look in (heard, seen):
        with pytest.raises(UnreadableMediaError, match=r"cut off.*Send the whole file"):
            look(cut)


def test_a_video_without_sound_cannot_be_heard(tmp_path: Path) -> None:
    with pytest.raises(NoAudioError, match="no sound"):
        heard(media.film(tmp_path / "v.mp4"))


def test_a_picture_cannot_be_heard_and_a_sound_cannot_be_seen(tmp_path: Path) -> None:
    Image.fromarray(media.portrait()).save(tmp_path / "p.png")

    with pytest.raises(NoAudioError, match="PNG picture"):
        heard(tmp_path / "p.png")
    with pytest.raises(ForbiddenFormatError, match="no face to see"):
        seen(media.tone(tmp_path / "a.wav"))
    with pytest.raises(UnreadableMediaError, match="no moving picture"):
        seen(media.tone(tmp_path / "a.m4a"))


def test_ten_milliseconds_are_too_short(tmp_path: Path) -> None:
    with pytest.raises(AudioTooShortError, match=r"10 ms long; at least 0\.3 s"):
        heard(media.tone(tmp_path / "a.wav", 0.01))


def test_pure_silence_is_refused(tmp_path: Path) -> None:
    silence = media.make(tmp_path / "a.mp3", "-f", "lavfi", "-i", "anullsrc=d=1")

    with pytest.raises(SilentAudioError, match="-60 dB"):
        heard(silence)


def test_three_hours_are_refused_without_decoding_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = media.long_wav(tmp_path / "a.wav", 3 * 3600)
    decoders = []
    monkeypatch.setattr("lipsync_engine.ingest_sound.transcode", lambda *a: decoders.append(a))

    with pytest.raises(AudioTooLongError, match="longer than the 60 min"):
        heard(source)

    assert not decoders


def test_a_header_that_lies_short_does_not_pass_the_limit(tmp_path: Path) -> None:
    source = media.wav_that_claims(tmp_path / "a.wav", 5, claimed_seconds=0.5)
    with source.open("r+b") as stream:  # 0xFFFFFFFF: "to the end of the file"
        stream.seek(40)
        stream.write(b"\xff" * 4)

    with pytest.raises(AudioTooLongError, match="longer than the 2 s"):
        heard(source, replace(LIMITS, max_audio_s=2))


def test_a_sound_just_within_the_limit_passes(tmp_path: Path) -> None:
    sound = heard(media.tone(tmp_path / "a.wav", 2), replace(LIMITS, max_audio_s=2))

    assert sound.n_samples == 2 * SAMPLE_RATE


# Files that name other files -----------------------------------------------------------------


@pytest.fixture
def visitors() -> Iterator[tuple[int, list[bytes]]]:
    """A loopback HTTP port, and what was asked there."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    asked.append(caller.recv(1024))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield server.getsockname()[1], asked
        server.shutdown(socket.SHUT_RDWR)
    thread.join(5)


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile {target}\n"
PLAIN_CONCAT = "file '{target}'\n"
DASH = '<?xml version="1.0"?><MPD><BaseURL>{target}</BaseURL></MPD>'
SVG = '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="{target}"/></svg>'
PLS = "[playlist]\nFile1={target}\n"
SUBTITLES = "1\n00:00:00,000 --> 00:00:09,000\n{target}\n"
LAVFI = "movie={target}"


@pytest.mark.parametrize("script", [HLS, CONCAT, PLAIN_CONCAT, DASH, SVG, PLS, SUBTITLES, LAVFI])
@pytest.mark.parametrize("name", ["a.mp4", "a.mp3", "a.jpg"])
def test_a_script_posing_as_media_opens_no_other_file_and_no_connection(
    tmp_path: Path, visitors: tuple[int, list[bytes]], script: str, name: str
) -> None:
    port, asked = visitors
    canary = media.talkie(tmp_path / "canary.mp4") if script is HLS else tmp_path / "canary.mp4"
    source = tmp_path / name

    for target in (canary, f"http://127.0.0.1:{port}/x.mp4"):
        source.write_text("\n  " + script.format(target=target))
        for look in (heard, seen):
            with pytest.raises((ForbiddenFormatError, UnreadableMediaError)):
                look(source)

    assert not asked


@pytest.mark.parametrize(
    ("signature", "look"),
    [
        (b"ID3\4\0\0\0\0\0\0", heard),
        (b"RIFF\xff\xff\xff\x7fWAVE", heard),
        (b"OggS\0\2", heard),
        (b"\0\0\0\x10ftypisom\0\0\2\0", heard),
        (b"\x1a\x45\xdf\xa3", heard),
        (b"\0\0\0\x10ftypisom\0\0\2\0", seen),
        (b"\xff\xd8\xff\xe0", seen),
        (b"\x89PNG\r\n\x1a\n", seen),
    ],
)
def test_a_playlist_behind_a_true_signature_is_still_not_opened(
    tmp_path: Path, visitors: tuple[int, list[bytes]], signature: bytes, look: object
) -> None:
    port, asked = visitors
    script = HLS.format(target=f"http://127.0.0.1:{port}/x.ts").encode()
    (tmp_path / "a").write_bytes(signature + b"\n" + script * 50)

    with pytest.raises(MediaError):
        look(tmp_path / "a")  # type: ignore[operator]

    assert not asked


@pytest.mark.parametrize("disguise", [WAV, MP3, OGG, FLAC, MP4, MATROSKA, PNG, JPEG])
def test_a_playlist_that_slipped_through_is_not_opened_by_the_child_either(
    tmp_path: Path, visitors: tuple[int, list[bytes]], disguise: MediaFormat
) -> None:
    port, asked = visitors
    (tmp_path / "a.m3u8").write_text(HLS.format(target=f"http://127.0.0.1:{port}/x.ts"))

    with pytest.raises(MediaError):
        inspect(tmp_path / "a.m3u8", disguise, "a:0", 9, tmp_path, LIMITS)

    assert not asked


def test_without_our_limits_ffmpeg_would_have_opened_it(
    tmp_path: Path, visitors: tuple[int, list[bytes]]
) -> None:
    port, asked = visitors
    (tmp_path / "a.m3u8").write_text(HLS.format(target=f"http://127.0.0.1:{port}/x.ts"))

    with contextlib.suppress(subprocess.CalledProcessError):
        media.make(
            tmp_path / "a.wav", "-protocol_whitelist", "file,http,tcp", "-i", tmp_path / "a.m3u8"
        )

    assert asked


@pytest.mark.parametrize(
    ("head", "advice"),
    [(b"GIF89a", "PNG"), (b"\0\0\0\x18ftypheic", "JPEG"), (b"BM\x8a\0\0\0\0\0\0\0", "PNG"),
     (b"%PDF-1.7", "PNG"), (b"RIFF\0\0\0\0AVI LIST", "MP4"), (b"PK\3\4", "Unpack"),
     (b"II*\0", "PNG"), (b"\xef\xbb\xbf<html>", "PNG")],
)  # fmt: skip
def test_known_formats_that_are_not_accepted_say_what_to_do(
    tmp_path: Path, head: bytes, advice: str
) -> None:
    (tmp_path / "a").write_bytes(head + bytes(100))

    for look in (heard, seen):
        with pytest.raises(ForbiddenFormatError, match=advice):
            look(tmp_path / "a")


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=60))
def test_random_bytes_behind_any_signature_are_recognised_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    source = tmp_path_factory.mktemp("random") / "a"
    for signature in (b"", b"\xff", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBPVP8X"):
        source.write_bytes(signature + data)

        with contextlib.suppress(MediaError):  # any other error fails this test
            read_header(source, recognise(source, "a picture"))


# The child's limits --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        (replace(LIMITS, memory_bytes=200 * 2**20), "200 MiB of memory"),
        (replace(LIMITS, timeout_s=0.001), r"0\.001 s"),
    ],
)
def test_a_child_that_needs_too_much_is_ended(tmp_path: Path, limits: Limits, named: str) -> None:
    source = media.film(tmp_path / "v.mp4", 0.2, "-vf", "scale=1920:1080")

    with pytest.raises(MediaLimitError, match=named):
        seen(source, FPS, limits)


def test_a_child_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    limits = ChildLimits(0.4, 2**30, 2**20)
    script = f"(sleep 1; echo alive > {tmp_path}/late) & sleep 9"

    ending = run(["/bin/sh", "-c", script], limits, tmp_path)

    assert ending.limit == "time"
    time.sleep(1)
    assert not (tmp_path / "late").exists()


def test_a_child_cannot_fill_the_disk(tmp_path: Path) -> None:
    limits = ChildLimits(20, 2**30, 2**16)

    ending = run(["/bin/sh", "-c", "exec cat /dev/zero > out"], limits, tmp_path)

    assert ending.limit == "size"
    assert (tmp_path / "out").stat().st_size == 2**16


def test_a_child_sees_none_of_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCHORD_QUEUE_URL", "redis://:secret@host")

    run(["/usr/bin/env"], ChildLimits(20, 2**30, 2**20), tmp_path, stdout=tmp_path / "out")

    seen_by_child = (tmp_path / "out").read_text()
    assert "PATH=" in seen_by_child
    assert "secret" not in seen_by_child


# Photos --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_come_out_upright(tmp_path: Path, suffix: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / f"p.{suffix}"
    Image.fromarray(media.portrait()).save(source, exif=exif, quality=95)

    (photo,) = seen(source)

    with Image.open(source) as picture:
        upright = np.asarray(ImageOps.exif_transpose(picture).convert("RGB"))
    assert photo.shape == upright.shape
    assert np.abs(photo.astype(int) - upright).mean() < 2


@pytest.mark.parametrize("mode", ["CMYK", "L", "RGB"])
def test_jpeg_in_any_colours_looks_the_same(tmp_path: Path, mode: str) -> None:
    source = tmp_path / "p.jpg"
    Image.fromarray(media.portrait()).convert(mode).save(source, quality=95, progressive=True)

    (photo,) = seen(source)

    with Image.open(source) as picture:
        assert np.abs(photo.astype(int) - np.asarray(picture.convert("RGB"))).mean() < 2


def test_png_pixels_are_kept_exactly(tmp_path: Path) -> None:
    Image.fromarray(media.portrait()).save(tmp_path / "p.png")

    (photo,) = seen(tmp_path / "p.png")

    assert np.array_equal(photo, media.portrait())


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    deep = media.portrait().astype(np.uint16) * 257
    cv2.imwrite(str(tmp_path / "p.png"), deep[..., ::-1])
    cv2.imwrite(str(tmp_path / "grey.png"), deep[..., 0])

    (photo,), (grey,) = seen(tmp_path / "p.png"), seen(tmp_path / "grey.png")

    assert np.abs(photo.astype(int) - media.portrait()).max() <= 1
    assert np.abs(grey.astype(int) - media.portrait()[..., :1]).max() <= 1


@pytest.mark.parametrize("name", ["p.png", "p.webp", "palette.png"])
def test_transparency_becomes_white(tmp_path: Path, name: str) -> None:
    alpha = np.zeros((120, 90, 1), np.uint8)
    alpha[30:90, 20:70] = 255
    picture = Image.fromarray(np.dstack([media.portrait(), alpha]))
    if name.startswith("palette"):
        picture = picture.quantize(64)
    picture.save(tmp_path / name, lossless=True)

    (photo,) = seen(tmp_path / name)

    with Image.open(tmp_path / name) as saved:
        paper = Image.new("RGBA", saved.size, "white")
        paper.alpha_composite(saved.convert("RGBA"))
    assert np.abs(photo.astype(int) - np.asarray(paper.convert("RGB"))).max() <= 1


def test_a_large_photo_is_scaled_down_and_says_nothing_of_its_place(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "at home"
    large = cv2.resize(media.portrait(), (1500, 2500), interpolation=cv2.INTER_CUBIC)
    Image.fromarray(large).save(tmp_path / "p.jpg", exif=exif)

    (encoded,) = ingest_face(tmp_path / "p.jpg", tmp_path, LIMITS, FPS).images

    assert decoded(encoded).shape == (2048, 1229, 3)
    assert b"at home" not in encoded
    assert ingest_face(tmp_path / "p.jpg", tmp_path, LIMITS, FPS).images == (encoded,)


def test_a_picture_of_one_pixel_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1)).save(tmp_path / "p.png")

    with pytest.raises(ImageTooSmallError, match=r"1 × 1 pixels.*at least 64"):
        seen(tmp_path / "p.png")


def test_a_decompression_bomb_is_refused_by_its_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children: list[object] = []
    monkeypatch.setattr("lipsync_engine.ingest.transcode", lambda *a: children.append(a))

    with pytest.raises(ImageTooLargeError, match=r"20000 × 20000.*at most 64\.0.*Scale it down"):
        seen(media.png_bomb(tmp_path / "p.png", 20_000))

    assert not children


def test_a_small_header_in_front_of_broken_pixels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMediaError, match="damaged"):
        seen(media.png_bomb(tmp_path / "p.png", 500).rename(tmp_path / "q.png"))


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp"])
def test_a_picture_cut_in_its_header_is_refused(tmp_path: Path, suffix: str) -> None:
    Image.fromarray(media.portrait()).save(tmp_path / f"p.{suffix}")
    cut = media.cut_off(tmp_path / f"p.{suffix}", tmp_path / "cut", 20 / 5000)
    cut.write_bytes((tmp_path / f"p.{suffix}").read_bytes()[:22])

    with pytest.raises(UnreadableMediaError, match="damaged or cut off"):
        seen(cut)


def test_an_animated_picture_is_refused(tmp_path: Path) -> None:
    frames = [Image.fromarray(media.portrait()), Image.fromarray(media.portrait()[::-1])]
    for name in ("a.webp", "a.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])

        with pytest.raises(ForbiddenFormatError, match=r"animated.*MP4"):
            seen(tmp_path / name)


# Face videos ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fps", "n_frames"), [(FPS, 25), (Fraction(30000, 1001), 30), (Fraction(60), 60)]
)
def test_a_video_is_brought_to_the_frame_rate_that_is_asked(
    tmp_path: Path, fps: Fraction, n_frames: int
) -> None:
    frames = seen(media.film(tmp_path / "v.mp4"), fps)

    assert len(frames) == n_frames
    assert {frame.shape for frame in frames} == {(240, 320, 3)}


@pytest.mark.parametrize(("name", "codec"), [("v.mov", "mjpeg"), ("v.webm", "libvpx")])
def test_other_containers_and_codecs_are_seen(tmp_path: Path, name: str, codec: str) -> None:
    frames = seen(media.film(tmp_path / name, 0.4, "-c:v", codec))

    assert len(frames) == 10


def test_a_variable_frame_rate_becomes_constant(tmp_path: Path) -> None:
    # Grey levels that say when: one second of 30 frames, then one of only three.
    source = media.make(
        tmp_path / "v.mp4",
        *("-f", "lavfi", "-i", "color=black:size=64x64:rate=30:duration=2"),
        *("-vf", "geq=lum='16+3*N':cb=128:cr=128,select='lt(t,1)+not(mod(n,10))'"),
        *("-fps_mode", "vfr", "-c:v", "libx264", "-qp", 1, "-pix_fmt", "yuv420p"),
    )

    frames = seen(source)

    shown = [(float(frame.mean()) * 219 / 255) / 3 for frame in frames]  # number of the 30ths
    held = [n if n < 30 else n // 10 * 10 for n in (round(i * 30 / 25) for i in range(len(shown)))]
    assert abs(len(frames) - 50) <= 8  # the last frame of a variable rate has no known length
    assert np.abs(np.array(shown) - held).max() < 2


def test_rotation_metadata_are_honoured(tmp_path: Path) -> None:
    upright = media.film(tmp_path / "v.mp4", 0.2)
    turned = media.make(tmp_path / "t.mp4", "-display_rotation", 90, "-i", upright, "-c", "copy")

    plain, rotated = seen(upright)[0], seen(turned)[0]

    assert rotated.shape == (320, 240, 3)
    assert np.abs(np.rot90(plain).astype(int) - rotated).mean() < 3


def test_wide_pixels_become_square(tmp_path: Path) -> None:
    frames = seen(media.film(tmp_path / "v.mp4", 0.2, "-vf", "setsar=3/2"))

    assert frames[0].shape == (240, 480, 3)


def test_colours_of_a_bt709_video_come_out_right(tmp_path: Path) -> None:
    source = media.make(
        tmp_path / "v.mp4",
        *("-f", "lavfi", "-i", "color=0xBF3020:size=128x128:rate=25:duration=0.2,format=rgb24"),
        *("-vf", "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p"),
        *("-c:v", "libx264", "-qp", 1, "-colorspace", "bt709", "-color_range", "tv"),
    )

    colour = seen(source)[0].reshape(-1, 3).mean(axis=0)

    assert np.abs(colour - (0xBF, 0x30, 0x20)).max() < 5


def test_a_shortened_face_video_is_said_to_be_and_a_whole_one_is_not(tmp_path: Path) -> None:
    film, exact = media.film(tmp_path / "v.mp4", 3), media.film(tmp_path / "w.mp4", 1.5)
    limits = replace(LIMITS, max_video_s=1.5)

    shortened = ingest_face(film, tmp_path, limits, FPS)
    whole = ingest_face(exact, tmp_path, limits, FPS)

    assert len(shortened.images) == len(whole.images)
    assert whole.warnings == ()
    assert shortened.warnings == (
        "The face video is longer than 1.5 seconds: only its first 1.5 seconds are used, forwards "
        "and backwards by turns. Send the part that you want to see.",
    )


def test_only_the_first_seconds_of_a_video_are_used(tmp_path: Path) -> None:
    frames = seen(media.film(tmp_path / "v.mp4", 3), FPS, replace(LIMITS, max_video_s=1.5))

    assert len(frames) == 38


def test_a_large_video_is_scaled_down_and_a_huge_one_refused(tmp_path: Path) -> None:
    large = media.film(tmp_path / "v.mp4", 0.1, "-vf", "scale=1920:1080,setsar=1")

    assert seen(large)[0].shape == (720, 1280, 3)
    with pytest.raises(ImageTooLargeError, match=r"1920 × 1080.*at most 1\.0"):
        seen(large, FPS, replace(LIMITS, max_video_pixels=1_000_000))


def test_the_program_is_an_absolute_path_to_ffmpeg() -> None:
    assert Path(program()).is_absolute()
    assert "ffmpeg" in Path(program()).name
