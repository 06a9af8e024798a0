"""The automatic choice: the better one on this photo, told with reasons, with the same bytes, within its time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.contract.fill import Context, Filled, FillOptions, FillWork, Needs, Runtime, SizeRule
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import automatic_choice, registry
from lacuna.engine.automatic import AutomaticParams, candidates
from lacuna.engine.automatic_budget import extent_of
from lacuna.engine.automatic_choice import ranked_by, texture_share, why_chosen
from lacuna.engine.fill import FillResult, fill
from lacuna.engine.grades import Grade
from lacuna.engine.photos import fill_photo, request_for
from lacuna.engine.plan import estimate
from lacuna.errors import BackendFailed, InvalidParameter, UnknownBackend, UnsuitableMask
from lacuna.imaging.mask import grow as grown
from lacuna.imaging.photo import Photo
from tests.engine.backends import Scripted, constant, installed
from tests.pictures import lion

COPIES = Needs(context=Context(minimum=64, share=0.5), guides=frozenset({Guide.SOURCE}), megapixel_seconds=0.1)
SMALL = Needs(context=Context(minimum=8, share=0.5), megapixel_seconds=0.1)


def hole_of(shape: tuple[int, ...]) -> NDArray[np.uint8]:
    mask = np.zeros(shape[:2], np.uint8)
    mask[40:70, 60:90] = 255
    return mask


def filled(image: NDArray[Any], mask: NDArray[np.uint8], seed: int = 0, **params: Any) -> tuple[Photo, FillResult]:
    photo = Photo(pixels=image)
    request = request_for(photo, mask, "auto", AutomaticParams(**params), options=FillOptions(), seed=seed)
    return fill_photo(photo, request, Runtime(), Progress())


def named(name: str, script: Any, needs: Needs = SMALL) -> Scripted:
    backend = Scripted(script, needs)
    backend.id = name
    return backend


@pytest.fixture
def photo() -> NDArray[Any]:
    return np.ascontiguousarray(lion()[60:220, 120:360])


def noise(mean: float, seed: int = 0) -> Any:
    """A script that fills with half the grain of the pictures here, around `mean`."""

    def script(work: FillWork) -> Any:
        drawn = np.random.default_rng(seed).normal(mean, 15, (*work.hole.shape, 1))
        return np.clip(np.repeat(drawn, 3, axis=2), 0, 255).astype(np.uint8)

    return script


# --- which one --------------------------------------------------------------------------------------------------------
def test_it_is_a_backend_like_the_others() -> None:
    assert "auto" in registry.ids()
    info = registry.info("auto")
    assert not info.missing
    assert info.needs.seeded
    known = [info.id for info in candidates(AutomaticParams())]
    assert "auto" not in known
    assert known[:2] == ["membrane", "patchmatch"]


def test_what_was_never_better_is_tried_where_it_is_named_alone() -> None:
    with installed(named("other", constant(0))):
        assert [info.id for info in candidates(AutomaticParams())] == ["membrane", "patchmatch", "other"]
    with installed(named("soft", constant(0), replace(SMALL, fine=16.0))):
        assert [info.id for info in candidates(AutomaticParams())] == ["membrane", "patchmatch"]
        assert [info.id for info in candidates(AutomaticParams(methods="soft"))] == ["soft"]
    named_ones = candidates(AutomaticParams(methods="criminisi, telea"))
    assert [info.id for info in named_ones] == ["criminisi", "telea"]


@pytest.mark.parametrize("better", [40, 200])
def test_the_one_that_is_nearer_on_this_photo_is_chosen(better: int) -> None:
    image = np.full((160, 240, 3), better, np.uint8)
    with installed(named("dark", constant(40))), installed(named("bright", constant(200))):
        result, report = filled(image, hole_of(image.shape), methods="dark, bright")
    assert np.array_equal(result.pixels, image)
    chosen, other = ("dark", "bright") if better == 40 else ("bright", "dark")
    (note,) = report.notes
    assert report.methods == (chosen,)
    assert note.startswith(f"{chosen} was chosen, by trials at ")
    assert f" places beside the hole: {chosen} inf dB" in note
    assert f"; {other} " in note


def test_on_wide_holes_texture_is_worth_some_signal_and_in_lines_it_is_not() -> None:
    grain = np.random.default_rng(5).normal(128, 30, (160, 240, 1))
    image = np.clip(np.repeat(grain, 3, axis=2), 0, 255).astype(np.uint8)
    wide, line = np.zeros((160, 240), np.uint8), np.zeros((160, 240), np.uint8)
    wide[30:70, 60:110] = 255
    line[80:82, 20:200] = 255
    with installed(named("smooth", constant(128))), installed(named("grainy", noise(128))):
        _result, report = filled(image, wide, methods="smooth,grainy")
        assert report.notes[0].startswith("grainy was chosen")
        _result, report = filled(image, line, methods="smooth,grainy")
        assert report.notes[0].startswith("smooth was chosen")


def test_the_bytes_are_those_of_the_method_chosen(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    result, report = filled(photo, mask, methods="telea,ns")
    chosen = report.notes[0].split()[0]
    assert chosen in ("telea", "ns")
    assert np.array_equal(result.pixels, lacuna.fill(photo, mask, chosen))
    assert report.untouched


def test_thin_marks_and_wide_shapes_of_one_mask_get_a_choice_each(photo: NDArray[Any]) -> None:
    marks, shape = np.zeros(photo.shape[:2], np.uint8), hole_of(photo.shape)
    marks[100:103, 10:230] = marks[5:150, 20:22] = 255
    result, report = filled(photo, marks | shape, methods="membrane,patchmatch", seconds=60)
    thin, wide = report.notes
    assert thin.startswith("Thin marks: membrane was chosen, by trials at ")
    assert wide.startswith("Wide parts: patchmatch was chosen, by trials at ")
    first = np.where(marks[..., None] > 0, lacuna.fill(photo, marks | shape, "membrane"), photo)
    assert np.array_equal(result.pixels, lacuna.fill(first, shape, "patchmatch"))
    assert report.untouched


def test_where_pixels_came_from_is_told_for_each_part(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    mask[100:103, 10:230] = 255
    _result, report = filled(photo, mask, methods="membrane,patchmatch", seconds=60)
    (piece,) = report.pieces
    assert piece.came_from is not None
    told = (piece.came_from >= 0).all(axis=2)
    assert np.array_equal(told, hole_of(photo.shape)[piece.region.slices] > 0)  # the membrane copies nothing


def test_one_place_is_told_as_one(photo: NDArray[Any]) -> None:
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[20:140, 40:200] = 255
    _result, report = filled(photo, mask, methods="telea,ns", seconds=0.5)
    count = int(report.notes[0].split(" at ")[1].split()[0])
    assert ("by a trial at 1 place beside" if count == 1 else f"by trials at {count} places beside") in report.notes[0]


def test_the_same_seed_makes_the_same_choice(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    first, again = (filled(photo, mask, seed=3, seconds=60) for _ in range(2))  # a busy machine has time enough
    assert first[1].notes == again[1].notes
    assert np.array_equal(first[0].pixels, again[0].pixels)


def test_what_lies_below_the_mask_changes_nothing(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    spoilt = photo.copy()
    spoilt[mask > 0] = np.random.default_rng(0).integers(0, 256, (np.count_nonzero(mask), 3))
    one, other = (filled(image, mask, methods="telea,ns,membrane", seconds=60) for image in (photo, spoilt))
    assert one[1].notes == other[1].notes
    assert np.array_equal(one[0].pixels, other[0].pixels)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_other_depths_are_filled_at_their_own(photo: NDArray[Any], dtype: Any) -> None:
    deep = photo.astype(np.uint16) * 257 if dtype == np.uint16 else photo.astype(np.float32) / 255
    mask = hole_of(photo.shape)
    after = lacuna.fill(deep, mask, "auto", methods="telea,ns")
    assert after.dtype == dtype
    assert any(np.array_equal(after, lacuna.fill(deep, mask, name)) for name in ("telea", "ns"))


def test_grey_pictures_stay_grey(photo: NDArray[Any]) -> None:
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)
    mask = hole_of(photo.shape)
    after = lacuna.fill(grey, mask, "auto", methods="telea,ns")
    assert any(np.array_equal(after, lacuna.fill(grey, mask, name)) for name in ("telea", "ns"))


# --- the mix ----------------------------------------------------------------------------------------------------------
def test_the_mix_counts_texture_by_the_width_of_the_hole() -> None:
    smooth, rough = Grade(15.0, 0.06, 0.5), Grade(14.2, 0.5, 0.2)
    assert smooth.mixed(0.0) > rough.mixed(0.0)
    assert smooth.mixed(1.0) < rough.mixed(1.0)
    assert Grade(float("inf"), float("inf"), 0.0).mixed(1.0) < 60.0
    line, shape = np.zeros((50, 50), bool), np.zeros((50, 50), bool)
    line[20:22], shape[10:40, 10:40] = True, True
    assert texture_share(extent_of(line)) == 0.0
    assert texture_share(extent_of(shape)) > 0.8


def test_what_is_usual_is_left_only_for_one_that_is_clearly_better_at_every_place_and_at_three() -> None:
    def best(wide: bool, **leads: list[float]) -> str:
        """With each method's lead over the usual one at every place, in dB."""
        usual = "patchmatch" if wide else "membrane"
        count = max(len(of) for of in leads.values())
        signals = {usual: [0.0] * count, **leads}
        grades = {name: [Grade(20 + lead, 1.0, 0.0) for lead in of] for name, of in signals.items()}
        return ranked_by(grades, texture=float(wide))[0]

    assert best(True, criminisi=[5.0, 9.0]) == "patchmatch"
    assert best(True, criminisi=[5.0, 9.0, 0.1]) == "patchmatch"
    assert best(True, criminisi=[0.3, 0.3, 0.3]) == "criminisi"
    assert best(True, criminisi=[0.3, 0.3, 0.3], membrane=[5.0, 5.0, -1.0]) == "criminisi"
    assert best(True, criminisi=[0.3, 0.3, 0.3], membrane=[0.4, 0.5, 0.6]) == "membrane"
    assert best(False, patchmatch=[0.1, 0.2, 3.0]) == "membrane"
    assert best(False, patchmatch=[0.5, 0.5, 0.5]) == "patchmatch"


