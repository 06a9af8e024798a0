"""What the verbs of every menu stand on: the open document, the editor's parts, and how a verb is carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lacuna.document.document import Document
from lacuna.editor.contours import Contours
from lacuna.editor.enlarging import Enlarging
from lacuna.editor.files import Files
from lacuna.editor.filling import Filling
from lacuna.editor.intent import Intent
from lacuna.editor.masking import Masking
from lacuna.editor.mosaics import Mosaics
from lacuna.editor.offer import Offer
from lacuna.editor.proposals import Proposals
from lacuna.editor.rests import Rests
from lacuna.editor.tool import Gesture
from lacuna.editor.toolbox import Toolbox
from lacuna.editor.values import Message, Severity
from lacuna.editor.work import Work
from lacuna.errors import LacunaError
from lacuna.i18n import _
from lacuna.listeners import Listeners
from lacuna.settings import Settings


class Verbs:
    """The part of an `Editor` that its verbs know; `Editor` itself makes all of it."""

    settings: Settings
    document: Document | None
    state_changed: Listeners[[]]
    said: Listeners[[Message]]
    work: Work
    files: Files
    toolbox: Toolbox
    proposals: Proposals
    intent: Intent
    rests: Rests
    masking: Masking
    filling: Filling
    enlarging: Enlarging
    mosaics: Mosaics
    contours: Contours

    @property
    def gesture(self) -> Gesture | None:
        """What is going on between press and release, or between the corners of a polygon."""
        return self.toolbox.gesture

    @property
    def offer(self) -> Offer | None:
        """Results that wait for one to be accepted, or all to be dropped; the chosen one is shown."""
        return self.filling.offers.first

    def tell(self, message: Message) -> None:
        """Say something about the picture that is open: it is over when that is closed, if not before."""
        document, over = self.document, message.over
        self.said(replace(message, over=lambda: self.document is not document or (over is not None and over())))

    def in_frame(self, document: Document, label: str, act: Callable[..., None]) -> Callable[..., None]:
        """`act`, for what is told in the picture's coordinates of now: after a crop it is dropped instead, and said."""
        frame = document.frame

        def checked(*what: Any) -> None:
            if document.frame == frame:
                act(*what)
            else:
                sentence = _("“{action}” was dropped: the picture was cropped or enlarged meanwhile.").format(
                    action=label
                )
                self.tell(Message(sentence, severity=Severity.WARNING))

        return checked

    def change(self, change: Callable[[Document], None]) -> None:
        """For its parts: `change` what is drawn, after what is going on; an error is said."""
        document = self.document
        if document is not None:
            self._guarded(self.toolbox.part)
            self._settle()
            self._guarded(lambda: change(document))

    def when_settled(self, act: Callable[[Document], None]) -> None:
        """`act`, once what is still being worked out for the picture is in it; a try that is shown is accepted."""
        document = self.document
        if document is None:
            return
        self._guarded(self.toolbox.part)
        self._settle()

        def go() -> None:
            if self.document is document:
                self._guarded(lambda: act(document))

        self.rests.afterwards(go)

    def _guarded(self, act: Callable[[], object], over: Callable[[], bool] | None = None) -> None:
        """Do it; say what a person may read of its failure, until it is `over`; tell that things may look different."""
        try:
            act()
        except LacunaError as error:
            self.tell(replace(Message.of(error), over=over))
        self.state_changed()

    def _settle(self) -> None:
        """The person goes on with what is to be seen: a try that is shown is accepted."""
        if self.offer is not None:
            self._guarded(self.filling.offers.settle)

    def _fill(self, *, follows: bool = False) -> None:
        document = self.document
        if document is not None:
            self._guarded(lambda: self.filling.fill(document, follows=follows))
