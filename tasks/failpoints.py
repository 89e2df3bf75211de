"""Named places where the fault suite lets a process die, freeze or fail.

Off unless LIPCHORD_FAILPOINT names one: `name:nth:action[,…]`, such as
`after-commit:1:kill`. The nth passage acts, once. With LIPCHORD_FAILPOINT_DIR passages
are counted in that folder, across all processes that share it: a worker's next child
goes on counting where the killed one ended.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

HANG_S = 3600

ACTIONS: Mapping[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(1),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": lambda: time.sleep(HANG_S),
}

_passed: dict[str, int] = {}


def hit(name: str) -> None:
    """Pass the place `name`; does what the environment asks for there, mostly nothing."""
    wanted = os.environ.get("LIPCHORD_FAILPOINT")
    if not wanted:
        return
    for point in wanted.split(","):
        place, nth, action = point.rsplit(":", 2)
        if place == name and _count(name) == int(nth):
            ACTIONS[action]()


def _count(name: str) -> int:
    """Passages of `name` so far, this one included."""
    folder = os.environ.get("LIPCHORD_FAILPOINT_DIR")
    if not folder:
        _passed[name] = _passed.get(name, 0) + 1
        return _passed[name]
    number = 1
    while True:  # a file that only one process can make is a number that only one gets
        try:
            (Path(folder) / f"{name}.{number}").touch(exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return number
