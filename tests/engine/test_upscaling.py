"""Enlargements: tiles are the whole, steps the exact size, and nothing of depth, alpha, grey or memory is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lacuna.contract.enlargement import Enlargement, Rule, by_factor, to_sides, to_width
from lacuna.contract.fill import Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.upscale import Enlarged, UpscaleNeeds, UpscaleWork
from lacuna.engine import device, upscalers
from lacuna.engine.upscale_steps import steps
from lacuna.engine.upscaling import UpscaleRequest, UpscaleResult, estimate, upscale
from lacuna.errors import BackendFailed, OutOfMemory, PictureTooLarge, UnknownBackend, UnknownModel
from lacuna.imaging.photo import white_of
from lacuna.imaging.region import Region
from lacuna.imaging.resampling import BICUBIC, LANCZOS, resampled
from lacuna.inference import session
from lacuna.networks.positions import whole
from tests.engine.enlargers import Scripted, far_seeing, install_light, installed, repeated
from tests.pictures import lion

METHODS = ("meta-sr", "bicubic", "lanczos")
BOTH = frozenset({"cpu", "cuda"})
FACTORS = ("1.37", "2", "2.7", "3.14")


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    session.closed()
    upscalers.refresh()


@pytest.fixture
def light() -> None:
    install_light()


def photo(height: int = 83, width: int = 71) -> NDArray[np.uint8]:
    return np.array(lion()[150 : 150 + height, 180 : 180 + width])


def request(pixels: NDArray[Any], enlargement: Enlargement | str, **how: Any) -> UpscaleRequest:
    if isinstance(enlargement, str):
        enlargement = by_factor(*pixels.shape[:2], enlargement)
    return UpscaleRequest(pixels, enlargement, white_of(pixels), **{"method": "bicubic"} | how)


def made(pixels: NDArray[Any], enlargement: Enlargement | str, **how: Any) -> UpscaleResult:
    return upscale(request(pixels, enlargement, **how), Progress())


def farthest(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float64) - other).max())


# --- tiles ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", FACTORS)
def test_tiles_are_the_whole_within_a_step(method: str, factor: str, light: None) -> None:
    together = made(photo(), factor, method=method)
    assert together.pixels.shape == (int(83 * Fraction(factor)), int(71 * Fraction(factor)), 3)
    assert together.pixels.std() > 20
    for tile in (17, 32):
        tiled = made(photo(), factor, method=method, tile=tile)
        assert farthest(tiled.pixels, together.pixels) <= 1
        assert not tiled.notes


def test_weights_with_published_positions_are_tiled_too() -> None:
    install_light(rule=Rule.PUBLISHED)
    together = made(photo(), "1.4", method="meta-sr")
    assert together.pixels.shape == (116, 99, 3)
    assert farthest(made(photo(), "1.4", method="meta-sr", tile=20).pixels, together.pixels) <= 1


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", ["2.7", "6.3", "0.7"])
def test_a_region_is_that_of_the_whole(method: str, factor: str, light: None) -> None:
    together = made(photo(), factor, method=method).pixels
    region = Region(20, 9, 47, 43)
    part = made(photo(), factor, method=method, region=region)
    assert part.pixels.shape == (27, 34, 3)
    assert farthest(part.pixels, together[region.slices]) <= 1


def test_a_tile_is_given_what_its_points_depend_on_and_no_more() -> None:
    with installed(Scripted(repeated, UpscaleNeeds(reach=5))) as scripted:
        made(photo(), "2", method="scripted", tile=30)
    assert len(scripted.works) == 9
    assert max(work.image.shape[0] for work in scripted.works) <= 30 + 2 * 5
    assert {work.row for work in scripted.works} != {0}


def test_where_memory_is_too_small_for_the_reach_tiles_are_blended_and_say_how_far_they_differ(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    needs = UpscaleNeeds(reach=40, bytes_per_pixel=1000.0)
    with installed(Scripted(far_seeing(40, 0.7), needs)) as scripted:
        together = made(photo(200, 190), "2", method="scripted")
        count = len(scripted.works)
        monkeypatch.setattr(device, "memory", lambda: 5_000_000)
        tiled = made(photo(200, 190), "2", method="scripted")
        part = made(photo(200, 190), "2", method="scripted", region=Region(60, 70, 150, 170))
        sides = [work.image.shape[:2] for work in scripted.works[count:]]
    (note,) = tiled.notes
    told = float(note.split(" by ")[-1].split(" of 255")[0])
    assert max(max(sides)) < 81
    assert 0 < farthest(tiled.pixels, together.pixels) <= told + 1
    assert told < 3
    assert farthest(part.pixels, tiled.pixels[60:150, 70:170]) == 0


def test_a_larger_tile_than_memory_holds_is_made_smaller_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with installed(Scripted(repeated, UpscaleNeeds(reach=2, bytes_per_pixel=1000.0))) as scripted:
        monkeypatch.setattr(device, "memory", lambda: 5_000_000)
        tiled = made(photo(200, 190), "2", method="scripted", tile=150)
        assert max(work.image.shape[0] for work in scripted.works) < 81
    assert tiled.notes == ("Memory was short: smaller tiles were used.",)


# --- memory -----------------------------------------------------------------------------------------------------------
def test_tiles_are_halved_until_memory_holds_them() -> None:
    def script(work: UpscaleWork) -> NDArray[np.float32]:
        if work.image.shape[0] > 60:
            raise MemoryError
        return repeated(work)

    with installed(Scripted(script)) as scripted:
        found = made(photo(200, 190), "2", method="scripted")
        assert scripted.works[0].image.shape == (200, 190, 3)
        assert max(work.image.shape[0] for work in scripted.works if work.image.shape[0] <= 60) > 25
    assert np.array_equal(found.pixels, photo(200, 190).repeat(2, 0).repeat(2, 1))
    assert found.notes == ("Memory was short: smaller tiles were used.",)


def test_memory_that_ends_at_the_smallest_tile_is_told() -> None:
    def script(work: UpscaleWork) -> NDArray[np.float32]:
        raise MemoryError

    with installed(Scripted(script)), pytest.raises(OutOfMemory, match="142 × 166"):
        made(photo(), "2", method="scripted")


def test_more_than_memory_holds_is_refused_with_its_size_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_memory", lambda: 10_000_000)
    with installed(Scripted(repeated)) as scripted:
        with pytest.raises(PictureTooLarge, match=r"2840 × 3320 pixels and take 28 MB; 10 MB"):
            made(photo(), "40", method="scripted")
        assert not scripted.works
    assert "2840 × 3320" in estimate(request(photo(), "40")).problem
    assert estimate(request(photo(), "2")).problem == ""


def test_a_part_of_what_memory_does_not_hold_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "available_memory", lambda: 10_000_000)
    assert made(photo(), "40", region=Region(1000, 1000, 1100, 1200)).pixels.shape == (100, 200, 3)


# --- factors ----------------------------------------------------------------------------------------------------------
@given(st.integers(1, 60), st.integers(1, 60), st.fractions(Fraction(1, 50), 70, max_denominator=1000))
def test_steps_end_at_the_exact_size_and_none_is_above_four(height: int, width: int, factor: Fraction) -> None:
    target = by_factor(height, width, factor)
    found = steps(target, 4)
    size, product = (height, width), Fraction(1)
    for step in found:
        assert (step.height, step.width) == size
        assert step.down <= 4
        assert (step.rows - 1) / step.down < step.height  # its last point lies within
        size, product = (step.rows, step.columns), product * step.down
    assert size == (target.rows, target.columns)
    assert product == factor
    assert all(step.down.denominator == 1 for step in found[:-1])


def test_each_axis_takes_its_own_steps() -> None:
    (areas, larger) = steps(to_sides(100, 100, 50, 150, allow_distortion=True), 4)
    assert (areas.rows, areas.columns, larger.rows, larger.columns) == (50, 100, 50, 150)


@pytest.mark.parametrize("factor", ["5", "9.1"])
def test_a_factor_beyond_the_network_runs_in_steps_as_each_alone_would(factor: str, light: None) -> None:
    found = made(photo(30, 40), factor, method="meta-sr").pixels
    image, together = photo(30, 40) / np.float32(255), np.empty(0)
    for step in steps(by_factor(30, 40, factor), 4):
        result = upscale(UpscaleRequest(image, step, 1.0, method="meta-sr"), Progress())
        together = result.pixels
        image = np.clip(together, 0, 1)  # as a file in between would hold it
    assert found.shape == (int(30 * Fraction(factor)), int(40 * Fraction(factor)), 3)
    assert farthest(found, np.clip(np.rint(255 * together), 0, 255)) <= 1


def test_a_plain_kernel_takes_any_factor_at_once() -> None:
    expected = resampled(photo() / np.float32(255), whole(by_factor(83, 71, "5.5")), BICUBIC)
    assert farthest(made(photo(), "5.5").pixels, np.clip(np.rint(255 * expected), 0, 255)) <= 1


@pytest.mark.parametrize(("method", "kernel"), [("bicubic", BICUBIC), ("lanczos", LANCZOS)])
def test_plain_methods_are_the_exact_resampling(method: str, kernel: Any) -> None:
    enlargement = to_width(83, 71, 200)
    expected = resampled(photo() / np.float32(255), whole(enlargement), kernel)
    assert np.array_equal(made(photo(), enlargement, method=method).pixels, np.clip(np.rint(255 * expected), 0, 255))


@pytest.mark.parametrize("method", METHODS)
def test_a_factor_of_one_is_a_copy(method: str, light: None) -> None:
    pixels = photo().astype(np.float32) * np.float32(0.37)
    alpha = pixels[..., 0].copy()
    found = made(pixels, "1", method=method, alpha=alpha)
    assert np.array_equal(found.pixels, pixels)
    assert np.array_equal(found.alpha, alpha)
    assert not np.shares_memory(found.pixels, pixels)


@pytest.mark.parametrize("method", METHODS)
def test_below_one_areas_are_averaged_and_that_is_said(method: str, light: None) -> None:
    found = made(photo(80, 60), "0.25", method=method)
    means = photo(80, 60).reshape(20, 4, 15, 4, 3).mean((1, 3))
    assert farthest(found.pixels, means) <= 0.5 + 1e-3
    assert any("smaller by areas" in note for note in found.notes)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.fractions(Fraction(1, 90), Fraction(99, 100), max_denominator=100))
def test_areas_keep_the_mean_whatever_the_factor(height: int, width: int, factor: Fraction) -> None:
    pixels = np.full((height, width, 3), 113, np.uint8)
    assert (made(pixels, by_factor(height, width, factor)).pixels == 113).all()
    assert farthest(made(photo(90, 90), "0.31", tile=13).pixels, made(photo(90, 90), "0.31").pixels) == 0


# --- depth, grey, alpha -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", METHODS)
def test_sixteen_bits_stay_sixteen_and_are_finer_than_eight(method: str, light: None) -> None:
    deep = photo().astype(np.uint16) * 257
    found = made(deep, "2.7", method=method).pixels
    coarse = made(photo(), "2.7", method=method).pixels
    assert found.dtype == np.uint16
    assert farthest(found / 257, coarse) <= 0.51
    assert len(np.unique(found)) > 1000


@pytest.mark.parametrize("method", METHODS)
def test_floats_keep_their_range(method: str, light: None) -> None:
    bright = photo().astype(np.float32) / 255 * 7
    found = made(bright, "2", method=method).pixels
    by_eight = made(photo().astype(np.float32) / 255, "2", method=method).pixels
    assert found.dtype == np.float32
    assert found.max() > 5
    assert farthest(found, 7 * by_eight) < 7e-3 if method != "meta-sr" else found.std() > 1


def test_numbers_that_are_none_do_not_spread_over_the_picture() -> None:
    pixels = photo().astype(np.float32) / 255
    pixels[40, 40] = np.nan
    found = upscale(UpscaleRequest(pixels, by_factor(83, 71, 2), 1.0, method="bicubic"), Progress())
    assert np.isfinite(found.pixels).all()
    assert any("no numbers" in note for note in found.notes)


@pytest.mark.parametrize("method", METHODS)
def test_grey_pictures_stay_grey(method: str, light: None) -> None:
    grey = np.repeat(photo()[..., 1:2], 3, axis=2)
    found = made(grey, "2.3", method=method, grey=True).pixels
    assert np.array_equal(found[..., 0], found[..., 1])
    assert np.array_equal(found[..., 0], found[..., 2])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_alpha_is_enlarged_in_its_own_depth_and_range(method: str, dtype: type, light: None) -> None:
    top = 1.0 if dtype is np.float32 else np.iinfo(dtype).max
    alpha = np.zeros((83, 71), dtype)
    alpha[20:60, 20:50] = top
    pixels = (photo() / 255 * top).astype(dtype)
    found = made(pixels, "2.5", method=method, alpha=alpha).alpha
    assert found is not None
    assert found.dtype == dtype
    assert found.shape == (207, 177)
    assert (found.min(), found.max()) == (0, top)
    assert (found[70:130, 70:110] == top).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("tile", [None, 24])
def test_colours_that_cannot_be_seen_do_not_bleed(method: str, tile: int | None, light: None) -> None:
    alpha = np.zeros((83, 71), np.uint8)
    alpha[20:60, 20:50] = 255
    hidden = alpha == 0
    black, garish = photo(), photo()
    black[hidden], garish[hidden] = 0, (255, 0, 255)
    ours, theirs = (made(pixels, "2.5", method=method, alpha=alpha, tile=tile) for pixels in (black, garish))
    assert ours.alpha is not None
    visible = ours.alpha > 0
    assert visible.sum() > 1000
    assert farthest(ours.pixels[visible], theirs.pixels[visible]) <= 1


def test_opaque_alpha_changes_nothing() -> None:
    with_alpha = made(photo(), "2.5", alpha=np.full((83, 71), 255, np.uint8))
    assert np.array_equal(with_alpha.pixels, made(photo(), "2.5").pixels)
    assert (with_alpha.alpha == 255).all()


# --- edges of the possible --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
@pytest.mark.parametrize("factor", ["3.3", "0.4", "7"])
def test_a_picture_of_one_pixel_or_one_row_is_enlarged(
    method: str, shape: tuple[int, int], factor: str, light: None
) -> None:
    found = made(photo(*shape), factor, method=method).pixels
    assert found.shape == (*(max(1, int(side * Fraction(factor))) for side in shape), 3)


def test_a_cancel_is_heard_within_a_tile_and_progress_rises() -> None:
    said: list[float] = []
    assert made(photo(), "2", tile=30).pixels.any()
    upscale(request(photo(), "2", tile=30), Progress(lambda fraction, _stage: said.append(fraction)))
    assert said == sorted(said)
    assert len(said) >= 9

    def stop(work: UpscaleWork) -> NDArray[np.float32]:
        progress.cancel()
        return repeated(work)

    progress = Progress()
    with installed(Scripted(stop)) as scripted, pytest.raises(Cancelled):
        upscale(request(photo(), "2", method="scripted", tile=30), progress)
    assert len(scripted.works) == 1


def test_without_a_model_the_network_refuses_before_the_run_and_names_what_there_is() -> None:
    with pytest.raises(UnknownModel) as refused:
        made(photo(), "2", method="meta-sr")
    assert "lacuna models import" in str(refused.value)
    assert "bicubic, lanczos" in str(refused.value)
    assert "No model" in estimate(request(photo(), "2", method="meta-sr")).problem


def test_models_and_methods_that_are_not_there_are_named(light: None) -> None:
    with pytest.raises(UnknownModel, match="There are: light"):
        made(photo(), "2", method="meta-sr", model="other")
    with pytest.raises(UnknownModel, match="has no models"):
        made(photo(), "2", method="bicubic", model="light")
    with pytest.raises(UnknownBackend, match="meta-sr, bicubic, lanczos"):
        made(photo(), "2", method="nearest")


def test_an_upscaler_that_breaks_or_answers_nonsense_is_told() -> None:
    for script in (lambda work: 1 / 0, lambda work: work.image[:1]):
        with installed(Scripted(script)), pytest.raises(BackendFailed, match="scripted"):
            made(photo(), "2", method="scripted")


def test_an_estimate_below_one_is_that_of_making_smaller_whatever_the_method(light: None) -> None:
    pixels = photo(80, 60)
    sizes = {method: estimate(request(pixels, "0.25", method=method)).memory for method in METHODS}
    assert len(set(sizes.values())) == 1
    assert sizes["bicubic"] < estimate(request(pixels, "1.25", method="meta-sr")).memory


@pytest.mark.parametrize(
    ("factor", "said"), [("0.5", "by areas"), ("4", ""), ("4.1", "in 2 steps"), ("20", "in 3 steps")]
)
def test_an_estimate_says_by_what_means_where_that_is_not_the_plain_case(factor: str, said: str, light: None) -> None:
    notes = " ".join(estimate(request(photo(), factor, method="meta-sr")).notes)
    assert said in notes
    assert bool(notes) == bool(said)


def test_an_estimate_knows_the_size_and_learns_the_pace(light: None) -> None:
    asked = request(photo(), "2", method="meta-sr")
    guess = estimate(asked)
    assert (guess.rows, guess.columns, guess.bytes, guess.steps) == (166, 142, 166 * 142 * 3, 1)
    assert guess.memory > guess.bytes
    result = upscale(asked, Progress())
    (key,) = result.spent
    assert key == "upscale:meta-sr:light:cpu"
    assert result.spent[key].planned == pytest.approx(guess.seconds)
    assert estimate(asked, {key: 3.0}).seconds == pytest.approx(3 * guess.seconds)
    assert estimate(replace(asked, region=Region(0, 0, 83, 71))).bytes == guess.bytes // 4


class Carded(Scripted):
    """A network that runs on either device: `script(work, device)`."""

    def __init__(self, script: Callable[[UpscaleWork, str], NDArray[np.float32]]) -> None:
        super().__init__(lambda work: script(work, self.device), UpscaleNeeds(reach=1, devices=BOTH))
        self.device = ""
        self.devices: list[str] = []

    def load(self, runtime: Runtime) -> None:
        self.device = runtime.device

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        self.devices.append(self.device)
        return super().enlarge(work, model, progress)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that the engine takes for a card."""
    monkeypatch.setattr(device, "cuda_missing", lambda: "")
    monkeypatch.setattr(device, "card_memory", lambda: 1 << 30)


