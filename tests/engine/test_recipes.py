"""Recipes: steps in a file that give the same pixels again, and refuse what they do not fit."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.enlargement import by_factor
from lacuna.contract.fill import FillOptions, FillStep, Runtime
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.steps import CropStep, EnlargeStep, Excerpt, PaintStep
from lacuna.engine import registry
from lacuna.engine.edges import predict
from lacuna.engine.fill import step_of
from lacuna.engine.photos import fill_photo, request_for
from lacuna.engine.recipe_placing import placed
from lacuna.engine.recipes import Recipe, from_json, read_recipe, replayed, to_json, write_recipe
from lacuna.engine.upscaling import request_for as upscale_request
from lacuna.engine.upscaling import step_of as upscale_step
from lacuna.engine.upscaling import upscale
from lacuna.errors import LacunaError, UnknownModel, UnreadableFile, UnsuitableRecipe, UnsupportedFormat
from lacuna.imaging.lossless import decoded, digest, encoded
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from tests.pictures import lion

SIZE = (96, 128)
DEPTHS = {"uint8": 1, "uint16": 257, "float32": 0.01}  # value of a step of 8 bits


def photo(kind: str = "uint8", *, alpha: bool = False, size: tuple[int, int] = SIZE) -> Photo:
    part = lion()[100 : 100 + size[0], 200 : 200 + size[1]]
    pixels = (part * np.array(DEPTHS[kind])).astype(kind)
    return Photo(pixels, pixels[..., 1].copy() if alpha else None)


def filled(picture: Photo, box: Region, backend: str = "telea", **params: Any) -> tuple[Photo, FillStep]:
    """The picture with a box filled, and the step that says so."""
    mask = np.zeros(picture.pixels.shape[:2], np.uint8)
    mask[box.slices] = 255
    chosen = registry.backend(backend)
    line = GuideStroke(Guide.LINE, ((0.0, 40.0), (128.0, 44.0)))
    options = FillOptions(grow=2.0, alpha=picture.alpha is not None)
    request = request_for(picture, mask, backend, chosen.Params(**params), options=options, seed=3, guides=(line,))
    after, _result = fill_photo(picture, request, Runtime(), Progress())
    return after.of_white(picture.white), step_of(request)


def worked(picture: Photo) -> tuple[Photo, Recipe]:
    """The picture after a fill, a crop, an enlargement and another fill; and what was done."""
    one, first = filled(picture, Region(20, 30, 40, 60), radius=5)
    cut = Region(4, 6, 84, 118)
    two = one.with_pixels(one.pixels[cut.slices], None if one.alpha is None else one.alpha[cut.slices])
    made = by_factor(80, 112, 1.25)
    result = upscale(upscale_request(two.of_white(one.white), made, method="lanczos"), Progress())
    three = two.with_pixels(result.pixels, result.alpha).of_white(one.white)
    last, second = filled(three, Region(50, 80, 70, 99))
    return last, Recipe(SIZE, (first, CropStep(cut, SIZE), upscale_step(result, made, 240.0), second))


def same(one: Photo, other: Photo) -> bool:
    alphas = (one.alpha is None) == (other.alpha is None)
    if one.alpha is not None and other.alpha is not None:
        alphas = np.array_equal(one.alpha, other.alpha)
    return alphas and one.pixels.dtype == other.pixels.dtype and np.array_equal(one.pixels, other.pixels)


@pytest.mark.parametrize(("kind", "alpha"), [("uint8", True), ("uint16", False), ("float32", True)])
def test_a_recipe_gives_the_same_pixels_from_a_file(tmp_path: Path, kind: str, alpha: bool) -> None:
    picture = photo(kind, alpha=alpha)
    wanted, recipe = worked(picture)
    write_recipe(recipe, tmp_path / "steps.json")
    read = read_recipe(tmp_path / "steps.json")
    assert read == recipe
    before = picture.pixels.copy()
    after = replayed(read, picture, progress=Progress())
    assert same(after, wanted)
    assert np.array_equal(picture.pixels, before)
    assert after.metadata.dpi == (240.0, 240.0)


def test_a_recipe_without_steps_gives_a_copy() -> None:
    picture = photo()
    after = replayed(Recipe(SIZE, ()), picture, progress=Progress())
    assert same(after, picture)
    assert not np.shares_memory(after.pixels, picture.pixels)


def test_another_picture_of_the_same_size_is_filled_at_the_same_place() -> None:
    _after, step = filled(photo(), Region(20, 30, 40, 60))
    other = Photo(np.ascontiguousarray(photo().pixels[::-1]))
    after = replayed(Recipe(SIZE, (step,)), other, progress=Progress())
    changed = (after.pixels != other.pixels).any(axis=2)
    assert changed[22:38, 32:58].mean() > 0.5
    changed[18:42, 28:62] = False
    assert not changed.any()


def test_another_size_is_refused_with_both_sizes_unless_a_place_is_named() -> None:
    _after, step = filled(photo(), Region(20, 30, 40, 60))
    recipe, larger = Recipe(SIZE, (step,)), photo(size=(192, 160))
    with pytest.raises(UnsuitableRecipe, match=r"128 × 96.*160 × 192"):
        replayed(recipe, larger, progress=Progress())
    boxes = {
        MaskFit.TOP_LEFT: (20, 30, 40, 60),
        MaskFit.BOTTOM_RIGHT: (116, 62, 136, 92),
        MaskFit.CENTRE: (68, 46, 88, 76),
        MaskFit.STRETCH: (40, 38, 80, 75),
    }
    for fit, box in boxes.items():
        fitted = placed(recipe, (192, 160), fit)
        after = replayed(fitted, larger, progress=Progress())
        changed = (after.pixels != larger.pixels).any(axis=2)
        assert changed[Region(*box).slices].mean() > 0.8, fit
        changed[Region(*box).pad(3).slices] = False
        assert not changed.any(), fit
    with pytest.raises(UnsuitableRecipe, match=r"Step 1 .* 40 × 30"):
        placed(recipe, (30, 40), MaskFit.TOP_LEFT)


def test_what_is_thin_and_lies_at_the_border_stays_in_a_smaller_picture() -> None:
    edge = Region(SIZE[0] - 1, SIZE[1] - 1, *SIZE)
    _after, step = filled(photo(), edge)
    (moved,) = placed(Recipe(SIZE, (step,)), (38, 51), MaskFit.STRETCH).steps
    assert isinstance(moved, FillStep)
    assert moved.box == Region(37, 50, 38, 51)


def test_steps_after_a_crop_need_not_be_placed_again() -> None:
    _after, recipe = worked(photo())
    fitted = placed(recipe, (96, 140), MaskFit.TOP_RIGHT)
    first, crop, *rest = fitted.steps
    assert isinstance(first, FillStep)
    assert isinstance(crop, CropStep)
    assert (first.box, first.size) == (Region(20, 42, 40, 72), (96, 140))
    assert crop == CropStep(Region(4, 18, 84, 130), (96, 140))
    assert tuple(rest) == recipe.steps[2:]


def painted(picture: Photo) -> PaintStep:
    box = Region(10, 12, 30, 20)
    part = picture.pixels[box.slices]
    return PaintStep("Clone", SIZE, (Excerpt("photo", box, encoded(part + part.dtype.type(1)), digest(part)),))


@pytest.mark.parametrize("kind", DEPTHS)
def test_what_was_painted_by_hand_goes_only_where_it_was_painted(kind: str) -> None:
    picture = photo(kind)
    recipe = Recipe(SIZE, (painted(picture),))
    after = replayed(recipe, picture, progress=Progress())
    changed = (after.pixels != picture.pixels).any(axis=2)
    assert changed[10:30, 12:20].all()
    assert changed.sum() == 20 * 8
    other = Photo(np.ascontiguousarray(picture.pixels[::-1]))
    with pytest.raises(UnsuitableRecipe, match=r"Step 1 .*Clone.* by hand"):
        replayed(recipe, other, progress=Progress())
    with pytest.raises(UnsuitableRecipe, match="by hand"):
        placed(recipe, (100, 128), MaskFit.CENTRE)


@pytest.fixture
def ships(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the models that ship, with them in it."""
    folder = Path(__file__).resolve().parents[2] / "models"
    monkeypatch.setattr("lacuna.paths.models", lambda: folder)
    return folder


