"""The JSON forms of steps, for journals, projects and recipes."""

from __future__ import annotations

import base64
import dataclasses
import re
from enum import Enum
from fractions import Fraction
from typing import Any

from lacuna.contract import guides
from lacuna.contract.edges import PackedEdges
from lacuna.contract.enlargement import Enlargement, Rule
from lacuna.contract.fill import Composite, FillOptions, FillStep
from lacuna.contract.steps import CropStep, EnlargeStep, Excerpt, PaintStep, Step
from lacuna.imaging.region import Region

FACTOR = re.compile(r"[0-9]{1,40}(/[0-9]{1,40})?")  # a power of ten in it could fill the memory


def region_to_json(region: Region) -> list[int]:
    """As [y0, x0, y1, x1]."""
    return [region.y0, region.x0, region.y1, region.x1]


def region_from_json(value: list[int]) -> Region:
    """The way back, as in all that follows: what `..._to_json` made. Raises what `step_from_json` does."""
    return Region(*(int(v) for v in value))


def enlargement_to_json(made: Enlargement) -> dict[str, Any]:
    """With its factors as exact fractions."""
    return {
        "size": [made.height, made.width, made.rows, made.columns],
        "factors": [str(made.down), str(made.across)],
        "rule": made.rule.value,
    }


def enlargement_from_json(value: dict[str, Any]) -> Enlargement:
    height, width, rows, columns = (int(side) for side in value["size"])
    down, across = map(_factor, value["factors"])
    return Enlargement(height, width, rows, columns, down, across, Rule(value["rule"]))


def _factor(value: Any) -> Fraction:
    if not FACTOR.fullmatch(_text(value)):
        raise ValueError(f"a factor {value!r}")
    return Fraction(value)


def step_to_json(step: Step) -> dict[str, Any]:
    """All of a step; bytes as base64, its params with the values of enums."""
    match step:
        case FillStep():
            return {"kind": "fill", **_fill_to_json(step)}
        case CropStep():
            return {"kind": "crop", "region": region_to_json(step.region), "size": list(step.size)}
        case EnlargeStep():
            told = {name: getattr(step, name) for name in ("method", "model", "model_sha256", "dpi")}
            return {"kind": "enlarge", **enlargement_to_json(step.enlargement), **told}
        case PaintStep():
            excerpts = [_excerpt_to_json(excerpt) for excerpt in step.excerpts]
            return {"kind": "paint", "label": step.label, "size": list(step.size), "excerpts": excerpts}


def step_from_json(value: dict[str, Any]) -> Step:
    """What `step_to_json` made; without a kind it is a fill of an older journal.

    Raises KeyError, TypeError, ValueError or ArithmeticError for anything else.
    """
    match value.get("kind", "fill"):
        case "fill":
            return _fill_from_json(value)
        case "crop":
            return CropStep(region_from_json(value["region"]), _size(value["size"]))
        case "enlarge":
            dpi = value.get("dpi")
            return EnlargeStep(
                enlargement_from_json(value),
                _text(value["method"]),
                _text(value["model"]),
                _optional_text(value["model_sha256"]),
                None if dpi is None else float(dpi),
            )
        case "paint":
            excerpts = tuple(_excerpt_from_json(excerpt) for excerpt in value["excerpts"])
            return PaintStep(_text(value["label"]), _size(value["size"]), excerpts)
        case kind:
            raise ValueError(f"a step of the kind {kind!r}")


def bytes_to_json(data: bytes) -> dict[str, str]:
    """As base64."""
    return {"bytes": base64.b64encode(data).decode()}


def bytes_from_json(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["bytes"], validate=True)


def edges_to_json(edges: PackedEdges) -> dict[str, Any]:
    return {
        "region": region_to_json(edges.region),
        "strength": bytes_to_json(edges.strength),
        "hole": bytes_to_json(edges.hole),
        "seen": edges.seen,
    }


def edges_from_json(value: dict[str, Any]) -> PackedEdges:
    region, strength, hole = region_from_json(value["region"]), value["strength"], value["hole"]
    return PackedEdges(region, bytes_from_json(strength), bytes_from_json(hole), _text(value["seen"]))


def _fill_to_json(step: FillStep) -> dict[str, Any]:
    return {
        "backend": step.backend,
        "params": {k: v.value if isinstance(v, Enum) else v for k, v in step.params.items()},
        "seed": step.seed,
        "options": dataclasses.asdict(step.options),
        "box": region_to_json(step.box),
        "mask": bytes_to_json(step.mask),
        "size": list(step.size),
        "guides": guides.to_json(step.guides),
        "model": step.model,
        "model_sha256": step.model_sha256,
        "version": step.version,
        "sources": _plane_to_json(step.sources),
        "edges": _plane_to_json(step.edges),
        "predicted": [edges_to_json(edges) for edges in step.predicted],
        "instead": step.instead,
        "repeatable": step.repeatable,
        "chosen": [list(model) for model in step.chosen],
    }


def _fill_from_json(value: dict[str, Any]) -> FillStep:
    return FillStep(
        backend=_text(value["backend"]),
        params={_text(name): setting for name, setting in dict(value["params"]).items()},
        seed=int(value["seed"]),
        options=_options(value["options"]),
        box=region_from_json(value["box"]),
        mask=bytes_from_json(value["mask"]),
        size=_size(value["size"]),
        guides=guides.from_json(value["guides"]),
        model=_optional_text(value.get("model")),  # a journal older than these has none of what is got here
        model_sha256=_optional_text(value["model_sha256"]),
        version=int(value["version"]),
        sources=_plane_from_json(value.get("sources")),
        edges=_plane_from_json(value.get("edges")),
        predicted=tuple(edges_from_json(edges) for edges in value.get("predicted", ())),
        instead=bool(value.get("instead", False)),
        repeatable=bool(value.get("repeatable", True)),
        chosen=tuple((_text(name), _text(digest)) for name, digest in value.get("chosen", ())),
    )


def _options(value: dict[str, Any]) -> FillOptions:
    kinds: dict[str, Any] = {"grow": float, "feather": float, "alpha": bool, "composite": Composite, "grain": bool}
    return FillOptions(**{name: kinds[name](setting) for name, setting in value.items()})


def _plane_to_json(plane: tuple[Region, bytes] | None) -> list[Any] | None:
    return None if plane is None else [region_to_json(plane[0]), bytes_to_json(plane[1])]


def _plane_from_json(value: list[Any] | None) -> tuple[Region, bytes] | None:
    return None if value is None else (region_from_json(value[0]), bytes_from_json(value[1]))


def _excerpt_to_json(excerpt: Excerpt) -> dict[str, Any]:
    return {
        "plane": excerpt.plane,
        "region": region_to_json(excerpt.region),
        "pixels": bytes_to_json(excerpt.pixels),
        "below": excerpt.below,
    }


def _excerpt_from_json(value: dict[str, Any]) -> Excerpt:
    if value["plane"] not in ("photo", "alpha"):
        raise ValueError(f"a plane {value['plane']!r}")
    region, pixels = region_from_json(value["region"]), bytes_from_json(value["pixels"])
    return Excerpt(value["plane"], region, pixels, _text(value["below"]))


def _size(value: Any) -> tuple[int, int]:
    height, width = value
    return int(height), int(width)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _optional_text(value: Any) -> str | None:
    return None if value is None else _text(value)
