"""`lacuna marks`: where a mark is in pictures, and what several pictures tell of a mark that they share."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from lacuna.cli import outputs, runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, MarkFinding, Template, template_of_file
from lacuna.detection.unblending import Matte, matte_of_set, matte_of_template
from lacuna.engine.marks import marks_of
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.mask import bounds
from lacuna.imaging.photo import Photo


@dataclass(frozen=True)
class FindOrder:
    """What was asked for, word by word as `verb_marks.find` explains it."""

    images: tuple[Path, ...]
    template: Path
    confidence: float | None
    masks: Path | None
    mattes: Path | None
    overwrite: bool
    allow_large: bool
    as_json: bool


@dataclass(frozen=True)
class EstimateOrder:
    """What was asked for, word by word as `verb_marks.estimate` explains it."""

    images: tuple[Path, ...]
    mask: Path | None
    output: Path
    overwrite: bool
    allow_large: bool


def run_find(order: FindOrder) -> int:
    """Look through all pictures; one that cannot be read is told, and the others follow. The exit code."""
    template = template_of_file(order.template)
    failed = 0
    told: list[dict[str, Any]] = []
    written: set[Path] = set()

    def work(progress: Progress) -> None:
        nonlocal failed
        for path in order.images:
            try:
                told.append(_looked_through(path, template, order, written, progress.part(1 / len(order.images))))
            except LacunaError as error:
                failed += 1
                say(f"{path}: {error}")

    with ExitStack() as folders:
        for folder in (order.masks, order.mattes):
            if folder is not None:
                folders.enter_context(outputs.made_folder(folder, several=True))
        runner.run(work, _("Looking"))
    if order.as_json:
        outputs.print_json(told)
    else:
        for each in told:
            typer.echo("\n".join(lines(each)))
    return FAILED if failed else DONE


def run_estimate(order: EstimateOrder) -> None:
    """Estimate the mark of all pictures, and write it: that this can be done is made sure of first.

    Raises LacunaError.
    """
    limit = outputs.pixel_limit(allow_large=order.allow_large)
    if order.mask is None:
        raise InvalidParameter(
            _("It is not said where the mark is."), _("Give with --mask a picture whose white shows about where it is.")
        )
    region = bounds(mask_file.read_mask(order.mask, pixel_limit=limit))
    calls = [lambda path=path: files.read(path, pixel_limit=limit).pixels for path in order.images]
    with outputs.made_folder(order.output):
        files.check_writable(_four(np.zeros((1, 1, 4))), order.output, overwrite=order.overwrite)
        matte = runner.run(lambda progress: matte_of_set(calls, region, progress=progress), _("Comparing"))
        files.write(_as_photo(matte), order.output, overwrite=order.overwrite)
    typer.echo(str(order.output))


def _looked_through(
    path: Path, template: Template, order: FindOrder, written: set[Path], progress: Progress
) -> dict[str, Any]:
    """What is told of a picture. What was `written` for another one of its name is not replaced."""
    photo = files.read(path, pixel_limit=outputs.pixel_limit(allow_large=order.allow_large))
    least = DEFAULT_CONFIDENCE if order.confidence is None else order.confidence
    found = marks_of(photo, template, progress, 0.0)
    sure = [finding for finding in found if finding.confidence >= least]
    if order.masks is not None:
        mask = np.zeros((photo.height, photo.width), bool)
        for finding in sure:
            mask |= finding.mask(mask.shape)
        grey = np.repeat(mask[..., None], 3, axis=2).astype(np.uint8) * np.uint8(255)
        _write(Photo(grey, grey=True), order.masks / f"{path.stem}-mask.png", order, written)
    if order.mattes is not None:
        plane = np.zeros((photo.height, photo.width, 4), np.float32)
        for finding in sure:
            matte = matte_of_template(photo.pixels, template, finding, white=photo.white)
            there = plane[matte.region.slices]
            stronger = matte.alpha > there[..., 3]
            there[stronger] = np.concatenate([matte.colours, matte.alpha[..., None]], axis=2)[stronger]
        _write(_four(plane), order.mattes / f"{path.stem}-matte.png", order, written)
    return {"image": str(path), "findings": [_told(finding, least) for finding in found]}


def _write(photo: Photo, path: Path, order: FindOrder, written: set[Path]) -> None:
    files.write(photo, path, overwrite=order.overwrite and path not in written)
    written.add(path)


def _as_photo(matte: Matte) -> Photo:
    return _four(np.concatenate([matte.colours, matte.alpha[..., None]], axis=2))


def _four(plane: Any) -> Photo:
    """Colours and alpha in fractions of white as a photo of 8 bits."""
    bytes_ = np.rint(np.clip(plane, 0, 1) * 255).astype(np.uint8)
    return Photo(np.ascontiguousarray(bytes_[..., :3]), np.ascontiguousarray(bytes_[..., 3]))


def _told(finding: MarkFinding, least: float) -> dict[str, Any]:
    box = finding.region
    return {
        "x": box.x0,
        "y": box.y0,
        "width": box.width,
        "height": box.height,
        "scale": round(finding.scale, 4),
        "turn": round(finding.turn, 2) + 0.0,  # not -0.0
        "inverted": finding.inverted,
        "confidence": round(finding.confidence, 3),
        "sure": finding.confidence >= least,
        "matrix": np.round(finding.matrix, 4).tolist(),
    }


def lines(told: dict[str, Any]) -> list[str]:
    """What a picture's findings are in words, a line each."""
    if not told["findings"]:
        return [_("{image}: the mark was not found.").format(image=told["image"])]
    lines = [f"{told['image']}:"]
    for each in told["findings"]:
        sentence = _("  {width} × {height} pixels at {x}, {y}; scale {scale:.2f}, turned {turn:.1f}°; {confidence:.0%}")
        unsure = "" if each["sure"] else " " + _("(not sure)")
        lines.append(sentence.format(**{**each, "turn": round(each["turn"], 1) + 0.0}) + unsure)
    return lines
