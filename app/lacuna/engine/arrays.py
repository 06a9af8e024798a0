"""The library's `lacuna.fill`: numpy arrays in, numpy arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import default
from lacuna.contract.fill import FillOptions, Needs
from lacuna.contract.guides import GuideStroke
from lacuna.contract.params import LAST_SEED, validate
from lacuna.contract.progress import Progress
from lacuna.engine import device as devices
from lacuna.engine import registry
from lacuna.engine.fill import FillRequest, FillResult, Window
from lacuna.engine.fill import fill as fill_request
from lacuna.engine.plan import windows_for
from lacuna.engine.sampling import sources_box
from lacuna.engine.seam import composite_named
from lacuna.errors import InvalidParameter, SizeMismatch
from lacuna.i18n import _
from lacuna.imaging.photo import Hole, Photo, white_of
from lacuna.imaging.region import Region

DTYPES = (np.dtype(np.uint8), np.dtype(np.uint16), np.dtype(np.float32))


def fill(
    image: NDArray[Any],
    mask: NDArray[Any],
    backend: str = default.BACKEND,
    *,
    grow: float = 0.0,
    feather: float = 0.0,
    fill_alpha: bool = False,
    composite: str = "auto",
    grain: bool = False,
    seed: int = 0,
    device: str = "auto",
    sources: NDArray[Any] | None = None,
    guides: Sequence[GuideStroke] = (),
    **params: Any,
) -> NDArray[Any]:
    """A copy of `image` in which what `mask` marks is invented by `backend`; elsewhere it is the same, bit for bit.

    `image` is (H, W), (H, W, 1), (H, W, 3) RGB or (H, W, 4) RGBA with straight alpha, uint8, uint16 or float32, and is
    not changed. Of a float image white is the larger of 1.0 and the 99.9th percentile of what is known; no value is cut
    off. `mask` is (H, W) or (H, W, 1), bool or uint8: every pixel above 0 is filled, a uint8 value is the weight of the
    fill (one of 0 and 1 alone is taken as bool).

    `grow` widens the mask by a disc of so many pixels, `feather` softens its edge inside it over so many pixels, both
    from 0. Alpha is left as it is unless `fill_alpha`. `composite` joins the fill to what lies around it: "plain",
    "feather", "poisson", "screened", or "auto", as the backend is best joined; `grain` puts the picture's noise into
    fills that are smoother. The same `seed`, from 0 to 2147483647, gives the same pixels on one device: "auto", "cpu"
    or "cuda". `sources`, shaped as `mask`, is where a backend that copies may copy from: where it is True, or 128 and
    above. `guides` are `lacuna.contract.guides` strokes in coordinates of the picture, such as lines that a fill should
    continue. `params` are the backend's own settings, such as `radius=5`; `lacuna backends` lists them.

    Returns when it is filled: a megapixel of hole takes from less than a second (`membrane`) to minutes (`criminisi`),
    and the first call of a backend on a machine some seconds more, to compile it.

    Raises TypeError for arrays of another kind, ValueError for another shape and for lengths that are none;
    SizeMismatch and UnsuitableMask for a mask of another size, an empty one and one that covers everything, and for an
    empty sampling area; UnknownBackend, InvalidParameter, UnknownModel, DamagedModel, OutOfMemory, and BackendFailed
    for whatever a backend raises: all but the first two are `lacuna.errors.LacunaError`.
    """
    require_image(image)
    plane = _plane("mask", mask, image)
    allowed = None if sources is None else _allowed(_plane("sources", sources, image))
    chosen = registry.backend(backend)
    checked: Any = validate(chosen.Params, params)
    needs = chosen.needs(checked)
    options = FillOptions(
        grow=_length("grow", grow),
        feather=_length("feather", feather),
        alpha=fill_alpha,
        composite=composite_named(composite),
        grain=grain,
    )
    runtime = devices.runtime_for(device, needs)
    request = FillRequest(
        windows=_windows(image, plane, needs, options, allowed, guides),
        size=(image.shape[0], image.shape[1]),
        white=_white(image, plane),
        backend=backend,
        params=checked,
        grey=image.ndim == 2 or image.shape[2] == 1,
        options=options,
        seed=_seed(seed),
        guides=tuple(guides),
        recipe=False,
    )
    result = fill_request(request, runtime, Progress())
    filled = image.copy()
    put(filled, result)
    return filled


def put(image: NDArray[Any], result: FillResult) -> None:
    """Write the pieces of a fill into `image`, which has any of the shapes that `fill` takes."""
    for piece in result.pieces:
        target = image[piece.region.slices]
        if image.ndim == 2:
            target[...] = piece.pixels[..., 0]
        else:
            colours = min(3, image.shape[2])
            target[..., :colours] = piece.pixels[..., :colours]
            if piece.alpha is not None and image.shape[2] == 4:
                target[..., 3] = piece.alpha


def _white(image: NDArray[Any], mask: NDArray[Any]) -> float:
    """The value of white, by the known pixels of a float picture alone: what is to go says nothing."""
    colours = image[..., :3] if image.ndim == 3 else image
    return white_of(colours[mask == 0] if image.dtype.kind == "f" else colours)


def _seed(seed: int) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed <= LAST_SEED:
        raise InvalidParameter(
            _("“{value}” does not fit the setting “{name}”.").format(value=seed, name="seed"),
            hint=_("It takes a whole number from 0 to {last}.").format(last=LAST_SEED),
        )
    return int(seed)


def size_mismatch(mask: tuple[int, int], picture: tuple[int, int], hint: str = "") -> SizeMismatch:
    """The error that names both sizes, each given as (height, width); the usual `hint` asks for a mask that fits."""
    return SizeMismatch(
        _("The mask is {mask_width} × {mask_height} pixels, the picture {width} × {height}.").format(
            mask_width=mask[1], mask_height=mask[0], width=picture[1], height=picture[0]
        ),
        hint or _("Give a mask of the picture's size."),
        (mask[1], mask[0]),
        (picture[1], picture[0]),
    )


def require_image(image: NDArray[Any]) -> None:
    """Raises TypeError and ValueError for what the library takes for no picture."""
    _refuse_other_kinds("image", image)
    if image.dtype not in DTYPES:
        remedy = ': image.astype("float32") is' if image.dtype.kind == "f" else ""
        raise TypeError(f"image is uint8, uint16 or float32, not {image.dtype}{remedy}")
    if image.ndim not in (2, 3) or (image.ndim == 3 and image.shape[2] not in (1, 3, 4)) or not image.size:
        raise ValueError(f"image is (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) and not empty, not {image.shape}")


def _refuse_other_kinds(name: str, given: Any) -> None:
    """What other libraries call a picture is given once by everybody: the error says how it becomes ours."""
    if isinstance(given, np.ndarray):
        return
    remedy = f"numpy.asarray({name}) makes one of a Pillow picture or a list"
    if isinstance(given, str | PathLike):
        remedy = f"numpy.asarray(PIL.Image.open({name})) reads one from a file"
    elif isinstance(given, Photo):
        remedy = f"it is {name}.pixels"
    raise TypeError(f"{name} is a numpy array, not {type(given).__name__}: {remedy}")


def _plane(name: str, given: NDArray[Any], image: NDArray[Any]) -> NDArray[Any]:
    """A mask or a sampling area as (H, W), of the picture's size."""
    _refuse_other_kinds(name, given)
    if given.dtype not in (np.dtype(np.bool_), np.dtype(np.uint8)):
        raise TypeError(f"{name} is bool or uint8, not {given.dtype}")
    if given.ndim not in (2, 3) or (given.ndim == 3 and given.shape[2] != 1):
        raise ValueError(f"{name} is (H, W) or (H, W, 1), not {given.shape}")
    plane = given[..., 0] if given.ndim == 3 else given
    if plane.shape != image.shape[:2]:
        raise size_mismatch((plane.shape[0], plane.shape[1]), (image.shape[0], image.shape[1]))
    return plane


