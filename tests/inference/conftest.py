"""The tests of networks calculate on one core: they are small, and the machine has other tests to run.

Light networks have no graphs that ship, and exporting some takes many seconds.
"""

from __future__ import annotations

import pytest

from lacuna.contract.model_config import ModelConfig
from lacuna.inference import importing, saving
from tests.networks.conftest import one_core

__all__ = ["no_graphs", "one_core"]


@pytest.fixture
def no_graphs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Models are saved with files of a word in the place of graphs: for tests that run none."""

    def exported(_config: ModelConfig, parts: dict[str, object]) -> dict[str, bytes]:
        return dict.fromkeys(parts, b"graph")

    monkeypatch.setattr(saving, "exported", exported)
    monkeypatch.setattr(importing, "EXPORTER", ())
