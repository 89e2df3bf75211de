"""RHVoice's names for phones, by language; and the words of a text written in them.

espeak-ng writes a text in IPA; here that is put into the phones that RHVoice's voices were
taught with (their `phonemes.xml`), and back into IPA for our labels.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Syllable = tuple[bool, tuple[str, ...]]  # stressed or not, its phones
Word = tuple[Syllable, ...]
Phrase = tuple[Word, ...]


@dataclass(frozen=True)
class PhoneSet:
    """One language's phones."""

    espeak: str  # its voice
    of_ipa: Mapping[str, str]  # longest first where one begins another
    to_ipa: Mapping[str, str]
    vowels: frozenset[str]
    weak: Mapping[str, str]  # what a vowel without stress is called instead


_ENGLISH = {
    "eɪ": "ey", "aɪ": "ay", "oʊ": "ow", "aʊ": "aw", "ɔɪ": "oy", "dʒ": "jh", "tʃ": "ch",
    "ɚ": "er", "ɜː": "er", "ɜ": "er", "ə": "ax", "ɐ": "ax", "ʌ": "ah", "ɑː": "aa", "ɑ": "aa",
    "ɔː": "ao", "ɔ": "ao", "æ": "ae", "ɛ": "eh", "e": "eh", "ɪ": "ih", "ᵻ": "ih", "iː": "iy",
    "i": "iy", "ʊ": "uh", "uː": "uw", "u": "uw", "o": "ao", "a": "aa", "ɹ": "r", "r": "r",
    "ɾ": "d", "θ": "th", "ð": "dh", "ʃ": "sh", "ʒ": "zh", "ŋ": "ng", "h": "hh", "j": "y",
    "ɡ": "g", "ʔ": "t", **{letter: letter for letter in "bdfklmnpstvwz"},
}  # fmt: skip
_ENGLISH_IPA = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "ay": "aɪ", "ch": "tʃ",
    "dh": "ð", "eh": "ɛ", "er": "ɚ", "ey": "eɪ", "hh": "h", "ih": "ɪ", "iy": "i", "jh": "dʒ",
    "ng": "ŋ", "ow": "oʊ", "oy": "ɔɪ", "r": "ɹ", "sh": "ʃ", "th": "θ", "uh": "ʊ", "uw": "u",
    "y": "j", "zh": "ʒ",
}  # fmt: skip
_PLAIN = {"ɡ": "g", "x": "h", "ɭ": "l", **{letter: letter for letter in "bdfklmnprstvz"}}
_RUSSIAN = {
    "tʃʲ": "ch", "tʃ": "ch", "ts": "c", "ʃ": "sh", "ʒ": "zh", "ɕ": "sch", "j": "j",
    "ʑʲ": "zz", "ʑ": "zz", **{ipa + "ʲ": 2 * name for ipa, name in _PLAIN.items()}, **_PLAIN,
    "a": "a", "ɑ": "a", "ʌ": "a", "ə": "a", "ɛ": "e", "e": "e", "i": "i", "ɪ": "i", "o": "o",
    "ɵ": "o", "y": "y", "u": "u", "ʊ": "u",
}  # fmt: skip
_RUSSIAN_IPA = {
    "ch": "tʃ", "c": "ts", "sh": "ʃ", "zh": "ʒ", "sch": "ɕ", "h": "x", "hh": "x", "y": "ɨ",
    "a0": "ʌ", "e0": "ɪ", "i0": "ɪ", "y0": "ɨ", "u0": "u",
    **{2 * letter: letter for letter in "bdfgklmnprstvz"},
}  # fmt: skip
_HARD = {
    "ɡ": "g", "x": "h", "h": "gh", "ɬ": "l", "ʃ": "sh", "ʒ": "zh", "ts": "ts", "dz": "dz",
    "tʃ": "tsh", "dʒ": "dzh", **{letter: letter for letter in "bdfklmnprstz"},
}  # fmt: skip
_UKRAINIAN = {
    "ʎ": "lj", "ɲ": "nj", "j": "j", "β": "w", **{ipa + "ʲ": name + "j" for ipa, name in
    _HARD.items()}, **_HARD, "iː": "ii", "i": "ii", "ɪ": "i", "ɛ": "e", "e": "e", "a": "a",
    "o": "o", "u": "u", "ə": "e",
}  # fmt: skip
_UKRAINIAN_IPA = {
    "gh": "ɦ", "h": "x", "ii": "i", "i": "ɪ", "e": "ɛ", "sh": "ʃ", "zh": "ʒ", "tsh": "tʃ",
    "dzh": "dʒ",
}  # fmt: skip
_ESPERANTO = {
    "tʃ": "ch", "ts": "c", "dʒ": "zh", "ʃ": "sh", "ʒ": "zh", "x": "hh", "j": "y", "ɡ": "g",
    "ɪ": "i", **{letter: letter for letter in "abdefhiklmnoprstuvwz"},
}  # fmt: skip
_ESPERANTO_IPA = {"ch": "tʃ", "c": "ts", "sh": "ʃ", "zh": "ʒ", "hh": "x", "y": "j"}

