"""The JSON forms of what is kept on disk beside steps and guides: how the original lies, a picture's facts."""

from __future__ import annotations

import base64
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from lacuna.contract.edges import PackedEdges, PredictedEdges
from lacuna.contract.step_json import (
    edges_from_json,
    edges_to_json,
    enlargement_from_json,
    enlargement_to_json,
    region_from_json,
    region_to_json,
)
from lacuna.document.stretch import Stretch
from lacuna.imaging.photo import Metadata, Photo, Source


def stretches_to_json(stretches: tuple[Stretch, ...]) -> list[dict[str, Any]]:
    return [{"box": region_to_json(s.box), **enlargement_to_json(s.enlargement)} for s in stretches]


def stretches_from_json(value: list[dict[str, Any]]) -> tuple[Stretch, ...]:
    return tuple(Stretch(region_from_json(stretch["box"]), enlargement_from_json(stretch)) for stretch in value)


def predicted_to_json(predicted: tuple[PredictedEdges, ...]) -> list[dict[str, Any]]:
    return [edges_to_json(PackedEdges.of(edges)) for edges in predicted]


def predicted_from_json(value: list[dict[str, Any]]) -> tuple[PredictedEdges, ...]:
    """What `predicted_to_json` made. Raises ValueError, KeyError or TypeError for anything else."""
    return tuple(edges_from_json(edges).unpacked() for edges in value)


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
