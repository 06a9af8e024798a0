"""Where a fill runs: processor or graphics card, how many threads, how much memory."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib.util import find_spec
from typing import Any

from lacuna.contract.fill import Needs, Runtime
from lacuna.engine import cores
from lacuna.errors import UnknownBackend
from lacuna.i18n import _

DEVICES = ("auto", "cpu", "cuda")
FALLBACK_MEMORY = 2 << 30  # where the system does not say what is free


def runtime_for(asked: str, needs: Needs) -> Runtime:
    """The runtime for `asked` ("auto", "cpu", "cuda") and a backend with these needs.

    Raises UnknownBackend when a graphics card is asked for that is not there or that the backend cannot use, before
    anything runs. "auto" takes a card only for a backend that gains by one, so that torch is imported for no other.
    """
    return Runtime(device=resolve(asked, needs), threads=threads(), memory=memory())


def resolve(asked: str, needs: Needs) -> str:
    """The device for `asked`; see `runtime_for`."""
    if asked not in DEVICES:
        raise UnknownBackend(
            _("There is no device “{device}”.").format(device=asked),
            hint=_("There are: {names}.").format(names=", ".join(DEVICES)),
        )
    if asked == "cuda":
        missing = cuda_missing()
        if missing:
            raise UnknownBackend(missing, hint=_("Use --device cpu or --device auto."))
    if asked != "auto" and asked not in needs.devices:
        raise UnknownBackend(
            _("This method does not run on {device}.").format(device=asked),
            hint=_("It runs on: {names}.").format(names=", ".join(sorted(needs.devices))),
        )
    if asked != "auto":
        return asked
    return "cuda" if "cuda" in needs.unasked and not cuda_missing() else "cpu"


@cache
def cuda_missing() -> str:
    """Why there is no CUDA, or "" where there is. Imports torch, which takes seconds, only where it could find one."""
    if find_spec("torch") is None:
        return _("CUDA needs the package torch, which is not installed.")
    if not _has_driver():
        return _("There is no driver of a CUDA graphics card.")
    import torch

    if not torch.cuda.is_available():
        return _("The installed torch finds no CUDA graphics card.")
    return ""


def _has_driver() -> bool:
    """Whether a driver is there through which torch could find a card."""
    if os.path.exists("/dev/kfd"):  # AMD's; torch calls it CUDA too
        return True
    import ctypes

    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def threads() -> int:
    """What this process is held to; else all cores, but the one that is left to a window."""
    share = cores.held()
    return cores.free() if share is None else share.threads


def multiplies_bytes() -> bool:
    """Whether the processor has what makes graphs in 8 bits the faster ones: then they are taken unasked."""
    from lacuna.kernels import processor

    return processor.multiplies_bytes()


def memory() -> int:
    """Bytes that a fill may take: half of what is free now, or of this process's share of it."""
    share = cores.held()
    return int((available_memory() or 2 * FALLBACK_MEMORY) // 2 * (1.0 if share is None else share.memory))


def card_memory() -> int:
    """Bytes that one run may take of the CUDA card's own memory: half of what is free now. Imports torch."""
    import torch

    free, _total = torch.cuda.mem_get_info()
    return int(free) // 2


def available_memory() -> int | None:
    """Bytes of memory that programs can still get, or None where the system does not say."""
    if sys.platform == "linux":
        try:
            with open("/proc/meminfo", encoding="ascii") as file:
                for line in file:
                    if line.startswith("MemAvailable:"):
                        return int(line.split()[1]) * 1024
        except (OSError, ValueError):
            return None
    elif sys.platform == "win32":
        return _available_on_windows()
    elif hasattr(os, "sysconf"):  # macOS says only how much there is; it swaps out what is idle
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _available_on_windows() -> int | None:
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *(
                (name, ctypes.c_ulonglong)
                for name in ("total", "free", "pages", "free_pages", "virtual", "free_virtual")
            ),
            ("extended", ctypes.c_ulonglong),
        ]

    status = Status(length=ctypes.sizeof(Status))
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009  (absent from the type stubs elsewhere)
    return int(status.free) if kernel.GlobalMemoryStatusEx(ctypes.byref(status)) else None
