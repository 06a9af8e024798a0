"""The editor fills by an ONNX model of the person's own, and says before the click when it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lacuna.contract import models
from lacuna.engine import registry
from tests.backends.test_own_graph import brought, forgotten  # noqa: F401  (a fixture)
from tests.editor.support import Desk
from tests.inference.own_graphs import Form

pytestmark = pytest.mark.usefixtures("forgotten")


def boxed(desk: Desk) -> Desk:
    desk.editor.use("rectangle")
    desk.drag((100, 100), (160, 140))
    return desk


def test_it_is_chosen_estimated_and_fills_and_the_step_names_its_graph(opened: Desk, tmp_path: Path) -> None:
    model = brought(tmp_path, Form(size=(64, 64)))
    opened.editor.use_backend("onnx:mine")
    photo = opened.photo.copy()
    estimate = boxed(opened).editor.estimate()
    assert (estimate.problem, estimate.regions) == ("", 1)
    opened.editor.fill()
    opened.settle()
    assert (opened.photo[102:138, 102:158] != photo[102:138, 102:158]).any(axis=2).mean() > 0.9
    outside = np.ones(photo.shape[:2], bool)
    outside[96:144, 96:164] = False
    assert np.array_equal(opened.photo[outside], photo[outside])
    (step,) = opened.document.steps()
    assert (step.backend, step.model_sha256) == ("onnx:mine", models.digest(model.folder / "model.onnx"))


def test_what_is_wrong_with_it_is_told_before_the_click(opened: Desk, tmp_path: Path) -> None:
    model = brought(tmp_path, Form())
    opened.editor.use_backend("onnx:mine")
    (model.folder / "model.toml").write_text("title = 3")
    registry.refresh()
    assert "model.toml: unknown or missing: reading.image" in boxed(opened).editor.estimate().problem
    photo = opened.photo.copy()
    opened.editor.fill()
    opened.settle()
    assert np.array_equal(opened.photo, photo)
