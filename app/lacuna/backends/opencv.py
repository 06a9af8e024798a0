"""The two methods that OpenCV brings: at once and without a model, good for scratches and thin marks.

Telea, "An image inpainting technique based on the fast marching method", 2004; Bertalmio, Bertozzi and Sapiro,
"Navier-Stokes, fluid dynamics, and image and video inpainting", 2001. `cv2.inpaint` takes 8 bits in one or three
channels, 16 bits and floats in one: deeper pictures are filled channel by channel, at their own depth.

It knows nothing of lines. Where those that the person has drawn part the hole, its parts are filled one by one, each
from the known pixels on its own side alone. A line that ends inside the hole parts nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import Context, Filled, FillWork, Needs, Runtime
from lacuna.contract.guides import Guide, lines_of
from lacuna.contract.params import integer
from lacuna.contract.progress import Progress
from lacuna.i18n import N_
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region
from lacuna.imaging.structure import Parting, parting, parts

# Floats are scaled so that a usual pixel has this size: see `_floats`.
USUAL = 2.0**20


@dataclass(frozen=True)
class RadiusParams:
    radius: int = integer(
        3, 1, 20, unit="px", label=N_("Radius"),
        help=N_("How far around a pixel known ones are averaged. Larger is smoother, and slower by its square."),
    )  # fmt: skip


class _OpenCV:
    """What both share. A call cannot be stopped: between channels is the only place to look for a cancel."""

    Params: ClassVar[type] = RadiusParams
    flag: ClassVar[str]  # name of cv2's constant
    cost: ClassVar[float]  # seconds a megapixel for each squared pixel of radius, three 8-bit channels

    def needs(self, params: RadiusParams) -> Needs:
        return Needs(
            guides=frozenset({Guide.LINE}),
            context=Context(minimum=_reach(params), share=0.0),
            smooth=True,
            interruptible=False,
            megapixel_seconds=0.12 + self.cost * params.radius**2,
            bytes_per_pixel=24.0,  # padded copies of the picture and the hole, distances, states, the heap
        )

    def load(self, runtime: Runtime) -> None:
        import cv2

        self._cv2 = cv2

    def unload(self) -> None:
        pass

    def fill(self, work: FillWork, params: RadiusParams, progress: Progress) -> Filled:
        reach = _reach(params)
        cuts = parting(lines_of(work.guides), work.hole, 2.0 * reach)  # beyond all that counts, at any slant
        sides = [] if cuts is None else list(self._sides(work.hole, cuts, reach))
        if not sides:
            return Filled(self._filled(work.image, work.hole, work.grey, params.radius, progress))
        filled = work.image.copy()
        for region, part, known in sides:
            image, turn = np.ascontiguousarray(work.image[region.slices]), progress.part(1 / len(sides))
            found = self._filled(image, ~known, work.grey, params.radius, turn)
            filled[region.slices][part] = found[part]
        return Filled(filled)

    def _sides(self, hole: Hole, cuts: Parting, reach: int) -> Iterator[tuple[Region, Hole, Hole]]:
        """The parts of the hole with the region around each, and what is known there on its side; none if it is one.

        What no known pixel touches, as a ring of lines may close it off, is filled from all that is known.
        """
        count, labels = parts(hole, cuts)
        if count == parts(hole)[0]:
            return
        disc = self._cv2.getStructuringElement(self._cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2)
        for number in range(1, count + 1):
            region = bounds(labels == number).pad(reach).clip(hole.shape)
            part = labels[region.slices] == number
            around = self._cv2.dilate(part.view(np.uint8), disc).astype(bool)
            unknown = hole[region.slices]
            _count, sides = parts(around & (part | ~unknown), cuts.within(region))
            known = np.isin(sides, np.unique(sides[part])) & ~unknown
            yield region, part, known if known.any() else ~unknown

    def _filled(self, image: NDArray[Any], hole: Hole, grey: bool, radius: int, progress: Progress) -> NDArray[Any]:
        mask = hole.view(np.uint8) if hole.flags.c_contiguous else hole.astype(np.uint8)
        shape = hole.shape
        if grey:
            image = image[..., :1]
        if image.dtype == np.uint8:
            progress.check()
            # All three in one call: taken apart, sums are rounded in another order and single bytes differ.
            filled = self._inpaint(image if image.shape[2] == 3 else image[..., 0], mask, radius)
        else:
            scale = _floats(image, hole) if image.dtype == np.float32 else 1.0
            channels = []
            for index in range(image.shape[2]):
                progress.at(index / image.shape[2])
                channel = np.ascontiguousarray(image[..., index]) if scale == 1.0 else image[..., index] * scale
                channels.append(self._inpaint(channel, mask, radius))
            filled = np.stack(channels, axis=-1)
            if scale != 1.0:
                filled /= scale
        return np.repeat(filled.reshape(*shape, 1), 3, axis=2) if grey else filled

    def _inpaint(self, image: NDArray[Any], mask: NDArray[np.uint8], radius: int) -> NDArray[Any]:
        return np.asarray(self._cv2.inpaint(image, mask, radius, getattr(self._cv2, self.flag)))


class Telea(_OpenCV):
    """Fast marching from the rim inward, each pixel an average of the known ones around it."""

    id = "telea"
    name = N_("Telea (fast marching)")
    summary = N_("Scratches, wires and thin marks, at once. Wide holes become smooth.")
    flag = "INPAINT_TELEA"
    cost = 0.081


class NavierStokes(_OpenCV):
    """Carries lines of equal brightness into the hole, as a fluid would flow."""

    id = "ns"
    name = N_("Navier-Stokes (fluid flow)")
    summary = N_("Thin marks across smooth shading, at once. Wide holes become smooth.")
    flag = "INPAINT_NS"
    cost = 0.073


def _reach(params: RadiusParams) -> int:
    """How far around the hole pixels count.

    One is made from known ones within the radius and from their distances to the hole, which another hole within the
    radius of those may set; gradients and the fast march look one pixel further each.
    """
    return 2 * params.radius + 4


def _floats(image: NDArray[np.float32], hole: NDArray[np.bool_]) -> np.float32:
    """The power of two by which to scale a float picture before `cv2.inpaint`.

    Telea's code adds a gradient term and a rounding half of about one unit, and Navier-Stokes has thresholds of a
    hundredth: nothing among 255, everything in a picture within [0, 1]. A power of two scales without rounding; the
    average counts, not the brightest pixel, so that a lamp in a high-range picture does not press the rest down.
    """
    known = np.abs(image[~hole])
    usual = float(known.mean(dtype=np.float64)) if known.size else 0.0
    if usual == 0.0:
        return np.float32(1.0)
    exponent = round(np.log2(USUAL / usual))
    headroom = 100 - int(np.ceil(np.log2(float(known.max()))))  # sums of weighted squares stay finite below 2 ** 128
    return np.float32(2.0 ** max(-100, min(exponent, headroom, 100)))
