"""How a session ends."""

from __future__ import annotations

import threading

from lacuna.document.document import Document
from lacuna.document.journal import Journal, KeptMask, drop_mask, keep_mask
from lacuna.errors import CannotSave
from lacuna.i18n import _


class Farewell:
    """The end of a session, for any thread: its mask is kept for the next time (`keeps_mask`), and its folder goes.

    With `stays` the folder is left, to be restored. `say` does it once, whoever calls first.
    """

    def __init__(self, document: Document, journal: Journal, stays: bool, *, keeps_mask: bool = True) -> None:
        self._document = document
        self._journal = journal
        self._stays = stays
        self._keeps_mask = keeps_mask
        self._lock = threading.Lock()
        self._said = False
        journal.detach()

    def say(self) -> None:
        """Raises CannotSave if the mask could not be kept."""
        with self._lock:
            if self._said:
                return
            self._said = True
            if self._stays:
                self._journal.leave()
                return
            try:
                if self._keeps_mask:
                    self._keep_mask()
            finally:
                self._journal.close()

    def _keep_mask(self) -> None:
        """Keep the mask for the next time that this picture is opened, or forget the one kept."""
        document, box = self._document, self._document.mask_bounds()
        try:
            if box.empty:
                drop_mask(document.kept.sha256)
            else:
                pixels = document.mask.pixels[box.slices]
                keep_mask(document.kept.sha256, KeptMask(box, pixels, document.shape))
        except OSError as error:
            raise CannotSave(
                _("The mask could not be kept for the next time: {reason}.").format(reason=error.strerror or error),
                hint=_("Make room on the disk that holds your user data."),
                cause=error,
            ) from error
