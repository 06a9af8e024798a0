"""Outlines that a hole interrupts: completed where two edges fit, and nowhere else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.detection.completion import SURE, Completion, completions
from lacuna.imaging.photo import Hole
from lacuna.imaging.polylines import Polyline
from lacuna.imaging.structure import inside, pixel_by_pixel
from tests.backends.scenes import hidden_step, scenes


def found(pixels: NDArray[Any], hole: Hole, white: float = 255.0) -> tuple[Completion, ...]:
    blind = pixels.copy()
    blind[hole] = 0  # what stands there must not matter
    return completions(blind, hole, white)


def apart(line: Completion, points: tuple[tuple[float, float], ...], hole: Hole) -> float:
    """How far in the hole a line lies from another at the most, in pixels."""
    path, true = (pixel_by_pixel(Polyline(each)) for each in (line.points, points))
    path = path[inside(path, hole)]
    return float(np.hypot(*(path[:, None] - true[None]).T).min(axis=0).max())


@pytest.mark.parametrize("name", ["bar", "horizon"])
def test_straight_edges_are_completed_near_the_truth(name: str) -> None:
    (scene,) = (scene for scene in scenes() if scene.name == name)
    lines = found(scene.truth, scene.hole)
    assert len(lines) == len(scene.lines)
    for true in scene.lines:
        assert min(apart(line, true.points, scene.hole) for line in lines) < 3
    assert all(line.confidence >= SURE for line in lines)


def disc(side: int, radius: float, kind: str = "uint8") -> NDArray[Any]:
    y, x = np.mgrid[:side, :side]
    within = np.hypot(x + 0.5 - side / 2, y + 0.5 - side / 2) < radius
    smooth = cv2.GaussianBlur(within.astype(np.float32), (0, 0), 0.8)[..., None] * np.array((120.0, 60.0, -80.0)) + 100
    if kind == "float32":
        return (smooth / 255).astype(np.float32)
    return (np.rint(smooth) * (257 if kind == "uint16" else 1)).astype(kind)


@pytest.mark.parametrize(("kind", "white"), [("uint8", 255.0), ("uint16", 65535.0), ("float32", 1.0)])
def test_a_round_outline_is_completed_round(kind: str, white: float) -> None:
    side, radius = 200, 70.0
    hole = np.zeros((side, side), bool)
    hole[20:60, 75:125] = True
    (line,) = found(disc(side, radius, kind), hole, white)
    path = pixel_by_pixel(Polyline(line.points))
    path = path[inside(path, hole)]
    assert np.abs(np.hypot(*(path - side / 2).T) - radius).max() < 3


def test_a_large_hole_is_looked_at_at_a_smaller_size_and_its_lines_lie_in_the_picture() -> None:
    side = 1600
    hole = np.zeros((side, side), bool)
    hole[100:1100, 300:1300] = True
    picture = np.full((side, side, 3), 60, np.uint8)
    picture[640:] = 180
    (line,) = found(picture, hole)
    assert abs(np.array(line.points)[:, 1] - 640).max() < 4
    assert min(x for x, _y in line.points) <= 302
    assert max(x for x, _y in line.points) >= 1298


def test_a_straight_edge_goes_on_where_what_it_stands_out_from_changes() -> None:
    pixels = np.full((120, 160, 3), 250, np.uint8)
    pixels[:60, 80:] = 120  # the sky, then trees
    pixels[60:] = 30
    hole = np.zeros((120, 160), bool)
    hole[40:80, 60:100] = True
    (line,) = [line for line in found(pixels, hole) if apart(line, ((40.0, 60.0), (120.0, 60.0)), hole) < 1.5]
    assert line.confidence >= SURE


def test_nothing_is_proposed_where_edges_do_not_fit() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3), np.uint8)
    hole = scenes()[0].hole
    assert found(noise, hole) == ()
    flat = np.full_like(noise, 128)
    assert found(flat, hole) == ()
    turned = np.full_like(flat, 60)  # dark below light on the left, light below dark on the right: no one edge
    turned[:80, :80], turned[80:, 80:] = 200, 200
    level = [line for line in found(turned, hole) if abs(line.points[0][0] - line.points[-1][0]) > 50]
    assert level == []


def test_a_step_that_is_hidden_is_not_guessed() -> None:
    scene = hidden_step()
    assert all(line.confidence < 0.6 for line in found(scene.truth, scene.hole))


def test_an_empty_hole_has_no_lines_and_a_stop_is_heard() -> None:
    scene = scenes()[0]
    assert completions(scene.truth, np.zeros_like(scene.hole), 255.0) == ()

    class Stopped(Exception):
        pass

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        completions(scene.truth, scene.hole, 255.0, check=stop)


def test_among_many_edges_a_stop_is_looked_for_at_each() -> None:
    board = (np.indices((220, 220)) // 15).sum(axis=0) % 2 * 200
    pixels = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    hole = np.zeros(board.shape, bool)
    hole[60:160, 60:160] = True
    asked: list[None] = []
    completions(pixels, hole, 255.0, check=lambda: asked.append(None))
    assert len(asked) > 10
