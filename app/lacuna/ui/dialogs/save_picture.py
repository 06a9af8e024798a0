"""Where and how to save: name, folder, format, quality, and what would be lost, on one page that Enter confirms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSpinBox, QWidget

from lacuna.i18n import _
from lacuna.imaging.photo import Photo
from lacuna.ui.dialogs.dialog import Dialog, words
from lacuna.ui.dialogs.question import overwrite_source
from lacuna.ui.fields import LineEdit

DEFAULT_QUALITY = 95


@dataclass(frozen=True)
class Format:
    """A kind of file that can be written. `suffixes` are those it is known by, the usual one first."""

    name: str
    suffixes: tuple[str, ...]
    bits: int  # a channel, at most; 32 = float too
    alpha: bool = True
    quality: bool = False


FORMATS = (
    Format("PNG", (".png",), 16),
    Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), 8, alpha=False, quality=True),
    Format("TIFF", (".tif", ".tiff"), 32),
    Format("WebP", (".webp",), 8, quality=True),
    Format("AVIF", (".avif",), 8, quality=True),
    Format("BMP", (".bmp",), 8, alpha=False),
)
HEIC = Format("HEIC", (".heic", ".heif"), 8, quality=True)


def formats() -> tuple[Format, ...]:
    """The kinds that this installation writes: HEIC with the extra `heif` alone."""
    return (*FORMATS, HEIC) if find_spec("pillow_heif") is not None else FORMATS


def format_of(path: Path) -> Format | None:
    """The kind that the name asks for, None if it is none of ours."""
    return next((f for f in formats() if path.suffix.lower() in f.suffixes), None)


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
    ) -> None:
        super().__init__(_("Save picture"), parent=parent)
        self._save = save
        self._folder = proposed.parent
        self._source = header.source
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
        for each in formats():
            self.format.addItem(each.name, each)
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
        self._show_folder()
        self.name.setFocus()
        self.name.setSelection(0, len(proposed.stem))

    @property
    def path(self) -> Path:
        """What is asked for now; a name without a known ending gets that of the format shown."""
        path = self._folder / self.name.text().strip()
        return path if format_of(path) else path.with_name(path.name + self._format().suffixes[0])

    def _row(self, grid: QGridLayout, row: int, text: str, widget: QWidget) -> None:
        label = QLabel(text, self)
        label.setBuddy(widget)
        grid.addWidget(label, row, 0)
        grid.addWidget(widget, row, 1)

    def _format(self) -> Format:
        return formats()[max(0, self.format.currentIndex())]

    def _name_changed(self) -> None:
        found = format_of(Path(self.name.text().strip() or "-"))
        if found is not None:
            self.format.setCurrentIndex(formats().index(found))
        self._refresh()

    def _format_chosen(self, _index: int) -> None:
        path = Path(self.name.text().strip() or "picture")
        stem = path.stem if format_of(path) else path.name
        self.name.setText(stem + self._format().suffixes[0])

    def _browse(self) -> None:
        kinds = ";;".join(f"{f.name} (*{' *'.join(f.suffixes)})" for f in formats())
        chosen, _kind = QFileDialog.getSaveFileName(
            self, _("Save picture"), str(self.path), kinds, options=QFileDialog.Option.DontConfirmOverwrite
        )
        if chosen:
            self._folder = Path(chosen).parent
            self.name.setText(Path(chosen).name)
            self._show_folder()

    def _show_folder(self) -> None:
        text = str(self._folder)
        self.folder.setToolTip(text)
        self.folder.setText(self.folder.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, 300))
        self._refresh()

    def _refresh(self) -> None:
        chosen = self._format()
        as_source = self._source is not None and chosen.name == "JPEG" and self._source.format == "JPEG"
        first = _("As the source") if as_source else _("Very good ({quality})").format(quality=DEFAULT_QUALITY)
        if self.manner.itemText(0) != first:
            by_hand = self.manner.currentIndex() == 1
            self.manner.clear()
            self.manner.addItems([first, _("Set by hand")])
            self.manner.setCurrentIndex(int(by_hand))
        for widget in (self._quality_label, self.manner):
            widget.setVisible(chosen.quality)
        self.quality.setVisible(chosen.quality and self.manner.currentIndex() == 1)
        named = bool(self.name.text().strip())
        exists = named and self.path.exists()
        self.button.setEnabled(named)
        self.button.setText(_("Replace") if exists else _("Save"))
        self.notes.setText("\n".join(self._losses(chosen) + ([self._replaced()] if exists else [])))
        self.notes.setVisible(bool(self.notes.text()))

    def _replaced(self) -> str:
        if self._is_source():
            return _("This is the original photo.")
        return _("There is a file of this name already; it will be replaced.")

    def _losses(self, chosen: Format) -> list[str]:
        losses = []
        if self._bits > chosen.bits:
            losses.append(
                _("{format} keeps {kept} bits a channel; the picture has {bits}.").format(
                    format=chosen.name, kept=chosen.bits, bits=self._bits
                )
            )
        if self._alpha and not chosen.alpha:
            losses.append(_("{format} does not keep the transparency.").format(format=chosen.name))
        if chosen.name == "BMP":
            losses.append(_("BMP does not keep date, camera and colour profile."))
        return losses

    def _is_source(self) -> bool:
        source = self._source.path if self._source else None
        return source is not None and self.path.exists() and source.exists() and self.path.samefile(source)

    def _confirm(self) -> None:
        if self._is_source():
            overwrite_source(self.path.name, self._done, self).open()
        else:
            self._done()

    def _done(self) -> None:
        chosen = self._format()
        by_hand = chosen.quality and self.manner.currentIndex() == 1
        path, quality = self.path, self.quality.value() if by_hand else None
        self.accept()
        self._save(path, quality)
