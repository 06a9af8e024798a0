"""A true picture and two fills of a hole in it, for figures that other libraries gave for just these."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.pictures import lion

HOLE = np.zeros((200, 224), bool)
HOLE[60:140, 70:170] = True


def truth() -> NDArray[Any]:
    return np.array(lion()[100:300, 200:424])


def moved() -> NDArray[Any]:
    """Texture from elsewhere."""
    filled = truth()
    filled[HOLE] = np.roll(truth(), (17, 23), axis=(0, 1))[HOLE]
    return filled


def dulled() -> NDArray[Any]:
    """Half the contrast."""
    filled = truth()
    filled[HOLE] = filled[HOLE] // 2 + 40
    return filled
