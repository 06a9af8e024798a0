"""What a row of letters looks to be. Nothing is read: dates are told by their figures, which are of one height, equally
far apart, and stand in groups of one, two or four. What may be either is called neither.
"""

from __future__ import annotations

from enum import Enum

import numpy as np

from lacuna.detection.letters import Letters

NEAR = 0.2  # of the picture's side: where cameras put their dates
TALL = 0.6  # of the tallest letter: lower ones are dots and dashes
JOINED = 1.15  # heights: a wider part is several letters that run into each other
ONE_HEIGHT = 0.11  # by which a figure's height strays from that of most
LEVELLED = 1.5  # and pixels
FIGURES = 4  # of a date, at least
SIGNS = 0.3  # of a date's tall letters are slashes, at most; of a caption's so many have another height, at least
APART = 1.3  # usual steps from one figure to the next: a longer one ends a group
EVEN = 0.15  # by which steps in groups stray at most, of their mean: a 1 is narrow in its place
GROUPS = frozenset((1, 2, 4))  # figures that stand together in a date
STAMP_BRIGHT = 140  # the brightest channel of a stamp, at least


class Kind(Enum):
    """What a row of letters looks to be."""

    DATE_STAMP = "date stamp"
    CAPTION = "caption"
    LETTERING = "lettering"


def kind_of(letters: Letters, to_side: float, to_edge: float) -> Kind:
    """The kind of a row, which lies so far from the picture's sides and from its upper or lower edge, in shares."""
    tall = letters[letters.height > TALL * letters.height.max()]
    if to_edge >= NEAR or len(tall) < FIGURES or (tall.width > JOINED * tall.height).any():
        return Kind.LETTERING
    usual = float(np.median(tall.height))
    level = np.abs(tall.height - usual) <= max(LEVELLED, ONE_HEIGHT * usual)
    others = np.count_nonzero(~level)
    if others >= max(3, SIGNS * len(tall)):
        return Kind.CAPTION
    if others <= SIGNS * len(tall) and to_side < NEAR and _like_a_date(tall[level]):
        return Kind.DATE_STAMP
    return Kind.LETTERING


def _like_a_date(figures: Letters) -> bool:
    """Whether they are bright, and stand as the figures of a date do."""
    middles = np.sort(figures.x0 + figures.x1) / 2
    if len(middles) < FIGURES or np.median(figures.colour.max(axis=1)) < STAMP_BRIGHT:
        return False
    steps = np.diff(middles)
    ends = steps > APART * np.percentile(steps, 25, method="lower")
    sizes = np.diff(np.flatnonzero(np.concatenate([[True], ends, [True]])))
    within = steps[~ends]
    even = np.std(within) <= EVEN * np.mean(within)
    return len(sizes) > 1 and GROUPS.issuperset(sizes.tolist()) and bool(even)
