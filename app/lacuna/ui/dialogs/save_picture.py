"""Where and how to save: name, folder, format, quality, and what would be lost, on one page that Enter confirms."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QWidget

from lacuna.i18n import _
from lacuna.imaging import heif
from lacuna.imaging.fitting import over_long
from lacuna.imaging.formats import DEPTH, LOSSY, NAMES, NO_ALPHA, WRITABLE, left_out, suffixes
from lacuna.imaging.photo import Photo
from lacuna.ui.boxes import LineEdit
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.dialogs.question import overwrite_source

DEFAULT_QUALITY = 95
SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))  # a folder is meant by what ends in one

ORDER = ("PNG", "JPEG", "TIFF", "WEBP", "AVIF", "BMP", "HEIF")


def kinds() -> list[str]:
    """The formats that this installation writes, in the order of the list: HEIC needs a library with an encoder."""
    return [kind for kind in ORDER if kind != "HEIF" or heif.can_write()]


class SavePicture(Dialog):
    """`save(path, quality)` is called once, with quality None for "as the source, or the usual one"."""

    def __init__(
        self,
        proposed: Path,
        header: Photo,
        bits: int,
        alpha: bool,
        save: Callable[[Path, int | None], object],
        parent: QWidget | None = None,
        *,
        sides: tuple[int, int],
    ) -> None:
        """`sides`: height and width of what is saved."""
        super().__init__(_("Save picture"), parent=parent)
        self._sides = sides
        self._save = save
        self._folder = proposed.parent
        self._header = header
        self._source = header.source
        self._kinds = kinds()
        self._bits = bits
        self._alpha = alpha
        self.setMinimumWidth(520)

        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        self.body.addLayout(grid)

        self.name = LineEdit(lambda: None, self)
        self.name.setText(proposed.name)
        self.name.setAccessibleName(_("Name"))
        self.name.textChanged.connect(self._name_changed)
        self._row(grid, 0, _("&Name"), self.name)

        self.folder = QLabel(self)
        self.folder.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        browse = QPushButton(_("Choose…"), self)
        browse.setAutoDefault(False)
        browse.setAccessibleName(_("Choose another folder or name"))
        browse.clicked.connect(self._browse)
        where = QHBoxLayout()
        where.addWidget(self.folder, 1)
        where.addWidget(browse)
        label = QLabel(_("&Folder"), self)
        label.setBuddy(browse)
        grid.addWidget(label, 1, 0)
        grid.addLayout(where, 1, 1)

        self.format = QComboBox(self)
        self.format.setAccessibleName(_("Format"))
        self.format.addItems([NAMES[kind] for kind in self._kinds])
        self.format.activated.connect(self._format_chosen)
        self._row(grid, 2, _("F&ormat"), self.format)

        self.manner = QComboBox(self)
        self.manner.setAccessibleName(_("Quality"))
        self.quality = QSpinBox(self)
        self.quality.setRange(1, 100)
        self.quality.setValue(DEFAULT_QUALITY)
        self.quality.setAccessibleName(_("Quality from 1 to 100"))
        self.manner.currentIndexChanged.connect(lambda index: self.quality.setVisible(index == 1))
        how = QHBoxLayout()
        how.addWidget(self.manner, 1)
        how.addWidget(self.quality)
        self._quality_label = QLabel(_("&Quality"), self)
        self._quality_label.setBuddy(self.manner)
        grid.addWidget(self._quality_label, 3, 0)
        grid.addLayout(how, 3, 1)

        self.notes = words("", self)
        self.body.addWidget(self.notes)
        self.body.addStretch(1)
        self.add_button(_("Cancel"), self.reject)
        self.button = self.add_button(_("Save"), self._confirm, default=True)
        self._name_changed()
        self.name.setFocus()
        self.name.setSelection(0, len(proposed.stem))

    @property
    def path(self) -> Path:
        """What is asked for now; a name without a known ending gets that of the format shown. Only while `named`."""
        path = self._typed()
        return path if self._kind_of(path) else path.with_name(path.name + suffixes(self._kind())[0])

    @property
    def named(self) -> bool:
        """Has a file a name yet? A path may be typed too, and half of one is the name of a folder, or of nothing."""
        typed, text = self._typed(), self.name.text().strip()
        if text == typed.name:
            return text not in ("", "..")
        return not text.endswith(SEPARATORS) and typed.name not in ("", "..") and not os.path.isdir(typed)

    def _typed(self) -> Path:
        """The name as it stands there, in the folder shown unless it names another one."""
        return self._folder / os.path.expanduser(self.name.text().strip())

    def _row(self, grid: QGridLayout, row: int, text: str, widget: QWidget) -> None:
        label = QLabel(text, self)
        label.setBuddy(widget)
        grid.addWidget(label, row, 0)
        grid.addWidget(widget, row, 1)

    def _kind(self) -> str:
        return self._kinds[max(0, self.format.currentIndex())]

    def _kind_of(self, path: Path) -> str | None:
        """The format that the name asks for, None if it is none of those that can be written."""
        kind = WRITABLE.get(path.suffix.lower())
        return kind if kind in self._kinds else None

    def _name_changed(self) -> None:
        found = self._kind_of(Path(self.name.text().strip() or "-"))
        if found is not None:
            self.format.setCurrentIndex(self._kinds.index(found))
        self._refresh()

    def _format_chosen(self, _index: int) -> None:
        if self.named:
            typed = Path(os.path.expanduser(self.name.text().strip()))
            stem = typed.stem if self._kind_of(typed) else typed.name
            self.name.setText(str(typed.with_name(stem + suffixes(self._kind())[0])))
        self._refresh()

    def _browse(self) -> None:
        filters = ";;".join(f"{NAMES[kind]} (*{' *'.join(suffixes(kind))})" for kind in self._kinds)
        begun = str(self.path if self.named else self._folder)
        chosen, _kind = QFileDialog.getSaveFileName(
            self, _("Save picture"), begun, filters, options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            self._folder = Path(chosen).parent
            self.name.setText(Path(chosen).name)
            self._refresh()

    def _refresh(self) -> None:
        folder = str(self.path.parent if self.named else self._folder)
        self.folder.setToolTip(folder)
        self.folder.setText(self.folder.fontMetrics().elidedText(folder, Qt.TextElideMode.ElideMiddle, 300))
        chosen = self._kind()
        as_source = self._source is not None and chosen == "JPEG" and self._source.format == "JPEG"
        first = _("As the source") if as_source else _("Very good ({quality})").format(quality=DEFAULT_QUALITY)
        if self.manner.itemText(0) != first:
            by_hand = self.manner.currentIndex() == 1
            self.manner.clear()
            self.manner.addItems([first, _("Set by hand")])
            self.manner.setCurrentIndex(int(by_hand))
        for widget in (self._quality_label, self.manner):
            widget.setVisible(chosen in LOSSY)
        self.quality.setVisible(chosen in LOSSY and self.manner.currentIndex() == 1)
        exists = self.named and os.path.exists(self.path)  # it takes names, too, that are too long
        too_long = over_long(chosen, *self._sides)
        self.button.setEnabled(self.named and not too_long)
        self.button.setText(_("Replace") if exists else _("Save"))
        refused = [f"{too_long} {_('Save as PNG or TIFF instead.')}"] if too_long else []
        self.notes.setText("\n".join(refused or self._losses(chosen) + ([self._replaced()] if exists else [])))
        self.notes.setVisible(bool(self.notes.text()))

    def _replaced(self) -> str:
        if self._is_source():
            return _("This is the original photo.")
        return _("There is a file of this name already; it will be replaced.")

    def _losses(self, kind: str) -> list[str]:
        name, bits, losses = NAMES[kind], DEPTH.get(kind, 8), []
        if self._bits > bits:
            losses.append(
                _("{format} keeps {kept} bits a channel; the picture has {bits}.").format(
                    format=name, kept=bits, bits=self._bits
                )
            )
        if self._alpha and kind in NO_ALPHA:
            losses.append(_("{format} does not keep the transparency.").format(format=name))
        lost = left_out(self._header, kind)
        if lost:
            losses.append(_("{format} does not keep: {what}.").format(format=name, what=", ".join(lost)))
        return losses

    def _is_source(self) -> bool:
        source = self._source.path if self._source else None
        return source is not None and os.path.exists(self.path) and source.exists() and self.path.samefile(source)

    def _confirm(self) -> None:
        if self._is_source():
            overwrite_source(self.path.name, self._done, self).open()
        else:
            self._done()

    def _done(self) -> None:
        by_hand = self._kind() in LOSSY and self.manner.currentIndex() == 1
        path, quality = self.path, self.quality.value() if by_hand else None
        self.accept()
        self._save(path, quality)