ENGLISH = PhoneSet(
    "en-us", _ENGLISH, _ENGLISH_IPA,
    frozenset((
        "aa", "ae", "ah", "ao", "aw", "ax", "ay", "eh", "er", "ey", "ih", "iy", "ow", "oy",
        "uh", "uw",
    )), {},
)  # fmt: skip
_WEAK = {"a": "a0", "e": "e0", "i": "i0", "y": "y0", "u": "u0", "o": "a0"}
RUSSIAN = PhoneSet("ru", _RUSSIAN, _RUSSIAN_IPA, frozenset([*"aeiouy", *_WEAK.values()]), _WEAK)
UKRAINIAN = PhoneSet("uk", _UKRAINIAN, _UKRAINIAN_IPA, frozenset(["ii", *"ieaou"]), {})
ESPERANTO = PhoneSet("eo", _ESPERANTO, _ESPERANTO_IPA, frozenset("aeiou"), {})


def ipa(name: str, phones: PhoneSet) -> str:
    """One phone in IPA, "" for a pause; palatalised ones lose a j that was only a mark."""
    if name == "pau":
        return ""
    if name in phones.to_ipa:
        return phones.to_ipa[name]
    plain = name[:-1] if len(name) > 1 and name.endswith("j") else name
    return phones.to_ipa.get(plain, plain)


def phrases(text: str, phones: PhoneSet) -> tuple[Phrase, ...]:
    """IPA -> phrases of words of syllables; what RHVoice has no phone for is left out."""
    found = []
    for clause in re.split(r"[,.;:!?]+", text):
        words: list[list[tuple[str, bool]]] = []
        for written in clause.split():
            word = _word(written, phones)
            if any(name in phones.vowels for name, _ in word):
                words.append(word)
            elif words:  # a preposition of one consonant leans on its neighbour
                words[-1] += word
        if words:
            found.append(tuple(_syllables(word, phones.vowels) for word in words))
    return tuple(found)


def _word(written: str, phones: PhoneSet) -> list[tuple[str, bool]]:
    """Phones, and whether each bears the word's stress."""
    names = sorted(phones.of_ipa, key=len, reverse=True)
    written = re.sub('[\u032a\u0329^"]', "", written)
    found, stressed, i = [], False, 0
    while i < len(written):
        letters = next((ipa for ipa in names if written.startswith(ipa, i)), "")
        if letters:
            name = phones.of_ipa[letters]
            vowel = name in phones.vowels
            strong = stressed and vowel
            found.append((name if strong or not vowel else phones.weak.get(name, name), strong))
            stressed = stressed and not vowel
        stressed = stressed or written[i] == "ˈ"
        i += max(len(letters), 1)
    return found


def _syllables(word: Sequence[tuple[str, bool]], vowels: frozenset[str]) -> Word:
    """Each begins with the last consonant before its vowel."""
    at = [i for i, (name, _) in enumerate(word) if name in vowels]
    cuts = [0, *(b - 1 if b - a > 1 else b for a, b in pairwise(at)), len(word)]
    return tuple(
        (any(strong for _, strong in word[a:b]), tuple(name for name, _ in word[a:b]))
        for a, b in pairwise(cuts)
    )
