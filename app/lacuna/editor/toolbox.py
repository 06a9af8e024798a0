"""The tools, their options, and the gesture that is going on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from lacuna.contract.params import describe, to_dict, validate
from lacuna.document.document import Document
from lacuna.editor.clone import CloneBrush
from lacuna.editor.guiding import ColourHint, GuideLine, SamplingArea
from lacuna.editor.heal import HealBrush
from lacuna.editor.picking import Pick, Pickers, grow_for
from lacuna.editor.proposals import Proposals
from lacuna.editor.proposed_lines import ProposedLines
from lacuna.editor.selections import Lasso, Polygon, Rectangle
from lacuna.editor.strokes import ERASE, LARGEST, PAINT, SMALLEST, Brush, Eraser, RestoreBrush
from lacuna.editor.tool import Covered, Gesture, Modifier, Outline, Pointer, Tool
from lacuna.editor.wand import Wand
from lacuna.errors import InvalidParameter
from lacuna.i18n import N_
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners
from lacuna.settings import Settings

STEP = 1.1  # a step of the brush's size
HARDNESS_STEP = 10.0  # percent
SHARE_OF_SHORT_SIDE = 0.05  # the brush at first


@dataclass(frozen=True)
class HandOptions:
    """The hand has none."""


class Hand:
    """Moves the view, which is the canvas's business: nothing in the document."""

    id = "hand"
    name = N_("Hand")
    Options: type = HandOptions
    paints_mask = False
    continues = False

    def begins(self, at: Pointer) -> bool:
        return False

    def forget(self) -> None:
        return

    def press(self, document: Document, at: Pointer, options: Any) -> None:
        return None

    def outline(self, at: Pointer, options: Any) -> Outline:
        return Outline()


@dataclass(frozen=True)
class Ended:
    """How a gesture ended: where the pointer was, and with which modifiers."""

    tool: Tool
    gesture: Gesture
    at: Pointer | None


