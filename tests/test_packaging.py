"""What people install: the menu entry, the wheel, and the built folder, started as on a machine without Python.

The built folder's tests carry the mark `package`: they need `make package` first, and `make package-test` runs them.
"""

from __future__ import annotations

import configparser
import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from lacuna import paths
from lacuna.contract.model_config import ENLARGING
from lacuna.document.project_file import ENDING, parts
from lacuna.imaging.project_start import MIME

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
BUILT = ROOT / "dist" / "lacuna" / ("lacuna.exe" if sys.platform == "win32" else "lacuna")
SAMPLE = paths.resources() / "samples" / "lion.jpg"
MASK = paths.resources() / "samples" / "lion-mask.png"
MODELS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "models").rglob("*") if path.is_file())
LEARNED = {name: name for name in ("deepfill-v1", "edgeconnect", "pennet")} | {"deepfill-v2": "deepfill"}
SHIPPED = sorted(path.parent for path in (ROOT / "models").glob("*/config.json"))


def _metainfo() -> ElementTree.Element:
    return ElementTree.parse(next(PACKAGING.glob("*.metainfo.xml"))).getroot()


def _desktop() -> configparser.SectionProxy:
    entry = configparser.ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str  # type: ignore[assignment, method-assign]  # keys are told apart by case
    entry.read(next(PACKAGING.glob("*.desktop")), encoding="utf-8")
    return entry["Desktop Entry"]


def test_the_menu_entry_opens_several_pictures_of_every_kind_that_is_read():
    entry = _desktop()
    assert entry["Exec"] == "lacuna %F"
    kinds = set(entry["MimeType"].rstrip(";").split(";"))
    assert {f"image/{k}" for k in ("jpeg", "png", "webp", "tiff", "bmp", "gif", "avif", "heic")} <= kinds


def test_the_desktop_tells_projects_by_their_name_and_by_their_first_bytes():
    assert "application/x-lacuna-project" in _desktop()["MimeType"].split(";")
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    kind = ElementTree.parse(next(PACKAGING.glob("*.mime.xml"))).getroot().find(f"{space}mime-type")
    assert kind is not None
    assert kind.get("type") == MIME.decode() in _desktop()["MimeType"]
    assert [glob.get("pattern") for glob in kind.findall(f"{space}glob")] == [f"*{ENDING}"]
    data = b"".join(parts(()))
    for match in kind.iter(f"{space}match"):
        value = (match.get("value") or "").encode().decode("unicode_escape").encode("latin-1")
        assert data[int(match.get("offset") or 0) :].startswith(value)


def test_the_metadata_names_the_menu_entry_and_speaks_chinese():
    root = _metainfo()
    name = next(PACKAGING.glob("*.desktop")).name
    assert root.findtext("launchable") == name == f"{root.findtext('id')}.desktop"
    # Wayland finds a window's icon by the name that the program gives itself.
    assert f'"{root.findtext("id")}"' in (ROOT / "app" / "lacuna" / "ui" / "application.py").read_text(encoding="utf-8")
    assert root.findtext("project_license") == "MIT"
    language = "{http://www.w3.org/XML/1998/namespace}lang"
    assert any(node.get(language) == "zh_CN" for node in root.findall("summary"))
    assert _desktop()["Comment"] == root.findtext("summary")


