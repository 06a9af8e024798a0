"""Graphs that a person brought, in pictures of any size: nothing outside the mask changes; what is wrong is said."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

import lacuna
from lacuna.contract import models
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.graph_config import GraphConfig, GraphReading
from lacuna.contract.guides import Guide
from lacuna.contract.params import describe
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.errors import BackendFailed, DamagedModel, InvalidParameter, UnknownModel
from lacuna.imaging.photo import Mask
from lacuna.inference import graph_importing
from lacuna.inference.graph_painter import GraphPainter
from lacuna.inference.session import opened_graph
from tests.backends.scenes import scenes
from tests.inference.own_graphs import Builder, Form, expected, simple, write
from tests.pictures import lion

READING = GraphReading("image", "mask", "filled")


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Backends keep what they have loaded from one test's home to the next."""
    registry.refresh()
    yield
    registry.refresh()


def photo(height: int, width: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(lion()[100:400, 100:500], (width, height), interpolation=cv2.INTER_AREA))


def square(height: int, width: int, y: int, x: int, side: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    mask[y : y + side, x : x + side] = 255
    return mask


def brought(path: Path, form: Form, name: str = "mine") -> models.Model:
    """A graph of this form, imported as a person does it."""
    found = graph_importing.found(write(path / "a model.onnx", form), {}, Progress())
    model = graph_importing.install(found, name, Progress())
    registry.refresh()
    return model


def described(path: Path, **changes: Any) -> models.Model:
    """A graph with a `model.toml` that a person wrote."""
    folder = models.own_folder() / "mine"
    folder.mkdir(parents=True)
    path.rename(folder / "model.onnx")
    config = GraphConfig("Mine", READING, sha256={"model.onnx": models.digest(folder / "model.onnx")})
    (folder / "model.toml").write_text(replace(config, **changes).to_toml())
    registry.refresh()
    return models.model("mine")


@pytest.mark.parametrize(
    "form", [Form(), Form(size=(64, 64)), Form(size=(48, 80)), Form(layout="nhwc", multiple=16)], ids=str
)
@pytest.mark.parametrize("side", [20, 150])
def test_a_hole_is_filled_and_nothing_else_changes(form: Form, side: int, tmp_path: Path) -> None:
    brought(tmp_path, form)
    image, mask = photo(210, 330), square(210, 330, 30, 60, side)
    filled = lacuna.fill(image, mask, "onnx:mine", device="cpu", detail="off")
    hole = mask > 0
    assert np.array_equal(filled[~hole], image[~hole])
    assert (filled[hole] != image[hole]).any(axis=1).mean() > 0.9


def test_a_small_picture_is_filled_as_the_graph_alone_fills_it(tmp_path: Path) -> None:
    brought(tmp_path, Form())
    image, mask = photo(48, 56), square(48, 56, 10, 12, 16)
    filled = lacuna.fill(image, mask, "onnx:mine", device="cpu", colours=False)
    wanted = expected(image.astype(np.float32) / 255, mask > 0, Form())
    assert np.abs(filled / 255.0 - wanted).max() < 0.003


def test_a_graph_of_one_size_gets_pictures_of_that_size_however_large_the_hole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought(tmp_path, Form(size=(64, 64)))
    paint, seen = GraphPainter.paint, []

    def watched(self: GraphPainter, image: Any, hole: Any, progress: Progress) -> Any:
        seen.append(hole.shape)
        return paint(self, image, hole, progress)

    monkeypatch.setattr(GraphPainter, "paint", watched)
    scratch = np.zeros((300, 400), np.uint8)
    cv2.line(scratch, (5, 5), (390, 290), 255, 3)
    for image, mask in (
        (photo(40, 30), square(40, 30, 10, 10, 9)),
        (photo(300, 400), square(300, 400, 20, 30, 200)),
        (photo(300, 400), scratch),
    ):
        lacuna.fill(image, mask, "onnx:mine", device="cpu")
    assert set(seen) == {(64, 64)}
    assert len(seen) > 5


def test_it_is_listed_last_with_what_it_asks_for(tmp_path: Path) -> None:
    brought(tmp_path, Form(size=(64, 64)))
    assert registry.ids()[: len(registry.BUILT_IN)] == tuple(registry.BUILT_IN)
    info = registry.info("onnx:mine")
    assert (info.name, info.missing, info.needs.model) == ("a model (ONNX)", "", "mine")
    assert (info.needs.size.comfortable, info.needs.size.maximum) == (64, 64)
    assert info.needs.crop_seconds > 0
    assert [param.name for param in describe(info.Params)] == ["detail", "colours"]


def test_what_a_person_changes_in_its_description_counts_at_once(tmp_path: Path) -> None:
    model = brought(tmp_path, Form())
    text = (model.folder / "model.toml").read_text()
    (model.folder / "model.toml").write_text(text.replace("side = 512", "side = 256"))
    assert registry.info("onnx:mine").needs.size.comfortable == 256
    (model.folder / "model.toml").write_text(text.replace('ones = "hole"', 'ones = "perhaps"'))
    assert "ones: perhaps" in registry.info("onnx:mine").missing
    with pytest.raises(UnknownModel, match="ones: perhaps"):
        lacuna.fill(photo(48, 56), square(48, 56, 10, 12, 16), "onnx:mine")


def test_a_graph_that_is_gone_or_changed_is_told_before_it_runs(tmp_path: Path) -> None:
    model = brought(tmp_path, Form())
    graph = model.folder / "model.onnx"
    whole = graph.read_bytes()
    graph.write_bytes(whole[:-1])
    with pytest.raises(DamagedModel, match=r"model\.onnx is not the file that it was"):
        lacuna.fill(photo(48, 56), square(48, 56, 10, 12, 16), "onnx:mine", device="cpu")
    graph.unlink()
    registry.refresh()
    assert r"model.onnx is missing" in registry.info("onnx:mine").missing


def test_a_description_that_does_not_fit_its_graph_is_told(tmp_path: Path) -> None:
    model = described(write(tmp_path / "model.onnx", Form()), reading=replace(READING, image="picture"))
    with pytest.raises(DamagedModel, match="“picture” does not fit the setting “image”"):
        opened_graph(model, Runtime())
    (model.folder / "model.toml").write_text(replace(model.graph, reading=replace(READING, layout="hwc")).to_toml())
    with pytest.raises(DamagedModel, match="the layout “hwc” does not fit image"):
        opened_graph(models.model("mine"), Runtime())


def test_numbers_that_are_none_never_reach_the_picture(tmp_path: Path) -> None:
    def none(made: Builder) -> str:
        return made.of("Add", "image", made.of("Div", made.of("Sub", "mask", "mask"), made.number(0.0)))

    described(simple(tmp_path / "nan.onnx", none))
    image = photo(48, 56)
    before = image.copy()
    with pytest.raises(BackendFailed, match="numbers that are none"):
        lacuna.fill(image, square(48, 56, 10, 12, 16), "onnx:mine", device="cpu")
    assert np.array_equal(image, before)


def test_a_picture_of_another_size_is_refused(tmp_path: Path) -> None:
    def halved(made: Builder) -> str:
        return made.of("AveragePool", "image", kernel_shape=[2, 2], strides=[2, 2])

    described(simple(tmp_path / "halved.onnx", halved))
    with pytest.raises(BackendFailed, match="1 × 3 × 24 × 28, no picture of 56 × 48"):
        lacuna.fill(photo(48, 56), square(48, 56, 10, 12, 16), "onnx:mine", device="cpu")


def test_a_graph_without_end_is_ended_by_a_cancel(tmp_path: Path) -> None:
    def endless(made: Builder) -> str:
        body = [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["before"], ["after"]),
        ]
        inputs = [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("before", TensorProto.FLOAT, None),
        ]
        outputs = [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("after", TensorProto.FLOAT, None),
        ]
        return made.of("Loop", "", made.number(True, bool), "image", body=helper.make_graph(body, "b", inputs, outputs))

    painter = opened_graph(described(simple(tmp_path / "endless.onnx", endless)), Runtime())
    progress = Progress()
    threading.Timer(0.1, progress.cancel).start()
    with pytest.raises(Cancelled):
        painter.paint(np.zeros((16, 16, 3), np.float32), np.zeros((16, 16), bool), progress)


