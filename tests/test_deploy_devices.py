"""Who renders where: on GPUs, otherwise on cores in groups."""

import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import devices
from deploy.devices import Machine, core_groups, cpu_worker, look, render_workers
from deploy.errors import UnknownDeviceError

CORES = st.lists(st.integers(0, 255), min_size=1, max_size=64, unique=True).map(sorted)
ROOMY = Machine(gpus=(), cores=(0, 1, 2, 3), pinnable=True, memory=2**40, torch_has_cuda=True)


def test_a_gpu_is_left_alone_when_torch_cannot_use_it() -> None:
    machine = replace(ROOMY, gpus=("GPU-1",), torch_has_cuda=False)

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


def test_chosen_cores_are_the_only_ones_that_workers_get() -> None:
    here = sorted(os.sched_getaffinity(0))

    machine = look(cores=f"{here[0]}")

    assert machine.cores == (here[0],)
    assert [plan.env["LIPCHORD_CORES"] for plan in render_workers(machine)] == [str(here[0])]
    assert cpu_worker(0, machine).env["LIPCHORD_CORES"] == str(here[0])


def test_a_range_of_cores_counts_both_ends() -> None:
    here = sorted(os.sched_getaffinity(0))

    assert look(cores=f"{here[0]}-{here[1]}" if len(here) > 1 else "0").cores == tuple(here[:2])


@pytest.mark.parametrize("asked", ["", "a", "0-", "-1", "0,,1", "7000", "0-6999", "1-0"])
def test_cores_that_are_not_here_are_refused_in_words(asked: str) -> None:
    with pytest.raises(UnknownDeviceError, match="--cores"):
        look(cores=asked)


def test_workers_on_a_gpu_keep_to_the_chosen_cores_and_share_their_threads() -> None:
    machine = replace(ROOMY, gpus=("GPU-1", "GPU-2"), chosen_cores=True)

    plans = render_workers(machine, per_device=2)

    assert [plan.env["CUDA_VISIBLE_DEVICES"] for plan in plans] == ["GPU-1"] * 2 + ["GPU-2"] * 2
    assert {plan.env["LIPCHORD_CORES"] for plan in plans} == {"0,1,2,3"}
    assert {plan.env["OMP_NUM_THREADS"] for plan in plans} == {"1"}


def test_gpus_are_refused_where_torch_cannot_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices.nvml, "gpus", lambda: (devices.nvml.Gpu("GPU-1", "L4", 2**34),))
    monkeypatch.setattr(devices, "_torch_has_cuda", lambda: False)

    with pytest.raises(UnknownDeviceError, match="--devices none"):
        look({}, devices="0")

    assert look({}, devices="none").gpus == ()


def test_workers_can_be_given_another_hosts_name() -> None:
    plan = render_workers(ROOMY, host="rack-7")[0]

    assert plan.env["LIPCHORD_WORKER_NAME"] == "render0@rack-7"
