"""What the canvas shows: the right pixels at the right place, whichever way they came there."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QAccessible

from lacuna.contract.fill import FillOptions, FillStep
from lacuna.editor.edges import Edges
from lacuna.editor.offer import Result
from lacuna.editor.values import Message
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from lacuna.ui.canvas.canvas import Canvas
from tests.ui.canvases import (
    AWAY,
    ZOOMS,
    document_of,
    finish,
    on_window,
    opened_canvas,
    painted_anew,
    photograph,
    put_mask,
)
from tests.ui.support import LEFT, NO_KEY, drag, grabbed, move, press, release, settle, wait_until, wheel


@pytest.fixture
def canvas(app: object) -> Iterator[Canvas]:
    with opened_canvas() as made:
        yield made


@pytest.mark.parametrize("zoom", ZOOMS)
def test_strokes_and_pans_leave_the_window_as_a_full_repaint_does(canvas: Canvas, zoom: float) -> None:
    rng = np.random.default_rng(int(zoom * 100))
    canvas.editor.set_option("size", 31)
    canvas.navigation.zoom_to(zoom)
    finish(canvas)
    for _ in range(3):
        points = rng.uniform((0, 0), (canvas.width(), canvas.height()), (4, 2))
        drag(canvas, *(tuple(p) for p in points))
        settle()
        canvas.navigation.pan(QPointF(*rng.integers(-60, 60, 2)))
        settle()
        move(canvas, *rng.uniform((0, 0), (canvas.width(), canvas.height())))
        settle()
    canvas.editor.undo()
    finish(canvas)
    shown = on_window(canvas)
    assert np.array_equal(shown, painted_anew(canvas))


@pytest.mark.parametrize("keys", [NO_KEY, Qt.KeyboardModifier.AltModifier])
def test_what_a_nib_larger_than_the_view_changed_is_right_when_it_comes_into_sight(
    canvas: Canvas, keys: Qt.KeyboardModifier
) -> None:
    put_mask(canvas, Region(380, 500, 500, 640))
    canvas.editor.set_option("size", 200)
    canvas.navigation.zoom_to(8.0)
    canvas.centre_on(650, 450)
    finish(canvas)
    drag(canvas, (-700, 100), (-600, 160), (-560, 300), modifiers=keys)
    for dx, dy in ((250, 10), (60, -150), (-400, 333), (300, 300)):
        canvas.navigation.pan(QPointF(dx, dy))
        finish(canvas)
        assert np.array_equal(on_window(canvas), painted_anew(canvas))


@pytest.mark.parametrize("zoom", [0.5, 0.73, 1.0, 2.9, 8.0])
def test_scrolling_gives_what_painting_gives(canvas: Canvas, zoom: float) -> None:
    put_mask(canvas, Region(300, 400, 520, 800))
    canvas.navigation.zoom_to(zoom)
    move(canvas, 300, 200)
    finish(canvas)
    painted = []
    canvas.painted.connect(lambda region: painted.append(region.boundingRect()))
    for dx, dy in ((13, -7), (-40, 25), (3, 90)):
        before = canvas.viewport.x, canvas.viewport.y
        painted.clear()
        canvas.navigation.pan(QPointF(dx, dy))
        shown = on_window(canvas)
        assert (canvas.viewport.x, canvas.viewport.y) == (before[0] + dx, before[1] + dy)
        canvas.update()
        assert np.array_equal(shown, on_window(canvas))


def test_a_pan_paints_only_what_comes_into_sight(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    finish(canvas)
    areas = []
    canvas.painted.connect(lambda region: areas.append(sum(r.width() * r.height() for r in region)))
    canvas.navigation.pan(QPointF(-10, 0))
    settle()
    assert sum(areas) <= 12 * canvas.height()


def test_a_brush_move_paints_only_around_itself(canvas: Canvas) -> None:
    canvas.editor.set_option("size", 20)
    canvas.navigation.zoom_to(1.0)
    press(canvas, 200, 200)
    finish(canvas)
    boxes = []
    canvas.painted.connect(lambda region: boxes.append(region.boundingRect()))
    move(canvas, 205, 203, held=LEFT)
    settle()
    release(canvas, 205, 203)
    assert boxes[0].contains(205, 203)
    for box in boxes:  # on a busy machine the ring's turn has come, too
        assert box.width() < 80
        assert box.height() < 80


def test_at_full_size_the_window_shows_exactly_the_picture(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    view = canvas.viewport
    rows, columns = slice(-view.y, -view.y + view.height), slice(-view.x, -view.x + view.width)
    assert np.array_equal(on_window(canvas), document_of(canvas).photo.pixels[rows, columns])


@pytest.mark.parametrize("zoom", ZOOMS)
def test_a_stroke_lands_on_the_pixel_under_the_cursor(canvas: Canvas, zoom: float) -> None:
    canvas.editor.set_option("size", 1)
    canvas.navigation.zoom_to(zoom)
    for x, y in ((321.0, 215.0), (298.5, 204.25), (335.0, 222.0)):
        view = canvas.viewport
        column, row = (int(v) for v in view.to_image(x, y))
        drag(canvas, (x, y))
        marked = np.argwhere(document_of(canvas).mask.pixels)
        assert len(marked), "nothing was painted"
        nearest = np.abs(marked - (row, column)).max(axis=1).min()
        assert nearest <= 0, (marked, row, column)
        canvas.editor.clear_mask()


def test_strokes_may_begin_and_end_outside_the_picture(canvas: Canvas) -> None:
    canvas.editor.set_option("size", 40)
    view = canvas.viewport
    drag(canvas, (view.x - 10, view.y + 100), (view.x + 30, view.y + 100), (view.x + 30, view.y - 20))
    assert document_of(canvas).mask.pixels.any()
    assert document_of(canvas).history.labels == ["Brush stroke"]


def test_the_nib_is_seen_on_white_and_on_black(app: object) -> None:
    for value in (0, 255, 128):
        with opened_canvas(Photo(np.full((300, 300, 3), value, np.uint8))) as canvas:
            canvas.editor.set_option("size", 60)
            move(canvas, *AWAY)
            bare = on_window(canvas).astype(int)
            x, y = 320, 210
            move(canvas, x, y)
            with_nib = on_window(canvas).astype(int)
            differs = np.abs(with_nib - bare).max(axis=2)
            assert differs.max() > 100
            rows, columns = np.nonzero(differs > 40)
            radius = np.hypot(rows + 0.5 - y, columns + 0.5 - x)
            assert radius.min() > 27
            assert radius.max() < 33


@pytest.mark.parametrize("value", [0, 128, 255])
def test_the_source_of_a_copy_is_marked_at_once_on_light_and_on_dark(app: object, value: int) -> None:
    with opened_canvas(Photo(np.full((300, 300, 3), value, np.uint8))) as canvas:
        canvas.editor.use("clone")
        canvas.editor.set_option("size", 60)
        bare = on_window(canvas).astype(int)
        alt = Qt.KeyboardModifier.AltModifier
        move(canvas, 250, 180, modifiers=alt)
        drag(canvas, (250, 180), modifiers=alt)  # a click, and the pointer stays

        def marked() -> bool:
            arms = np.abs(on_window(canvas).astype(int) - bare).max(axis=2)[180 - 16 : 180 + 16, 250 - 16 : 250 + 16]
            rows, columns = np.nonzero(arms > 80)
            return bool(rows.size and np.ptp(rows) > 20 and np.ptp(columns) > 20)

        assert marked()
        move(canvas, 400, 250)
        assert marked()


def test_strokes_that_are_not_solved_yet_are_shown_and_newer_ones_over_them(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    bare = on_window(canvas)
    document, editor = document_of(canvas), canvas.editor
    go = threading.Event()
    editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    move(canvas, 300, 200)
    editor.use("heal")
    editor.set_option("size", 40)
    drag(canvas, (200, 100), modifiers=Qt.KeyboardModifier.AltModifier)
    press(canvas, 400, 250)
    move(canvas, 440, 250, held=LEFT)
    move(canvas, *AWAY, held=LEFT)
    painted = on_window(canvas)
    assert not np.array_equal(painted, bare)
    release(canvas, *AWAY)
    move(canvas, *AWAY)
    assert not document.history.can_undo
    assert np.array_equal(on_window(canvas), painted)
    assert np.array_equal(painted_anew(canvas), painted)
    view = canvas.viewport
    with document.edit("Newer") as edit, edit.write(document.photo, Region(400, 600, 500, 720)) as pixels:
        pixels[...] = (1, 2, 3)
    newer = (slice(405 + view.y, 495 + view.y), slice(605 + view.x, 715 + view.x))
    assert (on_window(canvas)[newer] == (1, 2, 3)).all()
    editor.go_to(0)
    go.set()
    wait_until(lambda: not editor.jobs)
    assert np.array_equal(on_window(canvas), bare)


def test_an_edit_of_the_picture_is_shown_at_once(canvas: Canvas) -> None:
    document = document_of(canvas)
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    with document.edit("Test") as edit, edit.write(document.photo, Region(440, 640, 460, 660)) as pixels:
        pixels[...] = (1, 2, 3)
    view = canvas.viewport
    shown = on_window(canvas)
    assert (shown[440 + view.y : 460 + view.y, 640 + view.x : 660 + view.x] == (1, 2, 3)).all()


def test_hiding_the_mask_shows_the_bare_picture(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    bare = on_window(canvas)
    put_mask(canvas, Region(400, 600, 500, 700))
    assert not np.array_equal(on_window(canvas), bare)
    canvas.show_mask = False
    assert np.array_equal(on_window(canvas), bare)


def test_opacity_and_colour_of_the_overlay_are_as_set(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    canvas.scene.overlay_colour = "#00ff00"
    canvas.scene.overlay_opacity = 0.5
    put_mask(canvas, Region(380, 580, 520, 720))
    finish(canvas)
    view = canvas.viewport
    shown = on_window(canvas)[450 + view.y, 650 + view.x].astype(int)
    photo = document_of(canvas).photo.pixels[450, 650].astype(int)
    assert np.abs(shown - (photo * 0.5 + np.array((0, 127.5, 0)))).max() <= 2


@pytest.mark.parametrize("colour", [(255, 59, 48), (40, 190, 80), (20, 130, 255), (200, 200, 200), (30, 30, 30)])
def test_the_overlay_differs_from_the_picture_around_it(app: object, colour: tuple[int, int, int]) -> None:
    with opened_canvas(Photo(np.full((400, 600, 3), colour, np.uint8))) as canvas:
        canvas.editor.set_option("size", 60)
        drag(canvas, (300, 200), (340, 220))
        move(canvas, *AWAY)
        shown = on_window(canvas).astype(int)
        inside = shown[215, 325]
        assert np.abs(inside - np.array(colour)).max() > 60
        assert np.abs(inside - np.array(colour)).sum() > 100


def test_the_colour_stays_while_a_mask_is_painted(app: object) -> None:
    pixels = np.zeros((400, 600, 3), np.uint8)
    pixels[:, :300] = (250, 50, 40)
    pixels[:, 300:] = (30, 120, 250)
    with opened_canvas(Photo(pixels)) as canvas:
        canvas.editor.set_option("size", 20)
        seen = set()
        for x in range(60, 580, 40):
            drag(canvas, (x + 20, 200), (x + 30, 220))
            seen.add(canvas.scene.style.colour)
        assert len(seen) == 1


def test_the_overlay_differs_from_a_small_thing_that_is_masked(app: object) -> None:
    pixels = np.full((600, 800, 3), 128, np.uint8)
    pixels[280:320, 380:420] = (255, 59, 48)
    with opened_canvas(Photo(pixels)) as canvas:
        canvas.navigation.zoom_to(1.0)
        canvas.editor.set_option("size", 12)
        at = canvas.viewport.on_screen(Region(280, 360, 320, 420))
        drag(canvas, (at.x0, at.y0 + 20), (at.x0 + 50, at.y0 + 20))  # begins beside it
        shown = on_window(canvas).astype(int)[at.y0 + 20, at.x0 + 40]
        assert np.abs(shown - (255, 59, 48)).max() > 60


def test_a_zoom_is_rough_while_it_moves_and_smooth_soon_after(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    wheel(canvas, 300, 200, notches=1)
    assert canvas.moving
    rough = on_window(canvas)
    wait_until(lambda: not canvas.moving)
    finish(canvas)
    smooth = on_window(canvas)
    assert not np.array_equal(rough, smooth)
    assert np.array_equal(smooth, painted_anew(canvas))
    assert np.abs(rough.astype(int) - smooth).mean() < 12  # the same picture, at the same place


def test_a_first_coarse_sight_gives_way_to_the_picture_without_a_jump(app: object) -> None:
    y, x = np.mgrid[:1600, :2400]
    pixels = np.stack([x / 10, y / 7, (x + y) / 16], axis=-1).clip(0, 255).astype(np.uint8)
    with opened_canvas(Photo(np.zeros((50, 80, 3), np.uint8))) as canvas:
        canvas.editor.coarse(pixels[4::8, 4::8], (1600, 2400))
        coarse = on_window(canvas).astype(int)
        place = canvas.viewport.picture
        assert place.width > 600
        canvas.editor.open_photo(Photo(pixels))
        wait_until(lambda: document_of(canvas).shape == (1600, 2400))
        finish(canvas)
        fine = on_window(canvas).astype(int)
        assert canvas.viewport.picture == place
        inside = (slice(place.y0 + 3, place.y1 - 3), slice(place.x0 + 3, place.x1 - 3))
        assert np.abs(coarse[inside] - fine[inside]).max() < 8


def test_the_view_stays_where_it_is_when_a_fill_comes_in_and_is_taken_back(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0, QPointF(100, 50))
    place = canvas.viewport.picture
    put_mask(canvas, Region(300, 300, 320, 330))
    canvas.editor.fill()
    wait_until(lambda: not canvas.editor.jobs)
    canvas.editor.undo()
    assert canvas.viewport.picture == place


def test_another_picture_is_shown_whole(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(8.0)
    canvas.editor.open_photo(Photo(photograph(2000, 500)))
    wait_until(lambda: document_of(canvas).shape == (2000, 500))
    assert canvas.viewport.fitted
    assert canvas.viewport.zoom == canvas.height() / 2000


def test_finished_pieces_are_shown_over_the_picture_until_the_job_ends(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    bare = on_window(canvas)
    region = Region(430, 630, 470, 690)
    put_mask(canvas, region)
    masked = on_window(canvas)
    canvas.editor.previewed(region, np.full((40, 60, 3), 7, np.uint8))
    view = canvas.viewport
    inside = (slice(432 + view.y, 468 + view.y), slice(632 + view.x, 688 + view.x))
    assert (on_window(canvas)[inside] == 7).all()
    canvas.editor.state_changed()  # no job is left
    assert np.array_equal(on_window(canvas), masked)
    canvas.editor.undo()
    assert np.array_equal(on_window(canvas), bare)


def test_a_result_that_asks_is_shown_in_a_frame_until_it_is_dropped(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    bare = on_window(canvas)
    region = Region(430, 630, 470, 690)
    step = FillStep("telea", {}, 0, FillOptions(), region, b"", (900, 1300))
    pieces = ((region, np.full((40, 60, 3), 7, np.uint8)),)
    canvas.editor.filling.offers.ask(Result(step, "Telea", None, "Fill", pieces, lambda: None), Message("?"))
    canvas.editor.state_changed()
    view, shown = canvas.viewport, on_window(canvas)
    assert (shown[431 + view.y : 469 + view.y, 631 + view.x : 689 + view.x] == 7).all()
    around = shown[429 + view.y - 3 : 429 + view.y + 2, 650 + view.x]
    assert around.max() > 200
    assert around.min() < 130
    canvas.editor.drop()
    assert np.array_equal(on_window(canvas), bare)


def test_edges_that_a_result_followed_are_white_on_dark_and_gone_when_they_are_not_wanted(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    region = Region(430, 630, 470, 690)
    step = FillStep("edgeconnect", {}, 0, FillOptions(), region, b"", (900, 1300))
    strength = np.zeros((40, 60), np.float32)
    strength[20] = 1
    pieces = ((region, np.full((40, 60, 3), 128, np.uint8)),)
    edges = (Edges(region, strength),)
    result = Result(step, "EdgeConnect", None, "Fill", pieces, lambda: None, edges=edges)
    canvas.editor.filling.offers.ask(result, Message("?"))
    canvas.editor.state_changed()
    finish(canvas)
    bare, view = on_window(canvas), canvas.viewport
    preferences = canvas.editor.settings.preferences
    for wanted in (True, False):
        canvas.editor.settings.preferences = replace(preferences, show_edges=wanted)
        canvas.editor.state_changed()
        shown = on_window(canvas)
        column = shown[430 + view.y : 470 + view.y, 660 + view.x, 0].tolist()
        assert column[18:24] == ([128, 128, 255, 64, 128, 128] if wanted else [128] * 6)
    assert np.array_equal(shown, bare)


def test_holding_the_key_shows_the_original_and_letting_go_the_picture(canvas: Canvas) -> None:
    document = document_of(canvas)
    canvas.navigation.zoom_to(1.0)
    move(canvas, *AWAY)
    finish(canvas)
    before = on_window(canvas)
    with document.edit("Test") as edit, edit.write(document.photo, Region(400, 600, 500, 700)) as pixels:
        pixels[...] = 0
    after = on_window(canvas)
    canvas.hold_original(True)
    wait_until(lambda: canvas.scene.original is not None)
    held = on_window(canvas)
    below_note = slice(60, None)
    assert np.array_equal(held[below_note], before[below_note])
    canvas.hold_original(False)
    assert np.array_equal(on_window(canvas), after)


def test_the_divider_shows_before_on_its_left_and_after_on_its_right(canvas: Canvas) -> None:
    document = document_of(canvas)
    canvas.navigation.zoom_to(1.0)
    move(canvas, *AWAY)
    finish(canvas)
    before = on_window(canvas)
    with document.edit("Test") as edit, edit.write(document.photo, Region.whole(document.shape)) as pixels:
        pixels[...] //= 2
    after = on_window(canvas)
    canvas.compare = True
    wait_until(lambda: canvas.scene.original is not None)
    rows = slice(60, 150)
    for x in (320, 130, 500):
        drag(canvas, (canvas.divider.x, 300), (x + 40, 310), (x, 300))
        move(canvas, *AWAY)
        assert canvas.divider.x == x
        shown = on_window(canvas)
        assert np.array_equal(shown[rows, : x - 20], before[rows, : x - 20])
        assert np.array_equal(shown[rows, x + 20 :], after[rows, x + 20 :])
        canvas.update()
        assert np.array_equal(shown, on_window(canvas))
    assert not document.mask.pixels.any()
    canvas.compare = False
    assert np.array_equal(on_window(canvas), after)


def test_the_original_follows_a_crop(canvas: Canvas) -> None:
    document = document_of(canvas)
    canvas.hold_original(True)
    wait_until(lambda: canvas.scene.original is not None)
    document.crop(Region(100, 200, 500, 800), "Crop")
    wait_until(lambda: canvas.scene.original is not None)
    canvas.navigation.zoom_to(1.0)
    finish(canvas)
    view, shown = canvas.viewport, on_window(canvas)
    assert np.array_equal(
        shown[100:300, 100:400],
        document.original()[100 - view.y : 300 - view.y, 100 - view.x : 400 - view.x],
    )
    document.history.undo()
    wait_until(lambda: canvas.scene.original is not None and canvas.scene.original.shape == (900, 1300))


def test_a_magnifier_shows_the_place_under_the_cursor_larger_and_leaves_no_trace(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(1.0)
    move(canvas, 200, 200)
    finish(canvas)
    bare = on_window(canvas)
    canvas.magnifier = True
    for x in (200, 260, 340):
        move(canvas, x, 200)
        shown = on_window(canvas)
        view = canvas.viewport
        assert tuple(shown[200, x]) == tuple(document_of(canvas).photo.pixels[200 - view.y, x - view.x])
        canvas.update()
        assert np.array_equal(shown, on_window(canvas))
    move(canvas, 200, 200)
    canvas.magnifier = False
    assert np.array_equal(on_window(canvas), bare)


def test_painting_a_thousand_times_leaks_no_reference_to_none(canvas: Canvas) -> None:
    grabbed(canvas)
    before = sys.getrefcount(None)
    for i in range(1000):
        canvas.update(i % 50, i % 40, 5, 5)
        canvas.repaint(i % 50, i % 40, 5, 5)
    assert abs(sys.getrefcount(None) - before) < 100


def test_a_screen_reader_hears_name_zoom_and_tool(canvas: Canvas) -> None:
    canvas.navigation.zoom_to(2.0)
    canvas.editor.use("lasso")
    interface = QAccessible.queryAccessibleInterface(canvas)
    assert interface.text(QAccessible.Text.Name) == "Picture"
    assert interface.text(QAccessible.Text.Description) == "200 %, Lasso"


def test_nothing_is_left_of_a_picture_that_was_closed(canvas: Canvas) -> None:
    put_mask(canvas, Region(400, 600, 500, 700))
    canvas.editor.close()
    shown = on_window(canvas)
    assert (shown == shown[0, 0]).all()
    drag(canvas, (100, 100), (200, 200))
    wheel(canvas, 100, 100, notches=2)
    canvas.navigation.fit()
    canvas.hold_original(True)
    canvas.compare = True
    settle()


def test_what_cannot_be_smoothed_in_one_paint_is_smoothed_by_the_next(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canvas, "patience", 1e-9)
    paints = []
    canvas.painted.connect(paints.append)
    canvas.navigation.zoom_to(0.73)
    put_mask(canvas, Region(100, 100, 800, 1200))
    finish(canvas)
    assert len(paints) > 4
    slowly = on_window(canvas)
    monkeypatch.undo()
    assert np.array_equal(slowly, painted_anew(canvas))
