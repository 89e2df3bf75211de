"""Named places where the fault suite lets a process die, freeze or fail.

Off unless LIPCHORD_FAILPOINT names one: `name:nth:action[,…]`, such as
`chunk:committed:1:kill`, or `@FILE`, a file that says so and may change while the process
lives. The nth passage acts, once. With LIPCHORD_FAILPOINT_DIR passages are counted in
that folder, across all processes that share it: a worker's next child goes on counting
where the killed one ended, and the file of a passage shows that it was made, and by whom.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

HANG_S = 3600


def _full() -> None:
    raise OSError(28, "No space left on device")


ACTIONS: Mapping[str, Callable[[], None]] = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": lambda: os._exit(1),
    "stop": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "hang": lambda: time.sleep(HANG_S),
    "pass": lambda: None,  # only to be seen
    "pause": lambda: time.sleep(1.0),  # long enough to have something else fail meanwhile
    "full": _full,
}

_passed: dict[str, int] = {}


def hit(name: str) -> None:
    """Pass the place `name`; does what the environment asks for there, mostly nothing."""
    wanted = os.environ.get("LIPCHORD_FAILPOINT")
    if not wanted:
        return
    asked = {
        int(nth): action
        for place, nth, action in (point.rsplit(":", 2) for point in _points(wanted))
        if place == name
    }
    if asked and (action := asked.get(_count(name))):
        ACTIONS[action]()


def _points(wanted: str) -> list[str]:
    """`name:nth:action` strings; a file that is not there asks for nothing."""
    if wanted.startswith("@"):
        try:
            wanted = Path(wanted[1:]).read_text().strip()
        except FileNotFoundError:
            return []
    return wanted.split(",") if wanted else []


def _count(name: str) -> int:
    """Passages of `name` so far, this one included."""
    folder = os.environ.get("LIPCHORD_FAILPOINT_DIR")
    if not folder:
        _passed[name] = _passed.get(name, 0) + 1
        return _passed[name]
    number = 1
    while True:  # a file that only one process can make is a number that only one gets
        try:
            with (Path(folder) / f"{name}.{number}").open("x") as made:
                made.write(str(os.getpid()))
        except FileExistsError:
            number += 1
        else:
            return number
