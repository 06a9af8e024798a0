"""How large a file of a picture will likely be, before it is there."""

from __future__ import annotations

# Of the bytes of the pixels, for enlarged photographs of 8 bits at the quality that files are written with; those of
# more bits take more, since their last bits are noise.
SHARE = {"JPEG": 0.1, "PNG": 0.4, "TIFF": 0.5, "WEBP": 0.05, "BMP": 1.0, "AVIF": 0.04, "HEIF": 0.04}


def likely_bytes(kind: str, pixels: int) -> int:
    """Bytes of a file of this format out of so many bytes of pixels."""
    return round(SHARE[kind] * pixels)
