"""A list of callables to tell when something happened: what signals are in Qt, for the floors without Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, ParamSpec

P = ParamSpec("P")


class Listeners(Generic[P]):
    """Callables told in the order they were added, in the caller's thread.

    >>> heard = []
    >>> saved = Listeners[[str]]()
    >>> forget = saved.add(heard.append)
    >>> saved("a.png")
    >>> forget()
    >>> saved("b.png")
    >>> heard
    ['a.png']
    """

    def __init__(self) -> None:
        self._calls: list[Callable[P, object]] = []

    def add(self, call: Callable[P, object]) -> Callable[[], None]:
        """Tell `call` from now on; the returned function ends that."""
        self._calls.append(call)

        def forget() -> None:
            if call in self._calls:
                self._calls.remove(call)

        return forget

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        for call in tuple(self._calls):
            call(*args, **kwargs)
