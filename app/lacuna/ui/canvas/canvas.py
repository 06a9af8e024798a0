"""The canvas: shows the picture and the mask, hands pointer events to the editor's tools, and moves the view.

It decides nothing about the picture: what a press means is the tool's business, what has changed the planes tell.
"""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QResizeEvent,
    QTabletEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from lacuna.document.document import Document
from lacuna.editor.editor import Editor
from lacuna.editor.tool import Button, Outline, Pointer
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.comparison import Comparison
from lacuna.ui.canvas.loupe import Loupe
from lacuna.ui.canvas.navigation import Drag, Navigation, notches
from lacuna.ui.canvas.pointer import BUTTONS, Stylus, pen_button, pointer_at
from lacuna.ui.canvas.scene import Scene
from lacuna.ui.canvas.tile_cache import BUDGET, Layer
from lacuna.ui.canvas.view import CLOSE, View
from lacuna.ui.canvas.viewport import STEPS_AN_OCTAVE, Viewport
from lacuna.ui.theme import current

SETTLED = 100  # ms after the last step of a zoom, the picture is smoothed
ZOOM_STEPS = STEPS_AN_OCTAVE // 2  # of the keys and menus, in wheel notches
FOCUS_FRAME = 2  # width in the widget's units
BY_KEYBOARD = (
    Qt.FocusReason.TabFocusReason,
    Qt.FocusReason.BacktabFocusReason,
    Qt.FocusReason.ShortcutFocusReason,
)


