"""Work that was kept when Lacuna ended: offered session by session, newest first, on a card."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lacuna.editor.values import Message
from lacuna.i18n import _
from lacuna.ui.messages import Answer, MessageCard, Messages

if TYPE_CHECKING:
    from pathlib import Path

    from lacuna.document.sessions import Session
    from lacuna.editor.editor import Editor

Leave = Callable[[Callable[[], object]], None]  # does it once the person has given up or saved what is open


class Unfinished:
    """Asks of one session after another: bring it back, give it up, or decide later.

    Bringing one back ends the questions: the others are there at the next start, as are those that were put off.
    """

    def __init__(self, editor: Editor, messages: Messages, leave: Leave) -> None:
        self._editor = editor
        self._messages = messages
        self._leave = leave
        self._put_off: set[Path] = set()  # folders of sessions, till the next start
        self._card: MessageCard | None = None

    def offer(self) -> None:
        """Ask about what there is now and was not put off; a question that stands already is asked anew with it."""
        if self._card is not None:
            self._messages.close_card(self._card)
        waiting = [session for session in self._editor.restorable() if session.folder not in self._put_off]
        self._ask(waiting, 0)

    def _ask(self, sessions: list[Session], index: int) -> None:
        self._card = None
        if index == len(sessions):
            return
        session, count = sessions[index], len(sessions)

        def later() -> None:
            self._put_off.add(session.folder)
            self._ask(sessions, index + 1)

        def discard() -> None:
            session.discard()
            self._ask(sessions, index + 1)

        def bring_back() -> None:
            self._leave(lambda: self._editor.restore(session))

        sentence = _("Unfinished work was kept when Lacuna ended.")
        if count > 1:
            sentence = _("Unfinished work was kept when Lacuna ended ({number} of {count}).")
        self._card = self._messages.say(
            Message(sentence.format(number=index + 1, count=count), session.describe()),
            (
                Answer(_("Later"), later),
                Answer(_("Discard"), discard),
                Answer(_("Restore"), bring_back, primary=True),
            ),
        )
