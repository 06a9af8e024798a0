"""The pixels of a row of letters at the picture's own size: strokes with their soft rim, outline and shadow.

What the row stands on is estimated from the pixels around it. By how much a pixel differs from that, in the direction
in which the letters do, is how much letter there is in it; so letters, dots and strokes that were missed are found too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

AROUND = 1.4  # heights of the row that are looked at on each side
BESIDE = 0.3  # heights by which what belongs to the row may stand above or below it: accents, tails
TALLER = 1.7  # of the row's height: no part of it is higher
CORE = 0.5  # of a letter's own difference from the ground
RIM = 0.15  # from which a pixel beside a stroke is its soft rim
TINT = 0.35  # farthest colour of a missed letter from the row's, in what letters differ from the ground by
LEVELS = 16.0  # and in levels
NEAR = 0.25  # of the same: so near lie many pixels of a letter that was missed
SOME = 0.3
SIGN = 0.5  # of the row's height: dots, dashes and apostrophes are smaller, and so near to it
TRIMMED = 0.22  # heights: how far an outline or shadow reaches
TRIM = 0.25  # of the letters' difference, by which a trim differs from the ground at least
NOISE = 1.2  # deviations of the ground, as well
DIRECTIONS = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))
Floats = NDArray[np.float32]


def stroked(pixels: NDArray[np.uint8], rough: Hole, box: Region, height: float, stroke: float) -> tuple[Region, Hole]:
    """Where the strokes of a row are, and which pixels they take.

    `rough` (h, w) marks the letters in `box` of the picture (H, W, 3), more or less; `height` and `stroke` are theirs.
    """
    seen = box.pad(max(4, round(AROUND * height))).clip(pixels.shape)
    part = pixels[seen.slices].astype(np.float32)
    marked = np.zeros(part.shape[:2], bool)
    marked[box.slices_in(seen)] = rough
    colour = np.median(part[marked], axis=0)
    wide = _widened(marked, max(2.0, 0.6 * stroke))
    difference = np.median((part - _ground(part, wide, stroke))[marked], axis=0)
    size = float(np.linalg.norm(difference))
    if size < 1:
        return box, rough
    # letters that were missed are no ground either, or they would be their own
    alike = np.abs(part - colour).max(axis=2) < max(LEVELS, TINT * size)
    alike &= (part - _smooth(part, wide, height)) @ difference > CORE * size * size
    covered = _widened(marked | alike, max(2.0, 0.6 * stroke))
    share = (part - _ground(part, covered, stroke)) @ (difference / np.float32(size * size))
    letter = (share > CORE) & (alike | marked | (np.abs(part - colour).max(axis=2) < max(LEVELS, 2 * TINT * size)))
    near = np.abs(part - colour).max(axis=2) < max(LEVELS, NEAR * size)
    strokes = _strokes(letter, near, marked, box.slices_in(seen)[1], height)
    reach = max(1.5, 0.5 * stroke)
    mask = _widened(strokes, reach) & ((share > RIM) | _widened(strokes, 1.0))
    mask |= _trim(part, strokes, mask, height, stroke, size)
    return seen, _widened(mask, 1.0)


def _widened(marked: Hole, radius: float) -> Hole:
    import cv2

    side = 2 * int(np.ceil(radius)) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)) if side > 3 else np.ones((3, 3), np.uint8)
    return np.asarray(cv2.dilate(marked.view(np.uint8), disc)).view(np.bool_)


def _ground(part: Floats, covered: Hole, stroke: float) -> Floats:
    """The part without what is covered: means of what lies near, from farther away where nothing is near."""
    import cv2

    known = (~covered).astype(np.float32)
    ground = part * known[..., None]
    filled = ~covered
    side = 2 * int(np.ceil(max(2.0, stroke))) + 1
    while not filled.all():
        weight = cv2.boxFilter(known, -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
        total = cv2.boxFilter(
            part * known[..., None], -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
        )
        now = ~filled & (weight >= min(side, 0.1 * side * side))
        if side > 2 * max(part.shape[:2]):
            now = ~filled
            total, weight = total + 1e-3 * part, weight + np.float32(1e-3)
        ground[now] = total[now] / weight[now][:, None]
        filled |= now
        side = 2 * side + 1
    return ground


def _smooth(part: Floats, covered: Hole, height: float) -> Floats:
    """The mean of what is not covered, within the height of a letter."""
    import cv2

    side = 2 * int(np.ceil(height)) + 1
    known = (~covered).astype(np.float32)
    weight = cv2.boxFilter(known, -1, (side, side)) + np.float32(1e-3)
    total = cv2.boxFilter(part * known[..., None], -1, (side, side)) + np.float32(1e-3) * part
    return np.asarray(total / weight[..., None], np.float32)


def _strokes(letter: Hole, near: Hole, marked: Hole, columns: slice, height: float) -> Hole:
    """The letters of the row: those that are marked more or less, and others in line with them and `near` in colour."""
    import cv2

    _count, labels, stats, _centres = cv2.connectedComponentsWithStats(
        letter.view(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    own = np.zeros(len(stats), bool)
    own[np.unique(labels[marked & letter])] = True
    x0, y0, width, high, area = stats.T
    of_colour = np.bincount(labels[near], minlength=len(stats)) >= SOME * area
    sign = (high < SIGN * height) & (width < SIGN * height)  # small ones are paler
    sign &= (x0 <= columns.stop + SIGN * height) & (x0 + width >= columns.start - SIGN * height)
    fits = ((high <= TALLER * height) & (of_colour | sign)) | own
    slope = _slope(marked, height)
    rises = slope * (x0 + width / 2 - (columns.start + columns.stop) / 2)
    ys, xs = np.nonzero(marked)
    upright = ys - slope * (xs - (columns.start + columns.stop) / 2)
    in_line = (y0 - rises >= upright.min() - BESIDE * height) & (y0 + high - rises <= upright.max() + BESIDE * height)
    touches = (x0 == 0) | (y0 == 0) | (x0 + width == letter.shape[1]) | (y0 + high == letter.shape[0])
    in_line &= ~touches | own
    left, right = columns.start, columns.stop
    chosen = own.copy()
    while True:  # a letter beside the last one found
        beside = (x0 <= right + height) & (x0 + width >= left - height)
        more = fits & in_line & beside & ~chosen
        more[0] = False
        if not more.any():
            break
        chosen |= more
        left, right = min(left, int(x0[more].min())), max(right, int((x0 + width)[more].max()))
    chosen[0] = False
    found = chosen[labels]
    # a part that goes far beyond the row is the picture's: of it only what was there already
    beyond = own & ((high > TALLER * height) | touches)
    beyond[0] = False
    return (found & ~beyond[labels]) | (beyond[labels] & marked & letter)


def _slope(marked: Hole, height: float) -> float:
    """By how much a row sinks a pixel to the right; 0 for one too short to tell."""
    ys, xs = np.nonzero(marked)
    if np.ptp(xs) < 3 * height:
        return 0.0
    return float(np.polyfit(xs, ys, 1)[0])


def _trim(part: Floats, strokes: Hole, mask: Hole, height: float, stroke: float, size: float) -> Hole:
    """An outline or shadow: pixels at one distance and side of the strokes that all differ from the ground alike."""
    reach = max(2, int(np.ceil(TRIMMED * height)))
    wide = _widened(mask, reach + 1)
    ground = _ground(part, wide, stroke)
    apart = part - ground
    beyond = _widened(wide, max(3.0, 0.3 * height)) & ~wide
    if not beyond.any():
        return mask
    # how far the ground itself strays from what was estimated of it, without the strokes
    noise = float(np.sqrt(((part[beyond] - part[beyond].mean(axis=0)) ** 2).mean()))
    least = max(TRIM * size, NOISE * noise)
    found = mask.copy()
    for dy, dx in DIRECTIONS:
        for distance in range(1, reach + 1):
            moved = _shifted(strokes, dy * distance, dx * distance) & ~mask
            if not moved.any():
                continue
            if np.abs(apart[moved].mean(axis=0)).max() < least:
                break
            found |= moved
    return found


def _shifted(marked: Hole, dy: int, dx: int) -> Hole:
    moved = np.zeros_like(marked)
    height, width = marked.shape
    moved[max(0, dy) : height + min(0, dy), max(0, dx) : width + min(0, dx)] = marked[
        max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)
    ]
    return moved
