"""The JSON forms of the values that are kept on disk: recipe steps, guides, regions, a picture's facts."""

from __future__ import annotations

import base64
import dataclasses
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.contract.fill import FillOptions, FillStep
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.imaging.photo import Metadata, Photo, Source
from lacuna.imaging.region import Region


def region_to_json(region: Region) -> list[int]:
    return [region.y0, region.x0, region.y1, region.x1]


def region_from_json(value: list[int]) -> Region:
    return Region(*(int(v) for v in value))


def guides_to_json(guides: tuple[GuideStroke, ...]) -> list[dict[str, Any]]:
    return [
        {"kind": g.kind.value, "points": [list(p) for p in g.points], "width": g.width, "colour": g.colour}
        for g in guides
    ]


def guides_from_json(value: list[dict[str, Any]]) -> tuple[GuideStroke, ...]:
    return tuple(
        GuideStroke(
            Guide(g["kind"]),
            tuple((float(x), float(y)) for x, y in g["points"]),
            float(g["width"]),
            None if g["colour"] is None else tuple(float(c) for c in g["colour"]),  # type: ignore[arg-type]
        )
        for g in value
    )


def step_to_json(step: FillStep) -> dict[str, Any]:
    """All of a step; its mask as base64, its params with the values of enums."""
    return {
        "backend": step.backend,
        "params": {k: v.value if isinstance(v, Enum) else v for k, v in step.params.items()},
        "seed": step.seed,
        "options": dataclasses.asdict(step.options),
        "box": region_to_json(step.box),
        "mask": _text(step.mask),
        "size": list(step.size),
        "guides": guides_to_json(step.guides),
        "model_sha256": step.model_sha256,
        "version": step.version,
    }


def step_from_json(value: dict[str, Any]) -> FillStep:
    height, width = value["size"]
    return FillStep(
        backend=value["backend"],
        params=value["params"],
        seed=value["seed"],
        options=FillOptions(**value["options"]),
        box=region_from_json(value["box"]),
        mask=_bytes(value["mask"]) or b"",
        size=(int(height), int(width)),
        guides=guides_from_json(value["guides"]),
        model_sha256=value["model_sha256"],
        version=value["version"],
    )


def facts_to_json(photo: Photo) -> dict[str, Any]:
    """What a picture says beside its pixels."""
    metadata, source = photo.metadata, photo.source
    return {
        "grey": photo.grey,
        "profile": _text(photo.profile),
        "exif": _text(metadata.exif),
        "xmp": _text(metadata.xmp),
        "iptc": _text(metadata.iptc),
        "dpi": metadata.dpi,
        "text": [list(pair) for pair in metadata.text],
        "source": None
        if source is None
        else {**dataclasses.asdict(source), "path": None if source.path is None else str(source.path)},
    }


def facts_from_json(value: dict[str, Any]) -> Photo:
    """A picture of no pixels that says the same."""
    source = value["source"]
    if source is not None:
        tables = source["quantisation"]
        source = Source(
            **{
                **source,
                "path": None if source["path"] is None else Path(source["path"]),
                "quantisation": None if tables is None else tuple(tuple(t) for t in tables),
            }
        )
    dpi = value["dpi"]
    metadata = Metadata(
        exif=_bytes(value["exif"]),
        xmp=_bytes(value["xmp"]),
        iptc=_bytes(value["iptc"]),
        dpi=None if dpi is None else (float(dpi[0]), float(dpi[1])),
        text=tuple((str(k), str(v)) for k, v in value["text"]),
    )
    empty = np.empty((0, 0, 3), np.uint8)
    return Photo(empty, None, value["grey"], _bytes(value["profile"]), metadata, source)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)
