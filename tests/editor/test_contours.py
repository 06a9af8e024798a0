"""Edges in the editor: predicted by a job, kept with the document, rubbed out, and followed by fills."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.guides import Guide
from lacuna.contract.model_config import Network
from lacuna.editor.tool import Modifier
from lacuna.engine import registry
from lacuna.imaging.region import Region
from tests.backends.models import ScriptedPainter, scripted
from tests.editor.support import Desk, desk, picture

BOX = Region(100, 100, 130, 140)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Backends keep what they have loaded from one test's home to the next."""
    registry.refresh()
    yield
    registry.refresh()


def grey(image: NDArray[Any], _hole: Any) -> NDArray[Any]:
    return np.full_like(image, 0.5)


@pytest.fixture
def painter(monkeypatch: pytest.MonkeyPatch) -> ScriptedPainter:
    return scripted(monkeypatch, Network.EDGE_CONNECT, grey, side=256)


@pytest.fixture
def masked(opened: Desk, painter: ScriptedPainter) -> Desk:
    """A box masked, to be filled by EdgeConnect, whose edges are a quarter sure everywhere."""
    opened.editor.use_backend("edgeconnect")
    opened.editor.use("rectangle")
    opened.drag((BOX.x0, BOX.y0), (BOX.x1, BOX.y1))
    return opened


def predict(masked: Desk) -> None:
    masked.editor.contours.predict()
    masked.settle()
    assert masked.document.predicted, masked.messages


def test_edges_are_predicted_by_one_edit_that_undo_takes_back(masked: Desk, painter: ScriptedPainter):
    predict(masked)
    (edges,) = masked.document.predicted
    assert masked.labels[-1] == "Predict edges"
    assert not painter.seen
    assert edges.hole[(BOX.y0 + 5) - edges.region.y0, (BOX.x0 + 5) - edges.region.x0]
    assert set(np.unique(edges.strength)) == {64}
    assert masked.mask.any()
    masked.editor.undo()
    assert masked.document.predicted == ()
    masked.editor.redo()
    assert masked.document.predicted == (edges,)


def test_where_few_edges_were_found_that_is_said_unless_lines_are_there(
    masked: Desk, painter: ScriptedPainter, monkeypatch: pytest.MonkeyPatch
):
    def rows(strength: float) -> Any:
        def edges(_image: Any, hole: Any, _guide: Any, _progress: Any, *, sigma: float = 2.0) -> Any:
            return (hole & (np.indices(hole.shape)[0] % 16 == 0)).astype(np.float32) * strength

        return edges

    for strength, few in ((1.0, False), (0.25, True)):
        monkeypatch.setattr(painter, "edges", rows(strength))
        masked.messages.clear()
        predict(masked)
        assert any("Few edges" in message.sentence for message in masked.messages) is few
    masked.messages.clear()
    masked.editor.use("guide")
    masked.drag((95, 110), (120, 110), (145, 110))
    predict(masked)
    assert masked.messages == []


def test_the_fill_runs_the_second_stage_alone_along_what_was_drawn_and_rubbed_out(
    masked: Desk, painter: ScriptedPainter
):
    predict(masked)
    masked.editor.use("guide")
    masked.drag((95, 110), (120, 110), (145, 110))
    masked.drag((110, 90), (110, 115), (110, 140), modifiers=Modifier.ALT)
    asked = len(painter.sigmas)
    masked.editor.fill()
    masked.settle()
    assert len(painter.sigmas) == asked
    (plane,) = painter.edges_seen
    assert plane is not None
    (edges,) = masked.document.predicted
    y, x = edges.region.y0, edges.region.x0
    assert plane[110 - y, 130 - x] == 1
    assert plane[120 - y, 110 - x] == 0
    assert plane[110 - y, 110 - x] == 0  # rubbed out later than it was drawn
    assert plane[120 - y, 130 - x] == pytest.approx(64 / 255)
    step = masked.document.steps()[-1]
    assert [guide.kind for guide in step.guides] == [Guide.LINE, Guide.ERASE_EDGE]


def test_alt_and_a_click_take_a_line_away_and_a_drag_rubs_out(masked: Desk):
    masked.editor.use("guide")
    masked.drag((20, 20), (60, 20), (100, 20))
    assert len(masked.document.guides) == 1
    masked.drag((60, 40), (60, 60), modifiers=Modifier.ALT)
    kinds = [guide.kind for guide in masked.document.guides]
    assert kinds == [Guide.LINE, Guide.ERASE_EDGE]
    assert masked.labels[-1] == "Rub out edges"
    masked.click(60, 20, modifiers=Modifier.ALT)
    assert [guide.kind for guide in masked.document.guides] == [Guide.ERASE_EDGE]
    masked.click(60, 50, modifiers=Modifier.ALT)
    assert masked.document.guides == ()


