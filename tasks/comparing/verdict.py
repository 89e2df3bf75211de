"""What the figures of a comparison say: an outcome, and the reasons with their facts.

A reason is a code; pages and clients make the sentence, in their reader's language.
"""

from collections.abc import Iterator

from tasks.comparison import Likeness, Outcome, Reason, Result, Side

EVEN = 0.05  # a difference below this is what the same job differs by from one time to the next
FIXED_SHARE = 0.25  # of the parallel job: planning and joining beyond this are worth a word
IDLE_SHARE = 0.2  # of the slowest worker's time that the others wait for it on average
CROWDED = 1.25  # times the work that the same frames took one worker alone
SPOILING = ("other-jobs", "retried", "workers-changed")


def judge(
    sequential: Side, parallel: Side, likeness: Likeness, asked: int, fleet_changed: bool
) -> Result:
    """The result.

    Args:
        asked: workers that the parallel job was planned for.
        fleet_changed: other render workers are ready now than were before both jobs.
    """
    reasons = tuple(_reasons(sequential, parallel, asked, fleet_changed))
    measured = not parallel.n_reused and not sequential.n_reused
    speedup = _ratio(sequential.seconds, parallel.seconds) if measured else None
    render = _ratio(sequential.timings["render"], parallel.timings["render"]) if measured else None
    return Result(
        sequential=sequential,
        parallel=parallel,
        likeness=likeness,
        outcome=_outcome(speedup),
        speedup=speedup,
        render_speedup=render,
        efficiency=round(speedup / max(1, len(parallel.workers)), 4) if speedup else None,
        reasons=reasons,
        spoiled=any(reason.code in SPOILING for reason in reasons),
    )


def _ratio(one: float, other: float) -> float:
    return round(one / max(other, 1e-3), 4)


def _outcome(speedup: float | None) -> Outcome:
    if speedup is None:
        return Outcome.UNMEASURED
    if abs(speedup - 1) <= EVEN:
        return Outcome.EVEN
    return Outcome.FASTER if speedup > 1 else Outcome.SLOWER


def _reasons(one: Side, many: Side, asked: int, fleet_changed: bool) -> Iterator[Reason]:
    """The weightiest first: what makes the figures worthless comes before what explains them."""
    if one.other_jobs or many.other_jobs:
        facts = {"sequential": one.other_jobs, "parallel": many.other_jobs}
        yield Reason("other-jobs", facts)
    if one.n_retried or many.n_retried:
        yield Reason("retried", {"sequential": one.n_retried, "parallel": many.n_retried})
    if fleet_changed:
        yield Reason("workers-changed", {})
    if many.n_reused:
        yield Reason("reused", {"chunks": many.n_reused, "of": many.n_chunks})
    if many.n_chunks == 1:
        yield Reason("one-chunk", {"frames": many.n_frames})
    elif len(many.workers) == 1:
        yield Reason("one-worker", {"asked": asked, "chunks": many.n_chunks})
    elif len(many.workers) < asked:
        yield Reason("fewer-workers", {"asked": asked, "took_part": len(many.workers)})
    if not many.n_reused:
        yield from _costs(one, many)


def _costs(one: Side, many: Side) -> Iterator[Reason]:
    fixed = many.timings["plan"] + many.timings["merge"]
    if fixed > FIXED_SHARE * many.seconds:
        share = round(fixed / max(many.seconds, 1e-3), 4)
        yield Reason("fixed-costs", {"seconds": round(fixed, 3), "share": share})
    busy = {share.worker: share.seconds for share in many.workers}
    alone = sum(share.seconds for share in one.workers)
    if len(busy) > 1:
        slowest, mean = max(busy.values()), sum(busy.values()) / len(busy)
        if slowest - mean > IDLE_SHARE * slowest:
            worker = max(busy, key=lambda name: busy[name])
            yield Reason(
                "uneven-workers",
                {"worker": worker, "seconds": round(slowest, 3), "mean": round(mean, 3)},
            )
        if sum(busy.values()) > CROWDED * alone:
            facts = {"sequential": round(alone, 3), "parallel": round(sum(busy.values()), 3)}
            yield Reason("crowded", facts)
