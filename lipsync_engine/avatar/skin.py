"""The head's form and its skin: height field, colour, ears, neck."""

import numpy as np

from lipsync_engine.avatar.canvas import (
    Field,
    Picture,
    X,
    Y,
    blur,
    bump,
    noise,
    over,
    polygon,
    ramp,
    rgb,
    stroke,
)
from lipsync_engine.avatar.geometry import (
    IRIS,
    MIDDLE,
    eye_outline,
    face_outline,
    half,
    lip_curves,
    shifted,
    spline,
)
from lipsync_engine.avatar.light import inflate, shade

SKIN = rgb("#e6b394")
FLUSH = rgb("#dd8a74")
LIP_UPPER = rgb("#b35a58")
LIP_LOWER = rgb("#c96f69")
EAR = ((178, 338), (186, 324), (200, 321), (211, 334), (211, 360), (204, 388), (197, 410),
       (187, 421), (177, 412))  # fmt: skip
NECK = ((0, 560), (96, 540), (99, 590), (98, 630), (98, 660), (110, 690), (150, 712), (205, 735),
        (205, 800), (0, 800))  # fmt: skip

Bump = tuple[float, float, float, float, float, float]  # dx, y, sx, sy, tilt, height

PAIRED: tuple[Bump, ...] = (
    (70, 333, 36, 20, 8, -19),     # eye socket
    (42, 336, 12, 17, 0, -7),      # where the socket meets the nose
    (92, 294, 44, 13, 4, 7),       # brow bone
    (114, 412, 40, 32, -35, 16),   # cheek bone
    (92, 452, 34, 26, -20, 8),       # apple of the cheek
    (150, 480, 24, 46, 14, -11),    # hollow under it
    (165, 268, 24, 40, 0, -8),     # temple
    (27, 461, 9.5, 9.5, 0, 16),    # wing of the nose
    (44, 463, 5, 12, 18, -4),      # crease beside it
    (61, 488, 5.5, 24, -30, -2.4), # fold from nose to mouth
    (73, 523, 7, 8, 0, -5.5),      # corner of the mouth
    (8, 494, 3.5, 11, -8, 1.8),    # ridge of the philtrum
)  # fmt: skip
MIDLINE: tuple[Bump, ...] = (
    (0, 235, 90, 60, 0, 8),        # forehead
    (0, 308, 22, 18, 0, -3),       # between the brows
    (0, 380, 15, 44, 0, 16),       # bridge
    (0, 425, 17, 26, 0, 17),       # lower bridge
    (0, 450, 16, 14, 0, 27),       # tip
    (0, 522, 58, 40, 0, 11),       # the teeth's arch under the lips
    (0, 492, 4.5, 13, 0, -3),      # philtrum
    (0, 573, 34, 8, 0, -7),        # hollow over the chin
    (0, 594, 34, 17, 0, 11),       # chin
)  # fmt: skip


def head_height() -> Field:
    """The head's relief, pixels towards the viewer; 0 outside the outline."""
    mask = polygon(face_outline())
    height = inflate(mask, 205)
    for x, y, sx, sy, tilt, rise in PAIRED:
        both = bump(MIDDLE + x, y, sx, sy, tilt) + bump(MIDDLE - x, y, sx, sy, -tilt)
        height = height + rise * both
    nose_end = ramp(Y + 0.0022 * (X - MIDDLE) ** 2, 481, 462)  # the nose's underside is steep
    for x, y, sx, sy, tilt, rise in MIDLINE:
        hill = rise * bump(MIDDLE + x, y, sx, sy, tilt)
        height = height + (hill * nose_end if 340 < y < 470 else hill)
    for side in (-1, 1):
        height = height + eyelid_height(side)
    return (height + lip_height()) * blur(mask, 1.0)


def eyelid_height(side: int) -> Field:
    """The ball under the lids, the lids' rims and the crease over them."""
    upper, _ = eye_outline(side)
    x, y, _ = IRIS
    ball = 13 * bump(MIDDLE + side * x, y - 1, 31, 19)
    rim = stroke(shifted(upper, 0, -3.0), np.full(len(upper), 5.0), 1.6)
    crease = stroke(lid_crease(side), np.full(len(upper), 3.0), 1.8)
    return np.asarray(ball + 1.6 * rim - 2.6 * crease, np.float32)


