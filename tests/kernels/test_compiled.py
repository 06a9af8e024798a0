"""What is kept of compiled kernels is not used once any of them has changed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CALLED = """
from lacuna.kernels.compiled import compiled

@compiled
def called(x):
    return x + {}
"""
CALLER = """
from called import called
from lacuna.kernels.compiled import compiled

@compiled
def caller(x):
    return called(x)
"""
CODE = """
from pathlib import Path
import numba
from lacuna.kernels import compiled
numba.config.CACHE_DIR = str(Path({kept!r}) / compiled.digest_of(Path({folder!r})))
from caller import caller
print(caller(1))
"""


def test_a_kernel_in_another_file_that_changes_is_compiled_anew_into_its_callers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder, kept = tmp_path / "sources", tmp_path / "kept"
    folder.mkdir()
    (folder / "caller.py").write_text(CALLER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(Path(__file__).parents[2] / "app")]))
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    code = CODE.format(kept=str(kept), folder=str(folder))
    said = []
    for added in (1, 5):
        (folder / "called.py").write_text(CALLED.format(added))
        said.append(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert [int(line) for line in said] == [2, 6]
