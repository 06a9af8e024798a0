"""What the program has to say: cards over the upper edge of the picture, which move nothing and block nothing.

Two at most are in view; a line below them counts the others, which come into view as those are closed.
An unforeseen error, one with details, comes as a dialog from which they can be copied; never during a stroke.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from lacuna.editor.values import Message, Severity
from lacuna.errors import BackendFailed
from lacuna.i18n import _, ngettext
from lacuna.ui import theme
from lacuna.ui.answer_buttons import cross_button
from lacuna.ui.icons import icon, pixmap

SECONDS_OF_A_NOTE = 7.0
MOST_NOTES = 3  # that are kept
MOST_IN_VIEW = 2
WIDTH = 620
MARGIN = 16  # from the host's edges


@dataclass(frozen=True)
class Answer:
    """A button of a card: choosing it calls `call` and closes the card."""

    text: str
    call: Callable[[], object]
    primary: bool = False


class Messages(QWidget):
    """The column of cards. `host` is the widget over whose upper edge they float; `busy()` is True during a stroke."""

    emptied = Signal()

    def __init__(self, host: QWidget, busy: Callable[[], bool]) -> None:
        super().__init__(host)
        self._host = host
        self._busy = busy
        self._cards: list[MessageCard] = []
        self._late: list[Message] = []  # dialogs that wait for the end of a stroke
        self._kept_clear: dict[QWidget, int] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self.more = QLabel(self)
        self.more.setProperty("card", True)
        self.more.setContentsMargins(10, 3, 10, 3)
        self._column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignHCenter)
        self.hide()

    @property
    def cards(self) -> list[MessageCard]:
        """All cards, newest first."""
        return list(self._cards)

    def say(self, message: Message, answers: Sequence[Answer] = ()) -> MessageCard | None:
        """Show a message once, and return its card; one that says the same already stays. A dialog has no card."""
        if isinstance(message.error, BackendFailed):
            self._late.append(message)
            self.flush()
            return None
        for card in self.cards:
            if card.message == message:
                return card
        if message.details and not answers:
            answers = (Answer(_("Details"), lambda: self.show_details(message)),)
        card = MessageCard(message, answers, self.close_card)
        self._column.insertWidget(0, card)
        self._cards.insert(0, card)
        self.show()
        self.raise_()
        for old in [
            c for c in self.cards if c.message.severity is Severity.INFO and not c.answers and not c.message.stays
        ][MOST_NOTES:]:
            self.close_card(old)
        self._choose()
        return card

    def _choose(self) -> None:
        """Show the newest cards; one that asks something first."""
        shown = sorted(self._cards, key=lambda card: not card.asks)[:MOST_IN_VIEW]
        for card in self._cards:
            card.setVisible(card in shown)  # now: a layout gives no room to what Qt would show with the next event
        hidden = len(self._cards) - len(shown)
        self.more.setText(ngettext("{count} more message", "{count} more messages", hidden).format(count=hidden))
        self.more.setVisible(hidden > 0)
        self.place()

    def flush(self) -> None:
        """Show what had to wait for the end of a stroke."""
        while self._late and not self._busy():
            from lacuna.ui.dialogs.error_details import ErrorDetails

            ErrorDetails(self._late.pop(0), self.window()).open()

    def tidy(self) -> None:
        """Take away the cards of what is no longer so."""
        for card in self.cards:
            if card.message.over is not None and card.message.over():
                self.close_card(card)

    def show_details(self, message: Message) -> None:
        """The details of a card, in a dialog."""
        from lacuna.ui.dialogs.error_details import ErrorDetails

        ErrorDetails(message, self.window()).open()

    def leave_clear(self, part: QWidget, height: int) -> None:
        """Cover nothing of so much of the host below its upper edge, where `part` is; 0: it is there no more."""
        if self._kept_clear.get(part, 0) != height:
            self._kept_clear[part] = height
            self.place()

    def place(self) -> None:
        """Take the place over the host's upper edge."""
        width = min(WIDTH, self._host.width() - 2 * MARGIN)
        self.setFixedWidth(max(200, width))
        self._column.activate()
        height = max(
            self._column.heightForWidth(self.width()), self._column.sizeHint().height() if not self.cards else 0
        )
        top = max(MARGIN, *self._kept_clear.values(), 0)
        self.setGeometry((self._host.width() - self.width()) // 2, top, self.width(), height)

    def close_card(self, card: MessageCard) -> None:
        """Take a card away, if it is still there."""
        if card not in self._cards:
            return
        self._cards.remove(card)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()
        if not self.cards:
            self.hide()
            self.emptied.emit()
        self._choose()


class MessageCard(QFrame):
    """One message: an icon, the sentence, the next step, buttons, and a cross to close it."""

    def __init__(self, message: Message, answers: Sequence[Answer], close: Callable[[MessageCard], None]) -> None:
        super().__init__()
        self.message = message
        self.answers = tuple(answers)
        self._close = close
        self._timer: QTimer | None = None
        self.setProperty("card", True)
        self.setAccessibleName(" ".join(filter(None, (message.sentence, message.hint))))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 10, 8, 10)
        row.setSpacing(10)
        self._sign = QLabel(self)
        row.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignTop)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        row.addLayout(texts, 1)
        texts.addWidget(_words(message.sentence, self))
        if message.hint:
            hint = _words(message.hint, self)
            hint.setProperty("quiet", True)
            texts.addWidget(hint)
        buttons = [self._button(answer) for answer in self.answers]
        if message.severity is not Severity.INFO:
            copy = QToolButton(self)
            copy.setIcon(icon("copy"))
            copy.setIconSize(QSize(16, 16))
            copy.setToolTip(_("Copy this message"))
            copy.setAccessibleName(_("Copy this message"))
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(as_text(message)))
            row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        for button in buttons:
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
        cross = cross_button(_("Close this message"), lambda: self._close(self), self)
        cross.setToolTip(_("Close this message"))
        row.addWidget(cross, 0, Qt.AlignmentFlag.AlignTop)
        self._show_sign()
        if message.severity is Severity.INFO and not answers and not message.stays:
            self._timer = QTimer(self)
            self._timer.setSingleShot(True)
            self._timer.timeout.connect(lambda: self._close(self))

    @property
    def asks(self) -> bool:
        """Does it wait for an answer?"""
        return any(answer.primary for answer in self.answers)

    def _button(self, answer: Answer) -> QPushButton:
        button = QPushButton(answer.text, self)
        button.setProperty("primary", answer.primary)
        button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        button.clicked.connect(lambda: self._answered(answer))
        return button

    def _answered(self, answer: Answer) -> None:
        self._close(self)
        answer.call()

    def _show_sign(self) -> None:
        now = theme.current()
        name, colour = {
            Severity.INFO: ("info", now.focus),
            Severity.WARNING: ("warning", now.warning),
            Severity.ERROR: ("error", now.danger),
        }[self.message.severity]
        self._sign.setPixmap(pixmap(name, 20, self.devicePixelRatioF(), colour))

    def showEvent(self, event: QShowEvent) -> None:
        if self._timer is not None and not self._timer.isActive():  # what nobody has seen yet does not go
            self._timer.start(int(SECONDS_OF_A_NOTE * 1000))
        super().showEvent(event)

    def changeEvent(self, event: object) -> None:
        from PySide6.QtCore import QEvent

        assert isinstance(event, QEvent)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_sign"):
            self._show_sign()
        super().changeEvent(event)


def as_text(message: Message) -> str:
    """A message with all that belongs to it, to paste into a report."""
    return "\n\n".join(filter(None, (message.sentence, message.hint, message.details.strip())))


def _words(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setTextFormat(Qt.TextFormat.PlainText)
    return label
