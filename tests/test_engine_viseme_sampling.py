"""Reading a photo by a warp: exact where nothing moves, the same by OpenCV and by grid_sample."""

import numpy as np
import torch
from faces import avatar_view, ready
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.viseme import sampling, warp
from lipsync_engine.viseme.geometry import Box
from lipsync_engine.viseme.pose import SHARED, pose
from lipsync_engine.viseme.rig import SKIN_STIFFNESS
from lipsync_engine.viseme.sampling import PITCH, Texture, paint, put, read, spread, stations

CPU = torch.device("cpu")


def noise(height: int, width: int) -> torch.Tensor:
    """(1, 3, height, width) of whole numbers 0..255."""
    rng = np.random.default_rng(height * width)
    return torch.tensor(rng.integers(0, 256, (1, 3, height, width)), dtype=torch.float32)


def smooth(height: int, width: int) -> torch.Tensor:
    """(1, 3, height, width) with at most 8 levels from one pixel to the next."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 100 * np.sin(x / 14 + k) * np.cos(y / 17 + k) for k in range(3)]
    return torch.tensor(np.stack(waves)[None], dtype=torch.float32)


def unmoved(box: Box, step: int = 1) -> torch.Tensor:
    """The coarse map over `box` that reads it as it is."""
    grid = np.stack(np.meshgrid(stations(box.width), stations(box.height)), -1) * step
    return torch.tensor(grid[None], dtype=torch.float32)


@settings(max_examples=30, deadline=None)
@given(
    height=st.integers(9, 70), width=st.integers(9, 70), x=st.integers(0, 5), y=st.integers(0, 5)
)
def test_where_nothing_moves_every_byte_is_the_photos(height, width, x, y):
    picture, box = noise(height, width), Box(x, y, width, height)
    frames = np.zeros((2, height + 9, width + 9, 3), np.uint8)

    source = sampling.texture(picture, 1, CPU, colours=True)
    paint(source, unmoved(box).repeat(2, 1, 1, 1), frames, box)

    inside = frames[:, y : y + height, x : x + width]
    assert np.array_equal(inside[0], picture[0].permute(1, 2, 0).numpy())
    assert np.array_equal(inside[0], inside[1])
    assert frames.astype(int).sum() == inside.astype(int).sum()


@settings(max_examples=30, deadline=None)
@given(
    left=st.integers(0, 40), top=st.integers(0, 40),
    width=st.integers(1, 20), height=st.integers(1, 20),
)  # fmt: skip
def test_a_part_is_spread_as_the_whole_is(left, top, width, height):
    roi = Box(7, 3, 61, 63)
    coarse = torch.tensor(
        np.random.default_rng(left).normal(0, 9, (2, *unmoved(roi).shape[1:])), dtype=torch.float32
    )
    part = Box(7 + left, 3 + top, width, height)

    whole = spread(coarse, roi, roi)

    expected = whole[:, top : top + height, left : left + width]
    assert torch.equal(spread(coarse, part, roi), expected)


def test_a_straight_map_is_straight_between_its_stations():
    roi = Box(0, 0, 50, 30)

    at = spread(unmoved(roi, step=2), roi, roi)[0].numpy()

    x, y = np.meshgrid(np.arange(50), np.arange(30))
    assert np.allclose(at[..., 0], 2 * x, atol=1e-4)
    assert np.allclose(at[..., 1], 2 * y, atol=1e-4)


def test_a_gpu_would_spread_and_read_what_a_cpu_does():
    picture, roi = smooth(80, 90), Box(0, 0, 90, 80)
    shift = torch.tensor(np.random.default_rng(2).normal(0, 1, unmoved(roi).shape)).float()
    coarse = unmoved(roi) + shift
    by_opencv = sampling.texture(picture, 1, CPU, colours=False)
    by_torch = Texture(1, by_opencv.array, picture)

    at = spread(coarse, roi, roi)
    interpolated = sampling.interpolated(coarse)[:, PITCH:, PITCH:][:, :80, :90]

    assert torch.allclose(interpolated, at, atol=1e-4)
    apart = (read(by_opencv, at) - read(by_torch, at)).abs()
    assert apart.max() < 8 / 32 + 0.1  # OpenCV rounds to 1/32 pixel, twice half of it
    assert apart.mean() < 0.06


def test_beyond_its_border_a_picture_goes_on_as_it_ended():
    source = sampling.texture(noise(20, 20), 1, CPU, colours=True)

    far = read(source, torch.full((1, 3, 3, 2), 1000.0))

    corner = torch.tensor(source.array[-1, -1].astype(np.float32))
    assert (far == corner[None, :, None, None]).all()


def test_colours_are_rounded_and_kept_within_a_byte():
    frames = np.zeros((1, 4, 4, 3), np.uint8)
    colours = torch.tensor([-9.0, 3.4, 3.6, 254.7, 300.0, 12.0])[:, None, None].repeat(1, 2, 2)

    put(colours[None, :3], frames, Box(0, 0, 2, 2))
    put(colours[None, 3:], frames, Box(2, 2, 2, 2))

    assert frames[0, 1, 1].tolist() == [0, 3, 4]
    assert frames[0, 3, 3].tolist() == [255, 255, 12]
    assert not frames[0, :2, 2:].any()


@settings(max_examples=5, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=8, max_size=8))
def test_single_precision_reads_a_mouths_splines_to_a_hundredth_of_a_pixel(values):
    face = ready(avatar_view(1600, 1600, 1.5))
    mouth = pose(face.rest, np.array([values], np.float32))
    points, home = mouth.shared[0], face.rest.landmarks[SHARED]
    weights = warp.solve(points[None], (home - points)[None] * face.frame.unit, SKIN_STIFFNESS)
    nodes = face.face_mesh.nodes

    def field(dtype: torch.dtype) -> torch.Tensor:
        arrays = (torch.as_tensor(a, dtype=dtype) for a in (points[None], weights, nodes))
        return warp.read(*arrays).double()

    apart = (field(torch.float32) - field(torch.float64)).abs().max()

    assert face.frame.unit > 200
    assert apart < 0.01
