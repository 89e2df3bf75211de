"""What can go wrong while a file is written, in words."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from merge.errors import WriteError


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """The block writes `out`. Raises WriteError: no room, or no right to write."""
    try:
        yield
    except (OSError, av.FFmpegError) as error:
        raise WriteError(
            f"{out.name} could not be written: {error}. Look for room on the disk and for the "
            "right to write there."
        ) from error
