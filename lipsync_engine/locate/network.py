"""The better locator: face-alignment's network, where its weights are at hand or can be fetched.

The weights (two files, about 180 MB) go into torch's hub folder: TORCH_HOME
when set, else `torch` in LIPCHORD_VAR_DIR, so that nothing is written outside
the checkout. Whether that worked is found out once per process.
"""

import ast
import contextlib
import importlib.util
import io
import os
import socket
import threading
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlparse
from urllib.request import getproxies

import numpy as np

from lipsync_engine.errors import WeightsError
from lipsync_engine.locate.located import Image, Located, nearest
from lipsync_engine.locate.shape import Points

REACH_SECONDS = 4.0  # for a first connection, name look-up included
READ_SECONDS = 15.0  # for every single read of a download


def find_faces(image: Image) -> list[Located]:
    """All faces of a picture.

    Raises:
        WeightsError: the network's weights are not here and could not be fetched.
    """
    network = load()
    if isinstance(network, WeightsError):
        raise network
    found = network.get_landmarks_from_image(np.ascontiguousarray(image[..., ::-1]))
    return [Located(np.asarray(points, np.float64)[:, :2], 1.0) for points in found or []]


def find_again(image: Image, near: Points) -> Located | None:
    """The face that should be about where `near` (68, 2) is."""
    return nearest(find_faces(image), near)


@cache
def load() -> Any:  # face_alignment.FaceAlignment, which has no types, or why there is none
    """The network, or the WeightsError that is the same for the rest of this process."""
    before = socket.getdefaulttimeout()
    try:
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            socket.setdefaulttimeout(READ_SECONDS)
            return _load()
    except Exception as error:  # what it raises is not documented: URLError, OSError, RuntimeError
        return WeightsError(
            f"face-alignment's weights could not be loaded ({type(error).__name__}: {error}). "
            "Connect this machine to the internet for the first use, or copy the two files into "
            f"{weights_folder()} from a machine that has them."
        )
    finally:
        socket.setdefaulttimeout(before)


def weights_folder() -> Path:
    """Where the weights lie or will lie."""
    home = os.environ.get("TORCH_HOME")
    var = Path(os.environ.get("LIPCHORD_VAR_DIR", ".var"))
    return (Path(home) if home else var / "torch").absolute() / "hub" / "checkpoints"


def _load() -> Any:
    for url in _weights_urls():
        if not (weights_folder() / Path(urlparse(url).path).name).exists():
            _require_reachable(url)
    import face_alignment
    import torch

    torch.hub.set_dir(str(weights_folder().parent))
    return face_alignment.FaceAlignment(
        face_alignment.LandmarksType.TWO_D,
        device="cuda" if torch.cuda.is_available() else "cpu",
        compile=False,  # compiling writes a cache into the home folder
        flip_input=False,
    )


def _weights_urls() -> tuple[str, str]:
    """Where the package fetches its two files from: read in its source, not run.

    Importing it takes 1.3 s, which a machine without the weights need not spend.
    """
    package = importlib.util.find_spec("face_alignment")
    folder = Path(package.origin if package and package.origin else "").parent
    detector = folder / "detection" / "sfd" / "sfd_detector.py"
    return (
        _assigned(folder / "api.py", "models_urls")["2DFAN-4"],
        _assigned(detector, "models_urls")["s3fd"],
    )


def _assigned(module: Path, name: str) -> dict[str, str]:
    """The literal that `module` assigns to `name`."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == name:
            found: dict[str, str] = ast.literal_eval(node.value)
            return found
    raise LookupError(f"{module} no longer assigns {name}")


def _require_reachable(url: str) -> None:
    """Fail in seconds, not minutes, on a machine without a network."""
    if getproxies().get("https"):
        return  # only the proxy is reached directly; a read's time limit has to do
    parts, done = urlparse(url), threading.Event()

    def connect() -> None:
        with contextlib.suppress(OSError):
            socket.create_connection((parts.hostname or "", 443), REACH_SECONDS).close()
            done.set()

    # In a thread, because looking up a name knows no time limit.
    probe = threading.Thread(target=connect, daemon=True)
    probe.start()
    probe.join(REACH_SECONDS)
    if not done.is_set():
        raise ConnectionError("the server that has them does not answer")
