"""Built-in and installed backends, and one for each graph that the person brought.

They are listed before anything heavy is imported; packages name theirs as entry points `lacuna.backends`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from lacuna.contract import models
from lacuna.contract.fill import FillBackend, Needs, Runtime
from lacuna.contract.params import validate
from lacuna.contract.progress import Progress
from lacuna.engine import plugins
from lacuna.errors import UnknownBackend
from lacuna.i18n import _

GROUP = "lacuna.backends"
OWN = "onnx:"  # before the name of a graph that the person brought

# Those of the program itself stand here and not among the entry points: a frozen program has none.
BUILT_IN = {
    "membrane": "lacuna.backends.membrane:Membrane",
    "telea": "lacuna.backends.opencv:Telea",
    "ns": "lacuna.backends.opencv:NavierStokes",
    "criminisi": "lacuna.backends.criminisi:Criminisi",
    "patchmatch": "lacuna.backends.patchmatch:PatchMatch",
    "deepfill": "lacuna.backends.deepfill:DeepFill",
    "deepfill-v1": "lacuna.backends.deepfill:DeepFillV1",
    "edgeconnect": "lacuna.backends.edge_connect:EdgeConnect",
    "pennet": "lacuna.backends.pen_net:PenNet",
    "auto": "lacuna.engine.automatic:Automatic",
}


@dataclass(frozen=True)
class BackendInfo:
    """What is known of a backend without loading it. `missing` says why it cannot run, or is ""."""

    id: str
    name: str
    summary: str
    Params: type
    needs: Needs  # under its default params
    missing: str = ""


@dataclass(frozen=True)
class NoParams:
    """The params of a backend that could not be asked for its own."""


_loading = threading.RLock()
_lock = threading.RLock()  # a script may fill from several threads
_turns: dict[str, threading.Lock] = {}
_made: dict[str, FillBackend] = {}
_loads: list[str] = []  # in their order
_loaded: dict[str, tuple[str, int]] = {}  # device and threads that a backend was loaded for


def ids() -> tuple[str, ...]:
    """Every backend's id, built-in ones first; from folders and package metadata, nothing is imported."""
    return tuple(_makers())


def backends() -> tuple[BackendInfo, ...]:
    """All backends, built-in ones first; one whose module fails to import is listed with the reason in `missing`."""
    return tuple(info(backend_id) for backend_id in ids())


def info(backend_id: str) -> BackendInfo:
    """Raises UnknownBackend, naming those there are."""
    try:
        made = _make(backend_id)
        needs = made.needs(made.Params())
        return BackendInfo(made.id, made.name, made.summary, made.Params, needs, needs.missing)
    except UnknownBackend:
        raise
    except Exception as error:  # an installed package may fail in any way; it is listed with what it said
        reason = _("“{backend}” cannot be used: {reason}").format(
            backend=backend_id, reason=str(error) or type(error).__name__
        )
        return BackendInfo(backend_id, backend_id, "", NoParams, Needs(), reason)


def backend(backend_id: str) -> FillBackend:
    """The one object of this backend, made at first use; raises UnknownBackend.

    It may still lack something under some params: `Needs.missing` says so.
    """
    listed = info(backend_id)
    if listed.Params is NoParams:
        raise UnknownBackend(listed.missing, hint=_("Mend or remove the package that brings it."))
    return _make(backend_id)


def missing(backend_id: str, params: Any) -> str:
    """Why the backend cannot run under `params`, and what helps; "" if it can. Raises UnknownBackend."""
    listed = info(backend_id)
    return listed.missing if listed.Params is NoParams else _make(backend_id).needs(params).missing


def takes_models(info: BackendInfo) -> bool:
    """Is it a backend that fills with a model, which may be installed or not yet?"""
    return "model" in getattr(info.Params, "__dataclass_fields__", {})


def fills_with(info: BackendInfo, model: models.Model) -> bool:
    """Can the backend fill with this model, here and now?"""
    if model.graph is not None:
        return info.id == OWN + model.name
    return takes_models(info) and not missing(info.id, validate(info.Params, {"model": model.name}))


def backend_for(model: models.Model) -> str:
    """The id of the first backend that fills with this model; "" if none can."""
    return next((info.id for info in backends() if fills_with(info, model)), "")


def detail_of(needs: Needs) -> Needs | None:
    """What the backend asks for that brings back the detail for one with these needs, if any does."""
    return None if needs.detail is None else info(needs.detail).needs


def loaded(backend_id: str, runtime: Runtime) -> FillBackend:
    """The backend, ready to fill on `runtime`; loads it if it is not. In the thread that fills."""
    found = backend(backend_id)
    with _loading:  # not `_lock`: to load may take many seconds, and the window asks for names meanwhile
        if needs_loading(backend_id, runtime):
            found.load(runtime)
            _loaded[backend_id] = (runtime.device, runtime.threads)
            _loads.append(backend_id)
    return found


def needs_loading(backend_id: str, runtime: Runtime) -> bool:
    """The first use on `runtime` is still to come: imports and weights will take their time."""
    return _loaded.get(backend_id) != (runtime.device, runtime.threads)


def loads() -> int:
    """How often a backend was loaded so far: a time in which that changed tells nothing of speed."""
    return len(_loads)


def used(backend_id: str) -> bool:
    """Has it been loaded, for whatever runtime? Asks no device."""
    return backend_id in _loaded


@contextmanager
def turn(backend_id: str, progress: Progress) -> Iterator[FillBackend]:
    """The backend for one call: its calls never overlap, also when a script fills from several threads.

    Raises Cancelled if that is asked for while another call is waited for.
    """
    found = backend(backend_id)
    with plugins.held(_turns.setdefault(backend_id, threading.Lock()), progress):
        yield found


def unload_all() -> None:
    """Let every backend give its memory back; the next fill loads again."""
    with _lock:
        for backend_id in list(_loaded):
            del _loaded[backend_id]
            _made[backend_id].unload()


def refresh() -> None:
    """Forget what was found: packages or models were installed or removed since."""
    with _lock:
        unload_all()
        _makers.cache_clear()
        _made.clear()


@cache
def _makers() -> dict[str, Callable[[], Any]]:
    makers = plugins.built_in(BUILT_IN)
    for model in models.installed():
        if models.has_graph(model.folder):
            makers[OWN + model.name] = lambda name=model.name: _own_maker(name)  # type: ignore[misc]
    plugins.add_installed(makers, GROUP)
    return makers


def _own_maker(name: str) -> Callable[[], Any]:
    from lacuna.backends.own_graph import OwnGraphBackend

    return lambda: OwnGraphBackend(name)


def _make(backend_id: str) -> FillBackend:
    makers = _makers()
    if backend_id not in makers:
        raise UnknownBackend(
            _("There is no backend “{backend}”.").format(backend=backend_id),
            hint=_("There are: {names}.").format(names=", ".join(makers)),
        )
    with _lock:
        if backend_id not in _made:
            _made[backend_id] = makers[backend_id]()()
        return _made[backend_id]
