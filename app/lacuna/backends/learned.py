"""What the learned backends share: which model fills, what it is shown, and the way out when a graphics card fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.choosing import chosen
from lacuna.contract.fill import Composite, Context, Filled, FillWork, Needs, Runtime, SizeRule
from lacuna.contract.guides import Guide, marked
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.params import Suggestion, choice, switch, text
from lacuna.contract.precision import Precision
from lacuna.contract.progress import Progress
from lacuna.errors import UnknownModel
from lacuna.i18n import N_, _

if TYPE_CHECKING:
    from lacuna.inference.session import Outcome, Painter

FINE = 2e-3  # of white: where the soft start ends to be solved; the error behind it is a quarter of that
SIDE = 512  # pixels: what is said of the size while no model says it
LEAST_CONTEXT = 128  # pixels around a hole
SLIMMING = 1.25  # the power of the width that time grows with; measured from 0.25 to 1, all within a factor of two

Plane = NDArray[np.float32]
T = TypeVar("T")


def detail_choice() -> Any:
    """Whether what a smaller size has lost is brought back."""
    return choice(
        "photo", (("photo", N_("From the photo")), ("off", N_("None"))), label=N_("Detail"),
        help=N_("What is finer than the model paints, or lost at a smaller size, comes from patches of the photo."),
    )  # fmt: skip


def colours_switch() -> Any:
    """Whether the fill's colours are brought to those around it."""
    return switch(
        True, label=N_("Match colours"),
        help=N_("Shift the colours of the fill so that they meet those around the hole."),
    )  # fmt: skip


def model_text(network: Network | None = None) -> Any:
    """Which model, by its name; those of the network can be chosen from."""
    return text(
        "", label=N_("Model"), help=N_("Which weights, by name; else the best that are installed for this method."),
        suggested=None if network is None else partial(_suggested, network),
        nothing=N_("No model is installed for this method"),
    )  # fmt: skip


def precision_choice() -> Any:
    """In how many bits the network calculates."""
    return choice(
        Precision.AUTO,
        ((Precision.AUTO, N_("Automatic")), (Precision.FLOAT32, N_("32 bits")), (Precision.INT8, N_("8 bits"))),
        label=N_("Precision"),
        help=N_("Automatically a processor calculates in 8 bits where the model has such graphs and it gains by them."),
    )  # fmt: skip


@dataclass(frozen=True)
class LearnedParams:
    model: str = model_text()
    detail: str = detail_choice()
    colours: bool = colours_switch()
    precision: Precision = precision_choice()  # noqa: RUF009 (a field, as the others)


