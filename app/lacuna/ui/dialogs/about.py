"""What this program is, its versions, and whose work it stands on."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QWidget

from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog, words

# The distributions that a window uses, with the licence each states.
STANDS_ON = (
    ("PySide6-Essentials", "Qt for Python", "LGPL-3.0"),
    ("numpy", "NumPy", "BSD-3-Clause"),
    ("opencv-python-headless", "OpenCV", "Apache-2.0"),
    ("Pillow", "Pillow", "MIT-CMU"),
    ("tifffile", "tifffile", "BSD-3-Clause"),
    ("onnxruntime", "ONNX Runtime", "MIT"),
    ("safetensors", "safetensors", "Apache-2.0"),
    ("platformdirs", "platformdirs", "MIT"),
    ("typer", "Typer", "MIT"),
    ("rich", "Rich", "MIT"),
)


def installed(distribution: str) -> str:
    """Its version, or "" where it is not installed (or the program is frozen without its metadata)."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


class About(Dialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_("About Lacuna"), "Lacuna", parent=parent)
        number = installed("lacuna-editor")
        if number:
            self.body.addWidget(words(_("Version {version}").format(version=number), self, quiet=True))
        self.body.addWidget(words(_("Paints things out of pictures."), self))
        self.body.addWidget(
            words(_("Free software under the MIT licence. It makes no connection to any network."), self)
        )
        heading = QLabel(_("It stands on"), self)
        heading.setProperty("heading", True)
        self.body.addWidget(heading)
        self.parts = QPlainTextEdit("\n".join(self._lines()), self)
        self.parts.setReadOnly(True)
        self.parts.setTabChangesFocus(True)
        self.parts.setAccessibleName(_("Libraries and their licences"))
        self.parts.setMinimumHeight(120)
        self.parts.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.body.addWidget(self.parts, 1)
        self.copy = self.add_button(_("Copy versions"), self._copy, left=True)
        self.add_button(_("Close"), self.accept, default=True).setFocus()

    def _lines(self) -> list[str]:
        lines = [f"Qt {qVersion()}   LGPL-3.0", f"Python {platform.python_version()}   PSF-2.0"]
        for distribution, name, licence in STANDS_ON:
            number = installed(distribution)
            if number:
                lines.append(f"{name} {number}   {licence}")
        return lines

    def _copy(self) -> None:
        system = f"{platform.system()} {platform.release()} {platform.machine()}, Qt {QGuiApplication.platformName()}"
        text = "\n".join([f"Lacuna {installed('lacuna-editor')}", system, *self._lines()])
        QGuiApplication.clipboard().setText(text)
        self.copy.setText(_("Copied"))
