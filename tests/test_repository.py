"""What holds for the whole repository: nothing of one machine in it, credits complete, versions and tools agree."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from PIL import Image

from lacuna import paths
from lacuna.cli import screen
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.params import validate
from lacuna.contract.progress import Progress
from tests.skips import forbidden, needs_hardware

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = paths.resources() / "samples"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = {
    canonicalize_name(Requirement(line).name): str(Requirement(line).specifier).removeprefix("==")
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
}
NOT_OURS = {".git", ".venv", "build", "dist", "out", "__pycache__"}


def _files() -> list[Path]:
    """The repository's files: as git knows them, or in an unpacked source archive as they lie there."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        found = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        found = [path for path in ROOT.rglob("*") if not NOT_OURS & set(path.relative_to(ROOT).parts)]
    return [path for path in found if path.is_file() and not path.name.endswith(".pyc")]


FILES = _files()


def _texts() -> dict[Path, str]:
    texts = {}
    for path in FILES:
        try:
            texts[path.relative_to(ROOT)] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return texts


TEXTS = _texts()


def test_no_path_of_a_single_machine_stands_in_a_file():
    # Spelt in pieces, so that this file does not find itself.
    alone = re.compile(
        "|".join(["/ho" + r"me/\w", "/Use" + r"rs/\w", "/ro" + "ot/", "/wo" + r"rk/\w", r"[A-Z]:\\Use" + "rs"])
    )
    assert [f"{path}: {found[0]}" for path, text in TEXTS.items() if (found := alone.search(text))] == []


def test_no_registry_is_named():
    named = re.compile("--(extra-)?ind" + "ex-url|pypi" + r"\.org/simple|--find" + "-links")
    assert [str(path) for path, text in TEXTS.items() if named.search(text)] == []


def test_files_are_small_but_for_models():
    heavy = [p.relative_to(ROOT) for p in FILES if p.stat().st_size > 5_000_000]
    assert [path for path in heavy if path.parts[0] != "models"] == []


def test_the_version_is_the_same_everywhere():
    assert importlib.metadata.version("lacuna-editor") == PROJECT["version"]
    metainfo = next((ROOT / "packaging").glob("*.metainfo.xml")).read_text(encoding="utf-8")
    assert re.findall(r'<release version="([^"]+)"', metainfo)[0] == PROJECT["version"]


