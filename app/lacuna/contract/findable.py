"""What can be looked for in a picture without a template; apart from the search, which needs numpy."""

from __future__ import annotations

from enum import Enum


class Findable(Enum):
    """By the word that asks for it."""

    TEXT = "text"
    MOSAIC = "mosaic"
    BLUR = "blur"
