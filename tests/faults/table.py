"""Results of runs on disk, and the table that is made of them."""

import fcntl
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

HEAD = ("scenario", "runs", "accepted", "done", "honest", "lost", "wrong", "doubled", "left",
        "p50 s", "p99 s")  # fmt: skip


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


def text(runs: Sequence[dict[str, Any]], order: Sequence[str]) -> str:
    """The table in Markdown, in that order of scenarios; then the bad runs in words."""
    there = list(dict.fromkeys(run["scenario"] for run in runs))
    names = sorted(there, key=lambda name: order.index(name) if name in order else len(order))
    rows = [_row(name, [r for r in runs if r["scenario"] == name]) for name in names]
    rows.append(_row("all", list(runs)))
    cells = [HEAD, tuple("-" * 3 for _ in HEAD), *rows]
    lines = ["| " + " | ".join(row) + " |" for row in cells]
    bad = [
        f"- {run['scenario']}, seed {run['seed']}: {'; '.join(run['verdict']['complaints'])}"
        for run in runs if _bad(run["verdict"])
    ]  # fmt: skip
    return "\n".join([*lines, "", *bad])


def _bad(verdict: dict[str, Any]) -> bool:
    return bool(verdict["complaints"]) or any(
        verdict[count] for count in ("lost", "wrong", "doubled", "left")
    )


def _row(name: str, runs: list[dict[str, Any]]) -> tuple[str, ...]:
    verdicts = [run["verdict"] for run in runs if not run["skipped"]]
    sums = {
        n: sum(v[n] for v in verdicts) for n in ("accepted", "lost", "wrong", "doubled", "left")
    }
    done = sum(v["ended"].get("succeeded", 0) for v in verdicts)
    times = [v["recovery_s"] for v in verdicts if v["recovery_s"] is not None]
    p50, p99 = np.percentile(times, [50, 99]) if times else (float("nan"),) * 2
    honest = sums["accepted"] - done - sums["lost"]
    return (
        name, str(len(verdicts)), str(sums["accepted"]), str(done), str(honest),
        *(str(sums[n]) for n in ("lost", "wrong", "doubled", "left")),
        f"{p50:.1f}" if times else "–", f"{p99:.1f}" if times else "–",
    )  # fmt: skip
