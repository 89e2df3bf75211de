"""Look: what of a video's look the user chose. Standard library only: the API checks it too."""

from dataclasses import dataclass
from typing import Literal

MAX_AV_OFFSET = 5  # frames


@dataclass(frozen=True, slots=True)
class Look:
    """What of the look the user chose; part of what determines every frame's bytes.

    Attributes:
        seed: of blinks and sway.
        blink, sway: of a photo, by generators that draw them.
        paste: how `wav2lip` puts its face into the picture: "feathered", or "reference" with the
            hard edge of the published code.
        av_offset_frames: by how many frames `wav2lip`'s mouth comes later, ±MAX_AV_OFFSET.
        rest_in_silence: whether `wav2lip`'s mouth rests where nobody speaks.
        box: rows and columns (y1, y2, x1, x2) that `wav2lip` takes for the face, pixels; None:
            from the landmarks.
    """

    seed: int = 0
    blink: bool = True
    sway: bool = True
    paste: Literal["feathered", "reference"] = "feathered"
    av_offset_frames: int = 0
    rest_in_silence: bool = True
    box: tuple[int, int, int, int] | None = None

    def __post_init__(self) -> None:
        """Raises ValueError: what is no look, and what would be."""
        if self.paste not in ("feathered", "reference"):
            raise ValueError(f"paste must be feathered or reference, not {self.paste[:40]!r}")
        if abs(self.av_offset_frames) > MAX_AV_OFFSET:
            raise ValueError(
                f"av_offset_frames must lie between -{MAX_AV_OFFSET} and {MAX_AV_OFFSET}, "
                f"not be {self.av_offset_frames}"
            )


def parse_box(text: str) -> tuple[int, int, int, int]:
    """A look's box from "y1,y2,x1,x2".

    Raises:
        ValueError: it is not four whole numbers, or holds no pixel.
    """
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() and len(part) < 7 for part in parts):
        raise _no_box(text)
    y1, y2, x1, x2 = map(int, parts)
    if y1 >= y2 or x1 >= x2:
        raise _no_box(text)
    return y1, y2, x1, x2


def _no_box(text: str) -> ValueError:
    return ValueError(
        f"box must be top,bottom,left,right in pixels with top < bottom and left < right, "
        f"such as 120,420,200,440, not {text[:40]!r}"
    )
