"""Opening and running models: at any size, once, without torch, stoppable, and never a number that is none."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import BackendFailed, CannotSave, DamagedModel, UnsuitableWeights
from lacuna.inference import painters, session
from lacuna.inference.export import exported
from lacuna.inference.graph_files import shipped
from lacuna.inference.saving import save
from lacuna.inference.session import opened
from lacuna.inference.torch_engine import TorchRunner
from lacuna.networks import building

EDGE_CONNECT = ModelConfig(Network.EDGE_CONNECT, "EdgeConnect")
DEEPFILL = ModelConfig(Network.DEEPFILL_V1, "DeepFill", conventions="tensorflow")
GATED = ModelConfig(Network.DEEPFILL_V2, "DeepFill", conventions="pt")
PEN_NET = ModelConfig(Network.PEN_NET, "PEN-Net")


def lively(config: ModelConfig) -> dict[str, np.ndarray]:
    """Weights that let something through."""
    random = torch.Generator().manual_seed(5)
    parts = building.built(config)
    for part in parts.values():
        for parameter in part.parameters():
            scale = 0.05 if parameter.ndim == 1 else (2.0 / parameter[0].numel()) ** 0.5
            nn.init.normal_(parameter, 0, scale, generator=random)
    return building.weights(parts)


def model(folder: Path, config: ModelConfig) -> Model:
    return Model(folder.name, folder, save(folder, config, lively(config)))


@pytest.fixture(scope="module")
def edge_connect(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return model(tmp_path_factory.mktemp("models") / "edges", EDGE_CONNECT)


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    session.closed()


def problem(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    image = np.random.default_rng(1).random((height, width, 3), np.float32)
    hole = np.zeros((height, width), bool)
    hole[height // 4 : height // 2, width // 4 : width // 2 + 3] = True
    return image, hole


@pytest.mark.parametrize(
    ("config", "sizes"),
    [
        (EDGE_CONNECT, [(12, 12), (20, 44)]),
        (DEEPFILL, [(16, 16), (88, 56)]),
        (PEN_NET, [(64, 64), (64, 128)]),
    ],
    ids=lambda value: value.network if isinstance(value, ModelConfig) else "",
)
def test_both_engines_agree_at_any_size(config: ModelConfig, sizes: list[tuple[int, int]], tmp_path: Path) -> None:
    found = model(tmp_path / "model", config)
    assert found.config is not None
    ours = opened(found, Runtime())
    twin = painters.painter(config, TorchRunner(found, found.config, "cpu"))
    assert (ours.engine, twin.engine) == ("onnxruntime", "torch")
    for size in sizes:
        image, hole = problem(*size)
        for stages in (False, True):
            one, other = (paint.paint(image, hole, Progress(), stages=stages) for paint in (ours, twin))
            assert np.abs(one.image - other.image)[hole].max() < 1e-3
            assert one.stages.keys() == other.stages.keys()
            for name, stage in one.stages.items():
                assert np.abs(stage - other.stages[name]).max() < 1e-3


@pytest.mark.parametrize("config", [DEEPFILL, GATED], ids=["v1", "v2"])
def test_a_hole_is_painted_the_same_whether_all_of_the_picture_is_asked_for_or_not(
    config: ModelConfig, tmp_path: Path
) -> None:
    paint = opened(model(tmp_path / "model", config), Runtime())
    image, _hole = problem(160, 192)
    for y, x in ((0, 0), (72, 120), (136, 168)):
        hole = np.zeros((160, 192), bool)
        hole[y : y + 24, x : x + 24] = True
        whole, alone = (paint.paint(image, hole, Progress(), stages=stages).image for stages in (True, False))
        assert np.abs(whole - alone)[hole].max() < 1e-5
        assert not np.array_equal(whole, alone)


@pytest.mark.parametrize("filled", [0.0, 1.0], ids=["no hole", "all hole"])
@pytest.mark.parametrize("config", [DEEPFILL, PEN_NET], ids=["deepfill", "pennet"])
def test_a_hole_that_covers_nothing_or_everything_is_no_error(
    config: ModelConfig, filled: float, tmp_path: Path
) -> None:
    paint = opened(model(tmp_path / "model", config), Runtime())
    image = np.full((64, 64, 3), 0.5, np.float32)
    outcome = paint.paint(image, np.full((64, 64), filled, bool), Progress())
    assert np.isfinite(outcome.image).all()


def test_a_lighter_network_from_the_membrane_in_half_precision_has_graphs_of_its_own(tmp_path: Path) -> None:
    config = dataclasses.replace(EDGE_CONNECT, width=0.125, start="membrane", dtype="float16")
    assert shipped(config) is None
    found = model(tmp_path / "light", config)
    assert found.config is not None
    assert found.weights.stat().st_size < 2.1 * sum(values.size for values in lively(config).values())
    image, hole = problem(40, 24)
    ours = opened(found, Runtime()).paint(image, hole, Progress())
    twin = painters.painter(found.config, TorchRunner(found, found.config, "cpu")).paint(image, hole, Progress())
    assert np.abs(ours.image - twin.image).max() < 1e-3


def test_graphs_are_made_without_a_word(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    model(tmp_path / "light", dataclasses.replace(EDGE_CONNECT, width=0.125, dtype="float16"))
    assert (*capfd.readouterr(), caplog.text) == ("", "", "")


def test_the_graphs_that_ship_are_those_of_today_and_tell_nothing_of_where_they_were_made() -> None:
    ours = exported(EDGE_CONNECT, building.built(EDGE_CONNECT))
    assert ours == shipped(EDGE_CONNECT)
    for graph in ours.values():
        assert len(graph) < 64 << 10
        assert not any(trace in graph for trace in (b".py", b"site-packages", b"torch.nn", Path.home().name.encode()))


WITHOUT_TORCH = """
import json, sys
from pathlib import Path

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "onnx", "onnxscript"):
            raise ImportError(name)

