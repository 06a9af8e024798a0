"""The models of learned methods: what there is, and how models come, are looked at and go. Reading files is a job.

This module alone of the editor reaches down to `inference`, and late: a window without models never loads that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.engine import device, registry
from lacuna.engine.jobs import Job
from lacuna.errors import LacunaError, UnknownBackend
from lacuna.i18n import _
from lacuna.imaging.photo import Pixels
from lacuna.listeners import Listeners

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.inference.picker import Picker

T = TypeVar("T")
Failed = Callable[[LacunaError], object]

GRAPH_SUFFIX = ".onnx"
MOST_READINGS = 6  # of a graph, to choose from
ONNX = "onnx"  # what stands for the network where it is not known


@dataclass(frozen=True, eq=False)
class Choice:
    """One way to understand the files. `picture` is what it made of a test picture, `judged` what is to be said of it.

    Weights that were published under several conventions have neither.
    """

    name: str
    picture: Pixels | None = None
    judged: str = ""


class Install(Protocol):
    """Write the model by one of the choices, in the worker."""

    def __call__(self, name: str, choice: int, progress: Progress, *, replace: bool) -> Model: ...


@dataclass(frozen=True, eq=False)
class Recognised:
    """Files that a person named, and what they are. `network` is its id, `width` the share of its published channels.

    The person has to agree to `notice` before anything is installed, and should know of `doubt`. `choices`, the
    likeliest first, are none where there is but one way.
    """

    paths: tuple[Path, ...]
    title: str
    network: str
    install: Install
    width: float = 1.0
    licence: str = ""
    notice: str = ""
    doubt: str = ""
    choices: tuple[Choice, ...] = ()


class Models:
    """`changed()`: models came or went. Jobs call `done` with what came of them, or `failed` with what a person may
    read; neither after a cancel, nor for an unforeseen error, which the editor says.
    """

    def __init__(self, editor: Editor) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._editor = editor
        self._picker_problem: tuple[object, str] = (None, "")

    def installed(self) -> tuple[Model, ...]:
        """All that there are, damaged ones too, by name."""
        return models.installed()

    def card(self, model: Model) -> str:
        """What the model's card says; "" if it has none."""
        from lacuna.inference.own_file import card

        return card(model)

    def look(self, paths: Sequence[Path], done: Callable[[Recognised], object], failed: Failed) -> Job:
        """Find out which weights these files are; nothing is changed. It waits for no fill."""

        def work(progress: Progress) -> Recognised:
            if {path.suffix.lower() for path in paths} == {GRAPH_SUFFIX}:
                from lacuna.inference import picker_importing

                if picker_importing.takes_points(paths):
                    return _picker(tuple(paths))
                if len(paths) == 1:
                    return _graph(paths[0], progress)
            return _weights(tuple(paths))

        return self._run(_("Look at the files"), work, done, failed, beside=True)

    def install(
        self,
        seen: Recognised,
        name: str,
        done: Callable[[Model], object],
        failed: Failed,
        *,
        choice: int = 0,
        replace: bool = False,
    ) -> Job:
        """Import what was recognised under `name`; the person has agreed to its notice before."""

        def work(progress: Progress) -> Model:
            model = seen.install(name, choice, progress, replace=replace)
            registry.refresh()  # here, where no fill runs: it makes the backends forget what they loaded
            return model

        def installed(model: Model) -> None:
            self._tell()
            done(model)

        return self._run(_("Import “{name}”").format(name=name), work, installed, failed, kept=True)

    def verify(self, model: Model, done: Callable[[str], object], failed: Failed) -> Job:
        """Compare the hashes of every file; `done` with what is damaged, or "" for a whole model."""

        def work(_progress: Progress) -> str:
            return models.damage(model)

        return self._run(_("Verify “{name}”").format(name=model.name), work, done, failed, beside=True)

    def export(self, model: Model, path: Path, done: Callable[[int], object], failed: Failed) -> Job:
        """Write the model to one file, replacing what is there; `done` with its length in bytes."""

        def work(_progress: Progress) -> int:
            from lacuna.inference.own_file import export

            return export(model, path, overwrite=True)

        return self._run(_("Export “{name}”").format(name=model.name), work, done, failed, kept=True, beside=True)

    def remove(self, model: Model, done: Callable[[], object], failed: Failed) -> Job:
        """Delete a model of the person's own for good, once no fill is running."""

        def work(_progress: Progress) -> None:
            models.remove(model)
            registry.refresh()

        def removed(_nothing: None) -> None:
            self._tell()
            done()

        return self._run(_("Remove “{name}”").format(name=model.name), work, removed, failed, kept=True)

    def refusal(self, name: str, *, replace: bool) -> str:
        """Why a model cannot be installed under this name; "" if it can."""
        try:
            models.refuse_name(name, replace=replace)
        except LacunaError as error:
            return str(error)
        return ""

    def picker_problem(self, name: str) -> str:
        """Why no object can be picked with this model, and what helps; "" if one can."""
        state = name, models.picker_state(name)
        if self._picker_problem[0] != state:  # asked at every turn
            self._picker_problem = state, _picker_problem(name)
        return self._picker_problem[1]

    def picker(self, name: str) -> Picker:
        """The network, loaded if it is not yet: in the worker. Raises UnknownModel, DamagedModel and MemoryError."""
        from lacuna.inference.session import opened_picker

        return opened_picker(models.model(name), Runtime("cpu", device.threads()))

    def use(self, model: Model) -> None:
        """Fill with this model from now on. Raises UnknownBackend for one that no backend can use."""
        backend = registry.backend_for(model)
        if not backend:
            raise UnknownBackend(_("No method can use the model “{model}”.").format(model=model.name))
        self._editor.use_backend(backend)
        if model.graph is None:
            self._editor.set_param("model", model.name)

    def _run(
        self,
        label: str,
        work: Callable[[Progress], T],
        done: Callable[[T], object],
        failed: Failed,
        *,
        kept: bool = False,
        beside: bool = False,
    ) -> Job:
        """A job whose foreseen errors come back to who asked for it, and not to the picture's messages."""

        def outcome(progress: Progress) -> T | LacunaError:
            try:
                return work(progress)
            except LacunaError as error:
                return error

        def told(came: Any) -> None:
            if isinstance(came, LacunaError):
                failed(came)
            else:
                done(came)

        return self._editor.work.run(label, outcome, told, bound=False, kept=kept, beside=beside)

    def _tell(self) -> None:
        self._editor.filling.method.forget()  # an estimate was of another model, or of none
        self.changed()
        self._editor.state_changed()


