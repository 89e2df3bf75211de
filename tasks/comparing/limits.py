"""What can be compared: what one worker renders in one piece."""

from tasks.cutting import MAX_CHUNK_FRAMES

SURELY = 2  # times the longest clip: the estimate from a text is never as wrong as that


def too_long(n_frames: int, fps: float, estimated: bool = False) -> str | None:
    """Why a clip cannot be compared, and what to do; None where it can.

    Args:
        estimated: whether `n_frames` is only a guess, which refuses what is far too long.
    """
    if n_frames <= MAX_CHUNK_FRAMES * (SURELY if estimated else 1):
        return None
    return (
        f"The clip has {'about ' if estimated else ''}{n_frames} frames, and one worker renders at "
        f"most {MAX_CHUNK_FRAMES} in one piece: {MAX_CHUNK_FRAMES / fps:.0f} s at {fps:g} frames a "
        "second. Compare a shorter one."
    )
