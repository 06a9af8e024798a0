"""Pictures side by side in rows, with names: to be looked at, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Cell = tuple[NDArray[np.uint8], str]  # (h, w, 3) RGB and its name

CELL = 512  # pixels: the longest side of a picture on the sheet; larger ones are reduced
GAP = 8
TEXT = 16  # height of a letter
LINE = 24
PAGE = 6000  # pixels: a page is full when it is so high; viewers and formats take that
PAPER, INK = (246, 246, 244), (40, 40, 40)


class ContactSheet:
    """Rows of pictures, each with a name below it; `page` takes what was added so far and begins anew."""

    def __init__(self) -> None:
        self._rows: list[list[Any]] = []

    def add(self, cells: Sequence[Cell]) -> None:
        """One row, from left to right."""
        self._rows.append([_drawn(*cell) for cell in cells])

    @property
    def empty(self) -> bool:
        return not self._rows

    @property
    def full(self) -> bool:
        return self._height() >= PAGE

    def page(self) -> NDArray[np.uint8]:
        """(h, w, 3): the rows added since the last page, at least one."""
        from PIL import Image

        widths = [max(row[i].width for row in self._rows if i < len(row)) for i in range(max(map(len, self._rows)))]
        page = Image.new("RGB", (sum(widths) + GAP * (len(widths) + 1), self._height()), PAPER)
        y = GAP
        for row in self._rows:
            x = GAP
            for cell, width in zip(row, widths, strict=False):
                page.paste(cell, (x, y))
                x += width + GAP
            y += max(cell.height for cell in row) + GAP
        self._rows = []
        return np.asarray(page)

    def _height(self) -> int:
        return GAP + sum(max(cell.height for cell in row) + GAP for row in self._rows)


def _drawn(pixels: NDArray[np.uint8], name: str) -> Any:
    """A Pillow image of the picture with its name below."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(np.ascontiguousarray(pixels))
    picture.thumbnail((CELL, CELL), Image.Resampling.BOX)
    cell = Image.new("RGB", (picture.width, picture.height + LINE), PAPER)
    cell.paste(picture, (0, 0))
    ImageDraw.Draw(cell).text((0, picture.height + 2), name, INK, font=ImageFont.load_default(TEXT))
    return cell
