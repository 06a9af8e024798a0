"""The window's place and its docks, remembered between starts, and brought back also on another screen.

A low screen has not room for all docks below each other: there some share a place, behind tabs.
"""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import QByteArray, QRect, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

VERSION = 2  # rises when docks or bars change so much that an old layout does not fit
DOCK_WIDTH = 340  # at first; less than the fill panel needs for the widest of its methods it is never
HEIGHTS = {"fill": 470, "zoom": 200, "history": 110}  # at first; shares, rather: the window is not that high
FIRST_SIZE = QSize(1320, 860)
FRAME = QSize(16, 44)  # what a desktop puts around a window, at most; it is known only once the window is seen


class Stack(IntEnum):
    """How many docks stand below each other. A layout of one is not brought back where another one is called for."""

    THREE = 0  # zoom view and navigator share a place
    TWO = 100  # the history is there too
    ONE = 200  # as is the fill panel


def stack_for(height: int) -> Stack:
    """What a window of `height` at most has room for, with some to spare: the least that each needs depends on fonts.

    >>> stack_for(1036), stack_for(724), stack_for(456)
    (<Stack.THREE: 0>, <Stack.TWO: 100>, <Stack.ONE: 200>)
    """
    return Stack.THREE if height >= 740 else Stack.TWO if height >= 620 else Stack.ONE


def kept(window: QMainWindow) -> str:
    """Geometry and docks as text for the settings."""
    parts = (window.saveGeometry(), window.saveState(_version(window)))
    return ".".join(part.toBase64().toStdString() for part in parts)


def restore(window: QMainWindow, docks: dict[str, QDockWidget], text: str) -> None:
    """Bring a layout back; what does not fit, or is damaged, leaves the default. Never off the screens there are."""
    geometry, _dot, state = text.partition(".")
    if not geometry or not window.restoreGeometry(QByteArray.fromBase64(geometry.encode())):
        first(window)
    if not state or not window.restoreState(QByteArray.fromBase64(state.encode()), _version(window)):
        arrange(window, docks)
    docks["enlarge"].hide()  # it comes with a preview over the picture: only when it is asked for
    _bring_on_screen(window)


def arrange(window: QMainWindow, docks: dict[str, QDockWidget]) -> None:
    """Put the docks, by name, below each other at the right as far as the screen has room for that."""
    stack = stack_for(room_on(window).height())
    together = ["zoom", "navigator"]
    if stack is not Stack.THREE:
        together.append("history")
    if stack is Stack.ONE:
        together.insert(0, "fill")
    window.tabifyDockWidget(docks["fill"], docks["enlarge"])
    for name, beside in zip(together[1:], together, strict=False):
        window.tabifyDockWidget(docks[beside], docks[name])
    docks[together[0]].raise_()
    window.resizeDocks([docks["fill"]], [DOCK_WIDTH], Qt.Orientation.Horizontal)
    below = [name for name in HEIGHTS if name == together[0] or name not in together]
    window.resizeDocks([docks[name] for name in below], [HEIGHTS[name] for name in below], Qt.Orientation.Vertical)


def _version(window: QMainWindow) -> int:
    return VERSION + stack_for(room_on(window).height())


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
