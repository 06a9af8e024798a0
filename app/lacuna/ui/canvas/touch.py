"""What the pointer does on the canvas: strokes for the tools, drags of the view and of the divider."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from lacuna.editor.editor import Editor
from lacuna.editor.tool import Button, Pointer
from lacuna.ui.canvas.divider import Divider
from lacuna.ui.canvas.navigation import Drag, Navigation
from lacuna.ui.canvas.pointer import Stylus, pointer_at


class Touch:
    """Decides whom a press is for, and leads the moves that follow to the same one until the release.

    `at` is where the pointer is, in the widget's units; None while it is elsewhere. `held` is the drag of a key that is
    held down. `begins(pointer)` is called before each stroke. While `looks()`, nothing can be drawn on: left drags move
    the view.
    """

    def __init__(
        self,
        editor: Editor,
        navigation: Navigation,
        divider: Divider,
        looks: Callable[[], bool],
        ratio: Callable[[], float],
        begins: Callable[[Pointer], None],
    ) -> None:
        self._editor = editor
        self._navigation = navigation
        self._divider = divider
        self._looks = looks
        self._ratio = ratio
        self._begins = begins
        self._stylus = Stylus(editor)
        self._pressure: float | None = None
        self._modifiers = Qt.KeyboardModifier.NoModifier
        self.at: QPointF | None = None
        self.held = Drag.NONE

    # --- state -------------------------------------------------------------------------------------------------------
    @property
    def drawing(self) -> bool:
        """A stroke is going on."""
        return self._stylus.drawing

    @property
    def pen_down(self) -> bool:
        """A pen touches; the mouse is not to be heard."""
        return self._stylus.pen_down

    @property
    def wanted(self) -> Drag:
        """What a left drag would do to the view now."""
        if self.held is not Drag.NONE:
            return self.held
        return Drag.PAN if self._editor.tool.id == "hand" or self._looks() else Drag.NONE

    @property
    def moves_view(self) -> bool:
        """The view is being dragged, or a left drag would drag it."""
        return self.wanted is not Drag.NONE or self._navigation.drag is not Drag.NONE

    @property
    def switches(self) -> bool:
        """A press here would switch a part that is proposed for the mask."""
        at = None if self.drawing or self.moves_view or self._editor.gesture is not None else self.pointer
        return at is not None and self._editor.proposals.at(at.x, at.y) is not None

    @property
    def pointer(self) -> Pointer | None:
        """Where the pointer is, for the tools; None while it is elsewhere."""
        return None if self.at is None else self._pointer(self._stylus.button)

    def cursor(self, *, nib: bool) -> Qt.CursorShape:
        """The cursor that says what a press would do; none where a `nib` is drawn."""
        if self._editor.document is None:
            return Qt.CursorShape.ArrowCursor
        if self._divider.dragging or (self._divider.hot and not self.drawing):
            return Qt.CursorShape.SplitHCursor
        if self._navigation.drag is Drag.PAN:
            return Qt.CursorShape.ClosedHandCursor
        if Drag.ZOOM in (self._navigation.drag, self.wanted):
            return Qt.CursorShape.SizeHorCursor
        if self.wanted is Drag.PAN:
            return Qt.CursorShape.OpenHandCursor
        if self.switches:
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.BlankCursor if nib else Qt.CursorShape.CrossCursor

    # --- events ------------------------------------------------------------------------------------------------------
    def feel(self, at: QPointF | None, modifiers: Qt.KeyboardModifier, pressure: float | None = None) -> None:
        """The pointer is there now, with these keys held and this pressure."""
        self.at, self._modifiers, self._pressure = at, modifiers, pressure

    def press(self, button: Button, *, pen: bool = False) -> None:
        """A button went down; during a stroke or a drag others change nothing."""
        assert self.at is not None
        if self.drawing and not pen:
            return
        if self._navigation.drag is not Drag.NONE or self._divider.dragging:
            return
        self._stylus.pen_down = pen
        if button is Button.MIDDLE:
            self._navigation.begin(Drag.PAN, self.at)
        elif button is Button.LEFT and self._divider.grips(self.at) and not self.drawing:
            self._divider.dragging = True
        elif button is Button.LEFT and self.wanted is not Drag.NONE and not self.drawing:
            self._navigation.begin(self.wanted, self.at)
        elif button is not Button.NONE:
            pointer = self._pointer(button)
            self._begins(pointer)
            (self._stylus.pen_press if pen else self._stylus.press)(pointer)

    def double_press(self, button: Button) -> None:
        """The second of two quick presses: closes a polygon."""
        assert self.at is not None
        if button is Button.LEFT and not self.moves_view and not self._divider.grips(self.at):
            self._stylus.double_click(self._pointer(button))
        else:
            self.press(button)

    def move(self, *, pen: bool = False) -> None:
        """The pointer moved, pressed or not."""
        assert self.at is not None
        if self._divider.dragging:
            self._divider.drag_to(self.at)
        elif self._navigation.drag is not Drag.NONE:
            self._navigation.move(self.at)
        else:
            self._divider.warm(not self.drawing and self._divider.grips(self.at))
            (self._stylus.pen_move if pen else self._stylus.move)(self._pointer(Button.NONE))

    def release(self, button: Button, *, pen: bool = False) -> None:
        """A button went up, or the pen was lifted."""
        assert self.at is not None
        if self._divider.dragging:
            self._divider.dragging = not (pen or button is Button.LEFT)
        elif self._navigation.drag is not Drag.NONE:
            self._navigation.end()
        elif pen:
            self._stylus.pen_release(self._pointer(button))
        else:
            self._stylus.release(self._pointer(button))
        if pen:
            self._stylus.pen_down = False

    def lost(self) -> None:
        """The pointer moves with no button down: a release went to another window. What it would have ended, ends."""
        if self.at is None or self.pen_down:
            return
        if self.drawing:
            self._stylus.release(self._pointer(self._stylus.button))
        self._navigation.end()
        self._divider.dragging = False

    def leave(self) -> None:
        """The pointer left the widget."""
        self.at = None
        self._divider.warm(False)

    def _pointer(self, button: Button) -> Pointer:
        assert self.at is not None
        viewport = self._navigation.viewport
        return pointer_at(viewport, self.at, self._ratio(), self._modifiers, button, self._pressure)
