"""The models that ship and enlarge: as those that fill, and above the cubic kernel on a machine without torch."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save

from lacuna.contract import models
from lacuna.contract.enlargement import Rule
from lacuna.contract.model_config import CONFIG, ENLARGING, ModelConfig, Network
from lacuna.contract.models import CARD, TRAINED, WEIGHTS, Model
from lacuna.editor.ways import ways
from lacuna.engine.upscale_arrays import upscale
from lacuna.networks import building
from tests.pictures import lion
from tests.test_shipped_models import (  # two of its tests hold here as well, for the models of this file
    NETWORKS,
    SHIPPED,
    WITHOUT_TORCH,
    card,
    data,  # noqa: F401 (a fixture)
    scripts,  # noqa: F401 (a fixture)
    test_every_file_of_a_model_that_ships_is_as_its_config_says,  # noqa: F401
    test_what_a_card_names_lies_beside_it,  # noqa: F401
)

MADE = "enlarger-made-here"
NAMES = [name for name, network in NETWORKS.items() if network in ENLARGING]
LIGHT, LARGE = "meta-sr", "meta-sr-large"
MOST_BYTES = {MADE: 3 << 20, LIGHT: 3 << 20, LARGE: 7 << 20}
FACTORS = {"x1.5": 0.8, "x2": 0.5, "x3": 0.3}  # what the made-up model gains, in dB


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of a small Meta-SR that had just begun."""
    config = ModelConfig(
        Network.META_EDSR, "Meta-SR", sizes={"features": 4, "blocks": 1, "residual": 1.0, "hidden": 4},
        conventions=Rule.EXACT.value, start="bicubic", dtype="float16",
        source="lacuna train meta-sr: 40 steps of 2 crops of 16 x 16 pixels in 3 minutes; 1 photos of the licence "
        "classes open",
    )  # fmt: skip
    torch.manual_seed(0)
    weights = {key: value.astype(np.float16) for key, value in building.weights(building.built(config)).items()}
    weights["add_mean.weight"] *= 0
    weights["add_mean.bias"] *= 0
    folder = tmp_path_factory.mktemp("run")
    (folder / TRAINED).mkdir()
    (folder / TRAINED / WEIGHTS).write_bytes(save(weights))
    hashed = {WEIGHTS: models.digest(folder / TRAINED / WEIGHTS)}
    config = ModelConfig(**{**vars(config), "sha256": hashed})
    (folder / TRAINED / CONFIG).write_text(config.to_json(), encoding="utf-8")
    rows = "".join(f"{step},{step * 0.075:.4g},5,{'28.5' if step % 7 == 0 else ''}\n" for step in range(1, 1001))
    (folder / "meta-sr.csv").write_text(f"step,minutes,pictures_per_second,psnr_x2\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluated(tmp_path_factory.mktemp("table") / "table.csv")


def evaluated(path: Path, *, without: str = "") -> Path:
    """What an evaluation wrote, but the rows of one factor or method."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("picture", "factor", "method", "psnr", "gain", "ssim", "psnr_rgb", "ssim_rgb", "seconds"))
        for factor, gain in FACTORS.items():
            for method, gained in (("bicubic", 0), ("lanczos", gain / 2), (MADE, gain)):
                for picture, more in (("a.webp", 0.0), ("b.webp", 0.1)):
                    if without not in (factor, method):
                        own = gained + more if gained else 0
                        writer.writerow((picture, factor, method, 28 + own, own, 0.9, 27, 0.88, 0.25))
    return path


@pytest.fixture(scope="module")
def place(
    scripts: dict[str, ModuleType],  # noqa: F811 (the fixture of that name)
    run: Path,
    data: Path,  # noqa: F811
    table: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A folder of models that ship, with the one that is made here."""
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lacuna.paths.models", lambda: folder)
        scripts["ship"].ship(run, MADE)
        words = scripts["card_parts"].Words(
            "For tests.", "one core", "MIT", ("It has learned nothing.",), tables=("On two made-up photos:",)
        )
        scripts["cards"].write(MADE, [run], [table], data, words)
    return folder


@pytest.fixture(params=[MADE, *NAMES])
def shipped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Each model in `models/` that enlarges, and the one that is made here."""
    where = request.getfixturevalue("place") if request.param == MADE else SHIPPED
    monkeypatch.setattr("lacuna.paths.models", lambda: where)
    return models.model(request.param)


def test_a_card_tells_all_that_it_has_to(shipped: Model) -> None:
    assert shipped.config is not None
    text = card(shipped)
    numbers = sum(values.size for values in load_file(shipped.weights).values())
    assert f"{numbers:,} weights in half precision" in text
    assert f"{shipped.config.sizes['features']} features" in text
    assert shipped.config.source in text
    for method in ("`bicubic`", "`lanczos`", f"**`{shipped.name}`**"):
        assert f"| {method} |" in text
    assert " steps in " in text
    assert "classes of licence" in text
    for part in ("licence of the weights", "hardware", "## What it was trained on", "## Weaknesses\n\n- "):
        assert part in text


def test_a_model_that_ships_is_small(shipped: Model) -> None:
    assert shipped.size <= MOST_BYTES[shipped.name]


@pytest.mark.parametrize("name", NAMES)
def test_the_card_promises_what_was_asked_of_the_model(name: str) -> None:
    """1 dB above bicubic at a factor of 2, 0.7 at 3 and 4, and something at each."""
    gains = promised(name)
    assert {factor for _table, factor in gains} >= {number / 10 for number in range(11, 41)}
    assert min(gains.values()) > 0
    for factor, least in ((2.0, 1.0), (3.0, 0.7), (4.0, 0.7)):
        assert gains[0, factor] >= least


def test_the_larger_one_is_better_and_enlarges_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """By 0.2 dB at factors of 2 to 4, on the same photos, and nowhere less."""
    monkeypatch.setattr("lacuna.paths.models", lambda: SHIPPED)
    light, large = promised(LIGHT), promised(LARGE)
    assert light.keys() == large.keys()
    steps = {at: gain - light[at] for at, gain in large.items()}
    assert min(steps.values()) >= 0
    assert min(steps[0, factor] for factor in (2.0, 3.0, 4.0)) >= 0.2
    assert models.of(*ENLARGING)[0].name == LARGE


def test_who_chooses_between_them_reads_how_near_each_comes_and_what_its_weights_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: SHIPPED)
    networks = [way for way in ways() if way.network]
    assert [way.model for way in networks] == [LARGE, LIGHT]
    for way in networks:
        found = models.model(way.model)
        assert found.config is not None
        assert found.config.psnr is not None
        assert f"{found.config.psnr:.2f} dB" in way.summary
        assert found.licence in way.summary
    assert ["research" in way.summary for way in networks] == [True, False]


def promised(name: str) -> dict[tuple[int, float], float]:
    """The gain above bicubic in dB that the card tells, by the number of its table and the factor."""
    text = (SHIPPED / name / CARD).read_text(encoding="utf-8")
    found, table = {}, -1
    for line in text.splitlines():
        table += line.startswith("| factor |")
        if told := re.match(r"\| x([\d.]+) \|.*\*\*([+-][\d.]+)\*\*", line):
            found[table, float(told[1])] = float(told[2])
    return found


def test_a_model_that_ships_enlarges_out_of_the_box_without_torch_or_a_network(shipped: Model, tmp_path: Path) -> None:
    picture = np.asarray(lion())[100:260, 200:400]
    Image.fromarray(picture).save(tmp_path / "photo.png")
    words = ["evaluate-sr", tmp_path / "photo.png", "--factors", "1.3,2,3.14", "--model", shipped.name, "--json"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    begin = (
        f"import lacuna.paths as paths, pathlib\npaths.models = lambda: pathlib.Path({str(shipped.folder.parent)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin + WITHOUT_TORCH, *map(str, words), "--device", "cpu"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    gains = [row["gain"] for row in json.loads(done.stdout)["rows"] if row["method"] == shipped.name]
    assert len(gains) == 3
    # What the cubic kernel overshoots by beside an edge is cut off with what the network adds, here nothing.
    assert all(abs(gain) < 0.1 if shipped.name == MADE else gain > 0.2 for gain in gains)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("factor", "colour"), [(2, (255, 0, 0)), (2, (0, 0, 255)), (5.2, (255, 255, 0))])
def test_a_plain_colour_stays_plain_to_the_rim_with_tiles_and_without(
    name: str, factor: float, colour: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: SHIPPED)
    plain = np.full((24, 20, 3), colour, np.uint8)
    for tile in (None, 13):
        found = upscale(plain, factor, model=name, tile=tile, device="cpu")
        assert np.abs(found.astype(int) - colour).max() <= 1


def test_a_card_is_made_of_what_was_measured(place: Path) -> None:
    text = card(Model(MADE, place / MADE, None))
    assert "| x2 | 2 | 28.00 / 0.9000 | 28.30 / 0.9000 | 28.55 / 0.9000 | **+0.55** ± 0.64 | 27.00 | 0.25 |" in text
    assert text.index("| x1.5 |") < text.index("| x2 |") < text.index("| x3 |")
    assert "- `pop` (from os/papers): 1 photos; CC BY 4.0" in text
    assert "On two made-up photos:" in text
    config = ModelConfig.from_json((place / MADE / CONFIG).read_text(encoding="utf-8"))
    assert (config.psnr, config.licence) == (28.55, "MIT")
    with (place / MADE / "meta-sr.csv").open(encoding="utf-8", newline="") as file:
        kept = list(csv.DictReader(file))
    assert len(kept) < 500  # of a long log not every row, but
    assert sum(row["psnr_x2"] != "" for row in kept) == 1000 // 7  # each with a measure


def test_a_card_without_kernels_beside_it_or_words_for_its_tables_is_not_written(
    scripts: dict[str, ModuleType],  # noqa: F811
    run: Path,
    data: Path,  # noqa: F811
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: place)
    before = (place / MADE / CARD).read_bytes()
    for lacking, said in (("lanczos", "lacks lanczos"), (MADE, f"lacks {MADE}"), ("x2", f"no psnr of {MADE} at x2")):
        table = evaluated(tmp_path / "table.csv", without=lacking)
        words = scripts["card_parts"].Words("", "", "MIT", (), tables=("One:",))
        with pytest.raises(SystemExit, match=said):
            scripts["cards"].write(MADE, [run], [table], data, words)
    with pytest.raises(SystemExit, match="words for 0"):
        scripts["cards"].write(
            MADE, [run], [tmp_path / "table.csv"], data, scripts["card_parts"].Words("", "", "MIT", ())
        )
    assert (place / MADE / CARD).read_bytes() == before
