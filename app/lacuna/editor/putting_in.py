"""What comes of a fill: one edit, a result to choose, or a question first; and what the last one reported."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from lacuna.contract.fill import FillStep
from lacuna.document.document import Document
from lacuna.document.edit import Edit
from lacuna.document.plane import Plane
from lacuna.editor.asked import Asked, Part, Ran, patches, tight
from lacuna.editor.below import Below
from lacuna.editor.edges import Edges, edges_of
from lacuna.editor.method import named
from lacuna.editor.offer import Result
from lacuna.editor.origins import Origins
from lacuna.editor.values import Message
from lacuna.engine import registry
from lacuna.engine.fill import FillResult
from lacuna.errors import UnknownBackend
from lacuna.i18n import _
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


class PuttingIn:
    """Puts fills that came into the picture, and remembers the last one: `reported`, `edges_in`, `origins`."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.reported: tuple[Edit | None, FillResult] | None = None  # of the last fill, without its pixels
        self._followed: tuple[Edit, object, tuple[Edges, ...]] | None = None  # the last fill, its frame, its edges
        self.origins = Origins()

    def question(self, asked: Asked, ran: Ran) -> Message | None:
        """What has happened since that makes the person's word necessary before the result is put in."""
        if any(self._differs(asked, part) for part in ran.parts) or self._painted_over(asked):
            return Message(_("The picture changed below this result."), _("Put it in all the same?"))
        there = asked.below is not None and in_force(asked.document, asked.below.edit)  # then it is only offered
        if not there and asked.document.history.went_back(asked.redoable):
            return Message(
                _("You went back in the history while this was filled."),
                _("Put it in? What was undone cannot be redone then."),
            )
        return None

    def result(self, asked: Asked, ran: Ran) -> Result:
        """What came, as a result to choose among others."""
        assert ran.result.step is not None
        pieces = (*ran.beside, *((part.piece.region, part.piece.pixels) for part in ran.parts))
        nbytes = sum(part.nbytes for part in ran.parts) + sum(pixels.nbytes for _region, pixels in ran.beside)
        there = _result(ran.result.step, _label(asked, ran), ran.result)
        edges = edges_of(part.piece for part in ran.parts)
        return replace(there, pieces=pieces, put=lambda: self.put(asked, ran), nbytes=nbytes, edges=edges)

    def _differs(self, asked: Asked, part: Part) -> bool:
        """Is the photo below `part` another than it was seen then? Tiles first, pixels only if one changed."""
        document, region, seen = asked.document, part.piece.region, part.seen
        return _other(document.photo, asked.revision, region, seen.pixels) or (
            seen.alpha is not None
            and document.alpha is not None
            and _other(document.alpha, asked.alpha_revision, region, seen.alpha)
        )

    def _painted_over(self, asked: Asked) -> bool:
        """Was the photo painted on since a try was asked for, where that will put back what was there before?

        A stroke of the heal brush was painted when it was released, though it is still to be worked out.
        """
        below, photo = asked.below, asked.document.photo
        return below is not None and any(
            photo.changed_since(below.revision, region) or any(piece.changes(region) for piece in self._editor.laid)
            for region in below.regions(photo.name)
        )

    def put(self, asked: Asked, ran: Ran) -> None:
        """One edit: the filled pixels, and that part of the mask cleared. What else changed meanwhile stays.

        A try takes the place of the fill that it is a try of: in the history too, if that is the last entry.
        """
        document, below = asked.document, asked.below
        masks = tuple(tight(region, mask) for region, mask in asked.masks)
        changed = asked.changed_since
        if below is not None and document.history.newest is below.edit:
            document.history.undo()
        above = below is not None and in_force(document, below.edit)
        step = ran.result.step
        if step is not None:
            instead = above and below is not None and document.history.picture_is_of(below.edit)
            step = replace(step, instead=instead, repeatable=not changed and instead is above)
        with document.edit(_label(asked, ran), step) as edit:
            if above:
                assert below is not None
                below.put_all_back(edit, document.planes)
            for patch in patches(ran.parts):
                with edit.write(document.planes[patch.plane], patch.region) as pixels:
                    patch.put(pixels)
            for box, part in () if above else masks:  # what is masked there now was painted since
                with edit.write(document.mask, box) as mask:
                    mask[part > 0] = 0
        self._editor.masking.remember(document, masks)
        self.origins.add(document, tuple(part.piece for part in ran.parts))
        self.reported = (document.history.newest, ran.result)
        self._followed = (edit, document.frame, edges_of(part.piece for part in ran.parts))
        if not asked.options.alpha and _unseen(document, ran.parts):
            self._editor.tell(
                Message(
                    _("The fill lies below transparent pixels: nothing of it is to be seen."),
                    _("Turn on “Fill the transparency too” and try again."),
                )
            )

    def there(self, document: Document, below: Below) -> Result:
        """The fill that is in the picture, as a result among others."""
        there = _result(below.step, below.edit.label, self._report_of(below.edit))
        return replace(there, edges=self.edges_in(document))

    @property
    def report(self) -> FillResult | None:
        """Of the last fill, without its pixels, as long as nothing else was done since."""
        document = self._editor.document
        return None if document is None else self._report_of(document.history.newest)

    def _report_of(self, edit: Edit | None) -> FillResult | None:
        return self.reported[1] if self.reported is not None and self.reported[0] is edit else None

    def edges_in(self, document: Document) -> tuple[Edges, ...]:
        """Those that the last fill has followed, as long as it is in force there."""
        if self._followed is None:
            return ()
        fill, frame, edges = self._followed
        return edges if document.frame == frame and in_force(document, fill) else ()

    def forget(self) -> None:
        """Another document."""
        self.reported = self._followed = None
        self.origins = Origins()


def in_force(document: Document, edit: Edit) -> bool:
    """Is it done, and not undone?"""
    history = document.history
    return edit in history.entries[: history.position]


def _result(step: FillStep, label: str, report: FillResult | None) -> Result:
    """The result of `step`, as if it were in the picture."""
    try:
        info = registry.info(step.backend)
    except UnknownBackend:  # a session that was brought back, by a method that has gone since
        return Result(step, step.backend, step.seed, label, report=report)
    name = _(info.name)
    if report is not None and report.methods:
        name = _("{backend} ({methods})").format(backend=name, methods=_listed(report.methods))
    return Result(step, name, step.seed if info.needs.seeded else None, label, report=report)


def _label(asked: Asked, ran: Ran) -> str:
    """What the history calls a fill: by what has filled, where that was chosen on the way."""
    if not ran.result.methods:
        return asked.label
    return _("Fill: {methods} (automatic)").format(methods=_listed(ran.result.methods))


def _listed(methods: tuple[str, ...]) -> str:
    """Their names without what stands in brackets behind them."""
    return ", ".join(re.split(r"\s*[(（]", named(method))[0] for method in methods)


def _unseen(document: Document, parts: tuple[Part, ...]) -> bool:
    """Is every pixel that a fill has changed transparent?"""
    if document.alpha is None:
        return False
    changed = [patch for patch in patches(parts) if patch.plane == "photo" and patch.where.any()]
    return bool(changed) and all(not document.alpha.pixels[patch.region.slices][patch.where].any() for patch in changed)


def _other(plane: Plane, revision: int, region: Region, before: NDArray[Any]) -> bool:
    if not plane.changed_since(revision, region):
        return False
    return plane.pixels[region.slices].tobytes() != before.tobytes()  # bytes: NaN equals itself
