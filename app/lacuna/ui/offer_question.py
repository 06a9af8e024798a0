"""The card of a result that is not put in by itself: why, and the person's two answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna.i18n import _
from lacuna.ui.messages import Answer, MessageCard, Messages

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor
    from lacuna.editor.values import Message


class OfferQuestion:
    """Stands as long as the editor's first offer has a question. Tries, which have none, lie in the strip."""

    def __init__(self, editor: Editor, messages: Messages) -> None:
        self._editor = editor
        self._messages = messages
        self._asked: Message | None = None
        self._card: MessageCard | None = None

    def refresh(self) -> None:
        """Ask what is to be asked now."""
        offer = self._editor.offer
        asked = None if offer is None else offer.question
        if asked is self._asked:
            return
        self._asked = asked
        if self._card is not None:
            self._messages.close_card(self._card)
            self._card = None
        if asked is not None:
            put, drop = self._editor.accept, self._editor.drop
            self._card = self._messages.say(
                asked, (Answer(_("Put it in"), put, primary=True), Answer(_("Drop it"), drop))
            )
