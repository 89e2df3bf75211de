"""Who renders where: GPUs as the driver lists them, otherwise cores in groups."""

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import devices
from deploy.devices import Machine, core_groups, listed, look, render_workers, visible

TWO_GPUS = """\
GPU 0: NVIDIA H100 80GB HBM3 (UUID: GPU-11111111-2222-3333-4444-555555555555)
GPU 1: NVIDIA H100 80GB HBM3 (UUID: GPU-66666666-2222-3333-4444-555555555555)
"""
DIVIDED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-11111111-2222-3333-4444-555555555555)
  MIG 3g.20gb     Device  0: (UUID: MIG-aaaaaaaa-0000-0000-0000-000000000000)
  MIG 3g.20gb     Device  1: (UUID: MIG-bbbbbbbb-0000-0000-0000-000000000000)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-66666666-2222-3333-4444-555555555555)
"""
CORES = st.lists(st.integers(0, 255), min_size=1, max_size=64, unique=True).map(sorted)
ROOMY = Machine(gpus=(), cores=(0, 1, 2, 3), pinnable=True, memory=2**40, torch_has_cuda=True)


def a_driver(folder: Path, says: str, exit_code: int = 0) -> str:
    """A folder for PATH with an nvidia-smi that prints `says`."""
    program = folder / "nvidia-smi"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}END\nexit {exit_code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def test_every_gpu_that_the_driver_lists_gets_a_worker_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", a_driver(tmp_path, TWO_GPUS))

    machine = replace(look({}), torch_has_cuda=True)
    plans = render_workers(machine)

    assert [plan.env["CUDA_VISIBLE_DEVICES"] for plan in plans] == ["0", "1"]
    assert {plan.env["LIPCHORD_DEVICE"] for plan in plans} == {"cuda:0"}
    assert {plan.env["LIPCHORD_CORES"] for plan in plans} == {""}


def test_cuda_visible_devices_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", a_driver(tmp_path, TWO_GPUS))

    machine = look({"CUDA_VISIBLE_DEVICES": "1"})

    assert machine.gpus == ("1",)


def test_a_driver_that_fails_means_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", a_driver(tmp_path, "NVIDIA-SMI has failed\n", exit_code=9))

    assert look({}).gpus == ()


def test_a_divided_gpu_counts_by_its_parts() -> None:
    assert listed(DIVIDED) == (
        "MIG-aaaaaaaa-0000-0000-0000-000000000000",
        "MIG-bbbbbbbb-0000-0000-0000-000000000000",
        "1",
    )


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        (None, ("0", "1")),
        ("", ()),
        ("-1", ()),
        ("1,0", ("1", "0")),
        ("0,7,1", ("0",)),
        ("GPU-666, 0", ("GPU-666", "0")),
    ],
)
def test_a_mask_is_read_as_cuda_reads_it(mask: str | None, left: tuple[str, ...]) -> None:
    assert visible(("0", "1"), mask) == left


def test_no_mask_makes_a_gpu_where_there_is_none() -> None:
    assert visible((), "0") == visible((), "GPU-666") == ()


def test_a_gpu_is_left_alone_when_torch_cannot_use_it() -> None:
    machine = replace(ROOMY, gpus=("0",), torch_has_cuda=False)

    plans = render_workers(machine)

    assert {plan.env["LIPCHORD_DEVICE"] for plan in plans} == {"cpu"}
    assert {plan.env["CUDA_VISIBLE_DEVICES"] for plan in plans} == {""}


@given(cores=CORES, size=st.integers(1, 80))
def test_groups_share_no_core_and_are_of_one_size(cores: list[int], size: int) -> None:
    groups = core_groups(cores, size)

    used = [core for group in groups for core in group]
    assert groups
    assert len(used) == len(set(used))
    assert set(used) <= set(cores)
    assert {len(group) for group in groups} == {min(size, len(cores))}
    assert len(cores) - len(used) < size


@given(cores=CORES, size=st.integers(1, 8))
def test_a_worker_has_as_many_threads_as_cores(cores: list[int], size: int) -> None:
    for plan in render_workers(replace(ROOMY, cores=tuple(cores)), group_size=size):
        pinned = plan.env["LIPCHORD_CORES"].split(",")
        assert plan.env["OMP_NUM_THREADS"] == plan.env["MKL_NUM_THREADS"] == str(len(pinned))


@given(memory=st.integers(0, 2**36), most=st.integers(1, 9) | st.none())
def test_workers_fit_into_memory_and_never_are_none(memory: int, most: int | None) -> None:
    machine = replace(ROOMY, cores=tuple(range(64)), memory=memory)

    plans = render_workers(machine, at_most=most)

    assert 1 <= len(plans) <= (most or 64)
    assert len(plans) == 1 or len(plans) * devices.RENDER_BYTES <= memory


def test_names_of_workers_differ_and_carry_the_host() -> None:
    names = [p.env["LIPCHORD_WORKER_NAME"] for p in (devices.cpu_worker(), *render_workers(ROOMY))]

    assert len(set(names)) == 5
    assert all(name.endswith(f"@{os.uname().nodename}") for name in names)


def test_a_system_without_pinning_gets_threads_but_no_cores() -> None:
    plan = render_workers(replace(ROOMY, pinnable=False), group_size=2)[0]

    assert plan.env["LIPCHORD_CORES"] == ""
    assert plan.env["OMP_NUM_THREADS"] == "2"


def test_this_machine_has_cores_and_memory() -> None:
    machine = look()

    assert machine.cores
    assert machine.memory > 2**28


def test_threads_that_wait_for_each_other_leave_the_core_to_others() -> None:
    assert {plan.env["OMP_WAIT_POLICY"] for plan in render_workers(ROOMY)} == {"PASSIVE"}
