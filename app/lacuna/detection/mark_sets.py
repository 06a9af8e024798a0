"""The colour and alpha of a mark that several pictures carry at the same place, without knowing what it looks like.

After Dekel, Rubinstein, Liu, Freeman (On the Effectiveness of Visible Watermarks, CVPR 2017): what the pictures have in
common shows in the median of their gradients (section 3.1), from which it is put together again by Poisson's equation;
alpha follows from how much less the pictures differ beneath it (3.2), and both are refined in turns (3.3). Where the
paper solves for every picture's own decomposition, here the mark is taken to have one colour, whose alpha may be any:
so each round is a median and a few sums.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.progress import Progress
from lacuna.detection.mark_mattes import Matte, without
from lacuna.errors import UnsuitableMask
from lacuna.i18n import _
from lacuna.imaging.colour import to_float
from lacuna.imaging.photo import Hole, Pixels, white_of
from lacuna.imaging.region import Region

FEWEST = 3  # pictures: a median of two is a mean, in which both pictures are still to be seen
GOOD, MOST = 12, 64  # pictures that are looked at: more than MOST tell little more, and more than GOOD
VALUES = 1 << 27  # only as long as they have so many values in the region: a few gigabytes on the way
MARGIN = 12  # pixels around the region in which the mark is not
ROUNDS = 4
SHAPED = 3  # of them by the relief that is in common, the others by what is left of edges
HARD = 0.05  # of white for a pixel's step: no edge of a picture counts as more than a few of these
LEAST = 0.1  # of white: where the mark is nearer to the mean picture, it says little there
FLOOR = 0.012  # of white: a difference that is no mark
FAINT = 0.12  # of the strongest difference
LEVEL = 1 / 255
CHANCE = 1.5  # standard deviations from which on a step that the pictures have in common begins to count
QUIET = 0.03  # of white: a picture without edges of its own
HALVINGS = 14
CLEAR = 0.5  # of the strongest: the mark's core, by which its colour and strength are measured

Stack = NDArray[np.float32]  # (k, h, w, 3), fractions of white


def matte_of_set(
    pictures: Sequence[Pixels | Callable[[], Pixels]], region: Region, *, progress: Progress | None = None
) -> Matte:
    """The mark that all pictures (H, W, 3) carry in `region`, at the same place and opacity.

    Pictures may be given as calls that load them: one at a time is held, and of it the region is kept. From about ten
    on the estimate is good, and of a great many the first are taken, as memory allows; fewer than FEWEST, or none that
    holds the region, raise UnsuitableMask.
    """
    progress = progress or Progress()
    stack, place = _stacked(pictures, region, progress.part(0.4))
    rest = progress.part(0.6)
    relief = put_together(in_common(stack))
    support = _support(relief)
    if not support.any() or support.all():
        raise UnsuitableMask(
            _("The pictures have no mark in common there."),
            _("Mark a little more than the mark, and take pictures that carry it at the same place."),
        )
    films = np.stack([film(picture, support) for picture in stack])
    ground = np.median(films, axis=0)
    alpha = np.sqrt((relief * relief).sum(axis=2)) * support
    colour = np.zeros(3, np.float32)
    for turn in range(ROUNDS):
        rest.at(turn / ROUNDS)
        alpha, colour = _strong(stack, films - films.mean(axis=0), relief, ground, alpha)
        if turn < SHAPED:
            alpha = _shape(relief, colour - ground) * support
        else:
            alpha = np.clip(alpha + _error(stack, films, alpha, colour) * (1 - alpha) * support, 0, 1)
    alpha, colour = _strong(stack, films - films.mean(axis=0), relief, ground, alpha)
    rest.at(1.0)
    return Matte(np.broadcast_to(colour, relief.shape).astype(np.float32), alpha.astype(np.float32), place)


def _stacked(
    pictures: Sequence[Pixels | Callable[[], Pixels]], region: Region, progress: Progress
) -> tuple[Stack, Region]:
    """What stands in the region and around it, of each picture that holds the region."""
    parts: list[NDArray[np.float32]] = []
    place = region
    for number, picture in enumerate(pictures):
        progress.at(number / len(pictures))
        pixels = picture() if callable(picture) else picture
        if not parts:
            place = region.pad(MARGIN).clip(pixels.shape)
        if region.clip(pixels.shape) == region and place.clip(pixels.shape) == place and not region.empty:
            parts.append(to_float(pixels[place.slices], white_of(pixels)))
            if len(parts) >= max(GOOD, min(MOST, VALUES // parts[0].size)):
                break
    if len(parts) < FEWEST:
        raise UnsuitableMask(
            _("Only {count} of the pictures reach to where the mark is.").format(count=len(parts)),
            _("At least {fewest} are needed, better ten or more.").format(fewest=FEWEST),
        )
    return np.stack(parts), place


def in_common(stack: Stack) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The median over all pictures of the steps across and down, as far as it is not what chance leaves of them."""
    return _surely(np.diff(stack, axis=2)), _surely(np.diff(stack, axis=1))


