"""One call of a backend: in its turn, and in a way that gives the worker back when it is cancelled."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from lacuna.contract.fill import Filled, FillWork, Needs
from lacuna.contract.progress import NOTICE, Progress
from lacuna.engine import registry
from lacuna.engine.paces import planned

QUICK = 0.05  # seconds: a call that is back sooner than a cancel would be noticed
RUN_OUT = 1.0  # seconds: a cancelled call of no more than this may come to its end beside the worker


def answer(backend_id: str, needs: Needs, work: FillWork, params: Any, progress: Progress) -> Filled:
    """What the backend makes of `work`. Raises Cancelled, and whatever the backend raises.

    A call that cannot be stopped but is soon over is left to itself when it is cancelled: the worker is free at once,
    and the result is thrown away. A longer one is waited for, since two of them would hold both cores of a small
    machine.
    """
    if needs.interruptible or not QUICK < planned(work, needs) < RUN_OUT:
        return _in_turn(backend_id, work, params, progress)
    executor = ThreadPoolExecutor(1, "lacuna-call")
    call = executor.submit(_in_turn, backend_id, work, params, progress)
    executor.shutdown(wait=False)
    while not wait([call], timeout=NOTICE).done:
        progress.check()
    return call.result()


def _in_turn(backend_id: str, work: FillWork, params: Any, progress: Progress) -> Filled:
    with registry.turn(backend_id, progress) as backend:
        return backend.fill(work, params, progress)
