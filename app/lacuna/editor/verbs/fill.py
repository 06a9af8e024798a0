"""The menu of filling: method, run, tries and the choice among their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lacuna.editor.candidates import Candidate, Unfilled
from lacuna.editor.edges import Edges
from lacuna.editor.values import Estimate
from lacuna.editor.verbs.base import Verbs
from lacuna.engine.fill import FillResult
from lacuna.i18n import _


class FillVerbs(Verbs):
    """How the mask is filled, the fill itself, and what came of it."""

    @property
    def unheard(self) -> str:
        """The kinds of guides in the picture that the method chosen does not follow, as words; "" if there are none."""
        document = self.document
        return "" if document is None else self.filling.method.unheard(document)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What lies side by side: the tries offered, then those on their way."""
        return self.filling.candidates.listed()

    @property
    def unfilled(self) -> Unfilled | None:
        """The hole of the candidates before it was filled; None without candidates, or where it cannot be read."""
        return self.filling.candidates.unfilled()

    @property
    def backend(self) -> str:
        """Its id."""
        return self.filling.method.backend

    @property
    def missing(self) -> str:
        """Why it cannot run under its params, and what helps; "" if it can."""
        return self.filling.method.missing

    @property
    def params(self) -> Any:
        """The backend's params as they are now."""
        return self.filling.method.params

    def use_backend(self, backend_id: str) -> None:
        self._guarded(lambda: self.filling.method.use_backend(backend_id))

    def set_param(self, name: str, value: Any) -> None:
        self._guarded(lambda: self.filling.method.set_param(name, value))

    @property
    def growth(self) -> float:
        """By how many pixels the mask is widened before the fill; shown in the overlay as what will be filled."""
        return self.filling.method.growth

    @property
    def report(self) -> FillResult | None:
        """Of the result shown, or of the last fill until something else is done: areas, time, what was compared."""
        return self.filling.report if self.offer is None else self.offer.shown.report

    @property
    def edges(self) -> tuple[Edges, ...]:
        """Edges that the result shown or the last fill has followed, to show over it; none unless that is wanted."""
        return self.filling.edges if self.settings.preferences.show_edges else ()

    def estimate(self) -> Estimate:
        """Cheap enough for each change of mask or params."""
        if self.document is None:
            return Estimate(problem=_("Open a picture first."))
        return self.filling.method.estimate(self.document)

    def fill(self, *, follows: bool = False) -> None:
        """Fill the mask in a job, with what is proposed for it. What a running fill works on already is left to it."""
        self._guarded(self.proposals.accept)
        self._fill(follows=follows)

    def try_again(self) -> None:
        """R: fill the hole of the last fill anew, with the backend and params chosen now; both are offered then."""
        document = self.document
        if document is not None and self.gesture is None:
            self._guarded(lambda: self.filling.try_again(document))

    def compare(self, backends: Sequence[str]) -> None:
        """Fill the hole of the last fill, or what is masked, by several methods; the results are offered together."""
        document = self.document
        if document is not None and self.gesture is None:
            self._guarded(lambda: self.filling.compare(document, backends))

    def choose(self, index: int) -> None:
        """Show another of the results offered, by its place; one beyond the ends is that at the other end."""
        self.filling.offers.choose(index)
        self.state_changed()

    def accept(self) -> None:
        """Put the result in that is shown: one edit, in place of the fill that it is a try of."""
        self._guarded(self.filling.offers.accept)

    def drop(self) -> None:
        """Forget the results offered: the picture stays as it is, with the fill that was tried again."""
        self.filling.offers.drop()
        self.state_changed()

    def cancel(self) -> None:
        """Cancel the running job."""
        self.work.cancel_first()
        self.state_changed()
