"""Completion by patches: regular things go on as they were, nothing under the mask counts, threads change nothing."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.backends.patch_islands import islands
from lacuna.backends.patch_levels import level_of
from lacuna.backends.patch_offsets import dominant
from lacuna.backends.patchmatch import PatchMatchParams
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.errors import UnsuitableMask
from lacuna.imaging.photo import Hole
from tests.backends.completion import Impatient, completed
from tests.pictures import lion


def square(shape: tuple[int, ...], y: int, x: int, side: int) -> Hole:
    hole = np.zeros(shape[:2], bool)
    hole[y : y + side, x : x + side] = True
    return hole


def crop() -> NDArray[np.uint8]:
    return np.ascontiguousarray(lion()[150:360, 250:480])


@pytest.mark.parametrize("period", [(12, 16), (9, 21), (24, 10)])
def test_a_periodic_texture_goes_on_in_phase(period: tuple[int, int]):
    tile = np.random.default_rng(5).integers(0, 256, (*period, 3), np.uint8)
    image = np.tile(tile, (-(-200 // period[0]), -(-220 // period[1]), 1))[:200, :220]
    hole = square(image.shape, 70, 80, 50)
    filled = lacuna.fill(image, hole, "patchmatch")
    different = np.abs(filled[hole].astype(int) - image[hole]).max(axis=1) > 8
    assert different.mean() < 0.02


def facade() -> NDArray[np.uint8]:
    """Rows of windows in an unevenly lit wall, with noise."""
    y, x = np.mgrid[:420, :520]
    window = (y % 61 > 14) & (y % 61 < 50) & (x % 47 > 10) & (x % 47 < 36)
    wall = 150 + 20 * np.sin(x / 90)
    image = np.where(window, 60, wall) + np.where(window & (y % 61 == 32), 60, 0)
    noise = np.random.default_rng(0).normal(0, 6, (420, 520, 3))
    return np.clip(image[..., None] + noise, 0, 255).astype(np.uint8)


def test_rows_of_windows_go_on_behind_a_hole_several_windows_wide():
    image = facade()
    hole = np.zeros(image.shape[:2], bool)
    hole[120:300, 160:360] = True

    def error(params: PatchMatchParams) -> float:
        return float(((completed(image, hole, params=params).image[hole].astype(float) - image[hole]) ** 2).mean())

    regular, plain = (error(PatchMatchParams(regular=regular)) for regular in (True, False))
    assert 10 * np.log10(65025 / regular) > 25
    assert regular < plain / 10**0.2  # 2 dB


def test_the_distances_at_which_a_picture_repeats_itself_are_found():
    image = facade()
    rgbx = np.concatenate([image, np.full((*image.shape[:2], 1), 40, np.uint8)], axis=2)
    hole = square(image.shape, 150, 200, 60)
    level = level_of(cv2, rgbx, hole, ~hole)
    assert level is not None
    places = np.flatnonzero(level.allowed).astype(np.int32)
    level.sums[3::4] = 40 * 64
    y, x = places // level.width, places % level.width
    across = (x + 47 < level.width - 8) & (np.arange(places.size) % 2 == 0)
    down = ~across & (y + 61 < level.height - 8)
    anywhere = np.random.default_rng(0).permutation(places)
    sources = np.where(across, places + 47, np.where(down, places + 61 * level.width, anywhere)).astype(np.int32)
    found = dominant(cv2, level, places, sources)
    assert {tuple(offset) for offset in found[:4].tolist()} == {(0, 47), (0, -47), (61, 0), (-61, 0)}
    assert len(found) == 4  # what chance brings is left out


def test_however_deep_in_a_hole_every_vote_counts():
    hole = square((1000, 1000), 20, 20, 960)
    level = level_of(cv2, np.zeros((1000, 1000, 4), np.uint8), hole, ~hole)
    assert level is not None
    lightest = float(level.trust.min()) * 4000.0**-3.0  # the worst fit there is, at the highest sharpness
    assert np.float32(64 * lightest) > np.finfo(np.float32).tiny


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_a_straight_edge_stays_straight_across_a_hole(slope: float):
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:220, :240]
    above = (y - 110) < slope * (x - 120)
    image = np.where(above[..., None], [190, 200, 210], [70, 60, 40]) + rng.integers(-4, 5, (220, 240, 3))
    image = image.astype(np.uint8)
    hole = square(image.shape, 85, 95, 50)
    filled = lacuna.fill(image, hole, "patchmatch")
    wrong = (filled[..., 0] > 130) != above
    across = np.abs((y - 110) - slope * (x - 120)) / np.hypot(1, slope)
    assert not (wrong & (across > 2.5)).any()
    assert wrong[hole].mean() < 0.02


def test_known_pixels_are_bit_identical_and_what_lay_under_the_mask_does_not_matter():
    image = crop()
    hole = square(image.shape, 60, 70, 60)
    first = lacuna.fill(image, hole, "patchmatch")
    for other in (0, 255, None):
        covered = image.copy()
        covered[hole] = np.random.default_rng(0).integers(0, 256, (hole.sum(), 3)) if other is None else other
        assert np.array_equal(lacuna.fill(covered, hole, "patchmatch"), first)
    assert np.array_equal(first[~hole], image[~hole])
    assert not np.array_equal(first, image)


def test_a_seed_gives_the_same_pixels_whatever_the_number_of_threads():
    image = crop()
    hole = square(image.shape, 30, 40, 130)  # enough targets for several bands
    alone = completed(image, hole, seed=3)
    for threads in (2, 5):
        several = completed(image, hole, seed=3, threads=threads)
        assert np.array_equal(alone.image, several.image)
        assert np.array_equal(alone.came_from, several.came_from)
    assert not np.array_equal(alone.image, completed(image, hole, seed=4).image)


def test_every_filled_pixel_says_from_which_known_one_it_came():
    image = crop()
    hole = square(image.shape, 60, 70, 50)
    filled = completed(image, hole)
    assert filled.came_from is not None
    y, x = filled.came_from[hole].T
    assert not hole[y, x].any()
    assert (filled.came_from[~hole] == -1).all()
    difference = np.abs(filled.image[hole].astype(int) - image[y, x])
    assert difference.mean() < 12  # an average of the patches there, of which the best weighs most


def strewn(side: int = 700) -> tuple[NDArray[Any], Hole]:
    """Marks strewn over a picture: two far from all others, two that almost touch, one in the corner."""
    image = np.ascontiguousarray(np.tile(crop(), (4, 4, 1))[:side, :side])
    hole = np.zeros((side, side), bool)
    for y, x in ((100, 120), (110, 500), (130, 510), (560, 300), (side - 12, side - 9)):
        hole[y : y + 12, x : x + 9] = True
    return image, hole


def test_holes_far_apart_are_islands_that_share_no_pixel():
    image, hole = strewn()
    found = islands(cv2, FillWork(image, hole, 255.0))
    assert len(found) == 4
    together = np.zeros(hole.shape, int)
    for area, own in found:
        together[area.slices] += own
    assert np.array_equal(together, hole)
    assert sum(area.area for area, _own in found) < hole.size / 2
    near = square(hole.shape, 100, 100, 300)
    assert len(islands(cv2, FillWork(image, near | hole, 255.0))) == 1  # so large that nothing would be saved
    assert len(islands(cv2, FillWork(image, hole, 255.0, sources=~hole))) == 1


def test_an_island_does_not_hang_on_what_is_far_away():
    image, hole = strewn()
    filled = completed(image, hole)
    assert filled.came_from is not None
    assert not hole[tuple(filled.came_from[hole].T)].any()
    assert np.array_equal(filled.image[~hole], image[~hole])
    elsewhere = image.copy()
    elsewhere[:, 300:] = 255 - elsewhere[:, 300:]
    others = hole.copy()
    others[:, 300:] = False
    others[600:610, 600:640] = others[650:660, 20:60] = True
    again = completed(elsewhere, others)
    assert np.array_equal(again.image[:300, :300], filled.image[:300, :300])


def test_islands_are_shown_in_their_place():
    image, hole = strewn()
    shown: list[tuple[Any, NDArray[Any]]] = []
    filled = completed(image, hole, progress=Progress(None, lambda region, pixels: shown.append((region, pixels))))
    for region, pixels in shown:
        assert pixels.shape == (region.height, region.width, 3)
        known = ~hole[region.slices]
        assert np.array_equal(pixels[known], image[region.slices][known])
    at = {(region.y0, region.x0): pixels for region, pixels in shown}
    assert np.abs(at[100, 120].astype(int) - filled.image[100:112, 120:129]).mean() < 12


def test_nothing_comes_from_outside_the_sources():
    image = crop()
    image[:, 115:] = [200, 0, 0]
    hole = square(image.shape, 60, 20, 40)
    sources = np.zeros(hole.shape, bool)
    sources[:, :115] = True
    filled = completed(image, hole, sources=sources)
    assert filled.came_from is not None
    y, x = filled.came_from[hole].T
    assert sources[y, x].all()


def test_deep_pictures_are_filled_in_their_own_depth():
    rng = np.random.default_rng(1)
    ramp = 30000 + 3 * np.arange(160)[None, :, None] + rng.integers(0, 40, (120, 160, 1))
    image = ramp.repeat(3, axis=2).astype(np.uint16)
    hole = square(image.shape, 50, 60, 24)
    filled = completed(image, hole).image
    assert filled.dtype == np.uint16
    assert np.abs(filled[hole].astype(int) - image[hole]).max() < 150  # a step of 8 bits is 257
    floats = completed((image / np.float32(65535)).astype(np.float32), hole).image
    assert np.abs(floats[hole] * 65535 - filled[hole]).max() < 60


@pytest.mark.parametrize("factor", [2.0**-30, 256.0, 2.0**20])
def test_floats_are_filled_alike_whatever_their_range(factor: float):
    image = (crop() / np.float32(255)).astype(np.float32)
    hole = square(image.shape, 60, 70, 40)
    usual = completed(image, hole).image[hole]
    scaled = completed((image * np.float32(factor)).astype(np.float32), hole).image[hole] / np.float32(factor)
    assert np.abs(usual - scaled).max() < 1e-5


def test_a_picture_of_one_colour_stays_so():
    image = np.full((60, 60, 3), 77, np.uint8)
    hole = square(image.shape, 20, 20, 20)
    assert (lacuna.fill(image, hole, "patchmatch") == 77).all()


def test_holes_at_the_border_and_in_corners_are_filled():
    image = crop()
    hole = square(image.shape, 0, 0, 40) | square(image.shape, 170, 190, 40)
    filled = completed(image, hole)
    assert filled.came_from is not None
    assert (filled.came_from[hole] >= 0).all()
    assert filled.image[hole].std() > 3


@pytest.mark.parametrize("shape", [(1, 1), (7, 60), (60, 7), (8, 8), (9, 12)])
def test_a_picture_with_no_whole_patch_to_copy_is_refused_with_a_remedy(shape: tuple[int, int]):
    image = np.zeros((*shape, 3), np.uint8)
    hole = np.zeros(shape, bool)
    hole[shape[0] // 2, shape[1] // 2] = True
    with pytest.raises(UnsuitableMask, match="8 × 8") as error:
        completed(image, hole)
    assert error.value.hint


def test_sources_smaller_than_a_patch_are_refused():
    image = crop()
    hole = square(image.shape, 60, 70, 40)
    sources = square(image.shape, 10, 10, 7)
    with pytest.raises(UnsuitableMask, match="copy from"):
        completed(image, hole, sources=sources)


def test_one_source_patch_is_enough():
    image = crop()
    hole = square(image.shape, 60, 70, 40)
    sources = square(image.shape, 10, 10, 8)
    filled = completed(image, hole, sources=sources)
    assert filled.came_from is not None
    assert set(map(tuple, filled.came_from[hole].tolist())) <= {(y, x) for y in range(10, 18) for x in range(10, 18)}


@pytest.mark.parametrize("after", [0, 1, 5, 40])
def test_a_cancel_is_heard_between_steps(after: int):
    progress = Impatient(after)
    image = crop()
    with pytest.raises(Cancelled):
        completed(image, square(image.shape, 40, 50, 100), progress=progress)
    assert progress.told == after + 1


def test_the_growing_fill_is_shown_from_coarse_to_fine():
    image = crop()
    hole = square(image.shape, 31, 43, 121)
    shown: list[tuple[Any, NDArray[Any]]] = []
    progress = Progress(None, lambda region, pixels: shown.append((region, pixels)))
    filled = completed(image, hole, params=PatchMatchParams(start=32), progress=progress)
    assert len(shown) >= 3
    errors = []
    for region, pixels in shown:
        assert pixels.shape == (region.height, region.width, 3)
        known = ~hole[region.slices]
        assert np.array_equal(pixels[known], image[region.slices][known])
        errors.append(np.abs(pixels.astype(int) - filled.image[region.slices]).mean())
    assert errors[-1] < errors[0]


def test_from_a_start_that_knows_only_what_is_large_the_structure_is_found_as_from_none():
    tile = np.random.default_rng(5).integers(0, 256, (12, 16, 3), np.uint8)
    image = np.tile(tile, (17, 14, 1))[:200, :220]
    hole = square(image.shape, 70, 80, 50)
    start = np.where(hole[..., None], image[~hole].mean(axis=0), image).astype(np.float32)
    filled = completed(image, hole, start=start, coarse=32.0).image
    different = np.abs(filled[hole].astype(int) - image[hole]).max(axis=1) > 8
    assert different.mean() < 0.02


def test_holes_far_apart_each_go_on_from_their_own_part_of_a_start():
    image = cv2.resize(lion(), (800, 800), interpolation=cv2.INTER_AREA)
    hole = square(image.shape, 40, 40, 100) | square(image.shape, 640, 640, 100)
    start = cv2.GaussianBlur(image, (0, 0), 3.0).astype(np.float32)
    backend = registry.loaded("patchmatch", Runtime())

    def error(where: Hole) -> float:
        work = FillWork(np.where(hole[..., None], 0, image).astype(np.uint8), where, 255.0, start=start, coarse=4.0)
        filled = backend.fill(work, PatchMatchParams(), Progress()).image
        return float(np.abs(filled[640:740, 640:740].astype(float) - image[640:740, 640:740]).mean())

    alone = error(square(image.shape, 640, 640, 100))
    assert error(hole) < 1.3 * alone