class Toolbox:
    """Which tool is in hand, with which options, and what it is doing.

    Options are remembered in the settings. The size of a nib is not: it follows each picture opened (5 % of its short
    side) until the person sets it, and stays as set from then on for as long as the program runs.
    `freed()` tells that a gesture is over, before `ended` acts on what it drew; and before that, as what waited for
    the end of a stroke may lie below it, `painted(covered)` tells what one that came to its end has covered.
    """

    def __init__(
        self, settings: Settings, proposals: Proposals, pickers: Pickers, ended: Callable[[Ended], None]
    ) -> None:
        self.lines = ProposedLines()
        self.tools: tuple[Tool, ...] = (
            Brush(), Eraser(), RestoreBrush(), CloneBrush(), HealBrush(), Lasso(), Polygon(), Rectangle(),
            Wand(), Pick(proposals, pickers),
            GuideLine(self.lines), ColourHint(self._take_colour), SamplingArea(), Hand(),
        )  # fmt: skip
        self.gesture: Gesture | None = None
        self.painted: Listeners[[Covered]] = Listeners()
        self.freed: Listeners[[]] = Listeners()
        self.last_drawn = Region(0, 0, 0, 0)  # what the last brush stroke covered
        self._settings = settings
        self._ended = ended
        self._options: dict[str, Any] = {t.id: self._remembered(t) for t in self.tools}
        self._set_by_hand: set[tuple[str, str]] = set()  # tool and option
        self._gesture_tool: Tool = self.tools[0]
        self._last_end: Pointer | None = None
        self.tool: Tool = next((t for t in self.tools if t.id == settings.tool), self.tools[0])

    # --- choosing ----------------------------------------------------------------------------------------------------
    @property
    def options(self) -> Any:
        return self._options[self.tool.id]

    def use(self, tool_id: str) -> None:
        self.tool = next(t for t in self.tools if t.id == tool_id)
        self._settings.tool = tool_id

    def set_option(self, name: str, value: Any) -> None:
        """Raises InvalidParameter for a value out of range."""
        self._set_by_hand.add((self.tool.id, name))
        self._set(self.tool, name, value)

    def _take_colour(self, colour: str) -> None:
        self.set_option("colour", colour)

    def swap_erase(self) -> None:
        """Turn the tool round; the eraser's other side is the brush."""
        if self.tool.id == "eraser":
            self.use("brush")
            self._set(self.tool, "mode", PAINT)
        elif hasattr(self.options, "mode"):
            self._set(self.tool, "mode", PAINT if self.options.mode == ERASE else ERASE)

    def resize(self, steps: float) -> None:
        """A nib's size, or the width of a line."""
        param = next((p for p in describe(self.tool.Options) if p.name in ("size", "width")), None)
        if param is not None:
            old = getattr(self.options, param.name)
            new = round(old * STEP**steps)
            if abs(new - old) < 1:  # small nibs go by whole pixels
                new = round(old + (1 if steps > 0 else -1))
            self.set_option(param.name, min(param.high or LARGEST, max(param.low or SMALLEST, new)))

    def harden(self, steps: float) -> None:
        if hasattr(self.options, "hardness"):
            self.set_option("hardness", min(100.0, max(0.0, self.options.hardness + HARDNESS_STEP * steps)))

    def forget_places(self) -> None:
        """Another picture, or another frame: no stroke goes on from the last, and nothing is copied from its source."""
        self._last_end, self.last_drawn = None, Region(0, 0, 0, 0)
        for tool in self.tools:
            tool.forget()

    def fit(self, shape: tuple[int, int]) -> None:
        """Another picture: sizes that the person has not set become such as suit it, and a line is no eraser."""
        self.gesture = None
        self.forget_places()
        for tool in self.tools:
            if isinstance(tool, GuideLine):
                self._set(tool, "kind", tool.Options().kind)
        size = min(LARGEST, max(SMALLEST, round(SHARE_OF_SHORT_SIDE * min(shape))))
        for name, value in {"size": size, "grow": grow_for(shape)}.items():
            for tool in self.tools:
                if hasattr(self._options[tool.id], name) and (tool.id, name) not in self._set_by_hand:
                    self._set(tool, name, value)

    # --- pressing ----------------------------------------------------------------------------------------------------
    def press(self, document: Document, at: Pointer) -> None:
        at = self._as_meant(at)
        if self.gesture is not None:
            if self.gesture.press(at):
                self._end(at)
            return
        start = at
        if self.tool.continues and at.modifiers & Modifier.SHIFT and self._last_end is not None:
            start = replace(at, x=self._last_end.x, y=self._last_end.y)
        self._gesture_tool = self.tool
        self.gesture = self.tool.press(document, start, self._options_at(at))
        if self.gesture is not None and start is not at:
            self.gesture.move(at)

    def move(self, at: Pointer) -> None:
        if self.gesture is not None:
            self.gesture.move(self._as_meant(at))

    def release(self, at: Pointer) -> None:
        at = self._as_meant(at)
        if self.gesture is not None and self.gesture.release(at):
            self._end(at)

    def finish(self, at: Pointer | None = None) -> None:
        """Close the shape, or end the stroke where it is."""
        if self.gesture is not None:
            self.gesture.finish()
            self._end(at)

    def back(self) -> None:
        if self.gesture is not None and self.gesture.back():
            self.gesture = None
            self.freed()

    def cancel(self) -> None:
        if self.gesture is not None:
            gesture, self.gesture = self.gesture, None
            gesture.cancel()
            self.freed()

    def part(self) -> None:
        """The person turns to something else: a stroke ends where it is, as it has painted; a shape is dropped."""
        if self.gesture is not None and self.gesture.writes:
            self.finish()
        else:
            self.cancel()

    def outline(self, at: Pointer | None) -> Outline:
        if self.gesture is not None:
            return self.gesture.outline()
        return Outline() if at is None else self.tool.outline(at, self._options_at(at))

    def _end(self, at: Pointer | None) -> None:
        gesture, self.gesture = self.gesture, None
        assert gesture is not None
        if self._gesture_tool.continues:
            self._last_end = at
            if self._gesture_tool.paints_mask:
                self.last_drawn = gesture.drawn
        self.painted(gesture.covered)
        self.freed()
        self._ended(Ended(self._gesture_tool, gesture, at))

    def _as_meant(self, at: Pointer) -> Pointer:
        return at if self._settings.preferences.pen_pressure else replace(at, pressure=None)

    def _options_at(self, at: Pointer) -> Any:
        """The options, with a size meant on the screen turned into image pixels."""
        if hasattr(self.options, "size") and self._settings.preferences.brush_on_screen:
            size = self.options.size / max(at.scale, 1e-6)
            return replace(self.options, size=min(LARGEST, max(SMALLEST, size)))
        return self.options

    def _set(self, tool: Tool, name: str, value: Any) -> None:
        options: Any = validate(tool.Options, {**to_dict(self._options[tool.id]), name: value})
        self._options[tool.id] = options
        self._settings.tool_options[tool.id] = to_dict(options)

    def _remembered(self, tool: Tool) -> Any:
        """The options as kept in the settings; a value that no longer fits is left out."""
        kept = self._settings.tool_options.get(tool.id, {})
        options = tool.Options()
        for param in describe(tool.Options):
            if param.name in kept:
                try:
                    fits = getattr(validate(tool.Options, {param.name: kept[param.name]}), param.name)
                except InvalidParameter:
                    continue
                options = dataclasses.replace(options, **{param.name: fits})
        return options
