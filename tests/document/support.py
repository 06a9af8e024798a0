"""Small pictures, documents over them, and edits told as values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.document.document import Document
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region


def noise(shape: tuple[int, ...], seed: int = 0, dtype: Any = np.uint8) -> NDArray[Any]:
    """Pixels of which no two tiles are alike."""
    random = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return random.standard_normal(shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype=dtype, endpoint=True)


def photo(height: int = 600, width: int = 700, *, alpha: bool = False, dtype: Any = np.uint8, seed: int = 0) -> Photo:
    return Photo(noise((height, width, 3), seed, dtype), noise((height, width), seed + 1, dtype) if alpha else None)


def document(folder: Path, picture: Photo | None = None, budget: int = 256 << 20) -> Document:
    return Document(picture or photo(), folder / "session", budget=budget)


def paint(document: Document, region: Region, value: Any, plane: str = "mask", label: str = "Paint") -> None:
    """One edit that sets `region` of a plane to `value`."""
    with document.edit(label) as edit, edit.write(document.planes[plane], region) as pixels:
        pixels[...] = value


def state(document: Document) -> tuple[Any, ...]:
    """Copies of everything that undo has to bring back."""
    planes = {name: plane.pixels.copy() for name, plane in document.planes.items()}
    return planes, document.guides, document.original_box, document.stretches, document.header.metadata


def assert_same(found: tuple[Any, ...], wanted: tuple[Any, ...]) -> None:
    assert found[0].keys() == wanted[0].keys()
    for name in wanted[0]:
        assert found[0][name].dtype == wanted[0][name].dtype
        assert np.array_equal(found[0][name], wanted[0][name], equal_nan=wanted[0][name].dtype.kind == "f"), name
    assert found[1:] == wanted[1:]
