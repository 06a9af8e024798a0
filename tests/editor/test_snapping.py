"""A guide line that snaps to edges: shown while the pointer moves, fixed by clicks, one edit at Enter."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.editor.tool import Modifier
from tests.editor.support import Desk, pointer


@pytest.fixture
def horizon(empty: Desk, tmp_path: Path) -> Desk:
    """A picture whose upper part is brighter; between them runs a wave. The line tool snaps."""
    rows, columns = np.mgrid[:300, :400]
    pixels = np.where(rows < 150 + 20 * np.sin(columns / 30), 200, 60)
    cv2.imwrite(str(tmp_path / "waves.png"), np.repeat(pixels[..., None], 3, axis=2).astype(np.uint8))
    empty.open(tmp_path / "waves.png")
    empty.editor.use("guide")
    empty.editor.set_option("snap", True)
    return empty


def wave(x: float) -> float:
    return float(150 + 20 * np.sin(x / 30))


def off(points: tuple[tuple[float, float], ...]) -> float:
    """How far it lies from the edge at most."""
    xs, ys = np.array(points).T
    between = np.linspace(xs[0], xs[-1], 200)
    return float(np.abs(np.interp(between, xs, ys) - (150 + 20 * np.sin(between / 30))).max())


def test_it_follows_the_edge_from_click_to_click_and_enter_ends_it(horizon: Desk) -> None:
    horizon.click(100, wave(100) + 3)
    horizon.editor.move(pointer(180, wave(180) - 3))
    shown = horizon.editor.outline(None).path
    assert len(shown) > 4
    assert off(shown) < 2.5
    assert horizon.labels == []
    horizon.click(180, wave(180) - 3)
    horizon.click(260, wave(260))
    horizon.editor.move(pointer(300, 20))
    horizon.editor.enter()
    (stroke,) = horizon.document.guides
    assert horizon.labels == ["Guide line"]
    assert off(stroke.points) < 2.5
    assert stroke.points[-1][0] == pytest.approx(260, abs=6)


def test_backspace_takes_the_last_piece_back_and_shift_leads_straight(horizon: Desk) -> None:
    horizon.click(100, wave(100))
    horizon.click(180, wave(180))
    before = horizon.editor.outline(None).path
    horizon.click(260, wave(260), modifiers=Modifier.SHIFT)
    assert len(horizon.editor.outline(None).path) == len(before) + 1
    horizon.editor.back()
    assert horizon.editor.outline(None).path == before
    horizon.editor.back()
    horizon.editor.back()
    assert horizon.editor.gesture is None


def test_from_afar_it_follows_what_is_seen(horizon: Desk) -> None:
    horizon.click(40, wave(40), scale=0.3)
    horizon.click(370, wave(370), scale=0.3)
    horizon.editor.enter()
    assert off(horizon.document.guides[0].points) < 8
