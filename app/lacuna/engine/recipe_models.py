"""By which installed weights the step of a recipe is done again: those that it was made with, and no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lacuna.contract import models
from lacuna.contract.fill import FillStep, Needs
from lacuna.contract.models import Model
from lacuna.contract.params import validate
from lacuna.contract.steps import EnlargeStep
from lacuna.engine import registry, upscalers
from lacuna.errors import UnknownModel
from lacuna.i18n import _

SHOWN = 12  # digits of a hash that tell weights apart for people


@dataclass(frozen=True)
class FillMethod:
    """A backend with params that name the weights, and what it asks of the engine."""

    backend: str
    params: Any
    needs: Needs


def fill_method(step: FillStep, number: int) -> FillMethod:
    """How the fill is done again. Raises UnknownBackend, InvalidParameter, and UnknownModel, which say what helps."""
    for name, digest in step.chosen:
        _model(name, digest, number, step.backend)
    method = _method(step.backend, step.params)
    if method.needs.model is None and step.model_sha256 is None:
        if method.needs.missing:
            raise UnknownModel(method.needs.missing)
        return method
    found = _model(method.needs.model or step.model, step.model_sha256, number, step.backend)
    if found.name == method.needs.model:
        return method
    if registry.takes_models(registry.info(step.backend)):
        return _method(step.backend, {**step.params, "model": found.name})
    return _method(registry.backend_for(found), step.params)  # a graph is a backend of its own


def upscale_model(step: EnlargeStep, number: int) -> str:
    """The name of the model that enlarges again, "" for none. Raises UnknownBackend and UnknownModel."""
    upscaler = upscalers.upscaler(step.method)
    needs = upscaler.needs("")
    if needs.model is None and step.model_sha256 is None:
        if needs.missing:
            raise UnknownModel(needs.missing)
        return ""
    return _model(step.model or needs.model, step.model_sha256, number, step.method).name


def _method(backend: str, params: dict[str, Any]) -> FillMethod:
    chosen = registry.backend(backend)
    checked: Any = validate(chosen.Params, params)
    return FillMethod(backend, checked, chosen.needs(checked))


def _model(name: str | None, wanted: str | None, number: int, method: str) -> Model:
    """The model with the weights that are wanted: the one of that name, else any that has the same."""
    if wanted is None:
        raise UnknownModel(
            _("Step {number} of the recipe uses “{method}” without saying by which weights.").format(
                number=number, method=method
            ),
            hint=_("Save the recipe again."),
        )
    same = [found for found in models.installed() if models.weights_digest(found.name) == wanted]
    if same:
        return next((found for found in same if found.name == name), same[0])
    hint = _("Import the model that it was made with, or make the recipe anew with the one that is there.")
    if name is not None and models.weights_digest(name) is not None:
        sentence = _("Step {number} of the recipe was made with other weights of “{model}” ({hash}…) than are here.")
    else:
        sentence = _("Step {number} of the recipe needs the model “{model}” ({hash}…), which is not installed.")
    raise UnknownModel(sentence.format(number=number, model=name or method, hash=wanted[:SHOWN]), hint=hint)
