"""Lacuna paints things out of pictures and enlarges them: `lacuna.fill(image, mask)`, `lacuna.upscale(image, 2.7)`.

Importing this imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lacuna.engine.arrays import fill
    from lacuna.engine.mark_arrays import remove_mark
    from lacuna.engine.upscale_arrays import upscale
    from lacuna.imaging.photo import Photo

    __version__: str

__all__ = ["Photo", "__version__", "fill", "remove_mark", "upscale"]


def __getattr__(name: str) -> Any:
    # At first use: a program that only asks for the version should not wait for numpy.
    if name == "fill":
        from lacuna.engine.arrays import fill

        return fill
    if name == "remove_mark":
        from lacuna.engine.mark_arrays import remove_mark

        return remove_mark
    if name == "upscale":
        from lacuna.engine.upscale_arrays import upscale

        return upscale
    if name == "Photo":
        from lacuna.imaging.photo import Photo

        return Photo
    if name == "__version__":
        from importlib.metadata import version

        return version("lacuna-editor")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)  # what is imported above is no part of the library
