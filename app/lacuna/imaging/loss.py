"""What a lossy file has cost, in words for a person."""

from __future__ import annotations

from pathlib import Path

from lacuna.i18n import _
from lacuna.imaging.files import generation_loss
from lacuna.imaging.formats import LOSSY, NAMES
from lacuna.imaging.photo import Mask, Photo

__all__ = ["LOSSY", "in_words", "loss_told"]


def loss_told(photo: Photo, path: Path, kind: str, *, filled: Mask | None = None) -> str:
    """Sentence on how far the file at `path` is from `photo` where `filled` is 0; empty if nothing was lost.

    Decodes the file, so it is for a worker. Raises what reading a picture raises.
    """
    return in_words(path, kind, generation_loss(photo, path, outside=filled), photo.white, filled=filled is not None)


def in_words(path: Path, kind: str, loss: tuple[float, float], white: float, *, filled: bool) -> str:
    """The outcome of `generation_loss` in a `kind` of file, in steps of 255; empty if there was none."""
    worst, mean = (value * 255 / white for value in loss)
    if worst == 0:
        return ""
    if filled:
        sentence = _(
            "{format} is lossy: outside of what was filled, values in {name} differ by {mean} of 255 on average, "
            "by {worst} at most."
        )
    else:
        sentence = _("{format} is lossy: values in {name} differ by {mean} of 255 on average, by {worst} at most.")
    return sentence.format(format=NAMES[kind], name=path.name, mean=f"{mean:.2f}", worst=f"{worst:.0f}")
