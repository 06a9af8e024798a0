"""Large pictures for benchmarks, made from a sample photo: mirrored to size, with sensor-like noise on top."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lacuna import paths
from lacuna.imaging import files
from lacuna.imaging.photo import Mask, Pixels

SIZES = {24: (4000, 6000), 100: (8192, 12288)}  # megapixels -> (height, width)


def large(megapixels: int) -> Pixels:
    """(H, W, 3) uint8: detail and noise as in a camera picture, so that codecs and fills do real work."""
    height, width = SIZES[megapixels]
    sample = files.read(sorted((paths.resources() / "samples").glob("*.jpg"))[0]).pixels
    mirrored = np.concatenate([sample, sample[::-1]], axis=0)
    mirrored = np.concatenate([mirrored, mirrored[:, ::-1]], axis=1)
    down, across = -(-height // mirrored.shape[0]), -(-width // mirrored.shape[1])
    picture = np.ascontiguousarray(np.tile(mirrored, (down, across, 1))[:height, :width])  # as a decoder leaves it
    noise = np.random.default_rng(0).integers(-3, 4, (512, 512, 3), np.int8)
    for y in range(0, height, 512):
        for x in range(0, width, 512):
            block = picture[y : y + 512, x : x + 512]
            part = noise[: block.shape[0], : block.shape[1]]
            block[...] = np.clip(block.astype(np.int16) + part, 0, 255).astype(np.uint8)
    return picture


def square_hole(shape: tuple[int, ...], side: int) -> Mask:
    """(H, W) uint8: a square hole of `side` pixels in the middle."""
    mask = np.zeros(shape[:2], np.uint8)
    y, x = (shape[0] - side) // 2, (shape[1] - side) // 2
    mask[y : y + side, x : x + side] = 255
    return mask


def write_jpeg(pixels: Pixels, path: Path) -> Path:
    """A baseline JPEG of quality 90, 4:2:0, as cameras write."""
    from PIL import Image

    Image.fromarray(pixels).save(path, quality=90, subsampling=2, progressive=False)
    return path