# --- what a trial is --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "why"),
    [
        (150, "At every place it was clearly better than usual, the usual method."),
        (200, "It is the usual method for wide shapes, and no other was clearly better at every place."),
    ],
)
def test_why_a_method_was_chosen_is_said_after_its_figures(
    value: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automatic_choice, "FIRST_WIDE", ("usual",))
    image = np.full((160, 240, 3), 200, np.uint8)
    with installed(named("usual", constant(value))), installed(named("other", constant(350 - value))):
        _result, report = filled(image, hole_of(image.shape), methods="usual,other", seconds=60)
    (note,) = report.notes
    assert note.endswith(f". {why}")


def test_too_few_places_and_no_usual_method_are_reasons_of_their_own() -> None:
    assert why_chosen("patchmatch", "patchmatch", 1.0, count=2).endswith("left only for what is better at 3 places.")
    assert "for thin marks" in why_chosen("membrane", "membrane", 0.0, count=2)
    assert why_chosen("one", None, 1.0, count=6) == "On the mean of all places it was the best."


def test_a_trial_fills_its_own_hole_alone_and_copies_nothing_from_the_real_one() -> None:
    ys, xs = np.indices((160, 240))
    image = np.stack([ys, xs, np.full_like(ys, 128)], axis=2).astype(np.uint8)  # each pixel says where it lies
    mask = hole_of(image.shape)
    with installed(named("one", constant(0), COPIES)) as tried, installed(named("other", constant(255), COPIES)):
        filled(image, mask, methods="one,other")
    *trials, last = tried.works[1:]  # the first is the warming up
    assert trials
    assert np.count_nonzero(last.hole) == np.count_nonzero(mask)
    for work in trials:
        assert 0 < np.count_nonzero(work.hole) <= np.count_nonzero(mask)
        assert work.sources is not None
        assert not (work.sources & work.hole).any()
        y, x = work.image[work.sources][:, :2].T
        assert not mask[y, x].any()


