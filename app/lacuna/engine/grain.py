"""Grain for fills that are smoother than the picture: the noise of the ring around the hole, measured and made anew.

Small blocks of known pixels, each less its own plane of brightness, are noise where they are flattest. Their mean
spectrum and the covariance of their channels say what the noise is like: as coarse as the camera or the file made it,
coloured as it is. What is added is chance with that spectrum, and only as much as the fill lacks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.photo import Hole, Pixels

BLOCK = 8  # side of a block
STEP = 4  # between blocks
FLATTEST = 0.2  # of all blocks are taken for noise alone
FEWEST = 4  # blocks to learn from
WIDE = 15  # side of the square in which a fill's own roughness is measured
SPREAD = 1.3  # it varies so much by chance: what has nearly enough gets nothing
RING = 48  # pixels around the hole that are looked at
MOST = 20_000  # blocks looked at, evenly spread: enough for any picture


@dataclass(frozen=True, eq=False)
class Grain:
    """Noise: `kernel` (8, 8) colours white noise, unit in energy; `mix` (3, 3) makes its channels; `level` is theirs.

    `level` is the standard deviation of the mean of the channels.
    """

    kernel: NDArray[np.float32]
    mix: NDArray[np.float32]
    level: float


def measure(image: Pixels, hole: Hole, white: float) -> Grain | None:
    """The grain of the known pixels; None where there is none, or too little of the picture to tell.

    Of `image` (h, w, 3) blocks with clipped or undefined values are left out: in them noise is cut off.
    """
    height, width = hole.shape
    if height < BLOCK or width < BLOCK:
        return None
    clear = ~hole
    if image.dtype.kind == "f":
        clear &= np.isfinite(image).all(axis=2)
    else:
        clear &= (image > 0).all(axis=2) & (image < white).all(axis=2)
    windows = np.lib.stride_tricks.sliding_window_view
    usable = windows(clear, (BLOCK, BLOCK))[::STEP, ::STEP].all(axis=(2, 3))
    places = np.argwhere(usable)
    if len(places) < FEWEST:
        return None
    places = places[:: -(-len(places) // MOST)]
    blocks = windows(image, (BLOCK, BLOCK), axis=(0, 1))[::STEP, ::STEP][places[:, 0], places[:, 1]]
    noise = _less_plane(blocks.astype(np.float64) / white)  # (n, 3, 8, 8)
    spread = noise.mean(axis=1).var(axis=(1, 2))
    flattest = noise[np.argsort(spread, kind="stable")[: max(FEWEST, round(FLATTEST * len(noise)))]]
    # A plane takes three of the 64 freedoms of a block with it.
    lost = BLOCK**2 / (BLOCK**2 - 3)
    flat = flattest.transpose(1, 0, 2, 3).reshape(3, -1)
    covariance = flat @ flat.T / flat.shape[1] * lost
    level = float(np.sqrt(covariance.mean()))
    if (level * white < 0.3 and image.dtype.kind != "f") or level == 0.0:  # rounding alone makes as much
        return None
    power = (np.abs(np.fft.fft2(flattest)) ** 2).mean(axis=(0, 1))
    power[0, 0] = (power[0, 1] + power[1, 0]) / 2  # the plane has taken it away
    kernel = np.fft.fftshift(np.fft.ifft2(np.sqrt(power)).real)
    kernel /= np.sqrt((kernel**2).sum())
    values, vectors = np.linalg.eigh(covariance)
    mix = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T * white
    return Grain(kernel.astype(np.float32), mix.astype(np.float32), level * white)


def add(filled: Pixels, hole: Hole, grain: Grain, seed: tuple[int, ...]) -> Pixels:
    """`filled` (h, w, 3) with grain inside `hole`, float32: as much as is missing there to the grain's level.

    The same `seed` gives the same grain.
    """
    import cv2

    chance = np.random.default_rng(seed).standard_normal((*hole.shape, 3), dtype=np.float32)
    noise = np.asarray(cv2.filter2D(chance, -1, grain.kernel, borderType=cv2.BORDER_REFLECT)) @ grain.mix.T
    luma = filled.astype(np.float32).mean(axis=2)
    inside = hole.astype(np.float32)

    def around(plane: NDArray[Any], side: int) -> NDArray[np.float32]:
        """The mean over the filled pixels of a square."""
        area = cv2.boxFilter(inside, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
        total = cv2.boxFilter(plane * inside, -1, (side, side), borderType=cv2.BORDER_CONSTANT)
        return np.asarray(total / np.maximum(area, 1e-6), np.float32)

    # Rough where the fill has texture of its own: it differs there from the mean of its neighbourhood.
    has = around((luma - around(luma, 3)) ** 2, WIDE)
    of_grain = around((noise.mean(axis=2) - around(noise.mean(axis=2), 3)) ** 2, WIDE)
    missing = np.sqrt(np.clip(1 - SPREAD * has / np.maximum(of_grain, 1e-30), 0, 1))
    return np.asarray(filled + np.where(hole, missing, 0)[..., None] * noise, np.float32)


def _less_plane(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """(..., 8, 8), each less its mean and its slopes."""
    slope = np.arange(BLOCK) - (BLOCK - 1) / 2
    slope /= np.sqrt((slope**2).sum() * BLOCK)
    flat = blocks - blocks.mean(axis=(-2, -1), keepdims=True)
    for plane in (slope[:, None] * np.ones(BLOCK), slope[None, :] * np.ones((BLOCK, 1))):
        flat = flat - (flat * plane).sum(axis=(-2, -1), keepdims=True) * plane
    return np.asarray(flat)
