"""What was spoken, and when: the synthesiser's own word, counted in samples of the sound."""

from dataclasses import dataclass

Marks = tuple[tuple[int, int], ...]  # (character, sample) where each word begins, both growing


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence of a spoken text.

    Attributes:
        text: the very characters that were spoken.
        begins, ends: samples of the sound's track, from its beginning; with the pause that the
            voice leaves after a sentence, without the longer one between paragraphs.
        marks: where words begin: characters of `text`, and samples of the track.
        rate: of the track, Hz.
    """

    text: str
    begins: int
    ends: int
    marks: Marks
    rate: int


Script = tuple[Line, ...]
