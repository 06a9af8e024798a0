"""Every import points down the floors of docs/architecture.md; the window is painted before anything heavy loads."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CODE = Path(__file__).resolve().parent.parent / "app" / "lacuna"

FREE = frozenset({"errors", "i18n", "paths", "listeners", "priority", "words"})
PICTURES = frozenset({"cv2", "PIL", "tifffile", "pillow_heif"})

# Floor -> the floors and the libraries that it may import, beside its own, FREE, the standard library and numpy.
ARROWS: dict[str, frozenset[str]] = {
    **{name: frozenset() for name in FREE - {"paths"}},
    "paths": frozenset({"platformdirs"}),
    "imaging": PICTURES,
    "kernels": frozenset({"numba", "llvmlite"}),
    "contract": frozenset({"imaging"}),
    "settings": frozenset({"contract"}),
    "detection": frozenset({"contract", "imaging", "kernels", "cv2"}),
    "metrics": frozenset({"imaging", "cv2", "torch", "torchmetrics"}),
    "networks": frozenset({"contract", "torch", "safetensors"}),
    "inference": frozenset(
        {"contract", "imaging", "kernels", "networks", "onnxruntime", "safetensors"}
        | {"torch", "onnx", "onnxscript", "onnx_ir"}
    ),
    "training": frozenset({"networks", "imaging", "metrics", "contract", "torch", "safetensors", "cv2"}),
    "backends": frozenset({"contract", "imaging", "kernels", "inference", "cv2", "torch"}),
    "upscalers": frozenset({"contract", "imaging", "inference", "networks"}),
    "engine": frozenset({"contract", "imaging", "metrics", "kernels", "detection", "cv2", "torch", "svgelements"}),
    "engine.registry": frozenset({"contract", "imaging", "backends"}),
    "engine.upscalers": frozenset({"contract", "imaging", "upscalers"}),
    "engine.batch.cluster": frozenset({"contract", "imaging", "dask", "distributed"}),
    "document": frozenset({"contract", "imaging", "cv2"}),
    "editor": frozenset({"document", "engine", "contract", "imaging", "detection", "settings", "cv2"}),
    "editor.models": frozenset({"contract", "engine", "imaging", "inference"}),
    "ui": frozenset({"editor", "document", "engine", "contract", "imaging", "settings", "PySide6", "shiboken6", "cv2"}),
    "cli": frozenset(
        {
            "bench",
            "document",
            "engine",
            "contract",
            "imaging",
            "detection",
            "metrics",
            "settings",
            "training",
            "networks",
        }
        | {"inference", "typer", "click", "rich", "platformdirs", "torch", "onnxruntime", "cv2", "PIL"}
    ),
    "bench": frozenset(
        {"ui", "editor", "document", "engine", "contract", "imaging", "detection", "metrics", "settings", "backends"}
        | {"kernels", "inference", "networks", "PySide6", "psutil", "cv2", "PIL", "torch"}
    ),
    "cli.screen": frozenset({"PySide6"}),
    # What people import and start: everything, but only when it is asked for.
    "": frozenset({"cli", "ui", "engine", "contract", "imaging", "document"}),
}

# What may stand at the top of a module: there it is loaded with the module, before the window is painted.
LIGHT: dict[str, frozenset[str]] = {
    "ui": frozenset({"PySide6", "shiboken6"}),
    "cli": frozenset({"typer", "click", "rich"}),
    "kernels": frozenset({"numba", "llvmlite"}),
    "networks": frozenset({"contract", "torch", "safetensors"}),
    "training": frozenset({"torch", "safetensors"}),
    "bench": frozenset({"cv2", "PIL"}),
}


@dataclass(frozen=True)
class Import:
    """One import: in which `module` of Lacuna, of `what`; `top` if it happens whenever the module is imported."""

    module: str
    line: int
    what: str
    top: bool

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.what}"


def _inside(node: ast.AST, module: str, top: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(module, child.lineno, alias.name, top)
        elif isinstance(child, ast.ImportFrom):
            name = "." * child.level + (child.module or "")
            for alias in child.names if name == "lacuna" else ():
                yield Import(module, child.lineno, f"lacuna.{alias.name}", top)
            if name != "lacuna":
                yield Import(module, child.lineno, name, top)
        elif isinstance(child, ast.Call) and ast.unparse(child.func).endswith(("import_module", "__import__")):
            first = child.args[0] if child.args else None
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield Import(module, child.lineno, first.value, top)
            yield from _inside(child, module, top)
        else:
            lazily = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            for_types_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from _inside(child, module, top and not lazily and not for_types_only)


def _imports() -> list[Import]:
    found = []
    for path in sorted(CODE.rglob("*.py")):
        module = ".".join(path.relative_to(CODE).with_suffix("").parts).removesuffix(".__init__")
        found += _inside(ast.parse(path.read_text(encoding="utf-8")), "" if module == "__init__" else module, True)
    return found


IMPORTS = _imports()


def _floor(module: str) -> str:
    """The floor that a module of Lacuna lies on; a module with arrows of its own is one by itself."""
    if module in ARROWS:
        return module
    first = module.split(".")[0]
    return first if first in ARROWS else ""


def _target(what: str) -> str:
    """What an import reaches: a folder or module of Lacuna, or a library."""
    parts = what.split(".")
    return parts[1] if parts[0] == "lacuna" and len(parts) > 1 else parts[0]


def _is_own(what: str) -> bool:
    return what.split(".")[0] == "lacuna"


def _is_light(what: str) -> bool:
    """The standard library, numpy, and what the package itself says, such as its version."""
    target = _target(what)
    return target in sys.stdlib_module_names or target in ("numpy", "lacuna") or target.startswith("__")


def test_there_is_something_to_look_at():
    assert len({i.module for i in IMPORTS}) > 40


def test_every_folder_has_its_place_on_a_floor():
    folders = {p.name for p in CODE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert folders - set(ARROWS) == set()


def test_imports_point_down_the_floors():
    wrong = []
    for found in IMPORTS:
        floor, target = _floor(found.module), _target(found.what)
        if _is_light(found.what):
            continue
        if _is_own(found.what) and target in FREE | {found.module.split(".")[0]}:
            continue
        if target not in ARROWS[floor]:
            wrong.append(str(found))
    assert wrong == []


def test_the_backends_are_reached_through_the_registry_alone():
    reached = [str(i) for i in IMPORTS if i.what.startswith("lacuna.backends") and _floor(i.module) != "backends"]
    allowed = ("engine.registry:", "bench.")
    assert [text for text in reached if not text.startswith(allowed)] == []


def test_no_import_is_relative():
    assert [str(i) for i in IMPORTS if i.what.startswith(".")] == []


def test_qt_stands_in_the_window_alone_and_in_benchmarks_when_they_run():
    elsewhere = [i for i in IMPORTS if _target(i.what) in ("PySide6", "shiboken6") and _floor(i.module) != "ui"]
    allowed = ("bench", "cli.screen")  # the second tries whether Qt loads at all, to say what the system lacks
    assert [str(i) for i in elsewhere if i.top or _floor(i.module) not in allowed] == []


def test_heavy_libraries_are_imported_when_they_are_used():
    wrong = []
    for found in IMPORTS:
        target = _target(found.what)
        if (
            found.top
            and not _is_own(found.what)
            and not _is_light(found.what)
            and target not in LIGHT.get(_floor(found.module), frozenset())
        ):
            wrong.append(str(found))
    assert wrong == []


def test_what_is_imported_from_the_window_by_benchmarks_and_the_command_line_is_imported_late():
    wrong = [
        str(i) for i in IMPORTS if i.top and _target(i.what) == "ui" and _is_own(i.what) and _floor(i.module) != "ui"
    ]
    assert wrong == []


# Runs the program, notes what is loaded when its window is first painted and when it has been at rest, and quits.
WATCHED_START = """
import json, sys
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

