"""`lacuna batch`: the same done to many pictures, told file by file, and summed up at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lacuna.cli import outputs, runner
from lacuna.cli.batch_telling import COLUMNS, Teller, row_of
from lacuna.cli.fill import ALPHA, needs_of, params_of
from lacuna.cli.main import DONE, FAILED
from lacuna.cli.reports import Targets
from lacuna.cli.upscale import factor_of
from lacuna.contract import default
from lacuna.contract.fill import FillOptions
from lacuna.contract.params import Param, checked
from lacuna.contract.progress import Progress
from lacuna.document.lock import FileLock
from lacuna.engine import device
from lacuna.engine.batch.cluster import Cluster, refuse_missing
from lacuna.engine.batch.inputs import Gathered, gathered
from lacuna.engine.batch.ledger import Ledger
from lacuna.engine.batch.marking import Marking, MaskFile, Transparency
from lacuna.engine.batch.processes import Processes
from lacuna.engine.batch.run import Batch
from lacuna.engine.batch.run import run as run_batch
from lacuna.engine.batch.treatment import EnlargeSettings, FillSettings, Treatment
from lacuna.engine.batch.workers import Here, Workers
from lacuna.engine.seam import composite_named
from lacuna.engine.upscaling import refuse_unknown
from lacuna.errors import CannotSave, InvalidParameter
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.atomic import cannot_save
from lacuna.imaging.mask_fit import MaskFit

LOCK = ".lacuna-batch.lock"
ANCHORS = tuple((fit, "") for fit in MaskFit if fit is not MaskFit.REFUSE)
ANCHOR = Param("--anchor", "choice", MaskFit.REFUSE, "", choices=ANCHORS)


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_batch.batch` explains it."""

    inputs: tuple[str, ...]
    output: Path
    mask: str | None
    anchor: str
    backend: str
    model: str | None
    settings: tuple[str, ...]
    grow: float
    feather: float
    composite: str
    grain: bool
    upscale: str | None
    recursive: bool
    jobs: int
    scheduler: str | None
    resume: bool
    overwrite: bool
    dry_run: bool
    report: Path | None
    device: str
    invert_mask: bool
    soft: bool
    seed: int
    quality: int | None
    allow_large: bool
    as_json: bool


def run(order: Order) -> int:
    """Carry the order out; the exit code. Usage is checked before any picture is opened."""
    treatment = _treatment(order)
    _refuse_several_ways(order)
    report = Targets(order.report, None, None, order.overwrite, append=order.resume)
    report.refuse_unsuitable()
    found = _inputs(order)
    if not found.inputs and not found.problems:
        raise InvalidParameter(_("There is no picture among what was named."), _("Name files, or folders of them."))
    batch = Batch(
        found.inputs, order.output, treatment, resume=order.resume, replace=order.overwrite, look=order.dry_run
    )
    with _alone(order), report.rows(COLUMNS) as write_row:
        teller = Teller(len(found.inputs), as_json=order.as_json)

        def work(progress: Progress) -> None:
            watch = teller.watching(progress)
            for outcome in run_batch(batch, _workers(order, treatment), progress, watch.advance):
                write_row(row_of(outcome))
                teller.tell(outcome)
                watch.finished(outcome.number)

        for what, problem in found.problems:
            teller.fail(what, str(problem))
        runner.run(work, _("Starting"))
    teller.sum_up()
    return FAILED if teller.failures else DONE


# --- what is done, and to what ----------------------------------------------------------------------------------------
def _treatment(order: Order) -> Treatment:
    """Raises what wrong usage raises, and what a mask file that cannot be read does."""
    if order.mask is None and order.upscale is None:
        raise InvalidParameter(
            _("It is not said what is to be done."),
            _("Give --mask with a mask or “alpha”, or --upscale with a factor."),
        )
    params = params_of(order.backend, order.model, order.settings)
    options = FillOptions(order.grow, order.feather, False, composite_named(order.composite), order.grain)
    marking = _marking(order)
    if marking is not None:
        device.resolve(order.device, needs_of(order.backend, params))
    enlarging = None
    if order.upscale is not None:
        enlarging = EnlargeSettings(factor_of(order.upscale))
        refuse_unknown(default.UPSCALER, "", order.device)
    return Treatment(
        marking,
        FillSettings(order.backend, params, options, order.seed),
        enlarging,
        device=order.device,
        quality=order.quality,
        pixel_limit=outputs.pixel_limit(allow_large=order.allow_large),
    )


def _marking(order: Order) -> Marking | None:
    fit = checked(ANCHOR, order.anchor) if order.anchor else MaskFit.REFUSE
    if order.mask is None or order.mask == ALPHA:
        if order.anchor:
            raise InvalidParameter(_("An anchor is for a mask file."), _("Give --mask with a file."))
        return None if order.mask is None else Transparency()
    path = Path(order.mask)
    limit = outputs.pixel_limit(allow_large=order.allow_large)
    mask = MaskFile(files.load(path), path.name, fit, order.invert_mask, order.soft, limit)
    mask.check()
    return mask


def _refuse_several_ways(order: Order) -> None:
    if order.scheduler is None:
        return
    if order.jobs > 1:
        raise InvalidParameter(_("A cluster has its own processes."), _("Give --jobs or --scheduler."))
    refuse_missing()


def _inputs(order: Order) -> Gathered:
    """The pictures, without results of an earlier run. Raises InvalidParameter if it is not said what is with those."""
    ledger = Ledger(order.output)
    if ledger.entries and not (order.resume or order.overwrite or order.dry_run):
        raise InvalidParameter(
            _("{path} holds results of an earlier run.").format(path=order.output),
            _("Go on with it by --resume, or make them anew by --overwrite."),
        )
    used = [] if order.mask in (None, ALPHA) else [Path(order.mask), Path(order.mask).resolve()]
    return gathered(
        order.inputs,
        recursive=order.recursive,
        results=order.output,
        spared=[*used, *ledger.written],
    )


def _workers(order: Order, treatment: Treatment) -> Workers:
    if order.scheduler is not None:
        return Cluster(treatment, order.scheduler)
    return Here(treatment) if order.jobs == 1 else Processes(treatment, order.jobs)


@contextmanager
def _alone(order: Order) -> Iterator[None]:
    """The folder for results, for this run alone. Raises CannotSave."""
    if order.dry_run:
        yield
        return
    try:
        order.output.mkdir(parents=True, exist_ok=True)
        lock = FileLock.take(order.output / LOCK)
    except OSError as error:
        raise cannot_save(order.output, error) from error
    if lock is None:
        sentence = _("Another batch is writing to {path}.").format(path=order.output)
        raise CannotSave(sentence, _("Wait for its end, or name another folder."))
    try:
        yield
    finally:
        lock.release()
