"""Work beside the thread that Ctrl+C reaches: what it gives, and how it is stopped."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from lacuna.cli import runner
from lacuna.contract.progress import Progress


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Ends work that asks nobody whether to go on."""
    event = threading.Event()
    yield event
    event.set()


def interrupt() -> None:
    """As Ctrl+C does it, while the main thread waits."""
    time.sleep(0.3)
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_the_result_and_the_error_of_the_work_come_to_who_waits() -> None:
    assert runner.run(lambda _progress: 7) == 7
    with pytest.raises(ZeroDivisionError):
        runner.run(lambda _progress: 1 // 0)


def test_work_that_hears_of_the_interrupt_ends_and_is_not_stuck() -> None:
    def work(progress: Progress) -> None:
        while True:
            progress.check()
            time.sleep(0.01)

    threading.Thread(target=interrupt).start()
    with pytest.raises(runner.Stopped) as stopped:
        runner.run(work)
    assert not stopped.value.stuck


def test_work_that_goes_on_after_an_interrupt_is_told_as_stuck(
    release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the process would end beside it as if it had ended, and crash."""
    monkeypatch.setattr(runner, "GRACE", 0.2)
    threading.Thread(target=interrupt).start()
    with pytest.raises(runner.Stopped) as stopped:
        runner.run(lambda _progress: release.wait(30))
    assert stopped.value.stuck
