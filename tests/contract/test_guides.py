"""Guides as values: what is written of a change makes the same guides of those before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.contract.guides import Guide, GuideStroke, change_to_json, changed

POOL = tuple(GuideStroke(Guide.LINE, ((i, 0.5), (i, 9.0)), 1.0 + i) for i in range(6))
some = st.lists(st.sampled_from(POOL), max_size=8).map(tuple)


@given(some, some)
def test_a_change_that_was_written_makes_the_same_guides(
    before: tuple[GuideStroke, ...], after: tuple[GuideStroke, ...]
) -> None:
    assert changed(before, json.loads(json.dumps(change_to_json(before, after)))) == after


def test_of_hundreds_one_is_written() -> None:
    many = tuple(GuideStroke(Guide.LINE, ((i, 0.0), (i, 9.0))) for i in range(500))
    moved = GuideStroke(Guide.LINE, ((7.0, 1.0), (7.0, 9.0)))
    assert len(change_to_json(many, (*many[:7], moved, *many[8:]))["between"]) == 1
    assert change_to_json(many, (*many, moved))["first"] == 500


def test_a_change_of_other_guides_is_refused() -> None:
    with pytest.raises(ValueError, match="other guides"):
        changed(POOL[:2], {"first": 2, "last": 1, "between": []})
