"""How a project of ours begins: known here too, so that who looks for a picture can say what it is instead."""

from __future__ import annotations

MIME = b"application/x-lacuna-project"
KIND = "mimetype"  # the first member, unpacked, as in OpenRaster: it stands at the same place in every file
START = b"PK\x03\x04"


def is_project(data: bytes) -> bool:
    """By its first bytes, whatever it is called."""
    at = 30 + len(KIND)
    return data[:4] == START and data[30:at] == KIND.encode() and data[at : at + len(MIME)] == MIME
