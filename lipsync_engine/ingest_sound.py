"""An upload's sound: its own AAC packets, or lossless FLAC; and 16 kHz PCM of exactly that."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import ffmpeg
import numpy as np

from lipsync_engine.errors import (
    AudioTooLongError,
    AudioTooShortError,
    NoAudioError,
    SilentAudioError,
)
from lipsync_engine.limits import Limits
from lipsync_engine.media_child import (
    Facts,
    complaint,
    inspect,
    opened,
    reported_seconds,
    transcode,
)
from lipsync_engine.media_formats import FLAC, MP4, SPEECH_ACCEPTED, MediaFormat
from lipsync_engine.sound import PCM_NAME, Sound
from lipsync_engine.timeline import SAMPLE_RATE

MAX_TRACK_BYTES = 2**31
SILENCE = 33  # of 32768: -60 dBFS
CLIPPED_SHARE = 1e-3  # of all samples at full scale; fewer are nobody's trouble
SLACK_S = 0.5  # how far past the limit is walked, to be sure that it is passed
GAP_S = 0.001  # a track whose time stamps and samples differ by more has holes

# Where 16 bits would lose something; lossy codecs have no more than noise down there.
_DEEP = ("flac", "alac", "pcm_s24", "pcm_s32", "pcm_f32", "pcm_f64")
_ONE_OR_TWO = ("mono", "stereo", "1 channels", "2 channels", "downmix")


@dataclass(frozen=True, slots=True)
class _Level:
    """Loudness of PCM: its peak of 32768, and the share of samples that are at full scale."""

    peak: int
    clipped: float


def canonical_sound(
    source: Path, media: MediaFormat, folder: Path, workdir: Path, limits: Limits
) -> Sound:
    """`Sound` of a recognised file; `folder` is for the children's files, `workdir` for the result.

    Raises:
        MediaError: it cannot be used, and what to do.
    """
    facts = inspect(source, media, "a:0", limits.max_audio_s + SLACK_S, folder, limits)
    _refuse_long(facts.seconds, limits)
    kept = _copied(source, media, facts, folder, limits)
    track = kept or _lossless(source, media, facts, folder, limits)
    n_samples = (folder / PCM_NAME).stat().st_size // 2
    _refuse_long(n_samples / SAMPLE_RATE, limits)
    _refuse_short(n_samples / SAMPLE_RATE, limits)
    level = _level(folder / PCM_NAME)
    if level.peak < SILENCE:
        raise SilentAudioError(
            "The sound is silent: nothing in it is louder than -60 dB. "
            "Check the microphone or the export, and send it again."
        )
    for made in (folder / PCM_NAME, track):
        shutil.move(made, workdir / made.name)
    return Sound(workdir / PCM_NAME, n_samples, workdir / track.name, _warnings(facts, level))


def _copied(
    source: Path, media: MediaFormat, facts: Facts, folder: Path, limits: Limits
) -> Path | None:
    """The source's own AAC packets as .m4a and its PCM; None where they cannot be the track."""
    if facts.codec != "aac" or facts.channels not in _ONE_OR_TWO:
        return None
    track = folder / "speech.m4a"
    output = ffmpeg.output(
        opened(source, media)["a:0"],
        f"file:{track.name}",
        f="ipod",
        c="copy",
        map_metadata=-1,
        map_chapters=-1,
        fflags="+bitexact",
    )
    ending = transcode([output], folder, limits, MAX_TRACK_BYTES)
    if not ending.ok:
        return None
    stamped = _to_pcm(track, MP4, folder, limits)
    n_samples = (folder / PCM_NAME).stat().st_size // 2
    # Where packets are missing, or the first comes late, a player would be silent meanwhile.
    return track if abs(stamped - n_samples / SAMPLE_RATE) <= GAP_S else None


def _lossless(source: Path, media: MediaFormat, facts: Facts, folder: Path, limits: Limits) -> Path:
    """The source decoded to FLAC at its own rate, at most two channels; and its PCM."""
    track = folder / "speech.flac"
    sound = (
        opened(source, media)["a:0"]
        .filter("aresample", **{"async": 1})  # silence where time stamps jump
        .filter("aformat", channel_layouts="mono|stereo")
    )
    output = ffmpeg.output(
        sound,
        f"file:{track.name}",
        **{"f": "flac", "c:a": "flac", "t": limits.max_audio_s + SLACK_S, "map_metadata": -1},
        sample_fmt="s32" if facts.codec.startswith(_DEEP) else "s16",
        **{"fflags": "+bitexact", "flags:a": "+bitexact"},
    )
    ending = transcode([output], folder, limits, MAX_TRACK_BYTES)
    if not ending.ok or reported_seconds(folder / "report") == 0:
        raise complaint(ending, media)
    _to_pcm(track, FLAC, folder, limits)
    return track


def _to_pcm(track: Path, media: MediaFormat, folder: Path, limits: Limits) -> float:
    """Decode a track of ours into `folder`; returns its length by its time stamps, seconds."""
    output = ffmpeg.output(
        opened(track, media)["a:0"],
        f"file:{PCM_NAME}",
        f="s16le",
        ar=SAMPLE_RATE,
        ac=1,
        t=limits.max_audio_s + SLACK_S,
        **{"flags:a": "+bitexact"},
    )
    ending = transcode([output], folder, limits, MAX_TRACK_BYTES)
    if not ending.ok:
        raise complaint(ending, media)
    return reported_seconds(folder / "report")


def _refuse_long(seconds: float, limits: Limits) -> None:
    if seconds > limits.max_audio_s:
        raise AudioTooLongError(
            f"The sound is longer than the {_clock(limits.max_audio_s)} that one job may have. "
            "Cut it, and send the parts as jobs of their own."
        )


def _refuse_short(seconds: float, limits: Limits) -> None:
    if seconds == 0:
        raise NoAudioError(f"There is no sound in the file. Send {SPEECH_ACCEPTED}.")
    if seconds < limits.min_audio_s:
        raise AudioTooShortError(
            f"The sound is {seconds * 1000:.0f} ms long; at least {limits.min_audio_s:g} s are "
            "needed. Send a longer one."
        )


def _level(pcm: Path) -> _Level:
    peak, clipped, n_samples = 0, 0, 0
    with pcm.open("rb") as stream:
        while block := stream.read(2**22):
            loudness = np.abs(np.frombuffer(block, "<i2").astype(np.int32))
            peak = max(peak, int(loudness.max()))
            clipped += int((loudness >= 32767).sum())
            n_samples += len(loudness)
    return _Level(peak, clipped / n_samples)


def _warnings(facts: Facts, level: _Level) -> tuple[str, ...]:
    found = []
    if facts.channels not in _ONE_OR_TWO:
        found.append(f"The sound has more than two channels ({facts.channels}): mixed down to two.")
    if level.clipped > CLIPPED_SHARE:
        found.append(
            f"The sound is clipped: {level.clipped:.1%} of it is at full scale. "
            "Record it at a lower level for a clearer voice."
        )
    return tuple(found)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min" if not rest else f"{minutes} min {rest} s" if minutes else f"{rest} s"
