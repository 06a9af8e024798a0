"""Built-in and installed backends, listed by name before anything heavy is imported (entry points `lacuna.backends`)."""

from __future__ import annotations

from dataclasses import dataclass

from lacuna.contract.fill import FillBackend, Needs


@dataclass(frozen=True)
class BackendInfo:
    """What is known of a backend without loading it. `missing` says why it cannot run and how to mend that, or is ""."""

    id: str
    name: str
    summary: str
    Params: type
    needs: Needs  # under its default params
    missing: str = ""


def backends() -> tuple[BackendInfo, ...]:
    """All backends, built-in ones first; one whose module fails to import is listed with the reason in `missing`."""
    raise NotImplementedError


def info(backend_id: str) -> BackendInfo:
    """Raises UnknownBackend, naming those there are."""
    raise NotImplementedError


def backend(backend_id: str) -> FillBackend:
    """The one object of this backend, made at first use; raises UnknownBackend."""
    raise NotImplementedError
