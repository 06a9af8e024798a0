"""Where a picture lies in a view."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.imaging.region import Region
from lacuna.ui.canvas.viewport import KEPT_IN_SIGHT, LARGEST, Viewport


def viewport(zoom: float = 1.0, image: tuple[int, int] = (3000, 4000)) -> Viewport:
    view = Viewport(800, 600)
    view.show(image)
    view.zoom_to(zoom, 400, 300)
    return view


@given(st.floats(0.01, 64), st.floats(-500, 5000), st.floats(-500, 5000))
def test_image_and_screen_are_inverse(zoom: float, x: float, y: float) -> None:
    view = viewport(zoom)
    assert view.to_image(*view.to_screen(x, y)) == pytest.approx((x, y), abs=1e-6)


@given(st.floats(0.02, 60), st.integers(250, 550), st.integers(200, 400), st.floats(0.05, 60))
def test_zooming_keeps_the_point_under_the_cursor(zoom: float, x: int, y: int, then: float) -> None:
    view = Viewport(800, 600)
    view.show((300000, 400000))  # so large that no edge comes near
    view.zoom_to(zoom, 400, 300)
    point = view.to_image(x, y)
    view.zoom_to(then, x, y)
    assert view.to_screen(*point) == pytest.approx((x, y), abs=0.51)


@given(st.lists(st.tuples(st.integers(-9000, 9000), st.integers(-9000, 9000), st.floats(0.01, 64)), max_size=8))
def test_the_picture_is_never_lost_and_lies_on_whole_pixels(moves: list[tuple[int, int, float]]) -> None:
    view = viewport()
    for dx, dy, zoom in moves:
        view.pan(dx, dy)
        view.zoom_to(zoom, 100, 100)
        shown = view.picture.intersect(Region(0, 0, 600, 800))
        assert shown.height >= min(KEPT_IN_SIGHT, view.picture.height)
        assert shown.width >= min(KEPT_IN_SIGHT, view.picture.width)
        assert isinstance(view.x, int)
        assert isinstance(view.y, int)


@pytest.mark.parametrize("start", [0.1387, 0.3, 1.0, 1.7, 5.0])
def test_wheel_steps_pass_through_every_power_of_two(start: float) -> None:
    view = viewport(start)
    seen = set()
    for _ in range(12):
        view.zoom_to(view.stepped(1), 400, 300)
        seen.add(view.zoom)
    low, high = min(seen), max(seen)
    assert {2.0**n for n in range(-6, 7) if low <= 2.0**n <= high} <= seen
    for _ in range(30):
        view.zoom_to(view.stepped(-1), 400, 300)
        seen.add(view.zoom)
    assert {0.25, 0.5, 1.0} <= seen


def test_a_step_there_and_back_is_no_step() -> None:
    view = viewport(0.5)
    view.zoom_to(view.stepped(3), 400, 300)
    view.zoom_to(view.stepped(-3), 400, 300)
    assert view.zoom == 0.5


def test_small_parts_of_notches_add_up_to_whole_ones() -> None:
    view = viewport(1.0)
    for _ in range(8):
        view.zoom_to(view.stepped(0.5), 400, 300)
    assert view.zoom == pytest.approx(2.0)


def test_zoom_has_bounds() -> None:
    view = viewport()
    view.zoom_to(1e9, 0, 0)
    assert view.zoom == LARGEST
    view.zoom_to(0, 0, 0)
    assert view.zoom == pytest.approx(16 / 4000)


def test_a_change_of_size_keeps_the_middle_however_often_it_comes() -> None:
    view = viewport(3.3)
    view.pan(37, -51)
    middle = view.to_image(400, 300)
    for width in (801, 650, 1203, 777, 800):
        view.resize(width, width * 3 // 4)
    view.resize(800, 600)
    assert view.to_image(400, 300) == pytest.approx(middle, abs=0.5 / 3.3)


def test_a_fitted_picture_stays_fitted_until_it_is_moved() -> None:
    view = Viewport(800, 600)
    view.show((3000, 4000))
    assert view.zoom == 0.2
    view.resize(400, 600)
    assert view.zoom == 0.1
    view.zoom_to(0.2, 0, 0)
    view.resize(4000, 3000)
    assert view.zoom == 0.2


def test_a_small_picture_opens_at_its_own_size_and_fits_when_asked() -> None:
    view = Viewport(800, 600)
    view.show((100, 200))
    assert view.zoom == 1.0
    assert (view.x, view.y) == (300, 250)
    view.fit()
    assert view.zoom == 4.0
    view.show((4, 4))
    view.fit()
    assert view.zoom == 8.0


def test_after_one_that_was_fitted_the_next_picture_is_fitted_too() -> None:
    view = Viewport(800, 600)
    view.show((300, 200))
    view.fit()
    view.show((0, 0))  # closed, or on its way
    view.show((150, 200))
    assert view.zoom == 4.0
    view.zoom_to(3.0, 0, 0)
    view.show((150, 200))
    assert view.zoom == 1.0


def test_what_is_seen_of_a_picture_covers_the_view() -> None:
    view = viewport(2.0)
    seen = view.visible
    assert (seen.height, seen.width) == (300, 400)
    assert view.on_screen(seen) == Region(0, 0, 600, 800)


def test_nothing_is_seen_of_no_picture() -> None:
    view = Viewport(800, 600)
    view.show((0, 0))
    assert view.picture.empty
    assert view.visible.empty
    view.zoom_to(2.0, 10, 10)
    view.pan(5, 5)


@given(
    st.integers(0, 900), st.integers(0, 700), st.integers(1, 400), st.integers(1, 300),
    st.integers(60, 1500), st.integers(60, 1500),
)  # fmt: skip
def test_a_region_that_is_looked_at_is_in_view_and_as_large_as_the_view_allows(
    x: int, y: int, width: int, height: int, wide: int, high: int
) -> None:
    viewport = Viewport(wide, high)
    viewport.show((1000, 1300))
    region = Region(y, x, y + height, x + width)
    viewport.look_at(region)
    corners = viewport.to_screen(region.x0, region.y0), viewport.to_screen(region.x1, region.y1)
    for at in corners:  # to half a device pixel: the picture's origin lies on a whole one
        assert -0.51 <= at[0] <= wide + 0.51
        assert -0.51 <= at[1] <= high + 0.51
    assert viewport.zoom == 8 or viewport.zoom == min(wide / width, high / height)
    assert not viewport.fitted
