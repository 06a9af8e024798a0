"""`lacuna train`: weights of our own from photos. Stops by the clock, and at Ctrl+C behind the step that it is in.

It runs on machines that have torch, OpenCV and typer of all that Lacuna needs, so it asks for nothing else.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer

from lacuna.cli.main import DONE, STOPPED
from lacuna.contract.fill import Needs
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import device
from lacuna.errors import InvalidParameter, LacunaError
from lacuna.i18n import _

if TYPE_CHECKING:
    from lacuna.training.plan import Plan


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_train.train` explains it."""

    model: str
    data: tuple[Path, ...]
    licences: str
    out: Path
    minutes: float | None
    pause: float | None
    steps: int | None
    resume: bool
    begun_from: Path | None
    size: int | None
    width: float | None
    batch: int | None
    device: str
    start: str
    stage: str
    evaluation: Path | None
    vgg: Path | None
    seed: int
    compiled: bool | None
    half: bool | None
    adversarial: float
    rate: float


def run(order: Order) -> int:
    """Train; the exit code. Ctrl+C saves and ends with 130, a second one ends at once."""
    if find_spec("torch") is None:
        sentence = _("Training needs the package torch, which is not installed.")
        raise LacunaError(sentence, hint=_("Install lacuna-editor[train]."))
    plan = _plan(order)
    from lacuna.training.loop import train

    progress = Progress()
    try:
        with _heard(progress):
            train(plan, progress, typer.echo)
    except Cancelled:
        typer.echo(_("Stopped and saved: --resume goes on."))
        return STOPPED
    return DONE


def _plan(order: Order) -> Plan:
    from lacuna.networks.conventions import Start
    from lacuna.training.models import MODELS
    from lacuna.training.plan import STAGES, Plan

    trainable = MODELS.get(order.model)
    starts = trainable.starts if trainable else ()
    for option, word, known in (
        ("MODEL", order.model, tuple(MODELS)),
        ("--start", order.start or "".join(starts[:1]), starts),
        ("--stage", order.stage, STAGES),
    ):
        if word not in known:
            sentence = _("{option} is one of {names}, not “{word}”.")
            raise InvalidParameter(sentence.format(option=option, names=", ".join(known), word=word))
    assert trainable is not None
    usual = trainable.usual
    if order.minutes is None and order.steps is None:
        raise InvalidParameter(_("Say how long to train, by --minutes or by --steps."))
    place = device.resolve(order.device, Needs(devices=frozenset({"cpu", "cuda"})))
    return Plan(
        model=order.model,
        data=order.data,
        licences=tuple(dict.fromkeys(filter(None, map(str.strip, order.licences.split(","))))),
        out=order.out,
        minutes=order.minutes,
        pause=order.pause,
        steps=order.steps,
        resume=order.resume,
        begun_from=order.begun_from,
        size=usual.size if order.size is None else order.size,
        width=usual.width if order.width is None else order.width,
        batch=usual.batch if order.batch is None else order.batch,
        device=place,
        start=Start(order.start or starts[0]),
        stage=order.stage,
        evaluation=order.evaluation,
        vgg=order.vgg,
        seed=order.seed,
        compiled=place == "cuda" if order.compiled is None else order.compiled,
        half=order.half,
        adversarial=order.adversarial,
        rate=order.rate,
    )


@contextmanager
def _heard(progress: Progress) -> Iterator[None]:
    """Ctrl+C, and the end of a job's time on a machine, let the step come to its end; the second time they do not."""

    def stop(number: int, _frame: FrameType | None) -> None:
        progress.cancel()
        signal.signal(number, before[number])

    before: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
