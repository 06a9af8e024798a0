"""How the next fill will be done: the backend, its params, what the preferences add, and what it will take."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lacuna.contract import guides
from lacuna.contract.fill import Composite, FillOptions, Needs
from lacuna.contract.params import describe, to_dict, validate
from lacuna.document.document import Document
from lacuna.editor.asked import Asked, Ran
from lacuna.editor.values import Estimate
from lacuna.engine import paces, plan, registry
from lacuna.engine.edges import predictor
from lacuna.engine.sampling import sources_box
from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.photo import Mask
from lacuna.imaging.region import Region

if TYPE_CHECKING:
    from lacuna.editor.editor import Editor


@dataclass(frozen=True)
class How:
    """A method as it is set: all that a fill by it needs to know."""

    backend: str
    params: Any
    needs: Needs
    options: FillOptions

    @property
    def missing(self) -> str:
        """Why it cannot run so, and what helps; "" if it can."""
        return registry.missing(self.backend, self.params)

    def sources_box(self, document: Document) -> Region | None:
        """How far its crops reach for areas to copy from; None: no farther than they do by themselves."""
        return sources_box(None, document.guides, self.needs, document.shape)


class Method:
    """The choice of the method, kept in the settings."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._params: dict[str, Any] = {}
        self._estimated: tuple[Any, Estimate] | None = None

    def forget(self) -> None:
        """Another document: nothing of the last one is kept."""
        self._estimated = None

    @property
    def backend(self) -> str:
        """The backend chosen, or the first there is if that one is gone."""
        wanted = self._editor.settings.backend
        known = registry.ids()
        return wanted if wanted in known else known[0]

    @property
    def params(self) -> Any:
        """Those of the backend chosen, as they were left."""
        return self.params_of(self.backend)

    def how(self, backend: str = "") -> How:
        """The backend chosen, or another one, with its params as they were left. Raises UnknownBackend."""
        backend = backend or self.backend
        params = self.params_of(backend)
        needs = registry.backend(backend).needs(params)
        return How(backend, params, needs, self._options(needs))

    def params_of(self, backend: str) -> Any:
        """Those of any backend, as they were left."""
        if backend not in self._params:
            self._params[backend] = self._remembered(backend)
        return self._params[backend]

    def use_backend(self, backend_id: str) -> None:
        self._editor.settings.backend = registry.info(backend_id).id

    def set_param(self, name: str, value: Any) -> None:
        backend = self.backend
        params: Any = validate(registry.info(backend).Params, {**to_dict(self.params), name: value})
        self._params[backend] = params
        self._editor.settings.params[backend] = to_dict(params)

    @property
    def growth(self) -> float:
        """By how many pixels the mask is widened."""
        document, percent = self._editor.document, self._editor.settings.preferences.grow
        if document is None or percent <= 0:
            return 0.0
        return max(1.0, percent / 100 * max(document.shape))

    def estimate(self, document: Document) -> Estimate:
        """What a fill of the mask will take; cheap where nothing has changed since the last time."""
        options = self.options
        how = (self.backend, self.params, self.needs, options)  # `needs` follows models that come and go
        drawn = (document.guides, document.predicted)
        key = (document, document.mask.revision, document.shape, drawn, how, self._first())
        if self._estimated is None or self._estimated[0] != key:
            self._estimated = (key, self._estimate(document, options))
        return self._estimated[1]

    def still(self, document: Document, problem: str) -> bool:
        """Is the same document in the window, and this still what keeps it from being filled?"""
        return self._editor.document is document and self.estimate(document).problem == problem

    def _estimate(self, document: Document, options: FillOptions) -> Estimate:
        pixels = document.mask_count()
        if pixels == 0:
            return Estimate(problem=_("Paint over what should go first."))
        missing = self.missing
        if missing:
            return Estimate(pixels=pixels, problem=missing)
        height, width = document.shape
        if pixels >= height * width:
            problem = _("The mask covers the whole picture: nothing is left to fill it from.")
            return Estimate(pixels=pixels, problem=problem)
        how = self.how()
        if document.predicted and predictor(how.backend) is not None:
            how = replace(how, needs=how.needs.led)
        found = self.forecast(document, document.mask.pixels, how, document.mask_bounds())
        return Estimate(
            found.seconds, found.bytes, pixels, found.windows, first=self._first(), crop=found.crop, size=found.size
        )

    def forecast(self, document: Document, mask: Mask, how: How, within: Region) -> plan.Estimate:
        """What a fill of `mask`, which lies `within` a box, will take."""
        return plan.estimate(
            mask,
            how.needs,
            how.options,
            backend=how.backend,
            detail=registry.detail_of(how.needs),
            within=within,
            paces=self._editor.settings.paces,
            pixel_bytes=3 * document.photo.dtype.itemsize,
            sources=how.sources_box(document),
        )

    @property
    def missing(self) -> str:
        """Why the method cannot run as it is set, and what helps; "" if it can."""
        return registry.missing(self.backend, self.params)

    def _first(self) -> bool:
        """The next use of the method may have to compile it."""
        return self.needs.compiles and not registry.used(self.backend)

    @property
    def needs(self) -> Needs:
        """What the backend asks of the engine under its params."""
        return registry.backend(self.backend).needs(self.params)

    def unheard(self, document: Document) -> str:
        """The kinds of guides that the method does not follow, as words; "" if there are none.

        What lies beside the context of all that is masked is for another hole; without a mask nobody knows.
        """
        others = [stroke for stroke in document.guides if stroke.kind not in self.needs.guides]
        if not others or document.mask_bounds().empty:
            return guides.listed({stroke.kind for stroke in others})
        regions = plan.windows_for(document.mask.pixels, self.needs, self.options, document.mask_bounds())
        return guides.listed(guides.kinds_near(others, regions))

    def bounded(self, document: Document) -> bool:
        """Does it copy from nowhere but the areas that were drawn for that?"""
        drawn = any(stroke.kind is guides.Guide.SOURCE for stroke in document.guides)
        return drawn and guides.Guide.SOURCE in self.needs.guides

    @property
    def options(self) -> FillOptions:
        """How the preferences want a fill to be put in."""
        return self._options(self.needs)

    def _options(self, needs: Needs) -> FillOptions:
        preferences, document = self._editor.settings.preferences, self._editor.document
        alpha = preferences.fill_alpha and document is not None and document.alpha is not None
        grain = preferences.grain and needs.smooth
        return FillOptions(self.growth, preferences.feather, alpha, Composite(preferences.composite), grain)

    def measure(self, asked: Asked, ran: Ran) -> None:
        """Remember how fast the backend was."""
        paces.remember(self._editor.settings.paces, ran.result.spent)

    def _remembered(self, backend: str) -> Any:
        """The params as kept in the settings; a value that no longer fits is left out."""
        params_class = registry.info(backend).Params
        kept = self._editor.settings.params.get(backend, {})
        fitting = {}
        for param in describe(params_class):
            if param.name in kept:
                try:
                    validate(params_class, {param.name: kept[param.name]})
                except InvalidParameter:
                    continue
                fitting[param.name] = kept[param.name]
        return validate(params_class, fitting)


def named(backend: str) -> str:
    """A backend as it is called in the person's language. Raises UnknownBackend."""
    return _(registry.info(backend).name)
