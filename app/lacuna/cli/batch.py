"""`lacuna batch`: the same done to many pictures, told file by file, and summed up at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lacuna.cli import outputs, runner, words
from lacuna.cli.batch_report import BatchReport
from lacuna.cli.batch_telling import Teller, left_out, row_of, row_of_problem
from lacuna.cli.fill import ALPHA, needs_of, params_of
from lacuna.cli.main import DONE, FAILED, say
from lacuna.cli.upscale import factor_of
from lacuna.contract import default
from lacuna.contract.fill import FillOptions
from lacuna.contract.params import Param, checked
from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, template_of_file
from lacuna.engine import device
from lacuna.engine.batch.cluster import Cluster, refuse_missing
from lacuna.engine.batch.inputs import Gathered, Input, gathered
from lacuna.engine.batch.ledger import Ledger
from lacuna.engine.batch.mark_template import MARK_GROW, MarkTemplate
from lacuna.engine.batch.marking import Marking, MaskFile, Transparency
from lacuna.engine.batch.processes import Processes
from lacuna.engine.batch.replay import Replay
from lacuna.engine.batch.run import BatchOrder
from lacuna.engine.batch.run import run as run_batch
from lacuna.engine.batch.treatment import EnlargeSettings, Treatment
from lacuna.engine.batch.unaided import Unaided
from lacuna.engine.batch.watch import Watch
from lacuna.engine.batch.worker_process import WorkerProcess
from lacuna.engine.batch.workers import Workers
from lacuna.engine.photos import FillSettings
from lacuna.engine.recipes import read_recipe
from lacuna.engine.seam import composite_named
from lacuna.engine.upscaling import refuse_unknown
from lacuna.errors import InvalidParameter
from lacuna.i18n import _, ngettext
from lacuna.imaging import files
from lacuna.imaging.mask_fit import MaskFit

ANCHORS = tuple((fit, "") for fit in MaskFit if fit is not MaskFit.REFUSE)
ANCHOR = Param("--anchor", "choice", MaskFit.REFUSE, "", choices=ANCHORS)


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_batch.batch` explains it."""

    inputs: tuple[str, ...]
    output: Path
    mask: str | None
    anchor: str
    template: Path | None
    find: str | None
    confidence: float | None
    unblend: bool
    recipe: Path | None
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


def run(order: Order, first: WorkerProcess | None) -> int:
    """Carry the order out, by the `first` process and more like it; the exit code.

    Usage is checked before any picture is opened.
    """
    treatment = _treatment(order)
    _refuse_several_ways(order)
    report = BatchReport(order.report, overwrite=order.overwrite, resume=order.resume)
    report.refuse_unsuitable()
    ledger = _ledger(order)
    found = _inputs(order, ledger)
    if not found.inputs and not found.problems:
        raise _no_picture(order, found)
    batch = BatchOrder(
        found.inputs, order.output, treatment, resume=order.resume, replace=order.overwrite, look=order.dry_run
    )
    with report.rows() as write_row:
        teller = Teller(as_json=order.as_json)
        for path in found.used:
            teller.leave_out(path)
        if order.resume and not order.dry_run:
            _tell_done_anew(ledger, found.inputs, treatment)

        def work(progress: Progress) -> None:
            watch = Watch(len(found.inputs), progress)
            for outcome in run_batch(batch, _workers(order, treatment, first), progress, watch.advance):
                write_row(row_of(outcome))
                teller.tell(outcome)
                watch.finished(outcome.number)

        for what, problem in found.problems:
            write_row(row_of_problem(what, str(problem)))
            teller.fail(what, str(problem))
        try:
            runner.run(work, _("Starting"))
        except runner.Stopped:
            say(_("Stopped.") if order.dry_run else _("Stopped; --resume goes on with the rest."))
            raise
    teller.sum_up()
    return FAILED if teller.failures else DONE


# --- what is done, and to what ----------------------------------------------------------------------------------------
def _treatment(order: Order) -> Treatment:
    """Raises what wrong usage raises, and what a mask, a template or a recipe that cannot be read does."""
    _refuse_unclear(order)
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
        None if order.recipe is None else Replay(read_recipe(order.recipe), _fit(order)),
        enlarging,
        device=order.device,
        quality=order.quality,
        pixel_limit=outputs.pixel_limit(allow_large=order.allow_large),
    )