@pytest.mark.parametrize(
    ("tool", "package", "pattern"),
    [
        (["appstreamcli", "validate", "--no-net"], "appstream", "*.metainfo.xml"),
        (["desktop-file-validate"], "desktop-file-utils", "*.desktop"),
    ],
    ids=["metadata", "menu entry"],
)
def test_what_software_centres_read_is_valid(tool: list[str], package: str, pattern: str):
    if not shutil.which(tool[0]):
        pytest.skip(f"{tool[0]} is not installed (Debian, Fedora: {package})")
    checked = subprocess.run([*tool, str(next(PACKAGING.glob(pattern)))], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("side", [16, 22, 24, 32, 48, 64, 128, 256, 512])
def test_the_icon_is_there_in_every_size(side: int):
    with Image.open(PACKAGING / "icons" / f"lacuna-{side}.png") as icon:
        assert icon.size == (side, side)
        alpha = np.asarray(icon.convert("RGBA"))[..., 3]
    assert alpha[0, 0] == 0
    assert alpha[side // 2, side // 2] == 255


def test_the_icon_for_windows_holds_small_and_large():
    with Image.open(PACKAGING / "icons" / "lacuna.ico") as icon:
        assert {(16, 16), (32, 32), (48, 48), (256, 256)} <= icon.info["sizes"]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source archive, built by the pinned builder without a network."""
    folder = tmp_path_factory.mktemp("archives")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    return folder


def test_the_wheel_carries_icons_samples_words_and_models(archives: Path):
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    for inside in (
        "lacuna/__main__.py",
        "lacuna/py.typed",
        "lacuna/resources/icons/lacuna.svg",
        "lacuna/resources/samples/lion.jpg",
        "lacuna/resources/samples/CREDITS.md",
        "lacuna/resources/translations/zh_CN/LC_MESSAGES/lacuna.mo",
        *(f"lacuna/{model}" for model in MODELS),
    ):
        assert inside in names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_the_wheel_finds_its_resources_where_it_is_installed(archives: Path, tmp_path: Path):
    with zipfile.ZipFile(next(archives.glob("*.whl"))) as wheel:
        wheel.extractall(tmp_path)
    code = (
        "import lacuna, lacuna.i18n as i18n, lacuna.paths as paths\n"
        "print(lacuna.__file__, (paths.resources() / 'icons' / 'lacuna.svg').is_file(),"
        " (paths.resources() / 'samples' / 'lion.jpg').is_file(), i18n.languages(), sep='\\n')\n"
        "from lacuna.contract import models\n"
        "print(models.folders()[0], [model.name for model in models.installed() if model.shipped], sep='\\n')\n"
        "for model in models.installed(): models.verify(model)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    where, icon, sample, languages, place, shipped = done.stdout.splitlines()
    assert where.startswith(str(tmp_path)), "the installed copy has to be the one that is looked at"
    assert (icon, sample) == ("True", "True")
    assert "zh_CN" in languages
    assert Path(place) == tmp_path / "lacuna" / "models"
    assert shipped == str([folder.name for folder in SHIPPED])


def test_the_source_archive_is_whole(archives: Path):
    with tarfile.open(next(archives.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for inside in (
        "app/lacuna/__main__.py", "resources/samples/lion.jpg", *MODELS, "tests/conftest.py", "LICENSE",
        "packaging/lacuna.spec", "docs/architecture.md", "constraints.txt", "Makefile", "README.md", "pyproject.toml",
    ):  # fmt: skip
        assert inside in names


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without Python: none of its variables, and nothing on the PATH."""
    assert BUILT.exists(), "there is no built program: run `make package` first"
    return {
        "PATH": str(tmp_path / "empty"),
        "HOME": str(tmp_path),
        "LACUNA_HOME": str(tmp_path / "lacuna"),
        "LANG": "C.UTF-8",
    }


def _built(bare: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BUILT, *map(str, arguments)], env=bare, cwd=bare["HOME"], capture_output=True, text=True, timeout=120
    )


@pytest.mark.package
def test_the_built_program_fills_on_the_command_line(bare: dict[str, str], tmp_path: Path):
    result = tmp_path / "lion.png"
    done = _built(bare, "fill", SAMPLE, "--mask", MASK, "--backend", "telea", "-o", result, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backend"] == "telea"
    with Image.open(result) as filled, Image.open(SAMPLE) as photo, Image.open(MASK) as mask:
        after, before, hole = (np.asarray(i.convert(m)) for i, m in ((filled, "RGB"), (photo, "RGB"), (mask, "L")))
    differs = (after != before).any(axis=2)
    assert differs[hole > 0].mean() > 0.9
    assert (differs & (hole == 0)).mean() < 0.001  # two decoders of JPEG may differ by a rounding


@pytest.mark.package
def test_the_built_program_treats_files_in_processes_of_its_own(bare: dict[str, str], tmp_path: Path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name in ("one.jpg", "two.jpg"):
        shutil.copy(SAMPLE, pictures / name)
    words = ["--mask", MASK, "--backend", "telea", "--jobs", "2", "-o", tmp_path / "done"]
    done = _built(bare, "batch", pictures, *words)
    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "done").glob("*.jpg")} == {"one.jpg", "two.jpg"}


@pytest.mark.package
def test_the_built_program_lists_its_backends_and_examines_itself(bare: dict[str, str]):
    listed = _built(bare, "backends", "--json")
    assert listed.returncode == 0, listed.stderr
    assert {"telea", "ns"} <= {entry["id"] for entry in json.loads(listed.stdout)}
    examined = _built(bare, "doctor")
    assert examined.returncode == 0, examined.stderr
    assert "6." in examined.stdout  # PySide6's version, which it reads from metadata that has to travel along


@pytest.mark.package
def test_the_built_program_fills_and_enlarges_with_every_model_that_ships(bare: dict[str, str], tmp_path: Path):
    verified = _built(bare, "models", "verify", "--json")
    assert verified.returncode == 0, verified.stderr
    assert [told["name"] for told in json.loads(verified.stdout)] == [folder.name for folder in SHIPPED]
    told = json.loads(_built(bare, "models", "list", "--json").stdout)
    for model in told:
        words = ("--model", model["name"], "-o", tmp_path / f"{model['name']}.png", "--json")
        if model["network"] in ENLARGING:
            done = _built(bare, "upscale", SAMPLE, "--factor", "1.5", *words)
            assert done.returncode == 0, done.stderr
            continue
        done = _built(bare, "fill", SAMPLE, "--mask", MASK, "--backend", LEARNED[model["network"]], *words)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["backend"] == LEARNED[model["network"]]


@pytest.fixture
def window(bare: dict[str, str], real_display: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The built program with a sample photo on a screen of its own; what it says lies in the file `said`."""
    screen = {"DISPLAY": real_display["DISPLAY"], "QT_QPA_PLATFORM": "xcb", "QT_SCALE_FACTOR": "1"}
    with Path(bare["HOME"], "said").open("wb") as said:
        program = subprocess.Popen([BUILT, SAMPLE], env={**bare, **screen}, stdout=said, stderr=said)
        try:
            yield program
        finally:
            if program.poll() is None:
                program.kill()
            program.wait(20)


@pytest.mark.package
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the window is driven through an X server")
def test_the_built_program_opens_its_window_and_quits(
    window: subprocess.Popen[bytes], bare: dict[str, str], real_display: dict[str, str]
):
    xdotool = shutil.which("xdotool")
    assert xdotool, "xdotool is not installed"

    def ask(*words: str) -> str:
        done = subprocess.run([xdotool, *words], env=real_display, capture_output=True, text=True, timeout=20)
        return done.stdout.split("\n")[0]

    found, end = "", time.monotonic() + 60
    while not found:
        assert window.poll() is None, Path(bare["HOME"], "said").read_text(encoding="utf-8")
        assert time.monotonic() < end, "no window with the name of the photo has come up"
        found = ask("search", "--onlyvisible", "--name", SAMPLE.name)
        time.sleep(0.05)
    assert "Lacuna" in ask("getwindowname", found)
    ask("windowfocus", "--sync", found)
    ask("key", "--window", found, "ctrl+q")
    assert window.wait(timeout=20) == 0
