"""A photo made ready to move: everything about one picture that no frame changes."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from lipsync_engine.viseme.eyelids import EYES, Eye, eye_of
from lipsync_engine.viseme.geometry import Box, FaceFrame, Points, box_around, face_frame
from lipsync_engine.viseme.glimpse import glimpse_grid, glimpsed
from lipsync_engine.viseme.interior import Interior, interior
from lipsync_engine.viseme.light import LUMA, light_of
from lipsync_engine.viseme.lip_pictures import lip_pictures
from lipsync_engine.viseme.mesh import Mesh, Resampler, mesh, resampler
from lipsync_engine.viseme.opening import find_opening, opening_grid
from lipsync_engine.viseme.sampling import Texture, as_tensor, cells, doubled, stations, texture
from lipsync_engine.viseme.seam import dark_seam, seam_grid
from lipsync_engine.viseme.shape import CLOSED_GAP, RestMouth, rest_mouth
from lipsync_engine.viseme.teeth import draw_teeth, own_teeth, picture_grid

FACE_NODES, LIP_NODES = 32, 32  # 64 a side change fewer than 20 pixels of a frame by 8 levels
SIDES, ABOVE, BELOW = 0.35, 0.3, 0.8  # the region of interest beyond the landmarks, face units
FADE = 0.3  # face units over which a warp fades at the region's border
SHARP_PIXELS = 2_000_000  # a region up to this size is read from a picture of twice its resolution

Reader = Callable[[Points], Points]


@dataclass(frozen=True)
class Portrait:
    """One picture, ready.

    Attributes:
        picture: (H, W, 3) uint8 BGR.
        frame, rest: where the face and its mouth are.
        width: of the face, face units.
        roi, lips, gap: the region of interest; within it the box of the lips, and within that
            the box of the mouth's inside.
        source: the box that the lips' own pictures cover.
        anchors: (n, 2) face units; points on the region's border that stand still.
        texture: the region of interest, perhaps at twice its resolution.
        upper, lower: `source`, and how far inside that lip each place is, pixels; 4 channels.
        still: (1, rows, columns, 2) the coarse map that reads the unmoved region.
        beside: (2, rows, columns) face units of those of its stations that lie over the lips.
        face_mesh, lip_mesh: from spline to the stations of that map, all of them or `beside`.
        lips_from_face: reads the face mesh's field at the lip mesh's nodes.
        inside, eyes: the mouth's inside; left and right eye.
    """

    picture: NDArray[np.uint8]
    frame: FaceFrame
    rest: RestMouth
    width: float
    roi: Box
    lips: Box
    gap: Box
    source: Box
    anchors: Points
    texture: Texture
    upper: Texture
    lower: Texture
    still: Tensor
    beside: Tensor
    face_mesh: Mesh
    lip_mesh: Mesh
    lips_from_face: Resampler
    inside: Interior
    eyes: tuple[Eye, ...]


def portrait(
    picture: NDArray[np.uint8], landmarks: NDArray[np.float32], device: torch.device, sharp: bool
) -> Portrait:
    """Make (H, W, 3) BGR and (68, 2) landmarks ready; `sharp` allows the doubled texture."""
    size = (picture.shape[1], picture.shape[0])
    marks = landmarks.astype(np.float64)
    frame = face_frame(marks)
    local = frame.to_face(marks)
    roi = _region(frame, local, size)
    rows, columns = roi.inside(Box(0, 0, *size))
    pixels = as_tensor(picture[rows, columns])
    read, skin = _reader(pixels, roi, frame), light_of(picture, marks, None).skin
    rest = _rest(local, read, skin)
    lips, gap, source = _mouth_boxes(frame, rest, roi)
    x, y = roi.x + stations(roi.width), roi.y + stations(roi.height)
    over = cells(lips, roi)
    beside = frame.to_face(np.stack(np.meshgrid(x[over[1]], y[over[0]]), -1))
    step = 2 if sharp and roi.width * roi.height <= SHARP_PIXELS else 1
    detailed = doubled(pixels) if step == 2 else pixels
    teeth = glimpsed(read(glimpse_grid(rest)), skin) if rest.closed else None
    upper, lower = lip_pictures(detailed, step, picture, teeth, roi, source, frame, rest)
    return Portrait(
        picture=picture,
        frame=frame,
        rest=rest,
        width=float(np.hypot(*(local[16] - local[0]))),
        roi=roi,
        lips=lips,
        gap=gap,
        source=source,
        anchors=_anchors(frame, roi, size[1]),
        texture=texture(detailed, step, device, colours=True),
        upper=texture(upper, step, device, colours=False),
        lower=texture(lower, step, device, colours=False),
        still=torch.tensor(
            np.stack(np.meshgrid(x - roi.x, y - roi.y), -1)[None] * step,
            dtype=torch.float32,
            device=device,
        ),
        beside=torch.tensor(beside.transpose(2, 0, 1), dtype=torch.float32, device=device),
        face_mesh=mesh(roi, (x, y), step, size, FACE_NODES, FADE * frame.unit, frame, device),
        lip_mesh=mesh(
            lips, (x[over[1]], y[over[0]]), step, (0, 0), LIP_NODES, 0.1 * frame.unit, frame, device
        ),
        lips_from_face=resampler(roi, FACE_NODES, lips, LIP_NODES, size, FADE * frame.unit, device),
        inside=_inside(frame, rest, read, picture, marks, gap, device),
        eyes=tuple(eye_of(picture, marks, which, roi) for which in EYES),
    )


def _region(frame: FaceFrame, local: Points, size: tuple[int, int]) -> Box:
    low, high = local.min(0), local.max(0)
    corners = np.array(
        [
            [u, v]
            for u in (low[0] - SIDES, high[0] + SIDES)
            for v in (low[1] - ABOVE, high[1] + BELOW)
        ]
    )
    return box_around(frame.to_pixels(corners), size)


def _reader(pixels: Tensor, roi: Box, frame: FaceFrame) -> Reader:
    """Reads the picture at (..., 2) face units: (..., 3) BGR."""

    def read(points: Points) -> Points:
        at = frame.to_pixels(points.reshape(1, -1, 2)) - [roi.x, roi.y]
        grid = torch.tensor(at * 2 / [roi.width - 1, roi.height - 1] - 1, dtype=torch.float32)[None]
        colours = grid_sample(pixels, grid, padding_mode="border", align_corners=True)
        found: Points = colours[0, :, 0].T.double().numpy().reshape(*points.shape[:-1], 3)
        return found

    return read


def _rest(local: Points, read: Reader, skin: Points) -> RestMouth:
    """The mouth where the picture shows it; landmarks (68, 2) in face units say where to look."""
    grid, wide = seam_grid(local), opening_grid(local)
    apart = bool((local[[67, 66, 65], 1] - local[61:64, 1]).max() >= CLOSED_GAP)
    opening = find_opening(read(wide), wide, skin, local[60:68] if apart else None)
    return rest_mouth(local, dark_seam(read(grid), grid), opening)


def _mouth_boxes(frame: FaceFrame, rest: RestMouth, roi: Box) -> tuple[Box, Box, Box]:
    """The boxes of lips, of the mouth's inside, and of what the lips are read from."""
    outer = rest.landmarks[48:60]
    left, right = rest.centre - 1.5 * rest.half - 0.1, rest.centre + 1.5 * rest.half + 0.1
    top, bottom = outer[:, 1].min() - 0.25, outer[:, 1].max() + 0.62

    def box(u0: float, u1: float, v0: float, v1: float, within: Box) -> Box:
        corners = frame.to_pixels(np.array([[u, v] for u in (u0, u1) for v in (v0, v1)]))
        moved = box_around(corners - [within.x, within.y], (within.width, within.height))
        return Box(moved.x + within.x, moved.y + within.y, moved.width, moved.height)

    lips = box(left, right, top, bottom, roi)
    reach = 1.25 * rest.half + 0.03
    v = rest.landmarks[60:68, 1]
    gap = box(rest.centre - reach, rest.centre + reach, v.min() - 0.16, v.max() + 0.56, lips)
    return lips, gap, box(left - 0.3, right + 0.3, top - 0.15, bottom + 0.15, roi)


def _anchors(frame: FaceFrame, roi: Box, picture_height: int) -> Points:
    edge = roi.nodes(5).reshape(5, 5, 2)
    # Where the picture itself ends below a chin, nothing need hold the neck.
    bottom = edge[-1] if roi.y + roi.height < picture_height else edge[-1, [0, 1, 3, 4]]
    border = np.concatenate([edge[0], bottom, edge[1:-1, 0], edge[1:-1, -1]])
    return frame.to_face(border)


def _inside(
    frame: FaceFrame,
    rest: RestMouth,
    read: Reader,
    picture: NDArray[np.uint8],
    marks: Points,
    gap: Box,
    device: torch.device,
) -> Interior:
    u, v = picture_grid(rest, frame.unit)
    skin = light_of(picture, marks, None).skin
    own = own_teeth(rest, u, v, read(np.stack([u, v], -1)), max(float(skin @ LUMA), 8.0))
    light = light_of(picture, marks, None if own is None else own.colour)
    teeth = draw_teeth(rest, u, v, light, own)
    return interior(rest, teeth, light, frame.to_face(gap.pixel_grid()), device)
