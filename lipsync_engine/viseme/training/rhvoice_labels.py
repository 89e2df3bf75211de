"""What an HMM voice of RHVoice is asked: each phone with its whole context, one label a line.

The format is RHVoice's own (`labelling.xml` of its languages). Parts of speech, accents and
tones are not known here: they shape melody, which no mouth follows.
"""

from collections.abc import Iterator, Sequence
from itertools import accumulate

from lipsync_engine.viseme.training.rhvoice_phones import Phrase

# Of pauses: nothing is known of syllable, word and phrase.
_NOWHERE = (
    "x_x/A:0_0_0/B:x-x-x@x-x&x-x#x-x$x-x!x-x;x-x|x/C:0+0+0/D:x_0/E:x+x@x+x&x+x#x+x/F:x_0"
    "/G:0_0/H:x=x^x=x|0/I:0=0"
)


def labels(said: Sequence[Phrase], vowels: frozenset[str], english: bool) -> list[str]:
    """One label a phone, with a pause around every phrase.

    Args:
        said: phrases of words of syllables.
        vowels: names of those phones that are.
        english: its voices ask for accents where the others ask for clitics.
    """
    pause = ("pau", _NOWHERE, "x_x")
    asked = [pause]
    for number in range(len(said)):
        asked += [*_of_phrase(said, number, vowels, english), pause]
    names = [name for name, _, _ in asked]
    n_words = sum(len(phrase) for phrase in said)
    n_syllables = sum(len(word) for phrase in said for word in phrase)
    whole = f"/J:{n_syllables}+{n_words}-{len(said)}"
    around = ["x", "x", *names, "x", "x"]
    return [
        f"{a}^{b}-{name}+{d}={e}@{context}{whole}" + f"/K:{place}" * english
        for a, b, (name, context, place), d, e in zip(
            around, around[1:], asked, around[3:], around[4:], strict=False
        )
    ]


def _of_phrase(
    said: Sequence[Phrase], number: int, vowels: frozenset[str], english: bool
) -> Iterator[tuple[str, str, str]]:
    """Name, context, and place in the word of each phone."""
    phrase = said[number]
    syllables = [syllable for word in phrase for syllable in word]
    stressed = [i for i, (strong, _) in enumerate(syllables) if strong]
    firsts = [0, *accumulate(len(word) for word in phrase)]
    sizes = [_size(said, number + step) for step in (-1, 0, 1)]
    tail = (
        f"/G:{sizes[0][0]}_{sizes[0][1]}/H:{sizes[1][0]}={sizes[1][1]}^{number + 1}"
        f"={len(said) - number}|{'L-L%' if english else 0}/I:{sizes[2][0]}={sizes[2][1]}"
    )
    for w, word in enumerate(phrase):
        n_phones, heard = sum(len(phones) for _, phones in word), 0
        words = (
            f"/D:{_kind(phrase, w - 1)}_{_length(phrase, w - 1)}/E:content+{len(word)}@{w + 1}"
            f"+{len(phrase) - w}&{w}+{len(phrase) - w - 1}#1+1"
            f"/F:{_kind(phrase, w + 1)}_{_length(phrase, w + 1)}"
        )
        for s, (strong, phones) in enumerate(word):
            at = firsts[w] + s
            before = [i for i in stressed if i < at]
            after = [i for i in stressed if i > at]
            apart = f"{at - before[-1] if before else 0}-{after[0] - at if after else 0}"
            vowel = next((name for name in phones if name in vowels), "x")
            last, next_ = (_beside(syllables, at + step) for step in (-1, 1))
            for k, name in enumerate(phones):
                heard += 1
                in_word = f"{heard}-{n_phones - heard + 1}"
                counts = f"{len(before)}-{len(after)}"
                yield (
                    name,
                    f"{k + 1}_{len(phones) - k}/A:{last[0]}_0_{last[1]}"
                    f"/B:{int(strong)}-{int(strong and english)}-{len(phones)}"
                    f"@{s + 1}-{len(word) - s}&{at + 1}-{len(syllables) - at}#{counts}"
                    f"${counts if english else '0-0'}!{apart};{apart if english else in_word}"
                    f"|{vowel}/C:{next_[0]}+0+{next_[1]}{words}{tail}",
                    in_word.replace("-", "_"),
                )


def _beside(syllables: Sequence[tuple[bool, tuple[str, ...]]], at: int) -> tuple[int, int]:
    """Stress and length of a neighbour, nothing beyond the ends."""
    if not 0 <= at < len(syllables):
        return 0, 0
    strong, phones = syllables[at]
    return int(strong), len(phones)


def _kind(phrase: Phrase, word: int) -> str:
    return "content" if 0 <= word < len(phrase) else "x"


def _length(phrase: Phrase, word: int) -> int:
    return len(phrase[word]) if 0 <= word < len(phrase) else 0


def _size(said: Sequence[Phrase], number: int) -> tuple[int, int]:
    """Syllables and words of a phrase."""
    if not 0 <= number < len(said):
        return 0, 0
    return sum(len(word) for word in said[number]), len(said[number])