def test_a_method_without_an_edge_stage_is_refused_with_the_remedy(masked: Desk):
    assert masked.editor.contours.refusal == ""
    masked.editor.use_backend("telea")
    assert "EdgeConnect" in masked.editor.contours.refusal
    masked.editor.contours.predict()
    assert masked.messages[-1].sentence == masked.editor.contours.refusal
    assert not masked.editor.jobs
    masked.editor.use_backend("edgeconnect")
    masked.editor.clear_mask()
    assert masked.editor.contours.refusal == "Paint over what should go first."


def quick(masked: Desk, painter: ScriptedPainter) -> Desk:
    """Edges predicted, filled along, and to be filled along again after each change of them."""
    predict(masked)
    preferences = masked.editor.settings.preferences
    masked.editor.settings.preferences = dataclasses.replace(preferences, fill_after_stroke=True)
    masked.editor.use("guide")
    return masked


def test_with_fill_after_each_stroke_a_change_of_edges_fills_and_then_fills_anew(
    masked: Desk, painter: ScriptedPainter
):
    desk = quick(masked, painter)
    asked, looked = len(painter.sigmas), []
    desk.editor.filling.came.add(lambda: looked.append(True))
    desk.drag((95, 110), (120, 110), (145, 110))
    desk.settle()
    assert len(painter.edges_seen) == 1
    assert not desk.mask.any()
    desk.drag((110, 90), (110, 115), (110, 140), modifiers=Modifier.ALT)
    desk.settle()
    assert desk.editor.offer is None  # in the picture, not beside it
    assert not looked  # nobody has asked for it
    assert len(painter.edges_seen) == 2
    assert len(painter.sigmas) == asked
    first, second = painter.edges_seen
    assert first is not None
    assert second is not None
    assert (first[20:] != second[20:]).any()
    count = len(desk.labels)
    desk.editor.undo()
    desk.editor.undo()
    desk.settle()
    assert len(painter.edges_seen) == 2  # what undo brings back is filled along already
    assert len(desk.labels) == count


def test_edges_that_change_while_they_are_filled_along_are_filled_along_once_more(
    masked: Desk, painter: ScriptedPainter
):
    desk, go = quick(masked, painter), threading.Event()

    def held(image: NDArray[Any], hole: Any) -> NDArray[Any]:
        assert go.wait(10)
        return grey(image, hole)

    painter.script = held
    desk.drag((95, 110), (120, 110), (145, 110))
    desk.run_until(lambda: len(painter.edges_seen) == 1)
    desk.drag((110, 90), (110, 115), (110, 140), modifiers=Modifier.ALT)
    desk.drag((95, 120), (120, 120), (145, 120))
    go.set()
    desk.settle()
    assert len(painter.edges_seen) == 2
    assert desk.document.steps()[-1].guides == desk.document.guides
    assert desk.editor.offer is None


def test_a_fill_that_was_stopped_is_not_begun_anew_for_edges_that_changed_meanwhile(
    masked: Desk, painter: ScriptedPainter
):
    desk, go = quick(masked, painter), threading.Event()

    def held(image: NDArray[Any], hole: Any) -> NDArray[Any]:
        assert go.wait(10)
        return grey(image, hole)

    painter.script = held
    desk.drag((95, 110), (120, 110), (145, 110))
    desk.run_until(lambda: len(painter.edges_seen) == 1)
    desk.drag((95, 120), (120, 120), (145, 120))
    desk.editor.escape()
    go.set()
    desk.settle()
    assert len(painter.edges_seen) == 1
    assert desk.mask.any()


def test_a_fill_that_takes_longer_waits_for_the_key(
    masked: Desk, painter: ScriptedPainter, monkeypatch: pytest.MonkeyPatch
):
    desk = quick(masked, painter)
    monkeypatch.setitem(desk.editor.settings.paces, "edgeconnect:mine", 1000.0)
    desk.drag((95, 110), (120, 110), (145, 110))
    desk.settle()
    assert not painter.edges_seen


def test_a_crash_loses_no_predicted_edges(tmp_path: Path, painter: ScriptedPainter):
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        first.editor.use_backend("edgeconnect")
        first.editor.use("rectangle")
        first.drag((BOX.x0, BOX.y0), (BOX.x1, BOX.y1))
        predict(first)
        (edges,) = first.document.predicted
        journal = first.editor.files._journal
        assert journal is not None
        journal.leave()
        first.editor.files._journal = None
        with desk() as second:
            (session,) = second.editor.restorable()
            second.editor.restore(session)
            second.settle()
            (again,) = second.document.predicted
            assert (again.region, again.seen) == (edges.region, edges.seen)
            assert np.array_equal(again.strength, edges.strength)
            assert np.array_equal(again.hole, edges.hole)
            second.editor.undo()
            assert second.document.predicted == ()


