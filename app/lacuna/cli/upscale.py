"""`lacuna upscale`: pictures, each enlarged into a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import typer

from lacuna import words
from lacuna.cli import outputs, runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.contract.enlargement import Enlargement, exact_factor, to_size
from lacuna.engine.upscale_outlook import check_file
from lacuna.engine.upscaling import (
    UpscaleRequest,
    UpscaleResult,
    estimate,
    refuse_impossible,
    refuse_unknown,
    request_for,
    upscale,
)
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.file_size import likely_bytes
from lacuna.imaging.metadata import printed
from lacuna.imaging.photo import Photo

DPI = 300.0  # of a print that says nothing else
INCHES = {"in": Fraction(1), "cm": Fraction(100, 254), "mm": Fraction(10, 254)}
PRINT = re.compile(r"(\d+(?:\.\d+)?)(?:x(\d+(?:\.\d+)?))?(in|cm|mm)")


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_upscale.upscale` explains it."""

    images: tuple[Path, ...]
    output: str | None
    factor: str | None
    width: int | None
    height: int | None
    long_side: int | None
    print_size: str | None
    dpi: float | None
    allow_distortion: bool
    method: str
    model: str
    tile: int | None
    device: str
    quality: int | None
    overwrite: bool
    allow_large: bool
    allow_reduce: bool
    dry_run: bool
    as_json: bool


def run(order: Order) -> int:
    """Carry the order out, picture by picture; the exit code. Usage is checked before any file is opened.

    Of several pictures one that fails is told, and the others are enlarged.
    """
    _size(replace(order, allow_distortion=True), 1, 1)
    refuse_unknown(order.method, order.model, order.device)
    several = len(order.images) > 1
    if several and order.output is not None and (Path(order.output).is_file() or outputs.is_picture(order.output)):
        raise InvalidParameter(
            _("Several pictures cannot become one file: {path}.").format(path=order.output),
            hint=_("Name a folder; it is made if it is not there."),
        )
    reports: list[dict[str, Any]] = []
    failed = False
    with outputs.made_folder(order.output, several=several):
        for image in order.images:
            try:
                reports.append(_carry_out(order, image, [Path(report["output"]) for report in reports]))
            except LacunaError as error:
                if not several:
                    raise
                failed = True
                say(str(error))
    if order.as_json:
        outputs.print_json(reports if several else reports[0])
    return FAILED if failed else DONE


def _carry_out(order: Order, image: Path, before: Sequence[Path]) -> dict[str, Any]:
    """Enlarge one picture, say what there is to say, and give the report; not over what the same run wrote `before`."""
    photo = files.read(image, pixel_limit=outputs.pixel_limit(allow_large=order.allow_large))
    enlargement = _size(order, photo.height, photo.width)
    request = request_for(
        photo, enlargement, method=order.method, model=order.model, device=order.device, tile=order.tile
    )
    refuse_impossible(request)
    target = outputs.target(order.output, photo, overwrite=order.overwrite, written=before)
    with outputs.naming_the_option():
        kind = check_file(
            photo,
            enlargement,
            target,
            estimate(request).bytes,
            overwrite=order.overwrite,
            allow_reduce=order.allow_reduce,
        )
    if order.dry_run:
        return _forecast(order, photo, request, kind, target)
    result = runner.run(lambda progress: upscale(request, progress), _("Enlarging"))
    outputs.remember(result.spent)
    enlarged = _stating(photo.with_pixels(result.pixels, result.alpha), order)
    with outputs.naming_the_option():
        written = files.write(
            enlarged, target, quality=order.quality, overwrite=order.overwrite, allow_reduce=order.allow_reduce
        )
    report = _words(order, enlargement, target, (*photo.notes, *result.notes, *written.notes)) | {
        **_used(result),
        "format": written.format,
        "bytes": written.bytes,
    }
    _tell(order, report, str(written.path))
    return report


