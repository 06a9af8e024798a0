"""Which numbers the attention of some queries is made of: plain indices, numpy alone.

The score of a query with a key depends on the pixels around both, and by the fusion on their neighbours in reading
order along rows and along columns. A `Piece` names, for any set of queries, the rows of every intermediate matrix that
are needed and no more; so a piece of any shape costs what it weighs, whoever multiplies the matrices.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

# Bytes that the matrices of one piece may take, all together. More is slower where each is above 32 MB: the C library
# then asks the system for new pages each time.
MEMORY = 64 << 20
MATRICES = 8  # that live at one time, each with a row for a query and a column for a key; measured, rims included

# The functions below take cells as numpy arrays or as tensors, since both know these operators, and give for each cell
# the one before it, itself and the one behind it; `height * width` stands for one that lies outside.


def in_column(cells: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """Above and below."""
    return _inside(cells - width, cells >= width, height * width), cells, _below(cells, height, width)


def in_row(cells: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """Left and right."""
    column, outside = cells % width, height * width
    return _inside(cells - 1, column > 0, outside), cells, _inside(cells + 1, column < width - 1, outside)


def read_by_row(cells: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """In reading order: behind the last cell of a row comes the first of the next."""
    total = height * width
    return _inside(cells - 1, cells > 0, total), cells, _inside(cells + 1, cells < total - 1, total)


def read_by_column(cells: Any, height: int, width: int) -> tuple[Any, Any, Any]:
    """Down the columns: below the last cell of a column comes the first of the next."""
    total, column = height * width, cells % width
    top, bottom = cells < width, cells >= total - width
    before = (cells - width) * ~top + _inside(cells + total - width - 1, column > 0, total) * top
    behind = (cells + width) * ~bottom + _inside(cells - total + width + 1, column < width - 1, total) * bottom
    return before, cells, behind


def _below(cells: Any, height: int, width: int) -> Any:
    return _inside(cells + width, cells < (height - 1) * width, height * width)


def _inside(cells: Any, inside: Any, outside: int) -> Any:
    return cells * inside + outside * ~inside


def corners(blocks: Any, height: int, width: int) -> tuple[Any, Any, Any, Any]:
    """The four cells that meet at each of the (height + 1) x (width + 1) corners of the grid."""
    row, column, outside = blocks // (width + 1), blocks % (width + 1), height * width
    cell = row * width + column
    above, below, left, right = row > 0, row < height, column > 0, column < width
    return (
        _inside(cell - width - 1, above & left, outside),
        _inside(cell - width, above & right, outside),
        _inside(cell - 1, below & left, outside),
        _inside(cell, below & right, outside),
    )


@dataclass(frozen=True)
class Piece:
    """Some queries of a grid and the rows of each matrix that the next one is summed from.

    `pixels` are cells whose pixels are compared, with one behind the last that stands for zeros; the four that follow
    are (3, n) rows of the matrix before; `blocks` are the corners that the queries paste around, and `pasted` (4, n)
    the rows that each of them gets. The last row of a matrix, where one is asked for, is zero.
    """

    queries: Any
    pixels: Any
    in_column: Any
    in_row: Any
    read_by_row: Any
    read_by_column: Any
    blocks: Any
    pasted: Any


def read_by_step(fuse: bool) -> tuple[str, ...]:
    """The rows of a `Piece` that its attention reads, in this order; the fusion of scores reads two more."""
    return ("pixels", "in_column", "in_row", *(("read_by_row", "read_by_column") if fuse else ()), "pasted")


def piece(queries: Rows, height: int, width: int, fuse: bool) -> Piece:
    """The piece of these cells, in this order, of a grid of height x width."""
    total = height * width
    none = np.zeros((3, 0), np.int64)
    wanted, by_column, by_row = queries, none, none
    if fuse:
        by_column, wanted = _compact(read_by_column(wanted, height, width), total)
        by_row, wanted = _compact(read_by_row(wanted, height, width), total)
        by_row = _with_zero(by_row, len(wanted))
    beside, wanted = _compact(in_row(wanted, height, width), total)
    if fuse:
        beside = _with_zero(beside, len(wanted))
    above, wanted = _compact(in_column(wanted, height, width), total)
    above = _with_zero(above, len(wanted))
    place = np.full(total + 1, len(queries))
    place[queries] = np.arange(len(queries))
    around = place[np.stack(corners(np.arange((height + 1) * (width + 1)), height, width))]
    blocks = np.flatnonzero((around < len(queries)).any(axis=0))
    return Piece(queries, np.append(wanted, total), above, beside, by_row, by_column, blocks, around[:, blocks])


def _compact(neighbours: tuple[Rows, ...], total: int) -> tuple[Rows, Rows]:
    """Neighbours as rows of a matrix that has one row for each of them and a last one of zeros; and those cells."""
    cells = np.stack(neighbours)
    used = np.zeros(total + 1, bool)
    used[cells] = True
    kept = np.flatnonzero(used[:total])
    place = np.full(total + 1, len(kept))
    place[kept] = np.arange(len(kept))
    return place[cells], kept


def _with_zero(rows: Rows, zero: int) -> Rows:
    return np.pad(rows, ((0, 0), (0, 1)), constant_values=zero)


def most(height: int, width: int, memory: int = MEMORY) -> int:
    """How many queries a piece may have."""
    return max(1, memory // (4 * height * width * MATRICES))


def pieces(wanted: NDArray[np.bool_], most: int) -> list[Rows]:
    """The wanted cells of a grid (h, w) in lists of at most `most`, each as compact as can be: the rim costs, too."""
    width = wanted.shape[1]
    queries = np.flatnonzero(wanted)
    side = max(1, round(most**0.5))
    row, column = queries // width, queries % width
    order = np.lexsort((row, column, row // side))
    return [queries[order[start : start + most]] for start in range(0, len(queries), most)]
