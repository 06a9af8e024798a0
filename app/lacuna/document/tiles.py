"""Tiles of a plane looked at by whole rows of tiles.

A tile's pixel rows lie far apart in memory; read one tile after another, 100 megapixels take four times as long as
read in one sweep. So where many tiles of a row are asked for, the row is swept once to tell which have one colour.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.imaging.region import TILE, Region

Key = tuple[int, int]
MANY = 6  # tiles of one row, from which on a sweep is faster


def packed(tile: NDArray[Any]) -> NDArray[Any]:
    """A copy of `tile`, or its one colour in an array of shape (1, 1, ...) that broadcasts to it."""
    return (tile[:1, :1] if _one_colour(tile) else tile).copy()


def packed_tiles(pixels: NDArray[Any], keys: Iterable[Key]) -> dict[Key, NDArray[Any]]:
    """`packed` of each tile in `keys`, each in memory of its own: one large block for all took longer to fill.

    Tiles of one colour that were swept share it: 100 megapixels have 1536 of them.
    """
    tiles: dict[Key, NDArray[Any]] = {}
    colours: dict[int, NDArray[Any]] = {}
    for row, columns in by_row(keys):
        if len(columns) < MANY or pixels.ndim == 3:  # a look at a photo's tile ends after a few pixels
            for column in columns:
                tiles[row, column] = packed(_tile(pixels, row, column))
            continue
        low, high = (e.tolist() for e in extremes(_bits(pixels), row, columns[0], columns[-1] + 1))
        for column in columns:
            colour = low[column - columns[0]]
            if colour != high[column - columns[0]]:
                tiles[row, column] = _tile(pixels, row, column).copy()
                continue
            if colour not in colours:
                colours[colour] = _tile(pixels, row, column)[:1, :1].copy()
            tiles[row, column] = colours[colour]
    return tiles


def extremes(pixels: NDArray[Any], row: int, first: int, end: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """(lowest, highest) value of each of the tiles `first` to `end - 1` of a row, for planes of one channel."""
    band = pixels[row * TILE : (row + 1) * TILE, first * TILE : end * TILE]
    starts = np.arange(0, band.shape[1], TILE)
    low = np.minimum.reduceat(np.minimum.reduce(band, axis=0), starts)
    high = np.maximum.reduceat(np.maximum.reduce(band, axis=0), starts)
    return low, high


def same_colour(one: NDArray[Any], other: NDArray[Any]) -> bool:
    """Are both packed to one colour, and the same? Then nothing need be written, and an empty mask costs no memory."""
    return one.shape[:2] == (1, 1) == other.shape[:2] and one.tobytes() == other.tobytes()


def in_blocks(tiles: dict[Key, NDArray[Any]], shape: tuple[int, ...]) -> Iterator[tuple[Region, NDArray[Any]]]:
    """(region, pixels to put there): whole tiles each, those packed to the same colour in few large blocks."""
    plain: dict[bytes, list[Key]] = {}
    for key, tile in tiles.items():
        if tile.shape[:2] == (1, 1):
            plain.setdefault(tile.tobytes(), []).append(key)
        else:
            yield Region.of_tile(*key, shape), tile
    for keys in plain.values():
        for region in merged(Region.of_tile(*key, shape) for key in keys):
            yield region, tiles[keys[0]]


def by_row(keys: Iterable[Key]) -> Iterator[tuple[int, list[int]]]:
    """(row, its columns) of `keys`, in order."""
    for row, group in groupby(sorted(keys), key=lambda key: key[0]):
        yield row, [column for _row, column in group]


def merged(regions: Iterable[Region]) -> list[Region]:
    """The same pixels in fewer regions: neighbours of one tile row become one, then equal rows below each other."""
    rows: list[Region] = []
    for region in sorted(regions, key=lambda region: (region.y0, region.x0)):
        if rows and rows[-1].y0 == region.y0 and rows[-1].x1 == region.x0 and rows[-1].y1 == region.y1:
            rows[-1] = Region(region.y0, rows[-1].x0, region.y1, region.x1)
        else:
            rows.append(region)
    blocks: dict[tuple[int, int], list[Region]] = {}
    for row in rows:
        above = blocks.setdefault((row.x0, row.x1), [])
        if above and above[-1].y1 == row.y0:
            above[-1] = Region(above[-1].y0, row.x0, row.y1, row.x1)
        else:
            above.append(row)
    return sorted(b for column in blocks.values() for b in column)


def _tile(pixels: NDArray[Any], row: int, column: int) -> NDArray[Any]:
    return pixels[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]


def _one_colour(tile: NDArray[Any]) -> bool:
    """Compares whole rows: with one pixel, broadcast over three channels, it would take a hundred times as long."""
    bits = _bits(tile)
    return bool((bits[0] == bits[0, :1]).all() and (bits[1:] == bits[:-1]).all())


def _bits(pixels: NDArray[Any]) -> NDArray[Any]:
    """Floats as whole numbers of the same bits: -0.0 is not 0.0 then, and NaN equals itself."""
    return pixels.view(f"u{pixels.itemsize}") if pixels.dtype.kind == "f" else pixels
