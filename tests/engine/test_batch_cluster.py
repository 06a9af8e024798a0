"""A batch on a Dask cluster of two processes, one of which is killed in the middle."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.contract.progress import Progress
from lacuna.engine.batch.cluster import Cluster, ClusterFailed
from lacuna.engine.batch.inputs import gathered
from lacuna.engine.batch.run import BatchOrder, State, run
from lacuna.engine.batch.treating import attempt
from lacuna.imaging import files
from tests.engine.batches import BOX, folder_of, mask_of, part, treatment
from tests.pictures import write

COUNT = 40

# A process of its own, since the cluster's threads and messages are its own affair: prints the exit code of the batch,
# and how many files were finished when the worker was killed.
ON_A_CLUSTER = """
import json, os, signal, sys, threading, time
from pathlib import Path

def finished(out):
    ledger = Path(out) / ".lacuna-batch.jsonl"
    return ledger.read_bytes().count(b'"done"') if ledger.exists() else 0

def main(out, words):
    from distributed import LocalCluster
    from lacuna.cli.main import main as command_line

    killed = []
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        one = next(iter(cluster.workers.values())).pid

        def kill():
            while finished(out) < 2:
                time.sleep(0.005)
            os.kill(one, signal.SIGKILL)
            killed.append(finished(out))

        threading.Thread(target=kill, daemon=True).start()
        code, _stuck = command_line(["batch", *words, "-o", out, "--scheduler", cluster.scheduler_address])
        alive = [nanny.pid for nanny in cluster.workers.values()]
    print(json.dumps({"code": code, "killed": killed, "alive": len(alive)}))

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
"""


@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed (extra cluster)")
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_lost_worker_costs_no_file(tmp_path: Path) -> None:
    source, out = folder_of(tmp_path / "in", COUNT), tmp_path / "out"
    mask = write(tmp_path / "mask.png", BOX)
    script = tmp_path / "on_a_cluster.py"
    script.write_text(ON_A_CLUSTER)
    words = [str(source), "--mask", str(mask), "--backend", "telea"]
    command = [sys.executable, str(script), str(out), *words]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    assert told["killed"], "no worker was killed"
    assert told["killed"][0] < COUNT
    for number in range(COUNT):
        after = files.read(out / f"{number + 1}.png").pixels
        assert np.array_equal(after[BOX == 0], part(number)[BOX == 0])
        assert not np.array_equal(after, part(number))


class Lost:
    """A future whose result is lost with its worker once it is there, and is there again after that."""

    status = "finished"

    def __init__(self, carry_out: Callable[[], bytes]) -> None:
        self.result_of, self.asked = carry_out, 0

    def add_done_callback(self, call: Callable[[Any], None]) -> None:
        call(self)

    def exception(self, timeout: float) -> None:
        self.asked += 1
        if self.asked == 1:
            raise TimeoutError

    def result(self, timeout: float | None) -> bytes:
        return self.result_of()


class OfLost:
    """A client all of whose futures are such."""

    status = "running"

    def submit(self, call: Any, order: bytes, **how: Any) -> Lost:
        what, errand, _language = pickle.loads(order)
        return Lost(lambda: pickle.dumps(attempt(what, errand, Progress())))

    def nthreads(self) -> dict[str, int]:
        return {"one": 1}

    def cancel(self, futures: list[Any], force: bool) -> None:
        raise OSError


@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed (extra cluster)")
def test_a_result_that_is_lost_with_its_worker_is_waited_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna.engine.batch.cluster._connected", lambda address: nullcontext(OfLost()))
    source, what = folder_of(tmp_path / "in", 3), treatment(mask_of(tmp_path))
    batch = BatchOrder(gathered([str(source)]).inputs, tmp_path / "out", what)
    came = run(batch, Cluster(what, "tcp://127.0.0.1:1"), Progress())
    assert [outcome.state for outcome in came] == [State.DONE] * 3


@pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed (extra cluster)")
def test_a_scheduler_that_is_lost_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(client: OfLost) -> dict[str, int]:
        raise OSError

    monkeypatch.setattr("lacuna.engine.batch.cluster._connected", lambda address: nullcontext(OfLost()))
    monkeypatch.setattr(OfLost, "nthreads", lost)
    source, what = folder_of(tmp_path / "in", 1), treatment(mask_of(tmp_path))
    batch = BatchOrder(gathered([str(source)]).inputs, tmp_path / "out", what)
    with pytest.raises(ClusterFailed, match="No scheduler answers at tcp:"):
        list(run(batch, Cluster(what, "tcp://127.0.0.1:1"), Progress()))


def test_without_the_library_it_is_said_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna.engine.batch.cluster.find_spec", lambda name: None)
    words = [str(folder_of(tmp_path / "in", 1)), "-o", str(tmp_path / "out"), "--mask", "alpha"]
    assert main(["batch", *words, "--scheduler", "tcp://127.0.0.1:1"])[0] == 1
    assert "Install Lacuna with the extra “cluster”" in capsys.readouterr().err
    assert main(["batch", *words, "--scheduler", "tcp://127.0.0.1:1", "--jobs", "2"])[0] == 2
