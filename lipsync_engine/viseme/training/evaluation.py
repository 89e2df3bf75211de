"""How well the mouth follows voices that training never heard.

Run as `python -m lipsync_engine.viseme.training.evaluation` (`make eval-viseme`): prints the
tables, writes them into docs/viseme-model.md and the figures into benchmarks/results.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from fractions import Fraction
from itertools import islice
from pathlib import Path

import numpy as np
from rich.progress import track

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import augmentation, corpus, held, music
from lipsync_engine.viseme.training.measures import (
    JAW,
    Ear,
    FloatArray,
    closed,
    follow,
    heard,
    ours,
    trembling,
)
from lipsync_engine.viseme.training.utterances import Utterance, load

ROOT = Path(__file__).resolve().parents[3]
DOCUMENT = ROOT / "docs" / "viseme-model.md"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- eval-viseme: begin -->", "<!-- eval-viseme: end -->"
FPS = Fraction(25)  # frames a second where single sounds are not looked at
AT_MOST = 150  # utterances of a voice or language

GROUPS = {
    "espeak-ng: languages and variants never heard": "test-espeak-*",
    "flite and festival: people never heard": "test-person-*",
    "an English reader, LibriVox (timed by pocketsphinx)": "test-reader-librivox",
    "English prompts, A. Smith (words and times by pocketsphinx)": "test-reader-prompts-en",
    "Dutch actors (timed by our own teacher network)": "test-recorded-nl",
}

_STEADY = 11  # sounds of `nobody` before the music
Rows = dict[str, dict[str, float]]


def measure(ear: Ear) -> dict[str, Rows]:
    """Everything, as JSON keeps it: speech by group and by voice, quiet, and single figures."""
    speech: Rows = {}
    for title, pattern in GROUPS.items():
        everyone: list[Utterance] = []
        for path in track(sorted(corpus.FOLDER.glob(f"{pattern}.npz")), title):
            utterances = list(islice(load(path), AT_MOST))
            everyone += utterances
            speech[path.stem] = asdict(follow(ear, utterances))
        if everyone:
            speech[title] = asdict(follow(ear, everyone))
    quiet = {name: {"closed": closed(heard(ear, sound, FPS))} for name, sound in nobody()}
    return {"speech": speech, "quiet": quiet, "single": {"figures": single(ear)}}


def nobody() -> Iterator[tuple[str, FloatArray]]:
    """Sounds without a voice, 20 s each, with their names."""
    n = 20 * SAMPLE_RATE
    chance = np.random.default_rng(99)
    yield "digital silence", np.zeros(n, np.float32)
    yield "dither", np.asarray(chance.integers(-1, 2, n) / 32768, np.float32)
    for level in (-60, -40, -20):
        gain = np.float32(10 ** (level / 20))
        for k in range(3):
            sound = augmentation.noise(n, np.random.default_rng((k, -level)))
            yield f"room or fan {k + 1}, {level} dB", gain * sound
    for k, piece in enumerate(music.kept_for_tests()):
        played = np.resize(piece, n).astype(np.float32) / np.float32(32768)
        yield f"music {k + 1}", played


def single(ear: Ear) -> dict[str, float]:
    """Trembling in sustained vowels, and words under noise that is 5 dB louder."""
    chance = np.random.default_rng(5)
    vowels = [
        heard(ear, held.vowel(pitch, held.FORMANTS[name], 3.0, chance), FPS)[12:-12]
        for pitch in (95.0, 130.0, 210.0)
        for name in ("a", "e", "u")
    ]
    words = list(islice(load(corpus.FOLDER / "test-person-flite-rms.npz"), 10))
    clean, noisy, alone = [], [], []
    for k, utterance in enumerate(words):
        speech = utterance.samples.astype(np.float32) / np.float32(32768)
        hiss = augmentation.noise(len(speech), np.random.default_rng(k))
        hiss *= np.float32(np.std(speech) * 10 ** (5 / 20))
        clean.append(heard(ear, speech, FPS)[:, JAW])
        noisy.append(heard(ear, speech + hiss, FPS)[:, JAW])
        alone.append(heard(ear, hiss, FPS)[:, JAW])
    moved, still = np.concatenate(noisy), np.concatenate(alone)
    return {
        "trembling of the jaw in sustained vowels": max(map(trembling, vowels)),
        "jaw, 90th percentile, words under noise": float(np.percentile(moved, 90)),
        "jaw, 90th percentile, that noise alone": float(np.percentile(still, 90)),
        "jaw r, words under noise against clean": float(
            np.corrcoef(np.concatenate(clean), moved)[0, 1]
        ),
    }


def table(result: dict[str, Rows], before: dict[str, Rows] | None) -> str:
    """Markdown; the older mapping's figures stand in brackets where there are any."""
    lines = [
        "| voices | minutes | jaw r | width r | rounding r | closure F1 "
        "| by 10 ms | f, v F1 | lag |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in result["speech"].items():
        old = (before or {}).get("speech", {}).get(name, {})
        cells = [
            f"{row[key]:.2f}" + (f" ({old[key]:.2f})" if key in old else "")
            for key in ("jaw", "width", "rounding", "closure", "closure_frames", "labiodental")
        ]
        title = f"**{name}**" if name in GROUPS else name
        lines.append(
            f"| {title} | {row['minutes']:.1f} | {' | '.join(cells)} | {row['lag_ms']:.0f} ms |"
        )
    shut = [row["closed"] for row in result["quiet"].values()]
    worst = min(result["quiet"], key=lambda name: result["quiet"][name]["closed"])
    lines += ["", "| nobody speaks, or hardly | |", "|---|---|"]
    lines.append(f"| frames with a closed mouth, {len(shut)} sounds | {np.mean(shut):.1%} |")
    lines.append(f"| of these, silence, rooms and fans | {np.mean(shut[:_STEADY]):.1%} |")
    lines.append(f"| of these, music without voice | {np.mean(shut[_STEADY:]):.1%} |")
    lines.append(f"| the worst of them: {worst} | {min(shut):.1%} |")
    for name, value in result["single"]["figures"].items():
        lines.append(f"| {name} | {value:.4f} |")
    return "\n".join(lines)


def main() -> None:
    """Measure, print, write down."""
    result = measure(ours)
    older = RESULTS / "hearing-by-hand.json"
    before = json.loads(older.read_text()) if older.exists() else None
    text = table(result, before)
    print(text)
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "hearing.json").write_text(json.dumps(result, indent=1) + "\n")
    page = DOCUMENT.read_text("utf-8")
    head, rest = page.split(BEGIN)
    DOCUMENT.write_text(f"{head}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", "utf-8")


if __name__ == "__main__":
    main()