def test_methods_are_tried_with_the_sampling_area_that_was_marked(photo: NDArray[Any]) -> None:
    mask, area = hole_of(photo.shape), np.zeros(photo.shape[:2], bool)
    area[:, 200:] = True
    with installed(named("one", constant(0), COPIES)) as tried, installed(named("other", constant(255), COPIES)):
        lacuna.fill(photo, mask, "auto", methods="one,other", sources=area)
    assert len(tried.works) > 2
    assert all(0 < np.count_nonzero(work.sources) <= np.count_nonzero(area) for work in tried.works[1:])


def test_what_was_drawn_for_the_hole_guides_its_fill_and_no_trial(photo: NDArray[Any]) -> None:
    mask, edges = hole_of(photo.shape), np.ones(photo.shape[:2], np.float32)
    follows = Needs(context=Context(minimum=8, share=0.5), edges=True, guides=frozenset({Guide.LINE}))
    stroke = GuideStroke(Guide.LINE, ((5.0, 5.0), (40.0, 40.0)))
    with installed(named("one", constant(100), follows)) as one, installed(named("other", constant(0), follows)):
        params = AutomaticParams(methods="one,other")
        request = request_for(Photo(photo), mask, "auto", params, options=FillOptions(), edges=edges)
        fill(replace(request, guides=(stroke,)), Runtime(), Progress())
    *trials, last = one.works[1:]  # the first is the warming up
    assert trials
    assert all(work.edges is None and work.guides == () for work in trials)
    assert last.edges is not None
    assert last.edges.shape == last.hole.shape
    assert last.edges.all()
    assert len(last.guides) == 1


