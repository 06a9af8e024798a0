"""`lacuna evaluate-sr`: how near enlarging models come to the truth of photos, beside two kernels without weights.

Each photo is reduced as published comparisons do it, enlarged again, rounded to 8 bits and measured without its border
(Hu et al. 2019, and the programs before theirs).
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import typer
from numpy.typing import NDArray

from lacuna.cli import runner, tables
from lacuna.cli.main import DONE, FAILED, say
from lacuna.cli.reports import Targets
from lacuna.cli.tables import MARGIN, PSNR, Column, Row, aligned, in_markdown, plain, rounded
from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor, exact_factor
from lacuna.contract.model_config import ENLARGING
from lacuna.contract.progress import Progress
from lacuna.engine.upscaling import UpscaleRequest, UpscaleResult, refuse_unknown, upscale
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.contact_sheet import Cell
from lacuna.imaging.names import masks_among
from lacuna.imaging.resampling import imresized
from lacuna.metrics.fidelity import WINDOW
from lacuna.metrics.shaved import border_of, luma_psnr, luma_ssim, rgb_psnr, rgb_ssim

FACTORS = "1.5,2,3,4"
CUT = 4  # pixels by which the published programs cut sides that the factor does not divide
NETWORK = "meta-sr"

MEASURES = (
    Column("psnr", PSNR, 3, 2),
    Column("gain", "gain", 3, 2),
    Column("ssim", "ssim", 4, 4),
    Column("psnr_rgb", "psnr rgb", 3, 2),
    Column("ssim_rgb", "ssim rgb", 4, 4),
    Column("seconds", "seconds", 4, 3),
)
KEYS = ("factor", "method")
COLUMNS = ("picture", *KEYS, *(column.name for column in MEASURES))
SUMMARY = (*KEYS, "pictures", *(name for column in MEASURES for name in (column.name, column.name + MARGIN)))

SHOWN = 160  # pixels of the truth that the sheet shows along each side, each three times as large
MAGNIFIED = 3

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_evaluate_sr.evaluate_sr` explains it."""

    paths: tuple[Path, ...]
    factors: str
    models: tuple[str, ...]
    targets: Targets
    limit: int | None
    device: str
    as_json: bool


@dataclass(frozen=True)
class Contender:
    """A method that enlarges, with one of its models, as it is measured, and the rule of its positions."""

    method: str
    model: str = ""
    device: str = "cpu"
    rule: Rule = Rule.EXACT

    @property
    def name(self) -> str:
        return self.model or self.method


@dataclass(frozen=True, eq=False)
class Score:
    """What came of one contender on one photo, 8 bits, and the truth that it was held against."""

    row: Row
    truth: Bytes
    enlarged: Bytes


def run(order: Order) -> int:
    """Carry the order out: names, factors and files are checked before anything is enlarged. The exit code."""
    factors, photos = _factors(order.factors), _photos(order)
    compared = contenders(order.models, order.device)
    order.targets.refuse_unsuitable()
    rows: list[Row] = []
    failed, told = 0, set[str]()

    def tell(note: str) -> None:
        if note not in told:
            told.add(note)
            say(note)

    def work(progress: Progress) -> None:
        nonlocal failed
        with order.targets.rows(COLUMNS) as write_row, order.targets.rows_of_pictures() as draw:
            for number, path in enumerate(photos):
                progress.at(number / len(photos), path.name)
                try:
                    for factor in factors:
                        scores = list(_scores(path, factor, compared, progress.part(0), tell))
                        rows.extend(score.row for score in scores)
                        for score in scores:
                            write_row(score.row)
                        if order.targets.sheet is not None:
                            draw(_cells(scores))
                except LacunaError as error:
                    failed += 1
                    say(f"{path.name}: {error}")

    runner.run(work)
    found = tables.means(rows, KEYS, MEASURES)
    if order.as_json:
        report = {"rows": list(map(plain, rows)), "means": list(map(plain, found)), "failed": failed}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    elif found:
        typer.echo("\n".join(aligned(_title(), MEASURES, found, "factor", _name)))
    order.targets.summarise(found, SUMMARY, _markdown)
    return FAILED if failed or not rows else DONE


# --- what is asked ----------------------------------------------------------------------------------------------------
def _factors(words: str) -> tuple[Fraction, ...]:
    found = tuple(exact_factor(word.strip()) for word in words.split(",") if word.strip())
    low = [float(factor) for factor in found if factor < 1]
    if low or not found:
        sentence = _("Pictures are reduced by the factors and enlarged again: {factors} is none.")
        raise InvalidParameter(sentence.format(factors=words), hint=_("Give factors from 1 on, such as 1.5,2,3,4."))
    return tuple(dict.fromkeys(found))


def contenders(names: Sequence[str], where: str) -> tuple[Contender, ...]:
    """Both kernels, and the models of these names, else all that enlarge, on the device `where`.

    Raises UnknownModel, UnknownBackend, InvalidParameter.
    """
    named = [models.model(name) for name in dict.fromkeys(names)] or models.of(*ENLARGING)
    found = [Contender("bicubic"), Contender("lanczos")]
    for model in named:
        if model.config is None or model.config.network not in ENLARGING:
            raise InvalidParameter(_("“{model}” enlarges nothing.").format(model=model.name))
        refuse_unknown(NETWORK, model.name, where)
        found.append(Contender(NETWORK, model.name, where, Rule(model.config.conventions)))
    return tuple(found)


