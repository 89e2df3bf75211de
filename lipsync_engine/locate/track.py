"""Looking for one face through a video: what was seen in which frame, and how it moved between.

Every fifth of a second the face is looked for anew; from each frame to the next its motion is
measured (`flow`). Where a look fails, the frames since the last one are looked at one by one, so
that a face is known to the frame. `steady` makes landmarks of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.errors import UnreadableMediaError
from lipsync_engine.locate.flow import Gray, motion
from lipsync_engine.locate.located import Image, Located, Locator, nearest
from lipsync_engine.locate.shape import Points, apply

CUT = 38.0  # of 255: mean change between two frames' small copies; waving arms reach 15
SMALL = (32, 18)  # px


@dataclass
class Track:
    """What was seen; filled frame by frame.

    Attributes:
        n_images: frames of the video.
        seen: the face by number of the frame, where it was looked at and there.
        steps: its motion from the frame before, (2, 3), by number; absent where unknown.
        cuts: frames with which another scene begins.
        most: faces seen at once.
    """

    n_images: int
    seen: dict[int, Located] = field(default_factory=dict)
    steps: dict[int, NDArray[np.float64]] = field(default_factory=dict)
    cuts: set[int] = field(default_factory=set)
    most: int = 0


def watch(images: Sequence[bytes], every: int, locator: Locator) -> Track:
    """Look through the frames once, in order.

    Args:
        images: each encoded.
        every: how many frames lie between two looks.
        locator: how faces are found.

    Raises:
        UnreadableMediaError: an image cannot be decoded.
    """
    track = Track(len(images))
    before: Gray | None = None
    now: Points | None = None  # where the face is, as far as known
    last: Points | None = None  # where it was when it was last there
    for index in range(len(images)):
        gray = decoded(images[index], cv2.IMREAD_GRAYSCALE)
        if before is not None:
            now = _moved(track, index, before, gray, now)
        if index % every == 0 or index == len(images) - 1 or index in track.cuts:
            now = _look(track, images, index, now, last, locator)
            last = last if now is None else now
        before = gray
    return track


def _moved(track: Track, index: int, before: Gray, gray: Gray, now: Points | None) -> Points | None:
    """Where the face went; notes the step, or the cut."""
    change = np.abs(_small(before) - _small(gray)).mean()
    if change > CUT:
        track.cuts.add(index)
        return None
    step = None if now is None else motion(before, gray, now)
    if step is None or now is None:
        return None
    track.steps[index] = step
    return apply(step, now)


def _small(gray: Gray) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(gray, SMALL, interpolation=cv2.INTER_AREA), np.float32)


def _look(
    track: Track,
    images: Sequence[bytes],
    index: int,
    now: Points | None,
    last: Points | None,
    locator: Locator,
) -> Points | None:
    """Look for the face in one frame; where it comes or goes, also in those since the last look."""
    image = decoded(images[index])
    found = None if now is None else locator.find_again(image, now)
    if found is None:
        found = _anyone(track, image, last, locator)
        # Whoever this is, the motion that was followed until here did not lead to them.
        lost = _end_of(track, images, index, locator)
        for gone in range(lost, index + 1):
            track.steps.pop(gone, None)
        if found is not None:
            _beginning_of(track, images, index, found, locator)
    if found is None:
        return None
    track.seen[index] = found
    return found.points


def _anyone(track: Track, image: Image, last: Points | None, locator: Locator) -> Located | None:
    """The face that was there before, else the largest."""
    faces = locator.find(image)
    track.most = max(track.most, len(faces))
    if not faces:
        return None
    same = None if last is None else nearest(faces, last)
    return same or max(faces, key=lambda face: face.width)


def _end_of(track: Track, images: Sequence[bytes], index: int, locator: Locator) -> int:
    """The first frame before `index` without the face that the last look still saw."""
    at = max((number for number in track.seen if number < index), default=index)
    while at + 1 < index and at + 1 in track.steps:
        near = apply(track.steps[at + 1], track.seen[at].points)
        found = locator.find_again(decoded(images[at + 1]), near)
        if found is None:
            return at + 1
        at += 1
        track.seen[at] = found
    return at + 1


def _beginning_of(
    track: Track, images: Sequence[bytes], index: int, found: Located, locator: Locator
) -> None:
    """See a face that is back also in the frames just before the look that found it."""
    for at in range(index - 1, -1, -1):
        if at in track.seen or at + 1 in track.cuts:
            return
        earlier = locator.find_again(decoded(images[at]), found.points)
        if earlier is None:
            return
        track.seen[at] = found = earlier


def decoded(encoded: bytes, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """(H, W, 3) BGR, or (H, W) when asked for in gray.

    Raises:
        UnreadableMediaError: these bytes are no picture.
    """
    image = cv2.imdecode(np.frombuffer(encoded, np.uint8), how) if encoded else None
    if image is None:
        raise UnreadableMediaError(
            "The picture cannot be read. Save it as PNG or JPEG and try again."
        )
    return np.asarray(image, np.uint8)
