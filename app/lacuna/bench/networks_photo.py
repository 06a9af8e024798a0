"""A wide hole in a large photo, through the engine with a learned backend: its memory, and the time that was told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lacuna.bench.figure import Figure
from lacuna.bench.memory import alone, peak
from lacuna.bench.networks_models import name_of
from lacuna.bench.pictures import large, square_hole

MEGAPIXELS = 24
FIRST, HOLE = 600, 1500  # sides of the hole that teaches the pace, and of the one that counts
MEGABYTES = 3000.0
FACTOR = 2.0  # between the time told and the time taken


def photo_rows(home: Path, backend: str) -> list[Figure]:
    """Peak of a process that fills both holes, and by which factor the second took longer or shorter than told."""
    most, taken, told = alone(f"networks_photo.session({backend!r})", home)
    what = f"{backend}, {MEGAPIXELS} MP, hole {HOLE} x {HOLE}"
    note = f"{taken:.1f} s, told {told:.1f} s"
    return [
        Figure("networks", f"{what}: peak", most / 1e6, "MB", MEGABYTES),
        Figure(
            "networks", f"{what}: time against what was told", max(taken / told, told / taken), "x", FACTOR, note=note
        ),
    ]


def session(backend: str) -> None:
    """Fill a small hole, learn the pace, fill a large one; print the peak in bytes, seconds taken and seconds told."""
    from lacuna.contract.fill import FillOptions
    from lacuna.contract.params import validate
    from lacuna.contract.progress import Progress
    from lacuna.engine import device, paces, plan, registry
    from lacuna.engine.photos import fill_photo, request_for
    from lacuna.imaging.photo import Photo

    photo = Photo(large(MEGAPIXELS))
    method = registry.backend(backend)
    params: Any = validate(method.Params, {"model": name_of(backend)})
    needs, options = method.needs(params), FillOptions()
    known: dict[str, float] = {}
    for side in (FIRST, HOLE):
        mask = square_hole(photo.pixels.shape, side)
        told = plan.estimate(mask, needs, options, backend=backend, detail=registry.detail_of(needs), paces=known)
        request = request_for(photo, mask, backend, params, options=options)
        result = fill_photo(photo, request, device.runtime_for("cpu", needs), Progress())[1]
        paces.remember(known, result.spent)
    print(peak(), result.seconds, told.seconds)
