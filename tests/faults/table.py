"""Results of runs on disk, and the table that is made of them."""

import fcntl
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

COUNTS = ("accepted", "lost", "wrong", "doubled", "left")


def append(out: Path, facts: dict[str, Any]) -> None:
    """Add a result; one JSON object a line, so that several processes may write."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(facts) + "\n")


def read(out: Path) -> list[dict[str, Any]]:
    """All results, as they came."""
    return [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []


def good(runs: Sequence[dict[str, Any]]) -> bool:
    """Whether every run was as it must be."""
    return all(not _bad(run["verdict"]) for run in runs)


def rows(runs: Sequence[dict[str, Any]], order: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each scenario, in that order, and one for all."""
    there = list(dict.fromkeys(run["scenario"] for run in runs))
    names = sorted(there, key=lambda name: order.index(name) if name in order else len(order))
    return [*(_row(n, [r for r in runs if r["scenario"] == n]) for n in names), _row("all", runs)]


def text(rows: Sequence[dict[str, Any]]) -> str:
    """The table in Markdown."""
    head = list(rows[0])
    cells = [head, ["---"] * len(head), *([_shown(row[name]) for name in head] for row in rows)]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def complaints(runs: Sequence[dict[str, Any]]) -> list[str]:
    """The bad runs in words."""
    return [
        f"- {run['scenario']}, seed {run['seed']}: {'; '.join(run['verdict']['complaints'])}"
        for run in runs if _bad(run["verdict"])
    ]  # fmt: skip


def put_into(page: Path, table: str, name: str = "table") -> None:
    """Replace what stands between the page's two marks."""
    before, _, rest = page.read_text().partition(f"<!-- {name} -->")
    _, _, after = rest.partition(f"<!-- end of {name} -->")
    page.write_text(f"{before}<!-- {name} -->\n{table}\n<!-- end of {name} -->{after}")


def _bad(verdict: dict[str, Any]) -> bool:
    return bool(verdict["complaints"]) or any(
        verdict[count] for count in ("lost", "wrong", "doubled", "left")
    )


def _row(name: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    verdicts = [run["verdict"] for run in runs if not run["skipped"]]
    sums = {n: sum(v[n] for v in verdicts) for n in COUNTS}
    done = sum(v["ended"].get("succeeded", 0) for v in verdicts)
    times = [v["recovery_s"] for v in verdicts if v["recovery_s"] is not None]
    p50, p99 = (float(t) for t in np.percentile(times, [50, 99])) if times else (None, None)
    return {
        "scenario": name, "runs": len(verdicts), "accepted": sums["accepted"], "done": done,
        "honest": sums["accepted"] - done - sums["lost"],
        **{n: sums[n] for n in COUNTS[1:]}, "p50 s": p50, "p99 s": p99,
    }  # fmt: skip


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else "–" if value is None else str(value)
