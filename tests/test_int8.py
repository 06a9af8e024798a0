"""Graphs in 8 bits: near those in 32 bits, taken where they pay, and never trusted further than their hashes."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

import lacuna
from lacuna import paths
from lacuna.backends.edge_connect import EdgeConnectParams
from lacuna.cli.main import main
from lacuna.contract import models
from lacuna.contract.fill import FillWork, Runtime
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.models import WEIGHTS, Model
from lacuna.contract.precision import INT8_WEIGHTS, Int8, Precision
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.errors import DamagedModel, UnknownModel
from lacuna.imaging import files
from lacuna.inference import own_file, session
from lacuna.inference.onnx_file import handed_over
from lacuna.inference.session import in_int8, opened
from lacuna.inference.stored import packed_int8, read_int8
from lacuna.kernels import processor
from tests.backends.models import BACKENDS
from tests.networks.conftest import one_core  # noqa: F401 (a fixture)
from tests.pictures import lion, write

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = paths.models()
NAME = "quick"
SIDE = 128  # of the crops that give the ranges here
NEAR = 0.01  # of white: how far a fill in 8 bits may be from one in 32 in the mean
GOOD = Int8(loss=0.01, speed=2.0)

Quantised = Callable[[Network], Model]


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        import quantise

        yield quantise
    finally:
        sys.path.remove(str(ROOT / "packaging"))


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    registry.refresh()
    yield
    session.closed()
    registry.refresh()


def crops(count: int) -> list[FillWork]:
    photo, hole = np.float32(lion()) / 255, np.zeros((SIDE, SIDE), bool)
    hole[40:80, 30:100] = True
    corners = [(40 * number, 60 * number) for number in range(count)]
    return [FillWork(np.ascontiguousarray(photo[y : y + SIDE, x : x + SIDE]), hole, 1.0) for y, x in corners]


def installed(folder: Path, name: str = NAME) -> Model:
    """A copy of the folder as a model of the person's own."""
    shutil.copytree(folder, paths.data_folder() / "models" / name)
    registry.refresh()
    return models.model(name)


@pytest.fixture(scope="module")
def made(script: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Network], Path]:
    """The folder of a model that ships, with graphs in 8 bits made for it here; made once, and kept."""
    kept: dict[Network, Path] = {}

    def folder(network: Network) -> Path:
        if network not in kept:
            found = installed(SHIPPED / BACKENDS[network])
            work = script.Quantised(found.name, Path())
            graphs = work.made(crops(3))
            names = {part: f"{part}.int8.onnx" for part in graphs}
            work.write(dataclasses.replace(GOOD, graphs=names), graphs)
            kept[network] = tmp_path_factory.mktemp("made") / NAME
            shutil.move(found.folder, kept[network])
            registry.refresh()
        return kept[network]

    return folder


@pytest.fixture
def quantised(made: Callable[[Network], Path]) -> Quantised:
    """Such a model, installed as "quick"."""
    return lambda network: installed(made(network))


def config_of(model: Model) -> ModelConfig:
    assert model.config is not None
    return model.config


def rewritten(model: Model, **changes: Any) -> Model:
    """The model, its config changed on disk."""
    config = dataclasses.replace(config_of(model), **changes)
    (model.folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    registry.refresh()
    return models.model(model.name)


def with_int8(model: Model, **changes: Any) -> Model:
    int8 = config_of(model).int8
    assert int8 is not None
    return rewritten(model, int8=dataclasses.replace(int8, **changes))


def with_file(model: Model, name: str, content: bytes) -> Model:
    """The model with other content of a file, under the right hash."""
    (model.folder / name).write_bytes(content)
    return rewritten(model, sha256={**config_of(model).sha256, name: models.digest(model.folder / name)})


def painted(model: Model, precision: Precision) -> np.ndarray:
    work = crops(1)[0]
    image = work.image.copy()
    image[work.hole] = image[~work.hole].mean(0)
    return opened(model, Runtime(), precision).paint(image, work.hole, Progress()).image


# --- what they calculate ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("network", [Network.DEEPFILL_V1, Network.DEEPFILL_V2, Network.EDGE_CONNECT])
def test_a_picture_in_8_bits_is_near_the_one_in_32(network: Network, quantised: Quantised) -> None:
    found = quantised(network)
    hole = crops(1)[0].hole
    exact, near = (painted(found, precision)[hole] for precision in (Precision.FLOAT32, Precision.INT8))
    assert 0 < np.abs(exact - near).mean() < NEAR


def test_both_steps_of_edge_connect_have_their_graph(quantised: Quantised) -> None:
    found = quantised(Network.EDGE_CONNECT)
    int8 = config_of(found).int8
    assert int8 is not None
    assert set(int8.graphs) == {"edges", "image"}
    work = crops(1)[0]
    exact, near = (
        opened(found, Runtime(), precision).edges(work.image, work.hole, None, Progress())
        for precision in (Precision.FLOAT32, Precision.INT8)
    )
    assert 0 < np.abs(exact - near).mean() < NEAR


@pytest.mark.parametrize("network", [Network.DEEPFILL_V2, Network.EDGE_CONNECT])
def test_in_32_bits_every_number_is_what_it_is_without_graphs_in_8(network: Network, quantised: Quantised) -> None:
    beside = painted(quantised(network), Precision.FLOAT32)
    alone = painted(installed(SHIPPED / BACKENDS[network], "plain"), Precision.AUTO)
    plain = config_of(models.model("plain")).int8
    if plain is None or not plain.graphs:
        assert np.array_equal(beside, alone)
    assert np.array_equal(beside, painted(models.model("plain"), Precision.FLOAT32))


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 192)])
def test_pictures_may_have_any_size(height: int, width: int, quantised: Quantised) -> None:
    image, hole = np.full((height, width, 3), 0.5, np.float32), np.zeros((height, width), bool)
    hole[20:40, 10:50] = True
    outcome = opened(quantised(Network.DEEPFILL_V2), Runtime(), Precision.INT8).paint(image, hole, Progress())
    assert outcome.image.shape == (height, width, 3)


