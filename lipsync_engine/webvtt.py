"""Cues as WebVTT (W3C), whole or as a segment of a stream (RFC 8216, 3.5)."""

from collections.abc import Iterable

from lipsync_engine.captions import Cue

TYPE = "text/vtt"
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # ">" as of "-->"
# The stream's pictures and sound count from 0, as the cues do.
_FROM_ZERO = "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000"


def whole(cues: Iterable[Cue], words: bool = False) -> str:
    """A document of its own; `words`: it also says when each word begins, for karaoke."""
    return "\n\n".join(["WEBVTT", *(_cue(cue, words) for cue in cues)]) + "\n"


def segment(cues: Iterable[Cue], begins: int, ends: int) -> str:
    """What is shown in milliseconds begins..ends of a stream; a cue may reach over its bounds."""
    shown = [_cue(cue, False) for cue in cues if cue.begins < ends and cue.ends > begins]
    return "\n\n".join([f"WEBVTT\n{_FROM_ZERO}", *shown]) + "\n"


def _cue(cue: Cue, words: bool) -> str:
    lines = [
        _marked(line, marks if words else ())
        for line, marks in zip(cue.lines, cue.marks, strict=True)
    ]
    return "\n".join([f"{_time(cue.begins)} --> {_time(cue.ends)}", *lines])


def _marked(line: str, marks: Iterable[tuple[int, int]]) -> str:
    """A line with its escapes, and a time before each word that has a mark."""
    text, done = "", 0
    for character, at in marks:
        text += f"{line[done:character].translate(_ESCAPES)}<{_time(at)}>"
        done = character
    return text + line[done:].translate(_ESCAPES)


def _time(ms: int) -> str:
    """Such as "00:01:02.500"."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}.{ms:03}"
