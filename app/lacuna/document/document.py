"""One picture being edited: its planes, its guides, its history. No engine, no Qt; lives on one thread."""

from __future__ import annotations

from pathlib import Path

from lacuna.contract.fill import FillStep
from lacuna.contract.guides import GuideStroke
from lacuna.document.edit import Edit
from lacuna.document.history import History
from lacuna.document.plane import Plane
from lacuna.imaging.photo import Photo, Pixels
from lacuna.imaging.region import Region


class Document:
    """A photo, its mask, its guides and what was done to them.

    Planes: `photo` (H, W, 3), `alpha` (H, W) or None, `mask` (H, W) uint8. All change only through `edit`.
    `header` is the opened Photo's facts (profile, metadata, source, grey) without counting on its pixels.
    `folder` is the session's own folder on disk: spilled history and the kept bytes of the original.
    """

    photo: Plane
    alpha: Plane | None
    mask: Plane
    guides: tuple[GuideStroke, ...]
    history: History
    header: Photo
    folder: Path

    def __init__(self, photo: Photo, folder: Path, original: bytes | None = None, budget: int = 256 << 20) -> None:
        raise NotImplementedError

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        raise NotImplementedError

    def edit(self, label: str, step: FillStep | None = None) -> Edit:
        """Open an edit; its commit becomes one entry of the history."""
        raise NotImplementedError

    def original(self) -> Pixels:
        """The picture as opened, cropped as the document was since; decoded again from the kept bytes when first needed."""
        raise NotImplementedError

    def mask_bounds(self) -> Region:
        """The box of all mask pixels above 0, empty if there are none; cheap at 100 megapixels."""
        raise NotImplementedError

    def crop(self, region: Region, label: str) -> None:
        """Cut every plane to `region`: one edit, undone like any other."""
        raise NotImplementedError

    def snapshot(self) -> Photo:
        """A copy of the picture as it is now, with the header's facts, for a worker to save."""
        raise NotImplementedError

    def steps(self) -> tuple[FillStep, ...]:
        """The recipe so far: steps of the fills in force, oldest first."""
        raise NotImplementedError
