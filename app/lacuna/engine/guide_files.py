"""Guides from files and into files: pictures of lines, drawings (SVG), and all that a guide can say (JSON).

In a drawing every shape is a line, unless it or a group around it has `data-guide` with another kind of guide; of
areas (`source`, `never`) the outline is drawn. A drawing is scaled to its picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np

from lacuna.contract import guides
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.engine.recipes import MARK as RECIPE
from lacuna.errors import SizeMismatch, UnreadableFile, UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.atomic import write_atomically
from lacuna.imaging.centrelines import centrelines, widest
from lacuna.imaging.mask_file import read_mask, write_mask

MARK = "lacuna guides"  # what a JSON file of ours says of itself
LARGEST = 64 << 20  # bytes of a text that is read
MOST_POINTS = 200_000
MOST_SHAPES = 20_000  # of a drawing, with those that others use again
ARC_STEPS = 16  # that tell how long an arc is
WIDEST = 80.0  # pixels of a line in a picture
STEP = 4.0  # pixels of the picture between the points that stand for a curve
DISTORTED = 0.01  # by which the sides of a drawing may differ in proportion from the picture's
AREAS = (Guide.SOURCE, Guide.NEVER)
ENDINGS = (".json", ".svg", ".png")


def read(path: Path, size: tuple[int, int], *, pixel_limit: int = files.PIXEL_LIMIT) -> tuple[GuideStroke, ...]:
    """The guides in a file, in coordinates of a picture of this (height, width).

    A .json file is what `write` made, an .svg a drawing; of any picture the white lines count, as in a mask. None, if
    nothing is drawn there. Raises UnreadableFile, SizeMismatch, and what `files.read` does.
    """
    ending = path.suffix.lower()
    if ending == ".json":
        return _from_json(path, size)
    if ending == ".svg":
        return _from_drawing(path, size)
    marks = read_mask(path, pixel_limit=pixel_limit)
    if marks.shape != size:
        raise _of_another_size((marks.shape[0], marks.shape[1]), size)
    if widest(marks > 0) > WIDEST:  # a photo, or a mask, taken by mistake
        reason = _("it shows areas, not lines")
        raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=path, reason=reason))
    return tuple(GuideStroke(Guide.LINE, line.points, line.width) for line in centrelines(marks > 0))


def write(path: Path, strokes: Sequence[GuideStroke], size: tuple[int, int], *, overwrite: bool = False) -> int:
    """Write guides of a picture of this (height, width); returns the bytes. A .png keeps lines alone.

    Raises CannotSave, and UnsupportedFormat for another ending.
    """
    ending = path.suffix.lower()
    if ending == ".png":
        lines = guides.marked(strokes, Guide.LINE, size)
        return write_mask(
            np.zeros(size, np.uint8) if lines is None else lines * np.uint8(255), path, overwrite=overwrite
        )
    if ending not in ENDINGS:
        sentence = _("Guides are not written as “{ending}”.").format(ending=path.suffix)
        raise UnsupportedFormat(sentence, hint=_("There are: {names}.").format(names=", ".join(ENDINGS)))
    text = _as_drawing(strokes, size) if ending == ".svg" else _as_json(strokes, size)
    return write_atomically(path, [text.encode()], overwrite=overwrite)


# --- JSON -------------------------------------------------------------------------------------------------------------
def _as_json(strokes: Sequence[GuideStroke], size: tuple[int, int]) -> str:
    return json.dumps({"format": MARK, "size": list(size), "guides": guides.to_json(strokes)}, indent=1)


def _from_json(path: Path, size: tuple[int, int]) -> tuple[GuideStroke, ...]:
    text = _text(path)
    try:
        value = json.loads(text)
        if value["format"] == RECIPE:
            sentence = _("{path} is a recipe, and no file of guides.").format(path=path)
            raise UnreadableFile(sentence, hint=_("“lacuna batch --recipe” and the batch of the window do it again."))
        if value["format"] != MARK:
            raise ValueError(value["format"])
        height, width = (int(side) for side in value["size"])
        strokes = guides.from_json(value["guides"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        sentence = _("{path} is no file of guides.").format(path=path)
        raise UnreadableFile(
            sentence, hint=_("Lacuna writes such files with “format”, “size” and “guides”."), cause=error
        ) from error
    if (height, width) != size:
        raise _of_another_size((height, width), size)
    return _sound(strokes, path)


# --- drawings ---------------------------------------------------------------------------------------------------------
def _as_drawing(strokes: Sequence[GuideStroke], size: tuple[int, int]) -> str:
    height, width = size
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    ]
    for stroke in strokes:
        points = " ".join(f"{x:.7g},{y:.7g}" for x, y in stroke.points)
        colour = "#{:02x}{:02x}{:02x}".format(*(round(255 * part) for part in stroke.colour or (1.0, 0.0, 0.0)))
        shape = "polygon" if stroke.closed else "polyline"
        lines.append(
            f'<{shape} data-guide={quoteattr(stroke.kind.value)} points="{points}" fill="none" stroke="{colour}" '
            f'stroke-width="{stroke.width:.7g}" stroke-linecap="round" stroke-linejoin="round"/>'
        )
    return "\n".join([*lines, "</svg>", ""])


def _from_drawing(path: Path, size: tuple[int, int]) -> tuple[GuideStroke, ...]:
    from io import StringIO

    from svgelements import SVG, Shape

    text = _text(path)
    try:
        if _unfolded(text) > MOST_SHAPES:
            raise ValueError("too many shapes")
        drawing = SVG.parse(StringIO(text), reify=True)
        wide, high = float(drawing.width), float(drawing.height)
        shapes = [element for element in drawing.elements() if isinstance(element, Shape)]
        if not (wide > 0 and high > 0 and math.isfinite(wide * high)):
            raise ValueError("no size")
        down, across = size[0] / high, size[1] / wide
        strokes = tuple(
            stroke.scaled(down, across) for shape in shapes for stroke in _strokes(shape, max(down, across), path)
        )
    except UnreadableFile:
        raise
    except Exception as error:  # whatever a file of others makes of the parser
        sentence = _("{path} cannot be read: {reason}.").format(path=path, reason=_("it is no drawing (SVG)"))
        raise UnreadableFile(sentence, cause=error) from error
    if abs(down / across - 1) > DISTORTED:
        raise _of_another_size((round(high), round(wide)), size)
    return _sound(strokes, path)


def _unfolded(text: str) -> int:
    """How many elements a drawing has once all that is used again stands where it is used. The parser unfolds them
    all, and some lines can ask for more than there is memory. Raises ValueError for what uses itself."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(text)
    named = {element.get("id"): element for element in root.iter() if element.get("id")}
    counts: dict[Any, int] = {}

    def count(element: Any, within: frozenset[Any]) -> int:
        if element in within:
            raise ValueError("a shape that uses itself")
        if element not in counts:
            used = next((value for name, value in element.items() if name.rpartition("}")[2] == "href"), "")
            others = [*element, *filter(None, [named.get(used.removeprefix("#"))])]
            counts[element] = 1 + sum(count(other, within | {element}) for other in others)
        return counts[element]

    return count(root, frozenset())


