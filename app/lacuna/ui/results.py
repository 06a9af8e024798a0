"""Where results of fills are shown, over the picture or side by side, and the verbs that mean something else there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lacuna.engine.registry import backends
from lacuna.ui.actions import has_results

if TYPE_CHECKING:
    from lacuna.ui.canvas.canvas import Canvas
    from lacuna.ui.canvas.navigation import Navigation
    from lacuna.ui.main_window import MainWindow
    from lacuna.ui.panels.side_by_side import SideBySide


class Results:
    """For the window and its actions."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        window.side_by_side.toggled.connect(self._toggled)

    @property
    def view(self) -> Canvas | SideBySide:
        """What is in view of a picture, and moved by the keys."""
        return self._window.side_by_side if self._window.side_by_side.on else self._window.canvas

    @property
    def navigation(self) -> Navigation:
        return self.view.navigation

    def ask_compare(self) -> None:
        """Let the person choose methods to compare; their results are shown side by side."""
        from lacuna.ui.dialogs.compare_methods import CompareMethods

        window = self._window

        def compare(chosen: Sequence[str]) -> None:
            window.editor.compare(chosen)
            window.side_by_side.open()

        CompareMethods(backends(), window.editor.backend, compare, window).open()

    def ask_take_out(self) -> None:
        """Find out what lies beneath the marks that were found, and ask whether it should take their place."""
        from lacuna.ui.dialogs.take_out_mark import TakeOutMark

        window = self._window
        window.editor.marks.take_out(lambda removable: TakeOutMark(window.editor, removable, window).open())

    def show_side_by_side(self, on: bool) -> None:
        self._window.side_by_side.open() if on else self._window.side_by_side.leave()

    def sideways(self, step: int) -> None:
        """Show the next of the results offered, or the one before; with none, move the view."""
        offer = self._window.editor.offer
        if offer is not None and has_results(self._window):
            self._window.editor.choose(offer.chosen + step)
        else:
            self.navigation.nudge(step, 0)

    def upright(self, step: int) -> None:
        """Choose the result below or above, where they lie side by side; else move the view."""
        if self._window.side_by_side.on:
            self._window.side_by_side.choose_row(step)
        else:
            self.navigation.nudge(0, step)

    def escape(self) -> None:
        """Go back to the picture; from there, what the editor has to stop or to drop; a preview before a mask."""
        editor, enlarge = self._window.editor, self._window.enlarge
        if self._window.side_by_side.on:
            self._window.side_by_side.leave()
        elif enlarge.previewing and not (
            editor.gesture or editor.offer or editor.proposals.shown or editor.contours.proposed or editor.stoppable
        ):
            enlarge.close_preview()
        else:
            self._window.editor.escape()

    def _toggled(self, on: bool) -> None:
        window = self._window
        window.offer_strip.aside = window.status.side_by_side = on
        window.stage.show_results(on)
        window.messages.leave_clear(window.side_by_side, window.side_by_side.bar_height if on else 0)
        self.view.setFocus()
        window.status.show_zoom(self.view.viewport.zoom)
        window.editor.state_changed()
