"""Our end of the speaking child: start it, hear sentence after sentence, end it."""

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lipsync_engine.errors import EngineError, TextError
from lipsync_engine.sandbox import ChildLimits, kill_group, limited

ROOT = Path(__file__).resolve().parents[1]  # so that the child is of this checkout
START_S = 60.0
PER_CHAR_S = 0.02  # a hundred times what one character takes
MEMORY_BYTES = 2**30
FILE_BYTES = 2**28  # one sentence is at most 400 characters: some 5 MB


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence as espeak-ng said it.

    Attributes:
        wav: the sound.
        words: (character, sample) where it says that a word begins: as it came, which is not
            always in order, and for a number that it spells many times the same character.
    """

    wav: Path
    words: tuple[tuple[int, int], ...]


def listing() -> dict[str, Any]:
    """Voices and variants, as `espeak` answers {"do": "list"}.

    Raises:
        EngineError: espeak-ng does not start here.
    """
    (voices,) = _conversation({"do": "list"}, START_S)
    found: dict[str, Any] = voices
    return found


def spoken(
    sentences: Sequence[str], voice: str, rate: int, pitch: int, workdir: Path
) -> Iterator[Said]:
    """Say the sentences; yield each as soon as its WAV is whole. That is gone with the next.

    Raises:
        TextError: espeak-ng broke down at a sentence, which is named.
    """
    seconds = START_S + PER_CHAR_S * sum(map(len, sentences))
    done = 0
    with tempfile.TemporaryDirectory(dir=workdir) as folder:
        request = {"do": "speak", "voice": voice, "rate": rate, "pitch": pitch}
        request |= {"sentences": list(sentences), "folder": str(Path(folder).resolve())}
        try:
            for number, words in _conversation(request, seconds):
                path = Path(folder, f"{number:05d}.wav")
                yield Said(path, tuple((character, sample) for character, sample in words))
                path.unlink()
                done += 1
        except EngineError as error:
            raise TextError(
                f"The speech synthesiser broke down at sentence {done + 1}, "
                f"“{sentences[done][:80]}”. Write it differently, or choose another voice."
            ) from error


def _conversation(request: dict[str, Any], seconds: float) -> Iterator[Any]:
    """The child's answers to one request, as they come.

    Raises:
        EngineError: the child broke down or was too slow; its last words.
    """
    limits = ChildLimits(seconds, MEMORY_BYTES, FILE_BYTES)
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            limited([sys.executable, "-m", "lipsync_engine.espeak"], limits),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
        watchdog = threading.Timer(seconds, kill_group, (child,))
        watchdog.start()
        try:
            yield from _asked(child, request)
            child.wait()
        finally:
            watchdog.cancel()
            kill_group(child)
        if child.returncode:
            log.seek(0)
            words = log.read().decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            raise EngineError(f"The speech synthesiser ended with {child.returncode}: {words}")


def _asked(child: "subprocess.Popen[bytes]", request: dict[str, Any]) -> Iterator[Any]:
    assert child.stdin is not None  # noqa: S101 - both are pipes
    assert child.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError), child.stdin as question:
        question.write(json.dumps(request).encode())
    with child.stdout as answers:
        for line in answers:
            yield json.loads(line)
