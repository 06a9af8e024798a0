"""What a tool is: settings and an outline; a press makes a gesture, which owns one open edit until its end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Any, Protocol

import numpy as np

from lacuna.contract.guides import GuideStroke
from lacuna.contract.progress import Progress
from lacuna.document.document import Document
from lacuna.engine.composite import composite, differs
from lacuna.imaging.brush import Coverage
from lacuna.imaging.photo import Mask, Pixels
from lacuna.imaging.region import Region

Covered = Mapping[tuple[int, int], Coverage]  # how far a nib has covered pixels of the photo, by tile


class Modifier(Flag):
    NONE = 0
    SHIFT = auto()
    CTRL = auto()
    ALT = auto()


class Button(Flag):
    NONE = 0
    LEFT = auto()
    RIGHT = auto()
    MIDDLE = auto()
    ERASER = auto()  # the pen's other end


@dataclass(frozen=True)
class Pointer:
    """Where the mouse, pen or finger is, in image coordinates (pixel 0 covers 0..1); may lie outside the picture.

    `pressure` is None for devices without; `scale` is screen pixels an image pixel, for sizes meant on the screen.
    """

    x: float
    y: float
    pressure: float | None = None
    button: Button = Button.LEFT  # that was pressed
    modifiers: Modifier = Modifier.NONE
    scale: float = 1.0

    @property
    def erases(self) -> bool:
        """Alt, the right button and the pen's eraser turn any mask tool round."""
        return bool(self.modifiers & Modifier.ALT) or bool(self.button & (Button.RIGHT | Button.ERASER))


@dataclass(frozen=True)
class Outline:
    """What to draw over the picture while a tool is used, in image coordinates.

    `circles` are (x, y, radius) of the nib and, after it, of the place it copies from; `path` is an unfinished line
    through (x, y) points, closed where `closed`; `guide` is what it will be a line of, and is drawn as.
    """

    circles: tuple[tuple[float, float, float], ...] = ()
    path: tuple[tuple[float, float], ...] = ()
    closed: bool = False
    guide: GuideStroke | None = None


@dataclass(frozen=True, eq=False)
class Laid:
    """`pixels` (h, w, 3) to show at `region` over a picture that they are not in: where they differ from `over`.

    `over` is what was there. Where the picture is another by now, something newer lies on top, and that is shown.
    """

    region: Region
    pixels: Pixels
    over: Pixels

    def changes(self, region: Region) -> bool:
        """Is there anything to show in `region`?"""
        part = self.region.intersect(region)
        if part.empty:
            return False
        inside = part.slices_in(self.region)
        return bool(differs(self.pixels[inside], self.over[inside]).any())

    def below(self, left: Mask) -> Laid:
        """The same where something was painted over it, of which `left` (h, w) lets 255 show it all, 0 nothing."""
        return Laid(self.region, composite(self.over, self.pixels, left), self.over)

    def anew(self, now: Pixels) -> Laid:
        """The same over `now`: what the picture has become below it."""
        return Laid(self.region, np.where(differs(self.pixels, self.over)[..., None], self.pixels, now), now.copy())


class Rest(Protocol):
    """What is left to do of a gesture that was released: work too long for the owner's thread."""

    label: str
    proposes: bool  # it changes nothing: what it finds is proposed

    @property
    def laid(self) -> tuple[Laid, ...]:
        """What to show over the picture until it is done."""
        ...

    def painted_over(self, covered: Covered) -> None:
        """On the owner's thread, at any time: the photo was painted on since the gesture, and that stays on top."""
        ...

    def begin(self) -> None:
        """On the owner's thread when its turn has come, after all that came of the work before it."""
        ...

    def run(self, progress: Progress) -> None:
        """In the worker."""
        ...

    def make(self) -> Region:
        """On the owner's thread: make the change, as one edit; what it changed."""
        ...

    def dropped(self) -> None:
        """On the owner's thread: it was cancelled or failed, and `make` will not come."""
        ...


class Gesture(Protocol):
    """One press to its end. Nothing half-open stays on the tool."""

    def move(self, at: Pointer) -> None: ...

    def release(self, at: Pointer) -> bool:
        """True when the gesture is over; False if it waits for another press (polygon)."""
        ...

    def press(self, at: Pointer) -> bool:
        """A further press of a gesture that waits; True when that ended it."""
        ...

    def finish(self) -> None:
        """Close and commit what there is (Enter, double click)."""
        ...

    def back(self) -> bool:
        """Take the last point back (Backspace); True when none is left, which ends the gesture."""
        ...

    def cancel(self) -> None:
        """Put everything back as it was."""
        ...

    def outline(self) -> Outline:
        """What the canvas draws while it lasts."""
        ...

    @property
    def writes(self) -> bool:
        """It holds an open edit until its end, which would take in any other change."""
        ...

    @property
    def erases(self) -> bool:
        """It takes away from the mask."""
        ...

    @property
    def drawn(self) -> Region:
        """What it has changed in its plane; empty before, and where it changed nothing."""
        ...

    @property
    def covered(self) -> Covered:
        """Where it has painted the photo, even with what was there already; empty if it has not."""
        ...

    @property
    def rest(self) -> Rest | None:
        """What was too long for the owner's thread when it was released, for a job; None if all is done."""
        ...


class Tool(Protocol):
    """A tool: `Options` is a described params class (`contract.params`), `id` its name in settings and actions."""

    id: str
    name: str  # N_
    Options: type
    paints_mask: bool  # its changes count as strokes for "Fill after each stroke"
    continues: bool  # Shift+press draws a straight segment from the last stroke's end

    def press(self, document: Document, at: Pointer, options: Any) -> Gesture | None:
        """Begin a gesture; None for a tool that changes nothing."""
        ...

    def begins(self, at: Pointer) -> bool:
        """Would a press there begin a gesture? Not if it moves the view, names a place, or lacks something."""
        ...

    def forget(self) -> None:
        """Another picture, or another frame: places that were kept mean nothing any more."""
        ...

    def outline(self, at: Pointer, options: Any) -> Outline:
        """The nib under the pointer while nothing is pressed."""
        ...
