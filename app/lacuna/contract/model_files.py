"""Names and hashes of the files in a model's folder, as a config may give them."""

from __future__ import annotations

import re
from collections.abc import Mapping

FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")  # the name of a file: no way out of the folder
SHA256 = re.compile(r"[0-9a-f]{64}")


def require_hashes(sha256: Mapping[str, str]) -> None:
    """Raise ValueError, naming the file, unless each is a name within the folder with a SHA-256."""
    for file, digest in sha256.items():
        if not FILE.fullmatch(file):
            raise ValueError(f"sha256: {file}")
        if not SHA256.fullmatch(digest):
            raise ValueError(f"sha256: {file}")
