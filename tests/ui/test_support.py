"""The safety net itself: an error that Qt swallows fails the test it happens in."""

from __future__ import annotations

import threading

from PySide6.QtCore import qWarning
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.ui.support import shown


class Torn(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        raise KeyError("lost while painting")


def test_an_exception_while_painting_is_seen(unseen_errors: list[str]) -> None:
    widget = Torn()
    widget.show()
    QApplication.processEvents()
    assert "lost while painting" in unseen_errors[0]
    unseen_errors.clear()


def test_an_exception_in_a_thread_is_seen(unseen_errors: list[str]) -> None:
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    assert "ZeroDivisionError" in unseen_errors.pop()


def test_a_warning_of_qt_is_seen(unseen_errors: list[str]) -> None:
    qWarning("something is amiss")
    assert unseen_errors.pop() == "Qt: something is amiss"


def test_a_widget_is_exposed_and_active() -> None:
    widget = shown(QWidget(), 100, 50)
    assert widget.isActiveWindow()
    assert (widget.width(), widget.height()) == (100, 50)