def _refuse_unclear(order: Order) -> None:
    """Raises InvalidParameter for words that say nothing, or that do not go together."""
    ways = [way for way in (order.mask, order.template, order.find, order.recipe) if way is not None]
    if not ways and order.upscale is None:
        raise InvalidParameter(
            _("It is not said what is to be done."),
            _("Give --mask, --template, --find, --recipe, or --upscale with a factor."),
        )
    if len(ways) > 1:
        raise InvalidParameter(
            _("It is said in several ways what is to go."), _("Give one of --mask, --template, --find and --recipe.")
        )
    mask_file = order.mask not in (None, ALPHA)
    if order.anchor and order.recipe is None and not mask_file:
        raise InvalidParameter(
            _("--anchor is for a mask file or a recipe."), _("Give --mask with a file, or --recipe.")
        )
    if order.unblend and order.template is None:
        raise InvalidParameter(_("Only a template says what was blended in."), _("Give --template."))
    if order.confidence is not None and order.template is None and order.find is None:
        raise InvalidParameter(_("--confidence is for what is looked for."), _("Give --template or --find."))
    if (order.soft or order.invert_mask) and not mask_file:
        raise InvalidParameter(_("--soft and --invert-mask are for a mask file."), _("Give --mask with a file."))
    filling = _words_of_filling(order)
    if filling and order.recipe is not None:
        raise InvalidParameter(
            _("A recipe says itself how it fills: {options} would do nothing.").format(options=", ".join(filling)),
            _("Leave that out."),
        )
    if filling and not ways:
        raise InvalidParameter(
            _("Nothing is filled: {options} would do nothing.").format(options=", ".join(filling)),
            _("Give --mask, --template or --find, or leave that out."),
        )


def _words_of_filling(order: Order) -> list[str]:
    """The options that say how to fill, of those that were given."""
    given = {
        "--backend": order.backend != default.BACKEND,
        "--model": order.model is not None,
        "--set": bool(order.settings),
        "--grow": order.grow != 0,
        "--feather": order.feather != 0,
        "--composite": order.composite != "auto",
        "--grain": order.grain,
        "--seed": order.seed != 0,
    }
    return [option for option, said in given.items() if said]


def _marking(order: Order) -> Marking | None:
    if order.template is not None:
        least = DEFAULT_CONFIDENCE if order.confidence is None else order.confidence
        grow = 0.0 if order.unblend else MARK_GROW
        return MarkTemplate(template_of_file(order.template), least, order.unblend, grow)
    if order.find is not None:
        return Unaided(words.sought(order.find), order.confidence)
    if order.mask is None:
        return None
    if order.mask == ALPHA:
        return Transparency()
    path = Path(order.mask)
    limit = outputs.pixel_limit(allow_large=order.allow_large)
    mask = MaskFile(files.load(path), path.name, _fit(order), order.invert_mask, order.soft, limit)
    mask.check()
    return mask


def _fit(order: Order) -> MaskFit:
    return checked(ANCHOR, order.anchor) if order.anchor else MaskFit.REFUSE


def _refuse_several_ways(order: Order) -> None:
    if order.scheduler is None:
        return
    if order.jobs > 1:
        raise InvalidParameter(_("A cluster has its own processes."), _("Give --jobs or --scheduler."))
    refuse_missing()


def _ledger(order: Order) -> Ledger:
    """What an earlier run did. Raises InvalidParameter if it is not said what is with that, or for no folder."""
    if order.output.exists() and not order.output.is_dir():
        raise InvalidParameter(
            _("{path} is a file, and results go to a folder.").format(path=order.output),
            _("Give -o a folder; it is made if it is not there."),
        )
    ledger = Ledger(order.output)
    if ledger.entries and not (order.resume or order.overwrite or order.dry_run):
        raise InvalidParameter(
            _("{path} holds results of an earlier run.").format(path=order.output),
            _("Go on with it by --resume, or make them anew by --overwrite."),
        )
    return ledger


def _inputs(order: Order, ledger: Ledger) -> Gathered:
    """The pictures, without results of an earlier run and what the batch itself uses."""
    used = [path for path in (order.template, order.recipe) if path is not None]
    if order.mask is not None and order.mask != ALPHA:
        used.append(Path(order.mask))
    return gathered(
        order.inputs,
        recursive=order.recursive,
        results=order.output,
        spared=ledger.written,
        used=used,
    )


def _no_picture(order: Order, found: Gathered) -> InvalidParameter:
    sentence = " ".join((*map(left_out, found.used), _("There is no picture among what was named.")))
    hint = _("Name files, or folders of them.")
    folders = [Path(word) for word in order.inputs if Path(word).is_dir()]
    if not order.recursive and any(inner.is_dir() for folder in folders for inner in folder.iterdir()):
        hint = _("Give --recursive for the pictures of folders in folders.")
    return InvalidParameter(sentence, hint)


def _tell_done_anew(ledger: Ledger, inputs: Sequence[Input], treatment: Treatment) -> None:
    """A run that goes on with other settings replaces results: not without a word."""
    digest = treatment.digest()
    count = sum(ledger.treated_otherwise(found, digest) for found in inputs)
    if count:
        sentence = ngettext(
            "{count} picture was done with other settings before, and is done anew.",
            "{count} pictures were done with other settings before, and are done anew.",
            count,
        )
        say(sentence.format(count=count))


def _workers(order: Order, treatment: Treatment, first: WorkerProcess | None) -> Workers:
    """Never this process: what a decoder crashes over would end the batch."""
    if order.scheduler is not None:
        return Cluster(treatment, order.scheduler)
    return Processes(treatment, order.jobs, first=first)