@pytest.mark.parametrize("error", [RuntimeError("no kernel image"), BackendFailed("numbers that are none")])
def test_where_the_graphics_card_fails_the_processor_enlarges_all_of_it_and_that_is_said(
    error: Exception, card: None
) -> None:
    def script(work: UpscaleWork, where: str) -> NDArray[np.float32]:
        if where == "cuda" and work.row > 0:  # not at once
            raise error
        return repeated(work) if where == "cpu" else 0 * repeated(work)

    with installed(Carded(script)) as scripted:
        found = made(photo(), "2", method="scripted", tile=30, alpha=np.full((83, 71), 255, np.uint8))
    assert scripted.devices == ["cuda"] * 4 + ["cpu"] * 9  # three of the first row, one of the second
    assert np.array_equal(found.pixels, photo().repeat(2, 0).repeat(2, 1))
    assert found.device == "cpu"
    assert {key.split(":")[1] + key[-4:] for key in found.spent} == {"scripted:cpu", "scriptedcuda", "bicubic:cpu"}
    (note,) = found.notes
    assert str(error) in note
    assert "the processor enlarged instead" in note


def test_where_the_cards_memory_ends_for_the_smallest_tile_the_processor_enlarges(card: None) -> None:
    def script(work: UpscaleWork, where: str) -> NDArray[np.float32]:
        if where == "cuda":
            raise MemoryError
        return repeated(work)

    with installed(Carded(script)) as scripted:
        found = made(photo(), "2", method="scripted")
    assert scripted.devices == ["cuda"] * 2 + ["cpu"]  # 83 and 41 pixels; at 20 the card is given up
    assert (found.device, len(found.notes)) == ("cpu", 1)
    assert "memory is full" in found.notes[0]


