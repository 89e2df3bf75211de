"""`lipchord doctor` on the host: each finding in its good and in its bad state, on real things."""

import json
import os
import resource
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.doctor import graphics, host, programs
from deploy.doctor.asides import said_by
from deploy.doctor.finding import Finding, guarded
from deploy.doctor.graphics import Torch
from deploy.errors import ServerMissingError
from deploy.exits import Exit
from deploy.places import Places
from deploy.ports import free_port
from deploy.stack import StackOptions
from lipsync_engine import media_child
from tasks.nvml import Gpu, Part
from tests.doctor import bad, by_name, well
from tests.faults.disk import small_disk
from tests.wav2lip_weights import write_checkpoint

GIB = 2**30


# -- GPUs ------------------------------------------------------------------------------------------

H100 = Gpu("GPU-1", "NVIDIA H100", 80 * GIB)
DIVIDED = Gpu("GPU-2", "NVIDIA H100", 80 * GIB, True, (Part("MIG-1", 40 * GIB),))


def test_gpus_and_what_the_mask_leaves_of_them() -> None:
    assert "none" in well(graphics.gpu_finding((), None))
    assert "NVIDIA H100 (80 GiB)" in well(graphics.gpu_finding((H100,), None))
    assert "1 MIG slices" in well(graphics.gpu_finding((DIVIDED,), None))
    assert "leaves 1 of" in well(graphics.gpu_finding((H100, DIVIDED), "1"))
    assert "leaves 0 of" in well(graphics.gpu_finding((H100,), ""))  # hidden on purpose


def test_a_mask_that_names_no_gpu_and_a_gpu_without_slices_are_found() -> None:
    empty = Gpu("GPU-3", "NVIDIA H100", 80 * GIB, True)

    assert "Unset CUDA_VISIBLE_DEVICES" in bad(graphics.gpu_finding((H100,), "7"))
    assert "nvidia-smi mig" in bad(graphics.gpu_finding((empty,), None))
    assert "modprobe" in bad(graphics.gpu_finding((), None, "Driver Not Loaded"))


def test_torch_and_driver_must_fit() -> None:
    cpu, cuda = Torch("2.13.0+cpu", None, 0), Torch("2.13.0+cu128", "12.8", 1)

    assert well(graphics.torch_finding(cpu, None, None)) == "2.13.0+cpu, for the CPU"
    assert "it sees 1" in well(graphics.torch_finding(cuda, "570.1", (12, 8)))
    assert "it sees 1" in well(graphics.torch_finding(cuda, "535.1", (12, 2)))
    assert "CUDA build" in bad(graphics.torch_finding(cpu, "570.1", (12, 8)))
    old = bad(graphics.torch_finding(cuda, "470.1", (11, 4)))
    assert "Update the driver" in old
    assert "built for CUDA 11" in old
    blind = Torch("2.13.0+cu128", "12.8", 0)
    assert "/dev/nvidia" in bad(graphics.torch_finding(blind, "570.1", (12, 8)))


@pytest.mark.parametrize(
    ("scene", "mask", "gpu", "torch"),
    [
        ("two", None, (True, "NVIDIA L4 (22 GiB)"), (False, "driver 580.82.07 (CUDA 13.0)")),
        ("two", "5", (False, "leaves 0"), (False, "")),
        ("mig", None, (True, "2 MIG slices"), (False, "")),
        ("empty", None, (False, "0 MIG slices"), (False, "")),
        ("broken", None, (False, "Driver Not Loaded"), (True, "for the CPU")),
    ],
)
def test_the_driver_is_asked_and_torch_is_loaded_in_a_process_of_its_own(
    driver: Path, scene: str, mask: str | None, gpu: tuple[bool, str], torch: tuple[bool, str]
) -> None:
    env = {**os.environ, "LD_LIBRARY_PATH": str(driver), "FAKE_NVML": scene}
    env |= {} if mask is None else {"CUDA_VISIBLE_DEVICES": mask}
    program = (
        "import json, os; from dataclasses import asdict; from deploy.doctor import graphics; "
        "print(json.dumps([asdict(f) for f in graphics.findings(os.environ)]))"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
    ).stdout

    found = {each["what"]: each for each in json.loads(said)}
    for name, (good, words) in (("GPU", gpu), ("torch", torch)):
        assert found[name]["good"] is good, found[name]
        assert words in found[name]["found"]


