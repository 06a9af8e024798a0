"""A mark as it was drawn: its colours and its alpha, from a file or from an outline in a picture that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.colour import luma, to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole, Mask, Pixels

LEAST_SIDE = 6  # pixels: a smaller template says nothing that a photo does not say by chance
CLEAR = 24.0  # levels of distance from the ground: below it a pixel of an opaque template is ground
NEAR = 5  # pixels: an edge that was smoothed lies so near to the full colour
AROUND = 16  # pixels around an outline that say what the ground is like
STROKE = 29  # pixels of a square in which the strokes of lettering are the lesser part
LOOSE = 0.5  # of an outline: if more stands out from a film over it, that film is not the ground
FULL = 97  # percent of all pixels of a loose outline that are fainter than its strokes are
GREY = 0.12  # of white: marks whose brightness is nearer to mid-grey than this show by their alpha alone


@dataclass(frozen=True, eq=False)
class Template:
    """What is looked for: `colours` (h, w, 3) uint8 and `alpha` (h, w) float32 in [0, 1], as if fully applied."""

    colours: NDArray[np.uint8]
    alpha: NDArray[np.float32]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.alpha.shape[0], self.alpha.shape[1]

    @cached_property
    def relief(self) -> NDArray[np.float32]:
        """What its gradients are taken of: how much brighter than mid-grey it makes one, as (h, w).

        So white letters with a dark rim keep both edges. A mark of mid-grey has its alpha as relief.
        """
        over = self.alpha * (luma(self.colours).astype(np.float32) / 255 - 0.5)
        if float(np.abs(over).sum()) < GREY * float(self.alpha.sum()):
            return self.alpha
        return over.astype(np.float32, copy=False)


def template_of_file(path: Path) -> Template:
    """The mark in a picture file: by its alpha, or, where that says nothing, by what differs from its border's colour.

    Raises what `imaging.files.read` raises, and UnsuitableMask for a file in which no mark is to be seen.
    """
    from lacuna.imaging import files

    photo = files.read(path)
    colours = to_bytes(photo.pixels, photo.white)
    alpha = (
        None if photo.alpha is None else to_bytes(photo.alpha, 1.0 if photo.alpha.dtype.kind == "f" else photo.white)
    )
    if alpha is not None and alpha.min() < 255:
        return _cut(colours, np.divide(alpha, 255, dtype=np.float32))
    border = np.concatenate([colours[0], colours[-1], colours[:, 0], colours[:, -1]])
    ground = np.broadcast_to(np.median(border, axis=0).astype(np.float32), colours.shape)
    return _parted(colours, ground, np.ones(colours.shape[:2], bool))


def template_of_outline(pixels: Pixels, mask: Mask | Hole, white: float = 255.0) -> Template:
    """The mark that lies under a mask (H, W) in a picture: the mask may be drawn tightly or loosely around it.

    What the ground would be is a film over the mask; what differs from it is the mark. Where all differs, as over
    brickwork or leaves, but nothing begins at the outline, the mark is the strokes that are brighter, or darker, than
    the ground around them. `white` as `Photo.white`. Raises UnsuitableMask for an empty mask, and for one with nothing
    in it but ground.
    """
    from lacuna.kernels import poisson

    box = bounds(mask)
    if box.empty:
        raise UnsuitableMask(_("The mask is empty."), _("Outline the mark first."))
    box = box.pad(AROUND).clip(mask.shape)
    hole = np.ascontiguousarray(mask[box.slices] > 0)
    colours = to_bytes(np.ascontiguousarray(pixels[box.slices]), white)
    ground = colours.astype(np.float32)
    if not hole.all():
        poisson.solve(ground, hole)
    template = _parted(colours, ground, hole)
    if np.count_nonzero(template.alpha) > LOOSE * np.count_nonzero(hole) and not _begins(colours, hole):
        return _strokes(colours, hole)
    return template


def _begins(colours: NDArray[np.uint8], hole: Hole) -> bool:
    """Whether something begins at the outline: its two sides differ all along it."""
    import cv2

    square = np.ones((5, 5), np.uint8)
    plane = hole.view(np.uint8)
    inside = hole & (cv2.erode(plane, square) == 0)
    outside = ~hole & (cv2.dilate(plane, square) > 0)
    if not outside.any():
        return False
    step = colours[inside].mean(axis=0) - colours[outside].mean(axis=0)
    return float(np.linalg.norm(step)) > CLEAR


def _strokes(colours: NDArray[np.uint8], hole: Hole) -> Template:
    """The thin parts that are brighter in every channel than what is around them, or those that are darker."""
    import cv2

    away = colours.astype(np.float32) - cv2.medianBlur(colours, STROKE)
    bright, dark = (np.maximum(side.min(axis=2), 0) * hole for side in (away, -away))
    brighter = float(np.square(bright).sum()) >= float(np.square(dark).sum())
    strength = bright if brighter else dark
    full = max(CLEAR, float(np.percentile(strength[hole], FULL)))
    return _cut(
        np.full_like(colours, 255 if brighter else 0), np.clip(strength / full, 0, 1).astype(np.float32, copy=False)
    )


def _parted(colours: NDArray[np.uint8], ground: NDArray[np.float32], within: Hole) -> Template:
    """The mark taken off its ground: alpha is the distance from the ground, as a share of the largest nearby."""
    import cv2

    away = colours.astype(np.float32) - ground
    distance = np.where(within, np.sqrt((away * away).sum(axis=2)), 0).astype(np.float32)
    full = cv2.dilate(distance, np.ones((NEAR, NEAR), np.uint8))
    floor = max(CLEAR, 0.2 * float(distance.max()))
    alpha = np.where(full > floor, distance / np.maximum(full, 1e-6), 0)
    alpha[alpha < CLEAR / 255] = 0
    solid = np.maximum(alpha, 1e-3)[..., None]
    full_colours = np.where(alpha[..., None] > 0, ground + away / solid, colours)
    return _cut(np.clip(np.rint(full_colours), 0, 255).astype(np.uint8), alpha.astype(np.float32))


def _cut(colours: NDArray[np.uint8], alpha: NDArray[np.float32]) -> Template:
    """Without what is transparent all along its sides."""
    box = bounds(alpha > 0)
    if min(box.height, box.width) < LEAST_SIDE:
        raise UnsuitableMask(
            _("No mark can be told from its ground here."),
            _("Give a template with transparent ground, or one that stands out from its ground."),
        )
    return Template(np.ascontiguousarray(colours[box.slices]), np.ascontiguousarray(alpha[box.slices]))