sys.meta_path.insert(0, Blocked())
import numpy as np
from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.progress import Progress
from lacuna.inference.session import opened

folder = Path(sys.argv[1])
config = models.ModelConfig.from_json((folder / "config.json").read_text())
paint = opened(models.Model(folder.name, folder, config), Runtime())
image, hole = np.full((16, 24, 3), 0.25, np.float32), np.zeros((16, 24), bool)
hole[4:9, 5:11] = True
print(json.dumps([paint.engine, paint.paint(image, hole, Progress()).image.tolist()]))
"""


def test_without_torch_the_same_picture_is_painted(edge_connect: Model) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(edge_connect.folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    engine, painted = json.loads(done.stdout)
    image, hole = np.full((16, 24, 3), 0.25, np.float32), np.zeros((16, 24), bool)
    hole[4:9, 5:11] = True
    assert engine == "onnxruntime"
    assert np.array_equal(np.float32(painted), opened(edge_connect, Runtime()).paint(image, hole, Progress()).image)


def test_a_model_is_loaded_once_and_the_least_recently_used_goes_first(
    edge_connect: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = opened(edge_connect, Runtime())
    assert opened(edge_connect, Runtime()) is first
    other = model(tmp_path / "other", DEEPFILL)
    second = opened(other, Runtime())
    assert opened(edge_connect, Runtime()) is first
    monkeypatch.setattr(session, "KEPT", first.held)
    assert opened(edge_connect, Runtime()) is first
    assert opened(other, Runtime()) is not second


def test_a_run_ends_soon_after_it_was_cancelled(edge_connect: Model) -> None:
    paint = opened(edge_connect, Runtime())
    progress = Progress()
    image, hole = problem(512, 512)
    threading.Timer(0.3, progress.cancel).start()
    began = time.thread_time()
    with pytest.raises(Cancelled):
        paint.paint(image, hole, progress)
    assert time.thread_time() - began < 3  # a whole run takes some six seconds of a core


def test_numbers_that_are_none_never_leave(tmp_path: Path) -> None:
    weights = lively(EDGE_CONNECT)
    weights["image.body.last.weight"][:] = 1e38
    weights["image.body.last.weight"][:, 1::2] = -1e38
    folder = tmp_path / "wild"
    wild = Model("wild", folder, save(folder, EDGE_CONNECT, weights))
    image, hole = problem(16, 16)
    with pytest.raises(BackendFailed, match="numbers that are none"):
        opened(wild, Runtime()).paint(image, hole, Progress())


def test_weights_that_are_none_are_not_saved(tmp_path: Path) -> None:
    weights = lively(EDGE_CONNECT)
    weights["edges.body.last.bias"][0] = np.nan
    with pytest.raises(UnsuitableWeights, match=r"edges\.body\.last\.bias"):
        save(tmp_path / "none", EDGE_CONNECT, weights)
    weights["edges.body.last.bias"][0] = 1e6
    with pytest.raises(UnsuitableWeights, match="float16"):
        save(tmp_path / "none", dataclasses.replace(EDGE_CONNECT, dtype="float16"), weights)
    assert list(tmp_path.iterdir()) == []


def test_other_weights_are_not_saved(tmp_path: Path) -> None:
    weights = lively(EDGE_CONNECT)
    del weights["image.body.last.bias"]
    with pytest.raises(ValueError, match=r"image\.body\.last\.bias"):
        save(tmp_path / "few", EDGE_CONNECT, weights)


def test_a_folder_that_exists_is_replaced_only_if_that_is_asked_for(edge_connect: Model) -> None:
    with pytest.raises(CannotSave, match="exists"):
        save(edge_connect.folder, EDGE_CONNECT, lively(EDGE_CONNECT))
    again = save(edge_connect.folder, EDGE_CONNECT, lively(EDGE_CONNECT), replace=True, card="A card.")
    assert again.sha256["weights.safetensors"] == edge_connect.config.sha256["weights.safetensors"]
    assert (edge_connect.folder / models.CARD).read_text() == "A card."
    assert [path.name for path in edge_connect.folder.parent.iterdir()] == [edge_connect.name]


def test_files_that_are_not_what_they_were_are_not_opened(edge_connect: Model, tmp_path: Path) -> None:
    found = model(tmp_path / "model", EDGE_CONNECT)
    found.weights.write_bytes(found.weights.read_bytes()[:-1])
    with pytest.raises(DamagedModel, match=r"weights\.safetensors"):
        opened(found, Runtime())


@pytest.mark.parametrize("file", ["weights.safetensors", "image.onnx"])
def test_files_whose_hash_is_right_and_whose_content_is_not_are_damaged(file: str, tmp_path: Path) -> None:
    found = model(tmp_path / "model", EDGE_CONNECT)
    assert found.config is not None
    (found.folder / file).write_bytes(b"\x08\0\0\0\0\0\0\0{}      ")
    digests = {**found.config.sha256, file: models.digest(found.folder / file)}
    with pytest.raises(DamagedModel, match=r"\.onnx|\.safetensors"):
        opened(dataclasses.replace(found, config=dataclasses.replace(found.config, sha256=digests)), Runtime())