def lid_crease(side: int) -> np.ndarray:
    """The fold over the upper lid, inner corner to outer."""
    return spline(half(((45, 342), (61, 321), (98, 316.5), (128, 335)), side))


def lip_height() -> Field:
    """Two rolls with a valley between them."""
    top, line, bottom = lip_curves()
    upper = blur(
        polygon(np.concatenate([shifted(top, 0, -2.5), shifted(line[::-1], 0, -4.0)])), 3.6
    )
    lower = blur(polygon(np.concatenate([line, bottom[::-1]])), 4.6)
    valley = stroke(line, np.linspace(-1, 1, len(line)) ** 2 * -2.4 + 4.0, 1.2)
    return np.asarray(7.5 * upper + 12.5 * lower - 6.5 * valley, np.float32)


def skin_colour() -> Picture:
    """The head's own colour: flushed cheeks and nose, a cooler jaw, lips, fine texture."""
    colour = np.broadcast_to(SKIN, (*X.shape, 3)).astype(np.float32)
    flush = 0.42 * bump(MIDDLE, 452, 26, 20)
    for s in (-1, 1):
        flush = flush + 0.55 * bump(MIDDLE + s * 108, 428, 40, 30, -s * 25)
        flush = flush + 0.22 * bump(MIDDLE + s * 78, 318, 36, 14)
    colour = over(colour, FLUSH, np.clip(flush + 0.18 * bump(MIDDLE, 598, 40, 16), 0, 0.7))
    colour = over(colour, rgb("#eec39d"), 0.5 * bump(MIDDLE, 215, 95, 50))
    colour = over(colour, rgb("#d9a083"), 0.4 * ramp(Y, 540, 640))
    mottle = 0.012 * noise(1, 26) + 0.014 * noise(2, 7) + 0.016 * noise(3, 2.2)
    return paint_lips(colour * (1 + mottle[..., None]))


def paint_lips(colour: Picture) -> Picture:
    """Full lips: the upper darker, the lower lit, vertical creases, a soft edge."""
    top, line, bottom = lip_curves()
    upper = polygon(np.concatenate([top, line[::-1]]), 0.9)
    lower = polygon(np.concatenate([line, bottom[::-1]]), 1.1)
    fan = MIDDLE + (X - MIDDLE) * (1 + 0.004 * np.abs(Y - 531))
    crease = np.sin(fan * 1.05 + 1.3 * np.sin(fan * 0.31)) + 0.6 * np.sin(fan * 2.3 + 0.1 * Y)
    tone = (1 + 0.028 * crease * (0.5 + 0.5 * noise(5, 5)) + 0.02 * noise(6, 3))[..., None]
    colour = over(colour, LIP_UPPER * tone, 0.86 * upper)
    return over(colour, LIP_LOWER * tone, 0.84 * lower)


def draw_head(below: Picture, height: Field) -> Picture:
    """Skin and lips, lit, over what is behind the head."""
    top, line, bottom = lip_curves()
    lower = polygon(np.concatenate([line, bottom[::-1]]), 2.0)
    pores = 0.05 * noise(7, 1.6) + 0.10 * noise(8, 4.0)
    oily = 0.55 + 0.5 * bump(MIDDLE, 440, 26, 60) + 0.35 * bump(MIDDLE, 215, 80, 40)
    upper = polygon(np.concatenate([shifted(top, 0, -3), line[::-1]]), 1.5)
    gloss = np.asarray((oily + 0.6 * lower) * (1 - 0.8 * upper), np.float32)
    lit = shade(skin_colour(), height + pores, gloss=gloss)
    lit = draw_nostrils(lit)
    lit = draw_highlights(lit)
    thin = 1 - (np.abs(np.linspace(-1, 1, len(line))) ** 3) * 0.55
    lit = over(lit, rgb("#5e2326"), 0.85 * stroke(line, 2.3 * thin, 0.5))
    lit = over(lit, rgb("#7d3a38"), 0.35 * stroke(shifted(line, 0, 1.2), 6.5 * thin, 1.8))
    return over(below, lit, polygon(face_outline(), 0.5))