# --- how large --------------------------------------------------------------------------------------------------------
def _size(order: Order, height: int, width: int) -> Enlargement:
    """What a picture of this size becomes. Raises InvalidParameter."""
    columns, rows = order.width, order.height
    if order.print_size is not None:
        if columns is not None or rows is not None:
            raise InvalidParameter(_("Give --print, or --width and --height."))
        columns, rows = _pixels(order.print_size, _dots(order) or DPI)
    factor = None if order.factor is None else factor_of(order.factor)
    try:
        return to_size(
            height,
            width,
            factor=factor,
            columns=columns,
            rows=rows,
            long_side=order.long_side,
            allow_distortion=order.allow_distortion,
        )
    except InvalidParameter as error:
        if factor is not None or columns is None or rows is None:
            raise
        hint = " ".join((_turned(order, height, width), error.hint, _("The option for that is --allow-distortion.")))
        raise InvalidParameter(error.sentence, hint, error) from error


def _turned(order: Order, height: int, width: int) -> str:
    """What helps where the picture lies and the print stands, or the reverse: 29.7x21cm for 21x29.7cm. Else ""."""
    found = PRINT.fullmatch(_bare(order.print_size or ""))
    if found is None or found[2] is None or (Fraction(found[1]) - Fraction(found[2])) * (width - height) >= 0:
        return ""
    return _("Turned it comes nearer: --print {size}.").format(size=f"{found[2]}x{found[1]}{found[3]}")


def factor_of(word: str) -> Fraction:
    """A factor as people write it: 2.7 or 270%. Raises InvalidParameter."""
    share = word.strip().endswith("%")
    return exact_factor(word.strip().removesuffix("%")) / (100 if share else 1)


def _pixels(word: str, dots: float) -> tuple[int, int | None]:
    """Width and height of a print, the height only if the word has one."""
    found = PRINT.fullmatch(_bare(word))
    if found is None:
        raise InvalidParameter(
            _("“{word}” is no size of a print.").format(word=word), hint=_("Write it as 21cm, 21x29.7cm or 8x10in.")
        )
    scale = INCHES[found[3]] * Fraction(str(dots))
    across, down = (None if side is None else round(Fraction(side) * scale) for side in found.group(1, 2))
    assert across is not None
    return across, down


def _bare(word: str) -> str:
    return word.strip().lower().replace(" ", "")


def _dots(order: Order) -> float | None:
    """Dots an inch that the file is to state, if not as before."""
    return DPI if order.dpi is None and order.print_size is not None else order.dpi


def _stating(photo: Photo, order: Order) -> Photo:
    """The photo with the resolution that was asked for.

    By default that of the picture stays, and so a print of it becomes larger: as in other programs that resample.
    """
    dots = _dots(order)
    return photo if dots is None else replace(photo, metadata=printed(photo.metadata, dots))


# --- before the run ---------------------------------------------------------------------------------------------------
def _forecast(order: Order, photo: Photo, request: UpscaleRequest, kind: str, target: Path) -> dict[str, Any]:
    guess = estimate(request, outputs.remembered().paces)
    report = _words(order, request.enlargement, target, (*photo.notes, *guess.notes)) | {
        "dry_run": True,
        "seconds": round(guess.seconds, 3),
        "memory": guess.memory,
        "bytes": likely_bytes(kind, guess.bytes),
    }
    sizes = _("{width} × {height} pixels").format(width=guess.columns, height=guess.rows)
    told = "  ·  ".join((sizes, words.about(guess.seconds), words.memory(guess.memory)))
    _tell(order, report, f"{_('{path} would be written.').format(path=target)}\n{told}")
    return report


# --- what is said -----------------------------------------------------------------------------------------------------
def _words(order: Order, enlargement: Enlargement, target: Path, notes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "output": str(target),
        "width": enlargement.columns,
        "height": enlargement.rows,
        "factor": enlargement.factor,
        "method": order.method,
        "model": order.model,
        "notes": list(notes),
    }


def _used(result: UpscaleResult) -> dict[str, Any]:
    return {"model": result.model, "device": result.device, "seconds": round(result.seconds, 4)}


def _tell(order: Order, report: dict[str, Any], sentence: str) -> None:
    """The answer on stdout, and nothing else there; what is worth knowing beside it on stderr."""
    if order.as_json:
        return
    for note in report["notes"]:
        say(note)
    typer.echo(sentence)
