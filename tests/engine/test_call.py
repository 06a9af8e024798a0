"""A call that cannot be stopped: left to itself when it is short, waited for when it is long."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lacuna.contract.fill import Context, FillWork, Needs
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine.call import answer
from tests.engine.backends import OneParam, Scripted, installed

HOLE = np.ones((100, 100), bool)  # 0.01 megapixels
WORK = FillWork(np.zeros((100, 100, 3), np.uint8), HOLE, 255.0)
SHORT = Needs(context=Context(8, 0.0), interruptible=False, megapixel_seconds=10.0)  # 0.1 s by its own guess
LONG = replace(SHORT, megapixel_seconds=1000.0)


@pytest.fixture
def gate() -> threading.Event:
    return threading.Event()


def waiting_for(gate: threading.Event, begun: threading.Event) -> Any:
    def script(work: FillWork) -> Any:
        begun.set()
        assert gate.wait(10)
        return work.image

    return script


def cancelled_once(begun: threading.Event, progress: Progress) -> threading.Thread:
    def cancel() -> None:
        assert begun.wait(10)
        progress.cancel()

    thread = threading.Thread(target=cancel)
    thread.start()
    return thread


def test_a_short_call_gives_the_worker_back_while_it_still_runs(gate: threading.Event) -> None:
    begun, progress = threading.Event(), Progress()
    with installed(Scripted(waiting_for(gate, begun), SHORT)):
        canceller = cancelled_once(begun, progress)
        try:
            with pytest.raises(Cancelled):
                answer("scripted", SHORT, WORK, OneParam(), progress)
            assert not gate.is_set()  # the call has not come back, we have
        finally:
            gate.set()
            canceller.join()


def test_a_long_call_is_waited_for(gate: threading.Event) -> None:
    begun, progress = threading.Event(), Progress()
    with installed(Scripted(waiting_for(gate, begun), LONG)):
        canceller = cancelled_once(begun, progress)
        later = threading.Timer(0.2, gate.set)
        later.start()
        answer("scripted", LONG, WORK, OneParam(), progress)
        assert gate.is_set()
        canceller.join()
        later.join()


def test_what_a_short_call_raises_comes_through() -> None:
    def fails(work: FillWork) -> Any:
        raise ZeroDivisionError("on its own thread")

    with installed(Scripted(fails, SHORT)), pytest.raises(ZeroDivisionError, match="own thread"):
        answer("scripted", SHORT, WORK, OneParam(), Progress())


def test_a_call_that_waits_its_turn_hears_a_cancel(gate: threading.Event) -> None:
    begun = threading.Event()
    with installed(Scripted(waiting_for(gate, begun), LONG)):
        first = threading.Thread(target=answer, args=("scripted", LONG, WORK, OneParam(), Progress()))
        first.start()
        assert begun.wait(10)
        second = Progress()
        second.cancel()
        with pytest.raises(Cancelled):
            answer("scripted", LONG, WORK, OneParam(), second)
        assert first.is_alive()
        gate.set()
        first.join(10)