@pytest.mark.usefixtures("ships")
def test_other_weights_are_refused_before_anything_is_filled() -> None:
    _after, first = filled(photo(), Region(20, 30, 40, 60))
    step = replace(first, backend="deepfill", params={}, model="deepfill", model_sha256="0" * 64)
    with pytest.raises(UnknownModel, match=r"Step 2 .*other weights of “deepfill” .000000000000…") as refused:
        replayed(Recipe(SIZE, (first, step)), photo(), progress=Progress())
    assert "Import" in refused.value.hint
    gone = replace(step, model="gone", params={"model": "gone"})
    with pytest.raises(UnknownModel, match="needs the model “gone”"):
        replayed(Recipe(SIZE, (gone,)), photo(), progress=Progress())
    with pytest.raises(UnknownModel, match="without saying by which weights"):
        replayed(Recipe(SIZE, (replace(step, model_sha256=None),)), photo(), progress=Progress())
    larger = EnlargeStep(by_factor(96, 128, 2), "meta-sr", "meta-sr", "1" * 64)
    with pytest.raises(UnknownModel, match="111111111111…"):
        replayed(Recipe(SIZE, (larger,)), photo(), progress=Progress())


@pytest.mark.usefixtures("ships")
def test_the_same_weights_are_found_whatever_they_are_called_now() -> None:
    picture = photo()
    wanted, step = filled(picture, Region(20, 30, 40, 60), "deepfill", detail="off")
    assert (step.model, len(step.model_sha256 or "")) == ("deepfill", 64)
    assert same(replayed(Recipe(SIZE, (step,)), picture, progress=Progress()), wanted)
    called = replace(step, model="another", params={**step.params, "model": "another"})
    assert same(replayed(Recipe(SIZE, (called,)), picture, progress=Progress()), wanted)


