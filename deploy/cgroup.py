"""What a container lets its processes use: memory and processor time (cgroup v2)."""

import math
import os
from pathlib import Path


def memory_limit() -> int:
    """Bytes that this process may use: the machine's, or its container's if that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = _read("memory.max")
    return min(total, int(limit)) if limit.isdigit() else total


def core_quota() -> int | None:
    """How many cores' worth of time the container gives; None: no limit."""
    quota, _, period = _read("cpu.max").partition(" ")
    return max(1, math.ceil(int(quota) / int(period))) if quota.isdigit() else None


def _read(name: str) -> str:
    file = Path("/sys/fs/cgroup") / name
    return file.read_text().strip() if file.exists() else ""
