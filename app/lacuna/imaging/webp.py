"""WebP: its RIFF chunks, decoding, and saving lossy or lossless as it was."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np

from lacuna.i18n import _
from lacuna.imaging.codec import Contents, Output, check_size, cut_off, damaged, decode_opencv, planes_to_save, quiet
from lacuna.imaging.photo import Metadata, Photo

QUALITY = 95  # lossy, where none is asked for: the file does not tell what it was made with


def read(data: bytes, name: str, limit: int) -> Contents:
    """Take a WebP apart; of an animation the first frame. Raises UnreadableFile, PictureTooLarge."""
    chunks = _chunks(data, name)
    width, height, has_alpha = _size(chunks, name)
    check_size(name, width, height, limit)
    found = dict(reversed(chunks))  # the first of each kind
    frames = sum(1 for kind, _body in chunks if kind == b"ANMF")
    contents = Contents(
        pixels=np.empty((0, 0, 3), np.uint8),
        format="WEBP",
        lossless=b"VP8L" in found or (frames > 0 and b"VP8L" in found[b"ANMF"][16:40]),
        bits=8,
        profile=found.get(b"ICCP"),
        exif=found.get(b"EXIF"),
        xmp=found.get(b"XMP "),
        frames=max(1, frames),
    )
    if frames:
        _first_frame(data, name, contents)
    else:
        _still(data, name, contents, has_alpha=has_alpha)
    if contents.pixels.shape[:2] != (height, width):
        raise damaged(name, _("its picture data do not fit its size"))
    return contents


def _chunks(data: bytes, name: str) -> list[tuple[bytes, bytes]]:
    if int.from_bytes(data[4:8], "little") + 8 > len(data) + 1:  # the last padding byte is often missing
        raise cut_off(name)
    chunks, at = [], 12
    while at + 8 <= len(data):
        kind, size = struct.unpack("<4sI", data[at : at + 8])
        body = data[at + 8 : at + 8 + size]
        if len(body) != size:
            raise cut_off(name)
        chunks.append((kind, body))
        at += 8 + size + size % 2
    return chunks


def _size(chunks: list[tuple[bytes, bytes]], name: str) -> tuple[int, int, bool]:
    """Width, height, and whether there is alpha, from the first chunk."""
    kind, body = chunks[0] if chunks else (b"", b"")
    if kind == b"VP8X" and len(body) >= 10:
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return width, height, bool(body[0] & 0x10)
    if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    if kind == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", body[6:10])
        return width & 0x3FFF, height & 0x3FFF, False
    raise damaged(name, _("its header makes no sense"))


def _still(data: bytes, name: str, contents: Contents, *, has_alpha: bool) -> None:
    import cv2

    flags = cv2.IMREAD_UNCHANGED if has_alpha else cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
    decoded = decode_opencv(data, flags)
    if decoded is None:
        raise damaged(name, _("its picture data cannot be unpacked"))
    if decoded.shape[2] == 4:
        contents.alpha = np.ascontiguousarray(decoded[..., 3])
        contents.pixels = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGB)
    else:
        contents.pixels = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB) if has_alpha else decoded


def _first_frame(data: bytes, name: str, contents: Contents) -> None:
    from PIL.WebPImagePlugin import WebPImageFile

    try:
        with quiet(), WebPImageFile(BytesIO(data)) as image:
            decoded = np.array(image)
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error
    contents.pixels = np.ascontiguousarray(decoded[..., :3])
    if decoded.shape[2] == 4:
        contents.alpha = np.ascontiguousarray(decoded[..., 3])


def write(photo: Photo, metadata: Metadata, quality: int | None, *, lossless: bool) -> Output:
    """A photo of 8 bits as WebP. Lossless keeps colours under transparent pixels too."""
    from PIL import Image

    planes = planes_to_save(photo)
    if photo.grey:  # WebP has no grey
        planes = np.repeat(planes if planes.ndim == 2 else planes[..., :1], 3).reshape(*planes.shape[:2], 3)
        if photo.alpha is not None:
            planes = np.dstack([planes, photo.alpha])
    mode = "RGB" if planes.shape[2] == 3 else "RGBA"
    image = Image.frombuffer(mode, (photo.width, photo.height), np.ascontiguousarray(planes), "raw", mode, 0, 1)
    out = BytesIO()
    image.save(
        out,
        "WEBP",
        lossless=lossless,
        quality=(75 if lossless else QUALITY) if quality is None else quality,  # lossless: effort, not loss
        method=4,
        exact=True,
        exif=metadata.exif or b"",
        xmp=metadata.xmp or b"",
        icc_profile=photo.profile or b"",
    )
    return Output([out.getbuffer()])
