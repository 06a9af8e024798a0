"""Guide lines, colour hints and sampling areas: drawn, moved and taken away, each change one edit."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.params import choice, colour, number, switch
from lacuna.document.document import Document
from lacuna.editor.guide_gestures import Drawing, Moving, Painting, Removing, Rubbing, Surrounding
from lacuna.editor.nearness import NEAR, Nearness
from lacuna.editor.proposed_lines import ProposedLines
from lacuna.editor.selections import Lasso
from lacuna.editor.snapping import Snapping
from lacuna.editor.tool import Gesture, Modifier, Outline, Pointer
from lacuna.i18n import N_
from lacuna.imaging.region import Region

LINE_WIDTH = 3.0  # image pixels, at first
HINT_WIDTH = 16.0
AROUND = 1  # pixels around the one whose colour is taken up: grain is not what is meant

LINE_KINDS = ((Guide.LINE.value, N_("Line to continue")), (Guide.ERASE_EDGE.value, N_("No edge here")))
AREA_KINDS = ((Guide.SOURCE.value, N_("Copy from here")), (Guide.NEVER.value, N_("Never copy from here")))


@dataclass(frozen=True)
class LineOptions:
    """What a line says, and how wide it is."""

    kind: str = choice(Guide.LINE.value, LINE_KINDS, label=N_("Kind"))
    width: float = number(LINE_WIDTH, 1.0, 100.0, unit="px", label=N_("Width"), step=1)
    snap: bool = switch(
        False, label=N_("Snap to edges"), help=N_("From click to click along edges, and straight through the mask.")
    )


@dataclass(frozen=True)
class HintOptions:
    """Which colour, and how wide a stroke of it is."""

    colour: str = colour("#808080", label=N_("Colour"), help=N_("Alt+click in the picture takes one up."))
    width: float = number(HINT_WIDTH, 1.0, 400.0, unit="px", label=N_("Width"), step=1)


@dataclass(frozen=True)
class AreaOptions:
    """What an area says."""

    kind: str = choice(Guide.SOURCE.value, AREA_KINDS, label=N_("Kind"))


class GuideTool(Lasso):
    """What tools share that draw guides: a press on a point moves it, Alt or the right button takes away."""

    paints_mask = False
    kinds: tuple[Guide, ...] = ()

    def __init__(self) -> None:
        self._document: Document | None = None  # the one that was last drawn in: its points show under the pointer
        self._near = Nearness()

    def forget(self) -> None:
        self._document = None

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        self._document = document
        if at.erases:
            return self._taken_away(document, at, options)
        found = self._near.point(document.guides, at, self.kinds)
        if found is not None:
            return Moving(document, *found, at)
        return self._begun(document, at, options)

    def _taken_away(self, document: Document, at: Pointer, _options: Any) -> Gesture:
        return Removing(document, at, self.kinds, self._near)

    @abstractmethod
    def _begun(self, document: Document, at: Pointer, options: Any) -> Gesture: ...

    def outline(self, at: Pointer, options: Any) -> Outline:
        found = None if self._document is None else self._near.point(self._document.guides, at, self.kinds)
        if found is None:
            return Outline(circles=((at.x, at.y, options.width / 2),))
        x, y = found[0].points[found[1]]
        return Outline(circles=((x, y, NEAR / 2 / max(at.scale, 1e-6)),))


class GuideLine(GuideTool):
    """Lines that say how the picture runs behind the hole: by hand, or straight from click to click.

    A press on a point of a line moves that, one on a proposed line takes it. Alt or the right button takes away: a
    click a line, a drag the edges below.
    """

    id = "guide"
    name = N_("Guide line")
    Options: type = LineOptions
    kinds = (Guide.LINE, Guide.ERASE_EDGE)

    def __init__(self, proposed: ProposedLines) -> None:
        super().__init__()
        self._proposed = proposed

    def forget(self) -> None:
        super().forget()
        self._proposed.drop()

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        return self._proposed.press(document, at) or super().press(document, at, options)

    def _taken_away(self, document: Document, at: Pointer, options: Any) -> Gesture:
        return Rubbing(document, at, self.kinds, self._near, options.width)

    def _begun(self, document: Document, at: Pointer, options: Any) -> Gesture:
        kind = Snapping if options.snap else Drawing
        return kind(document, at, GuideStroke(Guide(options.kind), (), options.width))


class ColourHint(GuideTool):
    """Strokes of a colour that shall stand where they lie. Alt+click takes a colour of the picture up.

    `took(colour)` is told of it, as "#rrggbb". A press on a point moves that; the right button takes a stroke away.
    """

    id = "hint"
    name = N_("Colour hint")
    Options: type = HintOptions
    kinds = (Guide.HINT,)

    def __init__(self, took: Callable[[str], object]) -> None:
        super().__init__()
        self._took = took

    def begins(self, at: Pointer) -> bool:
        return not _takes_up(at)

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        if _takes_up(at):
            colour = colour_at(document, at)
            if colour:
                self._took(colour)
            return None
        return super().press(document, at, options)

    def _begun(self, document: Document, at: Pointer, options: Any) -> Gesture:
        colour = options.colour
        red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        return Painting(document, at, GuideStroke(Guide.HINT, (), options.width, (red, green, blue)))


def _takes_up(at: Pointer) -> bool:
    return bool(at.modifiers & Modifier.ALT)


def colour_at(document: Document, at: Pointer) -> str:
    """The mean of the pixel under the pointer and those around it, as "#rrggbb"; "" beside the picture."""
    x, y = math.floor(at.x), math.floor(at.y)
    if not (0 <= y < document.shape[0] and 0 <= x < document.shape[1]):
        return ""
    around = Region(y, x, y + 1, x + 1).pad(AROUND).clip(document.shape)
    mean = document.photo.pixels[around.slices].astype(np.float64).mean((0, 1)) / document.header.white
    red, green, blue = (round(255 * min(1.0, max(0.0, float(part)))) for part in mean)
    return f"#{red:02x}{green:02x}{blue:02x}"


class SamplingArea(Lasso):
    """Areas that may be copied from, or never: drawn around; Alt or the right button takes one away."""

    id = "sampling"
    name = N_("Sampling area")
    Options: type = AreaOptions
    paints_mask = False
    kinds = (Guide.SOURCE, Guide.NEVER)

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture:
        if at.erases:
            return Removing(document, at, self.kinds, Nearness())
        return Surrounding(document, at, GuideStroke(Guide(options.kind), (), 1.0, closed=True))
