"""`lacuna evaluate`: how near backends come to the truth of photos; tables, files of them, a contact sheet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from lacuna.cli import runner
from lacuna.cli.main import DONE, FAILED, say
from lacuna.cli.reports import Targets
from lacuna.cli.scores import columns, markdown, means, row_of, summary_columns, terminal
from lacuna.cli.tables import Row, plain
from lacuna.cli.words import pairs
from lacuna.contract.params import Param, checked, validate
from lacuna.contract.progress import Progress
from lacuna.engine import device, registry
from lacuna.engine.evaluation import Case, Failure, Guiding, Method, Score, cases_in, cases_of, evaluate, kind_of
from lacuna.errors import InvalidParameter, UnknownModel
from lacuna.i18n import _
from lacuna.imaging.colour import to_bytes
from lacuna.metrics import library

MARKED = (255, 0, 255)  # how a hole is shown on the sheet: no photo has much of that colour
LINES = (0, 0, 0)  # and in it the edges or lines that guided its fills


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_evaluate.evaluate` explains it."""

    paths: tuple[Path, ...]
    masks: tuple[Path, ...]
    kinds: tuple[str, ...]
    backends: tuple[str, ...]
    model: str | None
    settings: tuple[str, ...]
    guide: str
    targets: Targets
    limit: int | None
    device: str
    seed: int
    as_json: bool


def run(order: Order) -> int:
    """Carry the order out: methods, files and names are checked before anything is filled. The exit code."""
    methods, guiding = _methods(order), _guiding(order.guide)
    cases = _cases(order)
    order.targets.refuse_unsuitable()
    _tell_what_is_missing(methods, guiding)
    rows: list[Row] = []
    failed = 0

    def work(progress: Progress) -> None:
        nonlocal failed
        with order.targets.rows(columns()) as write_row, _sheet(order.targets) as draw:
            for outcome in evaluate(cases, methods, progress, guiding):
                if isinstance(outcome, Failure):
                    failed += 1
                    say(_sentence(outcome))
                    continue
                rows.append(row_of(outcome))
                write_row(rows[-1])
                draw(outcome)

    runner.run(work)
    _tell(order, rows, failed)
    order.targets.summarise(means(rows), summary_columns(), markdown)
    return FAILED if failed or not rows else DONE


# --- what is asked ----------------------------------------------------------------------------------------------------
def _methods(order: Order) -> tuple[Method, ...]:
    """What is named, else all that can run. Raises InvalidParameter, UnknownBackend, and UnknownModel."""
    words = _named(order.backends) or tuple(info.id for info in registry.backends() if not info.missing)
    given = pairs(order.settings, "--set")
    if order.model is not None:
        given["model"] = order.model
    if given and len(words) > 1:
        sentence = _("--model and --set are for one backend, here are {count}.").format(count=len(words))
        raise InvalidParameter(sentence, hint=_("Write it as BACKEND:NAME=VALUE,NAME=VALUE."))
    return tuple(_method(word, given, order) for word in words)


def _named(words: Sequence[str]) -> tuple[str, ...]:
    """One word for each backend, once, from words with commas between backends as well as between settings.

    >>> _named(["telea,ns:radius=5,more=2,", "auto", "telea"])
    ('telea', 'ns:radius=5,more=2', 'auto')
    """
    found: list[str] = []
    for part in (part.strip() for word in words for part in word.split(",")):
        if found and "=" in part and ":" not in part.partition("=")[0]:
            found[-1] += f",{part}"
        elif part:
            found.append(part)
    return tuple(dict.fromkeys(found))


def _method(word: str, given: dict[str, str], order: Order) -> Method:
    """`ns`, or `ns:radius=5,...` for settings beside those `given` and the defaults; an id may hold colons itself."""
    backend, colon, settings = word.rpartition(":")
    if not colon or "=" not in settings:
        backend, settings = word, ""
    chosen = registry.backend(backend)
    values = given | pairs(settings.split(",") if settings else (), f"{backend}:")
    params: Any = validate(chosen.Params, values)
    needs = chosen.needs(params)
    if needs.missing:
        raise UnknownModel(needs.missing)
    runtime = device.runtime_for(order.device, needs)
    name = f"{backend}:{','.join('='.join(pair) for pair in values.items())}" if values else backend
    return Method(name, backend, params, runtime, order.seed)


