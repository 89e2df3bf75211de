"""Phonetics: IPA symbols -> what the mouth does, whoever speaks whichever language.

One table for all sources. A phone is one or more gestures in a row (an affricate or a
diphthong has two); a gesture has a target for each mouth parameter and a strength, how
much it asks for that target against its neighbours (dominance, Cohen & Massaro 1993).
Heights of vowels after the IPA chart; jaw targets scaled so that an "a" in conversation
opens the jaw by half.
"""

import unicodedata
from dataclasses import dataclass, field
from functools import cache

from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS

# What a frame may be told to be, besides its posture: a second task that keeps the trunk honest.
CLASSES = (
    "silence", "p", "b", "m", "f", "v", "w", "t", "d", "n", "l", "r", "approximant r",
    "s", "z", "sh", "zh", "th", "k", "g", "ng", "x", "h", "j",
    "i", "y", "u", "e", "oe", "o", "schwa", "eh", "oh", "a", "ah",
)  # fmt: skip


@dataclass(frozen=True)
class Gesture:
    """What one phone, or half of one, asks of the mouth."""

    kind: str  # of CLASSES
    target: dict[str, float] = field(hash=False)  # by name of MOUTH_PARAMETERS; absent is 0
    strength: float = 1.0  # of jaw, width, rounding, raise and depress, against the neighbours'
    vowel: bool = False

    def __post_init__(self) -> None:
        assert self.kind in CLASSES, self.kind  # noqa: S101
        assert set(self.target) <= set(MOUTH_PARAMETERS), self.target  # noqa: S101


SILENCE = Gesture("silence", {}, strength=1.2)


def gestures(phone: str) -> tuple[Gesture, ...]:
    """The gestures of an IPA symbol, with or without stress, length, tone and diacritics.

    Raises:
        KeyError: no letter of it is in the table.
    """
    found = tuple(_TABLE[letter] for letter in _letters(phone))
    if not found:
        raise KeyError(phone)
    # "tʃ" hisses as "ʃ" does, behind a short stop; "aɪ" is both in turn
    return found


@cache
def _letters(phone: str) -> tuple[str, ...]:
    # ç is a letter of its own, ã is an a: decompose only what is not in the table
    letters = [
        c if c in _TABLE else unicodedata.normalize("NFD", c)[0]
        for c in unicodedata.normalize("NFC", phone)
    ]
    return tuple(c for c in (_SAME.get(c, c) for c in letters) if c in _TABLE)


def _vowel(kind: str, height: float, back: float, rounded: float) -> Gesture:
    """`height` 0 close .. 1 open, `back` 0 front .. 1 back, `rounded` 0 .. 1."""
    spread = (1 - rounded) * (1 - back)
    return Gesture(
        kind,
        {
            "jaw_open": 0.09 + 0.49 * height,
            "width": 0.75 * spread * (1 - 0.6 * height) - 0.65 * rounded * (1 - 0.5 * height),
            "rounding": rounded * (1 - 0.45 * height),
            "upper_raise": 0.25 * spread,
            "lower_depress": 0.35 * spread + 0.12 * height,
        },
        vowel=True,
    )


def _tongue(kind: str, up: float, jaw: float, strength: float = 0.6) -> Gesture:
    return Gesture(kind, {"jaw_open": jaw, "tongue": up, "lower_depress": 0.15}, strength)


_VOWELS = {
    "i": ("i", 0.0, 0.0, 0.0), "ɪ": ("i", 0.2, 0.15, 0.0), "ᵻ": ("i", 0.25, 0.35, 0.0),
    "ɨ": ("i", 0.1, 0.5, 0.0), "ɯ": ("i", 0.1, 0.9, 0.0), "y": ("y", 0.0, 0.0, 1.0),
    "ʏ": ("y", 0.2, 0.1, 0.9), "ʉ": ("y", 0.05, 0.5, 1.0), "u": ("u", 0.0, 1.0, 1.0),
    "ʊ": ("u", 0.2, 0.9, 0.75), "e": ("e", 0.35, 0.0, 0.0), "ø": ("oe", 0.35, 0.0, 0.9),
    "œ": ("oe", 0.6, 0.0, 0.75), "ɵ": ("oe", 0.35, 0.5, 0.8), "ɘ": ("schwa", 0.35, 0.5, 0.0),
    "ɤ": ("schwa", 0.4, 0.9, 0.0), "o": ("o", 0.38, 1.0, 0.95), "ə": ("schwa", 0.45, 0.5, 0.0),
    "ɚ": ("schwa", 0.4, 0.6, 0.2), "ɜ": ("schwa", 0.55, 0.5, 0.0), "ɝ": ("schwa", 0.45, 0.6, 0.2),
    "ɞ": ("schwa", 0.6, 0.6, 0.5), "ɛ": ("eh", 0.62, 0.0, 0.0), "ʌ": ("ah", 0.68, 0.75, 0.0),
    "ɔ": ("oh", 0.62, 1.0, 0.75), "ɒ": ("oh", 0.85, 1.0, 0.4), "æ": ("a", 0.85, 0.1, 0.0),
    "ɐ": ("ah", 0.8, 0.5, 0.0), "a": ("a", 0.95, 0.4, 0.0), "ɑ": ("ah", 1.0, 0.8, 0.0),
}  # fmt: skip

