"""Clone brush: a stroke that copies another place of the photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lacuna.contract.params import switch
from lacuna.document.document import Document
from lacuna.document.frozen import Frozen
from lacuna.editor.strokes import Brush, NibOptions, PhotoInk, Stroke
from lacuna.editor.tool import Modifier, Outline, Pointer
from lacuna.errors import NothingToCopy
from lacuna.i18n import N_, _
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

CROSS = 0.5  # image pixels: a nib too small to be seen is drawn with arms, which marks the source

Offset = tuple[int, int]  # (down, right) from the place painted to the place copied


@dataclass(frozen=True)
class CloneOptions(NibOptions):
    """The nib, and whether the source moves along from stroke to stroke."""

    aligned: bool = switch(
        True, label=N_("Aligned"), help=N_("The next stroke goes on beside the last, instead of from the source again.")
    )


class CloneBrush(Brush):
    """Paints a copy of another place. Alt+click names that place; the first stroke fixes how far away it is."""

    id = "clone"
    name = N_("Clone brush")
    Options: type = CloneOptions
    paints_mask = False

    def __init__(self) -> None:
        self._source: Pointer | None = None
        self._offset: Offset | None = None

    def begins(self, at: Pointer) -> bool:
        return self._source is not None and not at.modifiers & Modifier.ALT

    def forget(self) -> None:
        self._source = self._offset = None

    def press(self, document: Document, at: Pointer, options: Any) -> Stroke | None:
        """Raises NothingToCopy before a source was named."""
        if at.modifiers & Modifier.ALT:
            self._source, self._offset = at, None
            return None
        offset = self._offset_from(at, options)
        if offset is None:
            raise NothingToCopy(_("Nothing is chosen to copy from."), _("Alt+click the place to copy, then paint."))
        self._offset = offset
        return self._stroke(Copied(document, offset), at, options)

    def outline(self, at: Pointer, options: Any) -> Outline:
        nib = (at.x, at.y, options.size / 2)
        chooses = bool(at.modifiers & Modifier.ALT) and self._offset is not None
        if self._source is None or chooses:
            return Outline(circles=(nib,))
        offset = self._offset if options.aligned else None
        down, right = offset or (self._source.y - at.y, self._source.x - at.x)
        return Outline(circles=(nib, (at.x + right, at.y + down, CROSS)))

    def _stroke(self, copied: Copied, at: Pointer, options: Any) -> Stroke:
        return CloneStroke(copied, at, options)

    def _offset_from(self, at: Pointer, options: Any) -> Offset | None:
        if self._source is None:
            return None
        if self._offset is not None and options.aligned:
            return self._offset
        return round(self._source.y - at.y), round(self._source.x - at.x)


class Copied:
    """The photo as it is when this is made, moved by an offset."""

    def __init__(self, document: Document, offset: Offset) -> None:
        self.document = document
        self.offset = offset
        self._frozen: Frozen = document.photo.freeze()
        self._shape = document.shape

    def read(self, region: Region) -> Pixels:
        """What is copied to `region`; the photo itself where that would come from outside."""
        down, right = self.offset
        source = region.shift(down, right)
        inside = source.clip(self._shape)
        if inside == source:
            return self._frozen.read(source)
        pixels = self._frozen.read(region)
        if not inside.empty:
            pixels[inside.shift(-source.y0, -source.x0).slices] = self._frozen.read(inside)
        return pixels

    def extended(self, region: Region) -> Pixels:
        """What is copied to `region`, of which some comes from inside; beyond that the nearest pixels that do."""
        source = region.shift(*self.offset)
        inside = source.clip(self._shape)
        rows = (inside.y0 - source.y0, source.y1 - inside.y1)
        columns = (inside.x0 - source.x0, source.x1 - inside.x1)
        return np.pad(self._frozen.read(inside), (rows, columns, (0, 0)), mode="edge")

    def below(self, region: Region) -> Pixels:
        """The photo itself."""
        return self._frozen.read(region)

    @property
    def reach(self) -> Region:
        """The places to which something inside is copied."""
        down, right = self.offset
        return Region.whole(self._shape).shift(-down, -right).clip(self._shape)

    def release(self) -> None:
        self._frozen.release()


class CloneStroke(Stroke):
    """A stroke that shows where it copies from."""

    label = N_("Clone")
    _ink: PhotoInk

    def __init__(self, copied: Copied, at: Pointer, options: Any) -> None:
        self._copied = copied
        super().__init__(PhotoInk(copied.document, _(self.label), copied.read), at, options)

    def finish(self) -> None:
        super().finish()
        self._copied.release()

    def cancel(self) -> None:
        super().cancel()
        self._copied.release()

    def outline(self) -> Outline:
        ((x, y, radius),) = super().outline().circles
        down, right = self._copied.offset
        return Outline(circles=((x, y, radius), (x + right, y + down, CROSS)))
