"""Many short jobs through a whole stack, against the bare engine on the same cores; and memory.

The bare engine: as many processes as the stack has render workers, each pinned to its core, each
making whole videos one after the other with everything that can be kept (generator, face,
imports) kept. It has no store, no API, no messages: what the stack does not reach of it is the
price of all those.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from deploy.devices import CPU_RENDERING
from deploy.guard import descendants
from deploy.stack import Stack, StackOptions
from lipchord_client import Client

# 5 s of speech each, all different: nothing is there to be used again.
TEXT = "This is lesson number {}, and it tells you in a few words how a short message is made."
JOBS = 16
TICKS = os.sysconf("SC_CLK_TCK")
LONG_TEXT = " ".join(TEXT.format(i) for i in range(12))  # a minute

BARE = """
import json, os, sys, time
os.sched_setaffinity(0, {int(sys.argv[1])})
from functools import lru_cache
from pathlib import Path
from tasks import local
from tasks.contract import JobRequest
from tasks.settings import Settings
local._set_up = lru_cache(local._set_up)
kept = local.MemoryStorage()
local.MemoryStorage = lambda: kept
def one(text):
    local.render_locally(JobRequest(text=text), Path(sys.argv[2]), Settings.from_env())
one("The generator is loaded, the face is found.")
before = sum(os.times()[:4])
print("ready", flush=True)
sys.stdin.readline()
for text in json.loads(sys.argv[3]):
    one(text)
print(sum(os.times()[:4]) - before)
"""


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of processor time of all processes."""

    wall_s: float
    processor_s: float


def measure(jobs: int = JOBS, rounds: int = 2) -> dict[str, Any]:
    """Jobs a minute of both, in turns, and processor time a job; memory of the last stack."""
    cores = sorted(os.sched_getaffinity(0))
    bare, queued = [], []
    for number in range(rounds):
        texts = [TEXT.format(f"{number} {i}") for i in range(jobs)]
        with TemporaryDirectory(prefix="scale-", dir=".var") as name:
            folder = Path(name).resolve()
            bare.append(_bare(texts, cores, folder))
            took, memory = _queued(texts, len(cores), folder)
            queued.append(took)
    return {
        "jobs": jobs,
        "cores": len(cores),
        "bare_jobs_a_minute": [round(60 * jobs / each.wall_s, 1) for each in bare],
        "stack_jobs_a_minute": [round(60 * jobs / each.wall_s, 1) for each in queued],
        "share_of_bare": [
            round(engine.wall_s / stack.wall_s, 3)
            for stack, engine in zip(queued, bare, strict=True)
        ],
        # Another program on these cores spoils the clock, and hardly this:
        "bare_processor_s_a_job": [round(each.processor_s / jobs, 3) for each in bare],
        "stack_processor_s_a_job": [round(each.processor_s / jobs, 3) for each in queued],
        "share_by_processor_time": [
            round(engine.processor_s / stack.processor_s, 3)
            for stack, engine in zip(queued, bare, strict=True)
        ],
        "memory": memory,
    }


def _bare(texts: list[str], cores: list[int], folder: Path) -> Took:
    """Until the last of the processes is done."""
    env = {**os.environ, **CPU_RENDERING, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder)}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", BARE, str(core), str(folder / f"{core}.mp4"),
             json.dumps(texts[index :: len(cores)])],
            env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for index, core in enumerate(cores)
    ]  # fmt: skip
    for child in children:
        assert child.stdout is not None
        assert "ready" in child.stdout.readline()
    began = time.perf_counter()
    for child in children:  # all of them, before the first is waited for
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    used = [float(child.communicate()[0]) for child in children]
    return Took(time.perf_counter() - began, sum(used))


def _queued(texts: list[str], workers: int, folder: Path) -> tuple[Took, dict[str, Any]]:
    """From the first submit until the last job has succeeded, and what memory it took."""
    options = StackOptions(
        var=folder / "stack", port=0, flower_port=0, queue_port=0, blob_port=0, flower=False,
        render_workers=workers, env={"LIPCHORD_REUSE": "0"},
    )  # fmt: skip
    with Stack(options) as stack:
        client = Client(stack.url)
        client.submit("The generator is loaded, the face is found.", wait=True)
        used, began = _processor_s(stack), time.perf_counter()
        sent = [client.submit(text) for text in texts]
        for job in reversed(sent):  # the last ends last: few questions are asked
            job.wait()
        took = Took(time.perf_counter() - began, _processor_s(stack) - used)
        return took, _memory(stack, client)


def _processor_s(stack: Stack) -> float:
    """Of all processes of the stack so far, those included that have ended."""
    return sum(_ticks(pid) for main in stack.pids().values() for pid in _family(main)) / TICKS


def _ticks(pid: int) -> int:
    """Of a process and its children that were waited for; 0 where it has just ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime: proc(5)


def _family(pid: int) -> set[int]:
    return {pid, *(child for child, _born in descendants(pid))}


def _memory(stack: Stack, client: Client) -> dict[str, Any]:
    """Of each process with its children, MB, and of the stores a minute of video, kB."""
    found = {name: sum(map(_pss, _family(pid))) for name, pid in stack.pids().items()}
    urls = {"queue": stack.queue_url, "blobs": stack.blob_url}
    before = {name: _held(url) for name, url in urls.items()}
    job = client.submit(LONG_TEXT, wait=True)
    n_frames, fps = job.view["n_frames"], job.view["fps"]
    assert n_frames is not None
    assert fps is not None
    minutes = n_frames / float(Fraction(fps)) / 60
    held = {name: (_held(url) - before[name]) / 1e3 / minutes for name, url in urls.items()}
    return {
        "process_mb": {name: round(size / 1e6) for name, size in found.items()},
        "store_kb_a_minute_of_video": {name: round(size) for name, size in held.items()},
    }


def _pss(pid: int) -> int:
    """Bytes of memory that are this process's share; 0 where it has just ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line[:4] == "Pss:")


def _held(url: str) -> int:
    with redis.Redis.from_url(url) as client:
        info: dict[str, Any] = client.info("memory")
        return int(info["used_memory"])
