"""One undoable change: a list of reversible operations, each of which swaps what is for what was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.fill import FillStep
from lacuna.contract.steps import Step
from lacuna.document.plane import Plane
from lacuna.document.sheet import Cut
from lacuna.document.spill import Kept
from lacuna.document.tiles import in_blocks, merged, packed_tiles, same_colour
from lacuna.imaging.mask import bounds
from lacuna.imaging.region import Region


class Operation(Protocol):
    """A change that can be swapped back and forth."""

    def swap(self) -> None:
        """Exchange the kept state with the present one. `fetch` came before."""
        ...

    def fetch(self) -> None:
        """Bring what was kept into memory; raises UnreadableFile before anything is changed."""
        ...

    def kept(self) -> Kept | None:
        """What it keeps that may rest on disk, if no plane shows it."""
        ...

    def touches(self, name: str) -> bool:
        """Does it change pixels of the plane `name`?"""
        ...


class SavedTiles(Kept):
    """The tiles of one plane as they were before; a tile of one colour is kept as that colour."""

    def __init__(self, plane: Plane) -> None:
        super().__init__({})
        self.plane = plane
        self._nothing = np.zeros((1, 1, *plane.shape[2:]), plane.dtype)

    def save(self, region: Region) -> None:
        """Keep the tiles that `region` touches and that are not kept yet."""
        fresh = [key for key in region.clip(self.plane.shape).tiles() if key not in self._arrays]
        if fresh:
            blank = {key: self._nothing for key in fresh if self.plane.untouched(*key)}
            self._arrays.update(blank)
            self._arrays.update(packed_tiles(self.plane.pixels, (key for key in fresh if key not in blank)))
            self._measured = None

    def swap(self) -> None:
        plane, before = self.plane, self.arrays()
        now = packed_tiles(plane.pixels, before)  # all of them first: if memory ends here, nothing has happened
        different = {key: tile for key, tile in before.items() if not same_colour(tile, now[key])}
        for region, tile in in_blocks(different, plane.shape):
            plane.writable(region)[...] = tile
        self._arrays = now
        self.touch()
        for region in merged(Region.of_tile(*key, plane.shape) for key in different):
            plane.mark(region)

    @property
    def changed(self) -> bool:
        """Is any kept tile different from what the plane shows now?"""
        shape, pixels = self.plane.shape, self.plane.pixels
        for key, before in self._arrays.items():
            now = pixels[Region.of_tile(*key, shape).slices]
            if before.dtype.kind == "f":  # bytes, so that NaN equals itself
                before = np.ascontiguousarray(np.broadcast_to(before, now.shape))
                if before.tobytes() != now.tobytes():
                    return True
            elif not (now == before).all():
                return True
        return False

    @property
    def keys(self) -> frozenset[tuple[int, int]]:
        """(row, column) of each kept tile."""
        return frozenset(self.arrays())

    @property
    def regions(self) -> list[Region]:
        """The tiles' regions, in no particular order."""
        return [Region.of_tile(*key, self.plane.shape) for key in self.arrays()]

    def fetch(self) -> None:
        self.touch()
        self.arrays()

    def kept(self) -> Kept | None:
        return self

    def touches(self, name: str) -> bool:
        return self.plane.name == name


class Swapped:
    """A value that is not pixels (guides, the original's box): `put(value)` sets it and returns what was there."""

    def __init__(self, put: Callable[[Any], Any], before: Any) -> None:
        self.put = put
        self.before = before

    def swap(self) -> None:
        self.before = self.put(self.before)

    def fetch(self) -> None:
        pass

    def kept(self) -> Kept | None:
        return None

    def touches(self, name: str) -> bool:
        return False


class SwappedPlane:
    """All pixels of a plane, for changes of size. `region` is set where it was cut to a part of itself."""

    def __init__(self, plane: Plane, before: Cut, region: Region | None = None) -> None:
        self.plane = plane
        self.before = before
        self.region = region

    def swap(self) -> None:
        self.before = self.plane.replace(self.before)

    def fetch(self) -> None:
        self.before.sheet.touch()
        self.before.sheet.arrays()

    def kept(self) -> Kept | None:
        return None if self.before.sheet is self.plane.cut.sheet else self.before.sheet

    def touches(self, name: str) -> bool:
        return self.plane.name == name


