"""Where a dialog stands that asks about a part of the picture: beside it, so that both are seen."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QDialog, QWidget

GAP = 12  # pixels


def place_beside(dialog: QDialog, view: QWidget, part: QRect) -> None:
    """Move a dialog that is shown to where it hides least of `part`, in the coordinates of `view`; best not at all.

    It stays on the screen. Some systems (Wayland) place windows by themselves.
    """
    screen, frame = dialog.screen().availableGeometry(), dialog.frameGeometry()
    seen = QRect(view.mapToGlobal(part.topLeft()), part.size()).intersected(
        QRect(view.mapToGlobal(QPoint(0, 0)), view.size())
    )
    if not frame.intersects(seen):
        return
    places = [
        QPoint(seen.right() + GAP, frame.top()),
        QPoint(seen.left() - GAP - frame.width(), frame.top()),
        QPoint(frame.left(), seen.bottom() + GAP),
        QPoint(frame.left(), seen.top() - GAP - frame.height()),
    ]
    moved = [_within(QRect(place, frame.size()), screen) for place in places]
    best = min(moved, key=lambda place: _area(place.intersected(seen)))  # of several the first
    dialog.move(best.topLeft())


def _within(rectangle: QRect, screen: QRect) -> QRect:
    left = max(screen.left(), min(rectangle.left(), screen.right() + 1 - rectangle.width()))
    top = max(screen.top(), min(rectangle.top(), screen.bottom() + 1 - rectangle.height()))
    return QRect(QPoint(left, top), rectangle.size())


def _area(rectangle: QRect) -> int:
    return rectangle.width() * rectangle.height() if rectangle.isValid() else 0
