"""What the queue costs a chunk, for jobs of 1 to 10 000 chunks; see `benchmarks.scale_house`."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.scale_house import Cost, House, finished, front_door, house
from tasks.contract import JobRequest

SIZES = (1, 10, 100, 1_000, 10_000)
AT_LEAST = 200  # chunks a size is measured by: small jobs are sent several times


def measure(sizes: tuple[int, ...] = SIZES) -> list[dict[str, Any]]:
    """A row for each size."""
    with (
        TemporaryDirectory(prefix="scale-", dir=".var") as name,
        house(Path(name).resolve()) as made,
    ):
        queue = front_door(made)
        _one(made, queue, 1, 10)  # imports, scripts, connections
        return [_one(made, queue, n, max(1, AT_LEAST // n)) for n in sizes]


def _one(made: House, queue: Any, n_chunks: int, times: int) -> dict[str, Any]:
    made.n_chunks = n_chunks
    before, cpu, began = Cost.of(made.client), time.process_time(), time.perf_counter()
    laps = [finished(queue, queue.submit(JobRequest(text=f"{n_chunks} {i}"))) for i in range(times)]
    whole, used, after = time.perf_counter() - began, time.process_time(), Cost.of(made.client)
    n = n_chunks * times

    def per_chunk(seconds: float) -> float:
        return round(1e3 * seconds / n, 4)

    return {
        "chunks": n_chunks,
        "jobs": times,
        "ms_a_chunk": per_chunk(whole),
        "stages_ms_a_chunk": {
            stage: per_chunk(sum(lap.timings[stage] for lap in laps)) for stage in laps[0].timings
        },
        "process_ms_a_chunk": per_chunk(used - cpu),
        "store_ms_a_chunk": per_chunk(after.cpu_s - before.cpu_s),
        "store_commands_a_chunk": round((after.commands - before.commands) / n, 1),
        "store_bytes_a_chunk": round((after.memory - before.memory) / n),
    }


if __name__ == "__main__":
    import json
    import os
    import sys

    Path(".var").mkdir(exist_ok=True)
    for row in measure(tuple(map(int, sys.argv[1:])) or SIZES):
        print(json.dumps(row), flush=True)
    os._exit(0)  # Celery would look for its store, which is gone, for 20 s
