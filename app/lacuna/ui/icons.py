"""Line icons from `resources/icons`, drawn when needed in the theme's colour and at the screen's resolution."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from lacuna import paths
from lacuna.ui import theme

SIDE = 20  # logical pixels of an icon in a tool bar


def icon(name: str, colour: str = "") -> QIcon:
    """The icon `name`, in `colour` or in that of the theme in force whenever it is painted."""
    return QIcon(_LineIcon(name, colour))


def pixmap(name: str, side: int, ratio: float, colour: str) -> QPixmap:
    """The icon as a pixmap of `side` logical pixels at a device pixel ratio."""
    made = QPixmap(round(side * ratio), round(side * ratio))
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        _renderer(name, colour).render(painter, QRectF(made.rect()))
    made.setDevicePixelRatio(ratio)
    return made


class _LineIcon(QIconEngine):
    def __init__(self, name: str, colour: str) -> None:
        super().__init__()
        self._name = name
        self._colour = colour

    def _tint(self, mode: QIcon.Mode, state: QIcon.State) -> str:
        now = theme.current()
        if mode == QIcon.Mode.Disabled:
            return now.disabled
        if self._colour:
            return self._colour
        if mode == QIcon.Mode.Selected or state == QIcon.State.On:
            return now.accent_text
        return now.text

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _renderer(self._name, self._tint(mode, state)).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        made = QPixmap(size)
        if size.isEmpty():  # a widget that is squeezed has no room for it
            return made
        made.fill(Qt.GlobalColor.transparent)
        with QPainter(made) as painter:
            self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        return made

    def clone(self) -> QIconEngine:
        return _LineIcon(self._name, self._colour)


@lru_cache(maxsize=256)
def _renderer(name: str, colour: str) -> QSvgRenderer:
    drawing = (paths.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
    if not renderer.isValid():
        raise ValueError(f"the icon {name} cannot be drawn")
    return renderer
