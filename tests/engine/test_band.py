"""Lines for a backend that cannot be told of them: patches fill a band along them, and the backend the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.contract.fill import Composite, Context, FillWork, Needs, SizeRule
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.engine.band import WIDE, band_along
from tests.backends.scenes import scenes
from tests.engine.backends import Scripted, constant, installed

NEEDS = Needs(context=Context(minimum=32, share=0.5), guides=frozenset({Guide.LINE}), band="patchmatch", smooth=True)


def test_the_band_is_as_wide_as_the_size_at_which_the_backend_works_asks_for() -> None:
    scene = scenes()[1]
    for scale in (1.0, 2.0):
        band = band_along(scene.lines, scene.hole, scale)
        assert band is not None
        assert not (band & ~scene.hole).any()
        assert band[:, 80].sum() == pytest.approx(2 * WIDE * scale, abs=1.5)
    assert band_along((), scene.hole, 1.0) is None
    assert band_along((GuideStroke(Guide.LINE, ((0.0, 5.0), (160.0, 5.0))),), scene.hole, 1.0) is None


@pytest.mark.parametrize("comfortable", [None, 64])
def test_the_backend_sees_a_band_of_patches_along_the_lines_as_known(comfortable: int | None) -> None:
    scene = scenes()[2]
    needs = replace(NEEDS, size=SizeRule(comfortable=comfortable))
    spoilt = np.where(scene.hole[..., None], np.uint8(0), scene.truth)
    with installed(Scripted(constant(99), needs)) as scripted:
        filled = lacuna.fill(spoilt, scene.hole, "scripted", guides=scene.lines)
        work = scripted.works[0]
    band = band_along(scene.lines, scene.hole, 1.0)
    assert band is not None
    assert not (filled[band] == 99).all(axis=1).any()
    assert np.abs(filled[band].astype(float) - scene.truth[band]).mean() < 15
    assert (filled[scene.hole] == 99).all(axis=1).mean() > 0.3
    assert work.hole.any()
    known = work.image[~work.hole].reshape(-1, 3)
    assert known.min() > 10  # nothing of what stood in the hole


def test_without_lines_there_is_no_band() -> None:
    scene = scenes()[0]
    seen: list[FillWork] = []

    def grey(work: FillWork) -> NDArray[Any]:
        seen.append(work)
        return np.full_like(work.image, 99)

    with installed(Scripted(grey, NEEDS)):
        filled = lacuna.fill(scene.truth, scene.hole, "scripted")
    assert (filled[scene.hole] == 99).all()
    assert seen[0].hole.sum() == scene.hole.sum()


def test_the_rest_is_joined_to_the_band_as_to_all_that_is_known() -> None:
    scene = scenes()[1]
    needs = replace(NEEDS, composite=Composite.POISSON)
    with installed(Scripted(constant(120), needs)):
        filled = lacuna.fill(scene.truth, scene.hole, "scripted", guides=scene.lines)
    assert scene.wrong(filled) < 0.05
    away = np.abs(filled.astype(float) - scene.truth)[scene.hole]
    assert away.mean() < 15  # of an even grey the shift makes the colours of either side


def test_where_nothing_can_be_copied_the_backend_fills_alone_and_it_is_said() -> None:
    scene = scenes(32)[1]
    hole = np.ones_like(scene.hole)
    hole[:3] = False
    with installed(Scripted(constant(99), NEEDS)):
        result = lacuna.fill(scene.truth, hole, "scripted", guides=scene.lines)
    assert (result[hole] == 99).all()
