"""All measures of a fill together: which picture, which part of it, and which rectangle they look at."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lacuna.imaging.region import Region
from lacuna.metrics import library
from lacuna.metrics.fidelity import l1, psnr, tv
from lacuna.metrics.measures import Truth
from tests.metrics.spoilt import HOLE, moved, truth
from tests.pictures import lion


def test_the_truth_itself_is_perfect_in_everything() -> None:
    found = Truth(truth(), HOLE)
    inside, box = found.measure(truth()), found.measure_box(truth())
    assert (inside.psnr, inside.l1, inside.l2, inside.detail, inside.swd, inside.gmsd) == (np.inf, 0, 0, 1, 0, 0)
    assert inside.tv == inside.tv_truth > 0
    assert inside.seam == pytest.approx(1, abs=0.1)
    assert (box.psnr, box.l1, box.l2, box.gmsd) == (np.inf, 0, 0, 0)
    assert (box.ssim, box.ms_ssim, box.vif) == pytest.approx((1, 1, 1), abs=1e-6)


def test_over_the_box_known_pixels_count_and_in_the_hole_they_do_not() -> None:
    picture = np.array(lion()[:384, :500])
    hole = np.zeros((384, 500), bool)
    hole[100:300, 150:350] = np.tri(200, 200, dtype=bool)  # half of its box, nearly
    filled = picture.copy()
    filled[hole] += 20
    found = Truth(picture, hole)
    assert found.box == Region(100, 150, 300, 350)
    inside, box = found.measure(filled), found.measure_box(filled)
    assert box.l1 == pytest.approx(inside.l1 * np.count_nonzero(hole) / 200**2)
    assert box.psnr == psnr(picture[100:300, 150:350], filled[100:300, 150:350], np.ones((200, 200), bool))
    assert box.tv == tv(filled[100:300, 150:350], np.ones((200, 200), bool))
    assert inside.l1 == l1(picture, filled, hole)


@pytest.mark.parametrize(
    ("hole", "box"),
    [
        (Region(150, 200, 190, 240), Region(82, 132, 258, 308)),  # widened evenly to 176
        (Region(0, 0, 10, 300), Region(0, 0, 176, 300)),  # from the border inwards
        (Region(374, 490, 384, 500), Region(208, 324, 384, 500)),
    ],
)
def test_a_small_box_is_widened_until_it_can_be_measured(hole: Region, box: Region) -> None:
    marked = np.zeros((384, 500), bool)
    marked[hole.slices] = True
    found = Truth(np.array(lion()[:384, :500]), marked)
    assert found.box == box
    assert found.measure_box(found.pixels).ms_ssim == pytest.approx(1)


def test_what_a_picture_is_too_small_for_is_left_out() -> None:
    small = Truth(truth()[60:140, 70:170], HOLE[60:140, 70:170] & np.tri(80, 100, dtype=bool))
    box = small.measure_box(moved()[60:140, 70:170])
    assert small.box == Region(0, 0, 80, 100)
    assert box.ms_ssim is None
    assert box.vif is not None
    flat = Truth(np.full((60, 60, 3), 90, np.uint8), HOLE[60:120, 60:120])
    assert flat.measure_box(flat.pixels).vif is None
    assert Truth(truth()[60:90, 70:170], HOLE[60:90, 70:170]).measure_box(moved()[60:90, 70:170]).vif is None


def test_without_the_extra_the_rest_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Truth(truth(), HOLE)
    whole = found.measure_box(moved())
    monkeypatch.setattr(library, "installed", lambda: False)
    assert found.measure_box(moved()) == dataclasses.replace(whole, ms_ssim=None, vif=None)
