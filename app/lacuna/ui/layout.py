"""The window's place and its docks, remembered between starts, and brought back also on another screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRect, QSize
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow, QWidget

VERSION = 1  # rises when docks or bars change so much that an old layout does not fit
FIRST_SIZE = QSize(1320, 860)
FRAME = QSize(16, 44)  # what a desktop puts around a window, at most; it is known only once the window is seen


def kept(window: QMainWindow) -> str:
    """Geometry and docks as text for the settings."""
    parts = (window.saveGeometry(), window.saveState(VERSION))
    return ".".join(part.toBase64().toStdString() for part in parts)


def restore(window: QMainWindow, text: str) -> None:
    """Bring a layout back; what does not fit, or is damaged, leaves the default. Never off the screens there are."""
    geometry, _dot, state = text.partition(".")
    if not geometry or not window.restoreGeometry(QByteArray.fromBase64(geometry.encode())):
        first(window)
    if state:
        window.restoreState(QByteArray.fromBase64(state.encode()), VERSION)
    _bring_on_screen(window)


def first(window: QMainWindow) -> None:
    """A good size for this screen, in its middle."""
    available = QGuiApplication.primaryScreen().availableGeometry()
    size = FIRST_SIZE.boundedTo(available.size() * 0.94)
    at = QRect(available.topLeft(), size)
    at.moveCenter(available.center())
    window.setGeometry(at)


def room_on(window: QWidget) -> QSize:
    """The largest size of `window` at which all of it is seen on its screen."""
    return window.screen().availableSize() - FRAME


def _bring_on_screen(window: QMainWindow) -> None:
    """A window whose title no screen shows, or that is larger than its screen, is placed anew."""
    if window.isMaximized() or window.isFullScreen():
        return
    frame = window.geometry()
    screens = [screen.availableGeometry() for screen in QGuiApplication.screens()]
    best = max(screens, key=lambda s: _area(s.intersected(frame)), default=None)
    if best is None:
        return
    title = QRect(frame.x() + 40, frame.y(), max(1, frame.width() - 80), 20)
    if best.intersects(title) and frame.width() <= best.width() and frame.height() <= best.height():
        return
    size = frame.size().boundedTo(best.size() * 0.94)
    at = QRect(best.topLeft(), size)
    at.moveCenter(best.center())
    window.setGeometry(at)


def _area(rect: QRect) -> int:
    return rect.width() * rect.height() if rect.isValid() else 0