def _surely(steps: Stack) -> NDArray[np.float32]:
    middle = np.median(steps, axis=0)
    spread = 1.4826 * np.median(np.abs(steps - middle), axis=0)  # a standard deviation, where steps are normal
    chance = 1.2533 * spread.sum(axis=2) / math.sqrt(len(steps)) + LEVEL  # of a median
    surely = np.clip(np.abs(middle).sum(axis=2) / (CHANCE * chance) - 1, 0, 1)
    return (middle * surely[..., None]).astype(np.float32)


def put_together(steps: tuple[NDArray[np.float32], NDArray[np.float32]]) -> NDArray[np.float32]:
    """What has these steps, by least squares, and is 0 along the rim: (h, w, 3)."""
    from lacuna.kernels import poisson

    across, down = steps
    right = np.zeros((down.shape[0] + 1, *down.shape[1:]), np.float32)
    right[:, 1:] += across
    right[:, :-1] -= across
    right[1:] += down
    right[:-1] -= down
    inside = np.zeros(right.shape[:2], bool)
    inside[1:-1, 1:-1] = True
    return poisson.solve(np.zeros_like(right), inside, right, tolerance=1e-5)


def film(values: NDArray[np.float32], hole: Hole) -> NDArray[np.float32]:
    """What would stand in the hole if nothing but its rim were known."""
    from lacuna.kernels import poisson

    return poisson.solve(np.ascontiguousarray(values, np.float32).copy(), hole, tolerance=1e-4)


def _support(relief: NDArray[np.float32]) -> Hole:
    """Where the mark is, with a pixel around it: what stands out from what is found where no mark is."""
    import cv2

    strength = np.sqrt((relief * relief).sum(axis=2))
    floor = max(FLOOR, FAINT * float(np.percentile(strength, 98)))
    grown = cv2.dilate((strength > floor).view(np.uint8), np.ones((3, 3), np.uint8)) > 0
    grown[[0, -1]] = False
    grown[:, [0, -1]] = False
    return grown


def _shape(relief: NDArray[np.float32], towards: NDArray[np.float32]) -> NDArray[np.float32]:
    """Alpha of a mark that changes pictures by `relief` when its colour differs from them by `towards`."""
    shape = (relief * towards).sum(axis=2) / np.maximum((towards * towards).sum(axis=2), LEAST * LEAST)
    found: NDArray[np.float32] = np.maximum(shape, 0)
    return found


def _strong(
    stack: Stack, differing: Stack, relief: NDArray[np.float32], ground: NDArray[np.float32], shape: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Alpha, of which only the shape is given, and the mark's colour (3,).

    A picture brighter than the others has a step less over the mark's edge: too weak an alpha leaves some of that, too
    strong a one turns it round. So what is left must not go with how far the pictures differ from their mean.
    """
    shape = shape / np.float32(np.percentile(shape[shape > 0], 95))

    def left(strength: float) -> float:
        alpha = np.clip(strength * shape, 0, 1)
        back = without(stack, np.broadcast_to(_colour(relief, ground, alpha), ground.shape), alpha)
        total = 0.0
        for axis in (1, 2):
            step = np.diff(back, axis=axis)
            edge = np.diff(alpha, axis=axis - 1)[..., None]
            total += float((step / (np.abs(step) + HARD) * edge * _between(differing, axis)).sum())
        return total

    low, high = 0.0, 1.0
    for _turn in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if left(middle) < 0 else (low, middle)
    alpha = np.clip(np.float32((low + high) / 2) * shape, 0, 1)
    return alpha, _colour(relief, ground, alpha)


def _between(values: Stack, axis: int) -> Stack:
    """The means of neighbours along an axis."""
    count = values.shape[axis]
    between: Stack = (values.take(range(1, count), axis) + values.take(range(count - 1), axis)) * np.float32(0.5)
    return between


def _colour(
    relief: NDArray[np.float32], ground: NDArray[np.float32], alpha: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The mark's one colour (3,), by its core."""
    core = alpha > CLEAR * float(np.percentile(alpha[alpha > 0], 98))
    own = alpha[core][:, None]
    mean = (own * (relief[core] + own * ground[core])).sum(axis=0) / (own * own).sum()
    return np.clip(mean, 0, 1).astype(np.float32)


def _error(stack: Stack, films: Stack, alpha: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.float32]:
    """By how much alpha falls short, as a share of what it leaves: (h, w).

    Edges that are left behind are proportional to how far the picture there is from the mark's colour. In each step
    the pictures that have no edges of their own there count most.
    """
    back = without(stack, np.broadcast_to(colour, stack.shape[1:]), alpha)
    towards = colour - films
    steps = []
    for axis in (2, 1):
        step = np.diff(back, axis=axis)
        near = _between(towards, axis)
        energy = _smoothed((step * step).sum(axis=3))
        weight = (1 / (energy + QUIET * QUIET))[..., None]
        total = (weight * near * near).sum(axis=(0, 3))
        found = (weight * near * step).sum(axis=(0, 3)) / np.maximum(total, 1e-6)
        steps.append(np.repeat(found[..., None], 3, axis=2).astype(np.float32))
    return put_together((steps[0], steps[1]))[..., 0]


def _smoothed(planes: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.stack([cv2.GaussianBlur(plane, (0, 0), 1.5) for plane in planes])
