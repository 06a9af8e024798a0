"""Backends held against photos whose truth is known: which cases there are, and how each fill of them comes out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillOptions, Runtime
from lacuna.contract.guides import Guide, GuideStroke, marked
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.arrays import size_mismatch
from lacuna.engine.photos import fill_photo, request_for
from lacuna.engine.true_lines import edges_of, true_lines
from lacuna.errors import LacunaError, UnreadableFile
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.names import masks_among
from lacuna.imaging.photo import Mask, Photo, Pixels
from lacuna.metrics.measures import BoxMeasures, Measures, Truth


class Guiding(StrEnum):
    """What backends that follow edges, or lines, are told of the hole."""

    NONE = "none"
    TRUTH = "truth"  # where the true picture has edges: Canny, sigma 2, as networks are trained with
    LINES = "lines"  # those of these edges that run across the hole, as lines that a person has drawn


Given = tuple[NDArray[np.float32] | None, tuple[GuideStroke, ...]]  # edges of a whole picture, and lines


@dataclass(frozen=True)
class Case:
    """A photo, which is the truth, with a mask file; `kind` is what the mask is called in tables."""

    picture: Path
    mask: Path
    kind: str


@dataclass(frozen=True)
class Method:
    """A backend as it is evaluated: `name` is what it is called in tables, `params` and `runtime` as in a fill."""

    name: str
    backend: str
    params: Any
    runtime: Runtime
    seed: int = 0

    @property
    def follows_edges(self) -> bool:
        return registry.backend(self.backend).needs(self.params).edges

    def heeds(self, guiding: Guiding) -> bool:
        """It follows what such a guiding says."""
        if guiding is Guiding.LINES:
            return Guide.LINE in registry.backend(self.backend).needs(self.params).guides
        return guiding is Guiding.TRUTH and self.follows_edges


@dataclass(frozen=True, eq=False)
class Score:
    """What came of one method on one case: CPU `seconds` of the fill, over all threads, and the `filled` picture.

    `hole` is what was measured, `photo` the truth, `edges` (H, W) those that the fill was guided by, if it was, or the
    lines, as `guiding` says, `notes` what it had to say.
    """

    case: Case
    method: Method
    measures: Measures
    box: BoxMeasures
    seconds: float
    photo: Photo
    hole: Mask
    filled: Pixels
    edges: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    guiding: Guiding = Guiding.NONE


@dataclass(frozen=True)
class Failure:
    """A case that gave no score: with every method if `method` is None."""

    case: Case
    method: Method | None
    error: LacunaError


def cases_in(folder: Path) -> tuple[Case, ...]:
    """The pictures of a folder with masks beside them, in the order of their names: `NAME-KIND.png` for `NAME.jpg`.

    Raises UnreadableFile where there are none.
    """
    cases = cases_among(files.in_folder(folder))
    if not cases:
        raise _without_masks(folder)
    return cases


def cases_of(picture: Path) -> tuple[Case, ...]:
    """The masks that lie beside one picture, by the same rule. Raises UnreadableFile if either is not there."""
    if not picture.exists():
        raise files.missing(picture)
    cases = tuple(case for case in cases_among(files.in_folder(picture.parent)) if case.picture.name == picture.name)
    if not cases:
        raise _without_masks(picture)
    return cases


def cases_among(pictures: Sequence[Path]) -> tuple[Case, ...]:
    """The pairs among these files, by the order of the photos and then of the masks."""
    masks = masks_among(pictures)
    return tuple(
        Case(picture, mask, kind_of(mask, picture))
        for picture in pictures
        for mask in pictures
        if masks.get(mask) == picture
    )


def kind_of(mask: Path, picture: Path) -> str:
    """What a mask is called: the end of its name, where that begins with the picture's."""
    return mask.stem.removeprefix(f"{picture.stem}-")


def evaluate(
    cases: Sequence[Case], methods: Sequence[Method], progress: Progress, guiding: Guiding = Guiding.NONE
) -> Iterator[Score | Failure]:
    """Each method on each case, case by case. A method's first fill is done twice, the first time untimed.

    Masks are filled as the command line does by default: not grown, not feathered. What lies below them is noise, so
    that nothing can be gained by looking at it, but that methods which follow edges or lines get those of `guiding`;
    the others fill without. Raises Cancelled.
    """
    warm: set[Method] = set()
    for case in cases:
        part = progress.part(1 / len(cases))
        part.at(0.0, f"{case.picture.name} · {case.kind}")
        try:
            photo = files.read(case.picture)
            mask = mask_file.read_mask(case.mask)
            if mask.shape != (photo.height, photo.width):
                raise size_mismatch((mask.shape[0], mask.shape[1]), (photo.height, photo.width))
        except LacunaError as error:
            yield Failure(case, None, error)
            continue
        spoilt = _spoilt(photo, mask)
        edges = edges_of(photo).astype(np.float32) if guiding is Guiding.TRUTH else None
        lines: tuple[GuideStroke, ...] = true_lines(photo, mask > 0) if guiding is Guiding.LINES else ()
        truth: Truth | None = None
        for method in methods:
            turn = part.part(1 / len(methods))
            try:
                told = guiding if method.heeds(guiding) else Guiding.NONE
                given = (None, ()) if told is Guiding.NONE else (edges, lines)
                if method not in warm:
                    _fill(spoilt, mask, given, method, photo.white, turn.part(0.5))
                    warm.add(method)
                filled, seconds, notes = _fill(spoilt, mask, given, method, photo.white, turn)
            except LacunaError as error:
                yield Failure(case, method, error)
                continue
            truth = truth or Truth(photo.pixels, mask > 0, photo.white)
            measured = truth.measure(filled), truth.measure_box(filled)
            yield Score(case, method, *measured, seconds, photo, mask, filled, _seen(given, mask), notes, told)


def _spoilt(photo: Photo, mask: Mask) -> Photo:
    """The photo with noise below its mask, grey so that grey pictures stay so."""
    noise = np.random.default_rng(0).random(int(np.count_nonzero(mask)), np.float32) * photo.white
    pixels = photo.pixels.copy()
    pixels[mask > 0] = noise[:, None].astype(pixels.dtype)
    return photo.with_pixels(pixels, None)


def _seen(given: Given, mask: Mask) -> NDArray[np.float32] | None:
    """What was given as a plane."""
    edges, lines = given
    drawn = marked(lines, Guide.LINE, (mask.shape[0], mask.shape[1]))
    return edges if drawn is None else drawn.astype(np.float32)


def _fill(
    photo: Photo,
    mask: Mask,
    given: Given,
    method: Method,
    white: float,
    progress: Progress,
) -> tuple[Pixels, float, tuple[str, ...]]:
    """The filled picture, CPU seconds of all threads, notes."""
    chosen = method.backend, method.params
    edges, lines = given
    request = request_for(photo, mask, *chosen, options=FillOptions(), seed=method.seed, edges=edges, guides=lines)
    request = replace(request, white=white)  # of a float picture the noise has changed it
    start = time.process_time()
    filled, result = fill_photo(photo, request, method.runtime, progress)
    seconds = time.process_time() - start
    if not result.untouched:  # cannot happen by construction; it is looked at all the same
        raise LacunaError(_("Pixels outside the mask have changed: please report this."))
    return filled.pixels, seconds, result.notes


def _without_masks(path: Path) -> UnreadableFile:
    sentence = (
        _("There is no mask beside a picture in {path}.") if path.is_dir() else _("{path} has no mask beside it.")
    )
    return UnreadableFile(sentence.format(path=path), hint=_("The mask of NAME.jpg is called NAME-KIND.png."))
