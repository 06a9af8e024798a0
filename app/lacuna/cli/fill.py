"""`lacuna fill`: one picture, one mask, one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import typer

from lacuna.cli import outputs, runner
from lacuna.cli.guides import Given, given
from lacuna.cli.main import say
from lacuna.cli.words import pairs
from lacuna.contract import models
from lacuna.contract.fill import FillOptions, Needs, Runtime
from lacuna.contract.params import to_dict, validate
from lacuna.engine import device, plan, registry
from lacuna.engine.composite import weights
from lacuna.engine.fill import FillRequest, FillResult, step_of, survey
from lacuna.engine.photos import fill_photo, request_for
from lacuna.engine.recipes import Recipe, write_recipe
from lacuna.engine.sampling import sources_box
from lacuna.engine.seam import composite_named
from lacuna.errors import InvalidParameter, LacunaError, SizeMismatch, UnknownModel
from lacuna.i18n import _
from lacuna.imaging import files, mask_file
from lacuna.imaging.atomic import refuse_unwritable
from lacuna.imaging.loss import LOSSY, in_words
from lacuna.imaging.photo import Hole, Mask, Photo
from lacuna.words import forecast

ALPHA = "alpha"  # the word for a mask made of the picture's own transparency


@dataclass(frozen=True)
class Order:
    """What was asked for, word by word as `verb_fill.fill` explains it."""

    image: Path
    mask: str
    output: str | None
    backend: str
    model: str | None
    settings: tuple[str, ...]
    grow: float
    feather: float
    composite: str
    grain: bool
    sources: Path | None
    guide: tuple[Path, ...]
    device: str
    invert_mask: bool
    soft: bool
    fill_alpha: bool
    seed: int
    quality: int | None
    overwrite: bool
    allow_large: bool
    allow_reduce: bool
    dry_run: bool
    save_recipe: Path | None
    as_json: bool


def run(order: Order) -> None:
    """Carry the order out: usage is checked before any file is opened, the output before anything is filled."""
    with outputs.made_folder(order.output):
        _carry_out(order)


def _carry_out(order: Order) -> None:
    params: Any = params_of(order.backend, order.model, order.settings)
    joining = composite_named(order.composite)
    needs = needs_of(order.backend, params)
    _refuse_recipe(order)
    runtime = device.runtime_for(order.device, needs)
    photo = _read(order)
    mask = _mask(order, photo)
    if order.mask == ALPHA:
        photo = photo.with_pixels(photo.pixels, None)  # what was transparent is filled: nothing is left to see through
    target = outputs.target(order.output, photo, overwrite=order.overwrite)
    options = FillOptions(order.grow, order.feather, order.fill_alpha, joining, order.grain)
    with outputs.naming_the_option():
        files.check_writable(
            _outlook(photo, mask, options), target, overwrite=order.overwrite, allow_reduce=order.allow_reduce
        )
    sources = _sources(order, photo)
    limit = outputs.pixel_limit(allow_large=order.allow_large)
    guides = given(order.guide, weights(mask, options) > 0, needs, pixel_limit=limit) if order.guide else Given()
    request = request_for(
        photo,
        mask,
        order.backend,
        params,
        options=options,
        seed=order.seed,
        sources=sources,
        guides=guides.strokes,
    )
    if order.dry_run:
        report = _forecast(request, needs, runtime, mask, sources, photo, target) | {"guides": guides.counts}
        report["notes"] += guides.notes
        told = forecast(
            report["seconds"],
            report["memory"],
            report["regions"],
            first=report["first_use"],
            crop=tuple(report["crop"]),
            size=tuple(report["working_size"]),
        )
        _tell(order, report, "\n".join((_("{path} would be written."), told)))
        return
    filled, result = runner.run(lambda progress: fill_photo(photo, request, runtime, progress), _("Filling"))
    outputs.remember(result.spent)
    with outputs.naming_the_option():
        written = files.write(
            filled, target, quality=order.quality, overwrite=order.overwrite, allow_reduce=order.allow_reduce
        )
    if order.save_recipe is not None:
        recipe = Recipe(request.size, (step_of(request, result.methods),))
        write_recipe(recipe, order.save_recipe, overwrite=order.overwrite)
    notes = [*photo.notes, *guides.notes, *result.notes, *written.notes]
    report = _report(request, result) | {
        "output": str(written.path),
        "format": written.format,
        "bytes": written.bytes,
        "guides": guides.counts,
        "notes": notes,
    }
    if written.format in LOSSY:
        loss = files.generation_loss(filled, written.path, outside=weights(mask, options))
        report["generation_loss"] = {"greatest": loss[0], "mean": loss[1]}
        told = in_words(written.path, written.format, loss, filled.white, filled=True)
        if told and not order.as_json:  # a program has the figures
            notes.append(told)
    _tell(order, report, "{path}")


def params_of(backend: str, model: str | None, settings: Sequence[str]) -> Any:
    """The params that --backend, --model and --set ask for. Raises UnknownBackend and InvalidParameter."""
    chosen = registry.backend(backend)
    _require_fitting_model(backend, model)
    given = pairs(settings, "--set")
    if model is not None and backend != f"{registry.OWN}{model}":  # that has no other model
        given = {"model": model} | given
    return validate(chosen.Params, given)


def needs_of(backend: str, params: Any) -> Needs:
    """What the backend needs under these params. Raises UnknownModel where it cannot run."""
    needs = registry.backend(backend).needs(params)
    if needs.missing:
        raise UnknownModel(needs.missing)
    return needs


def _require_fitting_model(backend: str, name: str | None) -> None:
    """Raise InvalidParameter for a model that is not of this backend but of another one, and name that."""
    model = next((found for found in models.installed() if found.name == name), None)
    if model is None or registry.fills_with(registry.info(backend), model):
        return
    owner = registry.backend_for(model)
    if owner:
        sentence = _("“{model}” is a model of “{backend}”.").format(model=model.name, backend=owner)
        raise InvalidParameter(sentence, hint=_("Give --backend {backend}.").format(backend=owner))


def _refuse_recipe(order: Order) -> None:
    """Raise what stands in the way of the recipe that is asked for, before anything is filled."""
    if order.save_recipe is None:
        return
    if order.mask == ALPHA:
        raise InvalidParameter(
            _("The transparency of one picture is no mask for others: there is no recipe of it."),
            hint=_("Give --mask a file."),
        )
    outputs.refuse_existing(order.save_recipe, overwrite=order.overwrite)
    refuse_unwritable(order.save_recipe, overwrite=order.overwrite)


def _read(order: Order) -> Photo:
    return files.read(order.image, pixel_limit=outputs.pixel_limit(allow_large=order.allow_large))


def _mask(order: Order, photo: Photo) -> Mask:
    if order.mask == ALPHA:
        return mask_file.from_alpha(photo)
    mask = mask_file.read_mask(
        Path(order.mask),
        invert=order.invert_mask,
        soft=order.soft,
        pixel_limit=outputs.pixel_limit(allow_large=order.allow_large),
    )
    return _of_its_size(mask, Path(order.mask), order, photo)


def _sources(order: Order, photo: Photo) -> Hole | None:
    if order.sources is None:
        return None
    plane = mask_file.read_mask(order.sources, pixel_limit=outputs.pixel_limit(allow_large=order.allow_large))
    return _of_its_size(plane, order.sources, order, photo) > 0


def _of_its_size(mask: Mask, path: Path, order: Order, photo: Photo) -> Mask:
    if mask.shape != (photo.height, photo.width):
        sentence = _("{mask} is {mask_width} × {mask_height} pixels, {picture} is {width} × {height}.").format(
            mask=path,
            mask_width=mask.shape[1],
            mask_height=mask.shape[0],
            picture=order.image,
            width=photo.width,
            height=photo.height,
        )
        sizes = (mask.shape[1], mask.shape[0]), (photo.width, photo.height)
        raise SizeMismatch(sentence, _("Give a mask of the picture's size."), *sizes)
    return mask


def _outlook(photo: Photo, mask: Mask, options: FillOptions) -> Photo:
    """The photo as a fill can leave it, for what a format can hold: where alpha is filled, it may become opaque."""
    if photo.alpha is None or not options.alpha:
        return photo
    top = 1.0 if photo.alpha.dtype.kind == "f" else np.iinfo(photo.alpha.dtype).max
    alpha = np.where(weights(mask, options) > 0, photo.alpha.dtype.type(top), photo.alpha)
    return photo.with_pixels(photo.pixels, alpha)


def _forecast(
    request: FillRequest,
    needs: Needs,
    runtime: Runtime,
    mask: Mask,
    sources: Hole | None,
    photo: Photo,
    target: Path,
) -> dict[str, Any]:
    found = survey(request)
    guess = plan.estimate(
        mask,
        needs,
        request.options,
        backend=request.backend,
        detail=registry.detail_of(needs),
        paces=outputs.remembered().paces,
        pixel_bytes=photo.pixels.itemsize * 3,
        sources=sources_box(sources, request.guides, needs, mask.shape),
    )
    return _words(request, runtime.device) | {
        "dry_run": True,
        "seconds": round(guess.seconds, 3),
        "memory": guess.bytes,
        "first_use": needs.compiles and registry.needs_loading(request.backend, runtime),  # is not in the seconds
        "regions": found.regions,
        "calls": guess.calls,
        "crop": guess.crop,  # height and width, as everywhere in arrays
        "working_size": guess.size,
        "mask_pixels": found.mask_pixels,
        "filled_pixels": found.filled_pixels,
        "output": str(target),
        "notes": list(photo.notes),
    }


def _report(request: FillRequest, result: FillResult) -> dict[str, Any]:
    return _words(request, result.device) | {
        "seconds": round(result.seconds, 4),
        "regions": result.regions,
        "mask_pixels": result.mask_pixels,
        "filled_pixels": result.filled_pixels,
        "changed_pixels": result.changed_pixels,
        "untouched": result.untouched,
        "precisions": list(result.precisions),
    }


def _words(request: FillRequest, used: str) -> dict[str, Any]:
    return {
        "backend": request.backend,
        "params": to_dict(request.params),
        "seed": request.seed,
        "grow": request.options.grow,
        "feather": request.options.feather,
        "composite": request.options.composite,
        "grain": request.options.grain,
        "device": used,
    }


def _tell(order: Order, report: dict[str, Any], sentence: str) -> None:
    """The answer on stdout, and nothing else there; what is worth knowing beside it on stderr."""
    if order.as_json:
        outputs.print_json(report)
        return
    for note in report["notes"]:
        say(note)
    typer.echo(sentence.format(path=report["output"]))
    if not report.get("untouched", True):  # cannot happen by construction; it is looked at all the same
        raise LacunaError(_("Pixels outside the mask have changed: please report this."))
