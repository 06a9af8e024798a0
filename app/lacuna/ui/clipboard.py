"""Copy the result; paste a picture, or a mask for the one that is open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication, QImage

from lacuna.editor.values import Message
from lacuna.i18n import _
from lacuna.ui.pictures import image_of, mask_of, photo_of

if TYPE_CHECKING:
    from lacuna.ui.main_window import MainWindow


class Clipboard:
    """What the window does with the system's clipboard. `full` is kept up to date by its signal, not by asking it."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.full = False

    def look(self) -> None:
        """See whether there is something to paste."""
        data = QGuiApplication.clipboard().mimeData()
        self.full = data is not None and (data.hasImage() or bool(_files(data.urls())))

    def copy(self) -> None:
        self._window.editor.copy(image_of, self._put)

    def _put(self, image: QImage) -> None:
        QGuiApplication.clipboard().setImage(image)
        self._window.say(Message(_("The picture is on the clipboard.")))

    def paste(self) -> None:
        """An image becomes a picture, or asks what it should be while one is open; a copied file is opened."""
        files, image = self._content()
        if files:
            self._window.files.open(files)
        elif image is not None and self._window.editor.document is not None:
            from lacuna.ui.dialogs.question import paste_as

            paste_as(
                image.width(), image.height(), lambda: self._picture(image), lambda: self._mask(image), self._window
            ).open()
        elif image is not None:
            self._picture(image)

    def paste_picture(self) -> None:
        files, image = self._content()
        if files:
            self._window.files.open(files)
        elif image is not None:
            self._picture(image)

    def paste_mask(self) -> None:
        files, image = self._content()
        if files:
            self._window.files.import_mask(files[0])
        elif image is not None:
            self._mask(image)

    def _content(self) -> tuple[list[Path], QImage | None]:
        clipboard = QGuiApplication.clipboard()
        data = clipboard.mimeData()
        image = clipboard.image() if data.hasImage() else QImage()
        files = [] if not image.isNull() else _files(data.urls())
        if image.isNull() and not files:
            self._window.say(Message(_("There is no picture on the clipboard.")))
        return files, None if image.isNull() else image

    def _picture(self, image: QImage) -> None:
        self._window.files.leave(lambda: self._window.editor.paste_picture(lambda: photo_of(image)))

    def _mask(self, image: QImage) -> None:
        self._window.editor.paste_mask(lambda: mask_of(image), self._window.files.ask_fit)


def _files(urls: list) -> list[Path]:
    return [Path(url.toLocalFile()) for url in urls if url.isLocalFile()]
