"""Built-in and installed ways to enlarge, listed before anything heavy is imported.

Packages name theirs as entry points `lacuna.upscalers`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from lacuna.contract.fill import Runtime
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Upscaler
from lacuna.engine import plugins
from lacuna.errors import UnknownBackend
from lacuna.i18n import _

GROUP = "lacuna.upscalers"

# Those of the program itself stand here and not among the entry points: a frozen program has none.
BUILT_IN = {
    "meta-sr": "lacuna.upscalers.meta_sr:MetaSr",
    "bicubic": "lacuna.upscalers.plain:Bicubic",
    "lanczos": "lacuna.upscalers.plain:Lanczos",
}

_lock = threading.RLock()  # a script may enlarge from several threads
_turns: dict[str, threading.Lock] = {}
_made: dict[str, Upscaler] = {}
_loaded: dict[str, tuple[str, int]] = {}  # device and threads that an upscaler was loaded for


def ids() -> tuple[str, ...]:
    """Every upscaler's id, built-in ones first; from package metadata, nothing is imported."""
    return tuple(_makers())


def upscaler(upscaler_id: str) -> Upscaler:
    """The one object of this upscaler, made at first use. Raises UnknownBackend, naming those there are."""
    makers = _makers()
    if upscaler_id not in makers:
        raise UnknownBackend(
            _("There is no way to enlarge called “{method}”.").format(method=upscaler_id),
            hint=_("There are: {names}.").format(names=", ".join(makers)),
        )
    with _lock:
        if upscaler_id not in _made:
            try:
                _made[upscaler_id] = makers[upscaler_id]()()
            except Exception as error:  # an installed package may fail in any way
                reason = str(error) or type(error).__name__
                raise UnknownBackend(
                    _("“{backend}” cannot be used: {reason}").format(backend=upscaler_id, reason=reason),
                    hint=_("Mend or remove the package that brings it."),
                    cause=error,
                ) from error
        return _made[upscaler_id]


def missing(upscaler_id: str) -> str:
    """Why an upscaler cannot be used as it is, and what helps; "" if it can."""
    try:
        return upscaler(upscaler_id).needs("").missing
    except UnknownBackend as error:
        return str(error)


@contextmanager
def turn(upscaler_id: str, runtime: Runtime, progress: Progress) -> Iterator[Upscaler]:
    """The upscaler for one call, ready to run on `runtime`: its calls never overlap.

    Raises Cancelled if that is asked for while another call is waited for.
    """
    found = upscaler(upscaler_id)
    with plugins.held(_turns.setdefault(upscaler_id, threading.Lock()), progress):
        if needs_loading(upscaler_id, runtime):
            found.load(runtime)
            _loaded[upscaler_id] = (runtime.device, runtime.threads)
        yield found


def needs_loading(upscaler_id: str, runtime: Runtime) -> bool:
    """The first use on `runtime` is still to come: imports and weights will take their time."""
    return _loaded.get(upscaler_id) != (runtime.device, runtime.threads)


def refresh() -> None:
    """Forget what was found: packages or models were installed or removed since."""
    with _lock:
        for upscaler_id in list(_loaded):
            del _loaded[upscaler_id]
            _made[upscaler_id].unload()
        _makers.cache_clear()
        _made.clear()


@cache
def _makers() -> dict[str, plugins.Maker]:
    makers = plugins.built_in(BUILT_IN)
    plugins.add_installed(makers, GROUP)
    return makers
