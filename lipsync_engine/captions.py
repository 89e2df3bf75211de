"""Captions: what is said, in pieces that can be read while they sound.

A cue is as a rule one sentence. A long sentence is cut, after a comma where there is one,
and short ones share a cue, so that each is at most two lines and stays long enough to be
read. Where to cut is chosen for the whole text at once, as TeX breaks paragraphs (Knuth
and Plass, 1981): what the breaks cost is added up, and the cheapest way is taken.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise, takewhile

from lipsync_engine.script import Script
from lipsync_engine.wording import Piece, pieces

WIDTH = 42  # of a line, in Latin letters; wide signs (Chinese, Japanese, Korean) count as two
SHORTEST_S = Fraction(5, 6)  # what is shown for less is not seen: broadcasters' usual limit
LONGEST_S = 7  # after that a reader has begun once more

# What a cue costs, by what is wrong with it. Only the order of size matters.
EACH, SHARED, AT_COMMA, AT_SPACE, INSIDE, UNSURE = 1.0, 2.0, 1.0, 3.0, 12.0, 2.0
FLASH, LINGER, CRUMB = 60.0, 4.0, 3.0
FEW = 16  # columns: a cue inside a sentence that has fewer is a crumb


@dataclass(frozen=True, slots=True)
class Cue:
    """What is shown at one time.

    Attributes:
        begins, ends: milliseconds from the beginning of the video.
        lines: one or two.
        marks: for each line, (character, millisecond) where a word begins, after `begins`.
    """

    begins: int
    ends: int
    lines: tuple[str, ...]
    marks: tuple[tuple[tuple[int, int], ...], ...]


def cues(script: Script, until: Fraction) -> tuple[Cue, ...]:
    """Cut a spoken text into cues: in order, none over another.

    Args:
        until: when the video ends, seconds; nothing is shown later.
    """
    words = [piece for line in script for piece in pieces(line, WIDTH)]
    words = [word for word in words if word.begins < until]
    edges = _edges(words, until)
    found = []
    for first, stop in pairwise(edges):
        after = words[stop].begins if stop < len(words) else until
        cue = _cue(words[first:stop], after)
        if cue.begins < cue.ends:
            found.append(cue)
    return tuple(found)


def _edges(words: Sequence[Piece], until: Fraction) -> list[int]:
    """Indices of the words that begin a cue, and their number, such that all costs least."""
    text = _Text(words, until)
    best, before = [0.0], [0]
    for stop in range(1, len(words) + 1):
        fitting = takewhile(lambda first: text.fits(first, stop), range(stop - 1, -1, -1))  # noqa: B023 - used at once
        cost, first = min((best[first] + text.cost(first, stop), first) for first in fitting)
        best.append(cost)
        before.append(first)
    edges = [len(words)]
    while edges[-1]:
        edges.append(before[edges[-1]])
    return edges[::-1]


class _Text:
    """All words, with what any run first..stop of them needs, added up beforehand."""

    def __init__(self, words: Sequence[Piece], until: Fraction) -> None:
        self._words = words
        self._widths = [0, *accumulate(word.width + word.spaced for word in words)]
        self._sentences = [0, *accumulate(int(word.ends_sentence) for word in words)]
        self._begins = [float(word.begins) for word in words] + [float(until)]
        self._ends = [float(word.ends) for word in words]
        self._reach = [self._one_line(first) for first in range(len(words))]

    def _one_line(self, first: int) -> int:
        """How far a line goes that begins with word `first`: never past a line's width."""
        most = self._widths[first] + WIDTH + 1  # the last word's space may stick out
        stop = bisect_right(self._widths, most) - 1
        while self.width(first, stop) > WIDTH:
            stop -= 1
        return max(stop, first + 1)

    def width(self, first: int, stop: int) -> int:
        """Columns of these words on one line."""
        spare = self._words[stop - 1].spaced if stop > first else 0
        return self._widths[stop] - self._widths[first] - spare

    def fits(self, first: int, stop: int) -> bool:
        """Whether two lines hold them."""
        second = self._reach[first]
        return stop <= second or self.width(second, stop) <= WIDTH

    def cost(self, first: int, stop: int) -> float:
        """Of these words as one cue."""
        begin, last = self._words[first], self._words[stop - 1]
        width, shared = self.width(first, stop), self._sentences[stop - 1] - self._sentences[first]
        cost = EACH + SHARED * shared + bool(shared) * width / WIDTH  # rather two short ones
        if not last.ends_sentence:
            cost += AT_COMMA if last.ends_clause else AT_SPACE if last.spaced else INSIDE
        if not begin.sure:
            cost += UNSURE
        if not (begin.begins_sentence and last.ends_sentence) and width < FEW:
            cost += CRUMB
        shown = self._begins[stop] - self._begins[first]
        if shown < SHORTEST_S:
            cost += FLASH * (1 + float(SHORTEST_S) - shown)
        return cost + LINGER * max(0.0, self._ends[stop - 1] - self._begins[first] - LONGEST_S)


def _cue(words: Sequence[Piece], after: Fraction) -> Cue:
    """These words, shown while they sound, and longer where that is short and nothing comes."""
    begins = words[0].begins
    ends = min(after, max(words[-1].ends, begins + SHORTEST_S))
    shown = [_line(half, begins, ends) for half in _halves(words)]
    return Cue(_ms(begins), _ms(ends), tuple(text for text, _ in shown), tuple(m for _, m in shown))


def _line(
    words: Sequence[Piece], begins: Fraction, ends: Fraction
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """A line's text and its marks."""
    text, marks = "", []
    for word in words:
        if word.sure and _ms(begins) < _ms(word.begins) < _ms(ends):
            marks.append((len(text), _ms(word.begins)))
        text += word.text + " " * word.spaced
    return text.rstrip(), tuple(marks)


def _halves(words: Sequence[Piece]) -> tuple[Sequence[Piece], ...]:
    """The one or two lines that these words make.

    Two are cut between sentences, else after a comma, else where they are most alike.
    """
    widths = [0, *accumulate(word.width + word.spaced for word in words)]
    whole = widths[-1] - words[-1].spaced
    if whole <= WIDTH:
        return (words,)

    def wide(at: int) -> int:
        return max(widths[at] - words[at - 1].spaced, whole - widths[at])

    def ugly(at: int) -> tuple[int, int]:
        last = words[at - 1]
        return 0 if last.ends_sentence else 1 if last.ends_clause else 2, wide(at)

    at = min((at for at in range(1, len(words)) if wide(at) <= WIDTH), key=ugly)
    return words[:at], words[at:]


def _ms(seconds: Fraction) -> int:
    """Down: never after the sound, never past the video's end."""
    return int(seconds * 1000)
