"""Machines of a Dask cluster that carry errands out, by the same call as everybody else.

The bytes of each file travel to whoever works on it, and those of its result back, so that workers need no folder in
common with us: pictures are small beside what is calculated over them. Models do not travel; workers have Lacuna
installed in this version, with the models that are asked for.
"""

from __future__ import annotations

import os
import pickle
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from lacuna import i18n
from lacuna.contract.progress import Progress
from lacuna.engine import cores
from lacuna.engine.batch.treating import attempt
from lacuna.engine.batch.treatment import Errand, Failure, Made, Treatment
from lacuna.engine.batch.workers import Advance
from lacuna.errors import LacunaError
from lacuna.i18n import _

if TYPE_CHECKING:
    from distributed import Client, Future

ANSWER = 10  # seconds for the scheduler to answer, and for a first worker to be there
LOOK = 0.1  # seconds between two looks whether the batch was stopped
AHEAD = 2  # files for each worker: one that it works on, and one that is there when it has finished


class ClusterFailed(LacunaError):
    """A cluster that does not answer, or that cannot do what is asked of it. What is finished is finished."""


class Cluster:
    """The workers of the scheduler at `address`, such as tcp://10.0.0.5:8786, as they come and go.

    A worker that is lost costs nothing: the scheduler gives its files to another. One over which three workers were
    lost is named. Each worker has one file at a time, with as many threads as it was started with.
    """

    def __init__(self, treatment: Treatment, address: str) -> None:
        self.treatment = treatment
        self.address = address

    def results(
        self, errands: Iterator[Errand], progress: Progress, advance: Advance
    ) -> Iterator[tuple[int, Made | Failure]]:
        with _connected(self.address) as client:
            try:
                yield from _Errands(client, self.address, self.treatment).results(errands, progress)
            except OSError as error:
                raise _silent(self.address, error) from error


def refuse_missing() -> None:
    """Raise ClusterFailed where the library is not installed."""
    if find_spec("distributed") is None:
        sentence = _("A cluster needs the package distributed, which is not installed.")
        raise ClusterFailed(sentence, _("Install Lacuna with the extra “cluster”."))


def _connected(address: str) -> Client:
    refuse_missing()
    import dask
    from distributed import Client

    dask.config.set({"distributed.admin.large-graph-warning-threshold": "10 GB"})  # a file is meant to travel
    try:
        client = Client(address, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise _silent(address, error) from error
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except TimeoutError as error:
        client.close()
        sentence = _("The cluster at {address} has no workers.").format(address=address)
        raise ClusterFailed(sentence, _("Start some: dask worker {address}").format(address=address), error) from error
    return client


class _Errands:
    """Those that are under way, by their futures."""

    def __init__(self, client: Client, address: str, treatment: Treatment) -> None:
        self.client = client
        self.address = address
        self.treatment = treatment
        self.running: dict[Future, Errand] = {}
        self.over: SimpleQueue[Future] = SimpleQueue()  # as they come, from a thread of the client's

    def results(self, errands: Iterator[Errand], progress: Progress) -> Iterator[tuple[int, Made | Failure]]:
        left = True
        try:
            while True:
                while left and len(self.running) < AHEAD * max(1, len(self.client.nthreads())):
                    errand = next(errands, None)
                    left = errand is not None
                    if errand is not None:
                        self._submit(errand)
                if not self.running:
                    return
                progress.check()
                if self.client.status != "running":
                    raise _silent(self.address)
                try:
                    future = self.over.get(timeout=LOOK)
                except Empty:
                    continue
                errand = self.running.pop(future)
                came = self._outcome(future, errand)
                if came is not None:
                    yield errand.number, came
        finally:
            if self.client.status == "running":
                with suppress(OSError):  # it is gone, and with it what it had to do
                    self.client.cancel(list(self.running), force=True)

    def _submit(self, errand: Errand) -> None:
        order = pickle.dumps((self.treatment, errand, i18n.language()))
        self._await(self.client.submit(carry_out, order, pure=False, key=f"lacuna-{secrets.token_hex(8)}"), errand)

    def _await(self, future: Future, errand: Errand) -> None:
        self.running[future] = errand
        future.add_done_callback(self.over.put)

    def _outcome(self, future: Future, errand: Errand) -> Made | Failure | None:
        """What came of it; None if it is under way again, as what had been made of it was lost."""
        from distributed import KilledWorker

        if future.status in ("cancelled", "lost"):
            self._submit(errand)
            return None
        try:
            error = future.exception(timeout=ANSWER)
        except TimeoutError:  # its worker was lost between its end and now
            self._await(future, errand)
            return None
        if isinstance(error, KilledWorker):
            sentence = _("Several workers of the cluster were lost over {name}.").format(name=errand.name)
            return Failure(sentence, _("Their memory may be too small for it."))
        if error is not None:
            sentence = _("The workers of the cluster cannot do it: {error}.").format(error=error)
            raise ClusterFailed(sentence, _("Install this version of Lacuna on each of them."), error)
        came: Made | Failure = pickle.loads(future.result(timeout=None))
        return came


def _silent(address: str, cause: BaseException | None = None) -> ClusterFailed:
    sentence = _("No scheduler answers at {address}.").format(address=address)
    return ClusterFailed(sentence, _("Check the address, as in tcp://10.0.0.5:8786, and that it runs."), cause)


# --- on a worker ------------------------------------------------------------------------------------------------------
_one_at_a_time = threading.Lock()  # calls of a method must not overlap, and a worker may have several threads


def carry_out(order: bytes) -> bytes:
    """What comes of an errand, as bytes, on whichever machine this is."""
    from distributed import get_worker

    treatment, errand, language = pickle.loads(order)
    with _one_at_a_time:
        i18n.use_language(language)
        threads = int(get_worker().state.nthreads)
        cores.hold_to(cores.Share(threads, min(1.0, threads / (os.cpu_count() or 1))))
        return pickle.dumps(attempt(treatment, errand, Progress()))
