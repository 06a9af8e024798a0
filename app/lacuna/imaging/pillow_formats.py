"""BMP, GIF and AVIF, which Pillow reads and (GIF aside) writes as they are wanted here."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.i18n import _
from lacuna.imaging.codec import (
    Contents,
    Output,
    check_size,
    cut_off,
    damaged,
    decode_opencv,
    planes_to_save,
    quiet,
    unsupported,
)
from lacuna.imaging.exif import ORIENTATION, without_orientation
from lacuna.imaging.photo import Metadata, Photo

AVIF_QUALITY = 95


def read_bmp(data: bytes, name: str, limit: int) -> Contents:
    from PIL.BmpImagePlugin import BmpImageFile

    image = _open(BmpImageFile, data, name, limit)
    contents = _contents(image, name, "BMP", lossless=True)
    contents.dpi = _dpi(image)
    return contents


def read_gif(data: bytes, name: str, limit: int) -> Contents:
    """The first frame. A GIF is a palette whatever Pillow makes of it, so it is RGB from here on."""
    from PIL.GifImagePlugin import GifImageFile

    image = _open(GifImageFile, data, name, limit)
    frames = _count_frames(image)
    comment = image.info.get("comment")
    contents = _contents(image, name, "GIF", lossless=True)
    contents.grey, contents.palette, contents.frames = False, True, frames
    if isinstance(comment, bytes) and comment:
        contents.text = (("Comment", comment.decode("utf-8", "replace")),)
    return contents


def read_avif(data: bytes, name: str, limit: int) -> Contents:
    """8 bits a channel by Pillow; 10 and 12 bits as 16 where this OpenCV can decode them."""
    from PIL import features
    from PIL.AvifImagePlugin import AvifImageFile

    if not features.check("avif"):
        raise unsupported(name, _("this Pillow was built without AVIF"))
    image = _open(AvifImageFile, data, name, limit)
    profile, xmp = image.info.get("icc_profile"), image.info.get("xmp")
    exif, orientation = _avif_exif(image)
    frames = int(getattr(image, "n_frames", 1))
    bits = _avif_bits(data)
    contents = _contents(image, name, "AVIF", lossless=False)
    contents.profile, contents.exif, contents.xmp, contents.frames = profile, exif, xmp, frames
    contents.bits, contents.orientation = bits, orientation
    if bits > 8:
        _deeper(data, bits, contents)
    return contents


def write_bmp(photo: Photo, metadata: Metadata) -> Output:
    out = BytesIO()
    options = {"dpi": metadata.dpi} if metadata.dpi is not None else {}
    _image(planes_to_save(photo)).save(out, "BMP", **options)
    return Output([out.getbuffer()])


def write_avif(photo: Photo, metadata: Metadata, quality: int | None) -> Output:
    """A photo of 8 bits as AVIF, without subsampling.

    Pillow lays EXIF out anew if it states an orientation, which breaks maker notes. So it is given one that states
    none, of the same length, and the true bytes take its place in the file.
    """
    out = BytesIO()
    planes = planes_to_save(photo)
    disguised = without_orientation(metadata.exif) if metadata.exif is not None else None
    options = {"exif": disguised, "xmp": metadata.xmp, "icc_profile": photo.profile}
    _image(planes).save(
        out,
        "AVIF",
        quality=AVIF_QUALITY if quality is None else quality,
        subsampling="4:0:0" if planes.ndim == 2 else "4:4:4",
        **{key: value for key, value in options.items() if value},
    )
    data = out.getvalue()
    if metadata.exif is None or disguised is None:
        return Output([data])
    at = data.find(disguised)
    if at < 0:
        return Output([data], [_("AVIF kept the EXIF data in another layout; a maker note in them may be lost.")])
    return Output([data[:at], metadata.exif, data[at + len(disguised) :]])


def _image(planes: NDArray[Any]) -> Any:
    from PIL import Image

    mode = "L" if planes.ndim == 2 else {2: "LA", 3: "RGB", 4: "RGBA"}[planes.shape[2]]
    return Image.frombuffer(mode, (planes.shape[1], planes.shape[0]), np.ascontiguousarray(planes), "raw", mode, 0, 1)


def _open(kind: Any, data: bytes, name: str, limit: int) -> Any:
    """The plugin's own class, so that its size is checked against our limit and not Pillow's for the process."""
    try:
        with quiet():
            image = kind(BytesIO(data))
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise damaged(name, _("its header cannot be read"), error) from error
    width, height = image.size
    check_size(name, width, height, limit)
    return image


def _contents(image: Any, name: str, format_name: str, *, lossless: bool) -> Contents:
    bits = {"1": 1}.get(image.mode, 8)
    palette = image.mode == "P"
    try:
        with quiet(), image:
            image.load()
            mode = image.mode
            if mode in ("1", "L"):
                samples = np.array(image.convert("L"))
            elif mode == "LA" or mode == "RGBA" or (mode == "P" and "transparency" in image.info):
                samples = np.array(image if mode == "LA" else image.convert("RGBA"))
            else:
                samples = np.array(image.convert("RGB"))
    except (OSError, EOFError) as error:
        raise cut_off(name, error) from error
    except Exception as error:  # whatever a decoder raises over damaged bytes
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error
    grey = samples.ndim == 2 or samples.shape[2] == 2
    alpha = samples[..., -1] if samples.ndim == 3 and samples.shape[2] in (2, 4) else None
    colour = samples if samples.ndim == 2 else samples[..., 0] if grey else samples[..., :3]
    return Contents(
        pixels=np.ascontiguousarray(colour),
        alpha=np.ascontiguousarray(alpha) if alpha is not None else None,
        grey=grey,
        palette=palette,
        format=format_name,
        lossless=lossless,
        bits=bits,
    )


def _count_frames(image: Any) -> int:
    try:
        with quiet():
            return int(image.n_frames)
    except Exception:  # a later frame is damaged; the first may still be whole
        return 2


def _dpi(image: Any) -> tuple[float, float] | None:
    dpi = image.info.get("dpi")
    return (float(dpi[0]), float(dpi[1])) if dpi and min(dpi) > 0 else None


def _avif_exif(image: Any) -> tuple[bytes | None, int]:
    """EXIF as it stands, and the orientation (1..8) that the file's own turns (`irot`, `imir`) amount to.

    Pillow puts the turns into EXIF's orientation and lays EXIF out anew for that; the decoder still has the true bytes.
    """
    told = image.info.get("exif")
    with quiet():
        orientation = int(image.getexif().get(ORIENTATION, 1))
    decoder = getattr(image, "_decoder", None)
    if told is not None and decoder is not None:
        told = next((part for part in decoder.get_info()[4:5] if isinstance(part, bytes) and part), told)
    return told, orientation if 1 <= orientation <= 8 else 1


def _avif_bits(data: bytes) -> int:
    """Bits a channel from the codec's configuration box (AV1-ISOBMFF, 2.3.3); 8 where there is none."""
    at = data.find(b"av1C")
    if at < 0 or at + 7 > len(data) or not data[at + 6] & 0x40:
        return 8
    return 12 if data[at + 6] & 0x20 else 10


def _deeper(data: bytes, bits: int, contents: Contents) -> None:
    import cv2

    decoded = decode_opencv(data, cv2.IMREAD_UNCHANGED)
    expected = contents.pixels.shape[:2]
    if decoded is None or decoded.dtype != np.uint16 or decoded.shape[:2] != expected or decoded.ndim != 3:
        contents.notes.append(_("The picture has {bits} bits a channel; it was opened with 8.").format(bits=bits))
        return
    top = (1 << bits) - 1
    wide = ((decoded.astype(np.uint32) * 65535 + top // 2) // top).astype(np.uint16)
    contents.pixels = np.ascontiguousarray(wide[..., 2::-1])
    contents.grey = False
    contents.alpha = np.ascontiguousarray(wide[..., 3]) if wide.shape[2] == 4 else None
