"""Recipes: what was done to a picture, as a file of steps that are done again on it, or on another one.

On the same machine and picture they give the same pixels: each fill is as it was asked for, by the same weights. What
was painted by hand is no function of a picture; its pixels are part of the recipe, and go only where they came from.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.fill import FillStep
from lacuna.contract.progress import Progress
from lacuna.contract.step_json import step_from_json, step_to_json
from lacuna.contract.steps import CropStep, EnlargeStep, PaintStep, Size, Step, require_sound, size_after
from lacuna.engine import upscaling
from lacuna.engine.device import runtime_for
from lacuna.engine.photos import fill_photo, request_for
from lacuna.engine.recipe_models import fill_method, upscale_model
from lacuna.errors import RecipeOfAnotherSize, UnreadableFile, UnsuitableRecipe, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.colour import to_float
from lacuna.imaging.lossless import decoded, digest
from lacuna.imaging.metadata import printed
from lacuna.imaging.photo import Mask, Photo
from lacuna.imaging.region import Region

MARK = "lacuna recipe"  # what a file says of itself
VERSION = 1  # a reader refuses what is newer
LARGEST = 1 << 30  # bytes of a file that is read
ENDING = ".json"


@dataclass(frozen=True)
class Recipe:
    """Steps, the first of which is one of a picture of `size` (height, width)."""

    size: Size
    steps: tuple[Step, ...]

    @property
    def painted(self) -> int:
        """How many of its steps hold pixels of the picture that it was made with."""
        return sum(isinstance(step, PaintStep) for step in self.steps)


# --- files ------------------------------------------------------------------------------------------------------------
def write_recipe(recipe: Recipe, path: Path, *, overwrite: bool = True) -> int:
    """Write a recipe whole or not at all; returns the bytes. Raises CannotSave."""
    return write_atomically(Path(path), [to_json(recipe).encode()], overwrite=overwrite)


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file. Raises UnreadableFile, and UnsupportedFormat for one of a newer Lacuna."""
    data = files.load(Path(path), LARGEST)
    try:
        return from_json(data.decode())
    except (ValueError, KeyError, TypeError, ArithmeticError, AttributeError, RecursionError) as error:
        raise UnreadableFile(
            _("{path} is no recipe, or a damaged one.").format(path=path),
            hint=_("Lacuna writes recipes by “Save recipe…” and “lacuna fill --save-recipe”. Save it again."),
            cause=error,
        ) from error


def to_json(recipe: Recipe) -> str:
    steps = [step_to_json(step) for step in recipe.steps]
    return json.dumps({"format": MARK, "version": VERSION, "size": list(recipe.size), "steps": steps}, indent=1)


def from_json(text: str) -> Recipe:
    """What `to_json` wrote. Raises UnsupportedFormat for what is newer; for anything else what Python does."""
    value = json.loads(text)
    if value["format"] != MARK:
        raise ValueError(value["format"])
    version = int(value["version"])
    if version > VERSION:
        raise UnsupportedFormat(
            _("This recipe has version {version}; this Lacuna knows recipes up to version {known}.").format(
                version=version, known=VERSION
            ),
            hint=_("Use a newer Lacuna."),
        )
    height, width = (int(side) for side in value["size"])
    steps = tuple(step_from_json(step) for step in value["steps"])
    size = (height, width)
    for step in steps:
        require_sound(step, size)
        size = size_after(step)
    return Recipe((height, width), steps)


# --- doing it again ---------------------------------------------------------------------------------------------------
def replayed(recipe: Recipe, photo: Photo, *, progress: Progress, device: str = "auto") -> Photo:
    """The photo with all steps done; sentences about how stand in its `notes`. Its arrays are its own.

    Raises what `require_fitting` does, and what fills and enlargements raise. For a picture of another size see
    `recipe_placing.placed`.
    """
    after = photo.copied()
    for after in replaying(recipe, photo, progress=progress, device=device):  # noqa: B007
        pass
    return after


def replaying(recipe: Recipe, photo: Photo, *, progress: Progress, device: str = "auto") -> Iterator[Photo]:
    """The photo after each step; see `replayed`."""
    require_fitting(recipe, photo)
    white = photo.white  # of the picture as it was opened: what is filled in does not change what is white
    for number, step in enumerate(recipe.steps, 1):
        photo = done_again(step, number, photo, progress.part(1 / len(recipe.steps)), device).of_white(white)
        yield photo


