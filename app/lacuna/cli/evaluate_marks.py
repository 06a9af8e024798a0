"""`lacuna evaluate-marks`: how surely marks are found, and how near to the truth they are taken off, by the folder's
own `cases.json`: for each picture its truth, the matte by which it was marked, and its kind.

Pictures of a kind that begins with `same` carry the mark at one place: of these, where they are semi-transparent, the
matte is estimated from all of them, too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from lacuna.cli import outputs, runner, tables
from lacuna.cli.main import DONE, FAILED, say
from lacuna.cli.reports import Targets
from lacuna.cli.tables import Column, Row, plain
from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, Template, find_marks, template_of_file
from lacuna.detection.unblending import Matte, matte_of_set
from lacuna.engine import registry
from lacuna.engine.arrays import fill
from lacuna.engine.marks import Removal, taken_out
from lacuna.errors import LacunaError, UnreadableFile
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.mask import bounds
from lacuna.imaging.names import masks_among
from lacuna.imaging.photo import Hole, Photo
from lacuna.imaging.region import Region
from lacuna.metrics.fidelity import psnr

CASES = "cases.json"
SEMI, SAME = 0.95, "same"  # opacity below which a mark is semi-transparent; how kinds with one place begin
AROUND = 4  # pixels around the mark's true box that are looked at for a set
MEASURES = (
    Column("found", "found", 0, 2),
    Column("confidence", "sure", 3, 2),
    Column("covered", "covered", 4, 4),
    Column("beside", "beside", 3, 2),
    Column("psnr_fill", "filled", 3, 2),
    Column("psnr_template", "template", 3, 2),
    Column("psnr_set", "set", 3, 2),
    Column("false", "false", 0, 2),
    Column("seconds", "seconds", 3, 2),
)
COLUMNS = ("picture", "kind", *(column.name for column in MEASURES))
CLEAN = "clean"


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_marks.evaluate_marks` explains it."""

    folder: Path
    clean: tuple[Path, ...]
    backend: str
    targets: Targets
    limit: int | None
    as_json: bool


@dataclass(frozen=True)
class MarkCase:
    """A marked picture, its truth and the matte that it was marked by."""

    name: str
    kind: str
    marked: Photo
    truth: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    opacity: float

    @property
    def hole(self) -> Hole:
        return self.alpha > 0


def run(order: Order) -> int:
    """Measure all cases, and tell the means of each kind. The exit code."""
    registry.backend(order.backend)
    order.targets.refuse_unsuitable()
    template, described = _cases(order.folder)
    described = described[: order.limit]
    rows: list[Row] = []
    failed = 0

    def work(progress: Progress) -> None:
        nonlocal failed
        with order.targets.rows(COLUMNS) as write_row:
            photos = _photos((order.folder, *order.clean), {case["truth"] for case in described})[: order.limit]
            mattes = _mattes(order.folder, described)
            cases: list[dict[str, Any] | Path] = [*described, *photos]
            for number, case in enumerate(cases):
                progress.at(number / len(cases))
                try:
                    if isinstance(case, Path):
                        row = _clean(case, template, progress)
                    else:
                        row = _measured(_read(order.folder, case), template, mattes, order.backend, progress)
                except LacunaError as error:
                    failed += 1
                    say(str(error))
                    continue
                rows.append(row)
                write_row(row)

    runner.run(work, _("Measuring"))
    found = tables.means(rows, ("kind",), MEASURES)
    if order.as_json:
        outputs.print_json({"rows": list(map(plain, rows)), "means": list(map(plain, found)), "failed": failed})
    elif found:
        title = _("Means over each kind; PSNR where the mark was, filled by {backend}, or taken out by template or set")
        names = tables.aligned(title.format(backend=order.backend), MEASURES, found, "kind", lambda line: "")
        typer.echo("\n".join(names))
    return FAILED if failed or not rows else DONE


def _cases(folder: Path) -> tuple[Template, list[dict[str, Any]]]:
    path = folder / CASES
    try:
        told = json.loads(files.load(path))
        return template_of_file(folder / told["template"]), list(told["cases"])
    except (ValueError, KeyError, TypeError) as error:
        sentence = _("{path} does not tell which pictures are marked.").format(path=path)
        raise UnreadableFile(
            sentence,
            _("It names a “template”, and “cases” with “file”, “truth”, “alpha”, “kind” and “opacity”."),
            error,
        ) from error


