"""Tries of one fill in a strip over the lower edge of the picture: the chosen one is shown in the picture itself."""

from __future__ import annotations

import re

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QToolButton, QWidget

from lacuna.editor.editor import Editor
from lacuna.editor.offer import MOST, Offer, Result
from lacuna.i18n import _
from lacuna.imaging.region import Region
from lacuna.ui.action_set import ActionSet
from lacuna.ui.answer_buttons import accept_button, cross_button
from lacuna.ui.canvas.sources import PictureSource, display_of
from lacuna.ui.framing import framed

PICTURE = QSize(112, 84)  # of a result, in the widget's units
GAP = 16  # between the card and the edge of the picture


class OfferStrip(QFrame):
    """Lives over the stage and moves nothing. In view as long as there are tries to choose from, and not `aside`."""

    def __init__(self, editor: Editor, actions: ActionSet, host: QWidget) -> None:
        super().__init__(host)
        self._editor = editor
        self._host = host
        self._offer: Offer | None = None
        self._aside = False
        self._pictures: dict[Result, QIcon] = {}
        self.setProperty("card", True)
        self.setAccessibleName(_("Results to choose from"))
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(4)
        self.group = QButtonGroup(self)
        self.results: list[QToolButton] = []
        for index in range(MOST):  # made once, so that Tab finds them in their order
            button = QToolButton(self)
            button.setCheckable(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
            button.setIconSize(PICTURE)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, index=index: editor.choose(index))
            self.group.addButton(button, index)
            self.results.append(button)
            row.addWidget(button)
        row.addSpacing(8)
        again, beside = QToolButton(self), QToolButton(self)
        for tool, action in ((again, "fill.again"), (beside, "view.side_by_side")):
            tool.setDefaultAction(actions[action])
            tool.setFixedSize(32, 32)
            tool.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.accept = accept_button(_("Accept"), editor.accept, self)
        self.cross = cross_button(_("Drop the tries"), editor.drop, self)
        row.addWidget(again)
        row.addWidget(beside)
        row.addWidget(self.accept)
        row.addWidget(self.cross, 0, Qt.AlignmentFlag.AlignTop)
        self._actions = actions
        actions.rebound.connect(self._show_keys)
        self._show_keys()
        editor.state_changed.add(self.refresh)
        editor.document_changed.add(self.refresh)
        self.hide()

    @property
    def aside(self) -> bool:
        """The results are shown elsewhere."""
        return self._aside

    @aside.setter
    def aside(self, on: bool) -> None:
        self._aside = on
        self.refresh()

    def refresh(self) -> None:
        """Show what the editor offers now."""
        offer = self._editor.offer
        if self._aside or (offer is not None and offer.base is None):  # a question is asked by a card
            offer = None
        if offer is self._offer:
            return
        self._offer = offer
        if offer is None:
            self._pictures.clear()
            self.hide()
            return
        self._pictures = {result: self._picture(offer, result) for result in offer.results}
        for index, button in enumerate(self.results):
            button.setVisible(index < len(offer.results))
            if index < len(offer.results):
                self._show_result(button, offer.results[index])
        self.results[offer.chosen].setChecked(True)
        self.show()
        self.place()
        self.raise_()

    def _show_keys(self) -> None:
        for button, action, text in (
            (self.accept, "fill.enter", _("Take the result in view")),
            (self.cross, "fill.escape", _("Keep the first fill, drop the tries")),
        ):
            button.setToolTip(self._actions.with_key(action, text))
            button.setAccessibleDescription(text)

    def place(self) -> None:
        """Take the place over the host's lower edge; in a narrow window the pictures are smaller."""
        if self._offer is None:
            return
        width = PICTURE.width()
        for icon_width in range(width, width // 3, -8):
            for button in self.results:
                button.setIconSize(QSize(icon_width, icon_width * PICTURE.height() // width))
            self._caption(icon_width)
            layout = self.layout()
            assert layout is not None
            layout.activate()
            if self.sizeHint().width() <= self._host.width() - 2 * GAP:
                break
        size = self.sizeHint()
        self.setGeometry((self._host.width() - size.width()) // 2, self._host.height() - size.height() - GAP,
                         size.width(), size.height())  # fmt: skip

    def _caption(self, width: int) -> None:
        assert self._offer is not None
        for button, result in zip(self.results, self._offer.results, strict=False):
            metrics = button.fontMetrics()
            elided = (metrics.elidedText(line, Qt.TextElideMode.ElideRight, width) for line in caption(result))
            button.setText("\n".join(elided).replace("&", "&&"))

    def _show_result(self, button: QToolButton, result: Result) -> None:
        button.setIcon(self._pictures[result])
        name = ", ".join(filter(None, (result.name, _seed(result), "" if result.put else _("in the picture now"))))
        button.setToolTip(name)
        button.setAccessibleName(name)

    def _picture(self, offer: Offer, result: Result) -> QIcon:
        """The result around the hole. It is made once: what else changes in the picture is not what is compared."""
        known = self._pictures.get(result)
        document = self._editor.document
        if known is not None or document is None or offer.base is None or offer.base.fill is None:
            return known or QIcon()
        header, ratio = document.header, self.devicePixelRatioF()
        source = PictureSource(document.photo_pyramid, None, header.white, display_of(header))
        source.pieces = result.pieces
        wanted = PICTURE * ratio
        region = framed(offer.base.fill.box, PICTURE.width() / PICTURE.height(), document.shape)
        level = 0
        while level + 1 < document.photo_pyramid.levels and region.width >> (level + 1) >= wanted.width():
            level += 1
        side = 1 << level
        part = Region(region.y0 // side, region.x0 // side, -(-region.y1 // side), -(-region.x1 // side))
        pixels = np.ascontiguousarray(source.read(level, part.clip(document.photo_pyramid.shape(level))))
        image = QImage(pixels.data, pixels.shape[1], pixels.shape[0], pixels.strides[0], QImage.Format.Format_RGB888)
        small = image.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
        picture = QPixmap.fromImage(small)
        picture.setDevicePixelRatio(ratio)
        return QIcon(picture)


def caption(result: Result) -> tuple[str, str, str]:
    """The method in two lines, as most have a name in brackets behind what they do, and the seed."""
    what, bracket, name = re.match(r"([^(（]*)([(（]?)(.*)", result.name, re.DOTALL).groups()  # type: ignore[union-attr]
    return what.strip(), bracket + name, _seed(result)


def _seed(result: Result) -> str:
    return "" if result.seed is None else _("Seed {number}").format(number=result.seed)