def require_fitting(recipe: Recipe, photo: Photo) -> None:
    """Look at all that could stand in the way before anything is done.

    Raises UnsuitableRecipe for a picture of another size, UnknownBackend for a method that is not there, and
    UnknownModel for a model that is not there, or has other weights than the recipe was made with.
    """
    size = photo.height, photo.width
    if size != recipe.size:
        raise RecipeOfAnotherSize(
            _("The recipe was made for a picture of {width} × {height} pixels, this one has {other}.").format(
                width=recipe.size[1], height=recipe.size[0], other=f"{size[1]} × {size[0]}"
            ),
            hint=_("Say where its steps belong: at a corner, in the centre, or in per cent of the sides."),
        )
    for number, step in enumerate(recipe.steps, 1):
        if isinstance(step, FillStep):
            fill_method(step, number)
        elif isinstance(step, EnlargeStep):
            upscale_model(step, number)


def done_again(step: Step, number: int, photo: Photo, progress: Progress, device: str = "auto") -> Photo:
    """The photo, which the step fits, after that; errors name its `number`."""
    match step:
        case FillStep():
            return _filled(step, number, photo, device, progress)
        case CropStep():
            alpha = None if photo.alpha is None else photo.alpha[step.region.slices].copy()
            return photo.with_pixels(photo.pixels[step.region.slices].copy(), alpha)
        case EnlargeStep():
            return _enlarged(step, number, photo, device, progress)
        case PaintStep():
            return _painted(step, number, photo)


def _filled(step: FillStep, number: int, photo: Photo, device: str, progress: Progress) -> Photo:
    how = fill_method(step, number)
    size = photo.height, photo.width
    mask, edges, sources = (_plane(kept, size) for kept in ((step.box, step.mask), step.edges, step.sources))
    assert mask is not None
    request = request_for(
        photo,
        mask,
        how.backend,
        how.params,
        options=replace(step.options, alpha=step.options.alpha and photo.alpha is not None),
        seed=step.seed,
        sources=None if sources is None else sources > 0,
        edges=None if edges is None else to_float(edges, 255.0),
        guides=step.guides,
    )
    request = replace(request, predicted=_predicted(step))
    after, result = fill_photo(photo, request, runtime_for(device, how.needs), progress)
    return _with_notes(after, result.notes)


def _enlarged(step: EnlargeStep, number: int, photo: Photo, device: str, progress: Progress) -> Photo:
    model = upscale_model(step, number)
    request = upscaling.request_for(photo, step.enlargement, method=step.method, model=model, device=device)
    result = upscaling.upscale(request, progress)
    after = _with_notes(photo.with_pixels(result.pixels, result.alpha), result.notes)
    return after if step.dpi is None else replace(after, metadata=printed(after.metadata, step.dpi))


def _painted(step: PaintStep, number: int, photo: Photo) -> Photo:
    pixels, alpha = photo.pixels.copy(), None if photo.alpha is None else photo.alpha.copy()
    for excerpt in step.excerpts:
        plane: NDArray[Any] | None = pixels if excerpt.plane == "photo" else alpha
        if plane is None or digest(plane[excerpt.region.slices]) != excerpt.below:
            raise painted_elsewhere(step, number)
        part = plane[excerpt.region.slices]
        part[...] = _decoded(excerpt.pixels, part.shape, part.dtype)
    return photo.with_pixels(pixels, alpha)


def painted_elsewhere(step: PaintStep, number: int) -> UnsuitableRecipe:
    return UnsuitableRecipe(
        _("Step {number} of the recipe, “{label}”, was painted by hand into another picture.").format(
            number=number, label=step.label
        ),
        hint=_("Such a step goes only where it was painted. Use a recipe of fills, crops and enlargements."),
    )


def decoded_plane(box: Region, png: bytes) -> Mask:
    """A mask as a step keeps it, in its box. Raises UnreadableFile."""
    return _decoded(png, (box.height, box.width), np.dtype(np.uint8))


def _predicted(step: FillStep) -> tuple[PredictedEdges, ...]:
    try:
        return tuple(edges.unpacked() for edges in step.predicted)
    except ValueError as error:
        raise _damaged(error) from error


def _plane(kept: tuple[Region, bytes] | None, size: Size) -> Mask | None:
    """The same in the size of the picture: 0 outside of its box."""
    if kept is None:
        return None
    whole = np.zeros(size, np.uint8)
    whole[kept[0].slices] = decoded_plane(*kept)
    return whole


def _decoded(data: bytes, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    try:
        return decoded(data, shape, dtype)
    except ValueError as error:
        raise _damaged(error) from error


def _damaged(error: ValueError) -> UnreadableFile:
    sentence = _("A step of the recipe is damaged: {reason}.").format(reason=error)
    return UnreadableFile(sentence, hint=_("Save the recipe again."), cause=error)


def _with_notes(photo: Photo, notes: tuple[str, ...]) -> Photo:
    return replace(photo, notes=tuple(dict.fromkeys((*photo.notes, *notes))))
