"""The contour view, and the whole way by mouse and keys: a line, predicted edges, one rubbed out, a fill, undo."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from lacuna.contract.guides import Guide
from lacuna.contract.model_config import Network
from lacuna.contract.progress import Progress
from lacuna.editor import contour_sight
from lacuna.editor.contour_sight import ContourMap, Looked
from lacuna.engine import registry
from lacuna.imaging.region import Region
from lacuna.ui.canvas import contours_view
from lacuna.ui.canvas.contours_view import GROUND, PICTURE, PREDICTED
from lacuna.ui.canvas.guide_look import COLOURS
from lacuna.ui.main_window import MainWindow
from tests.backends.models import ScriptedPainter, scripted
from tests.ui.support import LEFT, RIGHT, drag, grabbed, settle, wait_until
from tests.ui.windows import key, open_photo

HOLE = Region(150, 170, 230, 290)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Backends keep what they have loaded from one test's home to the next."""
    registry.refresh()
    yield
    registry.refresh()


@pytest.fixture(autouse=True)
def painter(monkeypatch: pytest.MonkeyPatch) -> ScriptedPainter:
    """A model that predicts a level edge every sixteen rows, and paints grey."""
    made = scripted(monkeypatch, Network.EDGE_CONNECT, lambda image, _hole: np.full_like(image, 0.5), side=512)

    def edges(image: Any, hole: Any, guide: Any, progress: Progress, *, sigma: float = 2.0) -> Any:
        made.sigmas.append(sigma)
        return (hole & (np.indices(hole.shape)[0] % 16 == 0)).astype(np.float32)

    monkeypatch.setattr(made, "edges", edges)
    return made


def at(window: MainWindow, x: float, y: float) -> QPoint:
    """Where a point of the picture is on the canvas."""
    sx, sy = window.canvas.viewport.to_screen(x, y)
    return QPoint(round(sx), round(sy))


def mask(window: MainWindow, box: Region) -> None:
    key(window.canvas, "M")
    corners = [at(window, x, y) for x, y in ((box.x0, box.y0), (box.x1, box.y1))]
    drag(window.canvas, *((corner.x(), corner.y()) for corner in corners))
    settle()


def mapped(window: MainWindow) -> None:
    settle()
    wait_until(lambda: window.canvas.contours.finished, 20)
    settle()


def seen(window: MainWindow, x: float, y: float) -> tuple[int, ...]:
    place = at(window, x, y)
    return tuple(int(part) for part in grabbed(window.canvas)[place.y(), place.x()])


def test_a_line_is_drawn_edges_are_predicted_one_is_rubbed_out_filled_and_undone(
    window: MainWindow, painter: ScriptedPainter
) -> None:
    open_photo(window)
    editor, canvas = window.editor, window.canvas
    editor.use_backend("edgeconnect")
    editor.set_param("detail", "off")
    mask(window, HOLE)
    document = editor.document
    assert document is not None
    before = document.photo.pixels.copy()
    key(canvas, "G")
    for x, y in ((160, 190), (300, 200)):
        QTest.mouseMove(canvas, at(window, x, y))
        QTest.mouseClick(canvas, LEFT, pos=at(window, x, y))
    key(canvas, "Return")
    assert [guide.kind for guide in document.guides] == [Guide.LINE]

    assert window.action_set["guides.predict"].isEnabled()
    key(canvas, "Ctrl+G")
    wait_until(lambda: not editor.jobs, 60)
    mapped(window)
    assert window.legend.isVisible()
    (edges,) = document.predicted
    strong = np.flatnonzero(edges.strength.max(axis=1)) + edges.region.y0
    y, x = int(strong[strong > 205][0]), 230  # below the line
    assert seen(window, x + 0.5, y + 0.5) == pytest.approx(PREDICTED.getRgb()[:3], abs=30)

    assert seen(window, x + 40.5, y + 0.5) == pytest.approx(PREDICTED.getRgb()[:3], abs=30)

    rubbed = [at(window, x + dx, y + 0.5) for dx in (-12, -4, 4, 12)]
    drag(canvas, *((place.x(), place.y()) for place in rubbed), button=RIGHT)
    mapped(window)
    assert [guide.kind for guide in document.guides] == [Guide.LINE, Guide.ERASE_EDGE]
    QTest.mouseMove(canvas, at(window, 20, 20))
    gone = seen(window, x + 0.5, y + 0.5)
    assert max(abs(a - b) for a, b in zip(gone, PREDICTED.getRgb(), strict=False)) > 60

    asked = len(painter.sigmas)
    key(canvas, "Return")
    wait_until(lambda: not editor.jobs, 60)
    settle()
    assert len(painter.sigmas) == asked  # the second stage alone
    assert not canvas.contours.on  # the picture is to be seen
    assert not window.action_set["view.contours"].isChecked()
    key(canvas, "Shift+G")
    mapped(window)
    used = seen(window, x + 40.5, y + 0.5)
    assert 60 < max(abs(a - b) for a, b in zip(used, PREDICTED.getRgb(), strict=False)) < 200  # faint now
    key(canvas, "Shift+G")
    assert document.history.labels[-1].startswith("Fill")
    (followed,) = editor.filling.edges
    shown = followed.strength[y - followed.region.y0, x - followed.region.x0]
    assert shown == 0
    assert followed.strength[195 - followed.region.y0, 230 - followed.region.x0] == 1
    assert not np.array_equal(document.photo.pixels, before)
    left = []
    for _ in range(4):
        key(canvas, "Ctrl+Z")
        left.append((len(document.guides), len(document.predicted)))
    assert left == [(2, 1), (1, 1), (1, 0), (0, 0)]
    assert np.array_equal(document.photo.pixels, before)


