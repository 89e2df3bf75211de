"""The disk of workers' temporary files: a few megabytes of its own, where mounting is allowed."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

BYTES = 16 * 2**20


class SmallDisk:
    """A folder; `small` says whether it could be made a disk of its own (root, with mounts)."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder, self._filler = folder, folder / "filler"
        mount = ["mount", "-t", "tmpfs", "-o", f"size={BYTES}", "tmpfs", str(folder)]
        self.small = (
            os.geteuid() == 0
            and not subprocess.run(mount, check=False, capture_output=True).returncode
        )

    def fill(self) -> None:
        """Leave no room on it."""
        with suppress(OSError), self._filler.open("wb") as filler:
            while True:
                filler.write(bytes(2**16))
                filler.flush()

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        if self.small:
            subprocess.run(["umount", "--lazy", self.folder], check=False)


def small_disk(folder: Path) -> SmallDisk:
    """A disk that can be filled; who may not mount one has the test skipped, but never in CI."""
    disk = SmallDisk(folder)
    if not disk.small:
        assert not os.environ.get("CI"), "CI must be root and may mount: a full disk is tested"
        pytest.skip("mounting a small disk needs root and the right to mount")
    return disk
