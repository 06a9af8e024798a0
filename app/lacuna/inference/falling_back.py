"""The way out when a graphics card fails: the same on the processor, which is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from lacuna.contract.fill import Runtime
from lacuna.errors import BackendFailed

T = TypeVar("T")

FAILURES = (BackendFailed, RuntimeError, OSError)


def on_a_device(
    runtime: Runtime, call: Callable[[Runtime], T], failures: tuple[type[Exception], ...] = FAILURES
) -> tuple[T, str]:
    """What `call` gives for this runtime, or if the card fails for the processor; and why that failed, or ""."""
    try:
        return call(runtime), ""
    except failures as error:
        if runtime.device == "cpu":
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
    return call(replace(runtime, device="cpu")), reason
