"""What stands in the canvas' place while nothing is open: open, recent pictures, sample photos, or drop one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QImageReader, QPainter, QPaintEvent, QPen, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QGridLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from lacuna import paths
from lacuna.i18n import N_, _
from lacuna.ui import theme
from lacuna.ui.icons import pixmap

SAMPLES = (("lion", N_("Lion")), ("flamingos", N_("Flamingos")), ("house", N_("House")), ("bridge", N_("Bridge")))
THUMB = QSize(132, 99)
MOST_RECENT = 6
MARGIN = 32
SIDE_BY_SIDE = 48  # between the pictures opened last and the samples


class StartPanel(QWidget):
    """`open_file(path)` is called for a recent picture or a sample, `ask()` for the button.

    In a narrow window the samples stand below the pictures opened last.
    """

    def __init__(
        self, ask: Callable[[], object], open_file: Callable[[Path], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._open_file = open_file
        outer = QVBoxLayout(self)
        outer.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        outer.addStretch(1)
        self._card = QVBoxLayout()
        self._card.setSpacing(10)
        outer.addLayout(self._card)
        outer.addStretch(1)

        self._sign = QLabel(self)
        self._card.addWidget(self._sign, 0, Qt.AlignmentFlag.AlignHCenter)
        title = _Title(_("Drop a picture here"), self)
        self._card.addWidget(title, 0, Qt.AlignmentFlag.AlignHCenter)
        self.button = QPushButton(_("Open…"), self)
        self.button.setProperty("primary", True)
        self.button.setMinimumSize(150, 34)
        self.button.clicked.connect(lambda: ask())
        self._card.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._card.addSpacing(22)
        self._lower = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._lower.setSpacing(SIDE_BY_SIDE)
        self._lower.addStretch(1)
        self._recent = QGridLayout()
        self._recent.setSpacing(2)
        self._recent_box = QWidget(self)
        self._recent_box.setLayout(self._recent)
        self._lower.addWidget(self._recent_box, 0, Qt.AlignmentFlag.AlignTop)
        self._samples = QGridLayout()
        self._samples.setSpacing(8)
        self._sample_box = QWidget(self)
        self._sample_box.setLayout(self._samples)
        self._lower.addWidget(self._sample_box, 0, Qt.AlignmentFlag.AlignTop)
        self._lower.addStretch(1)
        self._card.addLayout(self._lower)
        self._recent_box.hide()
        self.recent_buttons: list[QToolButton] = []
        self.sample_buttons: list[QToolButton] = []
        self._sample_files: list[Path] = []
        self._list_samples()
        self._show_sign()

    def show_recent(self, files: Sequence[str]) -> None:
        """List the pictures opened last."""
        while (item := self._recent.takeAt(0)) is not None:
            _gone(item.widget())
        self.recent_buttons = []
        shown = [Path(f) for f in files[:MOST_RECENT]]
        self._recent_box.setVisible(bool(shown))
        self.updateGeometry()
        if not shown:
            return
        self._recent.addWidget(_heading(_("Opened last"), self, indent=11), 0, 0)
        for row, path in enumerate(shown, 1):
            button = QToolButton(self)
            text = button.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, 210)
            button.setText(text)
            button.setToolTip(str(path))
            button.setAccessibleName(_("Open {name}").format(name=path.name))
            button.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _on=False, path=path: self._open_file(path))
            self._recent.addWidget(button, row, 0, Qt.AlignmentFlag.AlignLeft)
            self.recent_buttons.append(button)
        self._turn()

    def _list_samples(self) -> None:
        """Places for the sample photos there are."""
        folder = paths.resources() / "samples"
        files = [(path, _(label)) for stem, label in SAMPLES if (path := folder / f"{stem}.jpg").is_file()]
        self._sample_box.setVisible(bool(files))
        if not files:
            return
        self._samples.addWidget(_heading(_("Or try a sample"), self), 0, 0, 1, 2)
        blank = QPixmap(THUMB)
        blank.fill(Qt.GlobalColor.transparent)
        for index, (path, label) in enumerate(files):
            button = QToolButton(self)
            button.setIcon(QIcon(blank))  # keeps the place, so that nothing moves when the photo comes
            button.setIconSize(THUMB)
            button.setText(label)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setAccessibleName(_("Open the sample photo {name}").format(name=label))
            button.clicked.connect(lambda _on=False, path=path: self._open_file(path))
            self._samples.addWidget(button, 1 + index // 2, index % 2)
            self.sample_buttons.append(button)
            self._sample_files.append(path)

    def show_samples(self) -> None:
        """Fill the places; called when the window is painted and idle. They are small: 2 ms each."""
        for button, path in zip(self.sample_buttons, self._sample_files, strict=True):
            button.setIcon(QIcon(_thumbnail(path, self.devicePixelRatioF())))

    def _turn(self) -> None:
        """Side by side where there is room, else one below the other."""
        boxes = [box.sizeHint().width() for box in (self._recent_box, self._sample_box)]
        wide = self.width() >= sum(boxes) + SIDE_BY_SIDE + 2 * MARGIN
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        if self._lower.direction() is not way:
            self._lower.setDirection(way)
            for box in (self._recent_box, self._sample_box):
                self._lower.setAlignment(box, Qt.AlignmentFlag.AlignTop if wide else Qt.AlignmentFlag.AlignHCenter)

    def _show_sign(self) -> None:
        self._sign.setPixmap(pixmap("picture", 56, self.devicePixelRatioF(), theme.current().quiet))

    def changeEvent(self, event: object) -> None:
        from PySide6.QtCore import QEvent

        assert isinstance(event, QEvent)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_sign"):
            self._show_sign()
        super().changeEvent(event)

    def minimumSizeHint(self) -> QSize:
        widest = max(box.minimumSizeHint().width() for box in (self._recent_box, self._sample_box))
        return QSize(widest + 2 * MARGIN, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._turn()
        super().resizeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        now = theme.current()
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            pen = QPen(QColor(now.border), 1.6, Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([5, 4])
            painter.setPen(pen)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(18, 18, -18, -18), 12, 12)


def _gone(widget: QWidget | None) -> None:
    if widget is not None:
        widget.hide()
        widget.deleteLater()


class _Title(QLabel):
    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        font = self.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        self.setFont(font)


def _heading(text: str, parent: QWidget, *, indent: int = 5) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("quiet", True)
    label.setContentsMargins(indent, 0, 0, 4)
    return label


def _thumbnail(path: Path, ratio: float) -> QPixmap:
    """The picture cut to the shape of a thumbnail; Qt may decode these, they are ours and small."""
    reader = QImageReader(str(path))
    size = reader.size()
    wanted = QSize(round(THUMB.width() * ratio), round(THUMB.height() * ratio))
    reader.setScaledSize(size.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    image = reader.read()
    x, y = (image.width() - wanted.width()) // 2, (image.height() - wanted.height()) // 2
    made = QPixmap.fromImage(image.copy(x, y, wanted.width(), wanted.height()))
    made.setDevicePixelRatio(ratio)
    return made
