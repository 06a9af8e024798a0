"""What a file says beside its pixels: made upright and freed of previews on opening, given its size again on saving."""

from __future__ import annotations

import struct
from dataclasses import replace

from lacuna.i18n import _
from lacuna.imaging import exif, xmp
from lacuna.imaging.codec import Contents
from lacuna.imaging.photo import Metadata

_IPTC_RESOURCE = 1028
# Image resources (Adobe, "Photoshop File Formats") that may be kept: IPTC, copyright flag, link, digest of the IPTC.
# Thumbnails (1033, 1036), a second EXIF and XMP (1058, 1060) and layers would show or repeat what was there.
_KEPT_RESOURCES = (_IPTC_RESOURCE, 1034, 1035, 1061)
_IPTC_PREVIEW = ((2, 200), (2, 201), (2, 202))  # IIM 4.2: object data preview, its format and version


def take(contents: Contents) -> tuple[Metadata, int]:
    """Clean metadata of a file taken apart, and its orientation (1..8). What cannot be read goes, with a note."""
    orientation = contents.orientation
    blob = contents.exif
    dpi = contents.dpi
    if blob is not None:
        blob = blob.removeprefix(b"Exif\0\0")
        try:
            blob, stated = exif.clean(blob)
            orientation = orientation or stated
            if orientation >= 5:
                blob = exif.turned(blob)
            dpi = dpi or _quiet_resolution(blob, orientation)
        except (ValueError, struct.error):
            blob = None
            contents.notes.append(_("The EXIF data are damaged and will be left out when saving."))
    packet = contents.xmp
    if packet is not None:
        try:
            packet, stated = xmp.clean(packet)
            if contents.exif is None:
                orientation = orientation or stated
        except ValueError:
            packet = None
            contents.notes.append(_("The XMP data are damaged and will be left out when saving."))
    if packet is not None and contents.extended_xmp is not None:
        try:
            packet = xmp.merged(packet, xmp.clean(contents.extended_xmp)[0])
        except ValueError:
            contents.notes.append(_("A part of the XMP data is damaged and will be left out when saving."))
    orientation = orientation or 1
    if dpi is not None and orientation >= 5:
        dpi = (dpi[1], dpi[0])
    kept = Metadata(
        exif=blob,
        xmp=packet,
        iptc=_without_preview(contents.iptc) if contents.iptc else None,
        photoshop=contents.photoshop,
        dpi=dpi,
        text=contents.text,
        colour_chunks=contents.colour_chunks,
    )
    return kept, orientation


def sized(metadata: Metadata, height: int, width: int) -> Metadata:
    """The same metadata, stating this size wherever they state one."""
    return replace(
        metadata,
        exif=exif.resized(metadata.exif, height, width) if metadata.exif is not None else None,
        xmp=xmp.resized(metadata.xmp, height, width) if metadata.xmp is not None else None,
    )


def printed(metadata: Metadata, dots: float) -> Metadata:
    """The same metadata, stating this resolution in dots an inch. Raises ValueError for damaged ones made by hand."""
    return replace(
        metadata,
        dpi=(dots, dots),
        exif=exif.printed(metadata.exif, dots, dots) if metadata.exif is not None else None,
        xmp=xmp.printed(metadata.xmp, dots, dots) if metadata.xmp is not None else None,
    )


def _quiet_resolution(blob: bytes, orientation: int) -> tuple[float, float] | None:
    """Dots an inch from (already turned) EXIF, as they stood before turning; None where EXIF states nothing usable."""
    try:
        found = exif.resolution(blob)
    except ValueError:
        return None
    return (found[1], found[0]) if found is not None and orientation >= 5 else found


# --- image resources and IPTC -----------------------------------------------------------------------------------------
def parse_resources(block: bytes) -> list[tuple[int, bytes]]:
    """(number, data) of each Photoshop image resource, up to the first that cannot be read."""
    found, at = [], 0
    while at + 12 <= len(block) and block[at : at + 4] == b"8BIM":
        number = int.from_bytes(block[at + 4 : at + 6], "big")
        at += 6 + (block[at + 6] // 2 + 1) * 2  # a counted name, padded to an even length
        size = int.from_bytes(block[at : at + 4], "big")
        data = block[at + 4 : at + 4 + size]
        if len(data) != size:
            break
        found.append((number, data))
        at += 4 + size + size % 2
    return found


def split_resources(resources: list[tuple[int, bytes]]) -> tuple[bytes | None, tuple[tuple[int, bytes], ...]]:
    """IPTC records, and the other resources that may be kept."""
    kept = [r for r in resources if r[0] in _KEPT_RESOURCES]
    iptc = next((data for number, data in kept if number == _IPTC_RESOURCE and data), None)
    return iptc, tuple(r for r in kept if r[0] != _IPTC_RESOURCE)


def build_resources(resources: list[tuple[int, bytes]]) -> bytes:
    """The block that `parse_resources` reads; empty for none."""
    return b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(data)) + data + bytes(len(data) % 2) for number, data in resources
    )


def _without_preview(records: bytes) -> bytes | None:
    """IIM records less the object data preview; from the first that cannot be read on, as they stand."""
    parts, at = [], 0
    while at + 5 <= len(records) and records[at] == 0x1C:
        start, number = at, (records[at + 1], records[at + 2])
        size = int.from_bytes(records[at + 3 : at + 5], "big")
        at += 5
        if size & 0x8000:  # an extended dataset: so many bytes of length follow
            width = size & 0x7FFF
            size = int.from_bytes(records[at : at + width], "big")
            at += width
        at += size
        if at > len(records):
            at = start
            break
        if number not in _IPTC_PREVIEW:
            parts.append(records[start:at])
    rest = bytearray(records[at:])
    exif.blank_pictures(rest, [len(rest)])
    return b"".join(parts) + bytes(rest) or None
