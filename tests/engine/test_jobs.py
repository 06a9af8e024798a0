"""The worker: order, cancel, errors, reports, and its end. With a real thread; the owner's loop is turned by hand."""

from __future__ import annotations

import gc
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from lacuna.contract.progress import Progress
from lacuna.engine.jobs import REPORTS_A_SECOND, Job, JobQueue, State
from lacuna.errors import BackendFailed, OutOfMemory, UnsuitableMask
from lacuna.imaging.region import Region

PATIENCE = 20.0  # seconds until a test that waits gives up


class Owner:
    """A thread with a loop: calls are kept until `turn` runs them."""

    def __init__(self) -> None:
        self.calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.ended: list[Job] = []
        self.jobs = JobQueue(self.calls.put)

    def submit(self, job: Job, *, beside: bool = False) -> Job:
        return self.jobs.submit(job, self.ended.append, beside=beside)

    def turn(self) -> None:
        while not self.calls.empty():
            self.calls.get()()

    def until(self, happened: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, "nothing happened"
            self.turn()
            time.sleep(0.001)


@pytest.fixture
def owner() -> Iterator[Owner]:
    made = Owner()
    yield made
    assert made.jobs.close()
    assert not [t for t in threading.enumerate() if t.name in ("lacuna-worker", "lacuna-beside")]


class Gate:
    """Work that waits, as an uninterruptible call does: it looks at no progress until it is let go."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()

    def __call__(self, progress: Progress) -> str:
        self.entered.set()
        assert self.open.wait(PATIENCE)
        return "done"


def test_jobs_run_one_after_the_other_in_the_worker(owner: Owner) -> None:
    threads = []

    def work(progress: Progress) -> int:
        threads.append(threading.current_thread())
        return len(threads)

    jobs = [owner.submit(Job(str(i), work)) for i in range(5)]
    owner.until(lambda: len(owner.ended) == 5)
    assert owner.ended == jobs
    assert [job.result for job in jobs] == [1, 2, 3, 4, 5]
    assert all(job.state is State.DONE and job.fraction == 1.0 for job in jobs)
    assert set(threads) != {threading.current_thread()}
    assert len(set(threads)) == 1


def test_listeners_hear_on_the_owners_thread_alone(owner: Owner) -> None:
    heard = []
    job = Job("fill", lambda progress: progress.at(0.5, "half"))
    job.changed.add(lambda job: heard.append((threading.current_thread(), job.state)))
    owner.submit(job)
    owner.until(lambda: job.over)
    assert {thread for thread, _state in heard} == {threading.current_thread()}
    assert [state for _thread, state in heard] == [State.RUNNING, State.RUNNING, State.DONE]
    assert job.stage == "half"


def test_cancelling_frees_the_owner_at_once_and_throws_the_result_away(owner: Owner) -> None:
    gate = Gate()
    job = owner.submit(Job("cv2", gate, interruptible=False))
    assert gate.entered.wait(PATIENCE)
    job.cancel()
    assert job.state is State.CANCELLING
    assert not job.matters
    gate.open.set()
    owner.until(lambda: job.over)
    assert job.state is State.CANCELLED
    assert job.result is None
    assert owner.ended == [job]


def test_the_next_job_waits_for_a_call_that_cannot_be_stopped_and_can_say_so(owner: Owner) -> None:
    gate = Gate()
    first = owner.submit(Job("cv2", gate, interruptible=False))
    assert gate.entered.wait(PATIENCE)
    second = owner.submit(Job("next", lambda progress: "second"))
    assert owner.jobs.blocked_by is None
    first.cancel()
    assert owner.jobs.blocked_by is first
    assert owner.jobs.busy
    gate.open.set()
    owner.until(lambda: second.over)
    assert second.result == "second"
    assert owner.jobs.blocked_by is None
    owner.until(lambda: not owner.jobs.busy)


def test_an_interruptible_job_stops_at_its_next_check(owner: Owner) -> None:
    begun = threading.Event()

    def work(progress: Progress) -> None:
        begun.set()
        while True:
            progress.check()
            time.sleep(0.002)

    job = owner.submit(Job("loop", work))
    assert begun.wait(PATIENCE)
    start = time.monotonic()
    job.cancel()
    owner.until(lambda: job.over)
    assert job.state is State.CANCELLED
    assert time.monotonic() - start < 2.0


def test_a_job_cancelled_while_it_waits_never_runs_and_is_over_without_the_worker(owner: Owner) -> None:
    gate, ran = Gate(), []
    owner.submit(Job("first", gate))
    assert gate.entered.wait(PATIENCE)
    waiting = owner.submit(Job("second", ran.append))
    waiting.cancel()
    assert owner.ended == []  # who cancels is not called back in the middle of it
    owner.turn()
    assert waiting.state is State.CANCELLED
    assert owner.ended == [waiting]
    gate.open.set()
    owner.until(lambda: len(owner.ended) == 2)
    assert ran == []


def test_cancelling_a_job_that_is_over_changes_nothing(owner: Owner) -> None:
    job = owner.submit(Job("fill", lambda progress: 1))
    owner.until(lambda: job.over)
    job.cancel()
    assert job.state is State.DONE
    assert job.result == 1


def test_a_cancel_between_the_result_and_its_delivery_still_counts(owner: Owner) -> None:
    job = owner.submit(Job("fill", lambda progress: 1))
    end = time.monotonic() + PATIENCE
    while owner.jobs.busy:
        assert time.monotonic() < end
    owner.calls.get()()  # it has begun; that it is done lies in the queue
    job.cancel()
    owner.turn()
    assert job.state is State.CANCELLED
    assert job.result is None


def test_an_error_for_people_arrives_as_it_was_raised(owner: Owner) -> None:
    error = UnsuitableMask("The mask is empty.", "Paint one.")

    def work(progress: Progress) -> None:
        raise error

    job = owner.submit(Job("fill", work))
    owner.until(lambda: job.over)
    assert job.state is State.FAILED
    assert job.error is error


def test_any_other_exception_is_wrapped_once_with_details_and_the_worker_lives_on(owner: Owner) -> None:
    def work(progress: Progress) -> None:
        raise KeyError("surprise")

    job = owner.submit(Job("Fill", work))
    after = owner.submit(Job("next", lambda progress: 2))
    owner.until(lambda: after.over)
    assert isinstance(job.error, BackendFailed)
    assert "Fill" in job.error.sentence
    assert "KeyError" in job.error.details
    assert "in work" in job.error.details
    assert after.result == 2


def test_the_end_of_memory_is_called_so(owner: Owner) -> None:
    def work(progress: Progress) -> None:
        raise MemoryError

    job = owner.submit(Job("Fill", work))
    owner.until(lambda: job.over)
    assert isinstance(job.error, OutOfMemory)


def test_neither_worker_nor_job_keeps_pixels_of_a_job_that_failed(owner: Owner) -> None:
    class Traced(np.ndarray):
        """An array that can be watched."""

    pixels = np.zeros(10).view(Traced)
    watched = weakref.ref(pixels)

    def work_on(pixels: np.ndarray) -> Callable[[Progress], None]:
        def work(progress: Progress) -> None:
            copy_of_it = pixels
            raise ValueError(len(copy_of_it))

        return work

    job = owner.submit(Job("Fill", work_on(pixels)))
    del pixels
    owner.until(lambda: job.over)
    gc.collect()
    assert job.error is not None
    assert watched() is None


def test_reports_are_limited_and_the_stage_is_never_lost(owner: Owner) -> None:
    def work(progress: Progress) -> None:
        progress.at(0.0, "Loading")
        end = time.monotonic() + 0.5
        while time.monotonic() < end:
            progress.at(0.5, "Filling")
            progress.show(Region(0, 0, 1, 1), None)

    heard: list[str] = []
    shown: list[Region] = []
    job = Job("fill", work)
    job.changed.add(lambda job: heard.append(job.stage))
    job.previewed.add(lambda region, pixels: shown.append(region))
    owner.submit(job)
    owner.until(lambda: job.over)
    assert "Loading" in heard
    assert "Filling" in heard
    assert len(heard) <= REPORTS_A_SECOND + 5
    assert 1 <= len(shown) <= 64 * REPORTS_A_SECOND


def test_the_fraction_never_falls_and_parts_add_up(owner: Owner) -> None:
    def work(progress: Progress) -> None:
        for weight in (0.25, 0.75):
            part = progress.part(weight)
            part.at(0.0, f"stage {weight}")
            time.sleep(2 / REPORTS_A_SECOND)
            part.at(1.0)

    fractions: list[float] = []
    job = Job("fill", work)
    job.changed.add(lambda job: fractions.append(job.fraction))
    owner.submit(job)
    owner.until(lambda: job.over)
    assert fractions == sorted(fractions)
    assert 0.25 in fractions
    assert fractions[-1] == 1.0


def test_the_time_left_is_guessed_from_the_share_done(owner: Owner) -> None:
    gate = Gate()

    def work(progress: Progress) -> None:
        time.sleep(0.05)
        progress.at(0.5)
        gate(progress)

    job = owner.submit(Job("fill", work))
    assert job.seconds_left is None
    owner.until(lambda: job.fraction == 0.5)
    left = job.seconds_left
    gate.open.set()
    assert left is not None
    assert 0.03 < left < 10
    owner.until(lambda: job.over)
    assert job.seconds_left is None


def test_what_was_spent_on_loading_is_not_taken_for_the_speed(owner: Owner) -> None:
    gate = Gate()

    def work(progress: Progress) -> None:
        progress.at(0.0, "loading")
        time.sleep(1.0)
        progress.at(0.0, "filling")
        time.sleep(0.06)
        progress.at(0.1)
        gate(progress)

    job = owner.submit(Job("fill", work))
    owner.until(lambda: job.fraction == 0.1)
    left = job.seconds_left
    gate.open.set()
    assert left is not None
    assert left < 9 * 1.0  # as it would be with the loading
    owner.until(lambda: job.over)


def test_closing_ends_every_job_and_delivers_nothing_afterwards(owner: Owner) -> None:
    begun = threading.Event()

    def work(progress: Progress) -> None:
        begun.set()
        while True:
            progress.at(0.1)
            time.sleep(0.001)

    running, waiting = owner.submit(Job("running", work)), owner.submit(Job("waiting", work))
    assert begun.wait(PATIENCE)
    assert owner.jobs.close()
    assert [job.state for job in (running, waiting)] == [State.CANCELLED] * 2
    assert owner.ended == [running, waiting]
    owner.turn()
    assert owner.ended == [running, waiting]
    late = owner.submit(Job("late", work))
    assert late.state is State.CANCELLED
    assert owner.ended == [running, waiting, late]


def test_closing_does_not_wait_for_ever_for_a_call_that_cannot_be_stopped(owner: Owner) -> None:
    gate = Gate()
    job = owner.submit(Job("cv2", gate, interruptible=False))
    assert gate.entered.wait(PATIENCE)
    assert not owner.jobs.close(wait=0.05)
    assert job.state is State.CANCELLED
    gate.open.set()
    assert owner.jobs.close()


def test_a_job_beside_the_others_waits_for_none_of_them_and_ends_with_the_queue(owner: Owner) -> None:
    gate, other = Gate(), Gate()
    first, second = owner.submit(Job("first", gate)), owner.submit(Job("second", lambda _progress: 1), beside=True)
    assert gate.entered.wait(PATIENCE)
    owner.until(lambda: owner.ended == [second])
    third = owner.submit(Job("third", other), beside=True)
    assert other.entered.wait(PATIENCE)
    gate.open.set()
    owner.until(lambda: owner.ended == [second, first])
    assert owner.jobs.busy
    assert not owner.jobs.close(wait=0.05)
    assert owner.ended == [second, first, third]
    other.open.set()
    assert owner.jobs.close()
    assert third.state is State.CANCELLED


def test_a_queue_that_was_never_used_has_no_thread() -> None:
    jobs = JobQueue(lambda call: call())
    assert not jobs.busy
    assert jobs.close()


def test_a_job_begins_on_the_owners_thread_after_what_came_of_the_one_before(owner: Owner) -> None:
    heard: list[str] = []
    go: list[Callable[[Exception | None], None]] = []

    def begin(ready: Callable[[Exception | None], None]) -> None:
        assert threading.current_thread() is threading.main_thread()
        heard.append("begin")
        go.append(ready)

    owner.jobs.submit(Job("first", lambda _progress: None), lambda _job: heard.append("first is over"))
    second = owner.jobs.submit(
        Job("second", lambda _progress: heard.append("work"), begin=begin), lambda _job: heard.append("second is over")
    )
    owner.until(lambda: bool(go))
    assert second.state is State.RUNNING
    assert heard == ["first is over", "begin"]
    go[0](None)
    owner.until(lambda: second.over)
    assert heard == ["first is over", "begin", "work", "second is over"]


def test_a_job_can_be_cancelled_while_the_owner_has_not_let_it_begin(owner: Owner) -> None:
    ran: list[bool] = []
    asked: list[bool] = []
    job = owner.submit(Job("waits", lambda _progress: ran.append(True), begin=lambda _go: asked.append(True)))
    owner.until(lambda: bool(asked))
    job.cancel()
    owner.until(lambda: job.over)
    assert job.state is State.CANCELLED
    assert not ran


def test_an_error_at_the_beginning_is_the_jobs(owner: Owner) -> None:
    def begin(_go: object) -> None:
        raise RuntimeError("no room")

    job = owner.submit(Job("fails", lambda _progress: None, begin=begin))
    owner.until(lambda: job.over)
    assert job.state is State.FAILED
    assert "no room" in str(job.error)


def test_closing_takes_the_outcome_that_the_loop_had_not_come_to(owner: Owner) -> None:
    job = owner.submit(Job("done in time", lambda _progress: "written"))
    end = time.monotonic() + PATIENCE
    while owner.jobs.busy:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert owner.jobs.close()
    assert (job.state, job.result) == (State.DONE, "written")
    assert owner.ended == [job]
    owner.turn()
    assert owner.ended == [job]
