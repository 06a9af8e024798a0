"""Guide lines and sampling areas: drawn, moved, taken away, kept, and told to the fill."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lacuna import paths
from lacuna.contract.fill import Context, Needs
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.document.journal import Journal
from lacuna.editor.tool import Button, Modifier
from lacuna.imaging.region import Region
from tests.editor.support import Desk, desk
from tests.engine.backends import Scripted, constant, installed

FOLLOWS = Needs(context=Context(minimum=8, share=0.0), guides=frozenset({Guide.LINE, Guide.SOURCE, Guide.NEVER}))


def strokes(opened: Desk) -> tuple[GuideStroke, ...]:
    return opened.document.guides


def line(opened: Desk, *points: tuple[float, float]) -> None:
    """Corners clicked, then Enter."""
    opened.editor.use("guide")
    for x, y in points:
        opened.click(x, y)
    opened.editor.enter()


def test_a_line_goes_from_click_to_click_until_enter(opened: Desk):
    line(opened, (50, 60), (150, 60), (150, 160))
    (stroke,) = strokes(opened)
    assert stroke == GuideStroke(Guide.LINE, ((50, 60), (150, 60), (150, 160)), 3.0)
    assert opened.labels == ["Guide line"]
    opened.editor.undo()
    assert strokes(opened) == ()
    opened.editor.redo()
    assert strokes(opened) == (stroke,)


def test_a_line_shows_itself_and_its_last_corner_can_be_taken_back(opened: Desk):
    opened.editor.use("guide")
    opened.click(50, 60)
    opened.click(150, 60)
    assert opened.editor.outline(None).path == ((50, 60), (150, 60), (150, 60))
    opened.editor.back()
    assert opened.editor.outline(None).path[0] == (50, 60)
    opened.editor.back()
    assert opened.editor.gesture is None
    assert opened.labels == []


def test_with_shift_a_segment_is_level_upright_or_aslant(opened: Desk):
    opened.editor.use("guide")
    opened.click(50, 60)
    opened.click(150, 66, modifiers=Modifier.SHIFT)
    opened.editor.enter()
    (start, end) = strokes(opened)[0].points
    assert end[1] == pytest.approx(start[1])
    assert math.dist(start, end) == pytest.approx(math.dist((50, 60), (150, 66)))


def test_a_line_drawn_by_hand_is_smooth_and_keeps_its_course(opened: Desk):
    opened.editor.use("guide")
    rng = np.random.default_rng(0)
    wished = [(50 + 2 * i, 150 + 60 * math.sin(i / 25)) for i in range(120)]
    opened.drag(*((x, y + rng.uniform(-1, 1)) for x, y in wished))
    (stroke,) = strokes(opened)
    assert len(stroke.points) < 40
    assert stroke.points[0] == pytest.approx(wished[0], abs=1.5)
    assert stroke.points[-1] == pytest.approx(wished[-1], abs=1.5)
    drawn = np.array(stroke.points)
    apart = [abs(np.interp(x, *drawn.T) - y) for x, y in wished]
    assert max(apart) < 1.5


def test_a_click_alone_makes_no_line(opened: Desk):
    line(opened, (50, 60))
    assert opened.labels == []


def test_a_point_is_dragged_and_a_line_taken_away_by_alt_or_the_right_button(opened: Desk):
    line(opened, (50, 60), (150, 60), (150, 160))
    line(opened, (250, 60), (350, 60))
    opened.click(152, 61)  # no drag
    assert len(opened.labels) == 2
    opened.drag((152, 61), (182, 81))
    assert strokes(opened)[0].points == ((50, 60), (180, 80), (150, 160))
    opened.click(300, 63, button=Button.RIGHT)
    assert [stroke.points[0] for stroke in strokes(opened)] == [(50, 60)]
    opened.click(200, 200, modifiers=Modifier.ALT)  # nothing is near
    opened.click(115, 70, modifiers=Modifier.ALT)
    assert strokes(opened) == ()
    assert opened.labels[2:] == ["Move a guide's point", "Remove a guide", "Remove a guide"]


def test_how_near_is_meant_on_the_screen(opened: Desk):
    line(opened, (50, 60), (150, 60))
    opened.click(100, 66, modifiers=Modifier.ALT, scale=4)
    assert len(strokes(opened)) == 1
    opened.click(100, 66, modifiers=Modifier.ALT, scale=1)
    assert strokes(opened) == ()


def test_an_area_is_drawn_around_and_taken_away_from_within(opened: Desk):
    opened.editor.use("sampling")
    opened.drag((50, 50), (150, 50), (150, 150), (50, 150))
    opened.editor.set_option("kind", "never")
    opened.drag((200, 50), (300, 50), (300, 150), (200, 150))
    assert [(s.kind, s.closed, len(s.points)) for s in strokes(opened)] == [
        (Guide.SOURCE, True, 4),
        (Guide.NEVER, True, 4),
    ]
    opened.click(100, 100, modifiers=Modifier.ALT)
    assert [s.kind for s in strokes(opened)] == [Guide.NEVER]
    opened.editor.guides.clear()
    assert strokes(opened) == ()
    assert opened.labels[-1] == "Clear guides"


def test_a_crop_takes_guides_along(opened: Desk):
    line(opened, (50, 60), (150, 60))
    opened.document.crop(Region(40, 30, 200, 300), "Crop")
    assert strokes(opened)[0].points == ((20, 20), (120, 20))


def test_guides_reach_the_fill_and_its_recipe_and_a_fill_leaves_them(opened: Desk):
    with installed(Scripted(constant(3), FOLLOWS)) as backend:
        opened.editor.use_backend("scripted")
        line(opened, (100, 150), (300, 150))
        opened.editor.use("rectangle")
        opened.drag((180, 130), (220, 170))
        opened.editor.fill()
        opened.settle()
        (work,) = backend.works
        (told,) = work.guides
        assert told.points[1][0] - told.points[0][0] == 200
        assert opened.document.steps()[-1].guides == strokes(opened)
        assert len(strokes(opened)) == 1


def test_a_fill_with_other_guides_is_another_try(opened: Desk):
    with installed(Scripted(lambda work: constant(3 + len(work.guides))(work), FOLLOWS)) as backend:
        opened.editor.use_backend("scripted")
        opened.editor.use("rectangle")
        opened.drag((180, 130), (220, 170))
        opened.editor.fill()
        opened.settle()
        opened.editor.try_again()
        opened.settle()
        assert "the same result" in opened.messages[-1].sentence
        line(opened, (100, 150), (300, 150))
        opened.editor.try_again()
        opened.settle()
        assert [len(work.guides) for work in backend.works] == [0, 1]
        assert opened.editor.offer is not None
        opened.editor.accept()
        assert len(opened.document.steps()[-1].guides) == 1
        assert len(strokes(opened)) == 1


def test_areas_bound_what_a_fill_may_copy(opened: Desk):
    with installed(Scripted(constant(3), FOLLOWS)) as backend:
        opened.editor.use_backend("scripted")
        opened.editor.use("sampling")
        opened.drag((20, 20), (60, 20), (60, 60), (20, 60))
        opened.editor.use("rectangle")
        opened.drag((180, 130), (220, 170))
        opened.editor.fill()
        opened.settle()
        (work,) = backend.works
        assert work.sources is not None
        assert 1500 < np.count_nonzero(work.sources) < 1800


def test_kinds_that_the_method_does_not_follow_are_known_before_the_fill(opened: Desk):
    with installed(Scripted(constant(3), replace(FOLLOWS, guides=frozenset({Guide.LINE})))):
        opened.editor.use_backend("scripted")
        assert opened.editor.unheard == ""
        line(opened, (100, 150), (300, 150))
        assert opened.editor.unheard == ""
        opened.editor.use("sampling")
        opened.drag((20, 20), (60, 20), (60, 60), (20, 60))
        assert opened.editor.unheard == "areas to copy from"
        opened.editor.use_backend("telea")
        assert "areas to copy from" in opened.editor.unheard


def test_only_what_lies_near_the_hole_is_complained_of(opened: Desk):
    with installed(Scripted(constant(3), replace(FOLLOWS, guides=frozenset({Guide.HINT})))):
        opened.editor.use_backend("scripted")
        line(opened, (10, 10), (40, 10))
        assert opened.editor.unheard == "lines"  # for a hole that nobody knows yet
        opened.editor.use("rectangle")
        opened.drag((180, 130), (220, 170))
        assert opened.editor.unheard == ""
        opened.editor.fill()
        opened.settle()
        assert opened.messages == []
        line(opened, (170, 150), (230, 150))
        opened.editor.use("rectangle")
        opened.drag((180, 130), (220, 170))
        assert opened.editor.unheard == "lines"
        opened.editor.fill()
        opened.settle()
        assert "lines" in opened.messages[-1].sentence


def test_the_first_line_in_another_picture_is_one_to_continue(opened: Desk):
    opened.editor.use("guide")
    opened.editor.set_option("kind", "erase-edge")
    opened.editor.set_option("width", 7)
    opened.open(paths.resources() / "samples" / "lion.jpg")
    assert (opened.editor.options.kind, opened.editor.options.width) == ("line", 7)


def test_guides_are_written_and_added_from_a_file_as_one_edit(opened: Desk, tmp_path: Path):
    line(opened, (100, 150), (300, 150))
    before = strokes(opened)
    opened.editor.guides.export(tmp_path / "guides.svg")
    opened.settle()
    opened.editor.guides.clear()
    opened.editor.guides.import_file(tmp_path / "guides.svg")
    opened.settle()
    assert [s.points for s in strokes(opened)] == [pytest.approx(np.array(before[0].points))]
    assert opened.labels[-1] == "Import guides"
    (tmp_path / "none.json").write_text("{}")
    opened.editor.guides.import_file(tmp_path / "none.json")
    opened.settle()
    refused = opened.messages[-1]
    assert "none.json" in refused.sentence
    assert refused.over is not None
    assert not refused.over()
    opened.editor.guides.import_file(tmp_path / "guides.svg")
    opened.settle()
    assert refused.over()


def test_an_error_of_a_fill_is_over_with_the_next_that_succeeds(opened: Desk):
    opened.editor.use("sampling")
    opened.drag((100, 100), (160, 100), (160, 140), (100, 140))
    opened.editor.use("rectangle")
    opened.drag((90, 90), (170, 150))
    with installed(Scripted(constant(0.5), FOLLOWS)):
        opened.editor.use_backend("scripted")
        opened.editor.fill()
        opened.settle()
        refused = opened.messages[-1]
        assert "sampling area is empty" in refused.sentence
        assert refused.over is not None
        assert not refused.over()
        opened.editor.guides.clear()
        opened.editor.fill()
        opened.settle()
    assert refused.over()


def test_the_history_names_what_was_drawn(opened: Desk):
    opened.editor.use("guide")
    opened.drag((10, 10), (60, 40))
    opened.editor.set_option("kind", Guide.ERASE_EDGE.value)
    opened.drag((10, 110), (60, 140))
    opened.editor.use("sampling")
    for kind in (Guide.SOURCE, Guide.NEVER):
        opened.editor.set_option("kind", kind.value)
        opened.drag((200, 200), (260, 200), (260, 240))
    assert opened.labels == ["Guide line", "Rub out edges", "Sampling area", "Area never to copy from"]


def test_guides_come_back_after_a_crash(tmp_path: Path):
    from tests.editor.support import picture

    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        line(first, (100, 150), (300, 150))
        kept = strokes(first)
        journal = first.editor.files._journal
        assert isinstance(journal, Journal)
        journal.leave()
        first.editor.files._journal = None
        with desk() as second:
            (session,) = second.editor.restorable()
            second.editor.restore(session)
            second.settle()
            assert strokes(second) == kept


def test_a_colour_of_the_picture_is_taken_up_and_painted_as_a_hint(opened: Desk):
    opened.editor.use("hint")
    opened.click(200, 150, modifiers=Modifier.ALT)
    mean = opened.photo[149:152, 199:202].reshape(-1, 3).mean(0)
    colour = opened.editor.options.colour
    assert [int(colour[i : i + 2], 16) for i in (1, 3, 5)] == pytest.approx(mean.tolist(), abs=0.51)
    assert strokes(opened) == ()
    opened.drag((60, 60), (90, 70), (120, 60))
    opened.click(300, 200)
    line, dot = strokes(opened)
    assert (line.kind, line.width) == (Guide.HINT, 16.0)
    assert line.colour == pytest.approx([part / 255 for part in mean], abs=0.003)
    assert math.dist(*dot.points) < 0.1
    opened.drag((60, 60), (50, 90))
    assert strokes(opened)[0].points[0] == (50, 90)
    opened.click(300, 203, button=Button.RIGHT)
    assert len(strokes(opened)) == 1
    opened.editor.undo()
    assert strokes(opened)[1] == dot
    assert opened.labels == ["Colour hint", "Colour hint", "Move a guide's point", "Remove a guide"]


def test_the_width_of_a_line_goes_by_the_keys_of_the_brushs_size(opened: Desk):
    opened.editor.use("guide")
    opened.editor.resize_brush(1)
    assert opened.editor.options.width == 4.0
    opened.editor.resize_brush(100)
    assert opened.editor.options.width == 100.0
