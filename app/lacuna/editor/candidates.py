"""What lies side by side: results of one hole, those on their way, and the hole itself before it was filled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.editor.asked import Asked, MaskPart, tight
from lacuna.editor.below import Below
from lacuna.editor.method import named
from lacuna.editor.offer import Offers, Result, Shown
from lacuna.editor.values import Message
from lacuna.engine.jobs import Job
from lacuna.errors import UnreadableFile
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


@dataclass(frozen=True, eq=False)
class Candidate:
    """A `result` of the method `name`, or the `job` that is to bring it; neither where that has to wait for others."""

    name: str  # in the person's language
    result: Result | None = None
    job: Job | None = None


@dataclass(frozen=True, eq=False)
class Unfilled:
    """The picture as it was: `pieces` to lay over it as it is now, and the mask that was filled."""

    pieces: Shown
    masks: tuple[MaskPart, ...]

    @property
    def box(self) -> Region:
        """What was masked lies in here."""
        return Region.around(region for region, _mask in self.masks)

    @classmethod
    def below(cls, below: Below, document: Document) -> Unfilled:
        """Without the fill that is in the picture; costs as much as its hole is large."""
        pieces = []
        for region in below.regions("photo"):
            pixels = document.photo.pixels[region.slices].copy()
            below.put_back("photo", region, pixels)
            pieces.append((region, pixels))
        return cls(tuple(pieces), ((below.step.box, below.mask),))


class Candidates:
    """Those of the offer in view, or of a comparison whose first fill is still on its way. `running` are all fills."""

    def __init__(self, editor: Editor, offers: Offers, running: Mapping[Job, Asked]) -> None:
        self._editor = editor
        self._offers = offers
        self._running = running
        self._unfilled: tuple[object, Unfilled | None] | None = None  # the last one asked for, and of what it is

    def listed(self) -> tuple[Candidate, ...]:
        """The results, then those on their way; nothing while nothing is compared."""
        offer = self._offers.first
        if offer is not None and offer.base is not None:
            there = (Candidate(result.name, result) for result in offer.results)
            coming = tries_of(offer.base, self._running).items()
            return (*there, *(Candidate(named(asked.backend), job=job) for job, asked in coming))
        begun = self._begun()
        if begun is None:
            return ()
        job, asked = begun
        return (Candidate(named(asked.backend), job=job), *(Candidate(named(how.backend)) for how in asked.beside))

    def unfilled(self) -> Unfilled | None:
        """Their hole as it was; None without candidates, or where the disk that kept it is gone: that is said once."""
        document, offer, begun = self._editor.document, self._offers.first, self._begun()
        if document is None:
            return None
        if offer is not None and offer.base is not None:
            base = offer.base
            return self._kept(base, lambda: Unfilled.below(Below.of(base, document), document))
        if begun is not None:
            asked = begun[1]
            return self._kept(asked, lambda: Unfilled((), tuple(tight(*part) for part in asked.masks)))
        return None

    def forget(self) -> None:
        """Another document."""
        self._unfilled = None

    def _begun(self) -> tuple[Job, Asked] | None:
        """The first fill of a comparison; none while an offer is in view."""
        if self._offers.first is not None:
            return None
        return next(((job, asked) for job, asked in self._running.items() if asked.beside and job.matters), None)

    def _kept(self, source: object, make: Callable[[], Unfilled]) -> Unfilled | None:
        if self._unfilled is None or self._unfilled[0] is not source:
            try:
                self._unfilled = source, make()
            except UnreadableFile as error:
                self._unfilled = source, None
                self._editor.tell(Message.of(error))
        return self._unfilled[1]


def tries_of(base: Edit, running: Mapping[Job, Asked]) -> dict[Job, Asked]:
    """The tries of the fill `base` that run or wait for their turn."""
    return {
        job: asked
        for job, asked in running.items()
        if job.matters and asked.below is not None and asked.below.edit is base
    }
