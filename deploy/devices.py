"""What this machine renders on: its GPUs, or its cores in pinned groups; who gets which.

The launcher asks the driver and the kernel and never imports torch: a parent
that has touched CUDA spoils its children, and would hold memory for nothing.
"""

import importlib.util
import os
import re
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from deploy import gpus
from deploy.cgroup import core_quota, memory_limit
from deploy.errors import UnknownDeviceError
from tasks import nvml

MOST_CORES = 65_536
RENDER_BYTES = 1.5 * 2**30  # memory that one render worker on a CPU may need

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
        gpus: names of the GPUs and MIG slices that may be used ("GPU-…", "MIG-…").
        cores: numbers of the CPU cores that this process may use, sorted.
        pinnable: whether the system binds processes to cores.
        memory: bytes that this process may use.
        torch_has_cuda: whether the installed torch can use a GPU.
        chosen_cores: whether somebody has said which cores; then GPU workers keep to them too.
    """

    gpus: tuple[str, ...]
    cores: tuple[int, ...]
    pinnable: bool
    memory: int
    torch_has_cuda: bool
    chosen_cores: bool = False


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """One worker of this host: its name in the fleet, and its environment."""

    name: str
    kind: Literal["cpu", "render"]
    device: str
    env: Mapping[str, str]


def look(
    environ: Mapping[str, str] = os.environ, devices: str | None = None, cores: str | None = None
) -> Machine:
    """Look at this machine; CUDA_VISIBLE_DEVICES is respected.

    Args:
        devices: use these GPUs alone, as `gpus.chosen` reads them; None: all.
        cores: use these cores alone, such as "0-3,6"; None: all.

    Raises:
        UnknownDeviceError: what was asked for is not here.
    """
    pinnable = hasattr(os, "sched_getaffinity")
    found = sorted(os.sched_getaffinity(0)) if pinnable else range(os.cpu_count() or 1)
    listed = nvml.gpus()
    allowed = gpus.visible(listed, environ.get("CUDA_VISIBLE_DEVICES"))
    machine = Machine(
        gpus=allowed if devices is None else gpus.chosen(listed, allowed, devices),
        cores=tuple(found)[: core_quota()],
        pinnable=pinnable,
        memory=memory_limit(),
        torch_has_cuda=_torch_has_cuda(),
    )
    if devices is not None and machine.gpus and not machine.torch_has_cuda:
        raise UnknownDeviceError(
            f"--devices {devices}: the installed torch is a CPU build and cannot use a GPU. "
            "Install torch's CUDA build, or say --devices none."
        )
    if cores is None:
        return machine
    return replace(machine, cores=_chosen_cores(cores, tuple(found)), chosen_cores=True)


def render_workers(
    machine: Machine,
    generator: str = "viseme",
    group_size: int = 1,
    at_most: int | None = None,
    per_device: int = 1,
    host: str | None = None,
) -> tuple[WorkerPlan, ...]:
    """Render workers for each GPU; without one, for each group of cores.

    Args:
        machine: what there is.
        generator: what the workers hold.
        group_size: cores of one worker, where there is no GPU.
        at_most: not more workers than this; None: as many as devices and memory allow.
        per_device: workers that share a GPU, or a group of cores.
        host: what stands after the @ of their names; None: this machine's name.
    """
    if machine.gpus and machine.torch_has_cuda:
        units = [gpu for gpu in machine.gpus for _ in range(per_device)]
        plans = [_on_gpu(i, gpu, len(units), machine) for i, gpu in enumerate(units)]
    else:
        groups = core_groups(machine.cores, group_size)
        shared = [group for group in groups for _ in range(per_device)]
        fit = max(1, int(machine.memory // RENDER_BYTES))
        plans = [_on_cores(i, group, machine) for i, group in enumerate(shared[:fit])]
    told = {"LIPCHORD_GENERATOR": generator}
    return tuple(_named(plan, host, told) for plan in plans[:at_most])


def cpu_worker(
    index: int = 0, machine: Machine | None = None, host: str | None = None
) -> WorkerPlan:
    """A worker that plans and merges. It is idle while chunks render, so it is pinned only
    where somebody has said which cores may be used."""
    name = f"cpu{index}"
    env = _env("cpu", "cpu", threads=1) | {"CUDA_VISIBLE_DEVICES": ""}
    if machine is not None and machine.chosen_cores and machine.pinnable:
        env["LIPCHORD_CORES"] = ",".join(map(str, machine.cores))
    return _named(WorkerPlan(name, "cpu", "cpu", env), host)


def core_groups(cores: Sequence[int], size: int) -> tuple[tuple[int, ...], ...]:
    """Cores in groups of `size`; those left over make no group, unless it is the only one."""
    full = [tuple(cores[i : i + size]) for i in range(0, len(cores) - size + 1, size)]
    return tuple(full or [tuple(cores)])


def _chosen_cores(asked: str, here: Sequence[int]) -> tuple[int, ...]:
    """The cores of "0-3,6". Raises UnknownDeviceError."""
    wanted: set[int] = set()
    for part in asked.split(","):
        found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", part)
        if not found:
            raise UnknownDeviceError(
                f"--cores {asked}: {part!r} is no core and no range of cores. Say, for example, "
                "--cores 0-3,6."
            )
        last = min(int(found[2] or found[1]), MOST_CORES)  # a slip of a key must not fill memory
        wanted |= set(range(int(found[1]), last + 1))
    strange = sorted(wanted - set(here))
    if strange or not wanted:
        raise UnknownDeviceError(
            f"--cores {asked}: core {', '.join(map(str, strange)) or asked} is not among those "
            f"that this process may use: {', '.join(map(str, here))}."
        )
    return tuple(sorted(wanted))


def _on_gpu(index: int, gpu: str, sharing: int, machine: Machine) -> WorkerPlan:
    threads = max(1, len(machine.cores) // sharing)
    env = _env("render", "cuda:0", threads)
    # So that numbers mean to CUDA what they mean to the driver, should anybody use some.
    env |= {"CUDA_VISIBLE_DEVICES": gpu, "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    if machine.chosen_cores and machine.pinnable:
        env["LIPCHORD_CORES"] = ",".join(map(str, machine.cores))
    return WorkerPlan(f"render{index}", "render", f"gpu {gpu}", env)


def _on_cores(index: int, cores: tuple[int, ...], machine: Machine) -> WorkerPlan:
    names = ",".join(map(str, cores))
    env = _env("render", "cpu", len(cores)) | CPU_RENDERING
    env |= {"CUDA_VISIBLE_DEVICES": ""}
    if machine.pinnable:
        env["LIPCHORD_CORES"] = names
    return WorkerPlan(f"render{index}", "render", f"cores {names}", env)


def _named(plan: WorkerPlan, host: str | None, more: Mapping[str, str] | None = None) -> WorkerPlan:
    # With the host's name, for the heartbeats of all hosts lie in one store.
    name = {"LIPCHORD_WORKER_NAME": f"{plan.name}@{host or socket.gethostname()}"}
    return replace(plan, env={**plan.env, **name, **(more or {})})


def _env(kind: str, device: str, threads: int) -> dict[str, str]:
    return {
        "LIPCHORD_WORKER_KIND": kind,
        "LIPCHORD_DEVICE": device,
        "LIPCHORD_CORES": "",
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
    }


def _torch_has_cuda() -> bool:
    # find_spec of a top-level package looks, and does not import.
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    return any((Path(spec.origin).parent / "lib").glob("libtorch_cuda*"))