def _guiding(word: str) -> Guiding:
    found: Guiding = checked(Param("--guide", "choice", None, "", choices=tuple((kind, "") for kind in Guiding)), word)
    return found


def _cases(order: Order) -> tuple[Case, ...]:
    """Folders, or pictures with masks beside them; with `--mask` one picture with each of them, or pairs in order."""
    paths, masks = order.paths, order.masks
    if not paths:
        sentence = _("There is no picture to measure on.")
        raise InvalidParameter(sentence, hint=_("Name a folder of pictures with masks beside them, or pictures."))
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
    cases = list(dict.fromkeys(cases))
    if order.kinds:
        cases = _of_kinds(cases, order.kinds)
    if order.limit is None:
        return tuple(cases)
    pictures = list(dict.fromkeys(case.picture for case in cases))[: order.limit]
    return tuple(case for case in cases if case.picture in pictures)


def _of_kinds(cases: Sequence[Case], kinds: Sequence[str]) -> list[Case]:
    there = list(dict.fromkeys(case.kind for case in cases))
    for kind in kinds:
        if kind not in there:
            sentence = _("There is no mask of the kind “{kind}”.").format(kind=kind)
            raise InvalidParameter(sentence, hint=_("There are: {names}.").format(names=", ".join(there)))
    return [case for case in cases if case.kind in kinds]


# --- what is written while it runs ------------------------------------------------------------------------------------
@contextmanager
def _sheet(targets: Targets) -> Iterator[Callable[[Score], None]]:
    """Draws a row for each case: photo, mask, and the fill of each method."""
    with targets.rows_of_pictures() as draw_row:
        row: list[Score] = []

        def finish_row() -> None:
            if row:
                draw_row(_cells(row))
                row.clear()

        def draw(score: Score) -> None:
            if row and row[0].case != score.case:
                finish_row()
            row.append(score)

        yield draw if targets.sheet is not None else lambda score: None
        finish_row()


def _cells(row: Sequence[Score]) -> list[tuple[NDArray[np.uint8], str]]:
    case, photo, hole = row[0].case, row[0].photo, row[0].hole > 0
    truth = to_bytes(photo.pixels, photo.white)
    marked = truth.copy()
    marked[hole] = MARKED
    for score in row:
        if score.edges is not None:
            marked[hole & (score.edges > 0)] = LINES
    cells = [(truth, case.picture.name), (marked, case.kind)]
    for score in row:
        found = score.measures
        name = f"{score.method.name}  {found.psnr:.2f} dB  detail {found.detail:.2f}  swd {found.swd:.2f}"
        cells.append((to_bytes(score.filled, photo.white), name))
    return cells


# --- what is said -----------------------------------------------------------------------------------------------------
def _tell_what_is_missing(methods: Sequence[Method], guiding: Guiding) -> None:
    """Nothing is left out in silence."""
    if not library.installed():
        say(_("MS-SSIM and VIF are left out: they need an extra library."))
        say(_('Install it with: pip install "lacuna-editor[metrics]"'))
    deaf = list(dict.fromkeys(method.backend for method in methods if not method.heeds(guiding)))
    if guiding is Guiding.TRUTH and deaf:
        say(_("These follow no edges, and fill without: {names}.").format(names=", ".join(deaf)))
    elif guiding is Guiding.LINES and deaf:
        say(_("These follow no lines, and fill without: {names}.").format(names=", ".join(deaf)))


def _tell(order: Order, rows: Sequence[Row], failed: int) -> None:
    found = means(rows)
    if order.as_json:
        report = {"rows": list(map(plain, rows)), "means": list(map(plain, found)), "failed": failed}
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    elif found:
        typer.echo(terminal(found))


def _sentence(failure: Failure) -> str:
    where = f"{failure.case.picture.name} · {failure.case.kind}"
    return f"{where} · {failure.method.name}: {failure.error}" if failure.method else f"{where}: {failure.error}"