# --- within bounds ----------------------------------------------------------------------------------------------------
def test_a_method_too_dear_for_the_time_is_left_out_and_told(photo: NDArray[Any]) -> None:
    dear = Needs(context=Context(minimum=8, share=0.5), megapixel_seconds=1e5)
    with installed(named("dear", constant(0), dear)) as never:
        _result, report = filled(photo, hole_of(photo.shape), methods="telea,ns,dear")
    assert "dear was left out: it would take too long to try." in report.notes
    assert never.works == []


def test_a_method_that_would_fill_for_longer_than_there_is_time_is_not_chosen_for_marks() -> None:
    image = np.ascontiguousarray(lion())
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[100:103, 20:400] = 255
    dear = Needs(context=Context(minimum=8, share=0.5), rim_seconds=5.0)
    with installed(named("dear", constant(0), dear)) as never:
        _result, report = filled(image, mask, methods="membrane,ns,dear")
        assert never.works == []
        assert "dear was left out: it would take too long to try." in report.notes
        filled(image, mask, methods="membrane,ns,dear", seconds=30)
        assert never.works != []


def test_many_specks_take_no_more_time_for_trials_than_one_hole() -> None:
    rng = np.random.default_rng(0)
    image, mask = rng.integers(0, 256, (900, 1500, 3)).astype(np.uint8), np.zeros((900, 1500), np.uint8)
    mask[30::280, 30::280] = 255
    with installed(named("one", constant(0))) as tried:
        _result, report = filled(image, mask, methods="one,membrane,patchmatch")
    assert report.regions > 10
    assert tried.works == []
    assert report.notes == ("There was no time for trials beside the hole: membrane was taken for its width.",)


@pytest.mark.parametrize("side", [40, 90])
def test_its_estimate_is_near_the_time_it_takes(side: int) -> None:
    image = np.ascontiguousarray(lion())
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[100 : 100 + side, 150 : 150 + side] = 255
    filled(image, mask)
    start = time.process_time()
    filled(image, mask)
    took = time.process_time() - start
    guess = estimate(mask, registry.info("auto").needs, FillOptions()).seconds
    assert guess / 3 < took < guess * 3  # within a factor of two on a machine that has nothing else to do


def test_a_method_at_ease_with_small_crops_asks_for_no_more_memory_in_large_ones() -> None:
    learned = Needs(size=SizeRule(comfortable=128), bytes_per_pixel=5000.0)
    plain = Needs(bytes_per_pixel=20.0)
    with installed(named("plain", constant(1), plain)), installed(named("learned", constant(1), learned)):
        needs = registry.backend("auto").needs(AutomaticParams(methods="plain,learned"))
    assert needs.bytes_per_pixel == 36
    assert needs.least_bytes == 5000 * 128**2
    small = np.zeros((300, 300), np.uint8)
    small[140:160, 140:160] = 255
    assert estimate(small, needs, FillOptions()).bytes > 5000 * 128**2


