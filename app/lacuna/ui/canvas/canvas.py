"""The canvas: shows the picture and the mask, hands pointer events to the editor's tools, and moves the view.

It decides nothing about the picture: what a press means is the tool's business, what has changed the planes tell.
"""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
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

from lacuna import words
from lacuna.document.document import Document
from lacuna.document.stretch import Stretch
from lacuna.editor.editor import Editor
from lacuna.editor.tool import Button, Outline, Pointer
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.canvas import overlays
from lacuna.ui.canvas.comparison import Comparison
from lacuna.ui.canvas.contours_view import ContoursView
from lacuna.ui.canvas.divider import Divider
from lacuna.ui.canvas.enlarged_view import EnlargedView
from lacuna.ui.canvas.loupe import Loupe
from lacuna.ui.canvas.navigation import Drag, Navigation, notches
from lacuna.ui.canvas.outline_view import OutlineView
from lacuna.ui.canvas.over_picture import OverPicture
from lacuna.ui.canvas.pointer import BUTTONS, pen_button
from lacuna.ui.canvas.scene import Scene
from lacuna.ui.canvas.tile_cache import BUDGET, Layer
from lacuna.ui.canvas.touch import Touch
from lacuna.ui.canvas.view import CLOSE, View
from lacuna.ui.canvas.viewport import Viewport
from lacuna.ui.theme import current

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
        self._stretches: tuple[Stretch, ...] = ()
        self._over = OverPicture(self, editor)
        self.setMouseTracking(True)
        self.setTabletTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAccessibleName(_("Picture"))
        self.setMinimumSize(120, 90)
        self.navigation = Navigation(self.viewport, lambda: self.ratio, self._panned, self._zoomed)
        self.divider = Divider(self)
        self.comparison = Comparison(self, self.divider)
        self.enlarged = EnlargedView(self, self.divider)
        self.loupe = Loupe(self)
        self.contours = ContoursView(self, editor)
        self.keys = {Qt.Key.Key_Space: Drag.PAN, Qt.Key.Key_Z: Drag.ZOOM}  # held to make drags move the view
        self.touch = Touch(
            editor, self.navigation, self.divider, lambda: self.enlarged.on, lambda: self.ratio, self._begin_stroke
        )
        self._outline = OutlineView()
        self._ring = False  # the keyboard came by keyboard, so a frame says where it is
        editor.state_changed.add(self._state_changed)
        self.scene_replaced()

    # --- the view ----------------------------------------------------------------------------------------------------
    def centre_on(self, x: float, y: float) -> None:
        """Bring an image point into the middle of the view."""
        self.viewport.centre_on(x, y)
        self._moved()
        self.update()

    # --- how things look ---------------------------------------------------------------------------------------------
    @property
    def mask_colour(self) -> QColor:
        """What tints the mask now."""
        return QColor.fromRgbF(*self.scene.style.colour, self.scene.style.opacity)

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
    def show_guides(self) -> bool:
        """Guide lines and sampling areas are drawn over the picture."""
        return self._over.guides_shown

    @show_guides.setter
    def show_guides(self, on: bool) -> None:
        self._over.show_guides(on)

    @property
    def magnifier(self) -> bool:
        """A magnifying glass follows the pointer."""
        return self.loupe.on

    @magnifier.setter
    def magnifier(self, on: bool) -> None:
        self.loupe.show(on, self.touch.at)
        self._follow_outline()

    # --- news --------------------------------------------------------------------------------------------------------
    def scene_replaced(self) -> None:
        shape = self.scene.shape
        document = self.editor.document
        stretches = () if document is None else document.stretches
        if shape != self.viewport.image:
            # A crop or its undo keeps the zoom where one was chosen, an enlargement what is seen; another picture is
            # shown whole.
            if self._document is None or self._document is not document:
                self.viewport.show(shape)
            elif stretches != self._stretches:
                self.viewport.enlarge(shape)
            else:
                self.viewport.reshape(shape)
            self.zoom_changed.emit(self.viewport.zoom)
        elif self._document is not self.editor.document and self._document is not None:
            self.viewport.show(shape)
            self.zoom_changed.emit(self.viewport.zoom)
        self._document, self._stretches = document, stretches
        self._over.follow_guides()
        self._moved()
        self.update()

    def _state_changed(self) -> None:
        self._over.follow()
        self._follow_outline()
        self._choose_cursor()
        self._describe()

    def _panned(self, dx: int, dy: int) -> None:
        self._scroll(dx, dy)
        self._moved()

    def _zoomed(self, gently: bool) -> None:
        self.zoomed(gently)
        self._moved()
        self.zoom_changed.emit(self.viewport.zoom)

    def _moved(self) -> None:
        self.scene.look_at(self.viewport.zoom, self.viewport.visible)
        self._over.moved()
        self._follow_outline()
        self._choose_cursor()
        self._describe()
        self.contours.look()
        self.view_changed.emit()

    def _scroll(self, dx: int, dy: int) -> None:
        """Move what is painted already, where nothing is painted over it that stays.

        Not at fractional scalings: Qt rounds the edges of what it moves there.
        """
        ratio = self.ratio
        covered = self.comparison.active or self.enlarged.on or self.loupe.on
        still = covered or self._ring or not self.isVisible()
        if still or ratio % 1 or dx % ratio or dy % ratio or self._unfinished:
            self.update()
            return
        over = self._outline.bounds(self.viewport, ratio)  # the nib stays under the pointer: not what was below it
        self.update_device(*over, *(bounds.shift(dy, dx) for bounds in over))
        self.scroll(round(dx / ratio), round(dy / ratio))

    def _describe(self) -> None:
        text = _("{zoom}, {tool}").format(zoom=words.zoom(self.viewport.zoom), tool=_(self.editor.tool.name))
        if text != self.accessibleDescription():
            self.setAccessibleDescription(text)

    @property
    def outline(self) -> Outline:
        """What is drawn of the tool now, in image coordinates."""
        return self._outline.outline

    # --- the pointer -------------------------------------------------------------------------------------------------
    def _felt(self) -> None:
        """The pointer did something: tell where it is, draw the tool's outline there, choose the cursor."""
        at = self.touch.at
        if at is None:
            self.cursor_moved.emit(None, None)
        else:
            self.cursor_moved.emit(*self.viewport.to_image(at.x() * self.ratio, at.y() * self.ratio))
        self.loupe.follow(at)
        self._follow_outline()
        self._choose_cursor()

    def _begin_stroke(self, pointer: Pointer) -> None:
        self.scene.begin_stroke(pointer.x, pointer.y)

    def _follow_outline(self) -> None:
        """Draw the tool's outline where it is now."""
        hidden = self.touch.moves_view or self.touch.switches or self.loupe.on or self.divider.hot
        pointer = None if hidden else self.touch.pointer
        outline = self.editor.outline(pointer, self._sees) if self.editor.document is not None else Outline()
        if pointer is None:
            outline = replace(outline, circles=())
        dirty = self._outline.become(outline, self.viewport, self.ratio)
        # While it paints, one box holds what the nib leaves, too: a few large boxes are painted sooner than many small.
        reach = self._margin() + math.ceil(self.scene.style.growth * self.viewport.zoom) if self.touch.drawing else 0
        boxes = [region.pad(reach) for region in dirty]
        box = Region.around(boxes)
        self.update_device(*([box] if box.area <= CLOSE * sum(b.area for b in boxes) else boxes))

    def _sees(self, x: float, y: float) -> bool:
        """Is the picture itself seen at an image point, and not the original?"""
        return not self.comparison.covers(self.viewport.to_screen(x, y)[0])

    def _choose_cursor(self) -> None:
        shape = self.touch.cursor(nib=bool(self._outline.outline.circles))
        if self.cursor().shape() != shape:
            self.setCursor(shape)

    # --- painting ----------------------------------------------------------------------------------------------------
    def layers_at(self, rect: Region) -> list[tuple[Region, list[Layer]]]:
        after = super().layers_at(rect)[0][1]
        return self.comparison.layers_at(rect, after)

    def paint_over(self, painter: QPainter) -> None:
        document = self.editor.document
        if document is not None:
            if self.contours.on and not self.comparison.held:
                self.contours.paint(painter, plain=self.editor.settings.preferences.contour_ground == "plain")
            self._over.paint(painter, edges=not (self.contours.on or self.comparison.held))
            if not self.comparison.held:
                self.enlarged.paint(painter)
            self.comparison.paint(painter)
            self._outline.paint(painter, self.viewport, self.ratio, self.dirty)
            self.loupe.paint(painter)
        if self._ring:
            frame = Region(0, 0, self.viewport.height, self.viewport.width)
            width = round(FOCUS_FRAME * self.ratio)
            overlays.paint_focus(painter, frame, width, QColor(current().focus))

    # --- Qt: mouse ---------------------------------------------------------------------------------------------------
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self.touch.pen_down:
            self.touch.feel(event.position(), event.modifiers())
            self.touch.press(BUTTONS.get(event.button(), Button.NONE))
            self._felt()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.touch.pen_down:
            self.touch.feel(event.position(), event.modifiers())
            if event.buttons() == Qt.MouseButton.NoButton:
                self.touch.lost()
            self.touch.move()
            self._felt()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if not self.touch.pen_down:
            self.touch.feel(event.position(), event.modifiers())
            self.touch.release(BUTTONS.get(event.button(), Button.NONE))
            self._felt()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.touch.pen_down:
            return
        button = BUTTONS.get(event.button(), Button.NONE)
        if button is Button.LEFT and self.editor.tool.id == "hand" and self.touch.held is Drag.NONE:
            self.navigation.fit()
            return
        self.touch.feel(event.position(), event.modifiers())
        self.touch.double_press(button)
        self._felt()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        event.accept()  # a right drag erases

    def enterEvent(self, event: QEnterEvent) -> None:
        self.touch.feel(event.position(), event.modifiers())
        self._felt()
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.touch.leave()
        self._felt()
        super().leaveEvent(event)

    # --- Qt: pen -----------------------------------------------------------------------------------------------------
    def tabletEvent(self, event: QTabletEvent) -> None:
        self.touch.feel(event.position(), event.modifiers(), event.pressure())
        if event.type() == QEvent.Type.TabletPress:
            self.touch.press(pen_button(event), pen=True)
        elif event.type() == QEvent.Type.TabletMove:
            self.touch.move(pen=True)
        elif event.type() == QEvent.Type.TabletRelease:
            self.touch.release(pen_button(event), pen=True)
        self._felt()
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
        self.touch.feel(event.position(), event.modifiers())
        self._felt()
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
        if drag is not None and (plain or self.touch.held is drag):
            if not event.isAutoRepeat():
                self._hold_drag(drag)
            return
        super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if self.keys.get(Qt.Key(event.key())) is self.touch.held and self.touch.held is not Drag.NONE:
            if not event.isAutoRepeat():
                self._hold_drag(Drag.NONE)
            return
        super().keyReleaseEvent(event)

    def _hold_drag(self, drag: Drag) -> None:
        self.touch.held = drag
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
