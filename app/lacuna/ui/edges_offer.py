"""Predicting edges where the method chosen cannot: a card that offers to choose one that can."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lacuna.editor.method import named
from lacuna.editor.values import Message
from lacuna.i18n import _
from lacuna.ui.messages import Answer

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


def offer_edges(window: MainWindow) -> None:
    """Ask whether to go on with another method: fills follow the edges of none but that."""
    contours = window.editor.contours
    other = contours.instead

    def predict() -> None:
        window.show_contours(True)
        contours.predict_by(other)

    said = _("“{method}” predicts no edges. “{other}” does, and fills along them.")
    window.messages.say(
        Message(
            said.format(method=named(window.editor.backend), other=named(other)),
            over=lambda: contours.instead != other,
        ),
        (Answer(_("Choose it and predict"), predict, primary=True),),
    )
