"""What this machine renders on: its GPUs, or its cores in pinned groups; who gets which.

The launcher asks the driver and the kernel and never imports torch: a parent
that has touched CUDA spoils its children, and would hold memory for nothing.
"""

import importlib.util
import math
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

RENDER_BYTES = 1.5 * 2**30  # memory that one render worker on a CPU may need
SMI_TIMEOUT_S = 20.0  # nvidia-smi takes seconds where the driver has to be woken first

# A third of a CPU rendering's time can be the kernel giving memory back and taking it
# again: keep it. mmap off rather than a high threshold, which glibc < 2.35 refuses above
# 32 MiB; measured on 100 MiB buffers, a write is 3 times as fast.
KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**30),  # bytes
    "MALLOC_TOP_PAD_": str(64 * 2**20),  # bytes
    "MALLOC_ARENA_MAX": "1",  # or every thread would keep some 100 MB of its own
}
# OpenMP's threads spin while they wait for each other. Where other programs want the same cores
# that is what the cores then do: 36 frames by two threads took 90 s, and 4.5 s when they slept.
CPU_RENDERING = {**KEEP_MEMORY, "OMP_WAIT_POLICY": "PASSIVE"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is.

    Attributes:
        gpus: as CUDA_VISIBLE_DEVICES would name each ("0", "MIG-8f6d…").
        cores: numbers of the CPU cores that this process may use, sorted.
        pinnable: whether the system binds processes to cores.
        memory: bytes that this process may use.
        torch_has_cuda: whether the installed torch can use a GPU.
    """

    gpus: tuple[str, ...]
    cores: tuple[int, ...]
    pinnable: bool
    memory: int
    torch_has_cuda: bool


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """One worker of this host: its name in the fleet, and its environment."""

    name: str
    kind: Literal["cpu", "render"]
    device: str
    env: Mapping[str, str]


def look(environ: Mapping[str, str] = os.environ) -> Machine:
    """Look at this machine; CUDA_VISIBLE_DEVICES is respected."""
    pinnable = hasattr(os, "sched_getaffinity")
    cores = sorted(os.sched_getaffinity(0)) if pinnable else range(os.cpu_count() or 1)
    return Machine(
        gpus=visible(_devices(), environ.get("CUDA_VISIBLE_DEVICES")),
        cores=tuple(cores)[: _core_quota()],
        pinnable=pinnable,
        memory=memory_limit(),
        torch_has_cuda=_torch_has_cuda(),
    )


def render_workers(
    machine: Machine,
    generator: str = "viseme",
    group_size: int = 1,
    at_most: int | None = None,
) -> tuple[WorkerPlan, ...]:
    """One render worker for each GPU; without one, for each group of cores.

    Args:
        machine: what there is.
        generator: what the workers hold.
        group_size: cores of one worker, where there is no GPU.
        at_most: not more workers than this; None: as many as devices and memory allow.
    """
    if machine.gpus and machine.torch_has_cuda:
        threads = max(1, len(machine.cores) // len(machine.gpus))
        plans = [_on_gpu(i, gpu, generator, threads) for i, gpu in enumerate(machine.gpus)]
    else:
        groups = core_groups(machine.cores, group_size)
        fit = max(1, int(machine.memory // RENDER_BYTES))
        plans = [_on_cores(i, group, generator, machine) for i, group in enumerate(groups[:fit])]
    return tuple(plans[:at_most])


def cpu_worker() -> WorkerPlan:
    """The worker that plans and merges; it is not pinned, for it is idle while chunks render."""
    return WorkerPlan(
        "cpu0", "cpu", "cpu", _env("cpu0", "cpu", "cpu", threads=1) | {"CUDA_VISIBLE_DEVICES": ""}
    )


def core_groups(cores: Sequence[int], size: int) -> tuple[tuple[int, ...], ...]:
    """Cores in groups of `size`; those left over make no group, unless it is the only one."""
    full = [tuple(cores[i : i + size]) for i in range(0, len(cores) - size + 1, size)]
    return tuple(full or [tuple(cores)])


def visible(devices: Sequence[str], mask: str | None) -> tuple[str, ...]:
    """What CUDA_VISIBLE_DEVICES leaves of `devices`, by CUDA's own rule.

    None leaves all; entries (indices, or "GPU-…" and "MIG-…" names, which may be
    shortened) are kept up to the first that is not a device.
    """
    if mask is None:
        return tuple(devices)
    kept: list[str] = []
    for entry in (part.strip() for part in mask.split(",")):
        named = bool(devices) and entry.startswith(("GPU-", "MIG-"))
        if not named and not (entry.isdecimal() and int(entry) < len(devices)):
            break
        kept.append(entry if named else devices[int(entry)])
    return tuple(kept)


def listed(smi: str) -> tuple[str, ...]:
    """Devices in what `nvidia-smi --list-gpus` prints; a divided GPU counts by its MIG parts."""
    found: list[list[str]] = []
    for line in smi.splitlines():
        if line.startswith("GPU "):
            found.append([])
        elif found and (mig := re.search(r"\(UUID: (MIG-[^)]+)\)", line)):
            found[-1].append(mig[1])
    return tuple(name for i, parts in enumerate(found) for name in parts or [str(i)])


def memory_limit() -> int:
    """Bytes that this process may use: the machine's, or its container's if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _cgroup("memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def _on_gpu(index: int, gpu: str, generator: str, threads: int) -> WorkerPlan:
    env = _env(f"render{index}", "render", "cuda:0", threads)
    env |= {"CUDA_VISIBLE_DEVICES": gpu, "LIPCHORD_GENERATOR": generator}
    return WorkerPlan(f"render{index}", "render", f"gpu {gpu}", env)


def _on_cores(index: int, cores: tuple[int, ...], generator: str, machine: Machine) -> WorkerPlan:
    names = ",".join(map(str, cores))
    env = _env(f"render{index}", "render", "cpu", len(cores)) | CPU_RENDERING
    env |= {"CUDA_VISIBLE_DEVICES": "", "LIPCHORD_GENERATOR": generator}
    if machine.pinnable:
        env["LIPCHORD_CORES"] = names
    return WorkerPlan(f"render{index}", "render", f"cores {names}", env)


def _env(name: str, kind: str, device: str, threads: int) -> dict[str, str]:
    return {
        # With the host's name, for the heartbeats of all hosts lie in one store.
        "LIPCHORD_WORKER_NAME": f"{name}@{socket.gethostname()}",
        "LIPCHORD_WORKER_KIND": kind,
        "LIPCHORD_DEVICE": device,
        "LIPCHORD_CORES": "",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        # SIGTERM then lets the chunk in hand end, up to Celery's soft shutdown timeout.
        "REMAP_SIGTERM": "SIGQUIT",
    }


def _devices() -> tuple[str, ...]:
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return ()
    try:
        said = subprocess.run(
            [smi, "--list-gpus"], capture_output=True, text=True, check=True, timeout=SMI_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):  # a driver that does not answer renders nothing
        return ()
    return listed(said.stdout)


def _torch_has_cuda() -> bool:
    # find_spec of a top-level package looks, and does not import.
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    return any((Path(spec.origin).parent / "lib").glob("libtorch_cuda*"))


def _core_quota() -> int | None:
    """How many cores' worth of time the container gives; None: no limit."""
    quota, _, period = _cgroup("cpu.max").partition(" ")
    return max(1, math.ceil(int(quota) / int(period))) if quota.isdigit() else None


def _cgroup(name: str) -> str:
    file = Path("/sys/fs/cgroup") / name
    return file.read_text().strip() if file.exists() else ""
