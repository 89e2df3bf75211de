"""What this machine renders on: its GPUs, or its cores in pinned groups; who gets which.

The launcher asks the driver and the kernel and never imports torch: a parent
that has touched CUDA spoils its children, and would hold memory for nothing.
"""

import importlib.util
import math
import os
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
}


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is.

    Attributes:
        gpus: as CUDA_VISIBLE_DEVICES would name each ("0", "GPU-8f6d…").
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
        gpus=visible(_count_gpus(), environ.get("CUDA_VISIBLE_DEVICES")),
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


def visible(n_gpus: int, mask: str | None) -> tuple[str, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves of `n_gpus`, by CUDA's own rule.

    None leaves all; names are kept up to the first that is not a device.
    """
    if mask is None:
        return tuple(str(index) for index in range(n_gpus))
    kept: list[str] = []
    for name in (part.strip() for part in mask.split(",")):
        is_uuid = n_gpus > 0 and name.startswith(("GPU-", "MIG-"))
        if not is_uuid and not (name.isdecimal() and int(name) < n_gpus):
            break
        kept.append(name)
    return tuple(kept)


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
    env = _env(f"render{index}", "render", "cpu", len(cores)) | KEEP_MEMORY
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


def _count_gpus() -> int:
    if importlib.util.find_spec("pynvml"):
        return _count_by_nvml()
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return 0
    try:
        listed = subprocess.run(
            [smi, "--list-gpus"], capture_output=True, text=True, check=True, timeout=SMI_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):  # a driver that does not answer renders nothing
        return 0
    return sum(line.startswith("GPU ") for line in listed.stdout.splitlines())


def _count_by_nvml() -> int:
    import pynvml

    try:
        pynvml.nvmlInit()
        try:
            return int(pynvml.nvmlDeviceGetCount())
        finally:
            pynvml.nvmlShutdown()
    except pynvml.NVMLError:  # no driver
        return 0


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
