"""The pictures of a batch before anything is written: what was found in each, with outlines, to be agreed to or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from lacuna.engine.batch.inputs import Input
from lacuna.engine.batch.marking import Finding
from lacuna.engine.batch.run import Outcome, State
from lacuna.engine.batch.treatment import Agreed
from lacuna.i18n import N_, _, ngettext
from lacuna.ui import theme

ICON = QSize(72, 54)
OUTCOME = 190  # pixels of the second column at first
DASHES = (4.0, 3.0)
LIGHT, DARK = QColor(255, 255, 255), QColor(0, 0, 0)
STATES = {
    State.DONE: N_("done"),
    State.SKIPPED: N_("done before"),
    State.NOTHING: N_("nothing to do"),
    State.FAILED: N_("failed"),
}
REACH = QMarginsF(3, 3, 3, 3)  # around the box of a finding: the smallest can be clicked, too
ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked


@dataclass(eq=False)
class _Row:
    """A picture in the list: what was found in it, and which of that may go."""

    input: Input
    item: QTreeWidgetItem
    looked: bool = False
    size: tuple[int, int] = (0, 0)
    seen: str = ""  # what the look was at
    thumbnail: bytes = b""  # a JPEG: a thousand of them as pixels would fill the memory
    findings: tuple[Finding, ...] = ()
    besides: bool = False  # something is done to it even where nothing was found
    children: list[QTreeWidgetItem] = field(default_factory=list)

    @property
    def image(self) -> QImage:
        """What it shows; null where nothing was looked at."""
        return QImage.fromData(self.thumbnail)

    def on(self, number: int) -> bool:
        return self.children[number].checkState(0) is ON


class BatchFiles(QTreeWidget):
    """A row for each picture, below it one for each finding. `agreed` follows a change of what may go."""

    agreed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setColumnCount(2)
        self.setHeaderLabels([_("Picture"), _("What comes of it")])
        self.setIconSize(ICON)
        self.setSelectionMode(QTreeWidget.SelectionMode.ExtendedSelection)
        self.setAccessibleName(_("Pictures"))
        self.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.header().setStretchLastSection(False)
        self.header().resizeSection(1, OUTCOME)
        self._rows: list[_Row] = []
        self._by_original: dict[str, _Row] = {}
        self.itemChanged.connect(self._changed)

    # --- which pictures ----------------------------------------------------------------------------------------------
    @property
    def inputs(self) -> tuple[Input, ...]:
        """All of them, in their order."""
        return tuple(row.input for row in self._rows)

    @property
    def agreed_to(self) -> tuple[Input, ...]:
        """Those that something may be done to."""
        return tuple(row.input for row in self._rows if row.item.checkState(0) is not OFF)

    @property
    def agreed_findings(self) -> dict[str, Agreed]:
        """Of those that were looked at, the findings that may go."""
        return {
            row.input.original: Agreed(
                frozenset(number for number in range(len(row.findings)) if row.on(number)), row.seen
            )
            for row in self._rows
            if row.looked
        }

    @property
    def looked(self) -> bool:
        """Whether any was looked at."""
        return any(row.looked for row in self._rows)

    def show_inputs(self, inputs: Sequence[Input]) -> None:
        """List these; what was found in one that was there before is kept."""
        before = {row.input.original: row for row in self._rows}
        self.blockSignals(True)
        while self.topLevelItemCount():
            self.takeTopLevelItem(0)
        self._rows = [before.get(found.original) or _row(found) for found in inputs]
        self._by_original = {row.input.original: row for row in self._rows}
        self.addTopLevelItems([row.item for row in self._rows])
        self.blockSignals(False)
        self.agreed.emit()

    def forget_findings(self) -> None:
        """Something else is to go: what was found says nothing any more."""
        looked = self.inputs if self.looked or any(row.item.text(1) for row in self._rows) else None
        if looked is not None:
            self._rows = []
            self.show_inputs(looked)

    # --- what came of them -------------------------------------------------------------------------------------------
    def show_found(self, outcome: Outcome, row_of: Sequence[Input]) -> None:
        """What a look found in one of the pictures that were asked about."""
        row = self._of(row_of[outcome.number])
        if row is None:
            return
        self.blockSignals(True)
        if outcome.made is None:
            self._say(row, str(outcome.failure), failed=True)
            row.item.setCheckState(0, OFF)
        else:
            made = outcome.made
            row.looked, row.seen, row.size, row.findings = True, made.seen, made.size, made.findings
            row.thumbnail, row.besides = made.thumbnail, made.besides
            for found in row.findings:
                row.children.append(_child(row.item, found))
            _tell_findings(row)
            row.item.setCheckState(0, _whole(row))
            row.item.setIcon(0, QIcon(QPixmap.fromImage(self._outlined(row))))
        self.blockSignals(False)
        self.agreed.emit()
        self.viewport().update()

    def begin(self) -> None:
        """Show the first, unless one is shown already."""
        if self._rows and self.currentItem() not in [row.item for row in self._rows]:
            self.setCurrentItem(self._rows[0].item)

    def show_outcome(self, outcome: Outcome, row_of: Sequence[Input]) -> None:
        """What a run made of one."""
        row = self._of(row_of[outcome.number])
        if row is not None:
            failed = outcome.failure is not None
            self._say(row, str(outcome.failure) if failed else _(STATES[outcome.state]), failed=failed)

    def show_progress(self, found: Input, fraction: float) -> None:
        """How far a run is with one."""
        row = self._of(found)
        if row is not None:
            self._say(row, _("{percent} %").format(percent=round(100 * fraction)))

    def remove_selected(self) -> None:
        chosen = {id(item if item.parent() is None else item.parent()) for item in self.selectedItems()}
        self.show_inputs([row.input for row in self._rows if id(row.item) not in chosen])

    def current(self) -> _Row | None:
        """The picture of the row that the keyboard is on."""
        item = self.currentItem()
        if item is not None and item.parent() is not None:
            item = item.parent()
        return next((row for row in self._rows if row.item is item), None)

    def _of(self, found: Input) -> _Row | None:
        return self._by_original.get(found.original)

    def _say(self, row: _Row, text: str, *, failed: bool = False) -> None:
        short = text.split(". ")[0]
        row.item.setText(1, short if len(short) < 60 else short[:57] + "…")
        row.item.setToolTip(1, text)
        row.item.setForeground(1, QColor(theme.current().danger if failed else theme.current().text))

    def _changed(self, item: QTreeWidgetItem, column: int) -> None:
        """A person has ticked or unticked something: a picture, and with it all that is in it, or one finding."""
        row = next((row for row in self._rows if row.item in (item, item.parent())), None)
        if row is None or column != 0:
            return
        self.blockSignals(True)
        if item is row.item:
            for child in row.children:
                child.setCheckState(0, item.checkState(0))
        elif row.children:
            row.item.setCheckState(0, _whole(row))
        if row.looked:
            _tell_findings(row)
            row.item.setIcon(0, QIcon(QPixmap.fromImage(self._outlined(row))))
        self.blockSignals(False)
        self.agreed.emit()

    def _outlined(self, row: _Row) -> QImage:
        ratio = self.devicePixelRatioF()
        image = QImage(ICON * ratio, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(ratio)
        image.fill(Qt.GlobalColor.transparent)
        with QPainter(image) as painter:
            paint(painter, row, row.image, QRectF(0, 0, ICON.width(), ICON.height()), boxes=True)
        return image


class BatchPreview(QWidget):
    """The picture of the current row, larger. A click into the box around a finding switches it."""

    def __init__(self, files: BatchFiles, parent: QWidget) -> None:
        super().__init__(parent)
        self._files = files
        self._shown: tuple[bytes, QImage] = b"", QImage()
        self.setMinimumSize(220, 180)
        self.setMouseTracking(True)
        self.setAccessibleName(_("Preview of what would go"))
        files.currentItemChanged.connect(lambda *_items: self.update())
        files.agreed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.fillRect(self.rect(), QColor(theme.current().surround))
            row = self._files.current()
            if row is not None and row.thumbnail:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                paint(painter, row, self._image(row), QRectF(self.rect()).adjusted(8, 8, -8, -8))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        child = self._at(event.position()) if event.button() is Qt.MouseButton.LeftButton else None
        if child is not None:
            child.setCheckState(0, OFF if child.checkState(0) is ON else ON)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        found = self._at(event.position())
        self.setCursor(Qt.CursorShape.ArrowCursor if found is None else Qt.CursorShape.PointingHandCursor)

    def _at(self, point: QPointF) -> QTreeWidgetItem | None:
        """Of the findings whose box is there the smallest; None if there is none."""
        row = self._files.current()
        if row is None or not row.thumbnail:
            return None
        frame = placed(self._image(row), QRectF(self.rect()).adjusted(8, 8, -8, -8))
        boxes = (path.boundingRect().marginsAdded(REACH) for path in paths(row, frame))
        there = [(box.width() * box.height(), number) for number, box in enumerate(boxes) if box.contains(point)]
        return row.children[min(there)[1]] if there else None

    def _image(self, row: _Row) -> QImage:
        if self._shown[0] is not row.thumbnail:
            self._shown = row.thumbnail, row.image
        return self._shown[1]


# --- painting ---------------------------------------------------------------------------------------------------------
def placed(image: QImage, within: QRectF) -> QRectF:
    """Where the picture is drawn."""
    scale = min(within.width() / image.width(), within.height() / image.height())
    width, height = image.width() * scale, image.height() * scale
    return QRectF(within.center().x() - width / 2, within.center().y() - height / 2, width, height)


def paths(row: _Row, frame: QRectF) -> list[QPainterPath]:
    """The outlines of the findings where the picture is drawn in `frame`."""
    across, down = frame.width() / max(1, row.size[0]), frame.height() / max(1, row.size[1])
    found = []
    for finding in row.findings:
        path = QPainterPath()
        for line in finding.outline:
            points = [QPointF(frame.x() + x * across, frame.y() + y * down) for x, y in line.tolist()]
            path.moveTo(points[0])
            for point in points[1:]:
                path.lineTo(point)
            path.closeSubpath()
        found.append(path)
    return found


def paint(painter: QPainter, row: _Row, image: QImage, within: QRectF, *, boxes: bool = False) -> None:
    """The picture with what was found: a line light within dark around what may go, dashes around the rest.

    In a very small picture outlines would cover what they are about: `boxes` are drawn there.
    """
    frame = placed(image, within)
    painter.drawImage(frame, image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, path in enumerate(paths(row, frame)):
        for colour, width in ((DARK, 3.0), (LIGHT, 1.2)):
            pen = QPen(colour, width)
            if not row.on(number):
                pen.setDashPattern([dash * 1.2 / width for dash in DASHES])
            painter.setPen(pen)
            if boxes:
                painter.drawRect(path.boundingRect().adjusted(-1, -1, 1, 1))
            else:
                painter.drawPath(path)


def _row(found: Input) -> _Row:
    item = QTreeWidgetItem([str(found.place), ""])
    item.setToolTip(0, str(found.path))
    item.setCheckState(0, ON)
    return _Row(found, item)


def _child(parent: QTreeWidgetItem, found: Finding) -> QTreeWidgetItem:
    region = found.region
    where = _("{width} × {height} pixels at {x}, {y}").format(
        width=region.width, height=region.height, x=region.x0, y=region.y0
    )
    sure = "" if found.confidence is None else _("{percent} % sure").format(percent=round(100 * found.confidence))
    item = QTreeWidgetItem(parent, [where, sure])
    item.setCheckState(0, ON if found.sure else OFF)
    return item


def _whole(row: _Row) -> Qt.CheckState:
    """The tick of a picture, by those of its findings; without any, by whether something is done all the same."""
    if not row.findings:
        return ON if row.besides else OFF
    on = sum(row.on(number) for number in range(len(row.findings)))
    if not on:
        return OFF
    return ON if on == len(row.findings) else Qt.CheckState.PartiallyChecked


def _tell_findings(row: _Row) -> None:
    on = sum(row.on(number) for number in range(len(row.findings)))
    if not row.findings:
        text = _("nothing to fill, but other steps") if row.besides else _("nothing found")
    else:
        text = ngettext("{count} finding", "{count} findings", len(row.findings)).format(count=len(row.findings))
        if on < len(row.findings):
            text = _("{on} of {all}").format(on=on, all=text)
    sure = [found.confidence for found in row.findings if found.confidence is not None]
    if sure:
        text += ", " + _("{percent} % sure").format(percent=round(100 * max(sure)))
    row.item.setText(1, text)
    row.item.setToolTip(1, "")
