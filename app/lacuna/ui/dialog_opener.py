"""Opens the dialogs that belong to the window as a whole; those of a part stand with that part."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lacuna.ui.dialogs.batch import BatchDialog
    from lacuna.ui.main_window import MainWindow


class DialogOpener:
    """For the window's actions. A dialog is imported when it is first asked for."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._batch: BatchDialog | None = None

    def preferences(self) -> None:
        from lacuna.ui.dialogs.preferences import Preferences as Dialog

        Dialog(self._window.settings.preferences, self._window.prefer, self._window).open()

    def models(self) -> None:
        from lacuna.ui.dialogs.models import Models

        Models(self._window.editor, self._window).open()

    def batch(self) -> None:
        """One for the whole life of the window: it comes back as it was left."""
        if self._batch is None:
            from lacuna.ui.dialogs.batch import BatchDialog

            self._batch = BatchDialog(self._window.editor, self._window)
        self._batch.show()
        self._batch.raise_()
        self._batch.activateWindow()

    def mask_edge(self) -> None:
        from lacuna.ui.dialogs.mask_edge import MaskEdge

        editor = self._window.editor
        MaskEdge(
            self._window.settings.preferences,
            self._window.prefer,
            editor.grow_mask,
            editor.shrink_mask,
            editor.feather_mask,
            self._window,
        ).open()

    def shortcuts(self) -> None:
        from lacuna.ui.dialogs.shortcuts import Shortcuts

        Shortcuts(self._window.action_set, self._window).open()

    def about(self) -> None:
        from lacuna.ui.dialogs.about import About

        About(self._window).open()