class Watch(QObject):
    painted = None
    def eventFilter(self, watched, event):
        if self.painted is None and event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow):
            self.painted = sorted(sys.modules)
        return False

watch = Watch()
run = QApplication.exec

def watched_run(*arguments):
    QApplication.instance().installEventFilter(watch)
    QTimer.singleShot(2500, QApplication.closeAllWindows)
    code = run()
    print(json.dumps({"painted": watch.painted, "rested": sorted(sys.modules)}))
    return code

QApplication.exec = watched_run
from lacuna.__main__ import main
sys.argv = ["lacuna", *sys.argv[1:]]
sys.exit(main())
"""


@pytest.fixture(scope="module", params=["without a picture", "with a picture"])
def start(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The modules that are loaded at the window's first paint, and when it has been at rest for two seconds."""
    sample = CODE.parent.parent / "resources" / "samples" / "lion.jpg"
    environment = dict(
        os.environ,
        LACUNA_HOME=str(tmp_path_factory.mktemp("home")),
        QT_QPA_PLATFORM="offscreen",
        LANGUAGE="en",
    )
    done = subprocess.run(
        [sys.executable, "-c", WATCHED_START, *([str(sample)] if request.param == "with a picture" else [])],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    assert loaded["painted"], "the window was never painted"
    return {when: {name.split(".")[0] for name in names} for when, names in loaded.items()}


def test_the_window_is_painted_before_libraries_for_pictures_are_loaded(start: dict[str, set[str]]):
    assert "PySide6" in start["painted"]
    assert start["painted"] & {"cv2", "PIL", "tifffile", "typer", "rich"} == set()


def test_the_window_at_rest_has_loaded_no_heavy_library(start: dict[str, set[str]]):
    assert start["rested"] & {"torch", "numba", "scipy", "onnxruntime", "typer"} == set()
