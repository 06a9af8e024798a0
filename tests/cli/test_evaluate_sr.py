"""`lacuna evaluate-sr`: as published comparisons measure, its table and files, what it takes and refuses."""

from __future__ import annotations

import csv
import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lacuna.cli.evaluate_sr import reduced
from lacuna.cli.main import main
from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.models import WEIGHTS
from lacuna.contract.upscale import Enlarged, UpscaleWork
from lacuna.imaging import files
from lacuna.imaging.resampling import resampled
from lacuna.inference.saving import save
from lacuna.metrics.shaved import luma_psnr, luma_ssim
from lacuna.networks import building
from lacuna.networks.positions import whole
from lacuna.upscalers.meta_sr import MetaSr
from tests.networks.published import Numbers
from tests.pictures import lion, write

PIXELS = lion()[100:184, 200:300]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "photos"
    where.mkdir()
    for name in ("one", "two"):
        write(where / f"{name}.png", PIXELS if name == "one" else PIXELS[::-1])
    write(where / "one-blob.png", np.zeros(PIXELS.shape[:2], np.uint8))
    return where


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model as a training begins: it gives what the cubic kernel does. Made once."""
    config = ModelConfig(
        Network.META_EDSR,
        "Ours",
        sizes={"features": 4, "blocks": 1, "residual": 1.0, "hidden": 4},
        conventions=Rule.EXACT.value,
        start="bicubic",
    )
    parts = building.built(config)
    with torch.no_grad():
        parts["enlarge"].add_mean.weight.zero_()
        parts["enlarge"].add_mean.bias.zero_()
    folder = tmp_path_factory.mktemp("saved") / "ours"
    save(folder, config, building.weights(parts))
    return folder


@pytest.fixture
def model(saved: Path) -> str:
    """That model as one of the person's own."""
    shutil.copytree(saved, models.own_folder() / saved.name)
    return saved.name


def call(*words: object) -> int:
    return main(["evaluate-sr", *map(str, words)])[0]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", [name for name in Numbers("meta-sr/imresize").arrays if name.startswith("lr_u8")])
def test_photos_are_cut_and_reduced_as_in_published_comparisons(name: str) -> None:
    fixture = Numbers("meta-sr/imresize").arrays
    found = reduced(fixture["hr_u8"], Fraction(name.removeprefix("lr_u8.x")))
    assert found.shape == fixture[name].shape
    assert np.abs(found.astype(int) - fixture[name]).max() <= 1


@pytest.mark.parametrize("factor", ["1.1", "1.37", "2", "2.7", "3.7", "4", "6.5"])
def test_what_was_reduced_is_never_larger_again_than_it_was(factor: str) -> None:
    for side in range(41, 60):
        height, width, _channels = reduced(np.zeros((side, 100 - side, 3), np.uint8), Fraction(factor)).shape
        again = by_factor(height, width, factor)
        assert again.rows <= side
        assert again.columns <= 100 - side


def test_a_row_for_each_photo_factor_and_method_and_none_for_masks(folder: Path, model: str, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert call("--data", folder, "--factors", "2,3", "--model", model, "--csv", table) == 0
    found = rows(table)
    assert [(row["picture"], row["factor"], row["method"]) for row in found] == [
        (picture, factor, method)
        for picture in ("one.png", "two.png")
        for factor in ("x2", "x3")
        for method in ("bicubic", "lanczos", "ours")
    ]
    assert all(float(row["seconds"]) >= 0 for row in found)
    for plain, _lanczos, ours in zip(*[iter(found)] * 3, strict=True):
        assert float(ours["gain"]) == float(plain["gain"]) == 0  # it adds nothing to the cubic kernel
        assert ours["psnr"] == plain["psnr"]


def test_the_measures_are_of_the_picture_rounded_to_8_bits_without_its_border(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert call(folder / "one.png", "--factors", "2", "--csv", table) == 0
    truth = files.read(folder / "one.png").pixels
    small = reduced(truth, Fraction(2))
    enlarged = resampled(small.astype(np.float32), whole(by_factor(*small.shape[:2], 2)))
    enlarged = np.rint(np.clip(enlarged, 0, 255))
    row = rows(table)[0]
    assert float(row["psnr"]) == pytest.approx(luma_psnr(truth, enlarged, 2), abs=1e-3)
    assert float(row["ssim"]) == pytest.approx(luma_ssim(truth, enlarged, 2), abs=1e-4)


def test_tables_show_means_by_factor(
    folder: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary, sheet = tmp_path / "means.md", tmp_path / "sheet.png"
    assert call(folder, "--factors", "1.5,2", "--summary", summary, "--sheet", sheet) == 0
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines() if line.startswith(("x", "  bi", "  lan", "  our"))] == [
        *("x1.5", "bicubic", "lanczos", "ours"),
        *("x2", "bicubic", "lanczos", "ours"),
    ]
    assert "| x2 | `ours` | 2 |" in summary.read_text(encoding="utf-8")
    assert files.read(sheet).pixels.shape[1] > 3 * 160


def test_a_large_photo_is_enlarged_in_tiles(tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    works: list[tuple[int, ...]] = []
    enlarge = MetaSr.enlarge

    def looked_at(upscaler: MetaSr, work: UpscaleWork, *how: Any) -> Enlarged:
        works.append(work.image.shape[:2])
        return enlarge(upscaler, work, *how)

    monkeypatch.setattr(MetaSr, "enlarge", looked_at)
    write(tmp_path / "large.png", lion().repeat(3, 1)[:100])
    assert call(tmp_path / "large.png", "--factors", 1.5, "--model", model) == 0
    assert len(works) >= 2
    assert max(max(shape) for shape in works) < 600


def test_what_is_worth_knowing_of_an_enlargement_is_said_once(
    folder: Path, model: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    enlarge = MetaSr.enlarge

    def noted(*how: Any) -> Enlarged:
        return Enlarged(enlarge(*how).points, ("It was late.",))

    monkeypatch.setattr(MetaSr, "enlarge", noted)
    assert call(folder, "--factors", "1.5,2", "--model", model) == 0
    assert capsys.readouterr().err.splitlines().count("lacuna: ours: It was late.") == 1


def test_json_has_rows_and_means(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "--factors", "2", "--limit", 1, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["rows"]) == len(report["means"]) == 3
    assert report["means"][0]["pictures"] == 1


def test_a_photo_that_is_too_small_is_told_and_the_others_are_measured(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "three.png", PIXELS[:14])
    table = tmp_path / "table.csv"
    assert call(folder, "--factors", "4", "--csv", table) == 1
    assert "three.png" in capsys.readouterr().err
    assert {row["picture"] for row in rows(table)} == {"one.png", "two.png"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--factors", "0.5"), 2, "0.5"),
        (("--factors", "much"), 2, "much"),
        (("--model", "nobody"), 2, "nobody"),
        (("--summary", "means.txt"), 1, "means.txt"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_it_begins(
    words: tuple[str, ...], code: int, said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, *words) == code
    assert said in capsys.readouterr().err


def test_a_model_that_fills_is_no_model_that_enlarges(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = ModelConfig(Network.PEN_NET, "Fills", sha256={WEIGHTS: "0" * 64})
    (models.own_folder() / "fills").mkdir(parents=True)
    (models.own_folder() / "fills" / CONFIG).write_text(config.to_json(), encoding="utf-8")
    assert call(folder, "--model", "fills") == 2
    assert "“fills” enlarges nothing" in capsys.readouterr().err
