"""Models as folders of data: found by name, judged by their config, and never used when a byte is not as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lacuna.contract import models
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.errors import CannotRemove, DamagedModel, UnknownModel


@pytest.fixture
def mine(home: Path) -> Path:
    """The person's folder of models, empty."""
    folder = home / "data" / "models"
    folder.mkdir(parents=True)
    return folder


def written(place: Path, name: str, *, psnr: float | None = None, network: Network = Network.PEN_NET) -> Path:
    """A model of two files, its numbers of no meaning."""
    folder = place / name
    folder.mkdir()
    contents = {"weights.safetensors": b"numbers", "graph.onnx": b"layers"}
    for file, data in contents.items():
        (folder / file).write_bytes(data)
    config = ModelConfig(
        network,
        "A model",
        graphs={"generator": "graph.onnx"},
        sha256={file: models.digest(folder / file) for file in contents},
        psnr=psnr,
    )
    (folder / "config.json").write_text(config.to_json())
    return folder


def test_a_config_survives_its_own_text() -> None:
    config = ModelConfig(
        Network.DEEPFILL_V2, "Mine", 0.5, guided=True, conventions="pt", graphs={"a": "a.onnx"}, psnr=2
    )
    assert ModelConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    "change",
    [
        {"network": "another"},
        {"network": ["pennet"]},
        {"format": 2},
        {"width": "1"},
        {"width": 0},
        {"width": True},
        {"side": 1e9},
        {"fine": 0.5},
        {"fine": 1000.0},
        {"fine": float("nan")},
        {"fine": "8"},
        {"psnr": float("nan")},
        {"sizes": {"features": float("inf")}},
        {"sizes": {"features": 10**400}},
        {"start": "elsewhere"},
        {"graphs": {"generator": "../graph.onnx"}},
        {"graphs": {"generator": "config.json"}},
        {"graphs": ["graph.onnx"]},
        {"sha256": {"weights.safetensors": "0"}},
        {"unheard": 1},
    ],
)
def test_a_config_that_says_something_else_is_told_with_its_field(mine: Path, change: dict[str, object]) -> None:
    config = written(mine, "changed") / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | change))
    (found,) = models.installed()
    assert found.config is None
    assert next(iter(change)) in found.damaged
    with pytest.raises(DamagedModel, match="changed"):
        models.model("changed")
    with pytest.raises(DamagedModel, match="changed"):
        models.verify(found)


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "\x00", "{}", '{"format": 1}'])
def test_any_text_but_a_config_is_damage_and_no_crash(mine: Path, text: str) -> None:
    (written(mine, "odd") / "config.json").write_text(text)
    assert [found.damaged != "" for found in models.installed()] == [True]


def test_weights_without_a_hash_are_not_used(mine: Path) -> None:
    folder = written(mine, "bare")
    config = json.loads((folder / "config.json").read_text())
    del config["sha256"]["weights.safetensors"]
    (folder / "config.json").write_text(json.dumps(config))
    assert "weights.safetensors" in models.installed()[0].damaged


def test_a_file_that_changed_is_found_and_the_same_file_is_read_once(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(mine, "whole")
    found = models.model("whole")
    models.verify(found)
    monkeypatch.setattr(models, "digest", lambda _path: pytest.fail("was read again"))
    models.verify(found)
    monkeypatch.undo()
    (folder / "weights.safetensors").write_bytes(b"other numbers")
    with pytest.raises(DamagedModel, match=r"weights\.safetensors"):
        models.verify(found)
    (folder / "weights.safetensors").unlink()
    with pytest.raises(DamagedModel, match=r"weights\.safetensors"):
        models.verify(found)


def test_the_best_measured_model_comes_first_and_others_by_name(mine: Path) -> None:
    written(mine, "b")
    written(mine, "a")
    written(mine, "good", psnr=17.0)
    written(mine, "better", psnr=18.0)
    written(mine, "edges", psnr=19.0, network=Network.EDGE_CONNECT)
    assert [found.name for found in models.of(Network.PEN_NET)] == ["better", "good", "a", "b"]


def test_a_model_of_the_person_cannot_take_the_place_of_a_shipped_one(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("lacuna.paths.models", lambda: shipped)
    written(shipped, "pennet", psnr=1.0)
    written(mine, "pennet", psnr=2.0)
    found: Model = models.model("pennet")
    assert found.shipped
    assert found.folder.parent == shipped
    assert found.size > 0


def test_an_unknown_model_is_refused_with_the_names_there_are(mine: Path) -> None:
    written(mine, "pennet")
    with pytest.raises(UnknownModel, match="pennet"):
        models.model("deepfill")


def test_a_removed_model_is_gone_and_a_shipped_one_stays(
    mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr("lacuna.paths.models", lambda: shipped)
    written(shipped, "ours")
    written(mine, "mine")
    with pytest.raises(CannotRemove, match="ours"):
        models.remove(models.model("ours"))
    models.remove(models.model("mine"))
    assert [found.name for found in models.installed()] == ["ours"]
    assert list(mine.iterdir()) == []


def test_a_damaged_model_can_be_removed(mine: Path) -> None:
    (written(mine, "odd") / "config.json").write_text("{")
    models.remove(models.installed()[0])
    assert models.installed() == ()


def test_a_model_that_is_gone_already_is_told(mine: Path) -> None:
    written(mine, "mine")
    found = models.model("mine")
    models.remove(found)
    with pytest.raises(CannotRemove, match="was not removed"):
        models.remove(found)