class Learned:
    """A backend of one kind of network; subclasses say which, and how it is shown what the person has drawn."""

    id: str
    name: str
    summary: str
    Params: ClassVar[type] = LearnedParams
    network: ClassVar[Network]
    size: ClassVar[SizeRule]  # as the network's painter wants it
    crop_seconds: ClassVar[float]  # of a megapixel with the published width, on one core
    edges_share: ClassVar[float] = 0.0  # of its time, into edges that it completes itself

    def __init__(self) -> None:
        self._runtime = Runtime()

    def guides(self, config: ModelConfig) -> frozenset[Guide]:
        """The kinds of strokes that such a model follows; with lines also a plane of edges.

        Lines that it cannot be told of patches follow, in a band that it then sees as known.
        """
        return frozenset()

    def needs(self, params: LearnedParams) -> Needs:
        precision = params.precision
        model, missing = self._choice(params.model, precision)
        config = None if model is None else model.config
        side = SIDE if config is None else config.side
        guides = frozenset[Guide]() if config is None else self.guides(config)
        return Needs(
            guides=guides | {Guide.LINE},
            edges=Guide.LINE in guides,
            band=None if Guide.LINE in guides else "patchmatch",
            model=None if model is None else model.name,
            missing=missing,
            size=replace(self.size, comfortable=side),
            context=Context(minimum=max(LEAST_CONTEXT, side // 2), even=True),
            devices=frozenset({"cpu"} if precision is Precision.INT8 else {"cpu", "cuda"}),
            # The colours are matched by the engine's own way of joining: a second shift of the same border would undo
            # nothing and cost as much.
            composite=Composite.POISSON if params.colours else Composite.PLAIN,
            smooth=True,
            compiles=True,
            fine=1.0 if config is None else config.fine,
            detail="patchmatch" if params.detail == "photo" else None,
            edges_share=self.edges_share,
            megapixel_seconds=0.0,
            crop_seconds=self.crop_seconds * (1.0 if config is None else config.width**SLIMMING),
            bytes_per_pixel=_bytes_per_pixel(config, side),
        )

    def load(self, runtime: Runtime) -> None:
        import cv2

        from lacuna.inference import session
        from lacuna.kernels import poisson

        self._cv2, self._session, self._poisson = cv2, session, poisson
        self._runtime = runtime
        hole = np.zeros((24, 24), bool)
        hole[8:16, 8:16] = True
        poisson.solve(np.zeros((24, 24, 3), np.float32), hole)  # whatever has still to be compiled is compiled here
        model, _missing = self._choice("", Precision.AUTO)
        if model is not None:
            self._on_a_device(model, Precision.AUTO, lambda painter: painter)

    def unload(self) -> None:
        self._session.closed()

    def fill(self, work: FillWork, params: LearnedParams, progress: Progress) -> Filled:
        (outcome, precision), notes = self.with_model(
            work,
            params,
            progress,
            lambda painter, image: (self.paint(painter, image, work, params, progress), painter.precision),
        )
        filled = work.image.astype(np.float32)
        filled[work.hole] = outcome.image[work.hole] * np.float32(work.white)
        progress.at(1.0)
        return Filled(filled, edges=outcome.edges, notes=notes, precisions=(precision,))

    def paint(
        self, painter: Painter, image: NDArray[np.float32], work: FillWork, params: Any, progress: Progress
    ) -> Outcome:
        """One pass over `image`, the work in [0, 1] with its hole as the model wants it."""
        return painter.paint(image, work.hole, progress)

    def with_model(
        self,
        work: FillWork,
        params: LearnedParams,
        progress: Progress,
        call: Callable[[Painter, NDArray[np.float32]], T],
    ) -> tuple[T, tuple[str, ...]]:
        """What `call` gives for the model that `params` choose and the picture as that wants it, and notes."""
        progress.check()
        model, missing = self._choice(params.model, params.precision)
        if model is None or model.config is None:
            raise UnknownModel(missing)
        image = np.clip(work.image / np.float32(work.white), 0, 1, dtype=np.float32)
        if model.config.start == "membrane":
            self._poisson.solve(image, work.hole, tolerance=FINE, check=progress.check)
        else:
            image[work.hole] = 0.0  # what stood there must not matter
        return self._on_a_device(model, params.precision, lambda painter: call(painter, image))

    def drawn(self, work: FillWork, kind: Guide) -> Plane | None:
        """The strokes of a kind as a plane, 1 on them; None if there are none."""
        plane = marked(work.guides, kind, work.hole.shape)
        return None if plane is None else plane.astype(np.float32)

    def _on_a_device(
        self, model: Model, precision: Precision, call: Callable[[Painter], T]
    ) -> tuple[T, tuple[str, ...]]:
        """What `call` gives with the model opened, and a note if that was on another device than was wanted."""
        from lacuna.inference import falling_back

        found, reason = falling_back.on_a_device(
            self._runtime,
            lambda runtime: call(self._session.opened(model, runtime, precision)),
            (*falling_back.FAILURES, MemoryError),
        )
        if not reason:
            return found, ()
        return found, (_("The graphics card failed ({reason}): the processor filled instead.").format(reason=reason),)

    def _choice(self, name: str, precision: Precision) -> tuple[Model | None, str]:
        """The model of this name, or the best there is; or why there is none, with what helps."""
        nothing = _("No model is installed for “{backend}”. “lacuna models import FILE --as NAME” brings one.")
        model, missing = chosen(name, (self.network,), self.id, nothing.format(backend=self.id))
        return (None, missing) if model is None else _in_bits(model, precision)


def _in_bits(model: Model, precision: Precision) -> tuple[Model | None, str]:
    """The model, if it can be run so; else why not."""
    int8 = None if model.config is None else model.config.int8
    if precision is not Precision.INT8 or (int8 is not None and int8.graphs):
        return model, ""
    missing = _("The model “{model}” has no graphs in 8 bits. Choose another precision.")
    return None, missing.format(model=model.name)


def _suggested(network: Network) -> tuple[Suggestion, ...]:
    """The models to choose from, before them the best of them; nothing without models."""
    known = models.known(network)
    best = (Suggestion("", _("Best (automatic)"), known[0].name),) if known else ()
    return best + tuple(Suggestion(model.name, _measured(model), model.title) for model in known)


def _measured(model: Model) -> str:
    """Its name, and how near it comes to the truth where that is known."""
    psnr = None if model.config is None else model.config.psnr
    return model.name if psnr is None else _("{name}  ·  {psnr:.1f} dB").format(name=model.name, psnr=psnr)


def _bytes_per_pixel(config: ModelConfig | None, side: int) -> float:
    from lacuna.inference import cost

    return 1000.0 if config is None else cost.bytes_for(config, side, side) / side**2
