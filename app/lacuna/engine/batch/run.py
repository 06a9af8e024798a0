"""A batch from its inputs to its results: who works, where results go, what is skipped, and what came of each file."""

from __future__ import annotations

import errno
import os
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from lacuna.contract.progress import Progress
from lacuna.engine.batch.inputs import Input
from lacuna.engine.batch.ledger import Ledger, Stamp
from lacuna.engine.batch.names import named, with_format
from lacuna.engine.batch.treatment import Agreed, Errand, Failure, Made, Treatment
from lacuna.engine.batch.workers import Advance, Workers
from lacuna.errors import CannotSave, LacunaError
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.atomic import cannot_save, write_atomically


class State(StrEnum):
    DONE = "done"
    SKIPPED = "skipped"  # finished by an earlier run
    NOTHING = "nothing"  # nothing that was to go was found, now or by an earlier run, and so nothing was written
    LOOKED = "looked"  # of a dry run
    FAILED = "failed"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of an input: its `result` if one was written or is there, what was `made`, or the `failure`."""

    number: int
    input: Input
    state: State
    result: Path | None = None
    made: Made | None = None
    failure: Failure | None = None


@dataclass(frozen=True, eq=False)
class BatchOrder:
    """What is done to which files. `agreed` holds, by input, what of a look may go, where somebody looked.

    `look`: nothing is written at all. `resume` skips what an earlier run finished; `replace` allows results of one
    to be replaced that were changed since.
    """

    inputs: Sequence[Input]
    folder: Path
    treatment: Treatment
    resume: bool = False
    replace: bool = False
    look: bool = False
    thumbnail: int = 0
    agreed: Mapping[str, Agreed] = field(default_factory=dict)


def run(
    batch: BatchOrder, workers: Workers, progress: Progress, advance: Advance = lambda number, fraction: None
) -> Iterator[Outcome]:
    """What comes of each input, as it comes. Raises CannotSave where the folder takes no ledger, and Cancelled.

    A result is written whole or not at all, by this process alone; no original and no file that is not of this batch is
    ever replaced. Of a thousand pictures only those that are being worked on are in memory.
    """
    return _Run(batch, progress, advance).outcomes(workers)


class _Run:
    def __init__(self, batch: BatchOrder, progress: Progress, advance: Advance) -> None:
        self.batch = batch
        self.progress = progress
        self.advance = advance
        self.ledger = Ledger(batch.folder)
        self.digest = batch.treatment.digest()
        self.names: dict[str, Path] = {}
        self.stamps: dict[int, Stamp] = {}
        self.settled: deque[Outcome] = deque()  # without anybody having worked on them

    def outcomes(self, workers: Workers) -> Iterator[Outcome]:
        with nullcontext() if self.batch.look else self.ledger.alone():
            if not self.batch.look:
                self.names = named(self.batch.inputs, self.batch.folder, before=self.ledger.results)
            for number, came in workers.results(self._errands(), self.progress, self.advance):
                yield from self._settled()
                yield self._outcome(number, came)
            yield from self._settled()

    def _treatment(self, found: Input) -> str:
        """By what a result of this input is known: what is done to it, and which of its findings may go."""
        agreed = self.batch.agreed.get(found.original)
        return self.digest if agreed is None else f"{self.digest}:{','.join(map(str, sorted(agreed.findings)))}"

    def _settled(self) -> Iterator[Outcome]:
        while self.settled:
            yield self.settled.popleft()

    def _errands(self) -> Iterator[Errand]:
        """The files that are left, each read when it is asked for."""
        for number, found in enumerate(self.batch.inputs):
            self.progress.check()
            if self.batch.resume and not self.batch.look and self.ledger.finished(found, self._treatment(found)):
                if self.ledger.nothing(found):
                    self._settle(number, State.NOTHING)
                else:
                    self._settle(number, State.SKIPPED, result=self.ledger.results[found.original])
                continue
            stamp = Stamp.of(found.path)  # before it is read: what is written to it meanwhile makes it another file
            try:
                data = files.load(found.path)
            except LacunaError as error:
                self._settle(number, State.FAILED, failure=Failure(error.sentence, error.hint))
                continue
            self.stamps[number] = stamp or Stamp(len(data), 0)
            yield Errand(
                number,
                found.path.name,
                data,
                self.batch.agreed.get(found.original),
                look=self.batch.look,
                thumbnail=self.batch.thumbnail,
            )

    def _settle(self, number: int, state: State, *, result: Path | None = None, failure: Failure | None = None) -> None:
        self.settled.append(Outcome(number, self.batch.inputs[number], state, result, failure=failure))

    def _outcome(self, number: int, came: Made | Failure) -> Outcome:
        found, stamp = self.batch.inputs[number], self.stamps.pop(number)
        if isinstance(came, Failure):
            return Outcome(number, found, State.FAILED, failure=came)
        if self.batch.look:
            return Outcome(number, found, State.LOOKED, made=came)
        try:
            result = self._written(found, stamp, came)
        except LacunaError as error:
            return Outcome(number, found, State.FAILED, failure=Failure(error.sentence, error.hint))
        state = State.NOTHING if result is None else State.DONE
        return Outcome(number, found, state, result, _without_data(came))

    def _written(self, found: Input, stamp: Stamp, made: Made) -> Path | None:
        """The file that now holds what was made; None if there was nothing to do."""
        result = self.names[found.original]
        if made.data is None:
            self.ledger.finish(found, stamp, self._treatment(found), result, nothing=True)
            return None
        result = with_format(result, made.format)
        self._make_folder(result.parent)
        ours, before = self._ours(found, result), self.ledger.entries.get(found.original)
        self.ledger.begin(found, stamp, self._treatment(found), result)
        try:
            write_atomically(result, [made.data], overwrite=ours)
        except CannotSave:
            self.ledger.withdraw(found, before)
            raise
        self.ledger.finish(found, stamp, self._treatment(found), result)
        return result

    def _make_folder(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_save(folder, error) from error

    def _ours(self, found: Input, result: Path) -> bool:
        """Whether a file of that name is this batch's own, from before. Raises CannotSave for any other that is there.

        So it does for one of its own that was changed since.
        """
        entry = self.ledger.entries.get(found.original)
        if entry is None or entry.result != result or result.is_symlink():
            if os.path.lexists(result):  # before the ledger says that it is ours
                raise cannot_save(result, FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)))
            return False
        if not self.batch.replace and self.ledger.changed(found):
            sentence = _("{path} was changed after it was written, and is not replaced.").format(path=result)
            raise CannotSave(sentence, _("Give it another name."))
        return True


def _without_data(made: Made) -> Made:
    """To be kept: the result's bytes are in its file."""
    return replace(made, data=None)
