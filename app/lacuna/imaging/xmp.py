"""XMP packets, changed byte by byte: previews cut out, orientation and size set, all else as it stood.

The packet is read by expat for the places of its elements; it is never written anew, so that prefixes, comments and
padding survive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

_TIFF = "http://ns.adobe.com/tiff/1.0/"
_EXIF = "http://ns.adobe.com/exif/1.0/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_NOTE = "http://ns.adobe.com/xmp/note/"
_GOOGLE = "http://ns.google.com/photos/1.0/"
# What holds a picture, or points to one behind the JPEG (gain map, film) that is not kept
_CUT = frozenset(
    {
        ("http://ns.adobe.com/xap/1.0/", "Thumbnails"),
        ("http://ns.adobe.com/xap/1.0/g/img/", "image"),
        (_GOOGLE + "image/", "Data"),
        (_GOOGLE + "image/", "Mime"),
        (_GOOGLE + "depthmap/", "Data"),
        (_GOOGLE + "depthmap/", "Confidence"),
        (_GOOGLE + "container/", "Directory"),
        (_GOOGLE + "camera/", "MotionPhoto"),
        (_GOOGLE + "camera/", "MotionPhotoVersion"),
        (_GOOGLE + "camera/", "MotionPhotoPresentationTimestampUs"),
        (_GOOGLE + "camera/", "MicroVideo"),
        (_GOOGLE + "camera/", "MicroVideoVersion"),
        (_GOOGLE + "camera/", "MicroVideoOffset"),
        (_GOOGLE + "camera/", "MicroVideoPresentationTimestampUs"),
        ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version"),
        ("http://ns.apple.com/HDRGainMap/1.0/", "HDRGainMapVersion"),
        (_NOTE, "HasExtendedXMP"),
    }
)
_TAG = re.compile(rb"""<[^\s/>]+(?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*\s*/?>""")


@dataclass(frozen=True)
class Place:
    """A property by namespace and name: `start`..`end` is all of it, `value` what is between its quotes or tags."""

    name: tuple[str, str]
    start: int
    end: int
    value: tuple[int, int]


def clean(packet: bytes) -> tuple[bytes, int]:
    """The packet without previews and with orientation 1, and the orientation it had (1 if none).

    Raises ValueError where it is no well-formed XML.
    """
    packet = _as_utf8(packet)
    cuts = [p for p in _places(packet) if p.name in _CUT]
    packet = _replace(packet, [(p.start, p.end, b"") for p in cuts])
    turned = [p for p in _places(packet) if p.name == (_TIFF, "Orientation")]
    orientation = 1
    for place in turned:
        words = packet[slice(*place.value)].strip()
        if words in (b"2", b"3", b"4", b"5", b"6", b"7", b"8"):
            orientation = int(words)
    return _replace(packet, [(*p.value, b"1") for p in turned]), orientation


def resized(packet: bytes, height: int, width: int) -> bytes:
    """The packet with this size wherever it states one."""
    sizes = {
        (_TIFF, "ImageWidth"): width,
        (_EXIF, "PixelXDimension"): width,
        (_TIFF, "ImageLength"): height,
        (_EXIF, "PixelYDimension"): height,
    }
    return _stating(packet, {name: str(size) for name, size in sizes.items()})


def printed(packet: bytes, across: float, down: float) -> bytes:
    """The packet with this resolution in dots an inch wherever it states one."""
    x, y = (f"{round(dots * 1000)}/1000" for dots in (across, down))
    return _stating(packet, {(_TIFF, "XResolution"): x, (_TIFF, "YResolution"): y, (_TIFF, "ResolutionUnit"): "2"})


def _stating(packet: bytes, values: dict[tuple[str, str], str]) -> bytes:
    return _replace(packet, [(*p.value, values[p.name].encode()) for p in _places(packet) if p.name in values])


def merged(packet: bytes, extension: bytes) -> bytes:
    """The main packet with the properties of its extension put in. Raises ValueError where they do not go together."""
    extension = _as_utf8(extension)
    blocks = [extension[p.start : p.end] for p in _places(extension) if p.name == (_RDF, "Description")]
    outer = [b for b in blocks if not any(b in other and b != other for other in blocks)]
    at = packet.rfind(b"</rdf:RDF>")
    if at < 0 or not outer:
        raise ValueError("no place for the extension")
    together = packet[:at] + b"".join(outer) + packet[at:]
    list(_places(together))
    return together


def _as_utf8(packet: bytes) -> bytes:
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if packet.startswith(mark):
            return packet[2:].decode(encoding).encode()
    for mark, encoding in ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be")):
        if packet.startswith(mark):
            return packet.decode(encoding).encode()
    return packet


def _replace(packet: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """All changes at once; one inside another is dropped."""
    parts, at = [], 0
    for start, end, words in sorted(changes, key=lambda c: (c[0], -c[1])):
        if start < at:
            continue
        parts += [packet[at:start], words]
        at = end
    return b"".join([*parts, packet[at:]])


def _places(packet: bytes) -> list[Place]:
    """Every element and attribute that has a namespace. Raises ValueError for what is no XML, or has a DOCTYPE."""
    body = packet.rstrip(b"\0")
    # A packet wrapper's own declaration and padding are legal around the one element.
    parser = expat.ParserCreate(encoding="UTF-8", namespace_separator=" ")
    parser.namespace_prefixes = True
    parser.ordered_attributes = True
    found: list[Place] = []
    open_elements: list[tuple[tuple[str, str], int, int]] = []

    def started(name: str, attributes: list[str]) -> None:
        start = parser.CurrentByteIndex
        tag = _TAG.match(body, start)
        if tag is None:
            raise ValueError("a tag cannot be read")
        open_elements.append((_split(name), start, tag.end()))
        for attribute in attributes[::2]:
            found.extend(_attribute(body, tag, attribute))

    def ended(_name: str) -> None:
        name, start, inner = open_elements.pop()
        at = parser.CurrentByteIndex
        if body[inner - 2 : inner] == b"/>":  # closed in its own tag
            found.append(Place(name, start, inner, (inner, inner)))
        else:
            found.append(Place(name, start, body.index(b">", at) + 1, (inner, at)))

    def refuse(*_about: object) -> None:
        raise ValueError("a DOCTYPE has no place in XMP")

    parser.StartElementHandler = started
    parser.EndElementHandler = ended
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)
    except expat.ExpatError as error:
        raise ValueError(str(error)) from error
    return found


def _split(name: str) -> tuple[str, str]:
    parts = name.split(" ")
    return (parts[0], parts[1]) if len(parts) > 1 else ("", parts[0])


def _attribute(body: bytes, tag: re.Match[bytes], name: str) -> Iterator[Place]:
    parts = name.split(" ")
    if len(parts) < 2:
        return
    written = f"{parts[2]}:{parts[1]}" if len(parts) > 2 else parts[1]
    pattern = re.compile(rb"\s+" + re.escape(written.encode()) + rb"""\s*=\s*(?:"([^"]*)"|'([^']*)')""")
    match = pattern.search(body, tag.start(), tag.end())
    if match is not None:
        group = 1 if match.group(1) is not None else 2
        yield Place((parts[0], parts[1]), match.start(), match.end(), match.span(group))
