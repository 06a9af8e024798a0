"""`lacuna find`: what is found in each picture, told, and written as a mask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import typer

from lacuna.cli import outputs, runner, words
from lacuna.cli.main import DONE, FAILED, say
from lacuna.contract.findable import Findable
from lacuna.engine.findings import Found, find, mask_of
from lacuna.errors import CannotSave, InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.atomic import cannot_save
from lacuna.imaging.photo import Photo


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_find.find` explains it."""

    sought: str
    images: tuple[Path, ...]
    mask_out: str | None
    confidence: float | None
    overwrite: bool
    allow_large: bool
    as_json: bool


def run(order: Order) -> int:
    """Look through the pictures, one by one; the exit code. One that fails is told, and the others are looked at."""
    sought = words.sought(order.sought)
    several = len(order.images) > 1
    output = order.mask_out
    if several and output is not None and (Path(output).is_file() or outputs.is_picture(output)):
        raise InvalidParameter(
            _("The masks of several pictures cannot become one file: {path}.").format(path=output),
            hint=_("Name a folder; it is made if it is not there."),
        )
    reports: list[dict[str, Any]] = []
    failed = False
    written: set[Path] = set()
    with outputs.made_folder(output, several=several):
        for image in order.images:
            try:
                reports.append(_looked_through(order, sought, image, written))
            except LacunaError as error:
                if not several:
                    raise
                say(f"{image}: {error}")
                failed = True
    if order.as_json:
        outputs.print_json(reports if several else reports[0])
    return FAILED if failed else DONE


def _looked_through(order: Order, sought: Findable, image: Path, written: set[Path]) -> dict[str, Any]:
    photo = files.read(image, pixel_limit=outputs.pixel_limit(allow_large=order.allow_large))
    target = _target(order, image, written)
    work = partial(_found, photo, sought, order.confidence)
    found: tuple[Found, ...] = runner.run(work, _("Looking through {name}").format(name=image.name))
    report: dict[str, Any] = {
        "image": str(image),
        "width": photo.width,
        "height": photo.height,
        "findings": [_described(each) for each in found],
    }
    if target is not None and found:
        mask_file.write_mask(mask_of(found, photo.pixels.shape), target, overwrite=order.overwrite)
        written.add(target)
        report["mask"] = str(target)
    elif target is not None and target.exists():
        _remove(target)
        report["removed"] = str(target)
    if not order.as_json:
        _tell(image, found, report)
    return report


def _found(photo: Photo, sought: Findable, least: float | None, progress: Any) -> tuple[Found, ...]:
    return find(photo.pixels, photo.white, sought, least=least, progress=progress)


def _target(order: Order, image: Path, written: set[Path]) -> Path | None:
    """Where the mask goes, made sure of before anything is looked for: pictures of one name do not share it."""
    if order.mask_out is None:
        return None
    target = Path(order.mask_out)
    if target.is_dir():
        target /= f"{image.stem}-mask.png"
    if any(target.exists() and each.exists() and target.samefile(each) for each in order.images):
        raise CannotSave(_("{path} is one of the pictures.").format(path=target), hint=_("Give the mask another name."))
    if target in written or (target.exists() and not order.overwrite):
        raise CannotSave(
            _("{path} exists already.").format(path=target),
            hint=_("Give another name, or allow it to be replaced with --overwrite."),
        )
    return target


def _remove(target: Path) -> None:
    """A mask of an earlier run, which was to be replaced: left there it would be taken for this run's."""
    try:
        target.unlink()
    except OSError as error:
        raise cannot_save(target, error) from error


def _described(found: Found) -> dict[str, Any]:
    """A finding for JSON: its box in pixels, and of a mosaic the size of its blocks."""
    box = found.region
    told: dict[str, Any] = {
        "kind": found.label,
        "confidence": round(found.confidence, 3),
        "x": box.x0,
        "y": box.y0,
        "width": box.width,
        "height": box.height,
        "pixels": int(found.mask.sum()),
    }
    if found.mosaic is not None:
        told |= {"block_width": found.mosaic.across.size, "block_height": found.mosaic.down.size}
    return told


def _tell(image: Path, found: tuple[Found, ...], report: Mapping[str, Any]) -> None:
    if not found:
        typer.echo(_("{image}: nothing was found.").format(image=image))
    for each in found:
        box = each.region
        sentence = _("{image}: {kind}, {width} x {height} pixels at {x}, {y}, {percent} % sure")
        typer.echo(
            sentence.format(
                image=image,
                kind=_(each.label),
                width=box.width,
                height=box.height,
                x=box.x0,
                y=box.y0,
                percent=round(100 * each.confidence),
            )
        )
    if "mask" in report:
        typer.echo(report["mask"])
    if "removed" in report:
        typer.echo(_("{path} was removed: it was an earlier mask.").format(path=report["removed"]))
