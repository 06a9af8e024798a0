"""Pictures with a mosaic of which all is known, as tests need them."""

from __future__ import annotations

import itertools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import Region


def pixelated(
    picture: NDArray[Any], region: Region, size: float | tuple[float, float], offset: tuple[int, int] = (0, 0)
) -> NDArray[Any]:
    """A copy in which the region shows the means of its blocks; its borders cut those that do not fit."""
    height, width = size if isinstance(size, tuple) else (size, size)
    rows = lines(region.y0, region.y1, offset[0], height)
    columns = lines(region.x0, region.x1, offset[1], width)
    out = picture.copy()
    for top, bottom in itertools.pairwise(rows):
        for left, right in itertools.pairwise(columns):
            block = picture[top:bottom, left:right]
            mean = block.reshape(-1, 3).mean(axis=0)
            out[top:bottom, left:right] = mean if np.issubdtype(picture.dtype, np.floating) else np.rint(mean)
    return out


def lines(begin: int, end: int, offset: int, size: float) -> list[int]:
    """Where blocks begin and end within a region: one is at `begin + offset`."""
    places = (
        int(np.floor(begin + offset + number * size + 0.5)) for number in range(-1, int((end - begin) / size) + 2)
    )
    return [begin, *(place for place in places if begin < place < end), end]


def as_jpeg(picture: NDArray[Any], quality: int) -> NDArray[Any]:
    """What is left of an RGB picture in a JPEG file."""
    done, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1])


def masked(picture: NDArray[Any], region: Region) -> NDArray[np.uint8]:
    """A mask of the region, (H, W) uint8."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[region.slices] = 255
    return mask
