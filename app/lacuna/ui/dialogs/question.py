"""One question with named answers: unsaved changes, the original about to be overwritten, a very large picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtWidgets import QCheckBox, QWidget

from lacuna.i18n import _
from lacuna.ui.dialogs.dialog import Dialog
from lacuna.ui.messages import Answer


class Question(Dialog):
    """`answers` from left to right; the one that is `primary` is what Enter chooses.

    `remember` is the text of a tick box; `remembered` tells whether it was ticked when an answer came.
    """

    def __init__(
        self,
        title: str,
        heading: str,
        text: str,
        answers: Sequence[Answer],
        *,
        remember: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, heading, text, parent)
        self.tick: QCheckBox | None = None
        if remember:
            self.tick = QCheckBox(remember, self)
            self.body.addWidget(self.tick)
        self.buttons = {
            answer.text: self.add_button(answer.text, partial(self._answer, answer), default=answer.primary)
            for answer in answers
        }
        for answer in answers:
            if answer.primary:
                self.buttons[answer.text].setFocus()

    @property
    def remembered(self) -> bool:
        return self.tick is not None and self.tick.isChecked()

    def _answer(self, answer: Answer) -> None:
        self.accept()
        answer.call()


def unsaved(
    name: str,
    save: Callable[[bool], object],
    discard: Callable[[], object],
    parent: QWidget | None,
) -> Question:
    """The picture has changes that are in no file. `save(always)`: whether to save without asking from now on."""
    question: Question
    answers = (
        Answer(_("Discard changes"), discard),
        Answer(_("Stay"), lambda: None),
        Answer(_("Save"), lambda: save(question.remembered), primary=True),
    )
    question = Question(
        _("Unsaved changes"),
        _("Save the changes to “{name}”?").format(name=name),
        _("They are in no file yet."),
        answers,
        remember=_("Always save, do not ask again"),
        parent=parent,
    )
    return question


def overwrite_source(name: str, overwrite: Callable[[], object], parent: QWidget | None) -> Question:
    """The file to be written is the photo that was opened."""
    return Question(
        _("Overwrite the original?"),
        _("“{name}” is the original photo.").format(name=name),
        _("Saving under this name replaces it. What was removed from it cannot be brought back from the file."),
        (Answer(_("Overwrite the original"), overwrite), Answer(_("Keep the original"), lambda: None, primary=True)),
        parent=parent,
    )


def too_large(sentence: str, hint: str, allow: Callable[[], object], parent: QWidget | None) -> Question:
    """A picture above the limit of the preferences: may be allowed this once."""
    return Question(
        _("Very large picture"),
        sentence,
        hint or _("Opening it may need much memory and time."),
        (Answer(_("Open it this time"), allow), Answer(_("Do not open"), lambda: None, primary=True)),
        parent=parent,
    )


def paste_as(
    width: int, height: int, picture: Callable[[], object], mask: Callable[[], object], parent: QWidget | None
) -> Question:
    """An image on the clipboard while a picture is open."""
    return Question(
        _("Paste"),
        _("Paste the image as what?"),
        _("On the clipboard is an image of {width} × {height} pixels.").format(width=width, height=height),
        (
            Answer(_("Cancel"), lambda: None),
            Answer(_("As mask"), mask),
            Answer(_("As new picture"), picture, primary=True),
        ),
        parent=parent,
    )
