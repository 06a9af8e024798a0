"""Draws the program's icon, resources/icons/lacuna.svg, in the sizes that desktops want, into packaging/icons."""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PIL import Image
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

ROOT = Path(__file__).resolve().parent.parent
SIZES = (16, 22, 24, 32, 48, 64, 128, 256, 512)


def drawn(renderer: QSvgRenderer, side: int) -> QImage:
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    with QPainter(image) as painter:
        renderer.render(painter, QRectF(0, 0, side, side))
    return image


def as_pillow(image: QImage) -> Image.Image:
    straight = image.convertToFormat(QImage.Format.Format_RGBA8888)
    return Image.frombytes("RGBA", (straight.width(), straight.height()), bytes(straight.constBits()))


def main() -> None:
    _application = QGuiApplication([])
    renderer = QSvgRenderer(str(ROOT / "resources" / "icons" / "lacuna.svg"))
    folder = ROOT / "packaging" / "icons"
    folder.mkdir(exist_ok=True)
    pictures = {side: as_pillow(drawn(renderer, side)) for side in SIZES}
    for side, picture in pictures.items():
        picture.save(folder / f"lacuna-{side}.png", optimize=True)
    largest = pictures[512]
    others = [pictures[side] for side in (16, 24, 32, 48, 64, 128)]
    pictures[256].save(
        folder / "lacuna.ico", sizes=[(s, s) for s in (16, 24, 32, 48, 64, 128, 256)], append_images=others
    )
    largest.save(folder / "lacuna.icns", append_images=[pictures[side] for side in (16, 32, 64, 128, 256)])


if __name__ == "__main__":
    main()