class Edit:
    """An open change. End it with `commit` or `rollback`; as a context manager it does so by itself.

    `step` is the recipe step of a fill, a crop or an enlargement. Committed without a change it leaves no entry.
    """

    def __init__(self, label: str, committed: Callable[[Edit], None], step: Step | None = None) -> None:
        self.label = label
        self.step = step
        self.serial = 0  # which of its history's edits it is, from 1; set when it is pushed
        self.operations: list[Operation] = []
        self._committed = committed
        self.open = True

    @property
    def fill(self) -> FillStep | None:
        """The step, if it is a fill."""
        return self.step if isinstance(self.step, FillStep) else None

    @contextmanager
    def write(self, plane: Plane, region: Region) -> Iterator[NDArray[Any]]:
        """Lend the pixels of `region` (clipped) to write into: saves the tiles first, says afterwards what changed."""
        assert self.open, "the edit is closed"
        region = region.clip(plane.shape)
        if region.empty:
            yield np.empty((0, 0, *plane.shape[2:]), plane.dtype)
            return
        self._saved(plane).save(region)
        try:
            yield plane.writable(region)
        finally:
            plane.mark(region)

    def lay(self, plane: Plane, region: Region, pixels: NDArray[Any]) -> None:
        """Put `pixels` in the place of those of `region`, which lies inside the plane.

        Saves, writes and tells no more than the box of those that differ: of a wide nib's, a sickle.
        """
        assert self.open, "the edit is closed"
        differs = plane.pixels[region.slices] != pixels
        box = bounds(differs)
        if box.empty:
            return
        part = box.shift(region.y0, region.x0)
        self._saved(plane).save(part)
        plane.writable(part)[...] = pixels[box.slices]
        plane.mark(part, differs[box.slices])

    def before(self, plane: Plane) -> dict[tuple[int, int], NDArray[Any]]:
        """The tiles of `plane` saved so far, as they were; one of one colour is (1, 1). For nobody to write to."""
        return dict(self._saved(plane).arrays())

    def replace(self, plane: Plane, pixels: NDArray[Any]) -> None:
        """Give `plane` other pixels, of any size."""
        assert self.open, "the edit is closed"
        self.operations.append(SwappedPlane(plane, plane.replace(pixels)))

    def cut(self, plane: Plane, region: Region) -> None:
        """Leave of `plane` what lies in `region`; copies nothing."""
        assert self.open, "the edit is closed"
        self.operations.append(SwappedPlane(plane, plane.replace(plane.cut.within(region)), region))

    def put(self, put: Callable[[Any], Any], value: Any) -> None:
        """Set a value that is not pixels; `put(value)` returns the old one."""
        assert self.open, "the edit is closed"
        self.operations.append(Swapped(put, put(value)))

    def commit(self) -> None:
        """Close it and make it one entry of the history."""
        assert self.open, "the edit is closed"
        self.open = False
        self.operations = [o for o in self.operations if not isinstance(o, SavedTiles) or o.changed]
        if self.operations:
            self._committed(self)

    def rollback(self) -> None:
        """Close it and put everything back as it was."""
        assert self.open, "the edit is closed"
        self.open = False
        self.swap()
        self.operations.clear()

    def swap(self) -> None:
        """Undo, or redo: exchange what is with what was, in reverse order of the last time.

        Raises UnreadableFile, with nothing changed, if what was kept on disk cannot be read.
        """
        for operation in self.operations:
            operation.fetch()
        self.operations.reverse()
        for operation in self.operations:
            operation.swap()

    def touches(self, name: str) -> bool:
        """Does it change pixels of the plane `name`?"""
        return any(o.touches(name) for o in self.operations)

    def kept(self) -> list[Kept]:
        """What may rest on disk."""
        return [k for k in (o.kept() for o in self.operations) if k is not None]

    @property
    def nbytes(self) -> int:
        """Memory held to undo it."""
        return sum(k.nbytes for k in self.kept())

    def __enter__(self) -> Edit:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if self.open:
            self.commit() if kind is None else self.rollback()

    def _saved(self, plane: Plane) -> SavedTiles:
        """The saved tiles of `plane` as it is now: those from before a change of size lie on another grid."""
        for operation in reversed(self.operations):
            if isinstance(operation, SwappedPlane) and operation.plane is plane:
                break
            if isinstance(operation, SavedTiles) and operation.plane is plane:
                return operation
        saved = SavedTiles(plane)
        self.operations.append(saved)
        return saved
