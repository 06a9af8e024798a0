"""A blank mask pays for the pixels that are painted, and for few around them."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from lacuna.imaging.blank import blank

MIB = 1 << 20


def resident() -> int:
    """Bytes of this process that lie in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE


@pytest.mark.parametrize("shape", [(0, 7), (1, 1), (300, 500)])
def test_a_blank_mask_is_zeros_that_can_be_written_to(shape: tuple[int, int]) -> None:
    mask = blank(shape)
    assert (mask.shape, mask.dtype) == (shape, np.uint8)
    assert not mask.any()
    mask[...] = 255
    assert mask.all()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no huge pages to be kept from")
def test_dots_all_over_a_blank_mask_cost_no_more_than_a_small_page_each() -> None:
    mask = blank((8192, 12288))
    before = resident()
    mask.reshape(-1)[:: 2 * MIB] = 255
    assert resident() - before < 2 * MIB  # huge pages would be 96
