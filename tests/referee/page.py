"""The referee's tables: on the screen, in docs/referee.md between its markers, and as JSON."""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from referee import followed, located, speaking

SURE = (0.8, 0.35, 0.0)  # lower ends of the classes of confidence

Rows = Sequence[Sequence[str]]


def table(head: Sequence[str], rows: Rows) -> str:
    """As Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def of_portraits(results: list[located.Result]) -> str:
    """B5: by person, and by confidence."""
    usual = [result for result in results if not result.hard]
    persons = {result.person: None for result in usual}
    rows = [_person(name, [r for r in usual if r.person == name]) for name in persons]
    rows.append(_person("**all**", usual))
    head = ["Portrait", "Pictures", "Found", "Within all bounds", "Eyes", "Mouth", "Corners"]
    return f"{table(head, rows)}\n\n{_by_confidence(results)}"


def _person(name: str, results: list[located.Result]) -> list[str]:
    found = [result.errors for result in results if np.isfinite(result.errors.eyes)]
    within = np.mean([result.errors.within for result in results])

    def spread(part: str) -> str:
        values = [100 * getattr(errors, part) for errors in found]
        return f"{np.median(values):.1f} / {np.percentile(values, 90):.1f} %"

    return [
        name, str(len(results)), str(len(found)), f"{within:.0%}",
        spread("eyes"), spread("mouth"), spread("corners"),
    ]  # fmt: skip


def _by_confidence(results: list[located.Result]) -> str:
    rows = []
    for low, high in zip(SURE, (1.01, *SURE), strict=False):
        cells = [f"{low:g} to {min(high, 1):g}"]
        for hard in (False, True):
            some = [r for r in results if r.hard == hard and low <= r.confidence < high]
            some = [r for r in some if np.isfinite(r.errors.eyes)]
            cells.append(f"{sum(r.errors.within for r in some)} of {len(some)}" if some else "none")
        rows.append(cells)
    lost = [sum(not np.isfinite(r.errors.eyes) for r in results if r.hard == h) for h in (0, 1)]
    rows.append(["no face found", *map(str, lost)])
    return table(["Confidence", "Within all bounds: the set", "Hard pictures"], rows)


def of_films(results: list[speaking.Followed]) -> str:
    """B3."""
    rows = [
        [
            result.face, "on" if result.alive else "off", f"{result.found:.0%}",
            f"{result.r:.3f}", str(result.lag),
            *(f"{100 * rms:.1f} / {100 * most:.1f} %" for rms, most in result.moved.values()),
        ]
        for result in results
    ]  # fmt: skip
    head = ["Face", "Blink and sway", "Face found", "r", "Lag, frames", *speaking.STILL_POINTS]
    return table(head, rows)


def of_tracks(results: list[followed.Followed]) -> str:
    """B4."""
    rows = [
        [
            f"{result.size[0]} × {result.size[1]}", f"{result.face:.0f} px",
            *(f"{result.away[part]:.2f} / {result.trembling[part]:.3f} px" for part in result.away),
        ]
        for result in results
    ]  # fmt: skip
    return table(["Video", "Face", *followed.PARTS], rows)


def written(path: Path, parts: dict[str, str]) -> None:
    """Put each part between `<!-- name -->` and `<!-- end of name -->` of a page."""
    page = path.read_text()
    for name, text in parts.items():
        marked = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if not marked.search(page):
            raise ValueError(f"{path} has no place for {name}.")
        page = marked.sub(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)
    path.write_text(page)


def as_json(groups: dict[str, Iterable[object]]) -> str:
    """All figures, by group."""
    plain = {name: [asdict(item) for item in items] for name, items in groups.items()}  # type: ignore[call-overload]
    rounded = json.loads(json.dumps(plain), parse_float=lambda text: round(float(text), 5))
    return json.dumps(_without_infinity(rounded), indent=1, ensure_ascii=False) + "\n"


def _without_infinity(value: object) -> object:
    """JSON knows no infinity: a face that was not found has errors of null."""
    if isinstance(value, dict):
        return {key: _without_infinity(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_infinity(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
