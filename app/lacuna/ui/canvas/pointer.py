"""Events of mouse and pen as pointers in image coordinates, and which of the two is drawing."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPointingDevice, QTabletEvent

from lacuna.editor.editor import Editor
from lacuna.editor.tool import Button, Modifier, Pointer
from lacuna.ui.canvas.viewport import Viewport

MODIFIERS = (
    (Qt.KeyboardModifier.ShiftModifier, Modifier.SHIFT),
    (Qt.KeyboardModifier.ControlModifier, Modifier.CTRL),
    (Qt.KeyboardModifier.AltModifier, Modifier.ALT),
)
BUTTONS = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.RightButton: Button.RIGHT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
}


def pointer_at(
    viewport: Viewport,
    position: QPointF,
    ratio: float,
    modifiers: Qt.KeyboardModifier,
    button: Button = Button.NONE,
    pressure: float | None = None,
) -> Pointer:
    """A pointer at a position of the widget; `ratio` is the widget's device pixels a unit."""
    x, y = viewport.to_image(position.x() * ratio, position.y() * ratio)
    return Pointer(x, y, pressure, button, modifiers_of(modifiers), viewport.zoom / ratio)


def modifiers_of(keys: Qt.KeyboardModifier) -> Modifier:
    """Those that tools know."""
    found = Modifier.NONE
    for theirs, ours in MODIFIERS:
        if keys & theirs:
            found |= ours
    return found


def pen_button(event: QTabletEvent) -> Button:
    """What a pen's press means: its other end erases, its side button is the right one."""
    if event.pointerType() == QPointingDevice.PointerType.Eraser:
        return Button.ERASER
    return BUTTONS.get(event.button(), Button.LEFT)


class Stylus:
    """Hands what mouse and pen do to the editor: from press to release one of them draws, and the pen goes first.

    Some systems send mouse events along with a pen's, before it or after; they are not heard while the pen is down.
    A pen's press may lie about its pressure, so the stroke begins with the first move, and ends with the last one's.
    """

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.button = Button.NONE  # that is down for the tool
        self.pen_down = False
        self._waiting: Pointer | None = None  # the pen's press, until its first move
        self._pressure: float | None = None

    @property
    def drawing(self) -> bool:
        return self.button is not Button.NONE

    def press(self, at: Pointer) -> None:
        """A mouse button went down."""
        if not self.pen_down and not self.drawing:
            self.button = at.button
            self._editor.press(at)

    def move(self, at: Pointer) -> None:
        """The mouse moved, pressed or not: an unfinished shape follows it."""
        if not self.pen_down:
            self._editor.move(replace(at, button=self.button))

    def release(self, at: Pointer) -> None:
        """The mouse button that was pressed went up; others are not heard."""
        if not self.pen_down and self.drawing and at.button is self.button:
            self._editor.release(at)
            self.button = Button.NONE

    def double_click(self, at: Pointer) -> None:
        """Comes in the place of a second quick press."""
        if not self.pen_down and not self.drawing:
            self.button = at.button
            self._editor.double_click(at)

    def pen_press(self, at: Pointer) -> None:
        """The pen touched. If a mouse press came first, the pen goes on with that stroke."""
        self.pen_down = True
        self._pressure = at.pressure
        if not self.drawing:
            self.button = at.button
            self._waiting = at

    def pen_move(self, at: Pointer) -> None:
        """The pen moved, touching or above."""
        at = replace(at, button=self.button)
        if self._waiting is not None:
            start, self._waiting = self._waiting, None
            self._editor.press(replace(start, pressure=at.pressure))
        if self.pen_down:
            self._pressure = at.pressure
        self._editor.move(at)

    def pen_release(self, at: Pointer) -> None:
        """The pen was lifted."""
        if self._waiting is not None:  # a tap
            start, self._waiting = self._waiting, None
            self._editor.press(start)
        if self.drawing:
            self._editor.release(replace(at, button=self.button, pressure=self._pressure))
        self.button, self.pen_down = Button.NONE, False
