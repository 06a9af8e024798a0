"""HEIC and HEIF through the extra `heif` (pillow-heif); without it a clear word on how to get it."""

from __future__ import annotations

from importlib.util import find_spec
from io import BytesIO
from typing import Any

import numpy as np

from lacuna.errors import UnsupportedFormat
from lacuna.i18n import _
from lacuna.imaging.codec import Contents, Output, check_size, cut_off, damaged, planes_to_save, straight
from lacuna.imaging.photo import Metadata, Photo

QUALITY = 95


def installed() -> bool:
    """Whether the extra is there; does not import it."""
    return find_spec("pillow_heif") is not None


def can_write() -> bool:
    """Whether the library was built with an HEVC encoder."""
    if not installed():
        return False
    import pillow_heif

    return bool(pillow_heif.libheif_info().get("HEIF"))


def missing(name: str) -> UnsupportedFormat:
    sentence = _("{name} is a HEIC picture, which needs an extra library.").format(name=name)
    return UnsupportedFormat(sentence, _('Install it with: pip install "lacuna-editor[heif]"'))


def read(data: bytes, name: str, limit: int) -> Contents:
    """The primary picture, turned upright by the library. Raises UnreadableFile, UnsupportedFormat, PictureTooLarge."""
    if not installed():
        raise missing(name)
    import pillow_heif

    try:
        file = pillow_heif.open_heif(BytesIO(data), convert_hdr_to_8bit=False)
        image = file[file.primary_index]
    except Exception as error:  # whatever the library raises over damaged bytes
        raise damaged(name, _("its header cannot be read"), error) from error
    width, height = image.size
    check_size(name, width, height, limit)
    info: dict[str, Any] = image.info
    bits = int(info.get("bit_depth", 8))
    frames = len(file)
    try:
        samples = np.asarray(image)
    except EOFError as error:
        raise cut_off(name, error) from error
    except Exception as error:  # whatever the library raises over damaged bytes
        raise damaged(name, _("its picture data cannot be unpacked"), error) from error
    contents = Contents(
        pixels=samples,
        format="HEIF",
        lossless=False,
        bits=bits,
        profile=info.get("icc_profile") or None,
        exif=info.get("exif") or None,
        xmp=info.get("xmp") or None,
        orientation=1,  # libheif has applied its own turns; EXIF only repeats them
        frames=frames,
    )
    _split(contents, samples)
    if contents.alpha is not None and image.premultiplied_alpha:
        contents.pixels = straight(contents.pixels, contents.alpha)
    return contents


def _split(contents: Contents, samples: Any) -> None:
    contents.grey = samples.ndim == 2 or samples.shape[2] == 2
    if samples.ndim == 3 and samples.shape[2] in (2, 4):
        contents.alpha = np.ascontiguousarray(samples[..., -1])
        samples = samples[..., 0] if contents.grey else samples[..., :3]
    contents.pixels = np.ascontiguousarray(samples)


def write(photo: Photo, metadata: Metadata, quality: int | None) -> Output:
    """A photo of 8 bits as HEIC; the library has to be there."""
    import pillow_heif

    planes = planes_to_save(photo)
    if photo.grey and photo.alpha is not None:
        planes = np.dstack([photo.pixels, photo.alpha])
    mode = "L" if planes.ndim == 2 else {3: "RGB", 4: "RGBA"}[planes.shape[2]]
    file = pillow_heif.from_bytes(mode, (photo.width, photo.height), np.ascontiguousarray(planes).tobytes())
    if photo.profile is not None:
        info: dict[str, Any] = file[0].info
        info.update(icc_profile=photo.profile, icc_profile_type="prof")
    out = BytesIO()
    options: dict[str, Any] = {"exif": metadata.exif, "xmp": metadata.xmp}
    file.save(
        out,
        quality=QUALITY if quality is None else quality,
        chroma=444,
        **{key: value for key, value in options.items() if value},
    )
    return Output([out.getbuffer()])
