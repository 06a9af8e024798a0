"""Real photographs for tests, decoded once, and writing them. Take crops and copies: the arrays are read-only."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lacuna import paths


@cache
def lion() -> NDArray[Any]:
    """The sample photo of a lion, (H, W, 3) uint8 RGB."""
    found = cv2.imread(str(paths.resources() / "samples" / "lion.jpg"))
    assert found is not None
    pixels = np.ascontiguousarray(found[..., ::-1])
    pixels.flags.writeable = False
    return pixels


def write(path: Path, pixels: NDArray[Any]) -> Path:
    """Write an RGB picture or a mask, losslessly if the name says so."""
    assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return path