def test_a_torch_that_does_not_load_is_told_with_its_own_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text("raise ImportError('libcudart.so.13: cannot open')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    found = by_name(graphics.findings(os.environ))

    assert "libcudart.so.13: cannot open" in bad(found["torch"])


# -- programs --------------------------------------------------------------------------------------


def test_the_programs_of_this_checkout_are_well() -> None:
    found = by_name(programs.findings({}))

    assert [finding for finding in found.values() if not finding.good] == []
    assert {"Python", "OpenCV", "codecs", "ffmpeg", "speech", "generators"} <= found.keys()
    assert "libx264, aac" in found["codecs"].found
    assert "viseme" in found["generators"].found


def test_an_encoder_that_pyav_lacks_is_named() -> None:
    found = guarded("codecs", lambda: programs.encoders(("libx264", "h266")), programs.VENV)

    assert "without h266" in bad(found)


def test_an_ffmpeg_that_cannot_read_what_people_send_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    poor = tmp_path / "ffmpeg"
    poor.write_text("#!/bin/sh\necho ' V....D h264 H.264'\n")
    poor.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    media_child.program.cache_clear()

    found = guarded("ffmpeg", programs.ffmpeg, "Install ffmpeg.")

    media_child.program.cache_clear()
    assert f"{poor} cannot read" in bad(found)
    assert "opus" in found.found
    assert "h264" not in found.found


def test_a_missing_server_binary_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def nothing() -> Path:
        raise ServerMissingError("No store server. Install the valkey or redis package.")

    monkeypatch.setattr(programs.stores, "find_server", nothing)

    assert "Install the valkey" in bad(by_name(programs.findings({}))["store server"])


def test_checkpoints_that_are_configured_are_loaded(tmp_path: Path) -> None:
    good, junk = write_checkpoint(tmp_path / "good.pth"), tmp_path / "junk.pth"
    junk.write_bytes(b"not weights")

    found = by_name(programs.checkpoints({
        "LIPCHORD_WAV2LIP_CHECKPOINT": str(good), "LIPCHORD_WAV2LIP_GAN_CHECKPOINT": str(junk),
    }))  # fmt: skip

    assert str(good) in well(found["LIPCHORD_WAV2LIP_CHECKPOINT"])
    assert str(junk) in bad(found["LIPCHORD_WAV2LIP_GAN_CHECKPOINT"])
    assert list(programs.checkpoints({})) == []


def test_a_look_that_crashes_its_process_is_a_finding_and_no_crash_of_ours() -> None:
    found = guarded("x", lambda: said_by("import os; os.abort()"), "Do something about it.")

    assert "it ended with -6" in bad(found)


# -- the host --------------------------------------------------------------------------------------


def test_memory_is_held_against_what_the_workers_need() -> None:
    assert "may need 3.0" in well(host.memory(4 * GIB, 2))
    assert "of this container" in bad(host.memory(GIB, 2))


def test_a_small_disk_and_a_place_that_cannot_be_written_to_are_found(tmp_path: Path) -> None:
    assert str(tmp_path) in well(host.disk("data", tmp_path / "not" / "yet" / "made", 1))
    assert list(tmp_path.iterdir()) == []
    assert "make room" in bad(host.disk("data", tmp_path, 2**60))
    assert "cannot be written to" in bad(host.disk("data", Path("/proc"), 1))


def test_a_full_disk_is_found(tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "disk")
    try:
        well(host.disk("data", disk.folder, 2**20))
        disk.fill()

        assert "No space left" in bad(host.disk("data", disk.folder, 2**20))
    finally:
        disk.close()


def test_a_taken_port_is_named_with_its_holder(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        options = StackOptions(port=port, flower_port=free_port(), var=str(tmp_path))

        found = by_name(host.ports(Places.at(tmp_path), options))

    assert "lipchord up --port" in bad(found[f"port {port}"])
    assert "pid" in found[f"port {port}"].found
    well(found[f"port {options.flower_port}"])


# -- the command -----------------------------------------------------------------------------------


def examined(*options: str, limit: int | None = None, **env: str) -> tuple[int, list[Finding]]:
    """Exit code and findings of `lipchord doctor --json` as a process."""

    def lower() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

    ran = subprocess.run(
        [sys.executable, "-m", "deploy.cli", "doctor", "--json", *options],
        env={**os.environ, **env}, capture_output=True, text=True, check=False, preexec_fn=lower,
    )  # fmt: skip
    assert ran.stderr == ""
    return ran.returncode, [Finding(**json.loads(line)) for line in ran.stdout.splitlines()]


def test_a_host_that_is_well_ends_with_0(queue_store: str, blob_store: str) -> None:
    code, found = examined("--queue-url", queue_store, "--blob-url", blob_store)

    assert [finding for finding in found if not finding.good] == []
    assert code == Exit.DONE
    assert {"torch", "memory", "open files", "temporary files", "queue store: clock"} <= {
        finding.what for finding in found
    }


def test_one_thing_that_is_not_well_ends_with_a_code_of_its_own(
    queue_store: str, blob_store: str
) -> None:
    code, found = examined(limit=256, LIPCHORD_QUEUE_URL=queue_store, LIPCHORD_BLOB_URL=blob_store)

    assert code == Exit.NOT_WELL
    wrong = [finding for finding in found if not finding.good]
    assert [finding.what for finding in wrong] == ["open files"]
    assert "ulimit -n" in bad(wrong[0])


def test_a_setting_that_cannot_be_read_is_a_finding(queue_store: str) -> None:
    code, found = examined(LIPCHORD_QUEUE_URL=queue_store, LIPCHORD_LEASE_S="soon")

    assert code == Exit.NOT_WELL
    assert "LIPCHORD_LEASE_S" in bad(found[-1])