def _read(folder: Path, case: dict[str, Any]) -> MarkCase:
    alpha = files.read(folder / case["alpha"])
    return MarkCase(
        case["file"],
        case["kind"],
        files.read(folder / case["file"]),
        _seen(files.read(folder / case["truth"])),
        _seen(alpha)[..., 0],
        float(case["opacity"]),
    )


def _mattes(folder: Path, described: Sequence[dict[str, Any]]) -> dict[str, Matte]:
    """Of each kind whose pictures carry a semi-transparent mark at one place, what they tell of it together."""
    found = {}
    for kind in dict.fromkeys(case["kind"] for case in described if case["kind"].startswith(SAME)):
        group = [case for case in described if case["kind"] == kind]
        if group[0]["opacity"] < SEMI and len(group) >= 3:
            first = _read(folder, group[0])
            region: Region = bounds(first.hole).pad(AROUND)
            calls = [lambda case=case: files.read(folder / case["file"]).pixels for case in group]
            found[kind] = matte_of_set(calls, region)
    return found


def _measured(case: MarkCase, template: Template, mattes: dict[str, Matte], backend: str, progress: Progress) -> Row:
    started = time.process_time()
    found = find_marks(_seen(case.marked), template, progress=progress.part(0))
    seconds = time.process_time() - started
    sure = [finding for finding in found if finding.confidence >= DEFAULT_CONFIDENCE]
    there = [finding for finding in sure if finding.region.overlaps(bounds(case.hole))]
    mask = np.zeros(case.hole.shape, bool)
    for finding in there:
        mask |= finding.mask(mask.shape)
    own = int(np.count_nonzero(case.hole))
    row: Row = {
        "picture": case.name,
        "kind": case.kind,
        "found": float(bool(there)),
        "confidence": max((finding.confidence for finding in there), default=0.0),
        "covered": np.count_nonzero(mask & case.hole) / own,
        "beside": np.count_nonzero(mask & ~case.hole) / own,
        "psnr_fill": _psnr(case, fill(case.marked.pixels, case.hole, backend)),
        "psnr_template": None,
        "psnr_set": None,
        "false": float(len(sure) - len(there)),
        "seconds": seconds,
    }
    if case.opacity < SEMI:
        for name, marks in (("psnr_template", there), ("psnr_set", [mattes[case.kind]] if case.kind in mattes else [])):
            if marks:
                taken = taken_out(case.marked, marks, Removal.UNBLEND, progress.part(0))
                row[name] = _psnr(case, _filled(taken.photo.pixels, taken.mask, backend))
    return row


def _filled(pixels: NDArray[Any], mask: NDArray[np.uint8] | None, backend: str) -> NDArray[Any]:
    return pixels if mask is None else fill(pixels, mask, backend)


def _clean(path: Path, template: Template, progress: Progress) -> Row:
    started = time.process_time()
    found = find_marks(_seen(files.read(path)), template, progress=progress.part(0))
    return dict.fromkeys(column.name for column in MEASURES) | {
        "picture": path.name,
        "kind": CLEAN,
        "confidence": max((finding.confidence for finding in found), default=0.0),
        "false": float(sum(finding.confidence >= DEFAULT_CONFIDENCE for finding in found)),
        "seconds": time.process_time() - started,
    }


def _photos(folders: Sequence[Path], truths: set[str]) -> list[Path]:
    """What has no mark: the truths of the first folder, and all photos of the others, their masks left out."""
    found = [folders[0] / name for name in sorted(truths)]
    for folder in folders[1:]:
        paths = list(files.in_folder(folder))
        masks = masks_among(paths)
        found += [path for path in paths if path not in masks]
    return found


def _psnr(case: MarkCase, pixels: NDArray[Any]) -> float:
    return psnr(case.truth, pixels, case.hole)


def _seen(photo: Photo) -> NDArray[np.uint8]:
    return to_bytes(photo.pixels, photo.white)
