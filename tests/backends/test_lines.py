"""Lines that were drawn across a hole: with them a bar, a horizon and a corner connect, whoever fills."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna import paths
from lacuna.backends import patch_lines
from lacuna.backends.patch_levels import level_of
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.engine import registry
from tests.backends.scenes import Scene, hidden_step, scenes, without_ends

SMOOTH = ("membrane", "telea", "ns")
COPYING = ("patchmatch", "criminisi")
LEARNED = ("deepfill", "deepfill-v1", "pennet")  # with the weights that ship; two of them see a band of patches
SHIPPED = paths.models()  # before tests are given a folder of their own
SCENES = pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weights that ship."""
    monkeypatch.setattr("lacuna.paths.models", lambda: SHIPPED)


@SCENES
@pytest.mark.parametrize("backend", SMOOTH)
def test_with_lines_the_structure_connects(backend: str, scene: Scene) -> None:
    assert Guide.LINE in registry.info(backend).needs.guides
    for lines in (scene.lines, without_ends(scene)):
        assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend, guides=lines)) < 0.1
    assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend)) > 0.25


@SCENES
@pytest.mark.parametrize("backend", COPYING)
def test_with_lines_the_structure_connects_where_patches_are_copied(backend: str, scene: Scene) -> None:
    assert Guide.LINE in registry.info(backend).needs.guides
    for lines in (scene.lines, without_ends(scene)):
        assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend, guides=lines)) < 0.1


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("backend", LEARNED)
def test_with_lines_the_structure_connects_where_a_network_fills(backend: str) -> None:
    assert Guide.LINE in registry.info(backend).needs.guides
    for scene in scenes():
        assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend, guides=scene.lines)) < 0.1, scene.name


def test_with_lines_the_structure_connects_whatever_is_chosen_automatically() -> None:
    assert Guide.LINE in registry.info("auto").needs.guides
    scene = hidden_step()
    assert scene.wrong(lacuna.fill(scene.truth, scene.hole, "auto", guides=scene.lines)) < 0.16


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("backend", LEARNED)
def test_networks_follow_a_line_where_nothing_around_the_hole_tells_how_it_runs(backend: str) -> None:
    scene = hidden_step()
    plain = scene.wrong(lacuna.fill(scene.truth, scene.hole, backend))
    assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend, guides=scene.lines)) < 0.8 * plain


@pytest.mark.usefixtures("shipped")
@pytest.mark.parametrize("backend", LEARNED)
def test_a_line_beside_the_hole_changes_nothing_for_networks(backend: str) -> None:
    scene = scenes()[0]
    line = GuideStroke(Guide.LINE, ((0.0, 5.0), (160.0, 8.0)))
    plain = lacuna.fill(scene.truth, scene.hole, backend)
    assert np.array_equal(lacuna.fill(scene.truth, scene.hole, backend, guides=(line,)), plain)


def test_the_search_by_chance_follows_lines_too() -> None:
    scene = scenes()[2]
    filled = lacuna.fill(scene.truth, scene.hole, "criminisi", method="patchmatch", guides=scene.lines)
    assert scene.wrong(filled) < 0.05


@pytest.mark.parametrize("backend", COPYING)
def test_patches_follow_a_line_where_nothing_around_the_hole_tells_how_it_runs(backend: str) -> None:
    scene = hidden_step()
    plain = scene.wrong(lacuna.fill(scene.truth, scene.hole, backend))
    for lines in (scene.lines, without_ends(scene)):
        assert scene.wrong(lacuna.fill(scene.truth, scene.hole, backend, guides=lines)) < 0.8 * plain


def test_a_level_knows_how_far_on_which_side_of_a_line_its_pixels_lie() -> None:
    scene = scenes()[1]
    level = level_of(cv2, np.zeros((*scene.hole.shape, 4), np.uint8), scene.hole, ~scene.hole)
    assert level is not None
    line = GuideStroke(Guide.LINE, ((52.0, 80.0), (108.0, 80.0)))
    found = patch_lines.beside([line.polyline], scene.hole, level, 0)
    y, x = np.divmod(found.places, level.width)
    assert (x.min(), x.max()) == pytest.approx((48 - 32, 112 + 31), abs=2)  # so far the line goes on on either side
    assert (y.min(), y.max()) == (72, 87)
    said = dict(zip(y[x == 80].tolist(), found.values[x == 80].tolist(), strict=True))
    middle = patch_lines.MOST
    assert [said[row] - middle for row in (76, 78, 79, 80, 81, 83)] == [-42, -18, -6, 6, 18, 42]


