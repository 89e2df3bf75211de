"""From a request to the look that a generator is told. Light: the front door checks with it."""

from lipsync_engine.look import Look, parse_box
from tasks.contract import JobRequest


def look_of(request: JobRequest) -> Look:
    """What of a request the generator needs to know.

    Raises:
        ValueError: what is no look, and what would be.
    """
    return Look(
        seed=request.seed,
        blink=request.blink,
        sway=request.sway,
        paste=request.paste,  # type: ignore[arg-type]  # Look refuses what it is not
        av_offset_frames=request.av_offset_frames,
        rest_in_silence=request.rest_in_silence,
        box=None if request.box is None else parse_box(request.box),
    )
