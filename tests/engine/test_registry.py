"""What there is to fill with: the built-in table, installed packages, and those that do not work."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from lacuna.contract.fill import Runtime
from lacuna.contract.params import describe
from lacuna.engine import registry
from lacuna.errors import UnknownBackend

PLUGIN = """
from lacuna.contract.fill import Filled, Needs
from dataclasses import dataclass

@dataclass(frozen=True)
class Params:
    pass

class Black:
    id, name, summary, Params = "black", "Black", "Fills with black.", Params
    def needs(self, params): return Needs()
    def load(self, runtime): pass
    def unload(self): pass
    def fill(self, work, params, progress): return Filled(work.image * 0)
"""


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Packages that bring a backend: one that works, some that fail, one that claims a name of ours."""
    (tmp_path / "black_plugin.py").write_text(PLUGIN)
    (tmp_path / "broken_plugin.py").write_text("import a_package_that_is_not_there")
    (tmp_path / "raising_plugin.py").write_text("raise ValueError('not on a Monday')")
    monkeypatch.syspath_prepend(str(tmp_path))
    entries = [
        EntryPoint("black", "black_plugin:Black", registry.GROUP),
        EntryPoint("broken", "broken_plugin:Broken", registry.GROUP),
        EntryPoint("raising", "raising_plugin:Raising", registry.GROUP),
        EntryPoint("telea", "black_plugin:Black", registry.GROUP),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: [e for e in entries if e.group == group])
    registry.refresh()
    yield
    registry.refresh()
    for name in ("black_plugin", "broken_plugin", "raising_plugin"):
        sys.modules.pop(name, None)


def test_the_two_of_opencv_are_there_and_describe_themselves() -> None:
    for info in (registry.info("telea"), registry.info("ns")):
        assert not info.missing
        assert info.name
        assert info.summary
        assert [param.name for param in describe(info.Params)] == ["radius"]


@pytest.mark.usefixtures("plugins")
def test_an_installed_backend_is_listed_and_fills() -> None:
    assert registry.ids()[-1] not in registry.BUILT_IN
    assert "black_plugin" not in sys.modules
    assert registry.info("black").name == "Black"
    assert registry.backend("black") is registry.backend("black")


@pytest.mark.usefixtures("plugins")
def test_one_that_fails_to_import_is_listed_with_its_reason_and_cannot_be_used() -> None:
    listed = {info.id: info for info in registry.backends()}
    assert "a_package_that_is_not_there" in listed["broken"].missing
    assert "not on a Monday" in listed["raising"].missing
    assert not listed["black"].missing
    with pytest.raises(UnknownBackend, match="a_package_that_is_not_there"):
        registry.backend("broken")


@pytest.mark.usefixtures("plugins")
def test_a_package_cannot_take_the_place_of_a_built_in_backend() -> None:
    assert type(registry.backend("telea")).__module__ == "lacuna.backends.opencv"


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UnknownBackend, match="magic") as caught:
        registry.info("magic")
    assert "telea, ns" in caught.value.hint


def test_memory_is_given_back_and_the_next_use_loads_again() -> None:
    runtime = Runtime()
    registry.loaded("telea", runtime)
    assert not registry.needs_loading("telea", runtime)
    registry.unload_all()
    assert registry.needs_loading("telea", runtime)
