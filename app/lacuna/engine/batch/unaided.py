"""What is looked for in each picture of a batch without a template: lettering, pixelated regions, blurred patches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lacuna.contract.findable import Findable
from lacuna.contract.progress import Progress
from lacuna.engine.batch.marking import Finding, Marked, outlined
from lacuna.engine.findings import Found, find, mask_of
from lacuna.imaging.photo import Photo


@dataclass(frozen=True)
class Unaided:
    """All of what is `sought` goes that is found with a confidence of `least`, or the usual one."""

    sought: Findable
    least: float | None = None

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        rows = self._found(photo, progress)
        taken = [found for number, found in enumerate(rows) if accepted is None or number in accepted]
        mask = mask_of(taken, photo.pixels.shape) if taken else None
        return Marked(photo, mask, tuple(map(_finding, rows)))

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        return tuple(map(_finding, self._found(photo, progress)))

    def described(self) -> Mapping[str, Any]:
        return {"sought": self.sought.value, "least": self.least}

    def _found(self, photo: Photo, progress: Progress) -> tuple[Found, ...]:
        return find(photo.pixels, photo.white, self.sought, least=self.least, progress=progress)


def _finding(found: Found) -> Finding:
    return outlined(found.mask, found.confidence, at=found.region)
