"""What window tests share: waiting for effects, showing widgets, real pointer events, pixels of a widget."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QDeadlineTimer, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

W = TypeVar("W", bound=QWidget)
NO_BUTTON, LEFT, RIGHT, MIDDLE = (
    Qt.MouseButton.NoButton,
    Qt.MouseButton.LeftButton,
    Qt.MouseButton.RightButton,
    Qt.MouseButton.MiddleButton,
)
NO_KEY = Qt.KeyboardModifier.NoModifier


def wait_until(predicate: Callable[[], object], seconds: float = 5.0) -> None:
    """Let the event loop run until `predicate()` holds; the test fails if it does not in time.

    Not by `QTest.qWait`, which keeps the interpreter lock for as long as it waits: a worker would stand still.
    """
    deadline = QDeadlineTimer(int(seconds * 1000))
    while not predicate():
        assert not deadline.hasExpired(), f"not so within {seconds:g} s: {getattr(predicate, '__name__', predicate)}"
        QApplication.processEvents()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        time.sleep(0.002)


def shown(widget: W, width: int = 0, height: int = 0) -> W:
    """Show `widget` (at a size), wait until it is exposed and has the keyboard, and return it."""
    if width and height:
        widget.resize(width, height)
    widget.show()
    assert QTest.qWaitForWindowExposed(widget, 5000)
    widget.activateWindow()
    assert QTest.qWaitForWindowActive(widget, 5000)
    settle()
    return widget


def settle() -> None:
    """Deliver all events that wait, and those that they lead to."""
    for _ in range(3):
        QApplication.processEvents()


def pixels_of(image: QImage) -> NDArray[np.uint8]:
    """(H, W, 3) RGB copy of an image."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()


def grabbed(widget: QWidget) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: `widget` painted anew, in device pixels."""
    return pixels_of(widget.grab().toImage())


def mouse(
    widget: QWidget,
    kind: QEvent.Type,
    x: float,
    y: float,
    button: Qt.MouseButton = NO_BUTTON,
    buttons: Qt.MouseButton | None = None,
    modifiers: Qt.KeyboardModifier = NO_KEY,
) -> bool:
    """Send one mouse event at (x, y) of the widget, fractions allowed; True if it was accepted."""
    at = QPointF(x, y)
    if buttons is None:
        buttons = NO_BUTTON if kind == QEvent.Type.MouseButtonRelease else button
    event = QMouseEvent(kind, at, widget.mapToGlobal(at), button, buttons, modifiers)
    QApplication.sendEvent(widget, event)
    return event.isAccepted()


def press(
    widget: QWidget, x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NO_KEY
) -> None:
    mouse(widget, QEvent.Type.MouseButtonPress, x, y, button, modifiers=modifiers)


def move(
    widget: QWidget,
    x: float,
    y: float,
    held: Qt.MouseButton = NO_BUTTON,
    modifiers: Qt.KeyboardModifier = NO_KEY,
) -> None:
    mouse(widget, QEvent.Type.MouseMove, x, y, NO_BUTTON, held, modifiers)


def release(
    widget: QWidget, x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NO_KEY
) -> None:
    mouse(widget, QEvent.Type.MouseButtonRelease, x, y, button, modifiers=modifiers)


def drag(
    widget: QWidget,
    *points: tuple[float, float],
    button: Qt.MouseButton = LEFT,
    modifiers: Qt.KeyboardModifier = NO_KEY,
) -> None:
    """Press at the first point, move through the others, release at the last."""
    press(widget, *points[0], button, modifiers)
    for point in points[1:]:
        move(widget, *point, held=button, modifiers=modifiers)
    release(widget, *points[-1], button, modifiers)


def wheel(
    widget: QWidget,
    x: float,
    y: float,
    notches: float = 0.0,
    modifiers: Qt.KeyboardModifier = NO_KEY,
    pixels: tuple[int, int] | None = None,
    phase: Qt.ScrollPhase = Qt.ScrollPhase.NoScrollPhase,
    **device: Any,
) -> None:
    """Turn the wheel by `notches` (up is positive), or scroll by `pixels` as a touchpad does."""
    at = QPointF(x, y)
    angle = QPoint(0, round(notches * 120)) if pixels is None else QPoint(pixels[0] * 8, pixels[1] * 8)
    event = QWheelEvent(
        at,
        widget.mapToGlobal(at),
        QPoint(*pixels) if pixels else QPoint(),
        angle,
        NO_BUTTON,
        modifiers,
        phase,
        False,
        Qt.MouseEventSource.MouseEventNotSynthesized,
        *device.values(),
    )
    QApplication.sendEvent(widget, event)
