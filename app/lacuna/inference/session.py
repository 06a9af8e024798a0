"""A model that is ready to run: arrays in, arrays out, on CUDA through torch or on a CPU through ONNX Runtime.

Who calls it knows neither engine. Without torch installed all that runs on a CPU works.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from lacuna.contract import models
from lacuna.contract.enlargement import Rule
from lacuna.contract.fill import Runtime, SizeRule
from lacuna.contract.graph_config import GraphConfig
from lacuna.contract.model_config import ENLARGING, ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.picker_config import PickerConfig
from lacuna.contract.precision import Precision
from lacuna.contract.progress import Progress
from lacuna.errors import BackendFailed
from lacuna.i18n import _
from lacuna.imaging.edges import SIGMA

if TYPE_CHECKING:
    from lacuna.inference.enlarging import Enlarger
    from lacuna.inference.graph_painter import GraphPainter
    from lacuna.inference.picker import Picker

KEPT = 512 << 20  # bytes of weights that stay loaded: all models that one person goes to and fro between

Plane = NDArray[np.float32]  # (h, w)
Picture = NDArray[np.float32]  # (h, w, 3)
Hole = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What one pass gave. `image` (h, w, 3) float32 RGB in [0, 1] is right inside the hole; nothing is composited.

    `stages` are further outputs under the names of `lacuna models run`, each (h', w', c) float32 in the network's own
    range and order of colours; only if they were asked for. `keys` (h / 8, w / 8) int32 says which cell of 8 x 8 pixels
    DeepFill's attention took most from, -1 where it was not asked. `edges` (h, w) in [0, 1] are EdgeConnect's.
    """

    image: Picture
    stages: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    keys: NDArray[np.int32] | None = None
    edges: Plane | None = None


def require_numbers(values: NDArray[Any], model: str) -> None:
    """Raises BackendFailed for an output with NaN or infinity in it: none may come near the picture."""
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise BackendFailed(
            _("The model “{model}” gave numbers that are none.").format(model=model),
            hint=_("Choose another model, or import it anew."),
        )


class Painter(Protocol):
    """A model on one engine. `image` (h, w, 3) float32 RGB in [0, 1] and `hole` (h, w) obey `size`.

    Where `config.start` is "membrane" the hole is filled softly beforehand. `guide` (h, w) is 1 on lines. All methods
    raise Cancelled, MemoryError, and BackendFailed for what an engine cannot do or where numbers are none.
    """

    config: ModelConfig
    size: SizeRule
    engine: str  # "onnxruntime" or "torch"
    held: int  # bytes of weights that are loaded
    precision: str  # what it calculates in: “float32”, “float16” or “int8”

    def bytes_for(self, height: int, width: int) -> int:
        """The working memory that a pass of this size takes, weights included."""

    def edges(
        self, image: Picture, hole: Hole, guide: Plane | None, progress: Progress, *, sigma: float = SIGMA
    ) -> Plane:
        """EdgeConnect's first step: edges in [0, 1] of the whole picture, `guide` among them. Others: ValueError.

        `sigma` is the blur in pixels before edges are sought outside the hole.
        """

    def paint(
        self,
        image: Picture,
        hole: Hole,
        progress: Progress,
        *,
        guide: Plane | None = None,
        edges: Plane | None = None,
        stages: bool = False,
    ) -> Outcome:
        """One pass; with `edges` EdgeConnect paints along these and predicts none."""


class Runner(Protocol):
    """One engine with one model in it: a pass of a part, see `networks.passes`. Raises as `Painter` does."""

    engine: str
    held: int
    precision: str

    def run(
        self, part: str, inputs: Mapping[str, NDArray[Any]], progress: Progress, *, everywhere: bool
    ) -> dict[str, NDArray[Any]]: ...


class Held(Protocol):
    """What is loaded, and how many bytes it holds."""

    held: int


Opened = TypeVar("Opened", bound=Held)
Own = TypeVar("Own", GraphConfig, PickerConfig)

_open: OrderedDict[tuple[object, ...], Any] = OrderedDict()  # the least recently used first
_lock = threading.Lock()


def opened(model: Model, runtime: Runtime, precision: Precision = Precision.AUTO) -> Painter:
    """The model, loaded if it is not yet: on CUDA if `runtime` says so, else on the CPU with so many threads.

    Automatically it calculates in 16 bits on CUDA, and on a CPU in 8 where `in_int8` says so. Raises ValueError for 8
    bits where there are none, DamagedModel for files that are not what they were or not what the config says, and
    MemoryError.
    """
    models.verify(model)
    config = model.config
    if config is None:
        raise ValueError("a graph that a person brought: see `opened_graph`")
    if config.network in ENLARGING:
        raise ValueError("a network that enlarges: see `opened_enlarger`")
    if runtime.device != "cuda":
        precision = Precision.INT8 if in_int8(config, precision) else Precision.FLOAT32
    key = (*_key(model, config, runtime), precision)
    return _kept(key, lambda: _load(model, config, runtime, precision))


