"""Screens that are lower than the window would like: each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (800, 500)])  # the latter: 1600 x 1000, doubled
def test_all_of_the_program_can_be_reached_on_a_small_screen(tmp_path: Path, width: int, height: int) -> None:
    look(tmp_path, width, height)


def test_models_can_be_imported_on_the_smallest_screen_at_twice_its_scale(tmp_path: Path) -> None:
    look(tmp_path, 1366 // 2, 768 // 2, "models")


def look(tmp_path: Path, width: int, height: int, *alone: str) -> None:
    screen = {"name": "small", "x": 0, "y": 0, "width": width, "height": height, "logicalDpi": 96}
    (tmp_path / "screen.json").write_text(json.dumps({"screens": [screen]}))
    result = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.ui.small_screen", str(width), str(height), *alone],
        cwd=ROOT, env=dict(os.environ, QT_QPA_PLATFORM=f"offscreen:configfile={tmp_path / 'screen.json'}"),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "as it should be\n"
