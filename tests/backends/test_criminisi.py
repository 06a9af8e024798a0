"""Criminisi: every pixel is one of the picture's, edges run on, nothing under the mask matters, any depth."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lacuna
from lacuna.backends import criminisi as backend
from lacuna.backends.criminisi import Criminisi, CriminisiParams, Method, Search
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import UnsuitableMask
from lacuna.imaging.photo import Hole
from lacuna.imaging.region import Region
from tests.pictures import lion

WHITE = {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}
WHOLE = CriminisiParams(search=Search.WHOLE)
CHANCE = CriminisiParams(search=Search.WHOLE, method=Method.PATCHMATCH)


def run(
    image: NDArray[Any],
    hole: Hole,
    params: CriminisiParams = CriminisiParams(),  # noqa: B008
    *,
    sources: Hole | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: Progress | None = None,
) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """The filled crop and where its pixels came from."""
    made = Criminisi()
    made.load(Runtime(threads=threads))
    work = FillWork(np.ascontiguousarray(image), hole, WHITE[image.dtype.name], sources=sources, seed=seed)
    filled = made.fill(work, params, progress or Progress())
    assert filled.came_from is not None
    return filled.image, filled.came_from


def photo(dtype: str, height: int = 110, width: int = 130) -> NDArray[Any]:
    crop = lion()[150 : 150 + height, 200 : 200 + width]
    if dtype == "uint16":
        return crop.astype(np.uint16) * 200 + np.arange(width, dtype=np.uint16)[:, None]
    return (crop / np.float32(255)) ** 2 if dtype == "float32" else np.ascontiguousarray(crop)


def box(shape: tuple[int, ...], y0: int, x0: int, y1: int, x1: int) -> Hole:
    hole = np.zeros(shape[:2], bool)
    hole[y0:y1, x0:x1] = True
    return hole


@st.composite
def holes(draw: st.DrawFn, height: int, width: int) -> Hole:
    """Up to four rectangles, some across the border or over each other, some a pixel wide."""
    hole = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 4))):
        y, x = draw(st.integers(-10, height - 1)), draw(st.integers(-10, width - 1))
        hole[max(0, y) : max(1, y + draw(st.integers(1, 30))), max(0, x) : max(1, x + draw(st.integers(1, 30)))] = True
    return hole


@settings(deadline=None, max_examples=40)
@given(
    hole=holes(110, 130),
    dtype=st.sampled_from(["uint8", "uint16", "float32"]),
    patch=st.sampled_from([3, 9, 13]),
    core=st.sampled_from([1, 5, 31]),
    search=st.sampled_from(Search),
    method=st.sampled_from(Method),
)
def test_every_filled_pixel_is_a_known_one_wherever_the_hole_lies(
    hole: Hole, dtype: str, patch: int, core: int, search: Search, method: Method
) -> None:
    image = photo(dtype)
    params = CriminisiParams(patch=patch, core=core, search=search, ring=20, method=method)
    filled, came_from = run(image, hole, params)
    y, x = came_from[hole].T
    assert (y >= 0).all()
    assert not hole[y, x].any()
    assert np.array_equal(filled[hole], image[y, x])
    assert np.array_equal(filled[~hole], image[~hole])
    assert (came_from[~hole] == -1).all()


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("dtype", WHITE)
def test_filled_triples_occur_in_the_known_part(dtype: str, method: Method) -> None:
    image = photo(dtype)
    hole = box(image.shape, 60, 40, 110, 80)
    filled = lacuna.fill(image, hole, "criminisi", patch=7, method=method)
    known = {pixel.tobytes() for pixel in image[~hole]}
    assert all(pixel.tobytes() in known for pixel in filled[hole])
    assert np.array_equal(filled[~hole], image[~hole])


@pytest.mark.parametrize("dtype", WHITE)
@pytest.mark.parametrize("under", ["black", "white", "noise"])
def test_what_lies_under_the_mask_does_not_matter(dtype: str, under: str) -> None:
    image = photo(dtype)
    hole = box(image.shape, 0, 40, 40, 70) | box(image.shape, 70, 70, 75, 130)
    other = image.copy()
    noise = np.random.default_rng(0).random((np.count_nonzero(hole), 3)) * WHITE[dtype]
    other[hole] = 0 if under == "black" else WHITE[dtype] if under == "white" else noise.astype(image.dtype)
    assert np.array_equal(lacuna.fill(image, hole, "criminisi")[hole], lacuna.fill(other, hole, "criminisi")[hole])


@pytest.mark.parametrize("shared", [1, 60, 1 << 40])
def test_the_pixels_are_the_same_for_any_number_of_threads(shared: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "SHARED", shared)
    monkeypatch.setattr(backend, "STEP", 37)
    image = photo("uint8") // 16 * 16  # few values: many equal sums
    hole = box(image.shape, 30, 30, 60, 90)
    params = replace(WHOLE, core=9)
    alone, alone_from = run(image, hole, params)
    for threads in (2, 3, 7):
        together, together_from = run(image, hole, params, threads=threads)
        assert np.array_equal(alone, together)
        assert np.array_equal(alone_from, together_from)


def test_by_chance_a_seed_gives_the_same_pixels_for_any_number_of_threads() -> None:
    image, hole = photo("uint8"), box((110, 130), 30, 30, 60, 90)
    alone, alone_from = run(image, hole, CHANCE, seed=3)
    together, together_from = run(image, hole, CHANCE, seed=3, threads=3)
    assert np.array_equal(alone, together)
    assert np.array_equal(alone_from, together_from)
    assert not np.array_equal(alone, run(image, hole, CHANCE, seed=4)[0])


@pytest.mark.parametrize("params", [CriminisiParams(), WHOLE, CriminisiParams(core=9), CHANCE])
@pytest.mark.parametrize("slope", [0.0, 0.3, 1.0])
def test_a_straight_edge_runs_on_through_the_hole(params: CriminisiParams, slope: float) -> None:
    y, x = np.mgrid[:120, :160]
    above = y < 60 + slope * (x - 80)
    image = np.where(above[..., None], (200, 210, 235), (90, 120, 40)).astype(np.uint8)
    hole = box(image.shape, 40, 60, 80, 100)
    filled, _came_from = run(image, hole, params)
    wrong = (filled != image).any(axis=2) & (np.abs(y - 60 - slope * (x - 80)) > 2)
    assert not wrong.any()


@pytest.mark.parametrize("params", [CriminisiParams(), WHOLE])
def test_a_periodic_texture_is_continued_in_phase(params: CriminisiParams) -> None:
    tile = lion()[300:312, 300:317]
    image = np.tile(tile, (12, 10, 1))
    hole = box(image.shape, 50, 60, 100, 120)
    filled, _came_from = run(image, hole, params)
    assert np.array_equal(filled, image)


def test_only_what_is_allowed_is_copied() -> None:
    image = photo("uint8")
    hole = box(image.shape, 40, 40, 70, 80)
    sources = box(image.shape, 0, 100, 110, 130)
    for params in (CriminisiParams(ring=10), WHOLE, CHANCE):
        _filled, came_from = run(image, hole, params, sources=sources)
        y, x = came_from[hole].T
        assert sources[y, x].all()


def test_the_one_source_that_chance_misses_is_searched_for() -> None:
    image = photo("uint8")
    hole, sources = box(image.shape, 40, 50, 60, 70), box(image.shape, 95, 115, 104, 124)
    _filled, came_from = run(image, hole, CHANCE, sources=sources)
    y, x = came_from[hole].T
    assert sources[y, x].all()


def test_the_ring_keeps_sources_near() -> None:
    image = photo("uint8")
    hole = box(image.shape, 40, 50, 60, 70)
    _filled, came_from = run(image, hole, CriminisiParams(ring=25))
    y, x = np.nonzero(hole)
    assert np.abs(came_from[hole] - np.stack([y, x], axis=-1)).max() <= 25


def test_two_runs_give_the_same_pixels_and_grey_stays_grey() -> None:
    image = np.repeat(photo("uint8")[..., 1:2], 3, axis=2)
    hole = box(image.shape, 40, 50, 70, 90)
    first = lacuna.fill(image, hole, "criminisi", seed=1)
    assert np.array_equal(first, lacuna.fill(image, hole, "criminisi", seed=2))
    assert np.array_equal(first[..., 0], first[..., 2])


def test_the_growing_fill_is_shown_as_it_will_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "STEP", 2000)
    monkeypatch.setattr(backend, "SHOWN", 0.0)
    image = photo("uint16")
    hole = box(image.shape, 30, 30, 80, 90)
    seen = image.copy()
    fractions: list[float] = []
    regions: list[Region] = []

    def show(region: Region, pixels: Any) -> None:
        regions.append(region)
        seen[region.slices] = pixels

    filled, _came_from = run(image, hole, progress=Progress(lambda at, _stage: fractions.append(at), show))
    assert len(regions) > 10
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.9
    assert all(region.clip(hole.shape) == region and hole[region.slices].any() for region in regions)
    there = np.zeros(hole.shape, bool)
    for region in regions:
        there[region.slices] = True
    assert there[hole].all()
    ready = (seen == filled).all(axis=2)
    assert np.array_equal(seen[~ready], image[~ready])  # the last step is not shown: the fill itself comes next
    assert ready[hole].mean() > 0.9


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("search", Search)
def test_a_cancel_is_heard_at_once(threads: int, search: Search) -> None:
    image = np.ascontiguousarray(lion()[:400, :600])
    hole = box(image.shape, 100, 100, 300, 400)
    moments: list[float] = []

    class Stopped(Progress):
        def check(self) -> None:
            moments.append(time.thread_time())
            if self.cancelled:
                raise Cancelled

        def at(self, fraction: float, stage: str = "") -> None:
            super().at(fraction, stage)
            if fraction > 0.02:
                self.cancel()

    with pytest.raises(Cancelled):
        run(image, hole, CriminisiParams(search=search), threads=threads, progress=Stopped())
    assert max(np.diff(moments)) < 0.2


def test_a_whole_picture_search_sees_the_whole_picture() -> None:
    made = Criminisi()
    assert made.needs(WHOLE).context.minimum > 100_000
    assert 100 < made.needs(CriminisiParams(ring=100)).context.minimum < 150


@pytest.mark.parametrize(
    ("shape", "hole", "patch", "said"),
    [
        ((60, 60), (0, 0, 60, 56), 9, "no whole patch of 9 × 9 known pixels"),
        ((8, 200), (0, 80, 8, 90), 9, "8 px thin has no room for a patch of 9 × 9"),
        ((1, 2), (0, 0, 1, 1), 3, "no room"),
    ],
)
def test_where_no_patch_fits_the_reason_and_a_remedy_are_said(
    shape: tuple[int, int], hole: tuple[int, int, int, int], patch: int, said: str
) -> None:
    image = photo("uint8", 110, 240)[: shape[0], : shape[1]]
    with pytest.raises(UnsuitableMask, match=said) as caught:
        lacuna.fill(image, box(image.shape, *hole), "criminisi", patch=patch)
    assert caught.value.hint


@pytest.mark.parametrize("allowed", [(0, 0, 0, 0), (10, 10, 18, 40), (40, 40, 70, 80)])
def test_sources_without_a_whole_patch_are_refused(allowed: tuple[int, int, int, int]) -> None:
    image = photo("uint8")
    with pytest.raises(UnsuitableMask, match="may be copied holds no whole patch of 9 × 9"):
        run(image, box(image.shape, 40, 40, 70, 80), sources=box(image.shape, *allowed))


def test_undefined_values_are_not_copied() -> None:
    image = photo("float32")
    image[10:14, 20:60] = np.nan
    hole = box(image.shape, 20, 20, 50, 60)
    filled = lacuna.fill(image, hole, "criminisi")
    assert np.isfinite(filled[hole]).all()


def test_a_bright_float_picture_keeps_its_own_values() -> None:
    image = photo("float32") * np.float32(1000)
    hole = box(image.shape, 40, 40, 70, 80)
    known = {pixel.tobytes() for pixel in image[~hole]}
    assert all(pixel.tobytes() in known for pixel in lacuna.fill(image, hole, "criminisi")[hole])