def _strokes(shape: Any, scale: float, path: Path) -> Iterator[GuideStroke]:
    """What a shape of a drawing draws, its parts one by one; `scale` is that from the drawing to the picture."""
    from svgelements import Close, Line, Move
    from svgelements import Path as Outline

    kind = _kind(shape, path)
    width = max(1.0, float(shape.stroke_width or 1.0))
    colour = _colour_of(shape) if kind is Guide.HINT else None
    for part in Outline(shape).as_subpaths():
        points: list[tuple[float, float]] = []
        closed = kind in AREAS
        for segment in Outline(part):
            if isinstance(segment, Move):
                points.append(_pair(segment.end))
            elif isinstance(segment, Close):
                closed = closed or kind is Guide.HINT
                if points:
                    points.append(points[0])
            elif isinstance(segment, Line):
                points.append(_pair(segment.end))
            else:
                way = math.fsum(math.dist(*map(_pair, pair)) for pair in pairwise(_handles(segment)))
                count = max(2, math.ceil(min(way * scale, guides.FARTHEST) / STEP))
                if len(points) + count > MOST_POINTS:
                    raise ValueError("too many points")
                points += [_pair(segment.point(step / count)) for step in range(1, count + 1)]
        if closed and len(points) > 1 and points[0] == points[-1]:
            points.pop()
        if points:
            points = points if len(points) > 1 else points * 2
            yield GuideStroke(kind, tuple(points), width, colour, closed)


