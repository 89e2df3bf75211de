"""The host itself: memory, disks, open files, ports."""

import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from deploy import devices, stores
from deploy.doctor.finding import Finding
from deploy.places import Places
from deploy.ports import holder, is_free
from deploy.running import running_url
from deploy.services import API_THREADS
from deploy.stack import StackOptions

GIB = 2**30
# What one task may have in its folder: an upload (256 MiB), an hour of sound as PCM (110 MiB) and
# as it came, its chunks and its video (some 100 MiB each): 1 GiB holds it.
TASK_BYTES = GIB
FILES_A_THREAD = 4  # of the API: a client, two stores, a file
OTHER_FILES = 256


def findings() -> Iterator[Finding]:
    """What every host of the fleet needs."""
    machine = devices.look()
    plans = devices.render_workers(machine)
    yield Finding("render workers", True, ", ".join(f"{p.name} on {p.device}" for p in plans))
    yield memory(machine.memory, len(plans))
    yield open_files(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    yield disk("temporary files", Path(tempfile.gettempdir()), TASK_BYTES)


def of_a_stack(places: Places, options: StackOptions) -> Iterator[Finding]:
    """What `lipchord up` needs besides: room for its stores, and its ports."""
    # An append-only file may be twice as large as the data before it is written anew.
    yield disk("data", places.var, 2 * stores.default_blob_memory())
    yield from ports(places, options)


def memory(limit: int, workers: int) -> Finding:
    """What this process may use, against what the workers need.

    Args:
        limit: bytes, the container's where that is less than the machine's.
    """
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    of = "of this container" if limit < machine else "of this machine"
    need = workers * devices.RENDER_BYTES
    found = f"{limit / GIB:.1f} GiB {of}; {workers} render workers may need {need / GIB:.1f}"
    if need > limit:
        return Finding("memory", False, found, "Give it more, or start fewer workers (--workers).")
    return Finding("memory", True, found)


def open_files(limit: int) -> Finding:
    """How many files and sockets a process may have open; `limit`: -1 for any number."""
    need = FILES_A_THREAD * API_THREADS + OTHER_FILES
    if 0 <= limit < need:
        return Finding(
            "open files", False, f"{limit} a process",
            f"Raise it to {need} or more (`ulimit -n`, LimitNOFILE): the API has {API_THREADS} "
            "threads, each with a client and both stores.",
        )  # fmt: skip
    return Finding("open files", True, f"{limit if limit >= 0 else 'any number'} a process")


def disk(what: str, folder: Path, need: int) -> Finding:
    """Whether a folder can be written to, and has room for `need` bytes."""
    while not folder.exists():  # it will be made there
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".lipchord-doctor-") as file:
            file.write(bytes(2**16))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return Finding(
            what, False, f"{folder} cannot be written to: {error.strerror}",
            "Make room, or give the user of Lipchord the right to write there.",
        )  # fmt: skip
    found = f"{free / GIB:.1f} GiB free at {folder}"
    if free < need:
        return Finding(
            what, False, found,
            f"{need / GIB:.1f} GiB may be needed: make room, or name another folder (TMPDIR, "
            "`lipchord up --var`).",
        )  # fmt: skip
    return Finding(what, True, found)


def ports(places: Places, options: StackOptions) -> Iterator[Finding]:
    """Those of `lipchord up`."""
    url = running_url(places)
    if url:
        yield Finding("ports", True, f"a stack is up on {url}")
        return
    for name in ("port", "flower_port", "queue_port", "blob_port"):
        port: int = getattr(options, name)
        if is_free(port):
            yield Finding(f"port {port}", True, "free")
        else:
            who = holder(port) or "another process"
            option = "--" + name.replace("_", "-")
            yield Finding(f"port {port}", False, f"taken by {who}",
                          f"`lipchord up {option} …` takes another.")  # fmt: skip
