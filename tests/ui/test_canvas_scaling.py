"""The canvas on desktops that are scaled, and in a real window."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(environment: dict[str, str]) -> str:
    environment["LACUNA_HOME"] = os.environ["LACUNA_HOME"]  # this test's own
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.ui.scaled_desktop"],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2"])
def test_pixels_stay_exact_at_any_scaling_of_the_desktop(factor: str) -> None:
    environment = dict(os.environ, QT_SCALE_FACTOR=factor, QT_QPA_PLATFORM="offscreen")
    assert run(environment) == "as it should be\n"


@pytest.mark.parametrize("factor", ["1", "1.5", "2"])
def test_a_real_window_shows_the_same(real_display: dict[str, str], factor: str) -> None:
    assert run(dict(real_display, QT_SCALE_FACTOR=factor)) == "as it should be\n"
