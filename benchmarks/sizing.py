"""How near our cuts come to the best that any cut could do, by simulation: `make bench-sizing`.

Random fleets, whose workers differ in speed, in what a chunk costs them, and in when they are
free; random jobs of one to twenty minutes. Chunks are as `lipsync_engine.sizing` plans them, and
are pulled in order (list scheduling) by the workers, who stand in the queue in any order. The
optimum knows more: it may cut at any frame, and says who takes which chunk. On small cases it is
found by trying all of them, in the large ones by `pulling.soonest`, a bound that no cut beats and
that one chunk for each worker keeps but for a part of a frame (a test holds both equal). It is
pure computation: nothing is rendered, and the figures are the same on every machine.

Three degrees of knowledge: the workers are as they were measured; up to 5 % off; up to 10 % off.
The optimum always knows the truth.
"""

import json
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import mean

import click
from rich.console import Console

from benchmarks import page
from lipsync_engine.pulling import Pace, pulled, soonest
from lipsync_engine.sizing import lengths, trapezoid

RESULTS = Path(__file__).parent / "results" / "sizing.json"
FPS = Fraction(25)
NEAR = 1.05  # of the optimum: the aim for 95 % of the fleets
OFF = (0.0, 0.05, 0.1)


@dataclass(frozen=True)
class Case:
    """A job, and the crew as it was measured."""

    n_frames: int
    crew: tuple[Pace, ...]
    fps: Fraction = FPS


def fleet(
    dice: random.Random, workers: tuple[int, int], unlike: float, seconds: tuple[int, int]
) -> Case:
    """A random fleet and job.

    Args:
        workers: at least, at most.
        unlike: how many times as fast as the slowest the fastest may be.
        seconds: of speech, at least and at most.
    """
    count = dice.randint(*workers)
    frame_s, fixed_s = _log(dice, 0.002, 0.06), _log(dice, 0.02, 0.3)
    n_frames = round(_log(dice, *seconds) * FPS)
    crew = [
        Pace(fixed_s * dice.uniform(0.7, 1.4), frame_s * _log(dice, 1, unlike))
        for _ in range(count)
    ]
    if dice.random() < 0.5:  # others' chunks are in hand
        busy_s = 0.5 * soonest(n_frames, crew)
        crew = [
            Pace(p.fixed_s, p.per_frame_s, dice.uniform(0, busy_s) if dice.random() < 0.6 else 0.0)
            for p in crew
        ]
    return Case(n_frames, tuple(crew))


def small(dice: random.Random) -> Case:
    """So small that all cuts can be tried: up to four workers, up to 30 frames of a second each."""
    count = dice.randint(2, 4)
    crew = [
        Pace(_log(dice, 0.05, 0.4), _log(dice, 0.5, 2), dice.choice((0.0, dice.uniform(0, 5))))
        for _ in range(count)
    ]
    return Case(dice.randint(6 * count, 30), tuple(crew), Fraction(1))


def best_of_all(n_frames: int, crew: Sequence[Pace]) -> float:
    """The least end over every number of whole frames for every worker, by trying all."""
    if len(crew) == 1:
        (last,) = crew
        return last.free_s + last.fixed_s + last.per_frame_s * n_frames if n_frames else 0.0
    first, *others = crew
    ends = [best_of_all(n_frames, others)]
    for mine in range(1, n_frames + 1):
        end = first.free_s + first.fixed_s + first.per_frame_s * mine
        if end < min(ends):
            ends.append(max(end, best_of_all(n_frames - mine, others)))
    return min(ends)


def equal(case: Case) -> tuple[int, ...]:
    """The naive split: one chunk for each worker, all alike."""
    return trapezoid(case.n_frames, min(len(case.crew), case.n_frames), None, 1)


def planned(case: Case) -> tuple[int, ...]:
    """Our cut."""
    return lengths(case.n_frames, case.crew, case.fps)


def truth(dice: random.Random, crew: Sequence[Pace], off: float) -> list[Pace]:
    """The workers as they really are, in the order in which they stand in the queue."""
    shifts = [1 + off * dice.uniform(-1, 1) for _ in crew]
    real = [
        Pace(pace.fixed_s * shift, pace.per_frame_s * shift, pace.free_s)
        for pace, shift in zip(crew, shifts, strict=True)
    ]
    dice.shuffle(real)
    return real


def compared(
    draw: Callable[[random.Random], Case],
    optimum: Callable[[int, Sequence[Pace]], float],
    off: float,
    cases: int,
    seed: int = 1,
) -> dict[str, float]:
    """Shares of cases near the optimum, and mean ends in optima, of our cut and the naive one."""
    dice = random.Random(seed)
    ours, naive = [], []
    for _ in range(cases):
        case = draw(dice)
        real = truth(dice, case.crew, off)
        best = optimum(case.n_frames, real)
        ours.append(pulled(planned(case), real) / best)
        naive.append(pulled(equal(case), real) / best)
    return {
        "off": off,
        "cases": cases,
        "near": round(mean(ratio <= NEAR for ratio in ours), 3),
        "mean": round(mean(ours), 3),
        "worst": round(max(ours), 2),
        "naive_near": round(mean(ratio <= NEAR for ratio in naive), 3),
        "naive_mean": round(mean(naive), 3),
    }


Draw = Callable[[random.Random], Case]
KINDS: dict[str, tuple[Draw, Callable[[int, Sequence[Pace]], float]]] = {
    "small, by trying all cuts": (small, best_of_all),
    "2-4 like workers": (
        partial(fleet, workers=(2, 4), unlike=1, seconds=(60, 1200)), soonest,
    ),
    "2-4 workers, up to 4 times as fast": (
        partial(fleet, workers=(2, 4), unlike=4, seconds=(60, 1200)), soonest,
    ),
    "5-16 like workers": (
        partial(fleet, workers=(5, 16), unlike=1, seconds=(300, 3600)), soonest,
    ),
    "5-16 workers, up to 4 times as fast": (
        partial(fleet, workers=(5, 16), unlike=4, seconds=(300, 3600)), soonest,
    ),
    "17-64 workers, up to 4 times as fast": (
        partial(fleet, workers=(17, 64), unlike=4, seconds=(1200, 7200)), soonest,
    ),
    "short: 5-20 s for 2-8 workers": (
        partial(fleet, workers=(2, 8), unlike=4, seconds=(5, 20)), soonest,
    ),
}  # fmt: skip


AIMED = list(KINDS)[:-2]  # the last two are where the aim is not had


@click.command()
@click.option("--cases", default=400, help="fleets of each kind")
def main(cases: int) -> None:
    """Play through, print, save."""
    found = {
        kind: [compared(draw, optimum, off, cases) for off in OFF]
        for kind, (draw, optimum) in KINDS.items()
    }
    Console().print(table(found), markup=False)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    page.put("sizing", table(found))


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """For people."""
    head = ("", "off by up to", "within 5 %", "mean", "worst", "naive: within 5 %", "mean")
    rows = [
        (
            kind, f"{row['off']:.0%}", f"**{row['near']:.1%}**", f"{row['mean']:.3f}",
            f"{row['worst']:.2f}", f"{row['naive_near']:.1%}", f"{row['naive_mean']:.3f}",
        )
        for kind, some in found.items() for row in some
    ]  # fmt: skip
    return page.markdown(head, rows)


def _log(dice: random.Random, low: float, high: float) -> float:
    """Between the two, evenly on a logarithmic scale."""
    return math.exp(dice.uniform(math.log(low), math.log(high)))


if __name__ == "__main__":
    main()
