"""`python -m tests.faults`: run scenarios, print the table, keep the results as JSON.

With --jobs 2, two processes share the scenarios; each result is written as it comes, so
an interrupted run keeps what it has, and --table prints the table of what is there.
"""

import argparse
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

from tests.faults import table
from tests.faults.catalog import SCENARIOS
from tests.faults.playing import Result, play
from tests.faults.scenario import Scenario

RUNS = Path(".var/faults.jsonl")
RESULT = Path("benchmarks/results/faults.json")
PAGE = Path("docs/reliability.md")
ROUND = 5  # seeds of one scenario in a row
BATCH = 8  # scenarios on one house


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the house is left in order
    asked = _arguments()
    wanted = [scenario for scenario in SCENARIOS if _asked_for(scenario.name, asked.k)]
    seeds = range(asked.first_seed, asked.first_seed + asked.seeds)
    if asked.table:
        pass
    elif asked.jobs > 1:
        asked.out.unlink(missing_ok=True)
        _share(wanted, asked)
    else:
        if not asked.append:
            asked.out.unlink(missing_ok=True)
        play(wanted, seeds, lambda result: _note(result, asked.out))
    if asked.append:
        return 0
    runs = table.read(asked.out)
    rows = table.rows(runs, [scenario.name for scenario in SCENARIOS])
    print(table.text(rows), *table.complaints(runs), sep="\n")
    if asked.keep:
        RESULT.write_text(json.dumps({"rows": rows}, indent=1) + "\n")
        table.put_into(PAGE, table.text(rows))
    return 0 if table.good(runs) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("-k", default="", help="only scenarios whose name holds one of A,B,C")
    parser.add_argument("--seeds", type=int, default=20, help="runs of each scenario")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="scenarios at the same time")
    parser.add_argument("--out", type=Path, default=RUNS, help="each run, a line")
    parser.add_argument("--append", action="store_true", help="add to what is in --out; no table")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    parser.add_argument("--keep", action="store_true", help=f"write {RESULT} and {PAGE}")
    return parser.parse_args()


def _asked_for(name: str, words: str) -> bool:
    """Whether a name holds one of the words "a,b"; with "=a" it must be that word."""
    return not words or any(
        name == word[1:] if word.startswith("=") else word in name for word in words.split(",")
    )


def _note(result: Result, out: Path) -> None:
    table.append(out, result.facts())
    verdict = result.verdict
    mark = "skipped" if result.skipped else "ok" if verdict.good else "FAILED"
    print(
        f"{result.scenario:45} seed {result.seed:3} {mark:7} {result.seconds:6.1f} s "
        f"{verdict.accepted} jobs, healed in {verdict.recovery_s} s",
        *(f"\n    {line}" for line in (*verdict.complaints, result.skipped) if line),
        file=sys.stderr, flush=True,
    )  # fmt: skip


def _share(wanted: Sequence[Scenario], asked: argparse.Namespace) -> None:
    """A process and a house for a batch of scenarios and a few seeds, `jobs` at the same time:
    an interrupted run has tried everything about equally often."""

    def run(piece: tuple[int, Sequence[Scenario]]) -> None:
        first, batch = piece
        seeds = min(ROUND, asked.first_seed + asked.seeds - first)
        names = ",".join(f"={scenario.name}" for scenario in batch)
        subprocess.run(
            [
                sys.executable, "-m", "tests.faults", "-k", names, "--jobs", "1", "--append",
                "--seeds", str(seeds), "--first-seed", str(first), "--out", str(asked.out),
            ],
            check=False,
        )  # fmt: skip

    rounds = range(asked.first_seed, asked.first_seed + asked.seeds, ROUND)
    with ThreadPoolExecutor(asked.jobs) as pool:
        list(pool.map(run, product(rounds, _batches(wanted))))


def _batches(wanted: Sequence[Scenario]) -> list[list[Scenario]]:
    """Up to BATCH scenarios in a row that need the same kind of house."""
    batches: list[list[Scenario]] = []
    for scenario in wanted:
        if batches and len(batches[-1]) < BATCH and batches[-1][0].build == scenario.build:
            batches[-1].append(scenario)
        else:
            batches.append([scenario])
    return batches


if __name__ == "__main__":
    sys.exit(main())
