"""Where a filled pixel was copied from, as the outline tells it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from lacuna.editor.tool import Modifier
from lacuna.imaging.region import Region
from tests.editor.support import Desk, pointer


@pytest.fixture
def filled(opened: Desk) -> Desk:
    """A box filled by patches; origins are shown."""
    opened.editor.settings.preferences = dataclasses.replace(
        opened.editor.settings.preferences, show_origin=True, grow=0.0
    )
    opened.editor.use_backend("criminisi")
    opened.editor.use("rectangle")
    opened.drag((100, 100), (130, 130))
    opened.editor.fill()
    opened.settle()
    assert opened.labels[-1].startswith("Fill"), opened.messages
    return opened


def origin(desk: Desk, x: float, y: float) -> tuple[int, int] | None:
    circles = desk.editor.outline(pointer(x, y)).circles
    return (int(circles[0][0]), int(circles[0][1])) if circles else None


def test_a_filled_pixel_shows_the_known_one_it_is_a_copy_of(filled: Desk):
    for x, y in ((100, 100), (115, 120), (129, 129)):
        found = origin(filled, x + 0.5, y + 0.5)
        assert found is not None
        assert np.array_equal(filled.photo[y, x], filled.photo[found[1], found[0]])
        assert not (100 <= found[0] < 130 and 100 <= found[1] < 130)


def test_known_pixels_and_places_outside_show_nothing(filled: Desk):
    assert origin(filled, 50, 50) is None
    assert origin(filled, -5, -5) is None


def test_an_undone_fill_shows_nothing_until_it_is_redone(filled: Desk):
    filled.editor.undo()
    assert origin(filled, 115, 115) is None
    filled.editor.redo()
    assert origin(filled, 115, 115) is not None


def test_a_crop_moves_places_so_nothing_is_shown(filled: Desk):
    filled.document.crop(Region(50, 50, 250, 250), "Crop")
    assert origin(filled, 65, 65) is None
    filled.editor.undo()
    assert origin(filled, 115, 115) is not None


@pytest.mark.parametrize("brush", ["clone", "heal"])
def test_the_source_of_a_brush_is_marked_alone(filled: Desk, brush: str):
    filled.editor.use(brush)
    assert len(filled.editor.outline(pointer(115, 115)).circles) == 2  # the nib, and where the pixel came from
    filled.click(200, 60, modifiers=Modifier.ALT)
    assert [(x, y) for x, y, _radius in filled.editor.outline(pointer(115, 115)).circles] == [(115, 115), (200, 60)]
    filled.drag((100, 110), (115, 115), release=False)
    assert [(x, y) for x, y, _radius in filled.editor.outline(pointer(115, 115)).circles] == [(115, 115), (215, 65)]


def test_nothing_is_shown_unless_it_is_wanted(filled: Desk):
    filled.editor.settings.preferences = dataclasses.replace(filled.editor.settings.preferences, show_origin=False)
    assert origin(filled, 115, 115) is None
