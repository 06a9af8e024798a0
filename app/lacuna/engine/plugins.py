"""What the registries of backends and of upscalers share: objects made at first use, whose calls take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from lacuna.contract.progress import NOTICE, Progress

Maker = Callable[[], Any]  # gives a class


def built_in(paths: Mapping[str, str]) -> dict[str, Maker]:
    """Makers of what the program itself brings, each "module:class". Nothing is imported yet."""

    def maker(path: str) -> Maker:
        module, _colon, name = path.partition(":")
        return lambda: getattr(import_module(module), name)

    return {plugin_id: maker(path) for plugin_id, path in paths.items()}


def add_installed(makers: dict[str, Maker], group: str) -> None:
    """Add what packages name as entry points of `group`; none takes the place of what is there."""
    from importlib.metadata import entry_points  # 15 ms that a first window does not wait for

    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        makers.setdefault(entry.name, entry.load)


@contextmanager
def held(lock: threading.Lock, progress: Progress) -> Iterator[None]:
    """The lock for as long as the block lasts. Raises Cancelled if that is asked for while it is waited for."""
    while not lock.acquire(timeout=NOTICE):
        progress.check()
    try:
        yield
    finally:
        lock.release()