def _photos(order: Order) -> Sequence[Path]:
    """All that are named, and of folders all that are no masks of others. Raises UnreadableFile, InvalidParameter."""
    found: list[Path] = []
    for path in order.paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = files.in_folder(path)
        masks = masks_among(inside)
        found += [picture for picture in inside if picture not in masks]
    if not found:
        sentence = _("There is no picture to measure on.")
        raise InvalidParameter(sentence, hint=_("Name a folder of pictures, or pictures."))
    return list(dict.fromkeys(found))[: order.limit]


# --- measuring --------------------------------------------------------------------------------------------------------
def reduced(truth: Bytes, factor: Fraction) -> Bytes:
    """A photo (h, w, 3) as published comparisons reduce it: sides that the factor does not divide are cut before, and
    enlarged again the picture is never larger than it was.
    """
    cut = max(CUT, math.ceil(factor))
    rows, columns = (side if (side / factor).denominator == 1 else side - cut for side in truth.shape[:2])
    return imresized(truth[: max(rows, 1), : max(columns, 1)], 1 / factor)


def enlarged(contender: Contender, small: Bytes, factor: Fraction) -> Bytes:
    """A picture (h, w, 3) by one of them."""
    found: Bytes = _result(contender, small, factor, Progress()).pixels
    return found


def _result(contender: Contender, small: Bytes, factor: Fraction, progress: Progress) -> UpscaleResult:
    """As `lacuna upscale` would make it: of a large picture in tiles."""
    height, width, _channels = small.shape
    enlargement = by_factor(height, width, factor, contender.rule)
    request = UpscaleRequest(
        small, enlargement, 255.0, method=contender.method, model=contender.model, device=contender.device
    )
    return upscale(request, progress)


def _scores(
    path: Path, factor: Fraction, compared: Sequence[Contender], progress: Progress, tell: Callable[[str], None]
) -> Iterator[Score]:
    """Each contender at one factor. Raises LacunaError for a photo that cannot be read or is too small."""
    photo = files.read(path)
    original = to_bytes(photo.pixels, photo.white)
    small = reduced(original, factor)
    border = border_of(factor)
    height, width, _channels = small.shape
    if min(height, width) * factor < 2 * border + WINDOW:
        raise InvalidParameter(_("It is too small for a factor of {factor}.").format(factor=f"{float(factor):g}"))
    plain_psnr = math.nan
    for contender in compared:
        start = time.process_time()
        result = _result(contender, small, factor, progress)
        seconds, found = time.process_time() - start, result.pixels
        for note in result.notes:  # such as of a graphics card that has failed: then these are no figures of it
            tell(f"{contender.name}: {note}")
        truth = original[: found.shape[0], : found.shape[1]]
        psnr = luma_psnr(truth, found, border)
        if contender is compared[0]:
            plain_psnr = psnr
        measured = {
            "psnr": psnr,
            "gain": psnr - plain_psnr if math.isfinite(psnr) and math.isfinite(plain_psnr) else None,
            "ssim": luma_ssim(truth, found, border),
            "psnr_rgb": rgb_psnr(truth, found, border),
            "ssim_rgb": rgb_ssim(truth, found, border),
            "seconds": seconds,
        }
        values = {column.name: rounded(measured[column.name], column.kept) for column in MEASURES}
        row = {"picture": path.name, "factor": f"x{float(factor):g}", "method": contender.name, **values}
        yield Score(row, truth, found)


# --- what is shown ----------------------------------------------------------------------------------------------------
def _title() -> str:
    return _("Luma and RGB without the border; gain: dB of luma above bicubic, photo by photo")


def _name(line: Row) -> str:
    return str(line["method"])


def _markdown(found: Sequence[Row]) -> str:
    note = _("Means over the photos ± Student's interval (95 %). Seconds are of the processor, over all cores.")
    return f"{in_markdown(_title(), MEASURES, found, 'factor', _name)}\n\n{note}\n"


def _cells(scores: Sequence[Score]) -> list[Cell]:
    """Where the photo has most detail: the truth and what each method made of it."""
    truth = min((score.truth for score in scores), key=lambda truth: truth.size)
    window = busiest(truth, SHOWN)
    row = scores[0].row
    cells = [(magnified(truth[window], MAGNIFIED), f"{row['picture']}  {row['factor']}")]
    for score in scores:
        cells.append(
            (magnified(score.enlarged[window], MAGNIFIED), f"{score.row['method']}  {score.row['psnr']:.2f} dB")
        )
    return cells


def busiest(truth: Bytes, side: int) -> tuple[slice, slice]:
    """The window whose neighbouring pixels differ most, on a grid of half windows."""
    values = truth.astype(np.float32).mean(2)
    steps = np.abs(np.diff(values, axis=0))[:, :-1] + np.abs(np.diff(values, axis=1))[:-1]
    best, found = -1.0, (slice(0, side), slice(0, side))
    for top in range(0, max(1, truth.shape[0] - side + 1), side // 2):
        for left in range(0, max(1, truth.shape[1] - side + 1), side // 2):
            window = slice(top, top + side), slice(left, left + side)
            if (busy := float(steps[window].sum())) > best:
                best, found = busy, window
    return found


def magnified(pixels: Bytes, times: int) -> Bytes:
    """Each pixel as a square."""
    return pixels.repeat(times, 0).repeat(times, 1)
