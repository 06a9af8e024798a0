"""Results of fills that wait for the person's choice: tries that lie side by side, or one that asks a question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lacuna.contract.fill import FillStep
from lacuna.document.edit import Edit
from lacuna.editor.edges import Edges
from lacuna.editor.values import Message, Severity
from lacuna.engine.fill import FillResult
from lacuna.i18n import _
from lacuna.imaging.photo import Pixels
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor

MOST = 8  # results that lie side by side
MOST_BYTES = 256 << 20  # as eight fills of 1500 x 1500 pixels, with what is kept to put them in

Shown = tuple[tuple[Region, Pixels], ...]


@dataclass(frozen=True, eq=False)
class Result:
    """A fill that can be put in. `pieces` are shown over the picture; `put`, for the editor alone, makes the edit.

    Without `put` it is the one that is in the picture. `seed` is None where another one would change nothing.
    """

    step: FillStep
    name: str  # of the method, in the person's language
    seed: int | None
    label: str
    pieces: Shown = ()
    put: Callable[[], None] | None = None
    nbytes: int = 0  # of memory that it holds
    report: FillResult | None = None  # without its pieces; None for a fill of an earlier session
    edges: tuple[Edges, ...] = ()  # that it followed


@dataclass(frozen=True, eq=False)
class Offer:
    """Results side by side, of which the `chosen` one is shown: to be accepted, or dropped.

    `base` is the fill in the picture that they are tries of. None: it is a single result that was not put in by itself,
    for the reason that `question` names.
    """

    results: tuple[Result, ...]
    chosen: int = 0
    base: Edit | None = None
    question: Message | None = None

    @property
    def shown(self) -> Result:
        return self.results[self.chosen]

    @property
    def pieces(self) -> Shown:
        """What lies over the picture now."""
        return self.shown.pieces

    def choose(self, index: int) -> Offer:
        """The same with another result shown; beyond its ends it goes on at the other one."""
        return replace(self, chosen=index % len(self.results))

    def beside(self, result: Result, *, show: bool = True) -> Offer:
        """With one more, which is shown, or not yet.

        The oldest make room, but never the one that is in the picture or the one that is shown.
        """
        results, shown = [*self.results, result], result if show else self.shown
        while len(results) > MOST or sum(r.nbytes for r in results) > MOST_BYTES:
            oldest = next((r for r in results[:-1] if r.put is not None and r is not shown), None)
            if oldest is None:
                break
            results.remove(oldest)
        return replace(self, results=tuple(results), chosen=results.index(shown))


class Offers:
    """The offers of one document, the first of which is shown: accept it, drop it, choose among its results."""

    def __init__(self, editor: Editor, given_up: Callable[[Edit], None]) -> None:
        """`given_up(base)`: no further tries are wanted."""
        self._editor = editor
        self._given_up = given_up
        self._waiting: list[Offer] = []

    @property
    def first(self) -> Offer | None:
        return self._waiting[0] if self._waiting else None

    def of(self, base: Edit) -> Offer | None:
        """The tries of this fill, if they wait."""
        return next((offer for offer in self._waiting if offer.base is base), None)

    def ask(self, result: Result, question: Message) -> None:
        """Let a result wait that is put in only if the person says so."""
        self._waiting.append(Offer((result,), question=question))

    def begin(self, base: Edit, there: Result) -> None:
        """Offer the fill `base` that is in the picture, `there`, for its tries to lie beside, unless that is done."""
        if self.of(base) is None:
            self._waiting.append(Offer((there,), base=base))

    def add(self, base: Edit, result: Result, *, show: bool) -> None:
        """Put a try beside the others of the same fill, for which an offer was begun, and show it, or not yet."""
        offer = self.of(base)
        assert offer is not None
        after = offer.beside(result, show=show)
        self._waiting[self._waiting.index(offer)] = after
        for gone in set(offer.results).difference(after.results):
            self._editor.tell(Message(_("“{name}” made room for newer results.").format(name=gone.name)))

    def none_came(self, base: Edit) -> None:
        """No further tries are on their way: with none there either, there is nothing to choose."""
        offer = self.of(base)
        if offer is not None and len(offer.results) == 1:
            self._remove(offer)

    def choose(self, index: int) -> None:
        if self._waiting:
            self._waiting[0] = self._waiting[0].choose(index)

    def accept(self) -> None:
        """Put the result in that is shown. Raises UnreadableFile, with nothing changed."""
        offer = self.first
        if offer is None:
            return
        if offer.base is not None:
            self._given_up(offer.base)
        if offer.shown.put is not None:
            offer.shown.put()
        self._remove(offer)

    def drop(self) -> None:
        """The picture stays as it is."""
        if self._waiting:
            offer = self._waiting.pop(0)
            if offer.base is not None:
                self._given_up(offer.base)

    def settle(self) -> None:
        """The person goes on with what is to be seen: that is accepted. A question stays one."""
        if self._waiting and self._waiting[0].base is not None:
            self.accept()

    def looked_at(self) -> None:
        """The history moved: tries of a fill that was taken back are over."""
        document = self._editor.document
        if document is not None and self._waiting:
            there = document.history.entries[: document.history.position]
            self._waiting = [offer for offer in self._waiting if offer.base is None or offer.base in there]

    def cropped(self) -> None:
        """What waits lies elsewhere now: it is dropped, and said."""
        sentence = _("“{action}” was dropped: the picture was cropped or enlarged meanwhile.")
        for offer in self._waiting:
            self._editor.tell(Message(sentence.format(action=offer.shown.label), severity=Severity.WARNING))
        self._waiting.clear()

    def filled_anew(self, boxes: list[Region]) -> None:
        """A fill of these boxes is asked for: questions about what was there before have their answer."""
        self._waiting = [
            offer
            for offer in self._waiting
            if offer.base is not None or not any(r.overlaps(b) for r, _pixels in offer.pieces for b in boxes)
        ]

    def forget(self) -> None:
        """Another document."""
        self._waiting.clear()

    def _remove(self, offer: Offer) -> None:
        if offer in self._waiting:  # putting it in may have ended it
            self._waiting.remove(offer)