@pytest.mark.parametrize("grow", [0.0, 6.0])
def test_dust_in_a_large_picture_takes_no_longer_than_it_says(grow: float) -> None:
    image = cv2.resize(lion(), (3600, 2400), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros(image.shape[:2], np.uint8)
    for y, x in np.random.default_rng(1).integers(20, 2380, (100, 2)).tolist():
        mask[y : y + 3, x : x + 3] = 255
    mask = grown(mask, grow)
    filled(image, mask)
    start = time.process_time()
    _result, report = filled(image, mask)
    took = time.process_time() - start
    assert report.methods == ("membrane",)
    assert took < 2 * estimate(mask, registry.info("auto").needs, FillOptions()).seconds


def test_a_method_that_is_slower_than_it_says_ends_with_the_time(photo: NDArray[Any]) -> None:
    class Slow(Scripted):
        def fill(self, work: FillWork, params: Any, progress: Progress) -> Filled:
            end = time.process_time() + 60
            while time.process_time() < end:
                progress.check()
            return Filled(work.image)

    slow = Slow(constant(0), SMALL)
    slow.id = "slow"
    start = time.process_time()
    with installed(slow):
        registry.loaded("slow", Runtime())  # else it were warmed up, for which there is no end
        _result, report = filled(photo, hole_of(photo.shape), methods="telea,ns,slow", seconds=0.5)
    assert time.process_time() - start < 10
    assert report.notes[0].split()[0] in ("telea", "ns")
    assert "slow was left out: it would take too long to try." in report.notes


def test_a_method_that_fails_is_left_out_and_told(photo: NDArray[Any]) -> None:
    def fails(work: FillWork) -> Any:
        raise RuntimeError("not today")

    with installed(named("bad", fails)):
        _result, report = filled(photo, hole_of(photo.shape), methods="bad,telea,ns")
    assert report.notes[0].split()[0] in ("telea", "ns")
    assert any("bad was left out" in note and "not today" in note for note in report.notes)


def test_without_room_it_says_that_nothing_was_tried(photo: NDArray[Any]) -> None:
    mask = np.full(photo.shape[:2], 255, np.uint8)
    mask[:3] = 0
    _result, report = filled(photo, mask, methods="telea,membrane")
    assert "Nothing could be tried out beside the hole" in report.notes[0]


def test_the_only_method_is_taken_without_trials(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    result, report = filled(photo, mask, methods="ns")
    assert report.notes == ("ns is the only method to choose from.",)
    assert np.array_equal(result.pixels, lacuna.fill(photo, mask, "ns"))


def test_methods_that_are_none_are_refused(photo: NDArray[Any]) -> None:
    mask = hole_of(photo.shape)
    with pytest.raises(UnknownBackend, match="magic"):
        lacuna.fill(photo, mask, "auto", methods="telea,magic")
    with pytest.raises(InvalidParameter):
        lacuna.fill(photo, mask, "auto", methods="telea,auto")


def test_a_failure_of_the_method_chosen_is_a_failure(photo: NDArray[Any]) -> None:
    def fails(work: FillWork) -> Any:
        raise RuntimeError("not today")

    with installed(named("bad", fails)), pytest.raises(BackendFailed, match="not today"):
        filled(photo, hole_of(photo.shape), methods="bad")


def test_a_cancel_ends_the_trials(photo: NDArray[Any]) -> None:
    progress = Progress()

    def stops(work: FillWork) -> Any:
        progress.cancel()
        return work.image

    with installed(named("stops", stops)):
        picture = Photo(pixels=photo)
        mask = hole_of(photo.shape)
        request = request_for(picture, mask, "auto", AutomaticParams(methods="telea,stops"), options=FillOptions())
        with pytest.raises(Cancelled):
            fill_photo(picture, request, Runtime(), progress)


def test_progress_rises_and_trials_are_not_shown(photo: NDArray[Any]) -> None:
    told: list[float] = []
    shown: list[Any] = []
    progress = Progress(lambda at, stage: told.append(at), lambda region, pixels: shown.append(region))
    picture, mask = Photo(pixels=photo), hole_of(photo.shape)
    request = request_for(picture, mask, "auto", AutomaticParams(methods="telea,ns"), options=FillOptions())
    _photo, result = fill_photo(picture, request, Runtime(), progress)
    assert told == sorted(told)
    assert told[-1] <= 1.0
    assert set(shown) == {piece.region for piece in result.pieces}


def test_where_no_method_can_be_tried_the_usual_one_says_why() -> None:
    image = np.ascontiguousarray(lion()[:160, :160])
    mask, sources = np.zeros((2, 160, 160), np.uint8)
    mask[60:100, 60:100] = sources[10:13, 10:13] = 255
    with pytest.raises(UnsuitableMask, match="area to copy from"):
        lacuna.fill(image, mask, "auto", sources=sources, methods="criminisi,patchmatch")


def test_a_method_named_twice_is_one() -> None:
    assert [info.id for info in candidates(AutomaticParams(methods="membrane, patchmatch,membrane"))] == [
        "membrane",
        "patchmatch",
    ]


def test_where_there_is_nothing_to_copy_a_method_that_copies_nothing_fills() -> None:
    image = np.ascontiguousarray(lion()[:160, :160])
    mask = np.full((160, 160), 255, np.uint8)
    mask[0] = 0
    photo, result = filled(image, mask)
    assert result.methods == ("membrane",)
    assert any("could not fill this" in note for note in result.notes)
    assert np.array_equal(photo.pixels[0], image[0])
