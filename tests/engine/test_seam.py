"""The seam solved away: what is shifted, by how much, and what is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lacuna
from lacuna.contract.fill import Composite, Context, Filled, FillOptions, Needs
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine.fill import fill
from lacuna.engine.seam import FEATHER, coarse, composite_named, join, shifted
from lacuna.errors import InvalidParameter
from lacuna.imaging.mask import distance_outside
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region
from tests.engine.backends import Scripted, installed
from tests.engine.test_fill import DTYPES, RUNTIME, ask, masks, picture, put
from tests.pictures import lion

JOINING = [Composite.FEATHER, Composite.POISSON, Composite.SCREENED]
NEEDS = Needs(context=Context(minimum=8, share=0.0))
PHOTO = np.ascontiguousarray(lion()[60:180, 150:310])
BOX = Region(30, 40, 90, 120)


def inside(box: Region = BOX, shape: tuple[int, ...] = PHOTO.shape) -> Hole:
    hole = np.zeros(shape[:2], bool)
    hole[box.slices] = True
    return hole


def joined(filled: NDArray[Any], how: Composite, came_from: Any = None, before: NDArray[Any] = PHOTO) -> NDArray[Any]:
    whole = filled.astype(np.float32)
    white = {np.dtype(np.uint8): 255.0, np.dtype(np.uint16): 65535.0}.get(before.dtype, 1.0)
    whole[BOX.slices] = join(before, filled, inside(), BOX, how, white, came_from)
    return whole


@pytest.mark.parametrize("width", [2.0, 16.0])
def test_the_coarse_part_of_a_difference_is_what_is_large_and_ends_at_the_seam(width: float) -> None:
    side = 30 * round(width)
    box = Region(10, 10, side, side - 10)
    before, hole = np.zeros((side, side, 3), np.uint8), inside(box, (side, side))
    hole[side // 2, 10:20] = False
    ys, xs = np.mgrid[:side, :side]
    large = np.full((side, side, 3), 50, np.float32) + (20 * np.sin(xs / (4 * width)))[..., None].astype(np.float32)
    small = np.where((ys + xs) % 2 == 0, np.float32(40), np.float32(-40))[..., None]
    found = np.zeros_like(large)
    found[box.slices] = coarse(before, large + small, np.zeros_like(large), hole, box, width, 255.0)
    assert (found[~hole] == 0).all()
    deep = slice(side // 2 - 5, side // 2 + 5)
    assert np.abs(found[deep, deep] - large[deep, deep]).max() < 3
    rim = np.abs(found[10, side // 3 : -side // 3])  # a blur alone would leave half of what is inside there
    assert rim.max() < 60 / width


@settings(deadline=None, max_examples=60)
@given(mask=masks(), dtype=DTYPES, how=st.sampled_from(list(Composite)), grey=st.booleans(), grain=st.booleans())
def test_outside_the_mask_no_bit_changes(mask: Any, dtype: str, how: Composite, grey: bool, grain: bool) -> None:
    image = picture(dtype)
    if grey:
        image = np.repeat(image[..., :1], 3, axis=2)
    if (mask > 0).all():
        return
    options = FillOptions(composite=how, grain=grain)
    with installed(Scripted(lambda work: work.image // 2 if dtype != "float32" else work.image / 2, NEEDS)):
        result = fill(ask(image, mask, "scripted", options=options, grey=grey), RUNTIME, Progress())
    after = put(image, result)
    assert np.array_equal(after[mask == 0], image[mask == 0])
    assert result.untouched
    assert np.isfinite(after).all()
    if grey:
        assert np.array_equal(after[..., 0], after[..., 2])


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_fill_that_is_too_dark_all_over_is_brought_to_its_surroundings(dtype: str) -> None:
    scale = {"uint8": 1, "uint16": 257, "float32": 1 / 255}[dtype]
    light = np.maximum(PHOTO, 25).astype(np.float64)
    image, dark = (light * scale).astype(dtype), ((light - 20 * inside()[..., None]) * scale).astype(dtype)
    for how in (Composite.POISSON, Composite.SCREENED):
        far = distance_outside(~inside()) > 6
        error = np.abs(joined(dark, how, before=image) - image)[far & inside()].mean() / scale
        assert error < 9  # of 20; the rest is noise of the seam's own pixels


def test_without_a_step_at_the_seam_by_its_sources_nothing_is_changed() -> None:
    rng = np.random.default_rng(0)
    tile = rng.integers(0, 256, (20, 40, 3)).astype(np.uint8)
    image = np.tile(tile, (6, 5, 1))
    ys, xs = np.mgrid[: image.shape[0], : image.shape[1]]
    came_from = np.stack([ys, (xs + 80) % 200], axis=2).astype(np.int32)  # two tiles on: outside of the hole
    box = Region(30, 40, 90, 80)
    hole = inside(box, image.shape)
    came_from[~hole] = -1
    for how in (Composite.FEATHER, Composite.POISSON):
        assert np.array_equal(join(image, image, hole, box, how, 255.0, came_from), image[box.slices])


def test_a_copy_from_a_darker_place_is_brightened_by_the_step_that_its_source_shows() -> None:
    image = np.full((60, 100, 3), 150, np.uint8)
    image[:, 50:] = 100  # the copies come from here, and keep their steps
    image[::2] += 8
    hole = inside(Region(20, 10, 40, 30), image.shape)
    came_from = np.full((60, 100, 2), -1, np.int32)
    ys, xs = np.nonzero(hole)
    came_from[ys, xs] = np.stack([ys, xs + 60], axis=1)
    copied = image.copy()
    copied[hole] = image[ys, xs + 60]
    found = join(image, copied, hole, Region(20, 10, 40, 30), Composite.POISSON, 255.0, came_from)
    assert np.abs(found - image[20:40, 10:30]).max() < 1


def test_feathering_reaches_no_farther_than_it_says() -> None:
    image = np.full((120, 160, 3), 100, np.uint8)
    filled = image + inside()[..., None] * np.uint8(40)
    found = joined(filled, Composite.FEATHER, before=image)
    depth = distance_outside(~inside())
    assert np.abs(found[(depth > 3 * FEATHER) & inside()] - 140).max() < 5
    assert np.abs(found[(depth <= 1) & inside()] - 100).max() < 8


def test_a_screened_composite_meets_every_pixel_of_the_seam_and_takes_over_shading() -> None:
    ramp = np.repeat(np.linspace(60, 200, 160)[None, :, None], 120, axis=0).repeat(3, axis=2).astype(np.uint8)
    flat = np.where(inside()[..., None], np.uint8(130), ramp)
    assert np.abs(joined(flat, Composite.SCREENED, before=ramp) - ramp)[inside()].max() < 3
    assert np.abs(joined(flat, Composite.POISSON, before=ramp) - ramp)[inside()].mean() < 3


@pytest.mark.parametrize("how", JOINING)
def test_what_lies_under_the_mask_plays_no_part(how: Composite) -> None:
    other = np.where(inside()[..., None], np.uint8(0), PHOTO)
    filled = np.ascontiguousarray(PHOTO[::-1])
    assert np.array_equal(joined(filled, how), joined(filled, how, before=other))


@pytest.mark.parametrize("how", JOINING)
def test_undefined_known_values_say_nothing(how: Composite) -> None:
    image = np.full((120, 160, 3), 0.5, np.float32)
    image[20:100, 38:40] = np.nan
    filled = np.full((120, 160, 3), 0.25, np.float32)
    found = joined(filled, how, before=image)[BOX.slices]
    assert np.isfinite(found).all()
    assert np.abs(found - 0.5)[:, 20:].mean() < (0.26 if how is Composite.FEATHER else 0.05)


@pytest.mark.parametrize("how", JOINING)
def test_a_cancel_is_heard(how: Composite) -> None:
    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        join(PHOTO, PHOTO, inside(), BOX, how, 255.0, None, stop)


def test_a_copy_is_shifted_as_evenly_as_its_surroundings_allow() -> None:
    ys, xs = np.mgrid[:120, :160].astype(np.float32)
    plane = np.stack([0.5 * xs, 40 - 0.25 * ys, 0 * xs], axis=2)  # harmonic: nothing is more even
    copy = PHOTO.astype(np.float32)
    found = shifted(copy + plane, copy, inside(), 255.0)
    assert np.abs(found - copy - plane)[inside()].max() < 0.3


def test_a_copy_with_nothing_around_it_is_not_shifted() -> None:
    copy = np.ascontiguousarray(PHOTO[::-1])
    assert np.array_equal(shifted(PHOTO, copy, np.ones(PHOTO.shape[:2], np.bool_), 255.0), copy)


def test_where_a_copy_or_its_surroundings_are_undefined_they_say_nothing() -> None:
    before, copy = np.full((120, 160, 3), 0.5, np.float32), np.full((120, 160, 3), 0.25, np.float32)
    before[20:100, 38:40] = copy[20:100, 119:121] = np.nan
    found = shifted(before, copy, inside() & np.isfinite(copy[..., 0]), 1.0)
    assert np.abs(found - 0.5)[inside() & np.isfinite(copy[..., 0])].max() < 1e-3


def test_auto_is_what_the_backend_says_and_the_option_overrules_it() -> None:
    image = np.full((60, 60, 3), 100, np.uint8)
    hole = inside(Region(20, 20, 40, 40), image.shape)

    def filled(composite: Composite, said: Composite) -> NDArray[Any]:
        needs = Needs(context=Context(minimum=8, share=0.0), composite=said)
        with installed(Scripted(lambda work: Filled(np.full_like(work.image, 50)), needs)):
            return np.asarray(lacuna.fill(image, hole, "scripted", composite=composite))

    assert (filled(Composite.AUTO, Composite.PLAIN)[hole] == 50).all()
    assert (filled(Composite.AUTO, Composite.POISSON)[hole] >= 98).all()
    assert (filled(Composite.PLAIN, Composite.POISSON)[hole] == 50).all()
    assert (filled(Composite.POISSON, Composite.PLAIN)[hole] >= 98).all()


def test_a_name_that_is_none_is_told_with_those_there_are() -> None:
    with pytest.raises(InvalidParameter, match="glue") as caught:
        composite_named("glue")
    assert "screened" in caught.value.hint
