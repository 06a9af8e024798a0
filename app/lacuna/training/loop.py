"""The run: photos in, steps until the clock says stop, and at every few minutes what a later run or a user needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import TRAINED
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.training import files, photos, vgg
from lacuna.training.chance import Dice
from lacuna.training.learner import CRITIC, Learner, plain_weights, take_up
from lacuna.training.log import Log, Means, board_missing, busy
from lacuna.training.models import MODELS, Course, Trainable
from lacuna.training.parallel import EVERY, World, world
from lacuna.training.plan import Plan
from lacuna.training.stage import Making, Stage
from lacuna.words import three_digits

SAVED_EVERY = 180.0  # seconds
LOGGED_EVERY = 15.0
CRITICS_ALONE = 0.05  # of the time, where the weights come from an earlier training
FIXED = ("model", "size", "width", "batch", "start", "stage", "seed", "licences")  # a resumed run keeps these

Parts = dict[str, dict[str, Tensor]]


@dataclass(frozen=True)
class Outcome:
    """`finished` is False where `pause` ended the call: `--resume` goes on."""

    step: int
    seconds: float
    finished: bool


@dataclass
class Clock:
    """Steps and seconds of the whole run and of its course, over all calls."""

    step: int = 0
    seconds: float = 0.0
    course: int = 0
    course_step: int = 0
    course_seconds: float = 0.0


def train(plan: Plan, progress: Progress, tell: Callable[[str], None]) -> Outcome:
    """Train until the time is over, or until `progress` is cancelled; then it saves its state and raises Cancelled."""
    if files.has_state(plan.out) and not plan.resume:
        sentence = _("In {path} lies a training that was begun before.").format(path=plan.out)
        raise InvalidParameter(sentence, hint=_("Go on with it by --resume, or give another folder."))
    with world(plan.device) as here:
        if here.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            torch.set_float32_matmul_precision("high")
        return _Run(plan, here, progress, tell if here.leads else lambda _line: None).go()


class _Run:
    """One call of `train`: what all its courses share."""

    def __init__(self, plan: Plan, here: World, progress: Progress, tell: Callable[[str], None]) -> None:
        self.plan, self.world, self.progress, self.tell = plan, here, progress, tell
        self.began = time.monotonic()
        self.trainable = MODELS[plan.model]
        self.courses = _courses(self.trainable, plan.stage)
        _check_size(plan, self.trainable)
        self.clock, self.parts, self.state = self._standing()
        self.photos = photos.read(plan.data, plan.licences).to(here.device)
        self.dice = Dice(plan.seed, here.device, here.rank)
        self.vgg = vgg.features(plan.vgg).to(here.device) if plan.vgg else None
        tell(_("{count} photos, on {device}.").format(count=len(self.photos), device=self.photos.pixels.device))
        if board_missing():
            tell(board_missing())

    def go(self) -> Outcome:
        finished = False
        while True:
            course = self.courses[self.clock.course]
            finished = _Stretch(self, course).go()
            if not finished or self.clock.course + 1 == len(self.courses):
                break
            self.clock = replace(self.clock, course=self.clock.course + 1, course_step=0, course_seconds=0.0)
            self.state = {}
        sentence = _("{step} steps in {minutes} minutes.") if finished else _("{step} steps: --resume goes on.")
        self.tell(sentence.format(step=self.clock.step, minutes=f"{self.clock.seconds / 60:.1f}"))
        return Outcome(self.clock.step, self.clock.seconds, finished)

    @property
    def config(self) -> ModelConfig:
        plan = self.plan
        source = (
            f"lacuna train {plan.model}: {self.clock.step} steps of {plan.batch * self.world.size} crops "
            f"of {plan.size} x {plan.size} pixels in {three_digits(self.clock.seconds / 60)} minutes; "
            f"{len(self.photos)} photos"
        )
        if plan.licences:
            source += f" of the licence classes {', '.join(plan.licences)}"
        return self.trainable.config(plan, source)

    def making(self) -> Making:
        plan = self.plan
        return Making(plan.width, plan.start, plan.size, plan.adversarial, self.vgg, self.parts)

    def time_is_up(self) -> bool:
        """Whether this call has to end."""
        return self.plan.pause is not None and time.monotonic() - self.began >= 60 * self.plan.pause

    def save(self, learner: Learner, own: Mapping[str, Tensor]) -> None:
        """The state, so that `--resume` goes on here, and the weights."""
        if not self.world.leads:
            return
        course = self.courses[self.clock.course]
        tensors = {f"learner/{key}": value for key, value in learner.state().items()}
        for part, weights in self.parts.items():
            tensors |= {f"part:{part}/{key}": value for key, value in weights.items()}
        standing = {**vars(self.clock), "plan": _fixed(self.plan)}
        files.write_state(self.plan.out, standing, tensors)
        files.write_weights(self.plan.out / TRAINED, self.config, {**self.parts, course.part: own})

    def _standing(self) -> tuple[Clock, Parts, dict[str, Tensor]]:
        """Where the run stands, the weights of its parts, and the state of the course."""
        plan = self.plan
        if not plan.resume:
            learned = _parts(plan, self.trainable) if plan.begun_from else {}
            return Clock(), learned, {}
        standing, tensors = files.read_state(plan.out)
        theirs, mine = standing.pop("plan"), _fixed(plan)
        for name, value in mine.items():
            if theirs.get(name) != value:
                words = {"theirs": theirs.get(name), "mine": value}
                words = {key: "all" if word is None else word for key, word in words.items()}  # classes of licence
                sentence = _("The training in {path} has {name} {theirs}, not {mine}.")
                raise InvalidParameter(sentence.format(path=plan.out, name=name, **words))
        learned = {}
        for key, value in tensors.items():
            if key.startswith("part:"):
                part, name = key.removeprefix("part:").split("/", 1)
                learned.setdefault(part, {})[name] = value
        state = {key.removeprefix("learner/"): v for key, v in tensors.items() if key.startswith("learner/")}
        return Clock(**standing), learned, state


class _Stretch:
    """One course in this call."""

    def __init__(self, run: _Run, course: Course) -> None:
        self.run, self.course, self.plan = run, course, run.plan
        # Weights are drawn from the seed, the same in every process and whatever was drawn before.
        torch.manual_seed(self.plan.seed)
        self.stage: Stage = course.make(run.making())
        self.continued = course.part in run.parts
        if self.continued and not run.state:
            take_up(self.stage.generator, run.parts[course.part])
        _move_rest(self.stage, run.world.device)
        plan = self.plan
        self.learner = Learner(self.stage, run.world, compiled=plan.compiled, rate=plan.rate, half=plan.half)
        if run.state:
            self.learner.load(run.state)
        self.task = run.trainable.task
        self.feeder = self.task.feeder(run.photos, plan, self.stage, run.world.device)
        self.means = Means()
        self.saved = self.logged = time.monotonic()
        self.logged_step = run.clock.step
        self.saved_step = -1

    def go(self) -> bool:
        """Train; whether the course came to its end."""
        run, plan, clock = self.run, self.plan, self.run.clock
        self.examples = self.task.examples(plan, self.feeder, run.world.device) if run.world.leads else None
        terms = (*self.stage.terms, *((CRITIC,) if self.stage.judged else ()))
        columns = ("step", "minutes", "pictures_per_second", *terms, *self.task.measures, "gpu_busy")
        name = self.course.part or plan.model
        self.log = Log(plan.out / f"{name}.csv", columns, clock.step, run.tell) if run.world.leads else None
        before = time.monotonic()
        at = self._share_of_time()
        finished = at >= 1
        ended = run.time_is_up()
        self.saved = self.logged = before
        try:
            while not (finished or ended):
                run.progress.at(at, name)
                chance = run.dice.at(clock.step)
                alone = self.continued and self.stage.judged and at < CRITICS_ALONE
                self.means.add(self.learner.step(partial(self.feeder.batch, chance), alone=alone, at=at))
                clock.step += 1
                clock.course_step += 1
                now = time.monotonic()
                clock.seconds += now - before
                clock.course_seconds += now - before
                before = now
                at = self._share_of_time()
                if run.world.size == 1 or clock.step % EVERY == 0 or clock.course_step == self._steps():
                    at = run.world.agreed(at)
                    finished, ended = at >= 1, run.world.any(run.time_is_up())
                    if run.world.any(now - self.saved >= SAVED_EVERY):
                        self._save()
                    elif now - self.logged >= LOGGED_EVERY:
                        self._write(now, {})
        except Cancelled:
            self._save()
            raise
        else:
            if self.saved_step != clock.step:
                self._save()
        finally:
            if self.log is not None:
                self.log.close()
        run.parts[self.course.part] = plain_weights(self.learner.mean)
        return finished

    def _share_of_time(self) -> float:
        """How much of the course is over, 1 at its end: by its steps and by its minutes, whichever come first."""
        plan, clock, steps = self.plan, self.run.clock, self._steps()
        over = [] if steps is None else [clock.course_step / steps]
        if plan.minutes is not None:
            over.append(clock.course_seconds / (60 * plan.minutes * self.course.share))
        return max(over)

    def _steps(self) -> int | None:
        """How many steps the course has at most."""
        return None if self.plan.steps is None else max(1, round(self.plan.steps * self.course.share))

    def _save(self) -> None:
        run, now = self.run, time.monotonic()
        if run.world.leads:
            where = (self.stage, self.learner.mean, run.world.device)
            assert self.examples is not None
            with self.learner.precision():
                found = self.examples.measure(*where)
                self.examples.draw(
                    self.plan.out / "sheets" / f"{self.course.part or self.plan.model}-{run.clock.step:07d}.png", *where
                )
            self._write(now, found)
            run.save(self.learner, plain_weights(self.learner.mean))
        self.saved, self.saved_step = time.monotonic(), run.clock.step

    def _write(self, now: float, measured: Mapping[str, float]) -> None:
        """A row of the log, of what was done until `now`."""
        run = self.run
        means = self.means.taken(run.clock.step)
        steps, seconds = run.clock.step - self.logged_step, max(now - self.logged, 1e-9)
        rate = steps * self.plan.batch * run.world.size / seconds
        if self.log is not None:
            row = {"step": run.clock.step, "minutes": run.clock.seconds / 60, "pictures_per_second": rate}
            self.log.write({**row, **means, **measured, "gpu_busy": busy(run.world.device)})
        self.logged, self.logged_step = time.monotonic(), run.clock.step


def _courses(trainable: Trainable, stage: str) -> tuple[Course, ...]:
    """All of them, or the one that was asked for, which then has all the time."""
    if stage == "both" or len(trainable.courses) == 1:
        return trainable.courses
    return tuple(replace(course, share=1.0) for course in trainable.courses if course.part == stage)


def _check_size(plan: Plan, trainable: Trainable) -> None:
    if plan.size % trainable.multiple or plan.size < trainable.least:
        sentence = _("{model} is trained on crops whose side is a multiple of {multiple}, from {least} on; not {size}.")
        raise InvalidParameter(
            sentence.format(model=plan.model, multiple=trainable.multiple, least=trainable.least, size=plan.size)
        )
    if trainable.sizes and plan.width != 1:
        sentence = _("{model} has its own sizes and is trained at a width of 1, not {width}.")
        raise InvalidParameter(sentence.format(model=plan.model, width=plan.width))


def _parts(plan: Plan, trainable: Trainable) -> Parts:
    """The weights of the folder that the training begins from, by part."""
    assert plan.begun_from is not None
    wanted = trainable.config(plan, "")
    weights = files.read_weights(plan.begun_from, wanted)
    found: Parts = {}
    for course in trainable.courses:
        prefix = f"{course.part}." if course.part else ""
        some = {key.removeprefix(prefix): value for key, value in weights.items() if key.startswith(prefix)}
        if some:
            found[course.part] = some
    return found


def _fixed(plan: Plan) -> dict[str, Any]:
    """As JSON gives it back; classes of licence were not known to the first states, which took all."""
    fixed = {name: getattr(plan, name) for name in FIXED}
    return fixed | {"licences": ",".join(sorted(plan.licences)) or None}


def _move_rest(stage: Stage, device: torch.device) -> None:
    """What a stage uses beside its generator and critic, such as an edge model that learns no more."""
    for value in vars(stage).values():
        if isinstance(value, nn.Module):
            value.to(device)
