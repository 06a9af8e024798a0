"""Moving about in a view: wheel, touchpad, pinch, drags with Space, Z or the middle button. No painting, no tools."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QWheelEvent

from lacuna.ui.canvas.viewport import STEPS_AN_OCTAVE, Look, Viewport

NOTCH = 120.0  # of a wheel, in eighths of a degree
DRAG_ZOOM = 160.0  # device-independent pixels of a Z drag that double the zoom
ZOOM_STEPS = STEPS_AN_OCTAVE // 2  # of the keys and menus, in wheel notches
NUDGE = 0.1  # share of the view that an arrow key moves it


class Drag(Enum):
    """What a drag does to the view."""

    NONE = "none"
    PAN = "pan"
    ZOOM = "zoom"


class Navigation:
    """Turns events into moves of a viewport; calls `panned(dx, dy)` and `zoomed(gently)` after each.

    Positions are those of the widget; `ratio()` gives its device pixels a unit. `gently` says that more of the same
    will follow at once, so that a rough picture will do until it stops.
    """

    def __init__(
        self,
        viewport: Viewport,
        ratio: Callable[[], float],
        panned: Callable[[int, int], None],
        zoomed: Callable[[bool], None],
    ) -> None:
        self.viewport = viewport
        self.drag = Drag.NONE
        self._ratio = ratio
        self._panned = panned
        self._zoomed = zoomed
        self._last = QPointF()
        self._anchor = QPointF()
        self._rest = QPointF()  # parts of device pixels not panned yet

    # --- drags -------------------------------------------------------------------------------------------------------
    def begin(self, drag: Drag, at: QPointF) -> None:
        self.drag, self._last, self._anchor, self._rest = drag, QPointF(at), QPointF(at), QPointF()

    def move(self, at: QPointF) -> None:
        """The drag goes on."""
        by, self._last = at - self._last, QPointF(at)
        if self.drag is Drag.PAN:
            self.pan(by)
        elif self.drag is Drag.ZOOM:
            self.zoom(2.0 ** ((by.x() - by.y()) / DRAG_ZOOM), self._anchor, gently=True)

    def end(self) -> None:
        self.drag = Drag.NONE

    # --- moves -------------------------------------------------------------------------------------------------------
    def pan(self, by: QPointF) -> None:
        """Move the picture by a distance in the widget's units; parts of device pixels add up."""
        ratio = self._ratio()
        whole = by * ratio + self._rest
        dx, dy = round(whole.x()), round(whole.y())
        self._rest = QPointF(whole.x() - dx, whole.y() - dy)
        moved = self.viewport.pan(dx, dy)
        if moved != (0, 0):
            self._panned(*moved)

    def zoom(self, factor: float, at: QPointF, *, gently: bool = False) -> None:
        self.zoom_to(self.viewport.zoom * factor, at, gently=gently)

    def fit(self) -> None:
        """Show the whole picture."""
        self.viewport.fit()
        self._zoomed(False)

    def take_up(self, look: Look) -> None:
        """Go back to where the view was."""
        self.viewport.take_up(look)
        self._zoomed(False)

    def zoom_in(self) -> None:
        self.zoom_to(self.viewport.stepped(ZOOM_STEPS))

    def zoom_out(self) -> None:
        self.zoom_to(self.viewport.stepped(-ZOOM_STEPS))

    def zoom_to(self, zoom: float, at: QPointF | None = None, *, gently: bool = False) -> None:
        """Change the zoom; what lies under `at`, or in the middle of the view, stays there."""
        ratio, before = self._ratio(), self.viewport.zoom
        if at is None:
            at = QPointF(self.viewport.width, self.viewport.height) / (2 * ratio)
        self.viewport.zoom_to(zoom, at.x() * ratio, at.y() * ratio)
        if self.viewport.zoom != before:
            self._zoomed(gently)

    def nudge(self, dx: int, dy: int) -> None:
        """Move the view a tenth of itself: right and down are positive."""
        step = NUDGE * min(self.viewport.width, self.viewport.height) / self._ratio()
        self.pan(QPointF(-dx * step, -dy * step))

    # --- wheel, touchpad, pinch --------------------------------------------------------------------------------------
    def wheel(self, event: QWheelEvent) -> None:
        """A wheel zooms at the cursor; two fingers on a touchpad pan, and zoom with Ctrl."""
        zooms = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if is_touchpad(event) and not zooms:
            by = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 8
            self.pan(QPointF(by))
            return
        steps = notches(event)
        if steps:
            self.zoom_to(self.viewport.stepped(steps), event.position(), gently=True)

    def gesture(self, event: QNativeGestureEvent) -> bool:
        """Pinch, two-finger pan and double tap of a touchpad; True if it was one of them."""
        kind = event.gestureType()
        if kind == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom(max(0.1, 1 + event.value()), event.position(), gently=True)
        elif kind == Qt.NativeGestureType.PanNativeGesture:
            self.pan(event.delta())
        elif kind == Qt.NativeGestureType.SmartZoomNativeGesture:
            self.zoom_to(1.0 if self.viewport.fitted else self.viewport.fitting, event.position())
        else:
            return False
        return True


def is_touchpad(event: QWheelEvent) -> bool:
    """Told by the device; where it calls itself a mouse, by distances in pixels that come with a scroll phase."""
    if event.device().type() == QInputDevice.DeviceType.TouchPad:
        return True
    return not event.pixelDelta().isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase


def notches(event: QWheelEvent) -> float:
    """Notches turned, up positive. With Alt some platforms turn the wheel sideways."""
    delta = event.angleDelta()
    return (delta.y() or delta.x()) / NOTCH
