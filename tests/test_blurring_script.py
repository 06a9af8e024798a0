"""The script that fits the finder of blurred patches: what it blurs, and that it tells good outlines from bad ones."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lacuna.detection import blurs
from tests.pictures import lion

PACKAGING = Path(__file__).resolve().parent.parent / "packaging"


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(PACKAGING))
    try:
        import blurring

        yield blurring
    finally:
        sys.path.remove(str(PACKAGING))


@pytest.mark.parametrize("seed", range(4))
def test_a_patch_is_blurred_and_nothing_beside_it(script: ModuleType, seed: int) -> None:
    photo = lion()[40:200, 50:250]
    made = script.hidden(photo, np.random.default_rng(seed))
    assert np.array_equal(made.pixels[~made.mask], photo[~made.mask])
    steps = [np.abs(np.diff(each.astype(int), axis=1)).sum(axis=2) for each in (made.pixels, photo)]
    within = made.mask[:, 1:] & made.mask[:, :-1]
    assert steps[0][within].mean() < 0.6 * steps[1][within].mean()


def test_outlines_that_were_gathered_tell_of_patches_and_of_none(script: ModuleType) -> None:
    rows = script.gathered(iter([np.ascontiguousarray(lion()[40:240, 50:290])]), 3)
    assert rows.good.any()
    assert not rows.good.all()
    said = blurs.terms(rows.measures) @ blurs.WEIGHTS + blurs.BIAS
    assert np.median(said[rows.good]) > 0 > np.median(said[~rows.good])


def test_weights_that_were_fitted_tell_outlines_apart_by_what_sets_them_apart(script: ModuleType) -> None:
    chance = np.random.default_rng(2)
    measures = chance.normal(size=(600, 6))
    good = np.abs(measures[:, 3] + chance.normal(0, 0.1, 600)) < 0.5  # neither too little nor too much
    *weights, bias = script.fitted(script.Rows(measures, good, np.arange(600) // 4))
    assert np.argmin(weights) == len(weights) // 2 + 3
    assert ((blurs.terms(measures) @ np.array(weights) + bias > 0) <= good).mean() > 0.95
