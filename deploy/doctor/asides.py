"""A look that could crash or hang this process, in one of its own."""

import subprocess
import sys

PATIENCE_S = 120.0  # loading torch from a cold disk takes up to a minute


def said_by(program: str, *arguments: str) -> str:
    """What a Python program prints.

    Raises:
        RuntimeError: it failed, with the last line of what it said; or it hung.
    """
    try:
        ran = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"no answer within {PATIENCE_S:.0f} s") from error
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or [f"it ended with {ran.returncode}"])[-1]
        raise RuntimeError(last.partition("Error: ")[2] or last)
    return ran.stdout.strip()
