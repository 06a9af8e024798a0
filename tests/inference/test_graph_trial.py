"""Graphs of others are understood: of each form the right reading is found, and what is no such graph is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from lacuna.contract import models
from lacuna.contract.graph_config import GraphReading
from lacuna.contract.progress import Progress
from lacuna.errors import InvalidParameter, OutOfMemory, UnreadableFile, UnsuitableWeights, UnsupportedFormat
from lacuna.inference import graph_importing, onnx_file
from lacuna.inference.graph_judging import PLAUSIBLE, sample
from lacuna.inference.graph_trial import Tried, tried
from lacuna.inference.own_graph import OwnGraph
from tests.inference.own_graphs import Builder, Form, expected, save, simple, write

FORMS = {
    "as LaMa": Form(range="0..1", output_range="0..255"),
    "as LaMa, in [0, 1] alone": Form(range="0..1"),
    "as MAT": Form(ones="known"),
    "as MI-GAN, in one": Form(channels="mask-image", mask_range="-0.5..0.5", ones="known", size=(64, 64)),
    "as MI-GAN's pipeline": Form(
        range="0..255", mask_range="0..255", ones="known", dtype=TensorProto.UINT8, mask_dtype=TensorProto.UINT8
    ),
    "in one, the mask last": Form(channels="image-mask", range="0..1"),
    "channels last": Form(layout="nhwc", mask_layout="nhwc"),
    "channels last, a plane as mask": Form(layout="hwc", mask_layout="hw", range="0..1"),
    "bytes as floats": Form(range="0..255", mask_range="0..255"),
    "half precision": Form(dtype=TensorProto.FLOAT16, mask_dtype=TensorProto.FLOAT16),
    "a mask of truths": Form(mask_dtype=TensorProto.BOOL, range="0..1"),
    "other names, the mask first": Form(names=("x", "y"), mask_first=True),
    "one size": Form(size=(64, 64)),
    "one size that is no square": Form(size=(48, 80), layout="nhwc", mask_layout="nhwc"),
    "sides of 16": Form(multiple=16),
}


def trials(path: Path, said: dict[str, str] | None = None) -> Tried:
    return tried(OwnGraph(path, 1), path.name, said or {}, Progress())


@pytest.mark.parametrize("name", FORMS)
def test_the_right_reading_of_each_form_is_found_first(name: str, tmp_path: Path) -> None:
    form = FORMS[name]
    found = trials(write(tmp_path / "model.onnx", form))
    best = found.trials[0]
    assert best.reading == GraphReading(
        form.names[0],
        "" if form.channels else form.names[1],
        "filled",
        layout=form.layout,
        mask_layout=form.layout if form.channels else form.mask_layout,
        channels=form.channels or "image-mask",
        range=form.range,
        mask_range=form.mask_range,
        ones=form.ones,
        output_range=form.output_range or form.range,
    )
    assert best.score > PLAUSIBLE
    assert (found.height, found.width) == (form.size or (0, 0))
    assert found.multiple == (max(form.multiple, 8) if form.size is None else 1)
    test = sample(*best.picture.shape[:2])
    assert np.abs(best.picture / 255 - expected(test.truth, test.hole, form)).max() < 0.01


def test_a_graph_that_trusts_in_a_white_hole_gets_one(tmp_path: Path) -> None:
    found = trials(write(tmp_path / "model.onnx", Form(range="0..1", blanked_white=True)))
    assert found.trials[0].reading.hole == "white"


def test_a_graph_that_knows_the_colours_of_things_gets_them_in_its_order(tmp_path: Path) -> None:
    for colours, prior in (("rgb", (1.0, 0.5, 0.1)), ("bgr", (0.1, 0.5, 1.0))):  # that of flamingos
        form = Form(colours=colours, prior=prior)
        assert trials(write(tmp_path / "model.onnx", form)).trials[0].reading.colours == colours


def test_trials_are_ranked_and_say_how_they_went(tmp_path: Path) -> None:
    found = trials(write(tmp_path / "model.onnx", Form(range="0..1")))
    assert len(found.trials) > 8
    assert found.trials[0].score > found.trials[-1].score + 0.2
    assert "Known pixels came back within 0 % of white" in found.trials[0].sentence
    pictures = [trial.picture for trial in found.trials]
    assert {picture.shape for picture in pictures} == {(200, 216, 3)}


def test_what_the_person_says_is_not_tried_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path / "model.onnx", Form(range="0..1"))
    said = {"ones": "known", "range": "-1..1", "hole": "black", "colours": "bgr", "output_range": "0..255"}
    for trial in trials(path, said).trials:
        assert {name: getattr(trial.reading, name) for name in said} == said


@pytest.mark.parametrize(
    ("said", "told"), [({"rage": "0..1"}, "no “rage”"), ({"range": "0..2"}, "0..1, -1..1, 0..255")]
)
def test_a_word_that_means_nothing_is_told_with_those_there_are(
    said: dict[str, str], told: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        trials(write(tmp_path / "model.onnx", Form()), said)
    assert told in str(caught.value)


def test_a_classifier_is_refused_with_what_it_takes_and_gives(tmp_path: Path) -> None:
    made = Builder()
    made.nodes.append(helper.make_node("ReduceMean", ["data"], ["classes"], axes=[2, 3], keepdims=0))
    data = helper.make_tensor_value_info("data", TensorProto.FLOAT, [1, 3, 224, "w"])
    classes = helper.make_tensor_value_info("classes", TensorProto.FLOAT, [1, 3])
    path = save(tmp_path / "classifier.onnx", made, [data], [classes])
    with pytest.raises(UnsuitableWeights) as caught:
        trials(path)
    assert "data (float32 1 × 3 × 224 × ?)" in caught.value.sentence
    assert "classes (float32 1 × 3)" in caught.value.sentence


def test_a_graph_that_gives_no_picture_is_refused_with_what_it_gave(tmp_path: Path) -> None:
    def halved(made: Builder) -> str:
        return made.of("AveragePool", "image", kernel_shape=[2, 2], strides=[2, 2])

    with pytest.raises(UnsuitableWeights, match=r"“filled” is 1 × 3 × 100 × 108, no picture of the size"):
        trials(simple(tmp_path / "halved.onnx", halved))


def test_a_graph_that_gives_no_numbers_is_refused(tmp_path: Path) -> None:
    def none(made: Builder) -> str:
        return made.of("Add", "image", made.of("Div", made.of("Sub", "mask", "mask"), made.number(0.0)))

    with pytest.raises(UnsuitableWeights, match="numbers that are none"):
        trials(simple(tmp_path / "nan.onnx", none))


def test_a_graph_that_does_not_heed_its_mask_is_refused(tmp_path: Path) -> None:
    def heedless(made: Builder) -> str:
        return made.of("Mul", "image", made.number(0.9))

    with pytest.raises(UnsuitableWeights, match="does not heed its mask"):
        trials(simple(tmp_path / "heedless.onnx", heedless))


def test_of_several_outputs_the_picture_is_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "model.onnx", Form(output_range="0..1"))
    model = onnx.load(str(path))
    model.graph.node.append(helper.make_node("ReduceMean", ["filled"], ["coarse"], axes=[1]))
    for name in ("coarse", "image"):
        model.graph.output.insert(0, helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 4))
    onnx.save_model(model, str(path))
    found = trials(path)
    assert (found.trials[0].reading.output, found.trials[0].reading.output_range) == ("filled", "0..1")


def test_more_memory_than_there_is_ends_with_a_word(tmp_path: Path) -> None:
    def huge(made: Builder) -> str:
        plane = made.of("ConstantOfShape", made.number([1 << 29, 1 << 29], np.int64))
        return made.of("Add", "image", made.of("ReduceMean", plane, axes=[0, 1]))

    with pytest.raises(OutOfMemory, match="not enough memory to run huge"):
        graph_importing.found(simple(tmp_path / "huge.onnx", huge), {}, Progress())


def test_a_file_cut_off_anywhere_is_told_as_damaged(tmp_path: Path) -> None:
    whole = write(tmp_path / "model.onnx", Form()).read_bytes()
    path = tmp_path / "cut.onnx"
    for length in (0, 1, 7, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises((UnreadableFile, UnsupportedFormat)):
            OwnGraph(path, 1)


@pytest.mark.parametrize("limit", ["LARGEST_GRAPH", "LARGEST"])
def test_a_file_that_is_too_large_is_not_opened(limit: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "large.onnx", Form())
    monkeypatch.setattr(onnx_file, limit, path.stat().st_size - 1)
    with pytest.raises(UnsupportedFormat, match=r"large\.onnx is larger than 0 GB"):
        OwnGraph(path, 1)


def test_a_file_that_changes_after_its_trial_is_not_installed(tmp_path: Path) -> None:
    path = write(tmp_path / " .onnx", Form())
    found = graph_importing.found(path, {}, Progress())
    write(path, Form(range="0..1"))
    with pytest.raises(UnreadableFile, match="it changed meanwhile"):
        graph_importing.install(found, "mine", Progress())
    assert not list(models.own_folder().iterdir())


def test_another_kind_of_file_is_no_graph(tmp_path: Path) -> None:
    path = tmp_path / "picture.onnx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(UnreadableFile):
        OwnGraph(path, 1)


def test_operators_that_are_not_the_runtimes_own_are_refused(tmp_path: Path) -> None:
    def foreign(made: Builder) -> str:
        return made.of("Steal", "image", domain="custom")

    path = simple(tmp_path / "foreign.onnx", foreign, domains=[helper.make_opsetid("custom", 1)])
    with pytest.raises(UnsupportedFormat, match="Steal"):
        OwnGraph(path, 1)


def weighty(made: Builder) -> str:
    blanked = made.of("Sub", "image", made.of("Mul", "image", "mask"))
    return made.of("Add", blanked, made.number(np.full((1, 3, 1, 1), 0.125)))


def external(path: Path, location: str) -> Path:
    return simple(
        path, weighty, save_as_external_data=True, all_tensors_to_one_file=True, location=location, size_threshold=0
    )


def test_numbers_in_a_file_beside_it_are_read(tmp_path: Path) -> None:
    path = external(tmp_path / "model.onnx", "model.onnx.data")
    graph = OwnGraph(path, 1)
    image = np.zeros((1, 3, 8, 8), np.float32)
    assert (graph.run({"image": image, "mask": image[:, :1]}, Progress())["filled"] == 0.125).all()
    assert graph.held == path.stat().st_size + 12
    (tmp_path / "model.onnx.data").unlink()
    with pytest.raises(UnreadableFile, match=r"model\.onnx\.data is missing"):
        OwnGraph(path, 1)


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "sub/secret", "*/_ORT_MEM_ADDR_/*", "model.toml"])
def test_numbers_from_anywhere_else_are_refused(location: str, tmp_path: Path) -> None:
    path = external(tmp_path / "model.onnx", "x" * len(location))
    path.write_bytes(path.read_bytes().replace(b"x" * len(location), location.encode()))
    (tmp_path / "model.toml").write_bytes(bytes(12))
    with pytest.raises(UnsupportedFormat, match="not the name of a file beside it"):
        OwnGraph(path, 1)


def test_numbers_from_elsewhere_are_found_in_the_branches_of_a_graph_too(tmp_path: Path) -> None:
    def branching(made: Builder) -> Any:
        inner = Builder()
        inner.nodes.append(helper.make_node("Add", ["image", inner.number([0.5])], ["branch"]))
        output = helper.make_tensor_value_info("branch", TensorProto.FLOAT, None)
        (tensor,) = inner.constants
        tensor.data_location = TensorProto.EXTERNAL
        tensor.ClearField("raw_data")
        tensor.external_data.add(key="location", value="../secret")
        graph = helper.make_graph(inner.nodes, "inner", [], [output], inner.constants)
        return made.of("If", made.number(True, bool), then_branch=graph, else_branch=graph)

    with pytest.raises(UnsupportedFormat, match=r"\.\./secret"):
        OwnGraph(simple(tmp_path / "model.onnx", branching), 1)
