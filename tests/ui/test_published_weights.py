"""Published weights in the window: dropped, agreed to, installed, used; then a hole is filled with them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

import lacuna
from lacuna.contract import models
from lacuna.document.document import Document
from lacuna.ui.main_window import MainWindow
from tests.inference import checkpoints
from tests.inference.checkpoints import File
from tests.networks.conftest import one_core  # noqa: F401 (a fixture)
from tests.ui.canvases import finish
from tests.ui.models_dialog import LOADED, opened, recognised, rested, texts
from tests.ui.support import grabbed, move, settle, wait_until
from tests.ui.windows import SAMPLES, back_to, open_photo, paint

FILLED = 60  # seconds, on a machine that has other things to do

EDGE_CONNECT = (checkpoints.EDGES, checkpoints.IMAGE)


def small_photo(folder: Path) -> Path:
    """A photo that a network of the published size fills in a moment."""
    with Image.open(SAMPLES / "lion.jpg") as photo:
        photo.resize((160, 120)).save(folder / "small.png")
    return folder / "small.png"


def imported(window: MainWindow, files: Sequence[File], folder: Path, title: str, *, bound: bool) -> None:
    """Drop the files, agree to what they are bound to, call the model "mine", wait until it is there, and use it."""
    dialog = opened(window)
    page = recognised(dialog, *(file.write(folder) for file in files))
    assert page.accessibleName() == title
    assert page.button.isEnabled() != bound
    assert page.consent.isVisible() == bound
    if bound:
        page.consent.click()
    page.name.selectAll()
    QTest.keyClicks(page.name, "mine")
    QTest.mouseClick(page.button, Qt.MouseButton.LeftButton)
    wait_until(lambda: rested(dialog) and dialog.told.text(), LOADED)
    assert dialog.told.text() == "“mine” is installed."
    assert texts(dialog)[0][0] == "mine"
    dialog.use.click()
    assert dialog.told.text() == "Fills are made with “mine” from now on."
    dialog.close()
    back_to(window)


def filled(window: MainWindow) -> tuple[Document, np.ndarray, np.ndarray]:
    """A stroke of the brush filled by the method in hand: the document, and picture and mask as they were before."""
    document = window.editor.document
    assert document is not None
    preferences = window.editor.settings.preferences
    window.editor.settings.preferences = dataclasses.replace(preferences, grow=0.0, grain=False)  # as in the library
    window.editor.set_option("size", 16)
    paint(window, (0.4, 0.45), (0.6, 0.55))
    before, mask = document.photo.pixels.copy(), document.mask.pixels.copy()
    assert mask.any()
    assert not window.editor.filling.method.missing
    QTest.mouseClick(window.fill_panel.button, Qt.MouseButton.LeftButton)
    wait_until(lambda: not window.editor.jobs, FILLED)
    settle()
    assert window.messages.cards == []
    assert not document.mask.pixels.any()
    return document, before, mask


@pytest.mark.parametrize(
    ("files", "backend", "title", "bound"),
    [
        (EDGE_CONNECT, "edgeconnect", "EdgeConnect", True),
        ([checkpoints.DEEPFILL_V2_PTTF], "deepfill", "DeepFill v2 (pttf, fused)", True),
        ([checkpoints.PEN_NET], "pennet", "PEN-Net", False),
    ],
    ids=["EdgeConnect", "DeepFill v2", "PEN-Net"],
)
@pytest.mark.usefixtures("one_core")
def test_published_weights_come_by_drop_and_fill_as_the_library_does(
    window: MainWindow, tmp_path: Path, files: Sequence[File], backend: str, title: str, bound: bool
) -> None:
    open_photo(window, small_photo(tmp_path))
    imported(window, files, tmp_path, title, bound=bound)
    assert window.editor.backend == backend
    models.verify(models.model("mine"))
    document, before, mask = filled(window)
    after = document.photo.pixels
    assert np.array_equal(after, lacuna.fill(before, mask, backend=backend, model="mine"))
    assert not np.array_equal(after, before)


@pytest.mark.usefixtures("one_core")
def test_the_edges_that_edge_connect_predicted_are_seen_over_its_fill(window: MainWindow, tmp_path: Path) -> None:
    open_photo(window, small_photo(tmp_path))
    imported(window, EDGE_CONNECT, tmp_path, "EdgeConnect", bound=True)
    filled(window)
    window.canvas.navigation.zoom_to(1.0)
    move(window.canvas, -300, -300)
    finish(window.canvas)
    bare = grabbed(window.canvas)
    window.action_set["view.edges"].trigger()
    assert [edges.region.area > 0 and edges.strength.max() > 0 for edges in window.editor.edges] == [True]
    finish(window.canvas)
    view, (edges,) = window.canvas.viewport, window.editor.edges
    changed = (grabbed(window.canvas) != bare).any(axis=2)
    place = view.on_screen(edges.region).slices
    assert changed[place].any()
    changed[place] = False
    assert not changed.any()
    window.action_set["view.edges"].trigger()
    finish(window.canvas)
    assert np.array_equal(grabbed(window.canvas), bare)
