"""What `lipchord doctor` looks at: what this machine has, what is missing, what to do about it."""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploy import devices, stores
from deploy.errors import DeployError
from deploy.places import Places
from deploy.ports import holder, is_free
from deploy.running import running_url
from deploy.stack import StackOptions


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        good: whether Lipchord can work with it.
        advice: what to do; empty where nothing is to be done.
    """

    what: str
    good: bool
    found: str
    advice: str = ""


def findings() -> Iterator[Finding]:
    """Look at this machine, one thing after the other."""
    machine = devices.look()
    yield Finding("Python", True, platform.python_version())
    yield _gpus(machine)
    yield _workers(machine)
    yield _memory(machine)
    yield _guarded("store server", _server)
    yield _guarded("ffmpeg", _ffmpeg)
    yield _guarded("speech", _speech)
    yield _guarded("generators", _generators)
    yield _opencv()
    yield from _ports(StackOptions())


def _gpus(machine: devices.Machine) -> Finding:
    if not machine.gpus:
        return Finding("GPU", True, "none; rendering on the CPU")
    if not machine.torch_has_cuda:
        return Finding(
            "GPU", False, f"{len(machine.gpus)}, but torch is a CPU build",
            "Install the CUDA build of torch; until then the CPU renders.",
        )  # fmt: skip
    return Finding("GPU", True, ", ".join(machine.gpus))


def _memory(machine: devices.Machine) -> Finding:
    enough = machine.memory >= devices.RENDER_BYTES
    return Finding(
        "memory", enough, f"{machine.memory / 2**30:.1f} GiB",
        "" if enough else "A render worker may need 1.5 GiB.",
    )  # fmt: skip


def _workers(machine: devices.Machine) -> Finding:
    plans = devices.render_workers(machine)
    return Finding("render workers", True, ", ".join(f"{p.name} on {p.device}" for p in plans))


def _server() -> str:
    server = stores.find_server()
    return f"{stores.server_version(server)} at {server}"


def _ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    return f"{imageio_ffmpeg.get_ffmpeg_exe()} (from its wheel)"


def _speech() -> str:
    from lipsync_engine import languages

    return f"{len(languages.voices())} languages"


def _generators() -> str:
    from lipsync_engine import registry

    return ", ".join(registry.names())


def _opencv() -> Finding:
    try:
        import cv2
    except ImportError as error:
        return Finding(
            "OpenCV",
            False,
            str(error),
            "Delete .venv and run `make venv`: it takes a build that needs no libGL.",
        )
    return Finding("OpenCV", True, cv2.__version__)


def _ports(options: StackOptions) -> Iterator[Finding]:
    url = running_url(Places.at(options.var))
    if url:
        yield Finding("ports", True, f"this checkout's stack is up on {url}")
        return
    for name in ("port", "flower_port", "queue_port", "blob_port"):
        port: int = getattr(options, name)
        option = "--" + name.replace("_", "-")
        if is_free(port):
            yield Finding(f"port {port}", True, "free")
        else:
            who = holder(port) or "another process"
            yield Finding(f"port {port}", False, f"taken by {who}", f"lipchord up {option} …")


def _guarded(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except DeployError as error:
        return Finding(what, False, "missing", str(error))
    except (ImportError, OSError, RuntimeError) as error:
        return Finding(what, False, "not usable", str(error))
