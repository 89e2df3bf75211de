"""Cues that can be read: short lines, no flash, nothing over another, no letter lost."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.captions import LONGEST_S, SHORTEST_S, WIDTH, Cue, cues
from lipsync_engine.script import Line, Script
from lipsync_engine.webvtt import segment, whole
from lipsync_engine.wording import width

RATE = 1000  # samples are milliseconds here


def script(*texts: str, per_sign: int = 60, pause: int = 330) -> Script:
    """Sentences spoken one after the other, each sign equally long, with a mark at each word."""
    lines, at = [], 0
    for text in texts:
        starts = [i for i, sign in enumerate(text) if i == 0 or (text[i - 1] == " " != sign)]
        ends = at + per_sign * len(text) + pause
        marks = tuple((i, at + per_sign * i) for i in starts)
        lines.append(Line(text, at, ends, marks, RATE))
        at = ends
    return tuple(lines)


def cut(*texts: str, per_sign: int = 60) -> tuple[Cue, ...]:
    said = script(*texts, per_sign=per_sign)
    return cues(said, Fraction(said[-1].ends, RATE))


def letters(text: str) -> str:
    return "".join(text.split())


def test_a_sentence_is_a_cue_for_as_long_as_it_sounds() -> None:
    found = cut("This is a sentence of some words.", "And this is the next one of them.")

    assert [(cue.begins, cue.ends) for cue in found] == [(0, 2310), (2310, 4620)]
    assert [cue.lines for cue in found] == [
        ("This is a sentence of some words.",), ("And this is the next one of them.",),
    ]  # fmt: skip


def test_a_long_sentence_is_cut_after_commas_into_two_lines_at_most() -> None:
    found = cut(
        "Whoever reads this on a screen, be it small or large, wants no more than two lines, "
        "and wants them cut where the sentence itself takes breath, never just anywhere."
    )

    assert all(cue.lines[-1][-1] in ",." for cue in found)
    assert all(width(line) <= WIDTH for cue in found for line in cue.lines)


def test_short_sentences_share_a_cue_rather_than_flash_by() -> None:
    found = cut("Yes.", "No.", "Yes.", "Now a longer sentence comes along here.")

    assert found[0].lines == ("Yes. No. Yes.",)
    assert all(cue.ends - cue.begins >= 1000 * SHORTEST_S for cue in found)


def test_words_without_spaces_are_cut_between_signs_and_never_before_a_full_stop() -> None:
    found = cut(
        "这是一个很长的句子里面有很多字没有空格所以需要在合适的地方断开读者才能看清楚每个字的意思。"
    )

    assert sum(len(cue.lines) for cue in found) == 3
    assert all(width(line) <= WIDTH for cue in found for line in cue.lines)
    assert not any(line.startswith("。") for cue in found for line in cue.lines)


def test_a_word_wider_than_a_line_is_parted() -> None:
    found = cut("x" * 100 + " is long")

    shown = [line for cue in found for line in cue.lines]
    assert letters("".join(shown)) == "x" * 100 + "islong"
    assert all(width(line) <= WIDTH for line in shown)


def test_a_cue_begins_at_the_mark_of_its_first_word_and_marks_lie_inside_it() -> None:
    text = "one two three four five six seven eight nine ten eleven twelve thirteen " * 3
    said = script(text.strip())

    found = cues(said, Fraction(said[0].ends, RATE))

    assert {cue.begins for cue in found} <= {at for _, at in said[0].marks}
    for cue in found:
        times = [at for line in cue.marks for _, at in line]
        assert times == sorted(set(times))
        assert all(cue.begins < at < cue.ends for at in times)


def test_without_marks_a_cut_is_timed_by_its_place_in_the_sentence() -> None:
    text = "word " * 60
    line = Line(text.strip(), 0, 30_000, ((0, 0),), RATE)

    found = cues((line,), Fraction(30))

    at = 0
    for cue in found:
        assert cue.begins == pytest.approx(30_000 * at / len(line.text), abs=2)
        at += len(" ".join(cue.lines)) + 1


words = st.text(st.sampled_from("aбя字あم,.…"), min_size=1, max_size=12)
texts = st.lists(st.lists(words, min_size=1, max_size=40).map(" ".join), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(texts, st.integers(10, 200), st.floats(0.3, 1.1))
def test_cues_are_readable_in_order_and_whole(said: list[str], pace: int, share: float) -> None:
    spoken = script(*said, per_sign=pace)
    sounds = spoken[-1].ends
    until = Fraction(int(sounds * share), RATE)

    found = cues(spoken, until)

    for cue, after in zip(found, [*found[1:], None], strict=True):
        assert 0 <= cue.begins < cue.ends <= (after.begins if after else until * 1000)
        assert 1 <= len(cue.lines) <= 2
        assert all(0 < width(line) <= WIDTH for line in cue.lines)
    shown = letters("".join("".join(cue.lines) for cue in found))
    assert letters("".join(said)).startswith(shown)
    if share >= 1:
        assert shown == letters("".join(said))


sentence = st.lists(st.text("abcde", min_size=1, max_size=9), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(sentence.map(" ".join), min_size=1, max_size=12), st.integers(25, 120))
def test_no_cue_of_common_words_is_too_short_or_too_long(said: list[str], pace: int) -> None:
    spoken = script(*said, per_sign=pace)
    until = Fraction(spoken[-1].ends, RATE)

    found = cues(spoken, until)

    shortest = min(cue.ends - cue.begins for cue in found)
    assert shortest >= int(1000 * min(until, SHORTEST_S))
    assert max(cue.ends - cue.begins for cue in found) <= 1000 * (LONGEST_S + 2)


def test_signs_of_webvtt_are_escaped_and_no_text_can_end_a_cue() -> None:
    (cue,) = cut("A & B <i> --> C")

    told = whole((cue,), words=True)

    assert told.startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.230\nA <00:00:00.120>&amp; ")
    assert "&lt;i&gt; <00:00:00.600>--&gt; <00:00:00.840>C\n" in told
    assert told.count("-->") == 1


def test_a_segment_of_a_stream_has_the_cues_of_its_time_and_says_where_time_begins() -> None:
    one, two = Cue(0, 1500, ("one",), ((),)), Cue(1500, 3_723_004, ("two",), ((),))

    first, second, none = (
        segment((one, two), *span) for span in ((0, 1500), (1000, 2000), (4_000_000, 5_000_000))
    )

    assert first.splitlines()[:2] == ["WEBVTT", "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"]
    assert ("one" in first, "two" in first) == (True, False)
    assert "00:00:00.000 --> 00:00:01.500\none" in second
    assert "00:00:01.500 --> 01:02:03.004\ntwo" in second
    assert "-->" not in none
