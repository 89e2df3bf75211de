"""How near the pre-flight check comes to a long text's true length, and how soon it answers.

    python -m benchmarks.speech_estimate en=english.txt ru=russian.txt …

Cuts each file into texts of 5 000 and 20 000 characters; any prose will do. The figures of
docs/faces.md are of Debian's packages fortunes, -de, -es, -it, -pl and -ru.
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from lipsync_engine import languages, speech
from lipsync_engine.timeline import SAMPLE_RATE
from tasks.contract import JobRequest
from tasks.speech_length import measured

LENGTHS = (5_000, 20_000)  # characters
MOST = 6  # texts of each length and language


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="+", metavar="LANGUAGE=FILE")
    languages.voices()  # asked once in a process
    print(
        "| language | characters | texts | sound, s | error, mean | error, most | seconds, most |"
    )
    print("|---|---|---|---|---|---|---|")
    for pair in parser.parse_args().texts:
        language, _, name = pair.partition("=")
        for length in LENGTHS:
            _row(language, Path(name).read_text("utf-8", "replace"), length)


def _row(language: str, text: str, length: int) -> None:
    pieces = [text[at : at + length] for at in range(0, len(text) - length + 1, length)][:MOST]
    errors, seconds, sounds = [], [], []
    for piece in pieces:
        request = JobRequest(text=piece, language=language)
        started = time.perf_counter()
        found = measured(request).n_samples
        seconds.append(time.perf_counter() - started)
        with TemporaryDirectory() as folder:
            true = speech.synthesize(piece, language, None, 165, 50, Path(folder)).n_samples
        errors.append(abs(found / true - 1))
        sounds.append(true / SAMPLE_RATE)
    if pieces:
        print(
            f"| {language} | {length} | {len(pieces)} | {statistics.mean(sounds):.0f} "
            f"| {statistics.mean(errors):.1%} | {max(errors):.1%} | {max(seconds):.2f} |"
        )


if __name__ == "__main__":
    main()
