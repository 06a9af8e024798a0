"""`lacuna render`: the picture of a project as a file, from stored pixels or computed again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from lacuna.cli import outputs, runner
from lacuna.cli.main import say
from lacuna.contract.progress import Progress
from lacuna.contract.steps import FillStep, PaintStep
from lacuna.document.account import step_of, steps_of, takes_back
from lacuna.document.project import Project, after, picture_of, read_project, rendered
from lacuna.engine.composite import differs
from lacuna.engine.recipes import Recipe, done_again, require_fitting
from lacuna.i18n import _, ngettext
from lacuna.imaging import files
from lacuna.imaging.photo import Photo


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_render.render` explains it."""

    project: Path
    output: str | None
    recompute: bool
    device: str
    quality: int | None
    overwrite: bool
    allow_large: bool
    allow_reduce: bool
    as_json: bool


@dataclass(frozen=True)
class Again:
    """A fill or an enlargement that was run again: so many pixels are others after it than those stored."""

    label: str
    pixels: int


def run(order: Order) -> None:
    """Carry the order out: that the file can be written is made sure of before anything is computed."""
    with outputs.made_folder(order.output):
        _carry_out(order)


def _carry_out(order: Order) -> None:
    limit = outputs.pixel_limit(allow_large=order.allow_large)
    project = read_project(order.project)
    photo = picture_of(project, pixel_limit=limit)
    target = _target(order, photo)
    with outputs.naming_the_option():
        files.check_writable(photo, target, overwrite=order.overwrite, allow_reduce=order.allow_reduce)
    found = runner.run(lambda progress: rendered(project, progress, pixel_limit=limit), _("Reading the project"))
    again: list[Again] = []
    differing = 0
    if order.recompute:
        stored = found
        found, again = runner.run(lambda progress: _recomputed(project, photo, order.device, progress), _("Filling"))
        differing = _differing(stored, found)
    with outputs.naming_the_option():
        written = files.write(
            found, target, quality=order.quality, overwrite=order.overwrite, allow_reduce=order.allow_reduce
        )
    report: dict[str, Any] = {
        "output": str(written.path),
        "format": written.format,
        "bytes": written.bytes,
        "changes": len(project.deeds),
        "notes": [*found.notes, *written.notes],
    }
    if order.recompute:
        report |= {
            "differing_pixels": differing,
            "recomputed": [{"label": each.label, "differing_pixels": each.pixels} for each in again],
        }
    _tell(order, report, again)


def _target(order: Order, photo: Photo) -> Path:
    if order.output is None and photo.path is None:  # it was pasted
        return files.proposed_path(photo, folder=order.project.absolute().parent)
    return outputs.target(order.output, photo, overwrite=order.overwrite)


def _recomputed(project: Project, photo: Photo, device: str, progress: Progress) -> tuple[Photo, list[Again]]:
    """The picture with all that a function makes run again; what was painted by hand is put in as it is stored."""
    require_fitting(Recipe(project.size, steps_of(project.deeds)), photo)
    steps = [step_of(deed) for deed in project.deeds]
    white, found = photo.white, list[Again]()
    stored, photo, below = photo.copied(), photo.copied(), photo
    for number, (deed, step) in enumerate(zip(project.deeds, steps, strict=True), 1):
        part = progress.part(1 / len(steps))
        stored = after(project, deed, stored)
        below = below if takes_back(step) else photo
        painted = isinstance(step, PaintStep)
        photo = after(project, deed, below.copied()) if painted else done_again(step, number, below, part, device)
        photo = photo.of_white(white)
        if isinstance(step, FillStep) or deed.enlargement is not None:
            found.append(Again(deed.label, _differing(stored, photo)))
    return photo, found


def _differing(one: Photo, other: Photo) -> int:
    """Pixels that are not the same in both, in colour or transparency."""
    different = differs(one.pixels, other.pixels)
    if one.alpha is not None and other.alpha is not None:
        different |= differs(one.alpha, other.alpha)
    return int(np.count_nonzero(different))


def _tell(order: Order, report: dict[str, Any], again: list[Again]) -> None:
    """The answer on stdout, and nothing else there; what is worth knowing beside it on stderr."""
    if order.as_json:
        outputs.print_json(report)
        return
    for note in report["notes"]:
        say(note)
    for each in again:
        if each.pixels:
            sentence = ngettext(
                "“{label}” differs from what is stored in {count} pixel.",
                "“{label}” differs from what is stored in {count} pixels.",
                each.pixels,
            )
            say(sentence.format(label=each.label, count=each.pixels))
    typer.echo(report["output"])
    if order.recompute:
        typer.echo(_("{count} pixels differ from those stored.").format(count=report["differing_pixels"]))
