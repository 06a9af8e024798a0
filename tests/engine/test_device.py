"""Which device a fill runs on, and what is said of one that is not there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lacuna.contract.fill import Needs
from lacuna.engine import cores, device
from lacuna.errors import UnknownBackend

CPU, BOTH = Needs(), Needs(devices=frozenset({"cpu", "cuda"}))
ASKED = Needs(devices=frozenset({"cpu", "cuda"}), on_request=frozenset({"cuda"}))


@pytest.fixture
def no_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "cuda_missing", lambda: "There is no card.")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "cuda_missing", lambda: "")


@pytest.mark.usefixtures("no_cuda")
def test_without_a_card_auto_is_the_processor_and_asking_for_one_is_refused() -> None:
    assert device.resolve("auto", CPU) == device.resolve("auto", BOTH) == device.resolve("cpu", BOTH) == "cpu"
    for needs in (CPU, BOTH, ASKED):
        with pytest.raises(UnknownBackend, match="no card"):
            device.resolve("cuda", needs)


@pytest.mark.usefixtures("cuda")
def test_with_a_card_auto_takes_it_for_who_gains_by_it() -> None:
    assert device.resolve("auto", BOTH) == device.resolve("cuda", BOTH) == device.resolve("cuda", ASKED) == "cuda"
    assert device.resolve("auto", CPU) == device.resolve("auto", ASKED) == "cpu"
    with pytest.raises(UnknownBackend, match="does not run on cuda"):
        device.resolve("cuda", CPU)


def test_a_word_that_is_no_device_is_answered_with_those_there_are() -> None:
    with pytest.raises(UnknownBackend, match="toaster") as caught:
        device.resolve("toaster", CPU)
    assert "auto, cpu, cuda" in caught.value.hint


def test_without_torch_it_is_told_without_importing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "find_spec", lambda name: None)
    device.cuda_missing.cache_clear()
    assert "torch" in device.cuda_missing()
    device.cuda_missing.cache_clear()


@pytest.mark.parametrize("devices", ["{'cpu'}", "{'cpu', 'cuda'}"])
def test_where_no_card_is_wanted_the_processor_is_found_without_importing_torch(devices: str) -> None:
    needs = f"Needs(devices=frozenset({devices}), on_request=frozenset({{'cuda'}}))"
    assert not _imports_torch(f"device.runtime_for('auto', {needs})")


def test_without_a_driver_torch_is_not_asked_for_a_card() -> None:
    assert not _imports_torch("device._has_driver = lambda: False; assert 'driver' in device.cuda_missing()")
    assert _imports_torch("device._has_driver = lambda: True; device.cuda_missing()")


def _imports_torch(what: str) -> bool:
    code = f"import sys; from lacuna.contract.fill import Needs; from lacuna.engine import device; {what}; "
    code += "print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip() == "True"


@pytest.mark.parametrize(("there", "alone", "beside"), [(1, 1, 1), (2, 2, 1), (8, 8, 7)])
def test_work_takes_all_cores_but_the_one_of_a_window(
    there: int, alone: int, beside: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "_windowed", False)
    monkeypatch.setattr(cores, "count", lambda: there)
    assert device.runtime_for("cpu", CPU).threads == alone
    cores.leave_one_to_the_window()
    assert device.runtime_for("cpu", CPU).threads == beside


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says on which cores a process may run")
def test_cores_that_a_process_may_not_run_on_do_not_count() -> None:
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); from lacuna.engine import cores; "
    code += "print(cores.count())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_memory_is_what_is_free() -> None:
    assert 1 << 26 < device.runtime_for("cpu", CPU).memory < 1 << 44
