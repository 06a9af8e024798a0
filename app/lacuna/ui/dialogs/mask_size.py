"""A mask of another size than its picture: both sizes, what can be done about it, and how that would look."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from lacuna.i18n import N_, _
from lacuna.imaging.mask_fit import MaskFit, place
from lacuna.ui import theme
from lacuna.ui.dialogs.dialog import Dialog

FITS = (
    (MaskFit.STRETCH, N_("&Stretch it to the picture")),
    (MaskFit.TOP_LEFT, N_("Top &left corner")),
    (MaskFit.TOP_RIGHT, N_("Top &right corner")),
    (MaskFit.BOTTOM_LEFT, N_("&Bottom left corner")),
    (MaskFit.BOTTOM_RIGHT, N_("Bottom right &corner")),
    (MaskFit.CENTRE, N_("&Middle")),
)


class MaskSize(Dialog):
    """`use(fit)` is called once; cancelling calls nothing. `picture` and `mask` are small images for the preview.

    `colour` is that of the mask on the canvas, with its opacity.
    """

    def __init__(
        self,
        mask_size: tuple[int, int],
        picture_size: tuple[int, int],
        picture: QImage,
        mask: QImage,
        colour: QColor,
        use: Callable[[MaskFit], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            _("Mask of another size"),
            _("The mask does not have the size of the picture."),
            _("Mask: {mw} × {mh} pixels. Picture: {pw} × {ph} pixels.").format(
                mw=mask_size[0], mh=mask_size[1], pw=picture_size[0], ph=picture_size[1]
            ),
            parent,
        )
        self._use = use
        row = QHBoxLayout()
        row.setSpacing(20)
        self.body.addLayout(row)
        choices = QVBoxLayout()
        choices.setSpacing(8)
        row.addLayout(choices)
        self.preview = _Preview(mask_size, picture_size, picture, mask, colour, self)
        row.addWidget(self.preview, 1)
        self._group = QButtonGroup(self)
        self.choices: dict[MaskFit, QRadioButton] = {}
        for fit, text in FITS:
            choice = QRadioButton(_(text), self)
            choice.toggled.connect(lambda on, fit=fit: self._chosen(fit) if on else None)
            self._group.addButton(choice)
            choices.addWidget(choice)
            self.choices[fit] = choice
        choices.addStretch(1)
        self.add_button(_("Cancel"), self.reject)
        self.add_button(_("Use the mask"), self._confirm, default=True)
        same_shape = abs(mask_size[0] * picture_size[1] - mask_size[1] * picture_size[0]) < max(picture_size)
        self.choices[MaskFit.STRETCH if same_shape else MaskFit.TOP_LEFT].setChecked(True)
        self.choices[self.fit].setFocus()

    @property
    def fit(self) -> MaskFit:
        return next(fit for fit, choice in self.choices.items() if choice.isChecked())

    def _chosen(self, fit: MaskFit) -> None:
        self.preview.show_fit(fit)

    def _confirm(self) -> None:
        fit = self.fit
        self.accept()
        self._use(fit)


class _Preview(QWidget):
    def __init__(
        self,
        mask_size: tuple[int, int],
        picture_size: tuple[int, int],
        picture: QImage,
        mask: QImage,
        colour: QColor,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._sizes = mask_size, picture_size
        self._picture = picture
        self._edge = QColor(colour.rgb())  # opaque
        self._tint = tinted(mask, colour)
        self._fit = MaskFit.STRETCH
        self.setMinimumSize(QSize(240, 180))
        self.setAccessibleName(_("Preview of the mask on the picture"))

    def show_fit(self, fit: MaskFit) -> None:
        self._fit = fit
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        mask, picture = self._sizes
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.fillRect(self.rect(), QColor(theme.current().surround))
            scale = min((self.width() - 24) / picture[0], (self.height() - 24) / picture[1])
            w, h = picture[0] * scale, picture[1] * scale
            frame = QRectF((self.width() - w) / 2, (self.height() - h) / 2, w, h)
            painter.drawImage(frame, self._picture)
            painter.setClipRect(frame)
            to = place(self._fit, mask[::-1], picture[::-1])
            at = QRectF(frame.x() + to.x0 * scale, frame.y() + to.y0 * scale, to.width * scale, to.height * scale)
            painter.drawImage(at, self._tint)
            painter.setPen(self._edge)
            painter.drawRect(at.adjusted(0, 0, -1, -1))


def tinted(mask: QImage, colour: QColor) -> QImage:
    """The mask (Grayscale8, white is the hole) as `colour` where it is white, clear where it is black."""
    tint = QImage(mask.size(), QImage.Format.Format_ARGB32_Premultiplied)
    tint.fill(colour)
    alpha = mask.convertToFormat(QImage.Format.Format_Alpha8) if mask.hasAlphaChannel() else _as_alpha(mask)
    with QPainter(tint) as painter:
        painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_DestinationIn)
        painter.drawImage(0, 0, alpha)
    return tint


def _as_alpha(mask: QImage) -> QImage:
    grey = mask.convertToFormat(QImage.Format.Format_Grayscale8)
    alpha = QImage(grey.constBits(), grey.width(), grey.height(), grey.bytesPerLine(), QImage.Format.Format_Alpha8)
    return alpha.copy()