def _allowed(plane: NDArray[Any]) -> Hole:
    return plane if plane.dtype == np.bool_ else plane >= 128  # as mask files are cut


def _length(name: str, value: float) -> float:
    if not 0 <= value < 1e6:
        raise ValueError(f"{name} is a number of pixels from 0, not {value}")
    return float(value)


def _windows(
    image: NDArray[Any],
    mask: NDArray[Any],
    needs: Needs,
    options: FillOptions,
    sources: Hole | None,
    guides: Sequence[GuideStroke],
) -> tuple[Window, ...]:
    regions = windows_for(mask, needs, options, sources=sources_box(sources, guides, needs, image.shape[:2]))
    parts = [_as_mask(mask[region.slices]) for region in regions]
    if max((int(part.max(initial=0)) for part in parts), default=0) == 1:
        parts = [part * np.uint8(255) for part in parts]  # False and True written as 0 and 1
    return tuple(
        Window(
            region,
            colours_of(image[region.slices]),
            part,
            _alpha(image, region),
            None if sources is None else sources[region.slices],
        )
        for region, part in zip(regions, parts, strict=True)
    )


def colours_of(part: NDArray[Any]) -> NDArray[Any]:
    """The colours of a picture as (h, w, 3): grey ones three times, those of RGB as they lie there."""
    if part.ndim == 2:
        part = part[..., None]
    return np.repeat(part, 3, axis=2) if part.shape[2] == 1 else part[..., :3]


def _alpha(image: NDArray[Any], region: Region) -> NDArray[Any] | None:
    return image[region.slices][..., 3] if image.ndim == 3 and image.shape[2] == 4 else None


def _as_mask(part: NDArray[Any]) -> NDArray[np.uint8]:
    return part.astype(np.uint8) * np.uint8(255) if part.dtype == np.bool_ else part
