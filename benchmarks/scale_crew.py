"""One host of the simulated fleet: render workers that sleep, until the standard input ends.

A process has one consumer of messages, so 64 workers in one would be given their first chunks
one after the other; in several processes they pull beside each other, as hosts do.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.scale_house import here
from tasks.blueprint import Chunk

EACH = 8  # workers of a process


@contextmanager
def fleet(n_workers: int, fixed_s: float, frame_s: float) -> Iterator[None]:
    """So many workers are up inside the block, at the stores of the environment."""
    sizes = [min(EACH, n_workers - first) for first in range(0, n_workers, EACH)]
    hosts = [
        subprocess.Popen(
            [sys.executable, "-m", __name__, f"host{number}", *map(str, (size, fixed_s, frame_s))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )
        for number, size in enumerate(sizes)
    ]  # fmt: skip
    try:
        for host in hosts:
            assert host.stdout is not None
            if host.stdout.readline() != b"ready\n":
                raise RuntimeError("a host of the fleet did not start")
        yield
    finally:
        for host in hosts:
            assert host.stdin is not None
            host.stdin.close()
        for host in hosts:
            host.wait()


def main(name: str, threads: int, fixed_s: float, frame_s: float) -> None:
    """Render until nobody wants it any more."""
    from benchmarks.scale_workers import crew

    house = here()

    def sleeps(chunk: Chunk) -> None:
        time.sleep(fixed_s + frame_s * chunk.n_frames)

    house.render = sleeps
    with crew(house, name, threads):
        print("ready", flush=True)
        sys.stdin.read()
        os._exit(0)  # Celery would wait for its store, which may be gone


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