def draw_highlights(lit: Picture) -> Picture:
    """Where a painter would set the light: tip and bridge of the nose, lower lip, cheek, chin."""
    spots = (
        (-4, 447, 7, 5.5, 0, 0.30), (-3, 395, 4, 30, 0, 0.14), (-13, 543, 17, 3.6, 4, 0.22),
        (14, 544, 10, 3.0, -6, 0.12), (-100, 405, 26, 10, -28, 0.16), (-6, 592, 16, 7, 0, 0.12),
        (-14, 507.5, 7, 1.6, -12, 0.16),
    )  # fmt: skip
    for x, y, sx, sy, tilt, strength in spots:
        shine = strength * bump(MIDDLE + x, y, sx, sy, tilt)
        lit = lit + rgb("#ffd9bd") * (0.55 * shine)[..., None]
    return lit


def draw_nostrils(lit: Picture) -> Picture:
    """Two soft dark openings and the shade under the tip."""
    for side in (-1, 1):
        opening = spline(half(((10, 472), (18, 467.5), (27, 469), (25, 473.5), (16, 475)), side),
                         closed=True)  # fmt: skip
        lit = over(lit, rgb("#5a2a22"), 0.86 * polygon(opening, 1.5))
        wing = spline(half(((39, 447), (43, 459), (38, 470), (31, 473)), side))
        lit = over(lit, rgb("#8f5140"), 0.40 * stroke(wing, np.full(len(wing), 3.2), 1.7))
    return lit


def draw_ears(below: Picture) -> Picture:
    """Both ears, with the rim's roll and the shell's hollow."""
    for side in (-1, 1):
        shape = spline(half(EAR, side), closed=True)
        mask = polygon(shape)
        rim = spline(half(((186, 338), (196, 332), (203, 343), (202, 364), (196, 386)), side))
        groove = stroke(rim, np.full(len(rim), 3.6), 1.2)
        shell = spline(half(((184, 356), (192, 358), (195, 372), (191, 390), (184, 392)), side),
                       closed=True)  # fmt: skip
        hollow = polygon(shell, 2.2)
        height = inflate(mask, 22) - 5 * groove - 8 * hollow
        flushed = np.full(X.shape, 0.45, np.float32)
        colour = over(np.broadcast_to(SKIN, (*X.shape, 3)), FLUSH, flushed)
        lit = shade(colour, np.asarray(height, np.float32), gloss=np.full(X.shape, 0.4, np.float32))
        lit = over(lit, rgb("#7a3f30"), np.clip(0.5 * groove + 0.55 * hollow, 0, 1))
        tucked = ramp(Y - 0.62 * side * (X - MIDDLE), 214, 226)  # its top is under the hair
        shaded = over(lit, lit * rgb("#8a5140"), ramp(Y - 0.62 * side * (X - MIDDLE), 250, 216))
        behind = 1 - polygon(face_outline(), 1.0)
        below = over(below, shaded, polygon(shape, 0.6) * tucked * behind)
    return below


def draw_neck(below: Picture) -> Picture:
    """A column in the shade of the chin, collar bones hinted."""
    ring = np.concatenate([half(NECK, 1), half(NECK, -1)[-2:0:-1]])
    shape = spline(ring, closed=True)
    across = np.clip((X - MIDDLE) / 112, -1, 1)
    height = 105 * np.sqrt(1.02 - across**2) + 2.0 * noise(11, 60)
    for side in (-1, 1):
        tendon = spline(half(((92, 600), (66, 660), (30, 712)), side))
        height = height + 5 * stroke(tendon, np.full(len(tendon), 15.0), 6)
    height = height - 7 * bump(MIDDLE, 715, 14, 12)
    tone = (0.84 + 0.012 * noise(12, 5)) * (1 - 0.18 * ramp(X, 360, 480))
    colour = np.broadcast_to(SKIN, (*X.shape, 3)) * tone[..., None]
    chin = polygon(shifted(face_outline() * (0.98, 1.0), 22, 40), 11)
    shadow = 1 - 0.92 * chin
    lit = shade(colour.astype(np.float32), np.asarray(height, np.float32),
                gloss=np.full(X.shape, 0.35, np.float32), shadow=shadow)  # fmt: skip
    contact = polygon(shifted(face_outline(), 10, 26), 12)
    lit = over(lit, lit * rgb("#a5654f"), 0.95 * contact)
    return over(below, lit, polygon(shape, 0.8))
