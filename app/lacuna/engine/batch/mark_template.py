"""A mark that is looked for in each picture of a batch by its template, and filled, or its blend taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, GROWN, MarkFinding, Template, find_marks
from lacuna.engine.batch.marking import Finding, Marked, outlined
from lacuna.engine.marks import Removal, taken_out
from lacuna.imaging.colour import to_bytes
from lacuna.imaging.photo import Photo

MARK_GROW = 2.0  # pixels that a filled mark is wider than its template: what compression has spread of it
SEEKING = 0.7  # of the progress; the rest is taking blends back


@dataclass(frozen=True, eq=False)
class MarkTemplate:
    """Every place of the mark. Those from `confidence` on are sure.

    `unblend`: a mark that is half seen is taken off by its colours and its opacity there, and only what that cannot
    bring back is filled; one whose blend would leave a ghost is filled whole.
    """

    template: Template
    confidence: float = DEFAULT_CONFIDENCE
    unblend: bool = False
    grow: float = MARK_GROW

    def marked(self, photo: Photo, name: str, accepted: frozenset[int] | None, progress: Progress) -> Marked:
        marks = self._marks(photo, progress.part(SEEKING))
        findings = self._findings(photo, marks)
        taken = [
            mark
            for number, (mark, finding) in enumerate(zip(marks, findings, strict=True))
            if (finding.sure if accepted is None else number in accepted)
        ]
        told = tuple(finding for finding in findings if finding.sure) if accepted is None else findings
        if not taken:
            return Marked(photo, None, told)
        removal, grow = (Removal.AUTO, max(self.grow, GROWN)) if self.unblend else (Removal.FILL, self.grow)
        out = taken_out(photo, taken, removal, progress.part(1 - SEEKING), grow=grow)
        return Marked(out.photo, out.mask, told)

    def found(self, photo: Photo, name: str, progress: Progress) -> tuple[Finding, ...]:
        return self._findings(photo, self._marks(photo, progress))

    def described(self) -> Mapping[str, Any]:
        digest = hashlib.sha256(self.template.colours.tobytes() + self.template.alpha.tobytes())
        digest.update(repr(self.template.size).encode())
        described = {"template": digest.hexdigest(), "confidence": self.confidence, "unblend": self.unblend}
        return described | {"grow": self.grow}

    def _marks(self, photo: Photo, progress: Progress) -> tuple[MarkFinding, ...]:
        return find_marks(to_bytes(photo.pixels, photo.white), self.template, progress=progress)

    def _findings(self, photo: Photo, marks: tuple[MarkFinding, ...]) -> tuple[Finding, ...]:
        shape = (photo.height, photo.width)
        return tuple(
            outlined(mark.mask(shape, self.grow), mark.confidence, sure=mark.confidence >= self.confidence)
            for mark in marks
        )
