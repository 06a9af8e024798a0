"""The menu of the mask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lacuna.editor.values import MaskFit, Misfit
from lacuna.editor.verbs.base import Verbs
from lacuna.i18n import _
from lacuna.imaging.photo import Mask


class MaskVerbs(Verbs):
    """Changes of the whole mask, and files of masks."""

    def clear_mask(self) -> None:
        self.change(lambda document: self._taking_mask_back(lambda: self.masking.clear(document)))

    def select_all(self) -> None:
        self.change(self.masking.select_all)

    def invert_mask(self) -> None:
        self.change(self.masking.invert)

    def grow_mask(self, pixels: float | None = None) -> None:
        """Widen the mask, by default by what the preferences say; so for the next two."""
        radius = self.settings.preferences.grow_by if pixels is None else pixels
        self.change(lambda document: self.masking.grow(document, radius))

    def shrink_mask(self, pixels: float | None = None) -> None:
        radius = self.settings.preferences.shrink_by if pixels is None else pixels
        self.change(lambda document: self.masking.shrink(document, radius))

    def feather_mask(self, pixels: float | None = None) -> None:
        radius = self.settings.preferences.feather_by if pixels is None else pixels
        self.change(lambda document: self.masking.feather(document, radius))

    def reuse_last_mask(self) -> None:
        """Add the mask that was last filled or cleared."""
        self.change(self.masking.reuse_last)

    def fill_loop(self) -> None:
        """F: fill the inside of the loop just drawn."""
        self.change(lambda document: self.masking.fill_loop(document, self.toolbox.last_drawn))

    def import_mask(
        self, path: Path, ask: Callable[[Misfit], None] | None = None, *, fit: MaskFit = MaskFit.REFUSE
    ) -> None:
        """Take a file as the mask, in a job; `ask` is told of one of another size, unless `fit` says what to do."""
        self.change(lambda document: self.masking.import_file(document, path, ask, fit))

    def paste_mask(
        self, read: Callable[[], Mask], ask: Callable[[Misfit], None] | None = None, *, fit: MaskFit = MaskFit.REFUSE
    ) -> None:
        """As `import_mask`, with what `read()` gives in the worker."""
        self.change(lambda document: self.masking.take(document, read, ask, fit, _("Paste mask")))

    def mask_from_transparency(self) -> None:
        """Mark what is not fully opaque, as strongly as it is transparent, in a job; the picture has to have alpha."""
        self.change(self.masking.take_transparency)

    def export_mask(self, path: Path) -> None:
        """Write the mask as a PNG, in a job."""
        if self.document is not None:
            self.files.export_mask(self.document, path)

    def crop_to_mask(self) -> None:
        """What is still being worked out for the picture as it is now comes first."""
        self.when_settled(self.masking.crop)

    def _taking_mask_back(self, act: Callable[[], object]) -> None:
        with self.filling.taking_mask_back():
            act()