_LIPS = {"jaw_open": 0.04, "lip_closure": 1.0}
_TEETH = {"jaw_open": 0.08, "labiodental": 1.0, "upper_raise": 0.15}
_S = {"jaw_open": 0.05, "width": 0.3, "upper_raise": 0.6, "lower_depress": 0.6}
_SH = {
    "jaw_open": 0.07, "width": -0.3, "rounding": 0.55, "upper_raise": 0.7, "lower_depress": 0.6,
}  # fmt: skip
_SOFT_SH = {**_SH, "width": 0.05, "rounding": 0.25}  # ɕ
_W = {"jaw_open": 0.08, "width": -0.6, "rounding": 0.95}
_J = {"jaw_open": 0.1, "width": 0.4, "tongue": 0.2, "upper_raise": 0.2, "lower_depress": 0.3}
_R = {"jaw_open": 0.14, "rounding": 0.35, "width": -0.2, "tongue": 0.3}
_BACK = {"jaw_open": 0.17, "lower_depress": 0.1}

_TABLE = {
    **{letter: _vowel(*shape) for letter, shape in _VOWELS.items()},
    "p": Gesture("p", _LIPS), "b": Gesture("b", _LIPS), "m": Gesture("m", _LIPS),
    "ʘ": Gesture("p", _LIPS),
    "ɸ": Gesture("f", {"jaw_open": 0.07, "lip_closure": 0.5, "rounding": 0.3}),
    "β": Gesture("v", {"jaw_open": 0.08, "lip_closure": 0.6}),
    "f": Gesture("f", _TEETH), "v": Gesture("v", _TEETH),
    "ɱ": Gesture("m", {**_TEETH, "labiodental": 0.8}),
    "ʋ": Gesture("v", {**_TEETH, "labiodental": 0.7}),
    "w": Gesture("w", _W, 0.9), "ʍ": Gesture("w", _W, 0.9), "ɥ": Gesture("w", _W, 0.9),
    "t": _tongue("t", 0.6, 0.12), "d": _tongue("d", 0.6, 0.13), "n": _tongue("n", 0.65, 0.15),
    "ʈ": _tongue("t", 0.5, 0.13), "ɖ": _tongue("d", 0.5, 0.14), "ɳ": _tongue("n", 0.5, 0.15),
    "l": _tongue("l", 0.9, 0.19), "ɫ": _tongue("l", 0.9, 0.19), "ɭ": _tongue("l", 0.7, 0.19),
    "ɬ": _tongue("l", 0.8, 0.12), "ɮ": _tongue("l", 0.8, 0.12), "ɺ": _tongue("l", 0.7, 0.18),
    "r": _tongue("r", 0.6, 0.17), "ɾ": _tongue("r", 0.6, 0.18), "ɽ": _tongue("r", 0.5, 0.18),
    "ɹ": Gesture("approximant r", _R, 0.6), "ɻ": Gesture("approximant r", _R, 0.6),
    "θ": Gesture("th", {"jaw_open": 0.13, "tongue": 1.0, "lower_depress": 0.25}, 0.8),
    "ð": Gesture("th", {"jaw_open": 0.13, "tongue": 1.0, "lower_depress": 0.25}, 0.7),
    "s": Gesture("s", _S), "z": Gesture("z", _S),
    "ʃ": Gesture("sh", _SH), "ʂ": Gesture("sh", _SH), "ʒ": Gesture("zh", _SH),
    "ʐ": Gesture("zh", _SH), "ɧ": Gesture("sh", _SH),
    "ɕ": Gesture("sh", _SOFT_SH), "ʑ": Gesture("zh", _SOFT_SH),
    "k": Gesture("k", _BACK, 0.3), "ɡ": Gesture("g", _BACK, 0.3), "q": Gesture("k", _BACK, 0.3),
    "ɢ": Gesture("g", _BACK, 0.3), "ŋ": Gesture("ng", _BACK, 0.3), "ɴ": Gesture("ng", _BACK, 0.3),
    "x": Gesture("x", _BACK, 0.3), "χ": Gesture("x", _BACK, 0.3), "ɣ": Gesture("g", _BACK, 0.3),
    "ʁ": Gesture("x", _BACK, 0.3), "ʀ": Gesture("x", _BACK, 0.3), "ɰ": Gesture("g", _BACK, 0.3),
    "h": Gesture("h", _BACK, 0.12), "ɦ": Gesture("h", _BACK, 0.12), "ʔ": Gesture("h", _BACK, 0.12),
    "ħ": Gesture("h", _BACK, 0.2), "ʕ": Gesture("h", _BACK, 0.2),
    "ç": Gesture("x", _J, 0.6), "ʝ": Gesture("j", _J, 0.6), "j": Gesture("j", _J, 0.6),
    "ʎ": Gesture("l", {**_J, "tongue": 0.6}, 0.6), "ɲ": Gesture("n", {**_J, "tongue": 0.5}, 0.6),
    "c": Gesture("k", _J, 0.5), "ɟ": Gesture("g", _J, 0.5),
}  # fmt: skip

# Spellings of the same thing.
_SAME = {"g": "ɡ", "ɩ": "ɪ", "ι": "ɪ", "ɷ": "ʊ", "ɓ": "b", "ɗ": "d", "ɠ": "ɡ", "ɼ": "r", "ɿ": "ɨ"}
