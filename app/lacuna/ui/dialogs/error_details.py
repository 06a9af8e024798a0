"""An error nobody foresaw: what happened, what it means for the picture, and details to copy."""

from __future__ import annotations

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from lacuna.editor.values import Message
from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.messages import as_text


class ErrorDetails(Dialog):
    def __init__(self, message: Message, parent: QWidget | None = None) -> None:
        super().__init__(_("Error"), message.sentence, message.hint, parent)
        self.message = message
        self.details = QPlainTextEdit(message.details.strip(), self)
        self.details.setReadOnly(True)
        self.details.setAccessibleName(_("Details"))
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.details.setTabChangesFocus(True)
        self.details.setMinimumHeight(180)
        self.resize(640, 320)
        self.body.addWidget(self.details, 1)
        self.copy = self.add_button(_("Copy details"), self._copy, left=True)
        self.add_button(_("Close"), self.accept, default=True).setFocus()

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(as_text(self.message))
        self.copy.setText(_("Copied"))
