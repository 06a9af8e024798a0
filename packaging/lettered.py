"""Photos with lettering put over them, for `lettering.py`: dates as cameras stamp them, captions, signatures.

Drawn in the type faces of given font files and in OpenCV's stroke fonts; some slanted, with an outline or a shadow,
translucent, or saved as JPEG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

SMALLEST, LARGEST = 8, 80  # pixels of an em
WORDS = (
    "Photo by Anna Keller", "www.example.org", "Summer holidays", "The old mill at Bree", "IMG_2041", "SAMPLE",
    "Copyright 2019 J. Moreau", "Lago di Garda", "Proof only", "Station 12, platform 3", "J. Smith", "Fig. 4a",
    "Praha 1987", "No entry", "Do not copy", "morning light", "Sold", "@lena.pictures", "PREVIEW", "Harbour, 6 a.m.",
)  # fmt: skip
DATES = (
    "'{short:02} {month:02} {day:02}", "{year}/{month:02}/{day:02}", "{day:02}.{month:02}.{year}",
    "{year}-{month:02}-{day:02} {hour:02}:{minute:02}", "{month:02}/{day:02}/{year}", "{day} {month} '{short:02}",
    "{year}:{month:02}:{day:02} {hour:02}:{minute:02}:{second:02}",
    "{hour:02}:{minute:02} {day:02}-{month:02}-{short:02}",
)  # fmt: skip
STAMPS = (
    (255, 140, 30), (255, 120, 0), (255, 200, 40), (255, 230, 60), (255, 255, 255), (255, 80, 30), (255, 170, 60),
)  # fmt: skip
COLOURS = (
    (255, 255, 255), (255, 255, 255), (0, 0, 0), (20, 20, 20), (250, 240, 60), (230, 30, 30), (40, 60, 200),
    (240, 240, 230), (30, 200, 60),
)  # fmt: skip
STROKE_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX | cv2.FONT_ITALIC,
)  # fmt: skip
STROKE_FONT = 0.25  # share drawn in them
SLANTED, SLANT = 0.3, 6.0  # share, and degrees at most
OUTLINED, SHADOWED, TRANSLUCENT = 0.2, 0.2, 0.4  # shares
VISIBLE = 0.15  # of a letter's, outline's or shadow's opacity: less need not be found


@dataclass(frozen=True, eq=False)
class Lettered:
    """A photo under one row of lettering. `letters` (H, W) are their opacities without trims, `taken` (H, W) bool is
    what can be seen of all; `contrast` is by how many levels three quarters of the letters stand out at least.
    """

    pixels: Bytes
    letters: Floats
    taken: NDArray[np.bool_]
    size: int
    dated: bool
    contrast: float


def lettered(photo: Bytes, chance: np.random.Generator, fonts: Sequence[Path], *, jpeg: bool = False) -> Lettered:
    """The photo (H, W, 3) with one row of lettering that fits into it; `jpeg` saves it at quality 75."""
    dated = bool(chance.random() < 0.5)
    size, row = _fitting(photo.shape, chance, fonts, dated)
    letters = np.zeros(photo.shape[:2], np.float32)
    y, x = _place(photo.shape, row.shape, chance, dated)
    letters[y : y + row.shape[0], x : x + row.shape[1]] = row
    colours = STAMPS if dated else COLOURS
    colour = np.array(colours[chance.integers(len(colours))], np.float32)
    opacity = float(chance.uniform(0.4, 0.95)) if chance.random() < TRANSLUCENT else 1.0
    trim = _trim(letters, size, chance)
    other = np.float32(0 if colour.mean() > 90 else 255)
    under = photo + (trim * opacity)[..., None] * (other - photo)
    over = under + (letters * opacity)[..., None] * (colour - under)
    pixels = np.clip(np.rint(over), 0, 255).astype(np.uint8)
    stands = np.abs(under - colour).max(axis=2)[letters > 0.5] * opacity
    contrast = float(np.percentile(stands, 25)) if stands.size else 0.0
    taken = np.maximum(letters, trim) > VISIBLE
    return Lettered(compressed(pixels) if jpeg else pixels, letters, taken, size, dated, contrast)


def compressed(pixels: Bytes, quality: int = 75) -> Bytes:
    """What JPEG leaves of a picture."""
    _done, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]).astype(np.uint8)


def _fitting(
    shape: tuple[int, ...], chance: np.random.Generator, fonts: Sequence[Path], dated: bool
) -> tuple[int, Floats]:
    while True:
        size = round(float(np.exp(chance.uniform(np.log(SMALLEST), np.log(LARGEST)))))
        row = _row(_date(chance) if dated else WORDS[chance.integers(len(WORDS))], size, chance, fonts)
        if row.shape[1] < 0.9 * shape[1] and row.shape[0] < 0.5 * shape[0]:
            return size, row


def _date(chance: np.random.Generator) -> str:
    year, month, day = (int(chance.integers(low, high)) for low, high in ((1985, 2027), (1, 13), (1, 29)))
    hour, minute, second = (int(chance.integers(most)) for most in (24, 60, 60))
    form = DATES[chance.integers(len(DATES))]
    return form.format(year=year, short=year % 100, month=month, day=day, hour=hour, minute=minute, second=second)


def _row(words: str, size: int, chance: np.random.Generator, fonts: Sequence[Path]) -> Floats:
    """How much of each pixel the words cover, cut to what they take."""
    drawn = _stroked(words, size, chance) if chance.random() < STROKE_FONT else _set(words, size, chance, fonts)
    if chance.random() < SLANTED:
        degrees = chance.uniform(-SLANT, SLANT)
        rises = int(abs(np.sin(np.radians(degrees))) * drawn.shape[1]) + 4
        drawn = np.pad(drawn, ((rises, rises), (4, 4)))
        matrix = cv2.getRotationMatrix2D((drawn.shape[1] / 2, drawn.shape[0] / 2), degrees, 1)
        drawn = np.asarray(cv2.warpAffine(drawn, matrix, drawn.shape[::-1], flags=cv2.INTER_CUBIC), np.uint8)
    ys, xs = np.nonzero(drawn > 8)
    return drawn[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1].astype(np.float32) / 255


def _stroked(words: str, size: int, chance: np.random.Generator) -> Bytes:
    face, scale = STROKE_FONTS[chance.integers(len(STROKE_FONTS))], size / 30  # their capitals are 21 high at scale 1
    thick = max(1, round(size / chance.choice([10, 14, 20])))
    (width, height), below = cv2.getTextSize(words, face, scale, thick)
    drawn = np.zeros((height + below + 2 * thick + 8, width + 2 * thick + 8), np.uint8)
    cv2.putText(drawn, words, (thick + 4, height + thick + 4), face, scale, 255, thick, cv2.LINE_AA)
    return drawn


def _set(words: str, size: int, chance: np.random.Generator, fonts: Sequence[Path]) -> Bytes:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(fonts[chance.integers(len(fonts))]), size)
    x0, y0, x1, y1 = font.getbbox(words)
    image = Image.new("L", (int(x1 - x0) + 8, int(y1 - y0) + 8))
    ImageDraw.Draw(image).text((4 - x0, 4 - y0), words, fill=255, font=font)
    return np.array(image, np.uint8)


def _place(shape: tuple[int, ...], row: tuple[int, ...], chance: np.random.Generator, dated: bool) -> tuple[int, int]:
    """Its corner: dates and half of the rest in a corner of the photo, a quarter below its middle, others anywhere."""
    down, right = shape[0] - row[0], shape[1] - row[1]
    margin = int(chance.integers(3, max(4, int(0.06 * shape[1]))))
    where = 0.0 if dated else chance.random()
    if where < 0.5:
        y, x = (margin, down - margin)[chance.integers(2)], (margin, right - margin)[chance.integers(2)]
    elif where < 0.75:
        y, x = down - margin, right // 2
    else:
        y, x = int(chance.integers(down)), int(chance.integers(right))
    return int(np.clip(y, 0, down)), int(np.clip(x, 0, right))


def _trim(letters: Floats, size: int, chance: np.random.Generator) -> Floats:
    """The opacities of an outline or a shadow, or zeros."""
    kind = chance.random()
    if kind < OUTLINED:
        reach = 2 * max(1, round(size / 24)) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        return np.asarray(cv2.GaussianBlur(cv2.dilate(letters, disc), (0, 0), 0.5), np.float32)
    if kind < OUTLINED + SHADOWED:
        moved = max(1, round(size / 16))
        shadow = np.zeros_like(letters)
        shadow[moved:, moved:] = letters[:-moved, :-moved]
        soft = chance.random() < 0.5
        return np.asarray(cv2.GaussianBlur(shadow, (0, 0), 0.6 * moved), np.float32) if soft else shadow
    return np.zeros_like(letters)
