"""An enlargement as the steps that it is computed in: smaller by areas first, then at most so much larger at a time.

A step before the last multiplies by a whole number: then all sides are whole, points lie where they would lie without
steps, and kernels are few. It is the smallest that leaves no more than the greatest factor to each step after it, since
all that an early step makes larger the later ones have to go through: of 8 it is 2 and then 4, a third of the time of 4
and then 2.
"""

from __future__ import annotations

import math
from fractions import Fraction

from lacuna.contract.enlargement import Enlargement, Rule


def steps(whole: Enlargement, most: int | None, rule: Rule = Rule.EXACT) -> tuple[Enlargement, ...]:
    """The steps of an enlargement, none of them for one that changes nothing; no factor above `most`."""
    found = []
    height, width, down, across = whole.height, whole.width, whole.down, whole.across
    if min(down, across) < 1:
        rows = whole.rows if down < 1 else height
        columns = whole.columns if across < 1 else width
        one = Fraction(1)
        found.append(Enlargement(height, width, rows, columns, min(down, one), min(across, one)))
        height, width, down, across = rows, columns, max(down, one), max(across, one)
    while most is not None and max(down, across) > most:
        left = 1
        while most ** (left + 1) < max(down, across):
            left += 1
        by_row, by_column = (math.ceil(factor / most**left) for factor in (down, across))
        found.append(
            Enlargement(height, width, height * by_row, width * by_column, Fraction(by_row), Fraction(by_column), rule)
        )
        height, width, down, across = height * by_row, width * by_column, down / by_row, across / by_column
    if max(down, across) > 1:
        found.append(Enlargement(height, width, whole.rows, whole.columns, down, across, rule))
    return tuple(found)


def shrinks(step: Enlargement) -> bool:
    """Is it the step that makes the picture smaller?"""
    return min(step.down, step.across) < 1
