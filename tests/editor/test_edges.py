"""The edges that a fill has followed, as long as they are what was filled last."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from lacuna.contract.model_config import Network
from lacuna.imaging.region import Region
from tests.backends.models import scripted
from tests.editor.support import Desk

BOX = Region(100, 100, 130, 140)


@pytest.fixture
def filled(opened: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A box filled along edges that are a quarter sure everywhere; edges are shown."""
    scripted(monkeypatch, Network.EDGE_CONNECT, lambda image, _hole: np.full(image.shape, 0.5, np.float32))
    preferences = opened.editor.settings.preferences
    opened.editor.settings.preferences = dataclasses.replace(preferences, show_edges=True, grow=0.0)
    opened.editor.use_backend("edgeconnect")
    opened.editor.use("rectangle")
    opened.drag((BOX.x0, BOX.y0), (BOX.x1, BOX.y1))
    opened.editor.fill()
    opened.settle()
    assert opened.labels[-1].startswith("Fill"), opened.messages
    return opened


def shown(desk: Desk) -> list[Any]:
    return [(edges.region, float(edges.strength.min()), edges.strength.shape) for edges in desk.editor.edges]


def test_the_edges_lie_where_the_fill_was_put(filled: Desk):
    assert shown(filled) == [(BOX, pytest.approx(64 / 255), (BOX.height, BOX.width))]


def test_they_go_with_the_fill_and_come_back_with_it(filled: Desk):
    filled.editor.undo()
    assert shown(filled) == []
    filled.editor.redo()
    assert len(shown(filled)) == 1
    filled.document.crop(Region(50, 50, 250, 250), "Crop")
    assert shown(filled) == []


def test_each_try_has_its_own(filled: Desk):
    filled.editor.use_backend("telea")
    filled.editor.try_again()
    filled.settle()
    assert filled.editor.offer is not None
    assert shown(filled) == []
    filled.editor.choose(0)
    assert len(shown(filled)) == 1


def test_a_fill_without_edges_ends_them(filled: Desk):
    filled.editor.use_backend("telea")
    filled.drag((200, 100), (220, 120))
    filled.editor.fill()
    filled.settle()
    assert shown(filled) == []


def test_they_are_shown_only_where_that_is_wanted(filled: Desk):
    filled.editor.settings.preferences = dataclasses.replace(filled.editor.settings.preferences, show_edges=False)
    assert shown(filled) == []
