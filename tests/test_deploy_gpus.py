"""Which GPUs a host has and which are used, asked through a real NVML library made by cc."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.errors import UnknownDeviceError
from deploy.gpus import chosen, visible
from tasks.nvml import Gpu, Part

H100, L4 = "GPU-11111111-2222-3333-4444-555555555555", "GPU-66666666-2222-3333-4444-555555555555"
SLICES = ("MIG-aaaaaaaa-0000-0000-0000-000000000000", "MIG-bbbbbbbb-0000-0000-0000-000000000000")
TWO = (Gpu(H100, "NVIDIA H100", 2**36), Gpu(L4, "NVIDIA L4", 2**34))
DIVIDED = (
    Gpu(H100, "NVIDIA H100", 2**36, True, tuple(Part(name, 2**35) for name in SLICES)),
    Gpu(L4, "NVIDIA L4", 2**34),
)
ASK = """
import json, sys
from dataclasses import replace
from deploy import devices
from tasks import nvml
machine = devices.look(devices=None)
plans = devices.render_workers(replace(machine, torch_has_cuda=True), per_device=int(sys.argv[1]))
memory = nvml.memory_of(machine.gpus[0]) if machine.gpus else None
print(json.dumps({
    "names": [gpu.name for gpu in nvml.gpus()], "units": machine.gpus,
    "pins": [plan.env["CUDA_VISIBLE_DEVICES"] for plan in plans],
    "devices": sorted({plan.env["LIPCHORD_DEVICE"] for plan in plans}),
    "used": memory and memory.used, "total": memory and memory.total,
}))
"""


USED = """
import json, os
from tasks.gpu_memory import GpuMemory
print(json.dumps(GpuMemory(os.environ.get("LIPCHORD_DEVICE", "cuda:0"), os.environ).now()))
"""


def asked(
    driver: Path, scene: str, mask: str | None = None, per_device: int = 1
) -> dict[str, object]:
    """What a launcher finds."""
    found: dict[str, object] = said(driver, scene, mask, ASK, str(per_device))
    return found


def said(driver: Path, scene: str, mask: str | None, program: str, *args: str) -> Any:
    """What a fresh process says: the library is looked for where LD_LIBRARY_PATH says."""
    env = {**os.environ, "LD_LIBRARY_PATH": str(driver), "FAKE_NVML": scene}
    env.pop("CUDA_VISIBLE_DEVICES", None)
    if mask is not None:
        env["CUDA_VISIBLE_DEVICES"] = mask
    told = subprocess.run(
        [sys.executable, "-c", program, *args], env=env, capture_output=True, text=True, check=True
    )
    return json.loads(told.stdout)


def test_every_gpu_gets_a_worker_that_is_pinned_by_its_name(driver: Path) -> None:
    found = asked(driver, "two")

    assert found["names"] == ["NVIDIA H100 80GB HBM3", "NVIDIA L4"]
    assert found["pins"] == [H100, L4]
    assert found["devices"] == ["cuda:0"]
    assert (found["used"], found["total"]) == (1073741824, 85520809984)


def test_every_slice_of_a_divided_gpu_gets_a_worker(driver: Path) -> None:
    found = asked(driver, "mig")

    assert found["pins"] == [*SLICES, L4]
    assert (found["used"], found["total"]) == (12345678, 42412802048)


@pytest.mark.parametrize(
    ("scene", "mask", "found"),
    [
        ("two", L4, [536870912, 24152899584]),
        ("mig", SLICES[0], [12345678, 42412802048]),
        ("two", "0", [None, None]),  # CUDA's first may be the driver's second
        ("two", None, [None, None]),
        ("broken", H100, [None, None]),
    ],
)
def test_a_worker_knows_how_full_its_own_gpu_is(
    driver: Path, scene: str, mask: str | None, found: list[int | None]
) -> None:
    assert said(driver, scene, mask, USED) == found


def test_a_worker_on_the_cpu_asks_for_no_gpu_memory(
    driver: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPCHORD_DEVICE", "cpu")

    assert said(driver, "two", H100, USED) == [None, None]


def test_a_divided_gpu_without_a_slice_renders_nothing(driver: Path) -> None:
    assert asked(driver, "empty")["units"] == [L4]


def test_two_workers_on_each_gpu(driver: Path) -> None:
    assert asked(driver, "two", per_device=2)["pins"] == [H100, H100, L4, L4]


def test_cuda_visible_devices_is_respected_by_slice_and_number(driver: Path) -> None:
    assert asked(driver, "mig", mask=f"{SLICES[1]},1")["pins"] == [SLICES[1], L4]


def test_a_driver_that_does_not_answer_means_the_cpu_renders(driver: Path) -> None:
    found = asked(driver, "broken")

    assert found["units"] == []
    assert found["devices"] == ["cpu"]


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        (None, (H100, L4)),
        ("", ()),
        ("-1", ()),
        ("1,0", (L4, H100)),
        ("0,7,1", (H100,)),
        ("GPU-666, 0", (L4, H100)),
        ("GPU-", ()),
        ("0,0", (H100,)),
        ("MIG-aaaa", ()),
    ],
)
def test_a_mask_is_read_as_cuda_reads_it(mask: str | None, left: tuple[str, ...]) -> None:
    assert visible(TWO, mask) == left


@pytest.mark.parametrize(
    ("mask", "left"),
    [
        (None, (*SLICES, L4)),
        ("0", SLICES),
        ("1", (L4,)),
        ("MIG-bbbb", (SLICES[1],)),
        ("MIG-aaaa,MIG-cccc,1", (SLICES[0],)),
        ("GPU-1111", SLICES),
    ],
)
def test_a_mask_may_name_slices(mask: str | None, left: tuple[str, ...]) -> None:
    assert visible(DIVIDED, mask) == left


@given(mask=st.lists(st.sampled_from(["0", "1", "2", "x", "GPU-666", "MIG-a", ""])).map(",".join))
def test_no_mask_makes_a_device_that_is_not_there_or_one_twice(mask: str) -> None:
    for gpus in (TWO, DIVIDED):
        found = visible(gpus, mask)

        assert set(found) <= {unit for gpu in gpus for unit in gpu.units}
        assert len(found) == len(set(found))
    assert visible((), mask) == ()


def test_devices_are_chosen_by_number_and_by_name_among_those_allowed() -> None:
    everything = visible(DIVIDED, None)

    assert chosen(DIVIDED, everything, "1") == (L4,)
    assert chosen(DIVIDED, everything, "MIG-bbbb,1") == (SLICES[1], L4)
    assert chosen(DIVIDED, everything, "none") == ()
    assert chosen(DIVIDED, (SLICES[0],), "0") == (SLICES[0],)


@pytest.mark.parametrize("wanted", ["2", "GPU-9", "one", "", "0,2"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(wanted: str) -> None:
    with pytest.raises(UnknownDeviceError, match=r"This host has 0: NVIDIA H100 .*; 1: NVIDIA L4"):
        chosen(TWO, (H100, L4), wanted)


def test_a_device_that_the_environment_hides_is_refused() -> None:
    with pytest.raises(UnknownDeviceError, match="CUDA_VISIBLE_DEVICES hides it"):
        chosen(TWO, (L4,), "0")
