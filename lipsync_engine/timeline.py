"""Frames and samples: how video time and sound time meet, in integers.

Time between rooms is a frame count; inside sound it is samples at 16 kHz.
`fps` is a Fraction everywhere: 29.97 is 30000/1001.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

SAMPLE_RATE = 16_000  # Hz, of the canonical mono PCM that every generator hears


@dataclass(frozen=True, slots=True)
class FrameRange:
    """`count` consecutive video frames from absolute frame number `first`."""

    first: int
    count: int

    @property
    def stop(self) -> int:
        """One past the last frame number."""
        return self.first + self.count


def frame_count(n_samples: int, fps: Fraction) -> int:
    """Video frames of `n_samples` of sound: round(duration * fps), half up, at least 1."""
    return max(1, int(Fraction(n_samples, SAMPLE_RATE) * fps + Fraction(1, 2)))


def frame_sample(frame: int, fps: Fraction) -> int:
    """The sample (16 kHz, absolute) in the middle of the time that `frame` is shown."""
    return (2 * frame + 1) * SAMPLE_RATE * fps.denominator // (2 * fps.numerator)


def parse_fps(text: str) -> Fraction:
    """Frames a second from '25', '29.97', '30000/1001'; NTSC decimals become n*1000/1001.

    Other fractions are taken to the nearest with a denominator of at most 1001:
    containers count time in integers and refuse a rate of too many digits.

    Raises:
        ValueError: not a number, or outside 1..120.
    """
    if not re.fullmatch(r"\s*\d{1,9}(\.\d{0,30}|/\d{1,9})?\s*", text):  # no 1e999999999
        raise _not_fps(text)
    try:
        fps = Fraction(text).limit_denominator(1001)
    except ZeroDivisionError as error:
        raise _not_fps(text) from error
    for nominal in (24, 30, 48, 60, 120):
        exact = Fraction(nominal * 1000, 1001)
        if abs(fps - exact) < Fraction(1, 100):
            fps = exact
    if not 1 <= fps <= 120:
        raise _not_fps(text)
    return fps


def _not_fps(text: str) -> ValueError:
    return ValueError(
        f"fps must be between 1 and 120, not {text[:40]!r}: for example 25, 29.97 or 30000/1001"
    )
