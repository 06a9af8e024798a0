"""Cuts and windows: every hole pixel once, no foreign one in a crop, and soon enough."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lacuna.contract.fill import Context, FillOptions, Needs, SizeRule
from lacuna.engine.composite import weights
from lacuna.engine.plan import cuts, estimate, windows_for
from lacuna.imaging.mask import bounds, components
from lacuna.imaging.mask import grow as grown
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region

CONTEXTS = st.builds(Context, minimum=st.integers(0, 40), share=st.sampled_from([0.0, 0.5, 1.0]), even=st.booleans())


@st.composite
def holes(draw: st.DrawFn, largest: int = 220) -> Hole:
    """A few rectangles and single pixels, anywhere, the border included."""
    height, width = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 8))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        hole[y : y + draw(st.integers(1, 40)), x : x + draw(st.integers(1, 40))] = True
    return hole


def by_definition(hole: Hole, context: Context) -> set[Region]:
    """Boxes of connected parts, two joined wherever one lies in the context of the other, until none does."""
    boxes = list(components(hole).boxes)
    while True:
        for i, a in enumerate(boxes):
            j = next((j for j, b in enumerate(boxes) if j != i and b.overlaps(context.around(a, hole.shape))), None)
            if j is not None:
                joined = a.union(boxes[j])
                boxes = [box for k, box in enumerate(boxes) if k not in (i, j)] + [joined]
                break
        else:
            return set(boxes)


@settings(deadline=None, max_examples=200)
@given(holes(), CONTEXTS)
def test_every_hole_pixel_is_in_exactly_one_cut_and_no_crop_holds_a_foreign_one(hole: Hole, context: Context) -> None:
    count = np.zeros(hole.shape, int)
    for cut in cuts(hole, Needs(context=context)):
        assert bounds(hole[cut.box.slices]) == Region.whole((cut.box.height, cut.box.width))
        assert np.count_nonzero(hole[cut.crop.slices]) == np.count_nonzero(hole[cut.box.slices])
        assert cut.crop == context.around(cut.box, hole.shape)
        count[cut.box.slices] += hole[cut.box.slices]
    assert np.array_equal(count, hole)


def test_what_the_border_cuts_off_is_seen_on_the_other_side() -> None:
    context = Context(minimum=100, share=0.0, even=True)
    assert context.around(Region(30, 200, 50, 210), (400, 500)) == Region(0, 100, 220, 310)
    assert context.around(Region(30, 480, 350, 500), (400, 500)) == Region(0, 280, 400, 500)
    assert context.around(Region(0, 0, 20, 20), (60, 500)) == Region(0, 0, 60, 220)


@settings(deadline=None, max_examples=200)
@given(holes(), CONTEXTS)
def test_the_division_is_the_smallest_one_that_is_possible(hole: Hole, context: Context) -> None:
    assert {cut.box for cut in cuts(hole, Needs(context=context))} == by_definition(hole, context)


@settings(deadline=None, max_examples=100)
@given(holes(), CONTEXTS, st.sampled_from([0.0, 1.0, 2.5, 9.0]), st.booleans())
def test_windows_lead_to_the_same_cuts_as_the_whole_picture(
    hole: Hole, context: Context, growth: float, told_where: bool
) -> None:
    needs, options = Needs(context=context), FillOptions(grow=growth)
    mask = hole.astype(np.uint8) * np.uint8(255)
    whole = {(cut.box, cut.crop) for cut in cuts(weights(mask, options) > 0, needs)}
    windowed = set()
    for window in windows_for(mask, needs, options, bounds(mask) if told_where else None):
        for cut in cuts(weights(mask[window.slices], options) > 0, needs):
            box, crop = (r.shift(window.y0, window.x0) for r in (cut.box, cut.crop))
            assert (box, crop) not in windowed
            windowed.add((box, crop))
    assert windowed == whole


@given(arrays(bool, (30, 40)))
def test_neighbours_within_the_context_are_filled_together(hole: Hole) -> None:
    assert len(cuts(hole, Needs(context=Context(minimum=40)))) == int(hole.any())


def test_an_empty_mask_needs_no_window() -> None:
    mask = np.zeros((300, 300), np.uint8)
    assert windows_for(mask, Needs(), FillOptions()) == ()
    assert estimate(mask, Needs(), FillOptions()).pixels == 0


def test_a_ring_around_a_hole_is_one_cut_with_it() -> None:
    hole = np.zeros((200, 200), bool)
    hole[10:190, 10:190] = True
    hole[20:180, 20:180] = False
    hole[99:101, 99:101] = True
    assert [cut.box for cut in cuts(hole, Needs(context=Context(minimum=10, share=0.0)))] == [Region(10, 10, 190, 190)]


@pytest.mark.parametrize("minimum", [10, 128])
def test_thousands_of_specks_are_planned_fast(minimum: int) -> None:
    generator = np.random.default_rng(1)
    mask = np.zeros((4000, 6000), np.uint8)
    mask[generator.integers(0, 4000, 8000), generator.integers(0, 6000, 8000)] = 255
    needs, options = Needs(context=Context(minimum=minimum, share=0.0)), FillOptions()
    start = time.process_time()
    windows = windows_for(mask, needs, options)
    found = sum(len(cuts(mask[window.slices] > 0, needs)) for window in windows)
    assert time.process_time() - start < 2.5  # 0.3 to 0.5 s when the machine has nothing else to do
    assert found == len(cuts(mask > 0, needs))


def test_looking_at_a_hundred_megapixels_is_cheap() -> None:
    mask = np.zeros((8660, 11547), np.uint8)
    mask[100:700, 200:900] = 255
    mask[8000:8100, 11000:11100] = 255
    windows_for(mask[:64, :64], Needs(), FillOptions())  # the first use imports OpenCV
    start = time.process_time()
    windows = windows_for(mask, Needs(), FillOptions())
    guess = estimate(mask, Needs(), FillOptions())
    assert time.process_time() - start < 0.1  # 10 ms when the machine has nothing else to do
    assert len(windows) == 2
    assert guess.pixels == 600 * 700 + 100 * 100


def test_the_estimate_follows_the_hole_the_speed_and_the_memory_asked_for() -> None:
    mask = np.zeros((1000, 1000), np.uint8)
    mask[100:600, 100:600] = 255
    needs = Needs(megapixel_seconds=4.0, bytes_per_pixel=100.0)
    guess = estimate(mask, needs, FillOptions())
    assert guess.pixels == 250_000
    assert 1.0 < guess.seconds < 1.1
    assert guess.bytes > 100 * 250_000
    assert estimate(mask, needs, FillOptions(grow=10)).pixels == pytest.approx(520 * 520, rel=0.01)
    assert estimate(mask, needs, FillOptions(), backend="x", paces={"x": 2.0}).seconds == pytest.approx(
        2 * guess.seconds, rel=0.05
    )
    assert 3.0 < estimate(mask, replace(needs, least_seconds=3.0), FillOptions()).seconds < 3.1
    rimmed = estimate(mask, replace(needs, rim_seconds=1.0), FillOptions())
    assert rimmed.seconds == pytest.approx(guess.seconds + 2.0, rel=0.01)  # 2000 pixels along the rim


def test_the_estimate_counts_the_detail_that_soft_weights_ask_for() -> None:
    mask = np.zeros((400, 500), np.uint8)
    mask[150:250, 200:300] = 255
    detail = Needs(megapixel_seconds=100.0, bytes_per_pixel=500.0, starts=True)
    sharp = Needs(size=SizeRule(comfortable=512), detail="patchmatch")
    soft = replace(sharp, fine=16.0)
    first, second = (estimate(mask, needs, FillOptions(), detail=detail) for needs in (sharp, soft))
    assert second.seconds == pytest.approx(first.seconds + 1.0, rel=0.01)  # 10,000 pixels
    assert second.bytes > 5 * first.bytes
    slower = estimate(mask, soft, FillOptions(), detail=detail, paces={"patchmatch+start": 3.0})
    assert slower.seconds == pytest.approx(first.seconds + 3.0, rel=0.01)


@pytest.mark.parametrize("grow", [0.0, 3.0, 6.0])
def test_the_estimate_of_strewn_specks_counts_what_is_filled(grow: float) -> None:
    mask = np.zeros((2000, 3000), np.uint8)
    for y, x in np.random.default_rng(2).integers(20, 1980, (60, 2)).tolist():
        mask[y : y + 4, x : x + 4] = 255
    filled = np.count_nonzero(grown(mask, grow))
    guess = estimate(mask, Needs(), FillOptions(grow=grow))
    assert guess.pixels == pytest.approx(filled, rel=0.15)


def test_thin_marks_take_what_a_backend_says_of_them() -> None:
    needs = Needs(megapixel_seconds=1000.0, marks=Needs(rim_seconds=1.0))
    line, square = np.zeros((2, 600, 1000), np.uint8)
    line[300:304, 100:900] = 255
    square[300:360, 300:360] = 255
    assert estimate(line, needs, FillOptions()).seconds == pytest.approx(1.6, abs=0.1)
    assert estimate(square, needs, FillOptions()).seconds == pytest.approx(3.6, abs=0.1)