def test_a_graph_in_8_bits_shares_what_it_left_as_it_was(quantised: Quantised) -> None:
    found = quantised(Network.EDGE_CONNECT)
    own = read_int8(found)
    graph = onnx.load(found.folder / "image.int8.onnx", load_external_data=False)
    places = {tensor.name: tensor.external_data[0].value for tensor in graph.graph.initializer if tensor.external_data}
    assert set(places.values()) == {WEIGHTS, INT8_WEIGHTS}
    assert {name for name, file in places.items() if file == INT8_WEIGHTS} <= own.keys()
    assert sum(values.nbytes for values in own.values()) < found.weights.stat().st_size
    assert handed_over((found.folder / "image.int8.onnx").read_bytes()) == places.keys()


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*/*.onnx")), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_graph_says_which_numbers_it_wants(path: Path) -> None:
    graph = onnx.load(path, load_external_data=False).graph
    wanted = {tensor.name for tensor in graph.initializer if tensor.external_data}
    assert handed_over(path.read_bytes()) == wanted


def test_a_graph_within_a_graph_that_leaves_its_numbers_to_others_is_refused(tmp_path: Path) -> None:
    def weight(name: str) -> onnx.TensorProto:
        tensor = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=[1])
        tensor.data_location = onnx.TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=WEIGHTS)
        return tensor

    out = [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])]
    branch = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["w"], ["y"])], "branch", [], out)
    condition = [onnx.helper.make_tensor_value_info("if", onnx.TensorProto.BOOL, [])]
    node = onnx.helper.make_node("If", ["if"], ["y"], then_branch=branch, else_branch=branch)
    graph = onnx.helper.make_graph([node], "whole", condition, out, [weight("w")])
    assert handed_over(onnx.helper.make_model(graph).SerializeToString()) == {"w"}
    node.attribute[0].g.initializer.append(weight("inner"))
    nested = onnx.helper.make_graph([node], "whole", condition, out, [weight("w")])
    with pytest.raises(ValueError, match="within it"):
        handed_over(onnx.helper.make_model(nested).SerializeToString())


# --- when they are taken ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("multiplies", "measured", "taken"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"loss": 0.1}, False),
        (True, {"speed": 1.1}, False),
    ],
)
def test_automatically_they_are_taken_where_they_gain_and_cost_little(
    multiplies: bool, measured: dict[str, float], taken: bool, quantised: Quantised, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processor, "multiplies_bytes", lambda: multiplies)
    found = with_int8(quantised(Network.EDGE_CONNECT), **measured)
    assert in_int8(config_of(found), Precision.AUTO) == taken
    assert in_int8(config_of(found), Precision.INT8)
    assert not in_int8(config_of(found), Precision.FLOAT32)
    asked = Precision.INT8 if taken else Precision.FLOAT32
    assert opened(found, Runtime(), Precision.AUTO) is opened(found, Runtime(), asked)


def test_a_fill_takes_the_precision_that_is_asked_for_and_says_so(
    quantised: Quantised, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    quantised(Network.EDGE_CONNECT)
    photo, hole = np.asarray(lion())[:96, :128], np.zeros((96, 128), bool)
    hole[30:60, 40:80] = True
    picture, mask, out = (write(tmp_path / f"{name}.png", pixels) for name, pixels in (
        ("photo", photo), ("mask", np.uint8(255) * hole), ("out", photo)
    ))  # fmt: skip
    found = []
    for precision in ("float32", "int8"):
        words = ["fill", picture, "--mask", mask, "-b", "edgeconnect", "--model", NAME, "--set", "detail=off", "--set"]
        words += [f"precision={precision}", "--device", "cpu", "--json", "--overwrite", "-o", out]
        assert main([str(word) for word in words])[0] == 0
        assert json.loads(capsys.readouterr().out)["precisions"] == [precision]
        found.append(files.read(out).pixels)
    exact, near = found
    assert not np.array_equal(exact, near)
    assert np.abs(exact[hole].astype(float) - near[hole]).mean() < 255 * NEAR


def test_8_bits_are_for_the_processor_and_for_models_that_have_them(quantised: Quantised) -> None:
    quantised(Network.EDGE_CONNECT)
    installed(SHIPPED / "edgeconnect", "plain")
    rewritten(models.model("plain"), int8=None)
    backend = registry.backend("edgeconnect")
    params = EdgeConnectParams
    assert "cuda" in backend.needs(params(model=NAME)).devices
    assert backend.needs(params(model=NAME, precision=Precision.INT8)).devices == {"cpu"}
    assert "no graphs in 8 bits" in backend.needs(params(model="plain", precision=Precision.INT8)).missing
    assert not backend.needs(params(model="plain")).missing
    photo, hole = np.asarray(lion())[:64, :64], np.zeros((64, 64), bool)
    hole[20:30, 20:30] = True
    with pytest.raises(UnknownModel, match="no graphs in 8 bits"):
        lacuna.fill(photo, hole, "edgeconnect", model="plain", precision="int8")


WITHOUT_TORCH = """
import sys
sys.modules.update(dict.fromkeys(("torch", "onnx", "onnxscript", "onnx_ir")))
from lacuna.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_fill_in_8_bits_needs_no_torch(quantised: Quantised, tmp_path: Path) -> None:
    quantised(Network.EDGE_CONNECT)
    photo, hole = np.asarray(lion())[:96, :128], np.zeros((96, 128), np.uint8)
    hole[30:60, 40:80] = 255
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(hole).save(tmp_path / "mask.png")
    words = ["fill", tmp_path / "photo.png", "--mask", tmp_path / "mask.png", "-o", tmp_path / "out.png", "--json"]
    words += ["--backend", "edgeconnect", "--model", NAME, "--set", "precision=int8", "--set", "detail=off"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, *map(str, words)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["params"]["precision"] == "int8"
    filled = np.asarray(Image.open(tmp_path / "out.png").convert("RGB"))
    inside = hole > 0
    assert np.array_equal(filled[~inside], photo[~inside])
    here = lacuna.fill(photo, hole, "edgeconnect", model=NAME, detail="off", device="cpu", precision="int8")
    assert np.abs(filled[inside].astype(float) - here[inside]).max() <= 2


# --- what is damaged --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("file", [INT8_WEIGHTS, "image.int8.onnx"])
def test_a_file_that_is_not_what_it_was_is_refused_at_any_precision(file: str, quantised: Quantised) -> None:
    found = quantised(Network.EDGE_CONNECT)
    content = bytearray((found.folder / file).read_bytes())
    content[len(content) // 2] ^= 1
    (found.folder / file).write_bytes(content)
    for precision in Precision:
        with pytest.raises(DamagedModel, match=file.replace(".", r"\.")):
            opened(found, Runtime(), precision)


@pytest.mark.parametrize("file", [INT8_WEIGHTS, "image.int8.onnx"])
def test_a_file_under_the_right_hash_that_is_none_is_damaged(file: str, quantised: Quantised) -> None:
    found = with_file(quantised(Network.EDGE_CONNECT), file, b"\x08\0\0\0\0\0\0\0{}      ")
    with pytest.raises(DamagedModel, match=file.replace(".", r"\.")):
        opened(found, Runtime(), Precision.INT8)
    assert np.isfinite(painted(found, Precision.FLOAT32)).all()


def test_numbers_that_were_made_of_other_weights_are_refused(quantised: Quantised) -> None:
    found = quantised(Network.EDGE_CONNECT)
    found = with_file(found, INT8_WEIGHTS, packed_int8(read_int8(found), "0" * 64))
    with pytest.raises(DamagedModel, match="does not fit its weights"):
        opened(found, Runtime(), Precision.INT8)


def test_a_config_that_does_not_tell_the_hash_of_each_of_its_files_is_damaged(quantised: Quantised) -> None:
    found = quantised(Network.EDGE_CONNECT)
    hashes = {file: digest for file, digest in config_of(found).sha256.items() if file != INT8_WEIGHTS}
    config = dataclasses.replace(config_of(found), sha256=hashes)
    (found.folder / CONFIG).write_text(config.to_json(), encoding="utf-8")
    with pytest.raises(DamagedModel, match=r"int8\.safetensors"):
        models.model(NAME)


@pytest.mark.parametrize(
    "said",
    [
        7,
        {"loss": 0.0, "speed": 2.0},
        {"loss": "0", "speed": 2.0, "graphs": {}},
        {"loss": 0.0, "speed": True, "graphs": {}},
        {"loss": float("nan"), "speed": 2.0, "graphs": {}},
        {"loss": 0.0, "speed": 2.0, "graphs": {"image": "../image.onnx"}},
        {"loss": 0.0, "speed": 2.0, "graphs": {"image": 5}},
        {"loss": 0.0, "speed": 2.0, "graphs": []},
    ],
)
def test_what_no_reader_could_use_is_refused(said: object) -> None:
    text = json.dumps({"network": "pennet", "title": "PEN-Net", "format": 1, "int8": said})
    with pytest.raises(ValueError, match="int8"):
        ModelConfig.from_json(text)


def test_a_config_with_graphs_in_8_bits_reads_as_it_was_written() -> None:
    config = ModelConfig(Network.PEN_NET, "PEN-Net", int8=dataclasses.replace(GOOD, graphs={"fill": "fill.int8.onnx"}))
    assert ModelConfig.from_json(config.to_json()) == config


# --- how they are made ------------------------------------------------------------------------------------------------
def test_they_are_of_these_weights_alone_and_go_where_those_are_passed_on(quantised: Quantised, tmp_path: Path) -> None:
    found = quantised(Network.EDGE_CONNECT)
    own_file.export(found, tmp_path / "passed on.safetensors")
    from lacuna.inference import safetensors_file

    passed_on = own_file.of_file(safetensors_file.group(tmp_path / "passed on.safetensors"))
    assert passed_on.config.int8 is None
    assert own_file.of_folder(found.folder).config.int8 is None


@pytest.mark.parametrize(("speed", "loss", "kept"), [(1.5, 0.02, True), (1.1, 0.02, False), (1.5, 0.1, False)])
def test_graphs_are_kept_where_they_are_worth_their_place_and_leave_nothing_where_not(
    speed: float, loss: float, kept: bool, script: ModuleType, monkeypatch: pytest.MonkeyPatch, quantised: Quantised
) -> None:
    found = quantised(Network.EDGE_CONNECT)
    monkeypatch.setattr(script.photos, "read", lambda *_places: None)
    monkeypatch.setattr(script, "works", lambda _read, _side, count: crops(min(2, count)))
    monkeypatch.setattr(script.Quantised, "speed", lambda _work, _crops: speed)
    monkeypatch.setattr(script.Quantised, "loss", lambda _work: {"brush": loss / 2, "blob": loss})
    script.quantise(NAME, Path(), ["open"])
    after = models.model(NAME)
    models.verify(after)
    assert config_of(after).int8 == Int8(
        loss, speed, {"edges": "edges.int8.onnx", "image": "image.int8.onnx"} if kept else {}
    )
    files = {path.name for path in after.folder.iterdir()}
    assert files == {*config_of(after).sha256, CONFIG}
    assert (INT8_WEIGHTS in files) == kept
    assert kept == (found.folder / "image.int8.onnx").exists()


def test_what_cannot_be_measured_leaves_no_graphs(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, quantised: Quantised
) -> None:
    quantised(Network.EDGE_CONNECT)

    def stopped(_work: object) -> dict[str, float]:
        raise KeyboardInterrupt

    monkeypatch.setattr(script.photos, "read", lambda *_places: None)
    monkeypatch.setattr(script, "works", lambda _read, _side, count: crops(min(2, count)))
    monkeypatch.setattr(script.Quantised, "speed", lambda _work, _crops: 2.0)
    monkeypatch.setattr(script.Quantised, "loss", stopped)
    with pytest.raises(KeyboardInterrupt):
        script.quantise(NAME, Path(), ["open"])
    after = models.model(NAME)
    models.verify(after)
    assert config_of(after).int8 is None
    assert not (after.folder / INT8_WEIGHTS).exists()


def test_a_pass_is_timed_and_the_loss_measured_on_photos_that_no_training_has_seen(
    script: ModuleType, quantised: Quantised, tmp_path: Path
) -> None:
    quantised(Network.EDGE_CONNECT)
    (tmp_path / "eval").mkdir()
    Image.fromarray(np.asarray(lion())[:96, :128]).save(tmp_path / "eval" / "001.png")
    for kind in ("brush", "blob", "thin"):
        hole = np.zeros((96, 128), np.uint8)
        hole[30:60, 40:80] = 255
        Image.fromarray(hole).save(tmp_path / "eval" / f"001-{kind}.png")
    work = script.Quantised(NAME, tmp_path)
    lost = work.loss()
    assert lost.keys() == {"brush", "blob"}
    assert all(0 < abs(value) < 1 for value in lost.values())
    assert 0.2 < work.speed(crops(1)) < 20
