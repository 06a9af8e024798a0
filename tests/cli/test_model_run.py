"""`lacuna models run`: the stages of a network in a file, as the painter gives them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.inference.saving import save
from lacuna.inference.session import opened, opened_enlarger
from lacuna.networks import building, meta_sr_sizes
from lacuna.networks.positions import whole
from tests.pictures import lion

CONFIG = ModelConfig(Network.EDGE_CONNECT, "EdgeConnect")
HOLE = np.zeros((40, 52), np.uint8)
HOLE[10:22, 20:35] = 255
PHOTO = lion()[100:140, 200:252]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LACUNA_HOME", str(tmp_path / "home"))
    save(models.folders()[1] / "mine", CONFIG, building.weights(building.built(CONFIG)))
    return "mine"


def files(folder: Path, height: int, width: int) -> tuple[str, str]:
    """The photo and its mask, of this size."""
    image, mask = folder / "photo.png", folder / "mask.png"
    assert cv2.imwrite(str(image), PHOTO[:height, :width, ::-1])
    assert cv2.imwrite(str(mask), HOLE[:height, :width])
    return str(image), str(mask)


def test_the_stages_are_those_of_a_plain_pass(model: str, tmp_path: Path) -> None:
    image, mask = files(tmp_path, 40, 52)
    target = tmp_path / "stages.npz"
    assert main(["models", "run", model, "--image", image, "--mask", mask, "-o", str(target)])[0] == 0
    painter = opened(models.model(model), Runtime())
    expected = painter.paint(PHOTO / np.float32(255), HOLE > 0, Progress(), stages=True)
    with np.load(target) as written:
        assert set(written) == {"edges", "output"}
        for name, stage in expected.stages.items():
            assert np.abs(written[name] - stage).max() < 1e-5


def test_a_picture_that_does_not_fit_is_padded_and_cut_back(model: str, tmp_path: Path) -> None:
    image, mask = files(tmp_path, 37, 49)
    target = tmp_path / "stages.npz"
    assert main(["models", "run", model, "--image", image, "--mask", mask, "-o", str(target)])[0] == 0
    with np.load(target) as written:
        assert written["output"].shape == (37, 49, 3)
        assert written["edges"].shape == (37, 49, 1)


@pytest.mark.parametrize(
    ("name", "height", "output", "code", "said"),
    [
        ("nobody", 40, "stages.npz", 2, "no model “nobody”"),
        ("mine", 40, "stages.png", 2, "no .npz file"),
        ("mine", 32, "stages.npz", 1, "40"),
    ],
    ids=["unknown model", "another ending", "mask of another size"],
)
def test_what_cannot_be_done_is_said(
    name: str,
    height: int,
    output: str,
    code: int,
    said: str,
    model: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    image, _mask = files(tmp_path, 40, 52)
    assert cv2.imwrite(str(tmp_path / "small.png"), HOLE[:height])
    words = ["models", "run", name, "--image", image, "--mask", str(tmp_path / "small.png")]
    assert main([*words, "-o", str(tmp_path / output)])[0] == code
    assert said in capsys.readouterr().err
    assert not (tmp_path / output).exists()


def test_a_file_that_exists_stays(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image, mask = files(tmp_path, 40, 52)
    target = tmp_path / "stages.npz"
    target.write_bytes(b"mine")
    words = ["models", "run", model, "--image", image, "--mask", mask, "-o", str(target)]
    assert main(words)[0] == 1
    assert target.read_bytes() == b"mine"
    assert "exists" in capsys.readouterr().err
    assert main([*words, "--overwrite"])[0] == 0


@pytest.fixture
def enlarging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LACUNA_HOME", str(tmp_path / "home"))
    config = ModelConfig(Network.META_EDSR, "Meta-EDSR", sizes=meta_sr_sizes.EDSR, conventions="published")
    save(models.folders()[1] / "larger", config, building.weights(building.built(config)))
    return "larger"


def test_a_model_that_enlarges_is_run_with_a_factor(enlarging: str, tmp_path: Path) -> None:
    image, mask = files(tmp_path, 37, 45)
    target = tmp_path / "stages.npz"
    run = ["models", "run", enlarging, "--image", image, "-o", str(target)]
    assert main([*run, "--factor", "1.4"])[0] == 0
    enlarger = opened_enlarger(models.model(enlarging), Runtime())
    features = enlarger.features(PHOTO[:37, :45] / np.float32(255), Progress())
    expected = enlarger.points(features, whole(by_factor(37, 45, 1.4, Rule.PUBLISHED)), Progress())
    with np.load(target) as written:
        assert set(written) == {"output"}
        assert written["output"].shape == (51, 62, 3)
        assert np.abs(written["output"] / 255 - expected).max() < 1e-5
    for wrong in ([], ["--factor", "0.5"], ["--factor", "x"], ["--factor", "2", "--mask", mask]):
        assert main([*run, *wrong, "--overwrite"])[0] == 2


def test_a_model_that_fills_is_run_with_a_mask_and_no_factor(model: str, tmp_path: Path) -> None:
    image, mask = files(tmp_path, 40, 52)
    run = ["models", "run", model, "--image", image, "-o", str(tmp_path / "stages.npz")]
    for wrong in ([], ["--factor", "2", "--mask", mask]):
        assert main([*run, *wrong])[0] == 2
