"""The picture as it was opened, made ready for the screen beside the window's thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, SignalInstance

from lacuna.document.document import Document, Frame
from lacuna.errors import LacunaError
from lacuna.imaging.photo import Pixels
from lacuna.imaging.pyramid import Pyramid
from lacuna.ui.jobs import MainThread


@dataclass(frozen=True, eq=False)
class Loaded:
    """All of the original (None if the document had it already), and the levels of what it shows in that frame."""

    document: Document
    pixels: Pixels | None
    frame: Frame
    levels: Pyramid


class OriginalLoader(QObject):
    """Decodes and halves the original in a thread of its own: a long fill must not keep the eye from comparing."""

    loaded = Signal(object)  # Loaded
    failed = Signal(object)  # LacunaError

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._door = MainThread(self)
        self._thread: threading.Thread | None = None

    @property
    def busy(self) -> bool:
        return self._thread is not None

    def load(self, document: Document) -> None:
        """Begin, unless it has begun; `loaded` or `failed` follows in the main thread."""
        if self.busy:
            return
        ready = document.original() if document.original_ready else None
        frame, white = document.frame, document.header.white
        self._thread = threading.Thread(
            target=self._run, args=(document, ready, frame, white), name="lacuna-original", daemon=True
        )
        self._thread.start()

    def wait(self, seconds: float = 10.0) -> None:
        """Let a load that has begun come to its end; for the end of the program."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self, document: Document, ready: Pixels | None, frame: Frame, white: float) -> None:
        try:
            pixels = None
            if ready is None:
                pixels = document.load_original(frame.stretches)
                ready = pixels[frame.box.slices]
            levels = Pyramid(ready, white=white)
            levels.build()
        except LacunaError as error:
            self._door.deliver(lambda error=error: self._ended(self.failed, error))  # type: ignore[misc]
        else:
            found = Loaded(document, pixels, frame, levels)
            self._door.deliver(lambda: self._ended(self.loaded, found))

    def _ended(self, signal: SignalInstance, value: object) -> None:
        self._thread = None
        signal.emit(value)
