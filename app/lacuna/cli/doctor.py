"""`lacuna doctor`: what this installation has and lacks, to read and to send along with a report."""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from lacuna import paths
from lacuna.cli import screen
from lacuna.engine import cores, device
from lacuna.engine.registry import backends
from lacuna.i18n import _
from lacuna.words import memory

REQUIRED = (
    "PySide6-Essentials", "numpy", "opencv-python-headless", "Pillow", "tifffile", "onnxruntime", "safetensors",
    "platformdirs", "typer", "rich",
)  # fmt: skip
# Extra -> the package that it brings.
OPTIONAL = {
    "heif": "pillow-heif",
    "torch": "torch",
    "train": "tensorboard",
    "metrics": "torchmetrics",
    "cluster": "distributed",
}


def examine(as_json: bool) -> None:
    """Print what was found, in JSON or as text."""
    found = findings()
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for title, entries in found.items():
        typer.echo(title.replace("_", " "))
        for name, value in entries.items():
            typer.echo(f"    {name.replace('_', ' '):24} {_said(name, value)}".rstrip())
    for problem in problems(found):
        typer.echo(f"! {problem}")


def findings() -> dict[str, dict[str, Any]]:
    """All that is looked at, by subject. Starts no window and imports neither torch nor Qt's widgets."""
    return {
        "program": {
            "lacuna": _version("lacuna-editor"),
            "python": platform.python_version(),
            "system": platform.platform(),
            "frozen": bool(getattr(sys, "frozen", False)),
        },
        "libraries": {name: _version(name) for name in REQUIRED},
        "extras": {extra: _version(package) for extra, package in OPTIONAL.items()},
        "devices": {
            "cores": cores.count(),
            "threads": device.threads(),
            "memory_available": device.available_memory(),
            "products_of_bytes": device.multiplies_bytes(),
            "cuda": _cuda(),
        },
        "backends": {info.id: info.missing or "ready" for info in backends()},
        "window": {
            "display": screen.present(),
            "DISPLAY": os.environ.get("DISPLAY", ""),
            "WAYLAND_DISPLAY": os.environ.get("WAYLAND_DISPLAY", ""),
            "QT_QPA_PLATFORM": os.environ.get("QT_QPA_PLATFORM", ""),
            "platform_plugins": _platform_plugins(),
            "missing_libraries": screen.missing_libraries(),
        },
        "folders": {
            name: {"path": str(folder), "writable": _writable(folder)}
            for name, folder in (
                ("config", paths.config_folder()),
                ("data", paths.data_folder()),
                ("cache", paths.cache_folder()),
            )
        }
        | {
            name: {"path": str(folder), "present": folder.is_dir()}
            for name, folder in (("resources", paths.resources()), ("models", paths.models()))
        }
        | {"space_free": shutil.disk_usage(_existing(paths.data_folder())).free},
    }


def problems(found: dict[str, dict[str, Any]]) -> list[str]:
    """Sentences on what is wrong in `found`, each with its remedy."""
    said = []
    absent = [name for name, number in found["libraries"].items() if number is None]
    if absent:
        said.append(_("These packages are missing: {names}. Install Lacuna again.").format(names=", ".join(absent)))
    if not found["window"]["display"]:
        said.append(_("There is no display: the window cannot be opened here, “lacuna fill” works."))
    if found["window"]["missing_libraries"]:
        said.append(
            _("Qt may lack these system libraries: {names}.").format(
                names=", ".join(found["window"]["missing_libraries"])
            )
            + " "
            + screen.remedy(found["window"]["missing_libraries"])
        )
    for name, folder in found["folders"].items():
        if isinstance(folder, dict) and not folder.get("writable", True):
            said.append(_("The folder {path} ({name}) may not be written.").format(path=folder["path"], name=name))
    said += [state for state in found["backends"].values() if state != "ready"]
    return said


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cuda() -> str:
    missing = device.cuda_missing()
    if missing:
        return missing
    import torch

    return str(torch.cuda.get_device_name(0))


def _platform_plugins() -> list[str]:
    spec = find_spec("PySide6")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    names = {
        file.stem.removeprefix("lib").removeprefix("q")
        for folder in folders
        for place in ("Qt/plugins/platforms", "plugins/platforms")
        for file in Path(folder, place).glob("*")
        if file.suffix in (".so", ".dll", ".dylib")
    }
    return sorted(names)


def _existing(folder: Path) -> Path:
    while not folder.exists():
        folder = folder.parent
    return folder


def _writable(folder: Path) -> bool:
    return os.access(_existing(folder), os.W_OK)


def _said(name: str, value: Any) -> str:
    """A finding for people; a program gets bare numbers."""
    if name in ("memory_available", "space_free") and value is not None:
        return memory(value)
    if name == "threads" and value > 1:
        return _("{count}, one less beside a window").format(count=value)
    return _as_text(value)


def _as_text(value: Any) -> str:
    if isinstance(value, dict):
        return "  ".join(
            _as_text(part) if not isinstance(part, bool) else ("" if part else "!") for part in value.values()
        )
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "-" if value in (None, "") else str(value)