def test_a_crop_takes_edges_along_as_long_as_they_are_whole(masked: Desk):
    predict(masked)
    (edges,) = masked.document.predicted
    whole = Region.whole(masked.document.shape)
    masked.document.crop(Region(0, edges.region.x0, whole.y1, whole.x1), "Crop")
    (moved,) = masked.document.predicted
    assert moved.region == edges.region.shift(0, -edges.region.x0)
    masked.document.crop(Region(0, 5, 200, 200), "Crop")
    assert masked.document.predicted == ()
    masked.document.history.undo()
    assert masked.document.predicted == (moved,)


# --- outlines that the mask interrupts --------------------------------------------------------------------------------
@pytest.fixture
def horizon(empty: Desk, tmp_path: Path) -> Desk:
    """Two level edges, at rows 90 and 150, behind a mask."""
    pixels = np.full((240, 320, 3), 60, np.uint8)
    pixels[90:] = 140
    pixels[150:] = 230
    cv2.imwrite(str(tmp_path / "horizon.png"), pixels)
    empty.open(tmp_path / "horizon.png")
    empty.editor.use("rectangle")
    empty.drag((130, 60), (190, 180))
    empty.editor.contours.complete()
    empty.settle()
    assert empty.editor.tool.id == "guide"
    return empty


def rows(strokes: Any) -> list[int]:
    return sorted(round(np.mean([y for _x, y in stroke.points])) for stroke in strokes)


def test_lines_are_proposed_where_the_mask_interrupts_outlines_and_enter_takes_all(horizon: Desk):
    assert rows(horizon.editor.contours.proposed) == [90, 150]
    assert horizon.document.guides == ()
    assert horizon.messages[-1].sentence == "2 lines are proposed."
    count = len(horizon.labels)
    horizon.editor.enter()
    assert rows(horizon.document.guides) == [90, 150]
    assert len(horizon.labels) == count + 1
    assert horizon.editor.contours.proposed == ()
    assert horizon.editor.tool.id == "rectangle"  # as before
    horizon.editor.undo()
    assert horizon.document.guides == ()


def test_a_click_takes_one_line_and_with_alt_drops_it(horizon: Desk):
    horizon.click(160, 90)
    assert rows(horizon.document.guides) == [90]
    assert rows(horizon.editor.contours.proposed) == [150]
    assert horizon.editor.tool.id == "guide"
    horizon.click(160, 150, modifiers=Modifier.ALT)
    assert horizon.editor.contours.proposed == ()
    assert rows(horizon.document.guides) == [90]
    assert horizon.editor.tool.id == "rectangle"
    horizon.editor.use("guide")
    horizon.drag((10, 20), (60, 20))
    assert horizon.editor.tool.id == "guide"


def test_a_point_of_a_proposed_line_is_dragged_before_it_is_taken(horizon: Desk):
    (line,) = (line for line in horizon.editor.contours.proposed if rows([line]) == [90])
    x, y = line.points[0]
    horizon.drag((x, y), (x, y + 5), (x, y + 12))
    assert horizon.document.guides == ()
    moved = [line.points[0] for line in horizon.editor.contours.proposed]
    assert (x, y + 12) in moved
    horizon.editor.enter()
    assert (x, y + 12) in [guide.points[0] for guide in horizon.document.guides]


def test_esc_drops_what_is_proposed_and_nothing_else(horizon: Desk):
    horizon.editor.escape()
    assert horizon.editor.contours.proposed == ()
    assert horizon.editor.tool.id == "rectangle"
    assert horizon.mask.any()


def test_undo_drops_lines_that_were_proposed_last_and_before_that_takes_back_one_that_was_taken(horizon: Desk):
    horizon.click(160, 90)
    horizon.editor.undo()
    assert horizon.document.guides == ()
    assert rows(horizon.editor.contours.proposed) == [150]
    horizon.editor.undo()
    assert horizon.editor.contours.proposed == ()
    assert horizon.mask.any()
    assert horizon.editor.tool.id == "rectangle"
    horizon.editor.undo()
    assert not horizon.mask.any()


def test_lines_for_another_mask_are_proposed_no_more(horizon: Desk):
    horizon.editor.use("rectangle")
    horizon.drag((10, 10), (30, 30))
    assert horizon.editor.contours.proposed == ()


def test_lines_that_were_sought_for_another_mask_are_not_proposed_and_that_is_said(horizon: Desk):
    horizon.editor.escape()
    horizon.editor.contours.complete()
    horizon.drag((10, 10), (30, 30))
    horizon.settle()
    assert horizon.editor.contours.proposed == ()
    said = horizon.messages[-1]
    assert "the mask was changed meanwhile" in said.sentence
    assert said.over is not None
    assert not said.over()
    horizon.editor.contours.complete()
    horizon.settle()
    assert len(horizon.editor.contours.proposed) == 2
    assert said.over()


def test_where_nothing_fits_that_is_said(masked: Desk):
    masked.editor.contours.complete()
    masked.settle()
    assert masked.editor.contours.proposed == ()
    assert "No outline" in masked.messages[-1].sentence
