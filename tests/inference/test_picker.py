"""Networks of the person's own that pick objects: every form gives the same object, and odd ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.picker_config import PICKER_CONFIG, PickerConfig
from lacuna.contract.progress import Progress
from lacuna.errors import DamagedModel
from lacuna.inference.session import opened_picker
from tests.inference import pickers
from tests.inference.own_graphs import Form
from tests.inference.own_graphs import write as write_filler

FORMS: dict[str, dict[str, Any]] = {
    "one graph": {},
    "one size": {"square": True},
    "with an encoder": {"encoder": True},
    "as SAM": {"encoder": True, "square": True, "sam": True},
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the person's models."""
    monkeypatch.setattr(models, "own_folder", lambda: tmp_path / "models")
    return tmp_path / "models"


def scene() -> np.ndarray:
    """A red and a green square on grey, 40 x 64."""
    image = np.full((40, 64, 3), 128, np.uint8)
    image[5:25, 5:25] = (220, 30, 30)
    image[10:35, 35:60] = (30, 200, 30)
    return image


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_the_object_under_the_points_is_found_in_every_form(own: Path, form: dict[str, Any]) -> None:
    pickers.write(own / "tiny", **form)
    picker = opened_picker(models.model("tiny"), Runtime())
    image = scene()
    for points, labels, wanted in (
        ([(10, 10)], [True], image[..., 0] == 220),
        ([(10, 10), (40, 20)], [True, True], image[..., 2] == 30),
        ([(10, 10), (40, 20), (12, 12)], [True, True, False], image[..., 1] == 200),
    ):
        likely = picker.likely(image, np.array(points, np.float32), np.array(labels), Progress())
        assert np.array_equal(likely > 0, wanted)


def test_an_encoder_sees_a_picture_once(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pickers.write(own / "tiny", encoder=True)
    picker = opened_picker(models.model("tiny"), Runtime())
    encoder = picker._encoder
    assert encoder is not None
    calls: list[int] = []
    run = encoder.run
    monkeypatch.setattr(encoder, "run", lambda *given: (calls.append(1), run(*given))[1])
    for image in (scene(), scene(), scene()[:, ::-1].copy()):
        picker.likely(image, np.array([(10, 10)], np.float32), np.array([True]), Progress())
    assert len(calls) == 2


def test_a_graph_that_fills_or_that_changed_is_refused(own: Path, tmp_path: Path) -> None:
    folder = pickers.write(own / "tiny")
    (folder / "model.onnx").write_bytes((folder / "model.onnx").read_bytes() + b"\0")
    with pytest.raises(DamagedModel, match=r"model\.onnx"):
        opened_picker(models.model("tiny"), Runtime())
    filler = write_filler(folder / "model.onnx", Form())
    config = PickerConfig("No picker", sha256={"model.onnx": models.digest(filler)})
    (folder / PICKER_CONFIG).write_text(config.to_toml())
    with pytest.raises(DamagedModel, match="which is not what a network takes that picks"):
        opened_picker(models.model("tiny"), Runtime())


def test_its_description_reads_back_and_mistakes_are_named(own: Path) -> None:
    pickers.write(own / "tiny", encoder=True)
    (model,) = models.pickers()
    assert model.picker is not None
    text = model.picker.to_toml()
    assert PickerConfig.from_toml(text) == model.picker
    for right, wrong, said in (
        ("side = 64", "side = 1", "side"),
        ('range = "0..1"', 'range = "0..9"', "range"),
        ('encoder = "encoder.onnx"', 'encoder = "../encoder.onnx"', "encoder"),
        ('encoder = "encoder.onnx"', 'encoder = "other.onnx"', "sha256: other.onnx"),
    ):
        with pytest.raises(ValueError, match=said):
            PickerConfig.from_toml(text.replace(right, wrong))
    (model.folder / PICKER_CONFIG).write_text("title = 3\n")
    assert models.pickers() == ()
    assert "picker.toml" in models.installed()[0].damaged