@pytest.mark.usefixtures("ships")
def test_weights_of_a_method_that_was_chosen_have_to_be_there_as_well() -> None:
    picture = photo()
    mask = np.zeros(SIZE, np.uint8)
    mask[20:40, 30:60] = 255
    params: Any = registry.backend("auto").Params(methods="deepfill")
    request = request_for(picture, mask, "auto", params, options=FillOptions())
    after, result = fill_photo(picture, request, Runtime(), Progress())
    step = step_of(request, result.methods)
    assert (step.backend, step.model) == ("auto", None)
    assert [name for name, _digest in step.chosen] == ["deepfill"]
    recipe = from_json(to_json(Recipe(SIZE, (step,))))
    assert same(replayed(recipe, picture, progress=Progress()), after)
    other = replace(step, chosen=(("deepfill", "0" * 64),))
    with pytest.raises(UnknownModel, match=r"Step 1 .*other weights of “deepfill”"):
        replayed(Recipe(SIZE, (other,)), picture, progress=Progress())


@pytest.mark.usefixtures("ships")
def test_edges_that_a_fill_has_followed_are_followed_again() -> None:
    picture = photo()
    mask = np.zeros(SIZE, np.uint8)
    mask[30:50, 40:70] = 255
    params: Any = registry.backend("edgeconnect").Params(detail="off")
    plain = request_for(picture, mask, "edgeconnect", params, options=FillOptions())
    (edges,) = predict(plain, Runtime(), Progress())
    led = replace(plain, predicted=(replace(edges, strength=np.where(edges.hole, np.uint8(200), edges.strength)),))
    wanted, _result = fill_photo(picture, led, Runtime(), Progress())
    recipe = from_json(to_json(Recipe(SIZE, (step_of(led),))))
    assert same(replayed(recipe, picture, progress=Progress()), wanted)
    assert not same(replayed(Recipe(SIZE, (step_of(plain),)), picture, progress=Progress()), wanted)