def test_what_the_processor_cannot_do_either_is_told_and_what_no_device_can_mend_is_not_tried_twice(card: None) -> None:
    def script(work: UpscaleWork, where: str) -> NDArray[np.float32]:
        raise RuntimeError(f"{where} is on fire")

    with installed(Carded(script)), pytest.raises(BackendFailed, match="cpu is on fire"):
        made(photo(), "2", method="scripted")

    def missing(work: UpscaleWork, where: str) -> NDArray[np.float32]:
        raise UnknownModel("gone")

    with installed(Carded(missing)) as scripted, pytest.raises(UnknownModel):
        made(photo(), "2", method="scripted")
    assert scripted.devices == ["cuda"]


def test_packages_may_bring_ways_to_enlarge_but_not_take_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = SimpleNamespace(name="theirs", load=lambda: lambda: Scripted(repeated))
    ours = SimpleNamespace(name="bicubic", load=lambda: lambda: 1 / 0)
    groups = {upscalers.GROUP: [theirs, ours]}
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: groups.get(group, []))
    upscalers.refresh()
    assert upscalers.ids() == ("meta-sr", "bicubic", "lanczos", "theirs")
    assert np.array_equal(made(photo(), "2", method="theirs").pixels, photo().repeat(2, 0).repeat(2, 1))
    assert upscalers.upscaler("bicubic").id == "bicubic"
