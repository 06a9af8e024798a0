"""The kinds of files: how their content tells them, what they are called, and what they can hold."""

from __future__ import annotations

from lacuna.i18n import N_, _
from lacuna.imaging.photo import Photo

# suffix -> format. What a file is, its content tells; these are for dialogs, folders and new names.
READABLE: dict[str, str] = {
    ".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".mpo": "JPEG",
    ".png": "PNG", ".apng": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".tiff": "TIFF", ".bmp": "BMP", ".dib": "BMP",
    ".avif": "AVIF", ".gif": "GIF", ".heic": "HEIF", ".heif": "HEIF", ".hif": "HEIF",
}  # fmt: skip
WRITABLE: dict[str, str] = {
    suffix: kind for suffix, kind in READABLE.items() if kind != "GIF" and suffix not in (".mpo", ".apng")
}
SUFFIX = {
    "JPEG": ".jpg", "PNG": ".png", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp", "AVIF": ".avif", "HEIF": ".heic"
}  # fmt: skip
NAMES = {"JPEG": "JPEG", "PNG": "PNG", "WEBP": "WebP", "TIFF": "TIFF", "BMP": "BMP", "AVIF": "AVIF", "HEIF": "HEIC"}
DEPTH = {"PNG": 16, "TIFF": 32}  # bits a channel that a format can hold; 8 for all others
NO_ALPHA = ("JPEG", "BMP")
MAX_SIDE = {"JPEG": 65535, "WEBP": 16383}  # pixels a side that a format can hold; no other limit is met in practice
LOSSY = ("JPEG", "WEBP", "AVIF", "HEIF")  # may be: a WebP can also be lossless
# what a format cannot hold: (Metadata field, its name for people)
LOST: dict[str, tuple[tuple[str, str], ...]] = {
    "JPEG": (),
    "PNG": (),
    "WEBP": (("iptc", N_("IPTC")), ("text", N_("comments"))),
    "TIFF": (("text", N_("comments")),),
    "BMP": (("exif", N_("EXIF")), ("xmp", N_("XMP")), ("iptc", N_("IPTC")), ("text", N_("comments"))),
    "AVIF": (("iptc", N_("IPTC")), ("text", N_("comments"))),
    "HEIF": (("iptc", N_("IPTC")), ("text", N_("comments"))),
}


def suffixes(kind: str) -> tuple[str, ...]:
    """The endings by which a format can be asked for, the usual one first."""
    usual = SUFFIX[kind]
    return (usual, *(suffix for suffix, other in WRITABLE.items() if other == kind and suffix != usual))


def left_out(photo: Photo, kind: str) -> list[str]:
    """What a photo carries beside its pixels that a format cannot hold, in words for people."""
    words = [_(word) for field, word in LOST[kind] if getattr(photo.metadata, field)]
    return [*words, _("the colour profile")] if photo.profile is not None and kind == "BMP" else words


def kind_of(data: bytes) -> str | None:
    """The format by the first bytes, None if it is none of ours."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if (
        data.startswith(b"BM")
        and len(data) > 18
        and int.from_bytes(data[14:18], "little") in (12, 40, 52, 56, 64, 108, 124)
    ):
        return "BMP"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[4:8] == b"ftyp":
        return _boxed_kind(data)
    return None


def _boxed_kind(data: bytes) -> str | None:
    """AVIF or HEIF by the brands of an ISO base media file."""
    size = min(int.from_bytes(data[:4], "big"), 512, len(data))
    brands = {data[8:12], *(data[at : at + 4] for at in range(16, size - 3, 4))}
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}:
        return "HEIF"
    return None
