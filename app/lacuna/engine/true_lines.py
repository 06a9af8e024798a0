"""The lines that a person who knew the truth would draw across a hole: its main edges, from rim to rim."""

from __future__ import annotations

import numpy as np

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.imaging.centrelines import centrelines
from lacuna.imaging.edges import canny, grey_values
from lacuna.imaging.photo import Hole, Photo
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.structure import inside, pixel_by_pixel

SHORTEST = 20  # pixels within the hole
BEYOND = 12  # pixels outside the hole to which an edge is followed


def edges_of(photo: Photo) -> Hole:
    """(H, W): the edges of the whole picture as networks are trained with them: Canny, sigma 2."""
    shown = np.clip(photo.pixels / np.float32(photo.white), 0, 1, dtype=np.float32)
    return canny(grey_values(shown), np.isfinite(shown).all(axis=2))


def true_lines(photo: Photo, hole: Hole) -> tuple[GuideStroke, ...]:
    """The connected edges of the true picture that run SHORTEST pixels or more across the hole, in and out again."""
    import cv2

    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BEYOND + 1,) * 2)
    near = cv2.dilate(hole.view(np.uint8), disc).astype(bool)
    return tuple(
        GuideStroke(Guide.LINE, line.points) for line in centrelines(edges_of(photo) & near) if _crosses(line, hole)
    )


def _crosses(line: Polyline, hole: Hole) -> bool:
    within = inside(pixel_by_pixel(line), hole)
    rim = np.diff(within.astype(np.int8))
    return bool(
        np.count_nonzero(rim) >= 2 and np.count_nonzero(within) >= SHORTEST and (rim == 1).any() and (rim == -1).any()
    )