def _kind(shape: Any, path: Path) -> Guide:
    """What a shape is drawn to say. Raises UnreadableFile for a word that is none of ours."""
    word = str(shape.values.get("data-guide") or Guide.LINE.value)
    try:
        return Guide(word)
    except ValueError as error:
        names = ", ".join(kind.value for kind in Guide)
        reason = _("data-guide is one of {names}, not “{word}”").format(names=names, word=word)
        raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=path, reason=reason)) from error


def _handles(segment: Any) -> tuple[Any, ...]:
    """The points of a curve whose polygon is at least as long as the curve."""
    from svgelements import Arc, CubicBezier, QuadraticBezier

    if isinstance(segment, CubicBezier):
        return segment.start, segment.control1, segment.control2, segment.end
    if isinstance(segment, QuadraticBezier):
        return segment.start, segment.control, segment.end
    if isinstance(segment, Arc):
        return tuple(segment.point(step / ARC_STEPS) for step in range(ARC_STEPS + 1))
    return segment.start, segment.end


def _colour_of(shape: Any) -> tuple[float, float, float]:
    for colour in (shape.stroke, shape.fill):
        if colour is not None and colour.value is not None:
            return colour.red / 255, colour.green / 255, colour.blue / 255
    return 0.0, 0.0, 0.0


def _pair(point: Any) -> tuple[float, float]:
    return float(point.x), float(point.y)


# --- both -------------------------------------------------------------------------------------------------------------
def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=path, reason=_("it is too large")))
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or _("it is no text")
        raise UnreadableFile(
            _("{path} cannot be read: {reason}.").format(path=path, reason=reason), cause=error
        ) from error


def _of_another_size(guides: tuple[int, int], picture: tuple[int, int]) -> SizeMismatch:
    """The error for guides that were drawn for a picture of another (height, width)."""
    sentence = _(
        "The guides are for {guides_width} × {guides_height} pixels, the picture is {width} × {height}."
    ).format(guides_width=guides[1], guides_height=guides[0], width=picture[1], height=picture[0])
    hint = _("Give guides of the picture's size; a drawing may have another, in the same proportions.")
    return SizeMismatch(sentence, hint, (guides[1], guides[0]), (picture[1], picture[0]))


def _sound(strokes: tuple[GuideStroke, ...], path: Path) -> tuple[GuideStroke, ...]:
    """The same strokes, if they are ones: numbers that a picture can have, and not too many. A point becomes a dot."""
    colours = (part for stroke in strokes for part in stroke.colour or ())
    few = sum(len(stroke.points) for stroke in strokes) <= MOST_POINTS
    if not (few and guides.are_sound(strokes) and all(0 <= part <= 1 for part in colours)):
        reason = _("its guides have too many points, or some that are no numbers")
        raise UnreadableFile(_("{path} cannot be read: {reason}.").format(path=path, reason=reason))
    return tuple(
        stroke if len(stroke.points) > 1 else replace(stroke, points=stroke.points * 2)
        for stroke in strokes
        if stroke.points
    )
