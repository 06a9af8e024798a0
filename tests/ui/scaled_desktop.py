"""Run in a process of its own, since the scaling of a desktop is settled at the start: the canvas at QT_SCALE_FACTOR.

The canvas lies at an odd place of its window, where its origin falls between device pixels at fractional scalings.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QGuiApplication, QImage
from PySide6.QtWidgets import QApplication, QWidget

from lacuna.ui.canvas.canvas import Canvas
from tests.ui.canvases import AWAY, document_of, finish, opened_canvas
from tests.ui.support import drag, move, pixels_of, settle, shown


class Desktop:
    """A window that holds the canvas at (x, y)."""

    def __init__(self, canvas: Canvas, x: int, y: int) -> None:
        self.canvas = canvas
        self.outer = QWidget()
        canvas.setParent(self.outer)
        canvas.setGeometry(x, y, 501, 333)
        shown(self.outer, 600, 400)
        QCursor.setPos(QGuiApplication.primaryScreen().geometry().bottomRight())  # out of the way
        canvas.show()
        settle()
        self.ratio = canvas.devicePixelRatio()

    def seen(self) -> NDArray[np.uint8]:
        """The device pixels of the canvas on the window, as they came there."""
        settle()
        if QGuiApplication.platformName() == "offscreen":  # whose screen knows nothing of the scaling
            image = self.outer.backingStore().paintDevice()
            assert isinstance(image, QImage)
        else:
            image = QGuiApplication.primaryScreen().grabWindow(self.outer.winId()).toImage()
        window = pixels_of(image)
        x, y = round(self.canvas.x() * self.ratio), round(self.canvas.y() * self.ratio)
        view = self.canvas.viewport
        return window[y : y + view.height, x : x + view.width]

    def anew(self) -> NDArray[np.uint8]:
        self.canvas.scene.cache.forget()
        self.outer.update()
        self.canvas.update()
        finish(self.canvas)
        return self.seen()


def check_exact(desktop: Desktop) -> None:
    """100 % is one image pixel a device pixel."""
    canvas = desktop.canvas
    canvas.navigation.zoom_to(1.0)
    move(canvas, *AWAY)
    finish(canvas)
    view, inner = canvas.viewport, (slice(2, -2), slice(2, -2))
    photo = document_of(canvas).photo.pixels[-view.y : -view.y + view.height, -view.x : -view.x + view.width]
    seen = desktop.seen()
    assert seen.shape == photo.shape, (seen.shape, photo.shape)
    assert np.array_equal(seen[inner], photo[inner])


def check_repaints(desktop: Desktop) -> None:
    """Strokes, moves of the nib and pans leave what painting everything leaves."""
    canvas, rng = desktop.canvas, np.random.default_rng(4)
    for zoom in (0.25, 0.37, 0.73, 1.0, 1.5, 3.3, 9.0):
        canvas.navigation.zoom_to(zoom)
        finish(canvas)
        for _ in range(3):
            drag(canvas, *(tuple(p) for p in rng.uniform((0, 0), (500, 330), (4, 2))))
            settle()
            canvas.navigation.pan(QPointF(*rng.integers(-40, 40, 2)))
            settle()
            move(canvas, *rng.uniform((0, 0), (500, 330)))
            settle()
        finish(canvas)
        seen = desktop.seen()
        anew = desktop.anew()
        assert np.array_equal(seen, anew), (zoom, np.argwhere((seen != anew).any(axis=-1))[:5])


def check_aim(desktop: Desktop) -> None:
    """A stroke lands on the pixel under the cursor."""
    canvas = desktop.canvas
    canvas.editor.set_option("size", 3)
    canvas.navigation.zoom_to(8.0)
    canvas.centre_on(650, 450)
    canvas.editor.clear_mask()
    for x, y in ((250.0, 160.0), (101.4, 77.7)):
        column, row = (int(v) for v in canvas.viewport.to_image(x * desktop.ratio, y * desktop.ratio))
        drag(canvas, (x, y))
        marked = np.argwhere(document_of(canvas).mask.pixels)
        assert document_of(canvas).mask.pixels[row, column], (row, column, marked)
        canvas.scene.overlay_colour, canvas.scene.overlay_opacity = "#00ff00", 1.0
        move(canvas, *AWAY)
        finish(canvas)
        tint = desktop.seen()[round(y * desktop.ratio), round(x * desktop.ratio)]
        assert tuple(tint) == (0, 255, 0), tint
        canvas.editor.clear_mask()


def main() -> None:
    app = QApplication(sys.argv)
    app.setStyle("Fusion")
    app.setAttribute(Qt.ApplicationAttribute.AA_CompressHighFrequencyEvents, False)
    errors: list[Any] = []

    def hook(*error: Any) -> None:
        errors.append(error)
        sys.__excepthook__(*error)

    sys.excepthook = hook
    for x, y in ((0, 0), (37, 23)):
        with opened_canvas() as canvas:
            desktop = Desktop(canvas, x, y)
            assert desktop.ratio == float(os.environ["QT_SCALE_FACTOR"])
            canvas.editor.set_option("size", 31)
            check_exact(desktop)
            check_repaints(desktop)
            check_aim(desktop)
            canvas.setParent(None)
            desktop.outer.close()
    assert not errors, errors
    print("as it should be")


if __name__ == "__main__":
    main()
