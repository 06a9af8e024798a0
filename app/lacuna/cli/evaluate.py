"""`lacuna evaluate`: how near backends come to the truth of photos; a table, a CSV file, a contact sheet."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from lacuna.cli import runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.contract.params import validate
from lacuna.contract.progress import Progress
from lacuna.engine import device, registry
from lacuna.engine.evaluation import Case, Failure, Method, Score, cases_in, cases_of, evaluate, kind_of
from lacuna.errors import CannotSave, InvalidParameter, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.contact_sheet import ContactSheet
from lacuna.imaging.photo import Photo
from lacuna.metrics.measures import Measures

COLUMNS = ("picture", "mask", "backend", *(field.name for field in fields(Measures)), "seconds")
DIGITS = {"psnr": 3, "ssim": 4, "l1": 5, "detail": 4, "swd": 4, "seconds": 4}
INTERVAL = 1.96  # standard errors to either side: 95 % of a normal distribution
MARKED = (255, 0, 255)  # how a hole is shown on the sheet: no photo has much of that colour

Row = dict[str, Any]  # by COLUMNS, and `notes`


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verbs.evaluate` explains it."""

    paths: tuple[Path, ...]
    masks: tuple[Path, ...]
    backends: tuple[str, ...]
    csv: Path | None
    sheet: Path | None
    limit: int | None
    device: str
    seed: int
    overwrite: bool
    as_json: bool


def run(order: Order) -> int:
    """Carry the order out: methods, files and names are checked before anything is filled. The exit code."""
    methods = tuple(_method(word, order) for word in order.backends or _usable())
    cases = _cases(order)
    _refuse_unsuitable_targets(order)
    rows: list[Row] = []
    failed = 0

    def work(progress: Progress) -> None:
        nonlocal failed
        with _table(order) as write_row, _sheet(order) as draw:
            for outcome in evaluate(cases, methods, progress):
                if isinstance(outcome, Failure):
                    failed += 1
                    say(_sentence(outcome))
                    continue
                rows.append(_row(outcome))
                write_row(rows[-1])
                draw(outcome)

    runner.run(work)
    _tell(order, rows, failed)
    return FAILED if failed or not rows else DONE


# --- what is asked ----------------------------------------------------------------------------------------------------
def _usable() -> tuple[str, ...]:
    return tuple(info.id for info in registry.backends() if not info.missing)


def _method(word: str, order: Order) -> Method:
    """`ns`, or `ns:radius=5,...` for settings other than the defaults; an id may hold colons itself."""
    backend, colon, settings = word.rpartition(":")
    if not colon or "=" not in settings:
        backend, settings = word, ""
    chosen = registry.backend(backend)
    values = {}
    for setting in settings.split(",") if settings else ():
        name, equals, value = setting.partition("=")
        if not equals:
            sentence = _("“{word}” is no setting.").format(word=setting)
            raise InvalidParameter(sentence, hint=_("Write it as BACKEND:NAME=VALUE,NAME=VALUE."))
        values[name.strip()] = value.strip()
    params: Any = validate(chosen.Params, values)
    runtime = device.runtime_for(order.device, chosen.needs(params))
    return Method(word, backend, params, runtime, order.seed)


def _cases(order: Order) -> tuple[Case, ...]:
    """Folders, or pictures with masks beside them; with `--mask` one picture with each of them, or pairs in order."""
    paths, masks = order.paths, order.masks
    if masks:
        if len(paths) == 1:
            paths = paths * len(masks)
        if len(paths) != len(masks) or any(path.is_dir() for path in paths):
            sentence = _("{pictures} pictures and {masks} masks are no pairs.")
            sentence = sentence.format(pictures=len(paths), masks=len(masks))
            raise InvalidParameter(sentence, hint=_("Give one picture, or as many pictures as masks."))
        cases = [Case(path, mask, kind_of(mask, path)) for path, mask in zip(paths, masks, strict=True)]
    else:
        cases = [case for path in paths for case in (cases_in(path) if path.is_dir() else cases_of(path))]
    if order.limit is None:
        return tuple(cases)
    pictures = list(dict.fromkeys(case.picture for case in cases))[: order.limit]
    return tuple(case for case in cases if case.picture in pictures)


def _refuse_unsuitable_targets(order: Order) -> None:
    """What would otherwise show after an hour."""
    for target in (order.csv, order.sheet):
        if target is not None:
            _refuse_existing(target, order)
            if not target.absolute().parent.is_dir():
                sentence = _("There is no folder {path}.").format(path=target.parent)
                raise CannotSave(sentence, hint=_("Make it first, or give another name."))
    if order.sheet is not None and order.sheet.suffix.lower() not in files.WRITABLE:
        sentence = _("{path}: Lacuna does not write such files.").format(path=order.sheet)
        raise UnsupportedFormat(sentence, hint=_("Give the sheet's name an ending such as .png or .jpg."))


def _refuse_existing(target: Path, order: Order) -> None:
    if target.exists() and not order.overwrite:
        sentence = _("{path} exists already.").format(path=target)
        raise CannotSave(sentence, hint=_("Give another name, or allow it to be replaced with --overwrite."))


