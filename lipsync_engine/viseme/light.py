"""What a photo says about its own light: the colours that teeth, tongue and cavity get.

All colours are BGR, 0..255.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.geometry import Points, smoothstep

LUMA = np.array([0.114, 0.587, 0.299])  # BT.601, in BGR order
LEAST_COLOUR = 0.15  # range of skin's channels to its luma; less, and a photo is gray
WHITES_TRUST = 0.7  # of the eyes' whites as a measure of the light's colour: some show skin
MOST_RED = 1.12  # of enamel, times its green: redder, and the whites were skin after all
ENAMEL = np.array([0.86, 0.93, 1.0])  # BGR of a natural tooth against white paper


@dataclass(frozen=True)
class Light:
    """Colours, (3,) BGR each, and how coloured the picture is, 0 (gray) .. 1."""

    skin: Points
    lip: Points
    teeth: Points
    crease: Points
    tongue: Points
    cavity: Points
    colourful: float


def light_of(image: NDArray[np.uint8], landmarks: Points, own_teeth: Points | None) -> Light:
    """Read the light on a face.

    Args:
        image: (H, W, 3) BGR.
        landmarks: (68, 2) pixels.
        own_teeth: (3,) the mean colour of the teeth that the photo shows, else None.
    """
    skin = _median(
        image, _mix(landmarks, [(31, 3), (35, 13), (31, 4), (35, 12), (29, 2), (29, 14)])
    )
    lip = _median(image, _mix(landmarks, [(57, 66), (58, 67), (56, 65)]))
    teeth = own_teeth if own_teeth is not None else _teeth(image, landmarks, skin)
    skin_luma = float(skin @ LUMA)
    tongue = 0.4 * lip + 0.6 * skin_luma * np.array([0.55, 0.5, 0.95])
    cavity = np.array([0.13, 0.12, 0.36]) * (0.5 * skin_luma + 40)
    crease = lip * np.array([0.36, 0.36, 0.52])  # the line between closed lips
    colourful = float(smoothstep((skin.max() - skin.min()) / max(skin_luma, 8.0) / LEAST_COLOUR))

    def as_photo(colour: Points) -> Points:
        luma = float(colour @ LUMA)
        return luma + colourful * (colour - luma)

    return Light(
        skin=skin,
        lip=lip,
        teeth=as_photo(teeth),
        crease=as_photo(crease),
        tongue=as_photo(tongue),
        cavity=as_photo(cavity),
        colourful=colourful,
    )


def _teeth(image: NDArray[np.uint8], landmarks: Points, skin: Points) -> Points:
    """Enamel under the light that falls on the whites of the eyes and on the skin.

    Teeth stand back behind the lips, so they never reach the white of the eyes' own brightness.
    """
    whites = _samples(image, _whites(landmarks))
    white = float(np.percentile(whites @ LUMA, 75))
    skin_luma = float(skin @ LUMA)
    luma = max(min(0.5 * white + 0.6 * skin_luma, 0.95 * white, 222.0), 1.02 * skin_luma)
    lit = np.median(whites[whites @ LUMA >= white - 1], axis=0)
    tint = ENAMEL * np.clip(lit / max(lit.max(), 1.0), 0.5, 1) ** WHITES_TRUST
    tint[2] = min(tint[2], MOST_RED * tint[1])
    colour: Points = np.minimum(tint / float(tint @ LUMA) * luma, 255.0)
    return colour


def _whites(landmarks: Points) -> Points:
    """(8, 2) places on the whites of the eyes, two between each corner and the iris."""
    corners = [(36, 37, 41), (39, 38, 40), (42, 43, 47), (45, 44, 46)]
    inner = np.array([[landmarks[c], (landmarks[a] + landmarks[b]) / 2] for c, a, b in corners])
    return np.concatenate([inner[:, 0] * (1 - t) + inner[:, 1] * t for t in (0.45, 0.65)])


def _mix(landmarks: Points, pairs: list[tuple[int, int]]) -> Points:
    return np.stack([(landmarks[a] + landmarks[b]) / 2 for a, b in pairs])


def _samples(image: NDArray[np.uint8], at: Points) -> Points:
    """(n, 3) the mean of the 3 x 3 pixels around each of (n, 2) positions."""
    height, width = image.shape[:2]
    x = np.clip(np.rint(at[:, 0]).astype(int), 1, width - 2)
    y = np.clip(np.rint(at[:, 1]).astype(int), 1, height - 2)
    patches = [
        image[b - 1 : b + 2, a - 1 : a + 2].reshape(-1, 3).mean(0)
        for a, b in zip(x, y, strict=True)
    ]
    return np.stack(patches).astype(np.float64)


def _median(image: NDArray[np.uint8], at: Points) -> Points:
    colour: Points = np.median(_samples(image, at), axis=0)
    return colour