@pytest.mark.parametrize("planes", [False, True])
def test_along_planes_patchmatch_says_that_it_follows_no_lines(planes: bool) -> None:
    backend: Any = registry.backend("patchmatch")
    assert (Guide.LINE in backend.needs(backend.Params(planes=planes)).guides) is not planes


@pytest.mark.parametrize("backend", SMOOTH)
@pytest.mark.parametrize("kind", ["uint16", "float32"])
def test_every_depth_follows_lines(backend: str, kind: str) -> None:
    scene = scenes()[1]
    image: NDArray[Any] = scene.truth.astype(np.uint16) * 257
    if kind == "float32":
        image = (scene.truth / 255.0).astype(np.float32)
    filled = lacuna.fill(image, scene.hole, backend, guides=scene.lines).astype(float)
    assert scene.wrong(filled * (255.0 / (65535.0 if kind == "uint16" else 1.0))) < 0.1


@pytest.mark.parametrize("backend", SMOOTH + COPYING)
def test_a_line_beside_the_hole_changes_nothing(backend: str) -> None:
    scene = scenes()[0]
    line = GuideStroke(Guide.LINE, ((0.0, 5.0), (160.0, 8.0)))
    plain = lacuna.fill(scene.truth, scene.hole, backend)
    assert np.array_equal(lacuna.fill(scene.truth, scene.hole, backend, guides=(line,)), plain)


def test_around_the_end_of_a_line_the_colours_of_a_membrane_meet() -> None:
    scene = scenes()[1]
    half = GuideStroke(Guide.LINE, ((0.0, 92.0), (80.0, 80.0)))
    filled = lacuna.fill(scene.truth, scene.hole, "membrane", guides=(half,)).astype(float)
    steps = np.abs(np.diff(filled[..., 0], axis=0)).max(axis=0)
    assert (steps[50:74] > 60).all()
    assert (steps[88:108] < 30).all()


@pytest.mark.parametrize("backend", ["telea", "ns"])
def test_a_line_that_ends_in_the_hole_parts_nothing_for_opencv(backend: str) -> None:
    scene = scenes()[1]
    half = GuideStroke(Guide.LINE, ((0.0, 92.0), (80.0, 80.0)))
    plain = lacuna.fill(scene.truth, scene.hole, backend)
    assert np.array_equal(lacuna.fill(scene.truth, scene.hole, backend, guides=(half,)), plain)


@pytest.mark.parametrize("kind", ["uint8", "float32"])
def test_a_colour_that_was_put_into_the_hole_stands_there_and_runs_into_what_is_around(kind: str) -> None:
    image: NDArray[Any] = np.full((80, 80, 3), 100, np.uint8)
    image = image if kind == "uint8" else (image / np.float32(255)).astype(np.float32)
    hole = np.zeros((80, 80), bool)
    hole[20:60, 20:60] = True
    hint = GuideStroke(Guide.HINT, ((40.0, 30.0), (40.0, 50.0)), 3.0, (1.0, 0.0, 0.0))
    filled = lacuna.fill(image, hole, "membrane", guides=(hint,)) * (1.0 if kind == "uint8" else 255.0)
    assert filled[40, 40] == pytest.approx((255, 0, 0), abs=1)
    red = filled[40, 40:60, 0].astype(float)
    assert (np.diff(red) <= 0.5).all()
    assert 110 < red[10] < 220


def test_patches_begin_from_a_colour_that_was_put_into_the_hole() -> None:
    image = scenes()[1].truth.copy()
    image[:, :80], image[:, 80:] = np.roll(image, 40, axis=0)[:, :80], image[:, 80:]
    hole = scenes()[0].hole
    means = []
    for colour in ((70, 90, 50), (190, 170, 200)):
        area = tuple((x + 0.5, y + 0.5) for x, y in ((66, 66), (94, 66), (94, 94), (66, 94)))
        hint = GuideStroke(Guide.HINT, area, 1.0, tuple(part / 255 for part in colour), closed=True)
        means.append(lacuna.fill(image, hole, "patchmatch", guides=(hint,))[70:90, 70:90].mean())
    assert means[1] > means[0] + 20


def test_texture_runs_on_across_a_scratch_but_for_the_neighbourhood_of_a_line() -> None:
    scene = scenes()[0]
    hole = np.zeros_like(scene.hole)
    hole[:, 78:82] = True
    line = GuideStroke(Guide.LINE, ((0.0, 20.0), (160.0, 20.0)))
    with_line = lacuna.fill(scene.truth, hole, "membrane", guides=(line,))
    plain = lacuna.fill(scene.truth, hole, "membrane")
    assert not np.array_equal(with_line[:24], plain[:24])
    assert np.abs(with_line[60:].astype(int) - plain[60:]).max() <= 1  # another solver, other rounding
