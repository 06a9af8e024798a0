"""The tests of networks calculate on one core: they are small, and the machine has other tests to run."""

from __future__ import annotations

from tests.networks.conftest import one_core

__all__ = ["one_core"]
