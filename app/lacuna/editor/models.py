"""The models of learned methods: what there is, and how models come, are looked at and go. Reading files is a job.

This module alone of the editor reaches down to `inference`, and late: a window without models never loads that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lacuna.contract import models
from lacuna.contract.models import Model
from lacuna.contract.params import validate
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.engine.jobs import Job
from lacuna.errors import DamagedModel, LacunaError, UnknownBackend
from lacuna.i18n import _
from lacuna.listeners import Listeners

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.inference.importing import Found

T = TypeVar("T")
Failed = Callable[[LacunaError], object]


@dataclass(frozen=True)
class Recognised:
    """Files that a person named, and which weights they are."""

    paths: tuple[Path, ...]
    found: Found


class Models:
    """`changed()`: models came or went. Jobs call `done` with what came of them, or `failed` with what a person may
    read; neither after a cancel, nor for an unforeseen error, which the editor says.
    """

    def __init__(self, editor: Editor) -> None:
        self.changed: Listeners[[]] = Listeners()
        self._editor = editor

    def installed(self) -> tuple[Model, ...]:
        """All that there are, damaged ones too, by name."""
        return models.installed()

    def card(self, model: Model) -> str:
        """What the model's card says; "" if it has none."""
        from lacuna.inference.own_file import card

        return card(model)

    def look(self, paths: Sequence[Path], done: Callable[[Recognised], object], failed: Failed) -> Job:
        """Find out which weights these files are; nothing is changed. It waits for no fill."""

        def work(_progress: Progress) -> Recognised:
            from lacuna.inference import importing

            return Recognised(tuple(paths), importing.found(paths))

        return self._run(_("Look at the files"), work, done, failed, beside=True)

    def install(
        self,
        seen: Recognised,
        name: str,
        done: Callable[[Model], object],
        failed: Failed,
        *,
        variant: str = "",
        replace: bool = False,
    ) -> Job:
        """Import what was recognised under `name`; the person has agreed to `seen.found.notice` before."""

        def work(progress: Progress) -> Model:
            from lacuna.inference import importing

            found = importing.found(seen.paths, variant) if variant else seen.found
            return importing.install(found, name, progress, licence_accepted=True, replace=replace)

        def installed(model: Model) -> None:
            self._tell()
            done(model)

        return self._run(_("Import “{name}”").format(name=name), work, installed, failed, kept=True)

    def verify(self, model: Model, done: Callable[[str], object], failed: Failed) -> Job:
        """Compare the hashes of every file; `done` with what is damaged, or "" for a whole model."""

        def work(_progress: Progress) -> str:
            try:
                models.verify(model)
            except DamagedModel as error:
                return str(error)
            return ""

        return self._run(_("Verify “{name}”").format(name=model.name), work, done, failed, beside=True)

    def export(self, model: Model, path: Path, done: Callable[[int], object], failed: Failed) -> Job:
        """Write the model to one file, replacing what is there; `done` with its length in bytes."""

        def work(_progress: Progress) -> int:
            from lacuna.inference.own_file import export

            return export(model, path, overwrite=True)

        return self._run(_("Export “{name}”").format(name=model.name), work, done, failed, kept=True, beside=True)

    def remove(self, model: Model) -> None:
        """Delete a model of the person's own for good. Raises CannotRemove, with nothing changed."""
        models.remove(model)
        self._tell()

    def refusal(self, name: str, *, replace: bool) -> str:
        """Why a model cannot be installed under this name; "" if it can."""
        from lacuna.inference.importing import refuse_name

        try:
            refuse_name(name, replace=replace)
        except LacunaError as error:
            return str(error)
        return ""

    def backend_for(self, model: Model) -> str:
        """The id of the backend that fills with this model; "" if none can."""
        for info in registry.backends():
            if takes_models(info) and not registry.missing(info.id, validate(info.Params, {"model": model.name})):
                return info.id
        return ""

    def use(self, model: Model) -> None:
        """Fill with this model from now on. Raises UnknownBackend for one that no backend can use."""
        backend = self.backend_for(model)
        if not backend:
            raise UnknownBackend(_("No method can use the model “{model}”.").format(model=model.name))
        self._editor.use_backend(backend)
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


def takes_models(info: registry.BackendInfo) -> bool:
    """Is it a backend that fills with a model, which may be installed or not yet?"""
    return "model" in getattr(info.Params, "__dataclass_fields__", {})
