"""Taking a semi-transparent mark out: the mark as it was put in, what comes out, and whether that is wanted."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

from lacuna.editor.editor import Editor
from lacuna.editor.marks import Removable
from lacuna.i18n import _
from lacuna.imaging.photo import Photo
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.pictures import image_of

SHOWN = (520, 190)  # pixels of the screen for each picture, at most
GROUND = QColor(96, 96, 96)  # behind a mark, so that white ones and black ones are seen


class TakeOutMark(Dialog):
    """Shows what was estimated. Nothing is changed before the person agrees."""

    def __init__(self, editor: Editor, removable: Removable, parent: QWidget | None = None) -> None:
        super().__init__(_("Remove a semi-transparent mark"), parent=parent)
        self._editor = editor
        self._removable = removable
        if removable.taken.mattes:
            self._show(_("The mark as it was put in"), _mark(removable))
            self._show(_("What lies beneath it"), image_of(removable.taken.photo))
        else:
            self._show(_("The mark is too opaque, or not put in as the template says"), image_of(removable.before))
        self.body.addWidget(words(removable.told, self, quiet=True))
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Remove the mark"), self._confirm, default=True)
        self.button.setProperty("primary", True)

    def _show(self, title: str, image: QImage) -> None:
        self.body.addWidget(QLabel(title, self))
        label = QLabel(self)
        label.setAccessibleName(title)
        ratio = self.devicePixelRatioF()
        size = image.size().scaled(SHOWN[0], SHOWN[1], Qt.AspectRatioMode.KeepAspectRatio) * ratio
        pixmap = QPixmap.fromImage(
            image.scaled(size, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        )
        pixmap.setDevicePixelRatio(ratio)
        label.setPixmap(pixmap)
        label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(label)

    def _confirm(self) -> None:
        self.accept()
        self._editor.marks.put(self._removable)


def _mark(removable: Removable) -> QImage:
    """All mattes over even ground."""
    image = QImage(removable.seen.width, removable.seen.height, QImage.Format.Format_RGB888)
    image.fill(GROUND)
    with QPainter(image) as painter:
        for matte in removable.taken.mattes:
            colours, alpha = (np.rint(255 * part).astype(np.uint8) for part in (matte.colours, matte.alpha))
            painter.drawImage(matte.region.x0, matte.region.y0, image_of(Photo(colours, alpha)))
    return image
