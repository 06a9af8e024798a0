"""The guides of `--guide`: read, and told how many of them can say anything about the hole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lacuna.contract.fill import Needs
from lacuna.contract.guides import Guide, GuideStroke, marked
from lacuna.engine import guide_files
from lacuna.errors import UnreadableFile
from lacuna.i18n import _
from lacuna.imaging.photo import Hole
from lacuna.imaging.structure import paths


@dataclass(frozen=True)
class Given:
    """The guides of all files, how many of them reach the hole and are followed, and sentences about those in vain."""

    strokes: tuple[GuideStroke, ...] = ()
    reaching: int = 0
    followed: int = 0
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """For a JSON answer."""
        return {"read": len(self.strokes), "reaching": self.reaching, "followed": self.followed}


def given(named: Sequence[Path], hole: Hole, needs: Needs, *, pixel_limit: int) -> Given:
    """What these files say for a fill of `hole`. Raises what `guide_files.read` does, and UnreadableFile for a file
    that holds no guides."""
    found = Given()
    for path in named:
        strokes = guide_files.read(path, (hole.shape[0], hole.shape[1]), pixel_limit=pixel_limit)
        if not strokes:
            raise UnreadableFile(_("There are no guides in “{name}”.").format(name=path))
        there = [stroke for stroke in strokes if _reaches(stroke, hole)]
        in_vain = () if there else (_("None of the guides in “{name}” reaches the hole.").format(name=path),)
        found = replace(
            found,
            strokes=(*found.strokes, *strokes),
            reaching=found.reaching + len(there),
            followed=found.followed + sum(stroke.kind in needs.guides for stroke in there),
            notes=(*found.notes, *in_vain),
        )
    return found


def _reaches(stroke: GuideStroke, hole: Hole) -> bool:
    """A line has to run through the hole, paint to lie in it; an area is copied from wherever in the picture it is."""
    if stroke.kind is Guide.LINE:
        return bool(paths([stroke.polyline], hole, 0.0))
    where = marked([stroke], stroke.kind, (hole.shape[0], hole.shape[1]))
    assert where is not None
    return bool((where[hole] if stroke.kind not in guide_files.AREAS else where).any())