def _picker_problem(name: str) -> str:
    try:
        if models.model(name).picker is None:
            return _("The model “{model}” picks no objects.").format(model=name)
    except LacunaError as error:
        return error.sentence
    return ""


def network_of(model: Model) -> str:
    """The id of the model's network; "" for one that is too damaged to tell."""
    if models.has_graph(model.folder) or models.has_picker(model.folder):
        return ONNX
    return "" if model.config is None else model.config.network.value


def _weights(paths: tuple[Path, ...]) -> Recognised:
    """Weights of a network that Lacuna knows. Raises what `importing.found` does."""
    from lacuna.inference import importing

    found = importing.found(paths)

    def install(name: str, choice: int, progress: Progress, *, replace: bool) -> Model:
        chosen = importing.found(paths, found.variants[choice]) if choice else found
        return importing.install(chosen, name, progress, licence_accepted=True, replace=replace)

    config = found.config
    choices = tuple(Choice(name) for name in found.variants) if len(found.variants) > 1 else ()
    return Recognised(
        paths,
        config.title,
        config.network.value,
        install,
        width=config.width,
        licence=config.licence,
        notice=found.notice,
        choices=choices,
    )


def _picker(paths: tuple[Path, ...]) -> Recognised:
    """A network that picks objects by clicks."""
    from lacuna.inference import picker_importing

    def install(name: str, choice: int, progress: Progress, *, replace: bool) -> Model:
        return picker_importing.install(paths, {}, name, progress, replace=replace)

    return Recognised(paths, paths[0].stem, ONNX, install)


def _graph(path: Path, progress: Progress) -> Recognised:
    """A graph of others, its likeliest readings tried. Raises what `graph_importing.found` does."""
    from lacuna.inference import graph_importing

    found = graph_importing.found(path, {}, progress, device.threads())
    trials = found.trials[:MOST_READINGS]

    def install(name: str, choice: int, progress: Progress, *, replace: bool) -> Model:
        return graph_importing.install(found, name, progress, trial=trials[choice], replace=replace)

    best = trials[0].reading
    choices = tuple(
        Choice(trial.reading.unlike(best) or _("The best reading"), trial.picture, trial.sentence) for trial in trials
    )
    return Recognised((path,), found.config(trials[0]).title, ONNX, install, doubt=found.notice, choices=choices)