# --- what is written while it runs ------------------------------------------------------------------------------------
@contextmanager
def _table(order: Order) -> Iterator[Callable[[Row], None]]:
    """Writes a row for each score at once, so that what was measured before Ctrl+C is kept."""
    if order.csv is None:
        yield lambda row: None
        return
    try:
        file = order.csv.open("w", encoding="utf-8", newline="")
    except OSError as error:
        sentence = _("{path} cannot be written: {reason}.").format(path=order.csv, reason=error.strerror or error)
        raise CannotSave(sentence, _("Check the name and its permissions."), error) from error
    with file:
        writer = csv.DictWriter(file, COLUMNS, extrasaction="ignore")
        writer.writeheader()

        def write_row(row: Row) -> None:
            writer.writerow(row)
            file.flush()

        yield write_row


@contextmanager
def _sheet(order: Order) -> Iterator[Callable[[Score], None]]:
    """Draws a row for each case: photo, mask, and the fill of each method; further pages are FILE-2, FILE-3."""
    if order.sheet is None:
        yield lambda score: None
        return
    sheet, target, pages = ContactSheet(), order.sheet, 0
    row: list[Score] = []

    def finish_row() -> None:
        if row:
            sheet.add(_cells(row))
            row.clear()

    def finish_page() -> None:
        nonlocal pages
        pages += 1
        path = target if pages == 1 else target.with_stem(f"{target.stem}-{pages}")
        _refuse_existing(path, order)
        files.write(Photo(pixels=sheet.page()), path, overwrite=order.overwrite)

    def draw(score: Score) -> None:
        if row and row[0].case != score.case:
            finish_row()
            if sheet.full:
                finish_page()
        row.append(score)

    yield draw
    finish_row()
    if not sheet.empty:
        finish_page()


def _cells(row: Sequence[Score]) -> list[tuple[NDArray[np.uint8], str]]:
    case, photo, hole = row[0].case, row[0].photo, row[0].hole > 0
    truth = to_bytes(photo.pixels, photo.white)
    marked = truth.copy()
    marked[hole] = MARKED
    cells = [(truth, case.picture.name), (marked, case.kind)]
    for score in row:
        found = score.measures
        name = f"{score.method.name}  {found.psnr:.2f} dB  detail {found.detail:.2f}  swd {found.swd:.2f}"
        cells.append((to_bytes(score.filled, photo.white), name))
    return cells


# --- what is said at the end ------------------------------------------------------------------------------------------
def _row(score: Score) -> Row:
    values = asdict(score.measures) | {"seconds": score.seconds}
    return {
        "picture": score.case.picture.name,
        "mask": score.case.kind,
        "backend": score.method.name,
        **{name: round(value, DIGITS[name]) for name, value in values.items()},
        "notes": list(score.notes),
    }


def means(rows: Sequence[Row]) -> list[Row]:
    """The mean of every measure by kind of mask and backend, `pictures` it was taken over, and how sure PSNR is.

    `psnr_interval` is half the width of a 95 % interval, None for a single picture.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["mask"], row["backend"]), []).append(row)
    kinds = list(dict.fromkeys(row["mask"] for row in rows))
    found = []
    for (mask, backend), group in sorted(groups.items(), key=lambda item: kinds.index(item[0][0])):
        mean = {name: float(np.mean([row[name] for row in group])) for name in DIGITS}
        heights = [row["psnr"] for row in group]
        sure = len(heights) > 1 and all(map(math.isfinite, heights))
        interval = INTERVAL * float(np.std(heights, ddof=1)) / math.sqrt(len(heights)) if sure else None
        found.append({"mask": mask, "backend": backend, "pictures": len(group), **mean, "psnr_interval": interval})
    return found


def _tell(order: Order, rows: Sequence[Row], failed: int) -> None:
    found = means(rows)
    if order.as_json:
        report = {"rows": list(map(_plain, rows)), "means": list(map(_plain, found)), "failed": failed}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return
    if not found:
        return
    heads = ("mask", "backend", "n", "psnr", "", "ssim", "l1", "detail", "swd", "seconds")
    lines = [heads, *map(_cells_of, found)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    for line in lines:
        cells = [
            cell.ljust(w) if i < 2 else cell.rjust(w) for i, (cell, w) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())


def _cells_of(mean: Row) -> tuple[str, ...]:
    interval = mean["psnr_interval"]
    return (
        mean["mask"],
        mean["backend"],
        str(mean["pictures"]),
        f"{mean['psnr']:.2f}",
        "" if interval is None else f"±{interval:.2f}",
        f"{mean['ssim']:.3f}",
        f"{mean['l1']:.4f}",
        f"{mean['detail']:.2f}",
        f"{mean['swd']:.3f}",
        f"{mean['seconds']:.3f}",
    )


def _plain(row: Row) -> Row:
    """For JSON, which has no word for infinity."""
    return {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in row.items()}


def _sentence(failure: Failure) -> str:
    where = f"{failure.case.picture.name} · {failure.case.kind}"
    return f"{where} · {failure.method.name}: {failure.error}" if failure.method else f"{where}: {failure.error}"
