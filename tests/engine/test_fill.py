"""The fill as a whole: what lies outside the mask, what lies inside, what is reported, what goes wrong."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lacuna.contract.fill import Context, Filled, FillOptions, FillStep, Needs, Runtime, SizeRule
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.fill import FillRequest, FillResult, Window, fill, survey
from lacuna.engine.photos import fill_photo, request_for
from lacuna.errors import BackendFailed, OutOfMemory, SizeMismatch, UnknownBackend, UnsuitableMask
from lacuna.imaging.mask import bounds, grow
from lacuna.imaging.photo import Mask, Photo
from lacuna.imaging.region import Region
from tests.engine.backends import OneParam, Scripted, constant, installed
from tests.pictures import lion

RUNTIME = Runtime()
DTYPES = st.sampled_from(["uint8", "uint16", "float32"])


def picture(dtype: str, height: int = 90, width: int = 110) -> NDArray[Any]:
    """A piece of a real photo at a depth; the deep ones use all their bits, floats leave [0, 1]."""
    crop = lion()[120 : 120 + height, 220 : 220 + width]
    if dtype == "uint8":
        return np.ascontiguousarray(crop)
    fine = np.random.default_rng(0).integers(0, 257, crop.shape)
    deep = (crop.astype(np.uint32) * 256 + fine).clip(0, 65535)
    return deep.astype(np.uint16) if dtype == "uint16" else (deep / 40000.0 - 0.1).astype(np.float32)


@st.composite
def masks(draw: st.DrawFn, height: int = 90, width: int = 110) -> Mask:
    """Blobs anywhere, hard and soft ones."""
    mask = np.zeros((height, width), np.uint8)
    for _ in range(draw(st.integers(1, 4))):
        y, x = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        part = mask[y : y + draw(st.integers(1, 25)), x : x + draw(st.integers(1, 25))]
        part[...] = draw(st.sampled_from([255, 255, 128, 1]))
    return mask


def ask(
    image: NDArray[Any], mask: Mask, backend: str = "telea", *, alpha: NDArray[Any] | None = None, **rest: Any
) -> FillRequest:
    """A request with one window: the whole picture."""
    params = rest.pop("params", registry.backend(backend).Params())
    window = Window(Region.whole(mask.shape), image, mask, alpha)
    white = {"uint8": 255.0, "uint16": 65535.0}.get(str(image.dtype), 1.0)
    return FillRequest((window,), (mask.shape[0], mask.shape[1]), white, backend, params, **rest)


def put(image: NDArray[Any], result: FillResult) -> NDArray[Any]:
    after = image.copy()
    for piece in result.pieces:
        after[piece.region.slices] = piece.pixels
    return after


def square(size: int = 60, side: int = 10) -> Mask:
    mask = np.zeros((size, size), np.uint8)
    start = (size - side) // 2
    mask[start : start + side, start : start + side] = 255
    return mask


def flat(value: float, size: int = 60, dtype: str = "uint8") -> NDArray[Any]:
    return np.full((size, size, 3), value, dtype)


# --- outside the mask -------------------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=120)
@given(
    mask=masks(),
    dtype=DTYPES,
    backend=st.sampled_from(["telea", "ns"]),
    growth=st.sampled_from([0.0, 1.0, 3.5]),
    feathering=st.sampled_from([0.0, 2.0]),
    fills_alpha=st.booleans(),
    grey=st.booleans(),
)
def test_known_pixels_stay_bit_identical(
    mask: Mask, dtype: str, backend: str, growth: float, feathering: float, fills_alpha: bool, grey: bool
) -> None:
    image = picture(dtype)
    if grey:
        image = np.repeat(image[..., :1], 3, axis=2)
    alpha = np.ascontiguousarray(picture(dtype)[..., 2])
    options = FillOptions(grow=growth, feather=feathering, alpha=fills_alpha)
    before, mask_before = image.copy(), mask.copy()
    grown = grow(mask, growth) > 0
    if grown.all():
        return
    result = fill(ask(image, mask, backend, alpha=alpha, options=options, grey=grey), RUNTIME, Progress())
    after, alpha_after = put(image, result), alpha.copy()
    for piece in result.pieces:
        assert piece.pixels.dtype == image.dtype
        assert (piece.alpha is not None) == fills_alpha
        if piece.alpha is not None:
            alpha_after[piece.region.slices] = piece.alpha
    known = ~grown
    assert np.array_equal(after[known], before[known])
    assert np.array_equal(alpha_after[known], alpha[known])
    assert np.array_equal(image, before)
    assert np.array_equal(mask, mask_before)
    assert np.isfinite(after).all()
    assert result.untouched
    assert result.mask_pixels == np.count_nonzero(mask)
    assert result.filled_pixels == np.count_nonzero(grown)
    changed = (after != before).any(axis=2) | (alpha_after != alpha)
    assert result.changed_pixels == np.count_nonzero(changed)
    if grey:
        assert np.array_equal(after[..., 0], after[..., 1])
        assert np.array_equal(after[..., 0], after[..., 2])


def test_a_backend_that_repaints_everything_changes_only_the_hole() -> None:
    mask = square()
    with installed(Scripted(constant(9))):
        after = put(flat(100), fill(ask(flat(100), mask, "scripted"), RUNTIME, Progress()))
    assert np.array_equal(after == 9, np.repeat((mask > 0)[..., None], 3, axis=2))


# --- inside the mask --------------------------------------------------------------------------------------------------
def test_the_value_of_a_soft_mask_is_the_weight_of_the_fill() -> None:
    mask = square()
    mask[25:35, 25:30] = 51  # a fifth
    with installed(Scripted(constant(200))):
        after = put(flat(100), fill(ask(flat(100), mask, "scripted"), RUNTIME, Progress()))
    assert (after[25:35, 25:30] == 120).all()
    assert (after[25:35, 30:35] == 200).all()


def test_feathering_softens_inside_the_mask_and_never_beyond() -> None:
    mask = square(side=30)
    with installed(Scripted(constant(200))):
        request = ask(flat(100), mask, "scripted", options=FillOptions(feather=8))
        after = put(flat(100), fill(request, RUNTIME, Progress()))[30, :, 0].astype(int)
    assert (after[:15] == 100).all()
    assert (np.diff(after[14:30]) >= 0).all()
    assert 100 <= after[15] < 110
    assert after[30] == 200


def test_growth_fills_a_disc_around_each_pixel() -> None:
    mask = np.zeros((60, 60), np.uint8)
    mask[30, 30] = 255
    with installed(Scripted(constant(7))):
        request = ask(flat(100), mask, "scripted", options=FillOptions(grow=5))
        after = put(flat(100), fill(request, RUNTIME, Progress()))[..., 0]
    ys, xs = np.mgrid[:60, :60]
    assert np.array_equal(after == 7, (ys - 30) ** 2 + (xs - 30) ** 2 <= 25)


def test_a_fill_of_a_grey_picture_is_reduced_to_luma() -> None:
    def red(work: Any) -> NDArray[Any]:
        assert work.grey
        return np.broadcast_to(np.array([255, 0, 0], np.uint8), work.image.shape).copy()

    with installed(Scripted(red)):
        result = fill(ask(flat(100), square(), "scripted", grey=True), RUNTIME, Progress())
    assert (result.pieces[0].pixels == 76).all()


def test_floats_of_a_backend_are_rounded_to_the_depth_of_the_picture() -> None:
    for value, expected in ((99.6, 100), (300.0, 255), (-4.0, 0)):
        with installed(Scripted(lambda work, value=value: np.full(work.image.shape, value, np.float32))):
            result = fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())
        assert (result.pieces[0].pixels == expected).all()


def test_alpha_is_filled_from_alpha_alone() -> None:
    alpha = np.full((60, 60), 200, np.uint8)
    alpha[25:35, 25:35] = 3
    request = ask(flat(100), square(), alpha=alpha, options=FillOptions(alpha=True))
    (piece,) = fill(request, RUNTIME, Progress()).pieces
    assert piece.alpha is not None
    assert (np.abs(piece.alpha.astype(int) - 200) <= 3).all()  # OpenCV's own noise
    assert (np.abs(piece.pixels.astype(int) - 100) <= 3).all()


def test_an_undefined_pixel_in_a_soft_hole_is_replaced_whole() -> None:
    image = flat(0.5, dtype="float32")
    image[30, 30] = np.nan
    mask = square()
    mask[mask > 0] = 40
    assert np.isfinite(fill(ask(image, mask), RUNTIME, Progress()).pieces[0].pixels).all()


# --- what a backend is given ------------------------------------------------------------------------------------------
def test_each_crop_knows_how_much_of_the_fill_it_is() -> None:
    mask = np.zeros((200, 400), np.uint8)
    mask[20:30, 20:30] = mask[150:180, 350:360] = 255
    apart = Scripted(constant(0), Needs(context=Context(minimum=8, share=0.0)))
    with installed(apart):
        result = fill(ask(np.zeros((200, 400, 3), np.uint8), mask, apart.id), RUNTIME, Progress())
    assert result.regions == 2
    assert sorted(work.share for work in apart.works) == pytest.approx([0.25, 0.75])


def test_a_crop_is_read_only_contiguous_and_knows_its_holes() -> None:
    image = picture("uint8")
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[20:30, 20:30] = 255
    mask[70:80, 90:100] = 255
    stroke = GuideStroke(Guide.LINE, ((25.0, 10.0), (25.0, 40.0)), 2.0)
    needs = Needs(context=Context(minimum=8, share=0.0), guides=frozenset({Guide.LINE}))
    with installed(Scripted(constant(0), needs)) as backend:
        fill(ask(image, mask, "scripted", guides=(stroke,), seed=5), RUNTIME, Progress())
    first, second = backend.works
    for work, box in ((first, Region(20, 20, 30, 30)), (second, Region(70, 90, 80, 100))):
        crop = box.pad(8).clip(mask.shape)
        assert np.array_equal(work.image, image[crop.slices])
        assert np.array_equal(work.hole, mask[crop.slices] > 0)
        assert work.image.flags.c_contiguous
        assert not work.image.flags.writeable
        assert work.seed == 5
        assert work.white == 255.0
    assert first.guides[0].points == ((13.0, -2.0), (13.0, 28.0))


@pytest.mark.parametrize(("minimum", "multiple"), [(1, 8), (64, 64), (100, 1)])
def test_sides_are_padded_as_asked_with_holes_mirrored_as_holes(minimum: int, multiple: int) -> None:
    image = picture("uint8", 45, 51)
    mask = np.zeros((45, 51), np.uint8)
    mask[40:, 44:] = 255
    needs = Needs(context=Context(minimum=9, share=0.0), size=SizeRule(minimum, multiple))
    with installed(Scripted(constant(3), needs)) as backend:
        after = put(image, fill(ask(image, mask, "scripted"), RUNTIME, Progress()))
    (work,) = backend.works
    assert all(side >= minimum and side % multiple == 0 for side in work.hole.shape)
    assert work.image.shape == (*work.hole.shape, 3)
    height, width = 45 - 31, 51 - 35  # of the crop itself: the padding lies below and to the right
    lower = min(height, work.hole.shape[0] - height)
    assert np.array_equal(work.hole[height : height + lower, :width], work.hole[height - lower : height, :width][::-1])
    assert (after[mask > 0] == 3).all()


def test_a_crop_above_the_limit_is_filled_at_a_smaller_size_and_says_so() -> None:
    needs = Needs(context=Context(minimum=20, share=0.0), max_pixels=2000)
    with installed(Scripted(lambda work: np.full_like(work.image, work.image[~work.hole].mean()), needs)) as backend:
        result = fill(ask(flat(80, 100), square(100, 40), "scripted"), RUNTIME, Progress())
    (work,) = backend.works
    assert work.hole.shape == (40, 40)  # 80 × 80 is above the limit, half of it is not
    assert (result.pieces[0].pixels == 80).all()
    assert result.notes == ("The fill ran at 50 % of the size.",)


def test_a_fill_at_about_its_own_size_says_nothing_of_it() -> None:
    needs = Needs(context=Context(minimum=20, share=0.0), size=SizeRule(comfortable=72))
    with installed(Scripted(lambda work: np.full_like(work.image, work.image[~work.hole].mean()), needs)) as backend:
        result = fill(ask(flat(80, 100), square(100, 40), "scripted"), RUNTIME, Progress())
    (work,) = backend.works
    assert max(work.hole.shape) < 80
    assert result.notes == ()


def test_old_pixels_of_the_hole_do_not_leak_into_a_smaller_working_size() -> None:
    image, mask = flat(50, 101), square(101, 33)
    image[mask > 0] = 255
    with installed(Scripted(constant(0), Needs(context=Context(minimum=20), max_pixels=2000))) as backend:
        fill(ask(image, mask, "scripted"), RUNTIME, Progress())
    (work,) = backend.works
    assert (work.image[~work.hole] == 50).all()
    assert work.hole.any()


# --- when it goes wrong -----------------------------------------------------------------------------------------------
def test_an_exception_in_a_backend_is_wrapped_once_with_its_traceback() -> None:
    def broken(work: Any) -> None:
        raise RuntimeError("the\n  reason")

    with installed(Scripted(broken)), pytest.raises(BackendFailed, match=r"scripted.*the reason") as caught:
        fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())
    assert "in broken" in caught.value.details
    assert isinstance(caught.value.cause, RuntimeError)


@pytest.mark.parametrize(
    "answer",
    [
        lambda work: work.image[:-1],
        lambda work: work.image.astype(np.float64),
        lambda work: np.full(work.image.shape, np.nan, np.float32),
    ],
    ids=["another shape", "another type", "no numbers"],
)
def test_an_answer_that_cannot_be_used_is_the_backends_failure(answer: Any) -> None:
    with installed(Scripted(answer)), pytest.raises(BackendFailed):
        fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())


def short_of_memory(kind: type[Exception], largest: int) -> Any:
    def script(work: Any) -> NDArray[Any]:
        if work.hole.size > largest:
            raise kind("no memory")
        return np.full_like(work.image, 5)

    return script


class OutOfMemoryError(RuntimeError):
    """Named as torch names its own."""


@pytest.mark.parametrize("kind", [MemoryError, OutOfMemoryError])
def test_when_memory_ends_the_fill_runs_once_more_at_half_the_size(kind: type[Exception]) -> None:
    with installed(Scripted(short_of_memory(kind, 500))) as backend:
        result = fill(ask(flat(80), square(), "scripted"), RUNTIME, Progress())
    assert len(backend.works) == 2
    assert (result.pieces[0].pixels[5, 5] == 5).all()  # nearer to the border it is mixed with what lies around
    assert result.notes == ("The fill ran at 50 % of the size.",)


def test_when_it_ends_again_that_is_said() -> None:
    with installed(Scripted(short_of_memory(MemoryError, 0))), pytest.raises(OutOfMemory, match="26 × 26"):
        fill(ask(flat(80), square(), "scripted"), RUNTIME, Progress())


def test_opencvs_own_end_of_memory_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*args: Any) -> None:
        error = cv2.error("Insufficient memory")
        error.code = -4
        raise error

    backend = registry.loaded("telea", RUNTIME)
    monkeypatch.setattr(backend, "_inpaint", exhausted)
    with pytest.raises(OutOfMemory):
        fill(ask(flat(80), square()), RUNTIME, Progress())


def test_a_backend_that_cannot_be_loaded_fails_as_a_backend() -> None:
    backend = Scripted(constant(0))
    backend.load = lambda runtime: 1 / 0  # type: ignore[method-assign, return-value, assignment]
    with installed(backend), pytest.raises(BackendFailed, match="division"):
        fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())


def test_an_unknown_backend_is_named_with_those_there_are() -> None:
    request = replace(ask(flat(1), square()), backend="magic")
    with pytest.raises(UnknownBackend, match="magic") as caught:
        fill(request, RUNTIME, Progress())
    assert "telea" in caught.value.hint


def test_an_empty_mask_and_one_that_covers_everything_are_refused() -> None:
    for act in (lambda request: fill(request, RUNTIME, Progress()), survey):
        with pytest.raises(UnsuitableMask, match="empty"):
            act(ask(flat(1), np.zeros((60, 60), np.uint8)))
        with pytest.raises(UnsuitableMask, match="covers"):
            act(ask(flat(1), np.full((60, 60), 1, np.uint8)))
        with pytest.raises(UnsuitableMask, match="covers"):
            act(ask(flat(1), square(60, 58), options=FillOptions(grow=3)))


def test_a_picture_without_any_defined_value_around_the_mask_is_refused() -> None:
    with pytest.raises(UnsuitableMask, match="defined"):
        fill(ask(flat(np.nan, dtype="float32"), square()), RUNTIME, Progress())


# --- on the way -------------------------------------------------------------------------------------------------------
def specks(size: int = 400) -> Mask:
    mask = np.zeros((size, size), np.uint8)
    mask[20::60, 20::60] = 255
    return mask


def test_each_finished_piece_is_shown_and_the_fraction_grows_to_one() -> None:
    told: list[float] = []
    shown: dict[Region, NDArray[Any]] = {}
    progress = Progress(lambda fraction, stage: told.append(fraction), lambda r, pixels: shown.update({r: pixels}))
    with installed(Scripted(constant(0))):
        result = fill(ask(flat(1, 400), specks(), "scripted"), RUNTIME, progress)
    assert shown == {piece.region: piece.pixels for piece in result.pieces}
    assert len(shown) == result.regions == 49
    assert told == sorted(told)
    assert told[-1] > 0.95


def test_loading_is_a_phase_of_its_own_and_comes_once() -> None:
    stages: list[str] = []
    with installed(Scripted(constant(0))) as backend:
        for _ in range(2):
            fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress(lambda fraction, stage: stages.append(stage)))
        assert backend.loads == [RUNTIME]
        assert sum("Loading" in stage for stage in stages) == 1
        fill(ask(flat(1), square(), "scripted"), replace(RUNTIME, memory=7), Progress())
        assert len(backend.loads) == 1
        fill(ask(flat(1), square(), "scripted"), replace(RUNTIME, threads=2), Progress())
        assert len(backend.loads) == 2


def test_a_cancel_is_heard_between_pieces() -> None:
    progress = Progress()
    with installed(Scripted(lambda work: (progress.cancel(), work.image)[1])) as backend:
        with pytest.raises(Cancelled):
            fill(ask(flat(1, 400), specks(), "scripted"), RUNTIME, progress)
        assert len(backend.works) == 1


# --- the report -------------------------------------------------------------------------------------------------------
def test_the_survey_foretells_what_the_fill_reports() -> None:
    request = ask(picture("uint8")[:, :90], square(90, 12), options=FillOptions(grow=2))
    found, result = survey(request), fill(request, RUNTIME, Progress())
    assert (found.regions, found.mask_pixels, found.filled_pixels) == (
        result.regions,
        result.mask_pixels,
        result.filled_pixels,
    )


def test_the_recipe_step_holds_everything_but_the_picture() -> None:
    image = picture("uint8")
    mask = np.zeros(image.shape[:2], np.uint8)
    mask[10:20, 30:50] = 255
    mask[60:70, 80:90] = 77
    windows = tuple(
        Window(region, image[region.slices], mask[region.slices])
        for region in (Region(0, 10, 40, 70), Region(50, 60, 90, 110))
    )
    request = replace(ask(image, mask), windows=windows, seed=3, options=FillOptions(grow=1))
    step = fill(request, RUNTIME, Progress()).step
    assert step is not None
    assert step.box == Region(10, 30, 70, 90)
    painted = cv2.imdecode(np.frombuffer(step.mask, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(painted, mask[step.box.slices])
    assert (step.backend, step.params, step.seed, step.size) == ("telea", {"radius": 3}, 3, (90, 110))
    assert fill(replace(request, recipe=False), RUNTIME, Progress()).step is None


def test_request_and_result_can_be_sent_to_another_process() -> None:
    request = pickle.loads(pickle.dumps(ask(picture("uint8"), square(90)[:, :90].repeat(2, 1)[:, :110])))
    result = fill(request, RUNTIME, Progress())
    assert pickle.loads(pickle.dumps(result)).changed_pixels == result.changed_pixels


@settings(deadline=None, max_examples=40)
@given(mask=masks(), growth=st.sampled_from([0.0, 2.0]))
def test_windows_give_the_same_pixels_as_the_whole_picture(mask: Mask, growth: float) -> None:
    image, options = picture("uint8"), FillOptions(grow=growth)
    if (grow(mask, growth) > 0).all():
        return
    needs = Needs(context=Context(minimum=6, share=0.25))
    mean = Scripted(lambda work: np.full_like(work.image, work.image[~work.hole].mean()), needs)
    with installed(mean):
        whole = put(image, fill(ask(image, mask, "scripted", options=options), RUNTIME, Progress()))
        request = request_for(Photo(image), mask, "scripted", OneParam(), options=options)
        windowed, _result = fill_photo(Photo(image), request, RUNTIME, Progress())
    assert np.array_equal(windowed.pixels, whole)


def test_a_photo_keeps_all_but_its_pixels() -> None:
    photo = Photo(picture("uint8"), np.full((90, 110), 9, np.uint8), profile=b"icc")
    request = request_for(photo, square(110)[:90], "telea", registry.backend("telea").Params(), options=FillOptions())
    filled, result = fill_photo(photo, request, RUNTIME, Progress())
    assert filled.profile == b"icc"
    assert filled.alpha is not None
    assert (filled.alpha == 9).all()
    assert filled.pixels is not photo.pixels
    assert result.changed_pixels == np.count_nonzero((filled.pixels != photo.pixels).any(axis=2))


def test_a_mask_of_another_size_names_both() -> None:
    with pytest.raises(SizeMismatch, match=r"60 × 60.*110 × 90"):
        request_for(Photo(picture("uint8")), square(), "telea", None, options=FillOptions())


# --- what may be copied, and where it came from -----------------------------------------------------------------------
COPIES = Needs(context=Context(minimum=8, share=0.0), guides=frozenset({Guide.SOURCE}))


def sampling_area(shape: tuple[int, ...], region: Region) -> NDArray[np.bool_]:
    area = np.zeros(shape[:2], bool)
    area[region.slices] = True
    return area


def copied_from(place: tuple[int, int]) -> Any:
    """A script that copies one pixel of the crop into all of the hole, and says so."""

    def script(work: Any) -> Filled:
        image, origins = work.image.copy(), np.full((*work.hole.shape, 2), -1, np.int32)
        image[work.hole] = image[place]
        origins[work.hole] = place
        return Filled(image, origins)

    return script


def test_a_crop_reaches_to_what_may_be_copied_and_known_pixels_alone_are_offered() -> None:
    image, mask = picture("uint8"), np.zeros((90, 110), np.uint8)
    mask[20:30, 20:30] = mask[35:40, 50:60] = 255
    area = sampling_area(mask.shape, Region(25, 25, 60, 90))
    with installed(Scripted(constant(0), COPIES)) as backend:
        request = request_for(Photo(image), mask, "scripted", OneParam(), options=FillOptions(grow=2), sources=area)
        _filled, result = fill_photo(Photo(image), request, RUNTIME, Progress())
    (work,) = backend.works
    grown = grow(mask, 2) > 0
    crop = Region(10, 10, 60, 90)  # the holes with their context, and all of the sampling area
    assert np.array_equal(work.image, image[crop.slices])
    assert np.array_equal(work.sources, (area & ~grown)[crop.slices])
    assert (result.regions, result.notes) == (1, ())


@settings(deadline=None, max_examples=40)
@given(mask=masks(), corner=st.tuples(st.integers(0, 80), st.integers(0, 100)), growth=st.sampled_from([0.0, 3.0]))
def test_windows_with_a_sampling_area_lead_to_the_same_work_as_the_whole_picture(
    mask: Mask, corner: tuple[int, int], growth: float
) -> None:
    image, options = picture("uint8"), FillOptions(grow=growth)
    area = sampling_area(mask.shape, Region(corner[0], corner[1], corner[0] + 9, corner[1] + 9).clip(mask.shape))
    if not (area & ~(grow(mask, growth) > 0)).any():
        return
    with installed(Scripted(constant(0), COPIES)) as backend:
        whole = replace(ask(image, mask, "scripted", options=options))
        window = replace(whole.windows[0], sources=area)
        fill(replace(whole, windows=(window,)), RUNTIME, Progress())
        fill(
            request_for(Photo(image), mask, "scripted", OneParam(), options=options, sources=area), RUNTIME, Progress()
        )
    first, second = backend.works
    assert first.sources is not None
    for one, other in ((first.image, second.image), (first.hole, second.hole), (first.sources, second.sources)):
        assert np.array_equal(one, other)


def test_a_backend_that_copies_nothing_is_given_no_sampling_area_and_that_is_said() -> None:
    request = request_for(
        Photo(picture("uint8")),
        square(110)[:90],
        "telea",
        registry.backend("telea").Params(),
        options=FillOptions(),
        sources=sampling_area((90, 110), Region(0, 0, 3, 3)),
    )
    result = fill(request, RUNTIME, Progress())
    assert any("sampling area was not used" in note for note in result.notes)


@pytest.mark.parametrize("area", [Region(0, 0, 0, 0), Region(32, 42, 36, 46)], ids=["nothing", "the hole alone"])
def test_an_empty_sampling_area_is_refused(area: Region) -> None:
    mask = np.zeros((90, 110), np.uint8)
    mask[30:50, 40:60] = 255
    sources = sampling_area(mask.shape, area)
    with installed(Scripted(constant(0), COPIES)):
        request = request_for(
            Photo(picture("uint8")), mask, "scripted", OneParam(), options=FillOptions(), sources=sources
        )
        for act in (survey, lambda request: fill(request, RUNTIME, Progress())):
            with pytest.raises(UnsuitableMask, match="sampling area"):
                act(request)


def test_at_a_smaller_size_a_source_is_a_square_that_is_source_all_over() -> None:
    needs = replace(COPIES, context=Context(minimum=20, share=0.0), max_pixels=2000)
    area = sampling_area((100, 100), Region(11, 11, 40, 25))
    with installed(Scripted(constant(0), needs)) as backend:
        image = flat(80, 100)
        request = request_for(
            Photo(image), square(100, 40), "scripted", OneParam(), options=FillOptions(), sources=area
        )
        fill(request, RUNTIME, Progress())
    (work,) = backend.works
    crop = Region(10, 10, 90, 90)
    expected = np.logical_and.reduce((area & ~(square(100, 40) > 0))[crop.slices].reshape(40, 2, 40, 2), axis=(1, 3))
    assert expected.any()
    assert np.array_equal(work.sources, expected)


def test_a_result_says_where_each_filled_pixel_came_from_in_the_picture() -> None:
    image, mask = picture("uint8"), np.zeros((90, 110), np.uint8)
    mask[40:50, 60:75] = 255
    mask[40:42, 60:62] = 0
    with installed(Scripted(copied_from((3, 5)), COPIES)):
        (piece,) = fill(ask(image, mask, "scripted"), RUNTIME, Progress()).pieces
    assert piece.came_from is not None
    inside = mask[piece.region.slices] > 0
    assert (piece.came_from[inside] == (32 + 3, 52 + 5)).all()
    assert (piece.came_from[~inside] == -1).all()
    assert np.array_equal(piece.pixels[inside], np.broadcast_to(image[35, 57], (inside.sum(), 3)))


def test_what_came_from_the_mirrored_padding_came_from_the_pixel_mirrored_there() -> None:
    image, mask = picture("uint8", 40, 40), square(40, 6)
    needs = replace(COPIES, size=SizeRule(64, 64))
    with installed(Scripted(copied_from((23, 5)), needs)) as backend:  # the crop is 22 high: one row into the mirror
        (piece,) = fill(ask(image, mask, "scripted"), RUNTIME, Progress()).pieces
    assert backend.works[0].hole.shape == (64, 64)
    assert piece.came_from is not None
    assert (piece.came_from[mask[piece.region.slices] > 0] == (9 + 20, 9 + 5)).all()
    assert (piece.pixels[0, 0] == image[29, 14]).all()


def test_origins_at_a_smaller_size_point_into_the_right_square() -> None:
    needs = replace(COPIES, context=Context(minimum=20, share=0.0), max_pixels=2000)
    with installed(Scripted(copied_from((2, 4)), needs)):
        (piece,) = fill(ask(flat(80, 100), square(100, 40), "scripted"), RUNTIME, Progress()).pieces
    assert piece.came_from is not None
    assert piece.came_from.reshape(-1, 2).min(axis=0).tolist() == [14, 18]
    assert piece.came_from.reshape(-1, 2).max(axis=0).tolist() == [15, 19]


@pytest.mark.parametrize("wrong", [np.int64, (1, 1), "beyond"], ids=["type", "shape", "place"])
def test_origins_that_cannot_be_used_are_the_backends_failure(wrong: Any) -> None:
    def script(work: Any) -> Filled:
        shape = wrong if isinstance(wrong, tuple) else work.hole.shape
        value = 10**6 if wrong == "beyond" else 0
        return Filled(work.image, np.full((*shape, 2), value, np.int64 if wrong is np.int64 else np.int32))

    with installed(Scripted(script, COPIES)), pytest.raises(BackendFailed, match="origins"):
        fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())


def step_of(needs: Needs, **given: Any) -> FillStep:
    """The recipe step of a fill whose window brings what is given, by a method with these needs."""
    with installed(Scripted(constant(0), needs)):
        request = ask(flat(1), square(), "scripted")
        window = replace(request.windows[0], **given)
        step = fill(replace(request, windows=(window,)), RUNTIME, Progress()).step
    assert step is not None
    return step


def test_a_sampling_area_is_part_of_the_recipe_step() -> None:
    area = sampling_area((60, 60), Region(2, 3, 9, 12))
    step = step_of(COPIES, sources=area)
    assert step.sources is not None
    box, png = step.sources
    assert box == Region(2, 3, 9, 12)
    assert (cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED) == 255).all()


# --- edges that a fill should have ------------------------------------------------------------------------------------
FOLLOWS = Needs(context=Context(minimum=10, share=0.0), edges=True)


def some_edges(shape: tuple[int, int]) -> NDArray[np.float32]:
    return np.random.default_rng(1).choice(np.array([0, 0, 0, 0.5, 1], np.float32), shape)


def given_edges(needs: Needs, image: NDArray[Any], mask: Mask, edges: NDArray[np.float32]) -> tuple[Any, FillResult]:
    """The work that a backend with these needs gets, and what is said of the fill."""
    with installed(Scripted(constant(0), needs)) as backend:
        request = request_for(Photo(image), mask, "scripted", OneParam(), options=FillOptions(), edges=edges)
        result = fill(request, RUNTIME, Progress())
    (work,) = backend.works
    return work, result


def test_edges_are_cut_as_the_picture_is() -> None:
    image, mask, edges = picture("uint8"), square(110)[:90], some_edges((90, 110))
    work, result = given_edges(FOLLOWS, image, mask, edges)
    crop = bounds(mask).pad(10).clip(mask.shape)
    assert np.array_equal(work.image, image[crop.slices])
    assert np.array_equal(work.edges, edges[crop.slices])
    assert result.notes == ()


def test_where_sides_are_padded_edges_are_mirrored_with_the_picture() -> None:
    mask, edges = square(60), some_edges((60, 60))
    work, _result = given_edges(replace(FOLLOWS, size=SizeRule(1, 64)), flat(9, 60), mask, edges)
    height, width = work.hole.shape
    assert height % 64 == width % 64 == 0
    crop = bounds(mask).pad(10).clip(mask.shape)
    mirrored = np.pad(edges[crop.slices], [(0, height - crop.height), (0, width - crop.width)], mode="symmetric")
    assert np.array_equal(work.edges, mirrored)


def test_at_a_smaller_size_lines_stay_lines_of_one_pixel() -> None:
    edges = np.zeros((100, 100), np.float32)
    edges[55, 10:90] = 1
    edges[20:80, 47] = 0.5
    needs = replace(FOLLOWS, context=Context(minimum=20, share=0.0), max_pixels=2000)
    work, _result = given_edges(needs, flat(80, 100), square(100, 40), edges)
    assert work.hole.shape == (40, 40)  # of a crop of 80, from 10 on
    expected = np.zeros((40, 40), np.float32)
    expected[5:35, 18] = 0.5
    expected[22] = 1
    assert np.array_equal(work.edges, expected)


def test_a_backend_that_follows_no_edges_is_given_none_and_that_is_said() -> None:
    work, result = given_edges(replace(FOLLOWS, edges=False), flat(9, 60), square(60), some_edges((60, 60)))
    assert work.edges is None
    assert any("follows no edges" in note for note in result.notes)


def test_edges_are_part_of_the_recipe_step() -> None:
    edges = np.zeros((60, 60), np.float32)
    edges[2, 3:9], edges[8, 5] = 1.0, 0.2
    step = step_of(FOLLOWS, edges=edges)
    assert step.edges is not None
    box, png = step.edges
    assert box == Region(2, 3, 9, 9)
    kept = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(kept, np.rint(255 * edges[box.slices]))


# --- what is seen before the end --------------------------------------------------------------------------------------
class Showing(Scripted):
    """Shows `region` of its crop, all of one value, before it gives its result."""

    def __init__(self, region: Region, value: float, needs: Needs, dtype: str = "uint8") -> None:
        super().__init__(constant(0), needs)
        self.region, self.value, self.dtype = region, value, dtype
        self.watched: list[bool] = []

    def fill(self, work: Any, params: Any, progress: Progress) -> Filled:
        self.watched.append(progress.watched)
        progress.show(self.region, np.full((self.region.height, self.region.width, 3), self.value, self.dtype))
        return super().fill(work, params, progress)


def shown(backend: Showing, image: NDArray[Any], mask: Mask, **rest: Any) -> list[tuple[Region, NDArray[Any]]]:
    heard: list[tuple[Region, NDArray[Any]]] = []
    progress = Progress(preview=lambda region, pixels: heard.append((region, pixels)))
    with installed(backend):
        fill(ask(image, mask, "scripted", **rest), RUNTIME, progress)
    return heard


def test_what_a_backend_shows_arrives_where_it_lies_in_the_picture_and_inside_the_mask_alone() -> None:
    image, mask = picture("uint8"), np.zeros((90, 110), np.uint8)
    mask[40:50, 60:75] = 255
    mask[40:50, 70:75] = 51
    mask[44:46, 62:64] = 0
    backend = Showing(Region(4, 6, 16, 30), 200.4, COPIES, "float32")
    (region, pixels), (last, _pixels) = shown(backend, image, mask)
    assert region == Region(40, 60, 48, 75)  # what was shown of the hole's box, without the context around it
    assert last == Region(40, 60, 50, 75)
    before, weight = image[region.slices].astype(float), mask[region.slices][..., None] / 255
    assert pixels.dtype == image.dtype
    assert np.array_equal(pixels, np.rint(before * (1 - weight) + 200 * weight).astype(np.uint8))
    assert backend.watched == [True]


def test_what_is_shown_at_a_smaller_size_covers_its_place() -> None:
    needs = Needs(context=Context(minimum=20, share=0.0), max_pixels=2000)
    backend = Showing(Region(10, 10, 20, 15), 7, needs)
    (region, pixels), _last = shown(backend, flat(80, 100), square(100, 40))
    assert region == Region(30, 30, 50, 40)
    assert (pixels == 7).all()


def test_nothing_is_shown_of_alpha_nor_of_context_and_nobody_listens_in_vain() -> None:
    alpha = np.full((60, 60), 9, np.uint8)
    backend = Showing(Region(10, 10, 12, 12), 5, COPIES)
    heard = shown(backend, flat(1), square(), alpha=alpha, options=FillOptions(alpha=True))
    assert backend.watched == [True, False]
    assert [region for region, _pixels in heard] == [Region(27, 27, 29, 29), Region(25, 25, 35, 35)]
    beside = Showing(Region(0, 0, 4, 4), 5, COPIES)
    assert len(shown(beside, flat(1), square())) == 1
    with installed(backend):
        fill(ask(flat(1), square(), "scripted"), RUNTIME, Progress())
    assert backend.watched[-1] is False


def test_a_preview_that_does_not_fit_is_the_backends_failure() -> None:
    for region in (Region(0, 0, 999, 3), Region(-1, 0, 3, 3)):
        with pytest.raises(BackendFailed, match="showed"):
            shown(Showing(region, 5, COPIES), flat(1), square())


# --- guides -----------------------------------------------------------------------------------------------------------
def area_of(kind: Guide, region: Region) -> GuideStroke:
    """The inside of a region; its line lies within it."""
    y0, x0, y1, x1 = region.y0 + 0.5, region.x0 + 0.5, region.y1 - 0.5, region.x1 - 0.5
    return GuideStroke(kind, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)), 1.0, closed=True)


def test_areas_that_are_drawn_say_where_may_be_copied_from_as_a_plane_does() -> None:
    image, mask = picture("uint8"), np.zeros((90, 110), np.uint8)
    mask[20:30, 20:30] = 255
    allowed, never = Region(25, 25, 60, 90), Region(40, 40, 60, 60)
    guides = (area_of(Guide.SOURCE, allowed), area_of(Guide.NEVER, never))
    needs = replace(COPIES, guides=frozenset({Guide.SOURCE, Guide.NEVER}))
    with installed(Scripted(constant(0), needs)) as backend:
        request = request_for(Photo(image), mask, "scripted", OneParam(), options=FillOptions(), guides=guides)
        _filled, result = fill_photo(Photo(image), request, RUNTIME, Progress())
    (work,) = backend.works
    wanted = sampling_area(image.shape, allowed) & ~sampling_area(image.shape, never) & (mask == 0)
    y0, x0 = 60 - work.hole.shape[0], 90 - work.hole.shape[1]  # the crop ends where the area ends
    assert np.array_equal(work.sources, wanted[y0:60, x0:90])
    assert result.notes == ()


def test_areas_never_to_copy_from_make_no_crop_larger() -> None:
    image, mask = picture("uint8"), np.zeros((90, 110), np.uint8)
    mask[20:30, 20:30] = 255
    with installed(Scripted(constant(0), COPIES)) as backend:
        for guides in (
            (),
            (area_of(Guide.NEVER, Region(14, 14, 40, 22)), area_of(Guide.NEVER, Region(60, 60, 80, 80))),
        ):
            request = request_for(Photo(image), mask, "scripted", OneParam(), options=FillOptions(), guides=guides)
            fill_photo(Photo(image), request, RUNTIME, Progress())
    free, bound = backend.works
    assert free.hole.shape == bound.hole.shape
    assert free.sources is None
    assert bound.sources is not None
    assert not bound.sources[2:, 2:10].any()
    assert bound.sources[~bound.hole][-1]


def test_guides_that_a_backend_does_not_follow_are_named() -> None:
    image = picture("uint8")
    lines = (GuideStroke(Guide.LINE, ((0.0, 0.0), (90.0, 90.0))), GuideStroke(Guide.HINT, ((22.0, 22.0), (26.0, 26.0))))
    with installed(Scripted(constant(0), replace(COPIES, guides=frozenset({Guide.LINE})))):
        mask = np.zeros((90, 110), np.uint8)
        mask[20:30, 20:30] = 255
        request = request_for(Photo(image), mask, "scripted", OneParam(), options=FillOptions(), guides=lines)
        _filled, result = fill_photo(Photo(image), request, RUNTIME, Progress())
    (note,) = result.notes
    assert "colour hints" in note
    assert "lines" not in note
