"""How fast the render workers are that a job is planned for: as measured, or by the table."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from statistics import median

from lipsync_engine.chunking import costs_of
from lipsync_engine.pulling import Pace
from tasks.house import WorkerInfo

# Between two messages of a chord, seconds: 1 ms on an idle core, 3 ms where workers share it.
MESSAGE_S = 0.002
ALIKE = 0.1  # of the median: who differs by less is like the others, and was measured on a bad day
USUAL_FRAMES = 100  # of the chunk by which they are compared


def like(generator: str, count: int) -> tuple[Pace, ...]:
    """Workers that nobody has measured yet; at least one."""
    costs = costs_of(generator)
    return (Pace(costs.fixed_s, costs.per_frame_s),) * max(1, count)


def paces(workers: Iterable[WorkerInfo], waiting: int) -> tuple[Pace, ...]:
    """Of ready workers with one generator.

    One that has rendered nothing yet, or differs little from the median, is taken for that.

    Args:
        waiting: chunks of other jobs that nobody has taken. Where there are some, nobody can say
            when a worker will be free of the last of them: all are thought to be so together.
    """
    return tuple(
        Pace(fixed_s, per_frame_s, 0.0 if waiting else worker.frames_left * per_frame_s)
        for worker, (fixed_s, per_frame_s) in _costs(list(workers))
    )


def chosen(ready: Sequence[Pace], wanted: int | None, generator: str) -> tuple[Pace, ...]:
    """The crew to plan for.

    Args:
        ready: who is there.
        wanted: workers that the request names; None: all. Of more than are wanted those that are
            free first and fastest take the chunks; those that are missing may still come.
    """
    if not ready:
        return like(generator, wanted or 1)
    count = wanted or len(ready)
    first = sorted(ready, key=lambda pace: (pace.free_s, pace.per_frame_s))[:count]
    usual = Pace(median(pace.fixed_s for pace in ready), median(pace.per_frame_s for pace in ready))
    return (*first, *(usual,) * (count - len(first)))


def in_turn(crew: Sequence[Pace]) -> tuple[Pace, ...]:
    """The crew as it starts: messages are published one after the other, so of many workers who
    are free at once the last one starts later."""
    waiting = sorted(crew, key=lambda pace: pace.free_s)
    return tuple(
        replace(pace, free_s=max(pace.free_s, turn * MESSAGE_S))
        for turn, pace in enumerate(waiting)
    )


def _costs(workers: list[WorkerInfo]) -> list[tuple[WorkerInfo, tuple[float, float]]]:
    told = [(w.fixed_s, w.per_frame_s) for w in workers if w.fixed_s is not None and w.per_frame_s]
    if told:
        usual = (median(fixed_s for fixed_s, _ in told), median(frame_s for _, frame_s in told))
    elif workers:
        table = costs_of(workers[0].generator or "")
        usual = (table.fixed_s, table.per_frame_s)
    found = []
    for worker in workers:
        costs = usual
        if worker.fixed_s is not None and worker.per_frame_s:
            own = (worker.fixed_s, worker.per_frame_s)
            costs = usual if _alike(own, usual) else own
        found.append((worker, costs))
    return found


def _alike(costs: tuple[float, float], usual: tuple[float, float]) -> bool:
    """Small differences are mostly noise, and nobody can say which worker pulls which chunk."""
    own, others = (fixed_s + frame_s * USUAL_FRAMES for fixed_s, frame_s in (costs, usual))
    return abs(own - others) <= ALIKE * others