def in_int8(config: ModelConfig, precision: Precision) -> bool:
    """Whether a model runs in 8 bits on this processor: if asked to, or where it pays and multiplies bytes quickly.

    Raises ValueError if it is asked to and has no graphs for it.
    """
    has_graphs = config.int8 is not None and bool(config.int8.graphs)
    if precision is Precision.INT8 and not has_graphs:
        raise ValueError("a model without graphs in 8 bits")
    if precision is not Precision.AUTO or config.int8 is None or not has_graphs:
        return precision is Precision.INT8
    from lacuna.kernels.processor import multiplies_bytes

    return config.int8.pays and multiplies_bytes()


def opened_enlarger(model: Model, runtime: Runtime) -> Enlarger:
    """The model of a network that enlarges, loaded if it is not yet, where `opened` would. Raises as that does."""
    models.verify(model)
    config = model.config
    if config is None or config.network not in ENLARGING:
        raise ValueError("a network that fills holes")
    return _kept(_key(model, config, runtime), lambda: _load_enlarger(model, config, runtime))


def opened_graph(model: Model, runtime: Runtime) -> GraphPainter:
    """The graph that a person brought, loaded if it is not yet, on the CPU. Raises as `opened` does."""
    from lacuna.inference.graph_painter import GraphPainter

    return _opened_own(model, model.graph, GraphPainter, runtime)


def opened_picker(model: Model, runtime: Runtime) -> Picker:
    """The network that picks by clicks, loaded if it is not yet, on the CPU. Raises as `opened` does."""
    from lacuna.inference.picker import Picker

    return _opened_own(model, model.picker, Picker, runtime)


def _opened_own(
    model: Model, config: Own | None, kind: Callable[[Model, Own, int], Opened], runtime: Runtime
) -> Opened:
    """What runs a network that a person brought, by its config, which they may have changed since it was loaded."""
    models.verify(model)
    if config is None:
        raise ValueError("a model of another kind: see `opened`")
    return _kept((model.folder, config.to_toml(), runtime.threads), lambda: kind(model, config, runtime.threads))


def _key(model: Model, config: ModelConfig, runtime: Runtime) -> tuple[object, ...]:
    digests = tuple(sorted(config.sha256.items()))
    return model.folder, digests, runtime.device, None if runtime.device == "cuda" else runtime.threads


def _kept(key: tuple[object, ...], load: Callable[[], Opened]) -> Opened:
    """What was loaded under this key, or is now; what was not used for longest makes place for it."""
    with _lock:
        if key not in _open:
            _open[key] = load()
        _open.move_to_end(key)
        while len(_open) > 1 and sum(painter.held for painter in _open.values()) > KEPT:
            _open.popitem(last=False)
        found: Opened = _open[key]
        return found


def closed() -> None:
    """Forget all models that are loaded: those in use go when their user does."""
    with _lock:
        _open.clear()


def _load(model: Model, config: ModelConfig, runtime: Runtime, precision: Precision) -> Painter:
    from lacuna.inference import painters

    return painters.painter(config, _runner(model, config, runtime, precision))


def _load_enlarger(model: Model, config: ModelConfig, runtime: Runtime) -> Enlarger:
    return completed(_network(model, config, runtime))


def completed(network: Enlarger) -> Enlarger:
    """A network on an engine, with what belongs to weights of our own around it; published ones stay alone."""
    from lacuna.inference.from_bicubic import FromBicubic
    from lacuna.inference.mirrored import Mirrored

    config = network.config
    if Rule(config.conventions) is Rule.EXACT:
        network = Mirrored(network)
    return FromBicubic(network) if config.start == "bicubic" else network


def _network(model: Model, config: ModelConfig, runtime: Runtime) -> Enlarger:
    if runtime.device == "cuda":
        from lacuna.inference.torch_enlarger import TorchEnlarger

        return TorchEnlarger(model, config, runtime.device)
    from lacuna.inference.onnx_enlarger import OnnxEnlarger

    return OnnxEnlarger(model, config, runtime.threads)


def _runner(model: Model, config: ModelConfig, runtime: Runtime, precision: Precision) -> Runner:
    if runtime.device == "cuda":
        from lacuna.inference.torch_engine import TorchRunner

        return TorchRunner(model, config, runtime.device, half=precision is not Precision.FLOAT32)
    from lacuna.inference.onnx_engine import Graphs, OnnxRunner

    return OnnxRunner(config, Graphs(model, config, runtime.threads, int8=precision is Precision.INT8))
