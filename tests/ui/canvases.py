"""A canvas for tests: a real editor with a real document, and what is really on its window."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QGuiApplication

from lacuna.document.document import Document
from lacuna.editor.editor import Editor
from lacuna.engine.jobs import JobQueue
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from lacuna.settings import Settings
from lacuna.ui.canvas.canvas import Canvas
from lacuna.ui.jobs import MainThread
from tests.ui.support import move, pixels_of, settle, shown, wait_until

# Whole levels, fractions of them, both sides of where pixels become squares, and both sides of the grid.
ZOOMS = (0.04, 0.125, 0.2, 0.25, 0.37, 0.5, 0.73, 1.0, 1.25, 1.5, 2.0, 2.9, 3.3, 5.0, 8.0, 13.7, 32.0)


AWAY = (-300.0, -300.0)  # a place for the pointer where no nib is to be seen


def photograph(height: int = 900, width: int = 1300, dtype: Any = np.uint8) -> NDArray[Any]:
    """(H, W, 3) of soft shapes and hard noise, each pixel unlike its neighbours."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    soft = np.stack([np.sin(x / 37) + np.cos(y / 23), np.sin((x + y) / 51), np.cos(x / 91) * np.sin(y / 71)], axis=-1)
    pixels = np.clip(128 + 50 * soft + rng.normal(0, 12, (height, width, 3)), 0, 255)
    return (pixels * (257 if dtype == np.uint16 else 1)).astype(dtype)


@contextmanager
def opened_canvas(photo: Photo | None = None, width: int = 640, height: int = 420) -> Iterator[Canvas]:
    """A shown canvas over a picture; its worker is ended afterwards."""
    door = MainThread()
    editor = Editor(Settings(backend="telea"), JobQueue(door.deliver))
    canvas = Canvas(editor)
    shown(canvas, width, height)
    try:
        editor.open_photo(photo or Photo(photograph()))
        wait_until(lambda: editor.document is not None and not editor.jobs)
        move(canvas, *AWAY)
        settle()
        yield canvas
    finally:
        canvas.scene.close()
        editor.close()
        editor.shutdown()
        settle()


def document_of(canvas: Canvas) -> Document:
    assert canvas.editor.document is not None
    return canvas.editor.document


def put_mask(canvas: Canvas, region: Region, value: int = 255) -> None:
    """Paint a rectangle into the mask."""
    document = document_of(canvas)
    with document.edit("Test") as edit, edit.write(document.mask, region) as pixels:
        pixels[...] = value


def finish(canvas: Canvas) -> None:
    """Wait until the view is as smooth as it gets."""
    settle()
    wait_until(lambda: canvas.finished and not canvas.moving)
    settle()


def on_window(canvas: Canvas) -> NDArray[np.uint8]:
    """(H, W, 3): what the window shows now, as it came there bit by bit."""
    settle()
    screen = QGuiApplication.primaryScreen()
    return pixels_of(screen.grabWindow(canvas.winId()).toImage())


def painted_anew(canvas: Canvas) -> NDArray[np.uint8]:
    """(H, W, 3): the same view, painted as a whole from tiles that are made anew."""
    canvas.scene.cache.forget()
    canvas.update()
    settle()
    finish(canvas)
    return on_window(canvas)
