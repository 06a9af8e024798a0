"""How large a picture shall become: a factor, or exact sides, as exact fractions.

A factor is what a person wrote, so 1.4 times 45 is 63, although the product of their doubles lies below it. The program
that published Meta-SR truncates that product (`Rule.PUBLISHED`); it is kept for weights that were trained with it.
"""

from __future__ import annotations

import math
import operator
import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from lacuna.errors import InvalidParameter
from lacuna.i18n import _

FINEST = 10**9  # the largest denominator of a factor: with it no position leaves 64 bits
MOST_DISTORTION = Fraction(2, 100)  # by which both factors may differ unasked
LONGEST = 1 << 30  # pixels of a side: with it every position fits into 64 bits, and no computer holds its square
POWER = re.compile(r"[^eE]*[eE][+-]?0*[1-9]\d{4,}\s*")  # of ten, which takes too long to write out

Number = float | int | str | Fraction


class Rule(StrEnum):
    """How positions and sizes are computed: exactly, or as published, in doubles and 32 bit."""

    EXACT = "exact"
    PUBLISHED = "published"


@dataclass(frozen=True)
class Enlargement:
    """A picture of `height` x `width` becomes one of `rows` x `columns`, by a factor along each axis.

    The last point of an axis lies within the picture: sides are truncated, but never below one pixel.
    """

    height: int
    width: int
    rows: int
    columns: int
    down: Fraction
    across: Fraction
    rule: Rule = Rule.EXACT

    @property
    def factor(self) -> float:
        """The geometric mean of both factors: the one that a network is told."""
        if self.down == self.across:
            return float(self.down)
        return math.sqrt(self.down * self.across)


def by_factor(height: int, width: int, factor: Number, rule: Rule = Rule.EXACT) -> Enlargement:
    """Both sides by one factor. Raises InvalidParameter for one that is no positive number."""
    exact = exact_factor(factor)
    return _alike(height, width, exact, rule)


def to_width(height: int, width: int, columns: int, rule: Rule = Rule.EXACT) -> Enlargement:
    """Exactly so many columns, the rows in proportion. Raises InvalidParameter, as the next two do."""
    return _alike(height, width, Fraction(_side(columns), width), rule, columns=columns)


def to_height(height: int, width: int, rows: int, rule: Rule = Rule.EXACT) -> Enlargement:
    """Exactly so many rows, the columns in proportion."""
    return _alike(height, width, Fraction(_side(rows), height), rule, rows=rows)


def to_long_side(height: int, width: int, side: int, rule: Rule = Rule.EXACT) -> Enlargement:
    """The longer side exactly so long, the other in proportion."""
    if height > width:
        return to_height(height, width, side, rule)
    return to_width(height, width, side, rule)


def to_sides(
    height: int, width: int, rows: int, columns: int, rule: Rule = Rule.EXACT, *, allow_distortion: bool = False
) -> Enlargement:
    """Exactly these sides, each with a factor of its own.

    Raises InvalidParameter if the factors differ by more than MOST_DISTORTION and that is not allowed.
    """
    down, across = Fraction(_side(rows), height), Fraction(_side(columns), width)
    distortion = max(down, across) / min(down, across) - 1
    if distortion > MOST_DISTORTION and not allow_distortion:
        raise InvalidParameter(
            _("{width} x {height} would distort the picture by {percent:.1f} %.").format(
                width=columns, height=rows, percent=float(100 * distortion)
            ),
            hint=_("Give one side alone, or allow the distortion."),
        )
    return Enlargement(height, width, rows, columns, down, across, rule)


def to_size(
    height: int,
    width: int,
    *,
    factor: Number | None = None,
    columns: int | None = None,
    rows: int | None = None,
    long_side: int | None = None,
    allow_distortion: bool = False,
) -> Enlargement:
    """By whichever was given: a factor, one side, both sides, or the longer side. Raises InvalidParameter."""
    sides = columns is not None or rows is not None
    given = (factor is not None) + sides + (long_side is not None)
    if given == 0:
        raise InvalidParameter(
            _("It is not said how large the picture shall become."),
            hint=_("Give a factor, or a width, a height, or both, or the long side."),
        )
    if given > 1:
        raise InvalidParameter(
            _("It is said more than once how large the picture shall become."),
            hint=_("Give a factor alone, or a width, a height, or both, or the long side."),
        )
    if factor is not None:
        return by_factor(height, width, factor)
    if long_side is not None:
        return to_long_side(height, width, long_side)
    if columns is None:
        assert rows is not None
        return to_height(height, width, rows)
    if rows is None:
        return to_width(height, width, columns)
    return to_sides(height, width, rows, columns, allow_distortion=allow_distortion)


def exact_factor(factor: Number) -> Fraction:
    """The fraction that was meant: of a float the shortest decimal that stands for it.

    >>> exact_factor(1.4)
    Fraction(7, 5)
    """
    said = factor if isinstance(factor, (Fraction, int)) else str(factor)
    if isinstance(said, str) and POWER.fullmatch(said):
        raise _no_factor(factor) if "-" in said else _too_long()
    try:
        exact = Fraction(said).limit_denominator(FINEST)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise _no_factor(factor) from error
    if exact <= 0:
        raise _no_factor(factor)
    return exact


def _no_factor(factor: Number) -> InvalidParameter:
    return InvalidParameter(
        _("A picture cannot be enlarged by {factor}.").format(factor=factor), hint=_("Give a number such as 2.7.")
    )


def _side(length: int) -> int:
    try:
        whole = operator.index(length)
    except TypeError as error:
        raise _no_side(length) from error
    if whole < 1:
        raise _no_side(length)
    if whole > LONGEST:
        raise _too_long()
    return whole


def _no_side(length: int) -> InvalidParameter:
    return InvalidParameter(_("A side of {length} pixels is none.").format(length=length))


def _too_long() -> InvalidParameter:
    return InvalidParameter(
        _("A side would have more than {longest} pixels.").format(longest=LONGEST), hint=_("Give a smaller size.")
    )


def _alike(
    height: int, width: int, factor: Fraction, rule: Rule, *, rows: int | None = None, columns: int | None = None
) -> Enlargement:
    return Enlargement(
        height,
        width,
        rows if rows is not None else _times(height, factor, rule),
        columns if columns is not None else _times(width, factor, rule),
        factor,
        factor,
        rule,
    )


def _times(length: int, factor: Fraction, rule: Rule) -> int:
    if factor * length >= LONGEST + 1:
        raise _too_long()
    product = float(factor) * length if rule is Rule.PUBLISHED else factor * length
    return max(1, math.trunc(product))