def test_a_recipe_of_the_first_version_is_read_as_it_was_saved() -> None:
    recipe = read_recipe(Path(__file__).with_name("version-1.json"))
    fill, paint, crop, enlarge = recipe.steps
    assert isinstance(fill, FillStep)
    assert (fill.backend, fill.params, fill.options.grow, fill.box) == (
        "telea",
        {"radius": 3},
        1,
        Region(20, 20, 28, 30),
    )
    assert isinstance(paint, PaintStep)
    assert (paint.label, len(paint.excerpts)) == ("Clone", 1)
    assert crop == CropStep(Region(4, 4, 44, 60), (48, 64))
    assert isinstance(enlarge, EnlargeStep)
    assert (enlarge.method, enlarge.enlargement) == ("lanczos", by_factor(40, 56, 1.25))


def test_no_file_but_a_recipe_is_read(tmp_path: Path) -> None:
    _after, recipe = worked(photo())
    text = to_json(recipe)
    path = tmp_path / "steps.json"

    def refused(kind: type[LacunaError], words: str) -> None:
        path.write_text(words)
        with pytest.raises(kind) as error:
            read_recipe(path)
        assert error.value.hint

    for words in ("", "{}", "[]", "nonsense", text[: len(text) // 2], text[:-3], "[" * 100_000):
        refused(UnreadableFile, words)
    for name, wrong in {
        "format": "another",
        "version": "one",
        "size": [0, 0],
        "steps": [{}],
    }.items():
        refused(UnreadableFile, json.dumps({**json.loads(text), name: wrong}))
    for name, wrong in {
        "box": [0, 0, 500, 5],
        "mask": {"bytes": "?"},
        "size": [1, 1],
        "backend": 3,
        "params": 4,
        "options": {"grow": "wide"},
    }.items():
        value = json.loads(text)
        value["steps"][0][name] = wrong
        refused(UnreadableFile, json.dumps(value))
    for options in ({"grow": -1}, {"feather": math.nan}, {"grow": math.inf}, {"depth": 3}):
        value = json.loads(text)
        value["steps"][0]["options"].update(options)
        refused(UnreadableFile, json.dumps(value))
    refused(UnsupportedFormat, json.dumps({**json.loads(text), "version": 2}))
    with pytest.raises(UnreadableFile, match="does not exist"):
        read_recipe(tmp_path / "none.json")


def test_a_mask_of_another_size_than_its_box_is_refused() -> None:
    _after, step = filled(photo(), Region(20, 30, 40, 60))
    wrong = replace(step, mask=encoded(np.zeros((5, 5), np.uint8)))
    with pytest.raises(UnreadableFile, match="damaged"):
        replayed(Recipe(SIZE, (wrong,)), photo(), progress=Progress())


def test_a_recipe_can_be_stopped_and_tells_how_far_it_is() -> None:
    _after, recipe = worked(photo())
    seen: list[float] = []
    replayed(recipe, photo(), progress=Progress(lambda fraction, _stage: seen.append(fraction)))
    assert seen == sorted(seen)
    assert seen[0] < 0.25 < seen[-1]
    stopped = Progress()
    stopped.cancel()
    with pytest.raises(Cancelled):
        replayed(recipe, photo(), progress=stopped)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1)])
@pytest.mark.parametrize("kind", DEPTHS)
def test_pixels_survive_their_code_and_nothing_else_is_taken_for_them(shape: tuple[int, ...], kind: str) -> None:
    pixels: NDArray[Any] = (np.random.default_rng(1).random(shape) * 255 * DEPTHS[kind]).astype(kind)
    data = encoded(pixels)
    back = decoded(data, shape, pixels.dtype)
    assert back.dtype == pixels.dtype
    assert np.array_equal(back, pixels)
    for wrong in (b"", data[:20], data[: len(data) // 2], b"x" + data[1:]):
        with pytest.raises(ValueError, match=r"not|damaged|version|magic|EOF"):
            decoded(wrong, shape, pixels.dtype)
    with pytest.raises(ValueError, match="not"):
        decoded(data, (6, *shape[1:]), pixels.dtype)
