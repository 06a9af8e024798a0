"""The buttons of a part that waits for the person: one takes what is shown, a cross drops or closes it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from lacuna.ui.icons import icon

CROSS = QSize(14, 14)  # in the widget's units


def accept_button(text: str, accept: Callable[[], object], parent: QWidget) -> QPushButton:
    """The one to press as a rule; a click leaves the keyboard where it is."""
    button = QPushButton(text, parent)
    button.setProperty("primary", True)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: accept())
    return button


def cross_button(name: str, close: Callable[[], object], parent: QWidget) -> QToolButton:
    """`name` says for screen readers what it does."""
    button = QToolButton(parent)
    button.setIcon(icon("close"))
    button.setIconSize(CROSS)
    button.setAccessibleName(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: close())
    return button
