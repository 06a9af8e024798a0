"""Empty masks whose memory comes in small pages: nothing is paid for before it is painted on, and then little."""

from __future__ import annotations

import contextlib
import math
import mmap
import sys

import numpy as np

from lacuna.imaging.photo import Mask


def blank(shape: tuple[int, ...]) -> Mask:
    """Zeros (H, W) that cost no memory until they are written to.

    `np.zeros` asks Linux for huge pages: the first touch of each has 2 MiB cleared, and a stroke that comes to a new
    one waited 4 to 9 ms. Here it waits for 4 KiB at a time, whatever the system does by itself.
    """
    size = math.prod(shape)
    if sys.platform != "linux" or not size:
        return np.zeros(shape, np.uint8)
    pages = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with contextlib.suppress(OSError):  # a kernel built without huge pages knows no such advice
        pages.madvise(mmap.MADV_NOHUGEPAGE)
    return np.frombuffer(pages, np.uint8, size).reshape(shape)
