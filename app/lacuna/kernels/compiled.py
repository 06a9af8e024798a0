"""How every kernel is compiled: without the interpreter lock, and kept in the user's cache for the next start.

A kernel uses several cores by being called from several threads: what numba offers for that allows no two callers.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.extending import intrinsic

from lacuna import paths


def digest_of(folder: Path) -> str:
    """A name for what the kernels of a folder say. The compiler looks for changes in a kernel's own file alone, but
    what it keeps has the kernels of other files compiled into it."""
    together = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        together.update(path.read_bytes())
    return together.hexdigest()[:12]


# Beside the program there may be no right to write.
_kept = Path(os.environ.get("NUMBA_CACHE_DIR") or paths.cache_folder() / "kernels")
numba.config.CACHE_DIR = str(_kept / digest_of(Path(__file__).parent))  # type: ignore[attr-defined]

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """`function` as machine code, compiled at its first call for the types it is called with."""
    return cast(F, numba.njit(nogil=True, cache=True)(function))


def compiled_fast(function: F) -> F:
    """The same, where sums of floats may be taken in another order: for what needs no exact result."""
    return cast(F, numba.njit(nogil=True, cache=True, fastmath=True)(function))


def inlined(function: F) -> F:
    """A helper of other kernels, compiled into each of them."""
    return cast(F, numba.njit(nogil=True, inline="always")(function))


def generated(function: Callable[..., Any]) -> Any:
    """What `function` writes in the compiler's own language, for loops that would otherwise run a byte at a time.

    Nothing checks bounds or types there: such pieces are small, and every kernel with one has a numpy twin.
    """
    return intrinsic(function)
