"""A spoken line in pieces that a caption may not part: words, or signs where no space is written.

Each knows when it begins: by the synthesiser's own mark where it gave one, else by where it
stands between two marks.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from lipsync_engine.script import Line

_CLAUSE = re.compile(r"[,;:،؛、，；：—–][\"'»”’)\]」』】）]*$")
_SMALL = set("ーぁぃぅぇぉっゃゅょァィゥェォッャュョ々")  # kana that belong to the one before them
_WORDS = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters that stays together.

    Attributes:
        width: columns.
        spaced: a space follows, where anything does.
        begins: seconds from the beginning of the sound.
        ends: seconds: when the next of its line begins, or the line ends.
        sure: the synthesiser said when it begins.
        begins_sentence, ends_sentence, ends_clause: what it is to its sentence.
    """

    text: str
    width: int
    spaced: bool
    begins: Fraction
    ends: Fraction
    sure: bool
    begins_sentence: bool
    ends_sentence: bool
    ends_clause: bool


def pieces(line: Line, widest: int) -> list[Piece]:
    """The pieces of a line in order, none wider than `widest` columns."""
    spans = [span for word in _WORDS.finditer(line.text) for span in _parted(word, widest)]
    times = [_begin(line, *span) for span in spans]
    ends = [*(begins for begins, _ in times[1:]), Fraction(line.ends, line.rate)]
    found = []
    for number, ((start, stop), (begins, sure)) in enumerate(zip(spans, times, strict=True)):
        text, last = line.text[start:stop], number == len(spans) - 1
        found.append(Piece(
            text, width(text), not _is_wide(text[-1]) if last else line.text[stop].isspace(),
            begins, ends[number], sure,
            number == 0, last, _CLAUSE.search(text) is not None,
        ))  # fmt: skip
    return found


def width(text: str) -> int:
    """Columns of a text: wide signs take two, marks over or under others none."""
    return sum(
        0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 1 + _is_wide(sign)
        for sign in text
    )


def _is_wide(sign: str) -> bool:
    return unicodedata.east_asian_width(sign) in "WF"


def _parted(word: "re.Match[str]", widest: int) -> Iterator[tuple[int, int]]:
    """(start, stop) of a word's pieces: it is one, but for wide signs and what is too wide.

    Signs that close something stay with what is before them, so that no line begins with one.
    """
    text, start, taken = word.string, word.start(), 0
    for at in range(word.start(), word.end()):
        more = width(text[at])
        if at > start and ((_may_part(text[at - 1], text[at])) or taken + more > widest):
            yield start, at
            start, taken = at, 0
        taken += more
    yield start, word.end()


def _may_part(before: str, after: str) -> bool:
    """Whether a line may end between two signs that no space parts."""
    if not _is_wide(before) and not _is_wide(after):
        return False
    opens = unicodedata.category(before) in ("Ps", "Pi")
    return not opens and unicodedata.category(after)[0] not in "PM" and after not in _SMALL


def _begin(line: Line, start: int, stop: int) -> tuple[Fraction, bool]:
    """When characters start..stop begin, seconds; whether the synthesiser said so."""
    number = bisect_right(line.marks, (start, -1))
    if number < len(line.marks) and line.marks[number][0] < stop:
        return Fraction(line.marks[number][1], line.rate), True
    if start == 0:
        return Fraction(line.begins, line.rate), True
    known = [(0, line.begins), *line.marks[:number]][-1]
    after = line.marks[number] if number < len(line.marks) else (len(line.text), line.ends)
    part = Fraction(start - known[0], max(1, after[0] - known[0]))
    return (known[1] + part * (after[1] - known[1])) / line.rate, False
