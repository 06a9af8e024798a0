"""`lacuna train` from the outside: straight from a checkout, stopped, and asked for what it cannot do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

import lacuna
from lacuna.cli.main import main
from tests.pictures import lion

APP = Path(lacuna.__file__).resolve().parent.parent

# What a machine that only trains need not have; everything else of ours may be imported.
WITHOUT = """
import sys
sys.modules.update(dict.fromkeys({absent!r}))  # an import fails, and nothing is found
from lacuna.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
ABSENT = ("numba", "llvmlite", "PySide6", "shiboken6", "platformdirs", "tifffile", "onnxruntime", "onnx", "tensorboard")
SMALL = ("--size", "64", "--width", "0.125", "--batch", "1", "--device", "cpu")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "lion.png"), cv2.cvtColor(np.asarray(lion()), cv2.COLOR_RGB2BGR)[:240, :320])
    return folder


def run(*words: object, absent: tuple[str, ...] = ABSENT) -> subprocess.Popen[str]:
    """The program as on a machine that lacks `absent` and where nothing of ours is installed."""
    environment = {k: v for k, v in os.environ.items() if k != "LACUNA_HOME"}
    return subprocess.Popen(
        [sys.executable, "-c", WITHOUT.format(absent=absent), "train", *map(str, words)],
        env={**environment, "PYTHONPATH": str(APP), "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_training_needs_torch_and_opencv_alone(photos: Path, tmp_path: Path) -> None:
    words = ("pennet", "--data", photos, "--out", tmp_path / "out", "--steps", 2, *SMALL)
    done = run(*words)
    said, complaints = done.communicate(timeout=300)
    assert (done.returncode, complaints) == (0, "")
    assert "TensorBoard is not installed" in said
    assert "2 steps in" in said
    assert sorted(path.name for path in (tmp_path / "out" / "model").iterdir()) == [
        "config.json",
        "weights.safetensors",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="missing hardware: a system with POSIX signals")
def test_ctrl_c_saves_and_resume_goes_on(photos: Path, tmp_path: Path) -> None:
    words = ("pennet", "--data", photos, "--out", tmp_path / "out", "--minutes", 30, *SMALL)
    begun = run(*words)
    while not (tmp_path / "out" / "pennet.csv").exists():  # the table is there once the first step begins
        assert begun.poll() is None, begun.communicate()[1]
        time.sleep(0.05)
    begun.send_signal(signal.SIGINT)
    rest, complaints = begun.communicate(timeout=120)
    assert begun.returncode == 130, complaints
    assert "--resume" in rest
    resumed = run(*words, "--resume", "--pause", 0.001)
    said, complaints = resumed.communicate(timeout=300)
    assert (resumed.returncode, complaints) == (0, "")
    assert "--resume goes on" in said


def test_without_torch_the_extra_is_named(photos: Path, tmp_path: Path) -> None:
    done = run("pennet", "--data", photos, "--out", tmp_path / "out", "--steps", 1, absent=(*ABSENT, "torch"))
    _said, complaints = done.communicate(timeout=120)
    assert done.returncode == 1
    assert "lacuna-editor[train]" in complaints


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("deepfill3", "--steps", "1"), "deepfill-v1"),
        (("pennet",), "--minutes"),
        (("pennet", "--steps", "1", "--start", "white"), "membrane"),
        (("pennet", "--steps", "1", "--size", "100"), "64"),
        (("pennet", "--steps", "1", "--batch", "0"), "--batch"),
        (("pennet", "--steps", "1", "--device", "tpu"), "tpu"),
    ],
)
def test_what_cannot_be_trained_is_wrong_usage(
    words: tuple[str, ...], said: str, photos: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _stuck = main(["train", *words, "--data", str(photos), "--out", str(tmp_path / "out")])
    assert code == 2
    assert said in capsys.readouterr().err