class Canvas(View):
    """The picture, to look at and to paint on. Its `viewport` works in device pixels; positions of events do not."""

    zoom_changed = Signal(float)  # device pixels an image pixel
    view_changed = Signal()  # another part of the picture is to be seen
    cursor_moved = Signal(object, object)  # image coordinates, or None and None outside the widget
    viewport: Viewport

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(Scene(editor), parent)
        self.scene.setParent(self)
        self.editor = editor
        self._document: Document | None = None
        self._frames: list[Region] = []  # of the candidate, in the view
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAccessibleName(_("Picture"))
        self.setMinimumSize(120, 90)
        self.navigation = Navigation(self.viewport, lambda: self.ratio, self._panned, self._zoomed)
        self.comparison = Comparison(self)
        self.loupe = Loupe(self)
        self.keys = {Qt.Key.Key_Space: Drag.PAN, Qt.Key.Key_Z: Drag.ZOOM}  # held to make drags move the view
        self._stylus = Stylus(editor)
        self._show_guides = True
        self._held_drag = Drag.NONE
        self._outline = overlays.OutlineView()
        self._at: QPointF | None = None  # where the pointer is
        self._pressure: float | None = None
        self._keys = Qt.KeyboardModifier.NoModifier  # held at the last event
        self._ring = False  # the keyboard came by keyboard, so a frame says where it is
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLED)
        self._settle.timeout.connect(self._settled)
        editor.state_changed.add(self._state_changed)
        self.scene_replaced()

    # --- the view ----------------------------------------------------------------------------------------------------
    def fit(self) -> None:
        """Show the whole picture."""
        self.viewport.fit()
        self._zoomed(False)

    def actual_size(self) -> None:
        """One image pixel a device pixel, around the middle of the view."""
        self.zoom_to(1.0)

    def zoom_in(self) -> None:
        self.zoom_to(self.viewport.stepped(ZOOM_STEPS))

    def zoom_out(self) -> None:
        self.zoom_to(self.viewport.stepped(-ZOOM_STEPS))

    def zoom_to(self, factor: float, at: QPointF | None = None) -> None:
        """`factor` device pixels an image pixel; what lies under `at` of the widget, or in its middle, stays there."""
        self.navigation.zoom_to(factor, QPointF(self.width() / 2, self.height() / 2) if at is None else at)

    def nudge(self, dx: int, dy: int) -> None:
        """Move the view by steps to the right and down."""
        self.navigation.nudge(dx, dy)

    def centre_on(self, x: float, y: float) -> None:
        """Bring an image point into the middle of the view."""
        self.viewport.centre_on(x, y)
        self._moved()
        self.update()

    # --- how things look ---------------------------------------------------------------------------------------------
    @property
    def show_guides(self) -> bool:
        return self._show_guides

    @show_guides.setter
    def show_guides(self, on: bool) -> None:
        self._show_guides = on
        self.update()

    @property
    def overlay_opacity(self) -> float:
        """Of the mask that was painted, 0 to 1."""
        return self.scene.overlay_opacity

    @overlay_opacity.setter
    def overlay_opacity(self, opacity: float) -> None:
        self.scene.overlay_opacity = opacity

    @property
    def overlay_colour(self) -> str:
        """ "auto" for one that contrasts with the picture around the mask, or "#rrggbb"."""
        return self.scene.overlay_colour

    @overlay_colour.setter
    def overlay_colour(self, colour: str) -> None:
        self.scene.overlay_colour = colour

    def hold_original(self, on: bool) -> None:
        """Show the original in place of the picture, or stop."""
        self.comparison.hold(on)
        self.look_changed.emit()

    @property
    def compare(self) -> bool:
        """The original is shown left of a divider."""
        return self.comparison.on

    @compare.setter
    def compare(self, on: bool) -> None:
        self.comparison.show(on)
        self._choose_cursor()

    @property
    def magnifier(self) -> bool:
        """A magnifying glass follows the pointer."""
        return self.loupe.on

    @magnifier.setter
    def magnifier(self, on: bool) -> None:
        self.loupe.show(on, self._at)
        self._follow_outline()

    # --- news --------------------------------------------------------------------------------------------------------
    def scene_replaced(self) -> None:
        shape = self.scene.shape
        if shape != self.viewport.image:
            # A crop or its undo keeps the zoom where one was chosen; another picture is shown whole.
            same = self._document is not None and self._document is self.editor.document
            self.viewport.reshape(shape) if same else self.viewport.show(shape)
            self.zoom_changed.emit(self.viewport.zoom)
        elif self._document is not self.editor.document and self._document is not None:
            self.viewport.show(shape)
            self.zoom_changed.emit(self.viewport.zoom)
        self._document = self.editor.document
        self._moved()
        self.update()

    def _state_changed(self) -> None:
        frames = [self.viewport.on_screen(r) for r in self.scene.candidate_regions]
        if frames != self._frames:
            for frame in (*self._frames, *frames):
                self.update_device(overlays.frame_bounds(frame, self.ratio))
            self._frames = frames
        self._follow_outline()
        self._choose_cursor()
        self._describe()

    def _panned(self, dx: int, dy: int) -> None:
        self._scroll(dx, dy)
        self._moved()

    def _zoomed(self, gently: bool) -> None:
        self.moving = gently
        if gently:
            self._settle.start()
        self.update()
        self._moved()
        self.zoom_changed.emit(self.viewport.zoom)

    def _settled(self) -> None:
        self.moving = False
        self.update()

    def _moved(self) -> None:
        self.scene.look_at(self.viewport.zoom, self.viewport.visible)
        self._frames = [self.viewport.on_screen(r) for r in self.scene.candidate_regions]
        self._follow_outline()
        self._choose_cursor()
        self._describe()
        self.view_changed.emit()

    def _scroll(self, dx: int, dy: int) -> None:
        """Move what is painted already, where nothing is painted over it that stays.

        Not at fractional scalings: Qt rounds the edges of what it moves there.
        """
        ratio = self.ratio
        still = self.comparison.active or self.loupe.on or self._ring or not self.isVisible()
        if still or ratio % 1 or dx % ratio or dy % ratio or self._unfinished:
            self.update()
            return
        over = self._outline.bounds(self.viewport, ratio)  # the nib stays under the pointer: not what was below it
        self.update_device(*over, *(bounds.shift(dy, dx) for bounds in over))
        self.scroll(round(dx / ratio), round(dy / ratio))

    def _describe(self) -> None:
        text = _("{percent} %, {tool}").format(percent=percent_text(self.viewport.zoom), tool=_(self.editor.tool.name))
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    @property
    def outline(self) -> Outline:
        """What is drawn of the tool now, in image coordinates."""
        return self._outline.outline

    # --- the pointer -------------------------------------------------------------------------------------------------
    def _pointer(self, at: QPointF, button: Button = Button.NONE) -> Pointer:
        return pointer_at(self.viewport, at, self.ratio, self._keys, button, self._pressure)

    def _point_at(self, at: QPointF | None) -> None:
        """The pointer is there now, or has left."""
        self._at = at
        if at is None:
            self.cursor_moved.emit(None, None)
        else:
            self.cursor_moved.emit(*self.viewport.to_image(at.x() * self.ratio, at.y() * self.ratio))
        self.loupe.follow(at)

    def _follow_outline(self) -> None:
        """Draw the tool's outline where it is now."""
        shown = self._at is not None and not self._moves_view and not self.loupe.on and not self.comparison.hot
        pointer = self._pointer(self._at, self._stylus.button) if shown and self._at is not None else None
        outline = self.editor.outline(pointer) if self.editor.document is not None else Outline()
        if not shown:
            outline = replace(outline, circles=())
        dirty = self._outline.become(outline, self.viewport, self.ratio)
        # While it paints, one box holds what the nib leaves, too: a few large boxes are painted sooner than many small.
        reach = self._margin() + math.ceil(self.scene.style.growth * self.viewport.zoom) if self._stylus.drawing else 0
        boxes = [region.pad(reach) for region in dirty]
        box = Region.around(boxes)
        self.update_device(*([box] if box.area <= CLOSE * sum(b.area for b in boxes) else boxes))

    @property
    def _moves_view(self) -> bool:
        """A left drag would move the view now."""
        return self._wanted_drag is not Drag.NONE or self.navigation.drag is not Drag.NONE

    @property
    def _wanted_drag(self) -> Drag:
        if self._held_drag is not Drag.NONE:
            return self._held_drag
        return Drag.PAN if self.editor.tool.id == "hand" else Drag.NONE

    def _choose_cursor(self) -> None:
        if self.editor.document is None:
            shape = Qt.CursorShape.ArrowCursor
        elif self.comparison.dragging or (self.comparison.hot and not self._stylus.drawing):
            shape = Qt.CursorShape.SplitHCursor
        elif self.navigation.drag is Drag.PAN:
            shape = Qt.CursorShape.ClosedHandCursor
        elif Drag.ZOOM in (self.navigation.drag, self._wanted_drag):
            shape = Qt.CursorShape.SizeHorCursor
        elif self._wanted_drag is Drag.PAN:
            shape = Qt.CursorShape.OpenHandCursor
        elif self._outline.outline.circles and self._at is not None:
            shape = Qt.CursorShape.BlankCursor
        else:
            shape = Qt.CursorShape.CrossCursor
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    # --- painting ----------------------------------------------------------------------------------------------------
    def layers_at(self, rect: Region) -> list[tuple[Region, list[Layer]]]:
        after = super().layers_at(rect)[0][1]
        return self.comparison.layers_at(rect, after)

    def paint_over(self, painter: QPainter) -> None:
        document = self.editor.document
        if document is not None:
            if self._show_guides and document.guides:
                overlays.paint_guides(painter, document.guides, self.viewport, self.ratio)
            for frame in self._frames:
                overlays.paint_frame(painter, frame, self.ratio)
            self.comparison.paint(painter)
            self._outline.paint(painter, self.viewport, self.ratio)
            self.loupe.paint(painter)
        if self._ring:
            frame = Region(0, 0, self.viewport.height, self.viewport.width)
            width = round(FOCUS_FRAME * self.ratio)
            overlays.paint_focus(painter, frame, width, QColor(current().focus))

    # --- Qt: mouse ---------------------------------------------------------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._keys = event.modifiers()
        at, button = event.position(), event.button()
        if self._stylus.pen_down or self._stylus.drawing or self.navigation.drag is not Drag.NONE:
            return
        self._pressure = None
        self._point_at(at)
        self._press(at, BUTTONS.get(button, Button.NONE))
        self._choose_cursor()

    def _press(self, at: QPointF, button: Button, *, pen: bool = False) -> None:
        if button is Button.MIDDLE:
            self.navigation.begin(Drag.PAN, at)
        elif button is Button.LEFT and self.comparison.grips(at):
            self.comparison.dragging = True
        elif button is Button.LEFT and self._wanted_drag is not Drag.NONE:
            self.navigation.begin(self._wanted_drag, at)
        elif button is not Button.NONE:
            pointer = self._pointer(at, button)
            self.scene.begin_stroke(pointer.x, pointer.y)
            (self._stylus.pen_press if pen else self._stylus.press)(pointer)
            return
        self._follow_outline()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._stylus.pen_down:
            return
        self._keys = event.modifiers()
        self._pressure = None
        self._move(event.position())

    def _move(self, at: QPointF, *, pen: bool = False) -> None:
        self._point_at(at)
        if self.comparison.dragging:
            self.comparison.drag_to(at)
        elif self.navigation.drag is not Drag.NONE:
            self.navigation.move(at)
            return
        else:
            self.comparison.warm(not self._stylus.drawing and self.comparison.grips(at))
            (self._stylus.pen_move if pen else self._stylus.move)(self._pointer(at))
        self._follow_outline()
        self._choose_cursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._stylus.pen_down:
            return
        self._keys = event.modifiers()
        self._release(event.position(), BUTTONS.get(event.button(), Button.NONE))

    def _release(self, at: QPointF, button: Button, *, pen: bool = False) -> None:
        self._point_at(at)
        if self.comparison.dragging:
            self.comparison.dragging = not (pen or button is Button.LEFT)
        elif self.navigation.drag is not Drag.NONE:
            self.navigation.end()
        elif pen:
            self._stylus.pen_release(self._pointer(at))
        else:
            self._stylus.release(self._pointer(at, button))
        if pen:
            self._stylus.pen_down = False
        self._follow_outline()
        self._choose_cursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        button = BUTTONS.get(event.button(), Button.NONE)
        if button is Button.LEFT and self.editor.tool.id == "hand" and self._held_drag is Drag.NONE:
            self.fit()
        elif button is Button.LEFT and not self._moves_view and not self.comparison.grips(event.position()):
            self._keys = event.modifiers()
            self._stylus.double_click(self._pointer(event.position(), button))
            self._follow_outline()
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # a right drag erases

    def enterEvent(self, event: QEnterEvent) -> None:
        self._point_at(event.position())
        self._follow_outline()
        self._choose_cursor()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._point_at(None)
        self.comparison.warm(False)
        self._follow_outline()
        super().leaveEvent(event)

    # --- Qt: pen -----------------------------------------------------------------------------------------------------
    def tabletEvent(self, event: QTabletEvent) -> None:
        self._keys = event.modifiers()
        self._pressure = event.pressure()
        at = event.position()
        if event.type() == QEvent.Type.TabletPress:
            self._stylus.pen_down = True
            self._press(at, pen_button(event), pen=True)
        elif event.type() == QEvent.Type.TabletMove:
            self._move(at, pen=True)
        elif event.type() == QEvent.Type.TabletRelease:
            self._release(at, pen_button(event), pen=True)
        event.accept()  # else Qt makes a mouse event of it

    # --- Qt: wheel and gestures --------------------------------------------------------------------------------------
    def wheelEvent(self, event: QWheelEvent) -> None:
        keys = event.modifiers()
        if keys & Qt.KeyboardModifier.AltModifier:
            steps = notches(event)
            if keys & Qt.KeyboardModifier.ShiftModifier:
                self.editor.harden_brush(steps)
            else:
                self.editor.resize_brush(steps)
        elif self.editor.document is not None or self.scene.coarse is not None:
            self.navigation.wheel(event)
        self._point_at(event.position())
        self._follow_outline()
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent) and self.navigation.gesture(event):
            event.accept()
            return True
        return super().event(event)

    # --- Qt: keys and focus ------------------------------------------------------------------------------------------
    def keyPressEvent(self, event: QKeyEvent) -> None:
        drag = self.keys.get(Qt.Key(event.key()))
        plain = not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if drag is not None and (plain or self._held_drag is drag):
            if not event.isAutoRepeat():
                self._hold_drag(drag)
            return
        self._keys = event.modifiers()
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self.keys.get(Qt.Key(event.key())) is self._held_drag and self._held_drag is not Drag.NONE:
            if not event.isAutoRepeat():
                self._hold_drag(Drag.NONE)
            return
        super().keyReleaseEvent(event)

    def _hold_drag(self, drag: Drag) -> None:
        self._held_drag = drag
        self._follow_outline()
        self._choose_cursor()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._ring = event.reason() in BY_KEYBOARD
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._ring = False
        self._hold_drag(Drag.NONE)
        self.update()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        zoom = self.viewport.zoom
        super().resizeEvent(event)
        # Tiles of three whole views: this one, the one before a change of zoom, and their masks.
        self.scene.cache.budget = max(BUDGET, 6 * 4 * self.viewport.width * self.viewport.height)
        if self.viewport.zoom != zoom:
            self.zoom_changed.emit(self.viewport.zoom)
        self._moved()

    def fit_to_widget(self) -> None:
        super().fit_to_widget()
        self.scene.use_pixel_ratio(self.ratio)


def percent_text(zoom: float) -> str:
    """A zoom in percent, as exactly as it is of use: "12.5", "100", "6400"."""
    percent = zoom * 100
    return f"{percent:.1f}".removesuffix(".0") if percent < 100 else f"{percent:.0f}"
