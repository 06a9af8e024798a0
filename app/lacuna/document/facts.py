"""The JSON forms of the values that are kept on disk: recipe steps, guides, regions, a picture's facts."""

from __future__ import annotations

import base64
import dataclasses
from enum import Enum
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.contract import guides
from lacuna.contract.enlargement import Enlargement, Rule
from lacuna.contract.fill import FillOptions, FillStep
from lacuna.document.stretch import Stretch
from lacuna.imaging.photo import Metadata, Photo, Source
from lacuna.imaging.region import Region


def region_to_json(region: Region) -> list[int]:
    return [region.y0, region.x0, region.y1, region.x1]


def region_from_json(value: list[int]) -> Region:
    return Region(*(int(v) for v in value))


def stretches_to_json(stretches: tuple[Stretch, ...]) -> list[dict[str, Any]]:
    return [
        {
            "box": region_to_json(s.box),
            "size": [s.enlargement.height, s.enlargement.width, s.enlargement.rows, s.enlargement.columns],
            "factors": [str(s.enlargement.down), str(s.enlargement.across)],
            "rule": s.enlargement.rule.value,
        }
        for s in stretches
    ]


def stretches_from_json(value: list[dict[str, Any]]) -> tuple[Stretch, ...]:
    found = []
    for stretch in value:
        height, width, rows, columns = (int(side) for side in stretch["size"])
        down, across = (Fraction(factor) for factor in stretch["factors"])
        enlargement = Enlargement(height, width, rows, columns, down, across, Rule(stretch["rule"]))
        found.append(Stretch(region_from_json(stretch["box"]), enlargement))
    return tuple(found)


def step_to_json(step: FillStep) -> dict[str, Any]:
    """All of a step; its mask as base64, its params with the values of enums."""
    return {
        "backend": step.backend,
        "params": {k: v.value if isinstance(v, Enum) else v for k, v in step.params.items()},
        "seed": step.seed,
        "options": dataclasses.asdict(step.options),
        "box": region_to_json(step.box),
        "mask": _plain(step.mask),
        "size": list(step.size),
        "guides": guides.to_json(step.guides),
        "model_sha256": step.model_sha256,
        "version": step.version,
        "sources": _plane_to_json(step.sources),
        "edges": _plane_to_json(step.edges),
    }


def step_from_json(value: dict[str, Any]) -> FillStep:
    height, width = value["size"]
    return FillStep(
        backend=value["backend"],
        params=value["params"],
        seed=value["seed"],
        options=FillOptions(**value["options"]),
        box=region_from_json(value["box"]),
        mask=_rich(value["mask"]),
        size=(int(height), int(width)),
        guides=guides.from_json(value["guides"]),
        model_sha256=value["model_sha256"],
        version=value["version"],
        sources=_plane_from_json(value.get("sources")),  # a journal older than these has none
        edges=_plane_from_json(value.get("edges")),
    )


def _plane_to_json(plane: tuple[Region, bytes] | None) -> list[Any] | None:
    return None if plane is None else [region_to_json(plane[0]), _plain(plane[1])]


def _plane_from_json(value: list[Any] | None) -> tuple[Region, bytes] | None:
    return None if value is None else (region_from_json(value[0]), _rich(value[1]))


def metadata_to_json(metadata: Metadata) -> dict[str, Any]:
    return {f.name: _plain(getattr(metadata, f.name)) for f in dataclasses.fields(Metadata)}


def metadata_from_json(value: dict[str, Any]) -> Metadata:
    return Metadata(**_known(Metadata, value))


def facts_to_json(photo: Photo) -> dict[str, Any]:
    """What a picture says beside its pixels."""
    source = photo.source
    return {
        "grey": photo.grey,
        "profile": _plain(photo.profile),
        "metadata": metadata_to_json(photo.metadata),
        "source": None
        if source is None
        else {f.name: _plain(getattr(source, f.name)) for f in dataclasses.fields(Source)},
    }


def facts_from_json(value: dict[str, Any]) -> Photo:
    """A picture of no pixels that says the same; fields that this version does not know are left out."""
    metadata = metadata_from_json(value["metadata"])
    source = None if value["source"] is None else Source(**_known(Source, value["source"]))
    return Photo(np.empty((0, 0, 3), np.uint8), None, value["grey"], _rich(value["profile"]), metadata, source)


def _known(kind: type, value: dict[str, Any]) -> dict[str, Any]:
    return {f.name: _rich(value[f.name]) for f in dataclasses.fields(kind) if f.name in value}


def _plain(value: Any) -> Any:
    """Bytes and paths as one-entry objects, tuples as lists, all else as it is."""
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, Path):
        return {"path": str(value)}
    return [_plain(v) for v in value] if isinstance(value, tuple) else value


def _rich(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["bytes"]) if "bytes" in value else Path(value["path"])
    return tuple(_rich(v) for v in value) if isinstance(value, list) else value