def test_every_library_is_pinned_to_a_version_that_is_allowed():
    asked = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]
    for text in asked:
        requirement = Requirement(text)
        pin = PINS[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(pin), f"{text} excludes the tested {pin}"


def test_python_is_the_one_that_was_tested():
    tested = SpecifierSet(PROJECT["requires-python"])
    assert {f"3.{minor}" for minor in range(8, 20) if f"3.{minor}.0" in tested} == {"3.11", "3.12", "3.13"}
    finder = (ROOT / "packaging" / "find_python.sh").read_text(encoding="utf-8")
    assert "(3, 11) <= sys.version_info[:2] <= (3, 13)" in finder


def test_pyside_stays_below_the_version_that_breaks_on_python_3_11():
    """PySide6 6.12.0 loses a reference to None with each painter call there, and aborts after some thousand."""
    if "3.11.0" in SpecifierSet(PROJECT["requires-python"]):
        pyside = next(Requirement(r) for r in PROJECT["dependencies"] if r.startswith("PySide6"))
        assert not pyside.specifier.contains("6.12.0")


def test_the_other_opencv_with_its_own_qt_is_not_asked_for():
    names = {canonicalize_name(Requirement(r).name) for r in PROJECT["dependencies"]}
    assert "opencv-python-headless" in names
    assert not {"opencv-python", "opencv-contrib-python", "pyside6"} & names


@pytest.mark.parametrize("photo", sorted(SAMPLES.glob("*.jpg")), ids=lambda p: p.stem)
def test_every_sample_photo_is_credited(photo: Path):
    rows = [r for r in (SAMPLES / "CREDITS.md").read_text(encoding="utf-8").splitlines() if f"`{photo.name}` |" in r]
    assert len(rows) == 1
    _, _name, author, licence, source, changed, _ = (cell.strip() for cell in rows[0].split("|"))
    assert author
    assert "CC BY" in licence or "MIT" in licence or "CC0" in licence
    assert source
    assert "reduced" in changed
    with Image.open(photo) as opened:
        assert author in opened.getexif()[0x8298]


def test_sample_masks_fit_their_photos():
    masks = sorted(SAMPLES.glob("*-mask.png"))
    assert len(masks) >= 4
    for path in masks:
        with Image.open(path) as mask, Image.open(SAMPLES / path.name.replace("-mask.png", ".jpg")) as photo:
            assert mask.size == photo.size
            pixels = np.asarray(mask.convert("L"))
        assert set(np.unique(pixels)) == {0, 255}
        assert 0.001 < (pixels > 0).mean() < 0.2


def test_the_samples_stay_small():
    assert sum(path.stat().st_size for path in SAMPLES.iterdir()) < 1_500_000


def test_licence_is_named_alike():
    assert PROJECT["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text(encoding="utf-8").startswith("MIT License")


def test_a_skip_fails_on_ci_unless_hardware_is_missing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("CI", raising=False)
    assert not forbidden("Skipped: no such library")
    monkeypatch.setenv("CI", "true")
    assert forbidden("Skipped: no such library")
    assert not forbidden(f"Skipped: {needs_hardware('no CUDA device')}")


def test_a_run_with_a_skipped_test_fails_on_ci(tmp_path: Path):
    (tmp_path / "conftest.py").write_text(
        "from tests.skips import pytest_make_collect_report, pytest_runtest_makereport\n", encoding="utf-8"
    )
    (tmp_path / "test_skip.py").write_text(
        "import pytest\n\ndef test_it():\n    pytest.skip('lazy')\n", encoding="utf-8"
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(tmp_path),
        str(tmp_path),
    ]
    for ci, code in (("", 0), ("true", 1)):
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, "CI": ci}, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == code, done.stdout


def test_missing_system_packages_are_named_with_the_command_that_brings_them(tmp_path: Path):
    """With an empty PATH no tool is found: the advice has to name them all, for both families."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "packaging" / "check_system.py"), "tests"],
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert re.search(r"sudo apt-get install .*\bxvfb xdotool xclip imagemagick", done.stderr)
    assert re.search(r"sudo dnf install .*\bxorg-x11-server-Xvfb xdotool xclip ImageMagick", done.stderr)


def test_the_program_and_the_scripts_name_the_same_system_libraries():
    spec = importlib.util.spec_from_file_location("check_system", ROOT / "packaging" / "check_system.py")
    assert spec is not None
    assert spec.loader is not None
    check = importlib.util.module_from_spec(spec)
    sys.modules["check_system"] = check  # its dataclass looks for its module
    try:
        spec.loader.exec_module(check)
    finally:
        del sys.modules["check_system"]
    libraries = {p.name: (p.debian, p.fedora) for p in check.QT + check.X11 if p.found is check.library}
    assert libraries == screen.LIBRARIES


def test_no_fitting_python_is_said_plainly(tmp_path: Path):
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "packaging" / "find_python.sh")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "Lacuna needs Python 3.11, 3.12 or 3.13" in done.stderr
    assert "sudo apt-get install python3" in done.stderr


def test_the_backend_in_the_documents_works_as_it_stands_there():
    text = (ROOT / "docs" / "adding-a-backend.md").read_text(encoding="utf-8")
    code = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(code) == 1
    names: dict[str, Any] = {"__name__": "documented"}
    sys.modules["documented"] = types.ModuleType("documented")  # dataclasses look for the module of their annotations
    try:
        exec(compile(code[0], "docs/adding-a-backend.md", "exec"), names)
    finally:
        del sys.modules["documented"]
    with Image.open(SAMPLES / "flamingos.jpg") as opened:
        photo = np.asarray(opened.convert("RGB"))[:80, :200].copy()
    hole = np.zeros(photo.shape[:2], bool)
    hole[20:60, 50:90] = True
    photo.flags.writeable = False
    backend = names["RimColour"]()
    params = validate(backend.Params, {"rim": "8"})
    backend.load(Runtime())
    filled = backend.fill(FillWork(photo, hole, 255.0), params, Progress()).image
    assert filled.shape == photo.shape
    near = photo[12:68, 42:98][~hole[12:68, 42:98]]
    assert np.ptp(filled[hole], axis=0).max() == 0
    assert np.abs(filled[30, 60] - near.mean(axis=0)).max() < 8
