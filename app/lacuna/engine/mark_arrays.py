"""The library's `lacuna.remove_mark`: a numpy array and a template in, a numpy array out."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import default
from lacuna.contract.params import validate
from lacuna.contract.progress import Progress
from lacuna.detection.marks import DEFAULT_CONFIDENCE, GROWN, Template, template_of_file
from lacuna.detection.unblending import Matte
from lacuna.engine import registry
from lacuna.engine.arrays import colours_of, require_image
from lacuna.engine.marks import Removal, without_marks
from lacuna.engine.photos import FillSettings
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.photo import Photo


def remove_mark(
    image: NDArray[Any],
    mark: str | PathLike[str] | Template | Matte,
    backend: str = default.BACKEND,
    *,
    removal: str = "auto",
    confidence: float = DEFAULT_CONFIDENCE,
    grow: float = GROWN,
    seed: int = 0,
    device: str = "auto",
    **params: Any,
) -> NDArray[Any]:
    """A copy of `image` without a watermark, wherever it is and as often as it is there; elsewhere the same bits.

    `image` is as `lacuna.fill` takes it. `mark` is a file that shows the mark, best with transparent ground, a
    `Template` of `lacuna.detection.marks`, or a `Matte` of `lacuna.detection.unblending`, estimated from several
    pictures with the same mark. `removal` is "unblend", which brings back what lies beneath a semi-transparent mark and
    fills the rest, "fill", or "auto": whichever leaves no ghost. Findings below `confidence` (0 to 1) are left alone;
    filled marks are widened by `grow` pixels. `backend`, `seed`, `device` and `params` are those of `lacuna.fill`.
    Alpha is left as it is.

    Raises what `lacuna.fill` raises, and UnreadableFile and UnsuitableMask for a file that shows no mark.
    """
    require_image(image)
    if removal not in {each.value for each in Removal}:
        raise InvalidParameter(
            _("“{value}” does not fit the setting “{name}”.").format(value=removal, name="removal"),
            _("It takes one of: {choices}.").format(choices=", ".join(each.value for each in Removal)),
        )
    how = FillSettings(backend, validate(registry.backend(backend).Params, params), seed=seed)
    grey = image.ndim == 2 or image.shape[2] == 1
    photo = Photo(np.ascontiguousarray(colours_of(image)), grey=grey)
    sought = mark if isinstance(mark, Template | Matte) else template_of_file(Path(mark))
    found, _report = without_marks(
        photo, sought, how, Progress(), device=device, removal=Removal(removal), least=confidence, grow=grow
    )
    out = image.copy()
    if image.ndim == 2:
        out[...] = found.pixels[..., 0]
    else:
        colours = min(3, image.shape[2])
        out[..., :colours] = found.pixels[..., :colours]
    return out
