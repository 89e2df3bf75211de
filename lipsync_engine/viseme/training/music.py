"""Music without a voice: what games ship, and General MIDI instruments that play by themselves.

A flute, a violin or a synthesiser's lead is a pitch with formants, as a vowel is: only many of
them teach a network that they are nobody.
"""

import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import sources
from lipsync_engine.viseme.training.augmentation import Chance, Samples

_FROM_S, _SECONDS = 10.0, 50.0  # what is heard of a piece
_VOICES = (52, 53, 54, 85, 91, 121)  # General MIDI: choirs, "voice" leads, breath
_SCALE = np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 17, 19])
_TICKS = 480  # a quarter note; two of them a second, as MIDI has it where nobody says
_FLUIDSYNTH = shutil.which("fluidsynth") or "fluidsynth"  # `sources.check_programs` said so


def pieces(n: int, chance: Chance) -> Samples:
    """n samples of a game's music, of unit power."""
    paths = _learned()
    piece = _beginning(paths[chance.integers(len(paths))])
    start = int(chance.integers(max(1, len(piece) - n)))
    return _unit(np.resize(piece[start : start + n], n))


def _learned() -> list[Path]:
    """Every second piece of Fish Fillets, all of other games; none that is measured with."""
    others = (
        path
        for folder in sources.MUSIC
        for path in (sources.root() / folder).rglob("*")
        if path.suffix in (".ogg", ".g722")
    )
    return sorted(sources.games().glob("music/*.ogg"))[::2] * 3 + sorted(others)


def kept_for_tests() -> tuple[NDArray[np.int16], ...]:
    """The pieces that training never hears."""
    return tuple(decoded(str(p)) for p in sorted(sources.games().glob("music/*.ogg"))[1::2])


@cache
def _beginning(path: Path) -> NDArray[np.int16]:
    raw = "g722" if path.suffix == ".g722" else None  # a file without a header
    whole = decoded(str(path), raw, seconds=_FROM_S + _SECONDS)
    late = whole[int(_FROM_S * SAMPLE_RATE) :]
    return late if len(late) > SAMPLE_RATE else whole


def solo(n: int, chance: Chance) -> Samples:
    """n samples of one or two instruments' melody or chords, maybe with drums, of unit power."""
    seconds = n / SAMPLE_RATE
    tracks = [_part(k, seconds, chance) for k in range(int(chance.choice([1, 1, 1, 2])))]
    if chance.random() < 0.25:
        tracks.append(_drums(seconds, chance))
    events = sorted((event for track in tracks for event in track), key=lambda e: e[0])
    font = sources.soundfonts()[chance.integers(len(sources.soundfonts()))]
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder, "song.mid"), Path(folder, "song.raw")
        song.write_bytes(_midi(events))
        command = [_FLUIDSYNTH, "-niq", "-r", str(SAMPLE_RATE), "-T", "raw", "-O", "s16", "-F"]
        subprocess.run([*command, str(sound), str(font), str(song)], check=True)
        stereo = np.fromfile(sound, "<i2").reshape(-1, 2)
    return _unit(np.resize(stereo.astype(np.float32).mean(axis=1), n))


Event = tuple[float, bytes]  # seconds, message


def _part(channel: int, seconds: float, chance: Chance) -> list[Event]:
    """A random walk through a scale, with rests, chords, vibrato and slides."""
    programs = [p for p in range(128) if p not in _VOICES]
    made: list[Event] = [
        (0.0, bytes([0xC0 + channel, programs[chance.integers(len(programs))]])),
        (0.0, bytes([0xB0 + channel, 1, int(chance.choice([0, 30, 80, 127]))])),
    ]
    beat, root = chance.uniform(0.1, 0.7), int(chance.integers(38, 72))
    chords, slides = chance.random() < 0.3, chance.random() < 0.3
    now, step = float(chance.uniform(0, 0.5)), int(chance.integers(len(_SCALE)))
    while now < seconds:
        length = beat * float(chance.choice([1, 1, 1, 2, 2, 4, 8]))
        step = int(np.clip(step + chance.integers(-3, 4), 0, len(_SCALE) - 5))
        for k in (0, 2, 4) if chords else (0,):
            key = int(root + _SCALE[step + k])
            made.append((now, bytes([0x90 + channel, key, int(chance.integers(50, 120))])))
            made.append((now + 0.97 * length, bytes([0x80 + channel, key, 0])))
        if slides:
            made += [
                (now + 0.05 * i, bytes([0xE0 + channel, 0, int(64 + 6 * chance.normal()) & 127]))
                for i in range(int(min(length, 1) / 0.05))
            ]
        now += length + (float(chance.exponential(0.3)) if chance.random() < 0.15 else 0.0)
    return made


def _drums(seconds: float, chance: Chance) -> list[Event]:
    step = float(chance.uniform(0.12, 0.3))
    kit = chance.choice([35, 36, 38, 40, 42, 44, 45, 46, 49, 54, 56, 60, 62, 70, 76], 3)
    odds = chance.uniform(0.2, 0.8, 3)
    return [
        (k * step, bytes([0x99, int(drum), int(chance.integers(60, 120))]))
        for k in range(int(seconds / step))
        for drum, odd in zip(kit, odds, strict=True)
        if chance.random() < odd
    ]


def _midi(events: list[Event]) -> bytes:
    """A standard MIDI file of one track."""
    track, now = b"", 0
    for seconds, message in events:
        at = round(seconds * 2 * _TICKS)
        track += _length(at - now) + message
        now = at
    track += _length(2 * _TICKS) + b"\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + bytes([0, 0, 0, 1]) + _TICKS.to_bytes(2, "big")
    return header + b"MTrk" + len(track).to_bytes(4, "big") + track


def _length(ticks: int) -> bytes:
    """MIDI's variable-length quantity."""
    digits = [ticks & 127]
    while ticks := ticks >> 7:
        digits.insert(0, ticks & 127 | 128)
    return bytes(digits)


def _unit(part: NDArray[np.floating] | NDArray[np.int16]) -> Samples:
    sound = part.astype(np.float32)
    return np.asarray(sound / (np.std(sound) + 1e-3), np.float32)


def decoded(
    path: str, format_name: str | None = None, seconds: float = np.inf
) -> NDArray[np.int16]:
    """A sound file, or its first seconds, as 16 kHz mono."""
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    parts: list[NDArray[np.int16]] = []
    wanted, got = seconds * SAMPLE_RATE, 0
    with av.open(path, format=format_name) as source:
        for frame in source.decode(audio=0):
            for part in resampler.resample(frame):
                parts.append(part.to_ndarray()[0])
                got += len(parts[-1])
            if got >= wanted:
                break
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return np.concatenate(parts)
