"""Sizes are what a person meant, to the pixel."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.contract.enlargement import (
    Rule,
    by_factor,
    exact_factor,
    to_height,
    to_long_side,
    to_sides,
    to_size,
    to_width,
)
from lacuna.errors import InvalidParameter


@pytest.mark.parametrize(("factor", "length", "meant", "published"), [(1.4, 45, 63, 62), (2.3, 50, 115, 114)])
def test_a_factor_is_the_decimal_that_was_written(factor: float, length: int, meant: int, published: int) -> None:
    assert by_factor(length, 1, factor).rows == meant
    assert by_factor(length, 1, str(factor)).rows == meant
    assert by_factor(length, 1, factor, Rule.PUBLISHED).rows == published


@given(st.integers(1, 5000), st.integers(1, 800))
def test_the_published_size_is_the_exact_one_or_one_pixel_less(length: int, hundredths: int) -> None:
    factor = hundredths / 100
    exact, published = (by_factor(length, 1, factor, rule).rows for rule in (Rule.EXACT, Rule.PUBLISHED))
    assert exact == max(1, length * hundredths // 100)
    assert exact - published in (0, 1)


@given(st.integers(1, 4000), st.integers(1, 4000), st.integers(1, 20000))
def test_a_side_that_was_asked_for_comes_out_and_the_other_is_in_proportion(height: int, width: int, side: int) -> None:
    assert to_width(height, width, side).columns == side
    assert to_width(height, width, side).rows == max(1, height * side // width)
    assert to_height(height, width, side).rows == side
    long = to_long_side(height, width, side)
    assert max(long.rows, long.columns) == side
    assert (long.rows == side) if height > width else (long.columns == side)
    assert long.down == long.across == Fraction(side, max(height, width))


def test_both_sides_are_allowed_to_differ_by_two_per_cent_and_by_more_if_that_is_said() -> None:
    enlargement = to_sides(100, 100, 200, 204)
    assert (enlargement.rows, enlargement.columns) == (200, 204)
    assert enlargement.factor == pytest.approx((2 * 2.04) ** 0.5)
    with pytest.raises(InvalidParameter, match=r"205 x 200 would distort the picture by 2\.5 %"):
        to_sides(100, 100, 200, 205)
    assert to_sides(100, 100, 200, 400, allow_distortion=True).columns == 400


@pytest.mark.parametrize(
    "factor", [0, -1, "-2.5", float("nan"), float("inf"), "twice", "1/0", "", "1e-999999999", "-1e999999999"]
)
def test_what_is_no_factor_is_refused(factor: float | str) -> None:
    with pytest.raises(InvalidParameter, match="cannot be enlarged by"):
        by_factor(10, 10, factor)


@pytest.mark.parametrize("side", [0, -3])
def test_a_side_without_pixels_is_refused(side: int) -> None:
    for ask in (to_width, to_height, to_long_side):
        with pytest.raises(InvalidParameter, match=f"A side of {side}"):
            ask(10, 10, side)
    with pytest.raises(InvalidParameter):
        to_sides(10, 10, 10, side)


def test_a_factor_of_many_digits_is_as_near_as_positions_need_it() -> None:
    assert abs(exact_factor(2**0.5) - Fraction(2**0.5)) < Fraction(1, 10**16)
    assert exact_factor(2**0.5).denominator <= 10**9
    assert exact_factor("3/2") == Fraction(3, 2)


@pytest.mark.parametrize("factor", ["1e400", "1e30", "1e999999999", 10**12])
@pytest.mark.parametrize("rule", list(Rule))
def test_a_side_beyond_all_computers_is_refused_under_either_rule(factor: int | str, rule: Rule) -> None:
    with pytest.raises(InvalidParameter, match="more than 1073741824 pixels"):
        by_factor(10, 10, factor, rule)


def test_a_side_that_is_no_whole_number_is_refused() -> None:
    for side in (3.5, 1 << 31, "7"):
        with pytest.raises(InvalidParameter):
            to_width(10, 10, side)  # type: ignore[arg-type]


def test_a_size_is_whatever_was_given_and_not_two_things_at_once() -> None:
    assert to_size(10, 20, factor=1.5) == by_factor(10, 20, 1.5)
    assert to_size(10, 20, columns=50) == to_width(10, 20, 50)
    assert to_size(10, 20, rows=50) == to_height(10, 20, 50)
    assert to_size(10, 20, long_side=50) == to_long_side(10, 20, 50)
    assert to_size(10, 20, rows=30, columns=50, allow_distortion=True).columns == 50
    with pytest.raises(InvalidParameter, match="not said"):
        to_size(10, 20)
    with pytest.raises(InvalidParameter, match="more than once"):
        to_size(10, 20, factor=2, columns=40)
    with pytest.raises(InvalidParameter, match="more than once"):
        to_size(10, 20, rows=20, long_side=30)
