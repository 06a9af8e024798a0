"""The ways to enlarge that there are to choose from: a method, with each of its models."""

from __future__ import annotations

from dataclasses import dataclass

from lacuna.engine import upscalers
from lacuna.errors import LacunaError
from lacuna.i18n import _

PLAIN = "bicubic"  # what others are compared with
WITHOUT_MODEL = "lanczos"  # what is chosen at first where no model is


@dataclass(frozen=True)
class Way:
    """A method and the name of its model; what people read. `missing` says why it cannot run, and what helps.

    `network`: it was learned, so that what it draws is likely and not known. A plain way only resizes.
    """

    method: str
    model: str
    name: str
    summary: str
    network: bool
    missing: str = ""

    @property
    def kind(self) -> str:
        """The honest marker of what comes out."""
        return _("network") if self.network else _("plain resize")


def ways() -> tuple[Way, ...]:
    """All there are, the best first; a method that lacks its model is among them, with the reason."""
    found = []
    for method in upscalers.ids():
        try:
            upscaler = upscalers.upscaler(method)
            missing, models = upscaler.needs("").missing, upscaler.models()
        except LacunaError as error:
            found.append(Way(method, "", method, "", network=False, missing=str(error)))
            continue
        name, summary = _(upscaler.name), _(upscaler.summary)
        if missing:
            found.append(Way(method, "", name, summary, network=True, missing=missing))
        elif models:
            found += [Way(method, model.value, model.label, model.about or summary, network=True) for model in models]
        else:
            found.append(Way(method, "", name, summary, network=False))
    return tuple(found)


def chosen_at_first(known: tuple[Way, ...]) -> Way:
    """The best network, else a plain way."""
    able = [way for way in known if not way.missing]
    return next((way for way in able if way.network), next(way for way in able if way.method == WITHOUT_MODEL))