def test_more_than_it_takes_is_refused_where_nobody_scales(tmp_path: Path) -> None:
    painter = opened_graph(brought(tmp_path, Form(size=(48, 80))), Runtime())
    with pytest.raises(InvalidParameter, match="up to 80 × 48 pixels"):
        painter.paint(np.zeros((49, 80, 3), np.float32), np.zeros((49, 80), bool), Progress())


def test_the_backend_alone_keeps_to_the_depth_of_its_picture(tmp_path: Path) -> None:
    brought(tmp_path, Form())
    image = photo(48, 56).astype(np.uint16) * 257
    hole = square(48, 56, 10, 12, 16) > 0
    backend = registry.loaded("onnx:mine", Runtime())
    filled = backend.fill(FillWork(image, hole, 65535.0), backend.Params(), Progress())
    wanted = expected(image.astype(np.float32) / 65535, hole, Form())
    assert np.abs(filled.image / 65535 - wanted).max() < 1e-4


def test_lines_that_it_cannot_be_told_of_connect_the_structure_all_the_same(tmp_path: Path) -> None:
    brought(tmp_path, Form())
    assert Guide.LINE in registry.info("onnx:mine").needs.guides
    for scene in scenes():
        assert scene.wrong(lacuna.fill(scene.truth, scene.hole, "onnx:mine", guides=scene.lines)) < 0.1, scene.name
    assert scene.wrong(lacuna.fill(scene.truth, scene.hole, "onnx:mine")) > 0.2
