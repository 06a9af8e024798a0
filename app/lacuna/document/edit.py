"""One undoable change: a list of reversible operations, each of which swaps what is for what was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillStep
from lacuna.document.plane import Plane
from lacuna.imaging.region import Region


class Operation(Protocol):
    """A change that can be swapped back and forth."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds now."""
        ...

    def swap(self) -> None:
        """Exchange the kept state with the present one."""
        ...


class SavedTiles:
    """The tiles of one plane as they were before; a tile of one colour is kept as that colour."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.tiles: dict[tuple[int, int], NDArray[Any]] = {}

    def save(self, region: Region) -> None:
        """Keep the tiles that `region` touches and that are not kept yet."""
        for key in region.clip(self.plane.shape).tiles():
            if key not in self.tiles:
                self.tiles[key] = packed(self.plane.pixels[Region.of_tile(*key, self.plane.shape).slices])

    def swap(self) -> None:
        regions = []
        for key, kept in self.tiles.items():
            region = Region.of_tile(*key, self.plane.shape)
            target = self.plane.writable(region)
            now = packed(target)
            target[...] = kept
            self.tiles[key] = now
            regions.append(region)
        for region in merged_rows(regions):
            self.plane.mark(region)

    @property
    def regions(self) -> list[Region]:
        """The tiles' regions, in no particular order."""
        return [Region.of_tile(*key, self.plane.shape) for key in self.tiles]

    @property
    def nbytes(self) -> int:
        return sum(t.nbytes for t in self.tiles.values())


class Swapped:
    """A value that is not pixels (guides, the crop's origin): `put(value)` sets it and returns what was there."""

    def __init__(self, put: Callable[[Any], Any], before: Any) -> None:
        self.put = put
        self.kept = before

    def swap(self) -> None:
        self.kept = self.put(self.kept)

    @property
    def nbytes(self) -> int:
        return 0


class SwappedPlane:
    """All pixels of a plane, for changes of size."""

    def __init__(self, plane: Plane, before: NDArray[Any]) -> None:
        self.plane = plane
        self.kept = before

    def swap(self) -> None:
        self.kept = self.plane.replace(self.kept)

    @property
    def nbytes(self) -> int:
        return int(self.kept.nbytes)


class Edit:
    """An open change. End it with `commit` or `rollback`; as a context manager it does so by itself.

    `step` is the recipe step of a fill. A committed edit that changed nothing leaves no entry.
    """

    def __init__(self, label: str, committed: Callable[[Edit], None], step: FillStep | None = None) -> None:
        self.label = label
        self.step = step
        self.operations: list[Operation] = []
        self._committed = committed
        self.open = True

    @contextmanager
    def write(self, plane: Plane, region: Region) -> Iterator[NDArray[Any]]:
        """Lend the pixels of `region` (clipped) to write into: saves the tiles below first, says afterwards what changed."""
        assert self.open, "the edit is closed"
        region = region.clip(plane.shape)
        if region.empty:
            yield np.empty((0, 0, *plane.shape[2:]), plane.pixels.dtype)
            return
        self._saved(plane).save(region)
        yield plane.writable(region)
        plane.mark(region)

    def replace(self, plane: Plane, pixels: NDArray[Any]) -> None:
        """Give `plane` other pixels, of any size."""
        assert self.open, "the edit is closed"
        self.operations.append(SwappedPlane(plane, plane.replace(pixels)))

    def put(self, put: Callable[[Any], Any], value: Any) -> None:
        """Set a value that is not pixels; `put(value)` returns the old one."""
        assert self.open, "the edit is closed"
        self.operations.append(Swapped(put, put(value)))

    def commit(self) -> None:
        """Close it and make it one entry of the history."""
        assert self.open, "the edit is closed"
        self.open = False
        if self.operations:
            self._committed(self)

    def rollback(self) -> None:
        """Close it and put everything back as it was."""
        assert self.open, "the edit is closed"
        self.open = False
        self.swap()
        self.operations.clear()

    def swap(self) -> None:
        """Undo, or redo: exchange what is with what was, in reverse order of the last time."""
        self.operations.reverse()
        for operation in self.operations:
            operation.swap()

    @property
    def nbytes(self) -> int:
        return sum(o.nbytes for o in self.operations)

    def __enter__(self) -> Edit:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if self.open:
            self.commit() if kind is None else self.rollback()

    def _saved(self, plane: Plane) -> SavedTiles:
        for operation in self.operations:
            if isinstance(operation, SavedTiles) and operation.plane is plane:
                return operation
        saved = SavedTiles(plane)
        self.operations.append(saved)
        return saved


def packed(tile: NDArray[Any]) -> NDArray[Any]:
    """A copy of `tile`, or its one colour in an array of shape (1, 1, ...) that broadcasts to it."""
    first = tile[:1, :1]
    return first.copy() if (tile == first).all() else tile.copy()


def merged_rows(regions: list[Region]) -> list[Region]:
    """The same pixels in fewer regions: neighbours of one tile row become one."""
    rows: list[Region] = []
    for region in sorted(regions):
        if rows and rows[-1].y0 == region.y0 and rows[-1].x1 == region.x0 and rows[-1].y1 == region.y1:
            rows[-1] = Region(region.y0, rows[-1].x0, region.y1, region.x1)
        else:
            rows.append(region)
    return rows


