"""Guide lines and sampling areas: drawn, moved and taken away, each change one edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.params import choice, number, switch
from lacuna.document.document import Document
from lacuna.editor.guide_gestures import Drawing, Moving, Removing, Surrounding
from lacuna.editor.nearness import NEAR, Nearness
from lacuna.editor.selections import Lasso
from lacuna.editor.snapping import Snapping
from lacuna.editor.tool import Outline, Pointer
from lacuna.i18n import N_

LINE_WIDTH = 3.0  # image pixels, at first

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
class AreaOptions:
    """What an area says."""

    kind: str = choice(Guide.SOURCE.value, AREA_KINDS, label=N_("Kind"))


class GuideLine(Lasso):
    """Lines that say how the picture runs behind the hole: by hand, or straight from click to click.

    A press on a point of a line moves that; Alt or the right button takes a line away.
    """

    id = "guide"
    name = N_("Guide line")
    Options: type = LineOptions
    paints_mask = False
    kinds = (Guide.LINE, Guide.ERASE_EDGE)

    def __init__(self) -> None:
        self._document: Document | None = None  # the one that was last drawn in: its points show under the pointer
        self._near = Nearness()

    def forget(self) -> None:
        self._document = None

    def press(self, document: Document, at: Pointer, options: Any) -> Drawing | Moving | Removing:  # type: ignore[override]
        self._document = document
        if at.erases:
            return Removing(document, at, self.kinds, self._near)
        found = self._near.point(document.guides, at, self.kinds)
        if found is not None:
            return Moving(document, *found, at)
        kind = Snapping if options.snap else Drawing
        return kind(document, at, GuideStroke(Guide(options.kind), (), options.width))

    def outline(self, at: Pointer, options: Any) -> Outline:
        found = None if self._document is None else self._near.point(self._document.guides, at, self.kinds)
        if found is None:
            return Outline(circles=((at.x, at.y, options.width / 2),))
        x, y = found[0].points[found[1]]
        return Outline(circles=((x, y, NEAR / 2 / max(at.scale, 1e-6)),))


class SamplingArea(Lasso):
    """Areas that may be copied from, or never: drawn around; Alt or the right button takes one away."""

    id = "sampling"
    name = N_("Sampling area")
    Options: type = AreaOptions
    paints_mask = False
    kinds = (Guide.SOURCE, Guide.NEVER)

    def press(self, document: Document, at: Pointer, options: Any) -> Surrounding | Removing:  # type: ignore[override]
        if at.erases:
            return Removing(document, at, self.kinds, Nearness())
        return Surrounding(document, at, GuideStroke(Guide(options.kind), (), 1.0, closed=True))
