"""A model becomes one file and that file the same model, a training's folder a model; what was altered is found out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from lacuna.contract import models
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.errors import CannotSave, DamagedModel, InvalidParameter, UnreadableFile, UnsuitableWeights
from lacuna.inference import own_file, saving
from lacuna.inference.importing import found, install
from lacuna.inference.tensors import groups
from lacuna.networks import building
from tests.inference.checkpoints import light_pen_net

pytestmark = pytest.mark.usefixtures("no_graphs")


@pytest.fixture
def half() -> Model:
    """A light model in half precision, with a card."""
    config = ModelConfig(Network.PEN_NET, "Light", 0.125, dtype="float16", psnr=21.5, licence="CC BY 4.0", source="us")
    weights = building.weights(building.built(config))
    saving.save(models.own_folder() / "light", config, weights, card="# Light\nFor tests.")
    return models.model("light")


def test_a_model_is_the_same_after_its_way_through_a_file(half: Model, tmp_path: Path) -> None:
    path = tmp_path / "light.safetensors"
    assert own_file.export(half, path) == path.stat().st_size
    recognised = found([path])
    assert recognised.notice == ""
    again = install(recognised, "again", Progress(), licence_accepted=False)
    assert again.weights.read_bytes() == half.weights.read_bytes()
    assert again.config == half.config
    assert own_file.card(again) == "# Light\nFor tests."


def test_a_licence_goes_with_the_file(half: Model, tmp_path: Path) -> None:
    assert half.config is not None
    bound = dataclasses.replace(half.config, licence="CC BY-NC 4.0")
    (half.folder / "config.json").write_text(bound.to_json())
    own_file.export(models.model("light"), tmp_path / "light.safetensors")
    assert "non-commercial" in found([tmp_path / "light.safetensors"]).notice


def test_a_damaged_model_is_not_exported(half: Model, tmp_path: Path) -> None:
    half.weights.write_bytes(half.weights.read_bytes()[:-1] + b"x")
    with pytest.raises(DamagedModel):
        own_file.export(half, tmp_path / "light.safetensors")
    assert list(tmp_path.glob("*.safetensors")) == []


def test_a_file_that_exists_is_replaced_only_if_that_is_allowed(half: Model, tmp_path: Path) -> None:
    path = tmp_path / "light.safetensors"
    path.write_bytes(b"mine")
    with pytest.raises(CannotSave, match="exists"):
        own_file.export(half, path)
    assert path.read_bytes() == b"mine"
    own_file.export(half, path, overwrite=True)
    assert found([path]).config.title == "Light"


def altered(path: Path, *, notes: dict[str, str] | None = None, bias: float | None = None) -> None:
    """The file with other texts in its header or with another number, as a well-formed file."""
    (group,) = groups(path)
    tensors = {key: np.array(group.read(key)) for key in group.shapes}
    if bias is not None:
        tensors["encoder.0.bias"][0] = bias
    path.write_bytes(save(tensors, {**group.notes, **(notes or {})}))


@pytest.mark.parametrize(
    "notes",
    [
        {"lacuna": "{}"},
        {"lacuna": "[" * 100_000},
        {"lacuna": ModelConfig(Network.PEN_NET, "x", 0.5).to_json()},
        {"lacuna": ModelConfig(Network.DEEPFILL_V2, "x", conventions="unheard").to_json()},
    ],
)
def test_a_file_whose_config_does_not_describe_it_is_refused(
    half: Model, tmp_path: Path, notes: dict[str, str]
) -> None:
    path = tmp_path / "light.safetensors"
    own_file.export(half, path)
    altered(path, notes=notes)
    with pytest.raises(UnreadableFile, match=r"light\.safetensors"):
        found([path])


def test_a_file_with_another_hash_is_refused_and_no_model_is_left(half: Model, tmp_path: Path) -> None:
    path = tmp_path / "light.safetensors"
    own_file.export(half, path)
    altered(path, bias=1.0)
    with pytest.raises(UnreadableFile, match="not what they were"):
        install(found([path]), "again", Progress(), licence_accepted=False)
    assert [model.name for model in models.installed()] == ["light"]


def test_a_file_of_ours_has_one_variant_and_no_companions(half: Model, tmp_path: Path) -> None:
    path = tmp_path / "light.safetensors"
    own_file.export(half, path)
    with pytest.raises(InvalidParameter, match="variant"):
        found([path], "pttf")
    with pytest.raises(UnsuitableWeights, match="by itself"):
        found([path, light_pen_net(tmp_path)])


@pytest.fixture
def trained(half: Model, tmp_path: Path) -> Path:
    """The folder of a training: weights and a config without graphs."""
    assert half.config is not None
    folder = tmp_path / "run" / "model"
    folder.mkdir(parents=True)
    (folder / "weights.safetensors").write_bytes(half.weights.read_bytes())
    weights_alone = {"weights.safetensors": half.config.sha256["weights.safetensors"]}
    config = dataclasses.replace(half.config, graphs={}, sha256=weights_alone)
    (folder / "config.json").write_text(config.to_json(), encoding="utf-8")
    return folder.parent


@pytest.mark.parametrize(
    "named", [[""], ["model"], ["model/weights.safetensors"], ["model/config.json", "model/weights.safetensors"]]
)
def test_what_a_training_made_becomes_a_model_however_it_is_named(trained: Path, half: Model, named: list[str]) -> None:
    made = install(found([trained / name for name in named]), "made", Progress(), licence_accepted=False)
    assert made.weights.read_bytes() == half.weights.read_bytes()
    assert made.config is not None
    assert half.config is not None
    assert (made.config.graphs, made.config.source) == (half.config.graphs, "us")
    models.verify(made)


def test_a_folder_of_a_training_with_other_weights_than_its_config_says_is_refused(trained: Path) -> None:
    weights = trained / "model" / "weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(UnreadableFile, match="not what they were"):
        install(found([trained]), "made", Progress(), licence_accepted=False)
    assert [model.name for model in models.installed()] == ["light"]


def test_half_of_a_network_is_no_model(trained: Path) -> None:
    weights = trained / "model" / "weights.safetensors"
    (group,) = groups(weights)
    weights.write_bytes(save({key: group.read(key) for key in group.shapes if not key.startswith("encoder.0")}))
    with pytest.raises(UnreadableFile, match=r"encoder\.0"):
        found([trained])


def test_a_training_and_other_weights_are_not_one_model(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UnsuitableWeights, match="by itself"):
        found([trained, light_pen_net(tmp_path)])


def test_published_weights_in_a_file_of_safetensors_are_recognised_as_well(tmp_path: Path) -> None:
    (group,) = groups(light_pen_net(tmp_path))
    path = tmp_path / "converted.safetensors"
    path.write_bytes(save({key: group.read(key) for key in group.shapes}))
    assert found([path]).config.network is Network.PEN_NET
