"""Text cut into sentences, in any script, none longer than a breath can carry.

Speech is made sentence by sentence, so that memory and the wait for the first
sound do not grow with the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

MAX_CHARS = 400

# Signs that end a sentence when white space follows: Latin, Cyrillic, Greek, Armenian,
# Arabic, Urdu, Devanagari, Ethiopic, Khmer, Burmese ...
_CLOSING = "\"'»”’)\\]"
_SPACED = rf"[.!?…։؟۔।॥።፧។៕။]+[{_CLOSING}]*(?=\s|$)"
_UNSPACED = (
    rf"[。｡！？]+[」』】）{_CLOSING}]*"  # ... and Chinese and Japanese, which write no space
)
_END = re.compile(f"{_SPACED}|{_UNSPACED}")
_WORD_BEFORE = re.compile(r"[\w.-]*$")
_NUMBER = re.compile(r"\s*\d+\s*$")
_BREAKS = re.compile(r"[;:,—–،؛、，；：]\s*")

# Words that a full stop shortens before a capital; single letters ("т. е.", "J. S.") need no list.
_SHORTENED = re.compile(
    "mr|mrs|ms|dr|prof|sr|sra|st|vs|fig|vol|e.g|i.e|z.b|d.h|nr|mme|"
    "им|ул|пер|стр|рис|см|тыс|млн|млрд|напр|гл|ср|тел"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, or a part of a very long one; `ends_paragraph` asks for a longer pause."""

    text: str
    ends_paragraph: bool


def sentences(text: str) -> list[str]:
    """The sentences of `text` in order, each 1..MAX_CHARS characters, no letter lost."""
    return [sentence.text for sentence in passages(text)]


def passages(text: str) -> Iterator[Sentence]:
    """The sentences of `text`, each knowing whether it ends a paragraph."""
    for paragraph in re.split(r"\n\s*\n", _clean(text)):
        parts = [
            part
            for line in _unwrapped(paragraph)
            for sentence in _cut_line(line)
            for part in _cut_long(sentence)
        ]
        for number, part in enumerate(parts, 1):
            yield Sentence(part, number == len(parts))


def speakable(text: str) -> bool:
    """Whether there is any letter or digit in `text`, of any script."""
    return any(unicodedata.category(sign)[0] in "LN" for sign in text)


def _clean(text: str) -> str:
    """Line ends as \\n; other control signs and lone surrogates as spaces (NUL ends a C string)."""
    text = re.sub(r"\r\n?|[\v\x85\u2028]", "\n", text)
    text = re.sub(r"[\f\u2029]", "\n\n", text)
    return re.sub(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]", " ", text)


def _unwrapped(paragraph: str) -> Iterator[str]:
    """Lines of a paragraph, those joined again that were only wrapped: the next starts small."""
    held = ""
    for line in filter(None, (line.strip() for line in paragraph.split("\n"))):
        if held and not (line[0].islower() and not _END.search(held[-1])):
            yield held
            held = ""
        held = f"{held} {line}" if held else line
    if held:
        yield held


def _cut_line(line: str) -> Iterator[str]:
    start = 0
    for end in _END.finditer(line):
        if _ends_here(line, start, end):
            yield line[start : end.end()].strip()
            start = end.end()
    if rest := line[start:].strip():
        yield rest


def _ends_here(line: str, start: int, end: "re.Match[str]") -> bool:
    """Whether the signs `end` end the sentence that began at `start`."""
    signs = end.group().rstrip("\"'»”’)]")
    if signs not in {".", "…", "..."}:
        return True
    if line[end.end() :].lstrip()[:1].islower():
        return False
    before = line[start : end.start()]
    found = _WORD_BEFORE.search(before)
    word = found.group() if found else ""
    single_letter = len(word.rsplit(".", 1)[-1]) == 1 and word[-1].isalpha()
    # "я" (I) ends Russian sentences, and shortens nothing.
    shortened = (single_letter and word != "я") or _SHORTENED.fullmatch(word.lower())
    return signs != "." or not (shortened or _NUMBER.fullmatch(before))


def _cut_long(sentence: str) -> Iterator[str]:
    """Parts of at most MAX_CHARS, cut after a comma or the like, else at a space, else anywhere."""
    while len(sentence) > MAX_CHARS:
        commas = [m.end() for m in _BREAKS.finditer(sentence, MAX_CHARS // 4, MAX_CHARS)]
        space = sentence.rfind(" ", 1, MAX_CHARS)
        cut = commas[-1] if commas else space if space > 0 else _between_letters(sentence)
        if part := sentence[:cut].strip():
            yield part
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence


def _between_letters(sentence: str) -> int:
    """A place near MAX_CHARS that parts no letter from its marks."""
    cut = MAX_CHARS
    while cut > MAX_CHARS // 2 and unicodedata.category(sentence[cut])[0] in "MC":
        cut -= 1
    return cut
