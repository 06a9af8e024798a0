"""The memory below a plane, and the part of it that a plane shows.

A crop shows less of the same sheet: it copies nothing, and undoing it shows the whole again. What an edit did to the
cropped plane is undone before the crop itself is, so the whole sheet is then as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from lacuna.document.spill import Kept
from lacuna.imaging.region import Region


class Sheet(Kept):
    """An array that may rest on disk while no plane shows it."""

    def __init__(self, pixels: NDArray[Any]) -> None:
        super().__init__({(0, 0): pixels if pixels.flags.writeable else pixels.copy()})


@dataclass(frozen=True, eq=False)
class Cut:
    """The part `box` of a `sheet`."""

    sheet: Sheet
    box: Region

    @classmethod
    def whole(cls, sheet: Sheet) -> Cut:
        return cls(sheet, Region.whole(sheet.arrays()[0, 0].shape))

    def pixels(self) -> NDArray[Any]:
        """A writable view, for the plane that shows it; reads the sheet back from disk if it rests there."""
        self.sheet.touch()
        view: NDArray[Any] = self.sheet.arrays()[0, 0][self.box.slices]
        return view

    def within(self, region: Region) -> Cut:
        """The part `region` of this part."""
        return Cut(self.sheet, region.clip((self.box.height, self.box.width)).shift(self.box.y0, self.box.x0))
