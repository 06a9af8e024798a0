"""In how many calls, and at what size, a backend that takes one size alone is shown a hole."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from lacuna.contract.fill import Needs, SizeRule
from lacuna.engine.sections import detail_lost, sections, smallest
from lacuna.imaging.photo import Hole

NEEDS = Needs(size=SizeRule(64, 64, 64, 64))


def holes() -> dict[str, Hole]:
    found = {name: np.zeros((400, 611), np.uint8) for name in ("speck", "square", "scratch", "specks", "border", "bar")}
    found["speck"][200, 300] = 1
    found["square"][100:301, 200:405] = 1
    cv2.line(found["scratch"], (3, 3), (600, 390), 1, 3)
    found["specks"][::97, ::61] = 1
    found["border"][:, :31] = 1
    found["bar"][190:203, 10:600] = 1
    return {name: hole > 0 for name, hole in found.items()}


@pytest.mark.parametrize("name", holes())
def test_no_call_is_larger_than_allowed_and_every_pixel_is_filled_once(name: str) -> None:
    hole = holes()[name]
    count = np.zeros(hole.shape, int)
    for part in sections(hole, NEEDS):
        assert max(part.size) <= 64
        count[part.core.slices] += hole[part.core.slices]
    assert np.array_equal(count, hole.astype(int))


def test_a_call_may_be_longer_than_is_comfortable_but_not_than_is_allowed() -> None:
    (free,) = sections(holes()["bar"], Needs(size=SizeRule(8, 8, 384)))
    (bounded,) = sections(holes()["bar"], Needs(size=SizeRule(8, 8, 384, 400)))
    assert (max(free.size), max(bounded.size)) == (576, 400)


def test_detail_is_lost_by_a_smaller_size_and_by_weights_that_paint_none() -> None:
    size = SizeRule(8, 8, 256)

    def lost(name: str, needs: Needs) -> float | None:
        return detail_lost(sections(holes()[name], needs), needs)

    assert lost("speck", Needs(size=size, detail="patchmatch")) is None
    assert lost("speck", Needs(size=size, detail="patchmatch", fine=8.0)) == 8.0
    assert lost("speck", Needs(size=size, fine=8.0)) is None  # nothing brings it back
    smaller = lost("square", Needs(size=size, detail="patchmatch"))
    assert smaller is not None
    assert smaller > 1.5
    assert lost("square", Needs(size=size, detail="patchmatch", fine=8.0)) == pytest.approx(8 * smaller)


def test_where_smaller_crops_are_padded_again_nothing_is_gained_by_them() -> None:
    assert smallest(holes()["square"], NEEDS, 0)
    assert not smallest(holes()["square"], Needs(size=SizeRule(8, 8, 64)), 0)
