"""Which model a method runs with: the one that was named, else the best that there is."""

from __future__ import annotations

from lacuna.contract import models
from lacuna.contract.model_config import Network
from lacuna.contract.models import Model
from lacuna.i18n import _


def chosen(name: str, networks: tuple[Network, ...], method: str, nothing: str) -> tuple[Model | None, str]:
    """The model of this name among those of the networks, or the best of them for "".

    Else None and why, for people: `nothing` where there is none at all; what is wrong with a damaged one comes first.
    """
    known = models.known(*networks)
    for model in known:
        if name in ("", model.name):
            return model, ""
    missing = nothing
    if known:
        sentence = _("“{backend}” has no model “{model}”. There are: {names}.")
        missing = sentence.format(backend=method, model=name, names=", ".join(model.name for model in known))
    damaged = next((model.damaged for model in models.installed() if model.name == name), "")
    return None, " ".join((damaged, missing)) if damaged else missing
