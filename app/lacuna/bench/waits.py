"""Waits of this thread for a busy core, to be taken out of times that are to tell of the program alone (Linux)."""

from __future__ import annotations

import threading


def waited() -> float:
    """Seconds that this thread has waited for a core so far; 0 where the system does not tell."""
    try:
        with open(f"/proc/self/task/{threading.get_native_id()}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[1]) / 1e9
    except OSError:
        return 0.0