def test_the_contour_view_shows_the_pictures_edges_on_its_ground_at_every_zoom(window: MainWindow) -> None:
    open_photo(window)
    canvas = window.canvas
    window.results.navigation.fit()
    settle()
    wait_until(lambda: canvas.finished)
    bare = grabbed(canvas)
    key(canvas, "Shift+G")
    mapped(window)
    dimmed = grabbed(canvas)
    assert dimmed.mean() < bare.mean()
    window.prefer("contour_ground", "plain")
    for zoom in (1.0, 4.0, 0.4):
        window.results.navigation.zoom_to(zoom)
        mapped(window)
        inside = canvas.viewport.picture.intersect(Region(0, 0, canvas.height(), canvas.width()))
        pixels = grabbed(canvas)[inside.slices].reshape(-1, 3)
        ground = np.abs(pixels.astype(int) - GROUND.getRgb()[:3]).max(axis=1) <= 2
        edges = np.abs(pixels.astype(int) - PICTURE.getRgb()[:3]).max(axis=1) <= 8
        assert ground.mean() > 0.5, zoom
        assert edges.mean() > (0.02 if zoom >= 1 else 0.002), zoom
    key(canvas, "Shift+G")
    window.results.navigation.fit()
    settle()
    assert not window.legend.isVisible()
    wait_until(lambda: canvas.finished)
    assert np.array_equal(grabbed(canvas), bare)


def test_a_map_that_failed_is_said_once_and_made_as_soon_as_it_can_be(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def none(looked: Looked) -> ContourMap:
        tries.append(looked.size)
        raise MemoryError

    open_photo(window)
    monkeypatch.setattr(contours_view, "AGAIN", 20)
    with monkeypatch.context() as short_of_memory:
        short_of_memory.setattr(contour_sight, "contour_map", none)
        window.show_contours(True)
        wait_until(lambda: len(tries) > 2)
    (card,) = window.messages.cards
    assert "not enough memory" in card.message.sentence
    wait_until(lambda: window.canvas.contours.finished, 20)
    settle()
    assert not window.messages.cards


def test_a_method_without_an_edge_stage_says_so_and_offers_one_that_has_it(window: MainWindow) -> None:
    open_photo(window)
    editor, why = window.editor, window.fill_panel.contours.why
    editor.use_backend("telea")
    settle()
    assert not window.action_set["guides.predict"].isEnabled()  # without a mask
    mask(window, HOLE)
    key(window.canvas, "Shift+G")
    settle()
    assert "Choose one of these methods: EdgeConnect" in why.text()
    key(window.canvas, "Ctrl+G")
    (card,) = window.messages.cards
    assert "EdgeConnect" in card.message.sentence
    assert not editor.jobs
    (choose,) = (button for button in card.findChildren(QPushButton) if button.text() == "Choose it and predict")
    choose.click()
    wait_until(lambda: bool(editor.document and editor.document.predicted), 60)
    settle()
    assert editor.backend == "edgeconnect"
    assert not why.isVisible()
    assert card not in window.messages.cards


def test_lines_are_proposed_by_a_key_seen_dashed_and_taken_by_enter(window: MainWindow, tmp_path: Path) -> None:
    pixels = np.full((240, 320, 3), 60, np.uint8)
    pixels[120:] = 200
    cv2.imwrite(str(tmp_path / "horizon.png"), pixels)
    open_photo(window, tmp_path / "horizon.png")
    mask(window, Region(80, 130, 160, 190))
    key(window.canvas, "Ctrl+Shift+G")
    wait_until(lambda: bool(window.editor.contours.proposed), 20)
    settle()

    def blue() -> float:
        """The share of the line that has the colour of lines."""
        left, right = at(window, 140, 120), at(window, 180, 120)
        along = grabbed(window.canvas)[left.y() - 1 : left.y() + 2, left.x() : right.x()].astype(int)
        return float((np.abs(along - COLOURS[Guide.LINE].getRgb()[:3]).max(axis=2) < 30).any(axis=0).mean())

    dashed = blue()
    assert 0.3 < dashed < 0.95
    key(window.canvas, "Return")
    assert len(window.editor.document.guides) == 1
    assert window.editor.contours.proposed == ()
    assert blue() > dashed + 0.1
