"""Where things lie: everything that is written at run time stays under one folder."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path


def checkout() -> Path:
    """The folder that holds the rooms: the checkout, in an editable installation."""
    return Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one stack, all under `var`."""

    var: Path

    @classmethod
    def at(cls, var: Path | str) -> "Places":
        """Under `var`; a relative path is taken from the checkout."""
        return cls((checkout() / var).resolve())

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        return self.var / "run"

    @property
    def state(self) -> Path:
        return self.run / "stack.json"

    @property
    def tmp(self) -> Path:
        return self.var / "tmp" / "stack"

    def store(self, name: str) -> Path:
        """Where the store `name` keeps its append-only file."""
        return self.var / "stores" / name

    def make(self) -> None:
        """Make the folders; temporary files that a killed stack has left are removed."""
        shutil.rmtree(self.tmp, ignore_errors=True)
        for folder in (self.logs, self.run, self.tmp):
            folder.mkdir(parents=True, exist_ok=True)

    def env(self) -> dict[str, str]:
        """Variables that keep what libraries write under `var`."""
        cache = self.var / "cache"
        return {
            "LIPCHORD_VAR_DIR": str(self.var),
            "TMPDIR": str(self.tmp),
            "XDG_CACHE_HOME": str(cache),
            "XDG_CONFIG_HOME": str(cache / "config"),
            "TORCH_HOME": str(cache / "torch"),
            "NUMBA_CACHE_DIR": str(cache / "numba"),
            "MPLCONFIGDIR": str(cache / "matplotlib"),
        }


class Lock:
    """That one launcher works in a place; the kernel lets go when its process ends, however."""

    def __init__(self, file: int) -> None:
        self._file = file

    @classmethod
    def take(cls, places: Places) -> "Lock | None":
        """None where another process holds it."""
        places.run.mkdir(parents=True, exist_ok=True)
        file = os.open(places.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return cls(file)

    def release(self) -> None:
        os.close(self._file)
