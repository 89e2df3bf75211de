"""Other synthesisers' names for phones -> IPA. "" is a pause.

The sets are festival's and flite's own: English by CMU, Czech and Italian as festival-czech
and festvox-it define them, Finnish by Suopuhe, Indian languages by NSK, Russian by MSU.
"""

from collections.abc import Mapping

ENGLISH = {
    "aa": "ɑ", "ae": "æ", "ah": "ʌ", "ao": "ɔ", "aw": "aʊ", "ax": "ə", "ay": "aɪ", "ch": "tʃ",
    "dh": "ð", "dx": "ɾ", "eh": "ɛ", "el": "əl", "em": "m", "en": "n", "er": "ɚ", "ey": "eɪ",
    "hh": "h", "hv": "h", "ih": "ɪ", "iy": "i", "jh": "dʒ", "ng": "ŋ", "nx": "n", "ow": "oʊ",
    "oy": "ɔɪ", "r": "ɹ", "sh": "ʃ", "th": "θ", "uh": "ʊ", "uw": "u", "y": "j", "zh": "ʒ",
}  # fmt: skip
CZECH = {
    "r~": "rʒ", "r~*": "rʃ", "n~": "ɲ", "n*": "ŋ", "t~": "c", "d~": "ɟ", "s~": "ʃ", "z~": "ʒ",
    "c": "ts", "c~": "tʃ", "dz~": "dʒ", "ch": "x", "h": "ɦ", "_": "", "m*": "ɱ",
}  # fmt: skip
ITALIAN = {"tS": "tʃ", "dZ": "dʒ", "S": "ʃ", "L": "ʎ", "J": "ɲ", "ng": "ŋ", "E": "ɛ", "O": "ɔ"}
FINNISH = {"@": "æ", "7": "ø", "N": "ŋ", "S": "ʃ"}
INDIAN = {
    "a": "ə", "aa": "a", "ih": "ɪ", "i": "ɪ", "iy": "i", "uh": "ʊ", "u": "ʊ", "uw": "u",
    "eh": "e", "ee": "e", "oh": "o", "oo": "o", "ay": "ɛ", "aw": "ɔ", "th": "t", "dh": "d",
    "tth": "ʈ", "T": "ʈ", "ddh": "ɖ", "D": "ɖ", "N": "ɳ", "L": "ɭ", "sh": "ʃ", "ch": "tʃ",
    "j": "dʒ", "bh": "b", "ph": "p", "kh": "k", "gh": "g", "y": "j", "v": "ʋ", "ng": "ŋ",
    "ny": "ɲ",
}  # fmt: skip
RUSSIAN = {
    "aa": "a", "ae": "ə", "a": "ʌ", "oo": "o", "ee": "e", "ii": "i", "uu": "u", "ur": "ʊ",
    "y": "ɨ", "yy": "ɨ", "c": "ts", "ch": "tɕ", "sch": "ɕ", "sh": "ʂ", "zh": "ʐ", "h": "x",
    "hh": "x", "lb": "l",
}  # fmt: skip
CATALAN = {**ITALIAN, "ax": "ə", "rr": "r", "Z": "ʒ", "uw": "w", "y": "j", "B": "β", "D": "ð"}

_PAUSES = ("pau", "#", "_", "ssil", "sil", "H#", "brth")


def ipa(name: str, phones: Mapping[str, str]) -> str:
    """One phone in IPA; lengths, stresses and doubled (palatalised) letters mean nothing here."""
    if name in _PAUSES:
        return ""
    plain = name if name in phones else name.rstrip(":0123456789")
    if plain in phones:
        return phones[plain]
    if len(plain) == 2 and plain[0] == plain[1]:
        plain = plain[0]
    return phones.get(plain, plain)
