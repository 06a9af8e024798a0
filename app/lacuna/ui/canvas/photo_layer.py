"""The picture as tiles: levels resampled, transparency over a checkerboard, and a grid when pixels are large."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import Region
from lacuna.ui.canvas.scale import Reader, Scale, between, nearest
from lacuna.ui.canvas.sources import PictureSource
from lacuna.ui.canvas.tile_cache import Argb

GRID_FROM = 8.0  # above 800 % each pixel gets a border
GRID_SHADE = 36  # how much lighter or darker than its pixel a border is at most; twice the zoom below that
CHECKERS = (0xFFFFFF, 0xCCCCCC)


class PhotoLayer:
    """Opaque tiles of a picture. `checker` is the side of a square of the board, in device pixels."""

    opaque = True

    def __init__(self, source: PictureSource, checker: int = 8) -> None:
        self.source = source
        self.shape = source.shape
        self.checker = checker

    def reach(self, scale: Scale) -> int:
        return reach(scale, self.shape)

    def render(self, scale: Scale, rect: Region) -> Argb:
        level = scale.level(self.shape)
        step = scale.step(level)
        if scale.interpolates:
            four = between(self._channels, self.shape, level, step, rect)
            pixels: Argb = four.view(np.uint32)[..., 0]
        else:
            pixels = nearest(self._packed, self.shape, level, step, rect)
        if self.source.has_alpha:
            pixels = self._over_checkers(pixels, self._sampled(self.source.read_alpha, scale, rect), rect)
        return _with_grid(pixels, scale.zoom, rect) if scale.zoom >= GRID_FROM else pixels

    def _sampled(self, read: Reader, scale: Scale, rect: Region) -> NDArray[np.uint8]:
        level = scale.level(self.shape)
        sample = between if scale.interpolates else nearest
        return sample(read, self.shape, level, scale.step(level), rect)

    def _channels(self, level: int, region: Region) -> NDArray[np.uint8]:
        """(h, w, 4): blue, green, red, 255, as a screen keeps them."""
        import cv2

        return np.asarray(cv2.cvtColor(self.source.read(level, region), cv2.COLOR_RGB2BGRA))

    def _packed(self, level: int, region: Region) -> Argb:
        return self._channels(level, region).view(np.uint32)[..., 0]

    def _over_checkers(self, pixels: Argb, alpha: NDArray[np.uint8], rect: Region) -> Argb:
        channels = np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4)
        mixed = over_checkers(channels, alpha, rect, self.checker)
        mixed[..., 3] = 255
        return mixed.view(np.uint32)[..., 0]


def over_checkers(
    channels: NDArray[np.uint8], alpha: NDArray[np.uint8], rect: Region, checker: int
) -> NDArray[np.uint8]:
    """Colours (h, w, c) at `rect` by their opacity over a board with squares of `checker` pixels."""
    odd = (np.arange(rect.y0, rect.y1) // checker)[:, None] + np.arange(rect.x0, rect.x1) // checker & 1
    board = np.where(odd, CHECKERS[1] & 255, CHECKERS[0] & 255).astype(np.uint16)[..., None]
    weight = alpha.astype(np.uint16)[..., None]
    mixed = channels * weight + board * (255 - weight) + 127
    mixed //= 255
    return mixed.astype(np.uint8)


def reach(scale: Scale, shape: tuple[int, int]) -> int:
    """How many device pixels beyond a changed image pixel others may change by sampling alone."""
    level = scale.level(shape)
    if scale.interpolates or level:
        return 2 * math.ceil(scale.step(level)) + 1
    return 1


def _with_grid(pixels: Argb, zoom: float, rect: Region) -> Argb:
    """The first row and column of each image pixel, a little off its colour, so that it shows on any."""
    rows = _starts(rect.y0, rect.y1, zoom)
    columns = _starts(rect.x0, rect.x1, zoom)
    out = np.ascontiguousarray(pixels).copy()
    shade = min(GRID_SHADE, round(2 * zoom))
    out[rows] = _shaded(out[rows], shade)
    columns_only = np.ix_(~rows, columns)
    out[columns_only] = _shaded(out[columns_only], shade)
    return out


def _starts(start: int, end: int, zoom: float) -> NDArray[np.bool_]:
    index = np.floor((np.arange(start - 1, end) + 0.5) / zoom)
    return index[1:] != index[:-1]


def _shaded(pixels: Argb, shade: int) -> Argb:
    channels = np.ascontiguousarray(pixels).view(np.uint8).reshape(*pixels.shape, 4).astype(np.int16)
    bright = channels[..., :3].sum(axis=-1, keepdims=True) > 3 * 127
    channels[..., :3] = np.clip(channels[..., :3] + np.where(bright, -shade, shade), 0, 255)
    return channels.astype(np.uint8).view(np.uint32)[..., 0]
