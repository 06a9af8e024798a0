"""The script that fits the lettering finder: what it writes, and that it tells good rows from bad ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lacuna.detection import letter_weights

PACKAGING = Path(__file__).resolve().parent.parent / "packaging"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(PACKAGING))
    try:
        import lettering

        yield lettering
    finally:
        sys.path.remove(str(PACKAGING))


def test_the_weights_that_ship_are_laid_out_as_the_script_writes_them(script: ModuleType) -> None:
    tables = (letter_weights.MEANS, letter_weights.DEVIATIONS, letter_weights.LINEAR, letter_weights.SQUARED)
    text = script.module_text(*tables, letter_weights.BIAS, 900)
    assert text == Path(letter_weights.__file__).read_text(encoding="utf-8")


def test_weights_that_were_fitted_tell_rows_apart_by_what_sets_them_apart(script: ModuleType) -> None:
    chance = np.random.default_rng(2)
    measures = chance.normal(size=(600, 3))
    good = np.abs(measures[:, 1] + chance.normal(0, 0.1, 600)) < 0.6  # in the middle, so by the square alone
    given = script.terms(measures, measures.mean(axis=0), measures.std(axis=0))
    weights = script.regressed(given, good)
    assert (((given @ weights) > 0) == good).mean() > 0.9
    assert np.argmax(np.abs(weights[:-1])) == 4
