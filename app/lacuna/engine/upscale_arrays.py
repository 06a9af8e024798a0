"""The library's `lacuna.upscale`: a numpy array in, a numpy array out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import default
from lacuna.contract.enlargement import Number, to_size
from lacuna.contract.progress import Progress
from lacuna.engine.arrays import colours_of, require_image
from lacuna.engine.upscaling import UpscaleRequest
from lacuna.engine.upscaling import upscale as upscale_request
from lacuna.imaging.photo import white_of


def upscale(
    image: NDArray[Any],
    factor: Number | None = None,
    *,
    width: int | None = None,
    height: int | None = None,
    long_side: int | None = None,
    allow_distortion: bool = False,
    method: str = default.UPSCALER,
    model: str = "",
    tile: int | None = None,
    device: str = "auto",
) -> NDArray[Any]:
    """`image` enlarged by any `factor`, or to exactly this `width`, `height`, both, or `long_side`, in pixels.

    `image` is (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA, uint8, uint16 or float32, and is not changed; the
    result has as many channels and the same dtype: whole numbers are rounded and end at black and white, floats do not.
    Its sides are `factor` times those of the image, truncated; a float is taken for the decimal number that it is
    written as, so 1.4 times 45 is 63, and a `Fraction` or a text such as "2.7" for itself. With both sides the factors
    may differ by 2 %, by more with `allow_distortion`. By a factor below 1 the picture is made smaller by areas; 1
    gives a copy.

    `method` is "meta-sr" (Hu et al., CVPR 2019), which needs a model, "bicubic" (Keys 1981, a = -0.5) or "lanczos";
    `model` names the weights, by default the best measured of those installed. `tile` is the side of a tile in pixels
    of the image, by default as memory allows. `device` is "auto", "cpu" or "cuda". Alpha is enlarged by the bicubic
    kernel.

    Raises TypeError for arrays of another kind, ValueError for another shape and for a tile below 1; InvalidParameter
    for a size that is none, UnknownBackend, UnknownModel where there is no model, DamagedModel, PictureTooLarge for
    what memory cannot hold, OutOfMemory and BackendFailed: all but the first two are `lacuna.errors.LacunaError`.
    """
    require_image(image)
    enlargement = to_size(
        image.shape[0],
        image.shape[1],
        factor=factor,
        columns=width,
        rows=height,
        long_side=long_side,
        allow_distortion=allow_distortion,
    )
    channels = image.shape[2] if image.ndim == 3 else 1
    colours = colours_of(image)
    request = UpscaleRequest(
        pixels=colours,
        enlargement=enlargement,
        white=white_of(colours),
        alpha=image[..., 3] if channels == 4 else None,
        grey=channels == 1,
        method=method,
        model=model,
        device=device,
        tile=tile,
    )
    result = upscale_request(request, Progress())
    if channels == 1:
        return np.ascontiguousarray(result.pixels[..., 0] if image.ndim == 2 else result.pixels[..., :1])
    return result.pixels if result.alpha is None else np.dstack([result.pixels, result.alpha])
