"""A real stack on loopback for the browser tests: `python -m tests.browser.house [COMMAND…]`.

One worker holds `viseme`, and two hold `moody`, which is quick, shows its frame numbers as
cells, and breaks where a test's seed asks it to. The command finds the address in HOUSE_URL;
without one the stack stays up until Ctrl-C. Nothing of it is left behind.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy import services
from deploy.devices import WorkerPlan
from deploy.guard import Guard
from deploy.processes import Child, stop_all
from deploy.stack import Stack, StackOptions

QUICK = 2  # workers that hold `moody`
EXTRA = "moody=tests.generators:Moody"
ENV = {
    "LIPCHORD_LOCATOR": "built-in",  # asks no other host for weights
    "LIPCHORD_EXTRA_GENERATORS": EXTRA,
    "LIPCHORD_HEARTBEAT_S": "0.5",
    "LIPCHORD_REAPER_S": "1",
    "STAMP_DELAY_S": "0.02",  # a frame: 100 frames a second, so that a page has something to show
}


@contextmanager
def house(folder: Path, port: int = 0) -> Iterator[Stack]:
    """A stack whose writing all lies in `folder`; ready when the block begins."""
    env = ENV | {"TMPDIR": str(folder)}
    options = StackOptions(
        var=folder / "var", port=port, queue_port=0, blob_port=0, flower=False,
        render_workers=1, blob_memory=512 * 2**20, env=env,
    )  # fmt: skip
    with Stack(options) as stack, Guard() as guard:
        children: list[Child] = []
        try:
            for index in range(QUICK):
                children.append(_quick(stack, index, folder, guard))
            yield stack
        finally:
            stop_all(children)


def _quick(stack: Stack, index: int, folder: Path, guard: Guard) -> Child:
    name = f"quick{index}"
    env = {
        "LIPCHORD_WORKER_NAME": name,
        "LIPCHORD_WORKER_KIND": "render",
        "LIPCHORD_GENERATOR": "moody",
        "LIPCHORD_CORES": "",
        "OMP_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
    }
    service = services.worker(WorkerPlan(name, "render", "cpu", env), stack.env)
    child = Child(service.process, folder, guard)
    until = time.monotonic() + service.patience_s
    while not service.ready(child):
        if child.exit_code() is not None or time.monotonic() > until:
            raise SystemExit(f"{name} does not start: {child.log.read_text()[-2000:]}")
        time.sleep(0.1)
    return child


def main(command: Sequence[str]) -> int:
    """Run `command` in a house, or keep one up; returns the command's exit status."""
    # A stop by SIGTERM must end the stack too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    port = int(os.environ.get("HOUSE_PORT", "0"))
    with (
        tempfile.TemporaryDirectory(prefix="lipchord-browser-") as name,
        house(Path(name), port) as stack,
    ):
        if command:
            env = os.environ | {"HOUSE_URL": stack.url}
            return subprocess.run(command, env=env, check=False).returncode
        print(json.dumps({"url": stack.url}), flush=True)
        with suppress(KeyboardInterrupt):
            stack.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
