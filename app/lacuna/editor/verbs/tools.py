"""Which tool is in hand, and what the pointer does with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lacuna.editor.clone import CROSS
from lacuna.editor.tool import Outline, Pointer, Tool
from lacuna.editor.values import Message
from lacuna.editor.verbs.base import Verbs
from lacuna.i18n import _


class ToolVerbs(Verbs):
    """From the pointer to a gesture: what stands in its way is settled first."""

    @property
    def tool(self) -> Tool:
        return self.toolbox.tool

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All tools, in the order of the tool bar."""
        return self.toolbox.tools

    @property
    def options(self) -> Any:
        """The tool's options as they are now."""
        return self.toolbox.options

    def use(self, tool_id: str) -> None:
        """Take another tool in hand; a stroke ends where it is, an unfinished shape is dropped."""
        self._guarded(self.toolbox.part)
        self.toolbox.use(tool_id)
        if tool_id == "restore" and self.document is not None:
            self.files.load_original(self.document)
        self.state_changed()

    def set_option(self, name: str, value: Any) -> None:
        self._guarded(lambda: self.toolbox.set_option(name, value))

    def swap_erase(self) -> None:
        """X: paint becomes erase and back."""
        self._guarded(self.toolbox.swap_erase)

    def resize_brush(self, steps: float) -> None:
        """`steps` times 1.1, at least 1 px."""
        self._guarded(lambda: self.toolbox.resize(steps))

    def harden_brush(self, steps: float) -> None:
        """`steps` times 10 percent."""
        self._guarded(lambda: self.toolbox.harden(steps))

    def press(self, at: Pointer) -> None:
        """The pointer went down: a gesture begins, or one that waits goes on.

        A try that is shown is accepted before a gesture begins; naming a place to copy from leaves it as it is.
        """
        document = self.document
        if document is None or (self.gesture is None and self.proposals.press(at)):
            return
        if self.tool.id == "restore" and self.gesture is None and not document.original_ready:
            self.files.load_original(document)
            original = _("The original is being loaded.")
            self.tell(Message(original, _("Paint again in a moment."), over=lambda: document.original_ready))
            return
        tool = self.tool
        begins = self.gesture is not None or tool.begins(at)
        if self.gesture is None and begins:
            self._settle()
        over = None if begins else lambda: self.tool is not tool or tool.begins(at)
        self._guarded(lambda: self.toolbox.press(document, at), over)

    def move(self, at: Pointer) -> None:
        """The pointer moved. Only planes tell what changed: this comes up to a thousand times a second."""
        self.toolbox.move(at)

    def release(self, at: Pointer) -> None:
        """The pointer went up: the gesture ends as one edit, or waits for the next press."""
        if self.gesture is not None:
            self._guarded(lambda: self.toolbox.release(at))

    def double_click(self, at: Pointer) -> None:
        """Comes in the place of a second quick press: closes a polygon, and is a press like any other for the rest."""
        if self.gesture is None:
            self.press(at)
        else:
            self._guarded(lambda: self.toolbox.finish(at))

    def outline(self, at: Pointer | None, seen: Callable[[float, float], bool] = lambda _x, _y: True) -> Outline:
        """What to draw over the picture now: the gesture's outline, else the nib at `at`; and where that came from.

        Not beside the source that a stroke copies from: two crosses that look alike would not say which is which. And
        not where the original covers the picture: `seen(x, y)` tells whether the picture itself is in view.
        """
        outline = self.toolbox.outline(at)
        copies = len(outline.circles) > 1
        if self.settings.preferences.show_origin and at is not None and self.document is not None and not copies:
            origin = self.filling.origins.at(self.document, at.x, at.y)
            x, y = (0.0, 0.0) if origin is None else (origin[0] + 0.5, origin[1] + 0.5)
            if origin is not None and seen(at.x, at.y) and seen(x, y):
                outline = replace(outline, circles=(*outline.circles, (x, y, CROSS)))
        return outline
