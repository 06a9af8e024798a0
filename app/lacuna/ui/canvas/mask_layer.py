"""The mask as tiles: what was painted, the ring by which it grows, and an outline that no colour hides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import Region
from lacuna.ui.canvas.photo_layer import reach
from lacuna.ui.canvas.scale import Scale, between, level_shape, nearest, top_level
from lacuna.ui.canvas.sources import MaskSource
from lacuna.ui.canvas.tile_cache import Argb

RING = 0.45  # tint of what is filled without being painted, as a share of the painted one's
INNER, OUTER = 254, 255  # places in the table of the outline's two tones
INNER_TONE = (1.0, 1.0, 1.0, 0.9)
OUTER_TONE = (0.0, 0.0, 0.0, 0.6)
# By how many hold of: near to what is filled, filled, amid what is filled.
KINDS = np.zeros(256, np.uint8)
KINDS[1:4] = OUTER, INNER, 1
BY_KERNEL = 9.0  # level pixels of growth up to which a disc is swept over the mask; farther, distances are quicker
WIDEST = 12.0  # level pixels of growth that are measured at full precision while zoomed out
EDGE = 128  # height of the slope's contour that is the edge of what will be filled
SLOPE = 64  # by how much the slope falls over one level pixel


@dataclass(frozen=True)
class MaskStyle:
    """`colour` is (red, green, blue) in [0, 1]; `growth` in image pixels, `line` (the outline) in device pixels."""

    colour: tuple[float, float, float] = (1.0, 0.23, 0.19)
    opacity: float = 0.5
    growth: float = 0.0
    line: int = 1

    @cached_property
    def table(self) -> Argb:
        """The tint of each mask value, premultiplied; 0 is none, 254 and 255 are the outline."""
        value = np.arange(256) / 253.0
        alpha = self.opacity * (RING + (1 - RING) * np.clip(value, 0, 1))
        colours = np.empty((256, 4))
        colours[:, :3] = self.colour
        colours[:, 3] = alpha
        colours[0] = 0
        colours[INNER], colours[OUTER] = INNER_TONE, OUTER_TONE
        colours[:, :3] *= colours[:, 3:]
        red, green, blue, opaque = np.rint(colours * 255).astype(np.uint32).T
        return (opaque << 24) | (red << 16) | (green << 8) | blue

    @cached_property
    def tints(self) -> Argb:
        """The tint of each value of the mask itself, without ring and outline."""
        return self.table[np.minimum(np.arange(256), INNER - 1)]


class MaskLayer:
    """Translucent tiles of a mask. Give it another `style` and forget its tiles."""

    opaque = False

    def __init__(self, source: MaskSource, style: MaskStyle) -> None:
        self.source = source
        self.shape = source.shape
        self.style = style

    def reach(self, scale: Scale) -> int:
        # 3 more for the parts of a level pixel by which distances measured on a coarser level may be off.
        return reach(scale, self.shape) + math.ceil(self.style.growth * scale.zoom) + self.style.line + 3

    def render(self, scale: Scale, rect: Region) -> Argb | None:
        line = self.style.line
        filled = self._filled(scale, rect.pad(line))
        if filled is None:
            return None
        import cv2

        level = scale.level(self.shape)
        sample = between if scale.interpolates else nearest
        painted = sample(self.source.read, self.shape, level, scale.step(level), rect)
        square = np.ones((2 * line + 1, 2 * line + 1), np.uint8)
        # How many of these hold: something near is filled, the pixel itself is, all that is near is.
        held = cv2.add(cv2.add(cv2.dilate(filled, square), cv2.erode(filled, square)), filled)
        kind = np.asarray(cv2.LUT(held[line:-line, line:-line], KINDS), np.uint8)
        index = np.maximum(kind, np.minimum(painted, INNER - 1))
        return np.take(self.style.table, index)

    def _filled(self, scale: Scale, rect: Region) -> NDArray[np.uint8] | None:
        """1 where a device pixel will be filled, growth included; None if none will be."""
        level, top = scale.level(self.shape), top_level(self.shape)
        growth, widest = self.style.growth / 2**level, WIDEST if scale.zoom <= 1 else 4 * WIDEST
        smooth = scale.interpolates
        while growth > widest and level < top:
            level, growth, smooth = level + 1, growth / 2, True
        slope = _Slope(self.source, growth, smooth=smooth, precise=scale.zoom > 1)
        step = scale.step(level)
        if not slope.reaches(level, step, rect):
            return None
        values = (between if smooth else nearest)(slope.read, self.shape, level, step, rect)
        return (values >= EDGE).view(np.uint8)


class _Slope:
    """A level's mask as heights: EDGE and more where its pixels will be filled, falling away outwards."""

    def __init__(self, source: MaskSource, growth: float, *, smooth: bool, precise: bool) -> None:
        self.source = source
        self.growth = growth if growth >= 0.5 else 0.0
        self.smooth = smooth
        self.precise = precise
        # Distances count up to where the slope ends; what lies beyond cannot matter to a pixel.
        self.margin = math.ceil(1.1 * (self.growth + 0.5 + EDGE / SLOPE)) + 1 if self.growth else 0

    def reaches(self, level: int, step: float, rect: Region) -> bool:
        """Is anything to be filled near the device pixels `rect`?"""
        near = Region(
            math.floor(rect.y0 / step) - 1, math.floor(rect.x0 / step) - 1,
            math.ceil(rect.y1 / step) + 1, math.ceil(rect.x1 / step) + 1,
        )  # fmt: skip
        near = near.pad(self.margin).clip(level_shape(self.source.shape, level))
        return not near.empty and bool(self.source.read(level, near).any())

    def read(self, level: int, region: Region) -> NDArray[np.uint8]:
        window = region.pad(self.margin).clip(level_shape(self.source.shape, level))
        inside = region.shift(-window.y0, -window.x0).slices
        hole = self.source.read(level, window) > 0
        if not self.growth:
            return hole.view(np.uint8) * np.uint8(255)
        import cv2

        if not self.smooth and self.growth <= BY_KERNEL:
            grown = cv2.dilate(hole.view(np.uint8), disc(self.growth), borderType=cv2.BORDER_CONSTANT, borderValue=0)
            return np.asarray(grown, np.uint8)[inside] * np.uint8(255)
        accuracy = cv2.DIST_MASK_PRECISE if self.precise else cv2.DIST_MASK_5
        distance = cv2.distanceTransform((~hole).view(np.uint8), cv2.DIST_L2, accuracy)[inside]
        if not self.smooth:
            return (distance <= self.growth + 1e-3).view(np.uint8) * np.uint8(255)
        height = EDGE + (np.float32(self.growth + 0.5) - np.minimum(distance, np.float32(self.growth + 9))) * SLOPE
        return np.clip(height, 0, 255).astype(np.uint8)


@lru_cache(64)
def disc(radius: float) -> NDArray[np.uint8]:
    """The pixels no farther than `radius` from the middle one."""
    reach = int(radius)
    along = np.arange(-reach, reach + 1) ** 2
    inside: NDArray[np.bool_] = along[:, None] + along[None] <= radius * radius + 1e-3
    return np.asarray(inside, np.uint8)
