"""Settings that describe themselves: words and values in, checked values out, every mistake named."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lacuna.contract.params import choice, colour, describe, integer, number, seed, switch, text, to_dict, validate
from lacuna.errors import InvalidParameter


class Search(Enum):
    RING = "ring"
    WHOLE = "whole"


SEARCHES = ((Search.RING, "Around"), (Search.WHOLE, "Everywhere"))


@dataclass(frozen=True)
class Everything:
    patch: int = integer(9, 3, 31, step=2, unit="px", label="Patch size")
    strength: float = number(0.5, 0.0, 1.0, label="Strength")
    search: Search = choice(Search.RING, SEARCHES, label="Look in")  # noqa: RUF009  (ruff knows fields, not ours)
    colour: str = choice("auto", (("auto", "By itself"), ("red", "Red")), label="Colour")
    exact: bool = switch(False, label="Exact")
    start: int = seed()
    note: str = text("", label="Note")


def test_the_fields_describe_themselves_in_order() -> None:
    patch, *_rest = params = describe(Everything)
    assert [p.name for p in params] == ["patch", "strength", "search", "colour", "exact", "start", "note"]
    assert (patch.kind, patch.default, patch.low, patch.high, patch.step, patch.unit) == ("integer", 9, 3, 31, 2, "px")


def test_words_and_values_are_taken_alike() -> None:
    words = {
        "patch": "11", "strength": "0.25", "search": "whole", "colour": "red", "exact": "on", "start": "7", "note": "x",
    }  # fmt: skip
    expected = Everything(11, 0.25, Search.WHOLE, "red", True, 7, "x")
    assert validate(Everything, words) == expected
    assert validate(Everything, to_dict(expected)) == expected
    assert validate(Everything, {}) == Everything()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patch", "large"), ("patch", 10), ("patch", 2), ("patch", 33), ("patch", 9.5), ("patch", None),
        ("patch", float("nan")), ("patch", "inf"),
        ("strength", 1.01), ("strength", -0.01), ("strength", float("nan")), ("strength", "much"),
        ("search", "nowhere"), ("colour", "blue"), ("exact", "maybe"), ("start", -1), ("start", 2**31),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(InvalidParameter, match=name) as caught:
        validate(Everything, {name: value})
    assert caught.value.hint


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InvalidParameter, match="pacth") as caught:
        validate(Everything, {"pacth": 9})
    assert "patch, strength" in caught.value.hint


@settings(deadline=None)
@given(st.integers(1, 15), st.floats(0, 1), st.sampled_from(list(Search)), st.booleans(), st.integers(0, 2**31 - 1))
def test_what_is_written_as_json_reads_back_the_same(
    half: int, strength: float, search: Search, exact: bool, start: int
) -> None:
    values = Everything(2 * half + 1, strength, search, "auto", exact, start)
    assert validate(Everything, json.loads(json.dumps(to_dict(values)))) == values


def test_a_colour_is_six_hexadecimal_digits() -> None:
    @dataclass(frozen=True)
    class Paint:
        tone: str = colour("#808080", label="Tone")

    assert validate(Paint, {"tone": "#A0b1C2"}).tone == "#a0b1c2"
    for wrong in ("red", "#fff", "#12345g", "#1234567"):
        with pytest.raises(InvalidParameter, match="tone"):
            validate(Paint, {"tone": wrong})
