"""The models that ship: whole, told truly by their cards, small, and ready to fill on a machine without torch.

Those that enlarge are in `test_shipped_enlargers.py`.

What is asked of the folders in `models/` is also asked of one that is made here by the same scripts, so that there is
something to look at whatever ships.
"""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file, save

import lacuna
from lacuna import paths
from lacuna.contract import models
from lacuna.contract.model_config import CONFIG, ENLARGING, ModelConfig, Network
from lacuna.contract.models import CARD, TRAINED, WEIGHTS, Model
from lacuna.contract.precision import Int8
from lacuna.errors import LacunaError
from lacuna.networks import building
from tests.backends.models import BACKENDS
from tests.networks.conftest import one_core  # noqa: F401 (a fixture)
from tests.pictures import lion

ROOT = Path(__file__).resolve().parent.parent
SHIPPED = paths.models()  # before tests are given a folder of their own
NETWORKS = {
    path.parent.name: ModelConfig.from_json(path.read_text(encoding="utf-8")).network
    for path in sorted(SHIPPED.glob(f"*/{CONFIG}"))
}
FILLING = [name for name, network in NETWORKS.items() if network not in ENLARGING]
MOST_BYTES = 20 << 20
MADE = "made-here"
YARDSTICKS = ("telea", "ns", "criminisi", "patchmatch", "membrane")
SHOWN = {"002-immich": "blob", "008-pop": "brush"}  # pictures of the sheet

# Runs the program where neither torch nor what exports graphs is installed, and without a network.
WITHOUT_TORCH = """
import socket, sys
sys.modules.update(dict.fromkeys(("torch", "onnx", "onnxscript", "onnx_ir")))
def refused(*_words, **_more):
    raise OSError("there is no network here")
socket.socket.connect = refused
from lacuna.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


# --- a model that ships, made as those are ----------------------------------------------------------------------------
@pytest.fixture(scope="module")
def scripts() -> Iterator[dict[str, ModuleType]]:
    """The scripts that make a model ship."""
    sys.path.insert(0, str(ROOT / "packaging"))
    try:
        import card_parts
        import cards
        import enlarging_cards
        import photo_credits
        import ship

        yield {module.__name__: module for module in (card_parts, cards, enlarging_cards, photo_credits, ship)}
    finally:
        sys.path.remove(str(ROOT / "packaging"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training of a light PEN-Net that was stopped before it learned anything."""
    config = ModelConfig(
        Network.PEN_NET, "PEN-Net", 0.125, start="membrane", dtype="float16", side=64,
        source="lacuna train pennet: 40 steps of 2 crops of 64 x 64 pixels in 3 minutes; 3 photos of the licence "
        "classes open, research",
    )  # fmt: skip
    torch.manual_seed(0)
    weights = {key: value.astype(np.float16) for key, value in building.weights(building.built(config)).items()}
    folder = tmp_path_factory.mktemp("run")
    (folder / TRAINED).mkdir()
    (folder / TRAINED / WEIGHTS).write_bytes(save(weights))
    hashed = {WEIGHTS: models.digest(folder / TRAINED / WEIGHTS)}
    config = ModelConfig(**{**vars(config), "sha256": hashed})
    (folder / TRAINED / CONFIG).write_text(config.to_json(), encoding="utf-8")
    rows = "".join(
        f"{step},{step * 0.075:.4g},{4 + step % 3},{'17.5' if step == 40 else ''}\n" for step in range(1, 41)
    )
    (folder / "pennet.csv").write_text(f"step,minutes,pictures_per_second,psnr\n{rows}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures with their tables, as the trainings have them: three photos to train on, two to show."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "eval").mkdir()
    (folder / "train").mkdir()
    photo = Image.fromarray(np.asarray(lion())).crop((0, 0, 160, 120))
    for name, kind in SHOWN.items():
        photo.save(folder / "eval" / f"{name}.webp", lossless=True)
        mask = np.zeros((120, 160), np.uint8)
        mask[40:80, 50:100] = 255
        Image.fromarray(mask).save(folder / "eval" / f"{name}-{kind}.png")
    (folder / "licences.csv").write_text(
        "folder,file,class,licence,credit\n"
        "train,ccby-1.webp,open,CC BY 2.0,Ann\\303\\241 &amp; Co  https://example.org/1\n"
        "train,ccby-2.webp,open,CC BY 2.0,Ben https://example.org/2\n"
        "train,inet-1.webp,research,research only,\n"
        "train,pop-9.webp,open,CC BY 4.0,Sr\n"
        "eval,002-immich.webp,open,public domain,Immich test assets\n"
        "eval,008-pop.webp,open,CC BY 4.0,Clayton Diggs\n"
        "eval,003-arch.webp,stock,Pexels licence,Nobody\n",
        encoding="utf-8",
    )
    shards = {"ccby-1": "photos-000.tar", "ccby-2": "photos-000.tar", "inet-1": "photos-001.tar", "pop-9": "sr-000.tar"}
    listed = "".join(f"{name}.webp,{shard}\n" for name, shard in shards.items())
    (folder / "train" / "manifest.csv").write_text(f"file,shard\n{listed}", encoding="utf-8")
    (folder / "train" / "sources.csv").write_text(
        "source,repository\nccby,ann/photos\ninet,net/images\npop,os/papers\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """What two evaluations wrote: one of everything, one with the true edges."""
    folder = tmp_path_factory.mktemp("table")
    own = f"pennet:model={MADE}"
    first = [
        (name, "none", number) for number, name in enumerate((*YARDSTICKS, own, f"pennet:detail=off,model={MADE}"))
    ]
    return [
        evaluated(folder / "table.csv", first),
        evaluated(folder / "guided.csv", [("telea", "none", 90), (own, "truth", 8)]),
    ]


def evaluated(path: Path, methods: list[tuple[str, str, int]]) -> Path:
    """A table of methods with their guides, and what each gains in decibels."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("picture", "mask", "backend", "guide", "psnr", "ssim", "l1", "detail", "swd", "seconds"))
        for backend, guide, gain in methods:
            for mask, psnr in (("brush", 17.0), ("blob", 15.0)):
                for picture, more in (("a.webp", 0.0), ("b.webp", 1.0)):
                    writer.writerow((picture, mask, backend, guide, psnr + gain + more, 0.4, 0.1, 0.5, 0.3, 0.2))
    return path


@pytest.fixture(scope="module")
def place(
    scripts: dict[str, ModuleType], run: Path, data: Path, tables: list[Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A folder of models that ship, with the one that is made here."""
    folder = tmp_path_factory.mktemp("shipped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lacuna.paths.models", lambda: folder)
        patch.setattr(scripts["cards"], "SHOWN", {name[:3]: kind for name, kind in SHOWN.items()})
        scripts["ship"].ship(run, MADE)
        words = scripts["cards"].Words("For tests.", "one core", "MIT", ("It has learned nothing.",))
        scripts["cards"].write(MADE, [run], tables, data, words)
    return folder


@pytest.fixture(params=[MADE, *FILLING])
def shipped(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Model:
    """Each model in `models/` that fills, and the one that is made here."""
    where = request.getfixturevalue("place") if request.param == MADE else SHIPPED
    monkeypatch.setattr("lacuna.paths.models", lambda: where)
    return models.model(request.param)


def card(model: Model) -> str:
    return (model.folder / CARD).read_text(encoding="utf-8")


# --- what holds for each ----------------------------------------------------------------------------------------------
def test_every_file_of_a_model_that_ships_is_as_its_config_says(shipped: Model) -> None:
    assert shipped.shipped
    models.verify(shipped)
    assert shipped.config is not None
    assert set(shipped.config.sha256) == {path.name for path in shipped.folder.iterdir()} - {CONFIG}
    assert shipped.config.psnr is not None
    assert shipped.config.licence
    assert shipped.config.dtype == "float16"
    assert all(np.isfinite(values).all() for values in load_file(shipped.weights).values())


def test_a_card_tells_all_that_it_has_to(shipped: Model) -> None:
    assert shipped.config is not None
    text = card(shipped)
    assert f"| width | {shipped.config.width:g} of" in text
    numbers = sum(values.size for values in load_file(shipped.weights).values())
    assert f"{numbers:,} weights in half precision" in text
    assert shipped.config.source in text
    for method in YARDSTICKS:
        assert f"| `{method}` |" in text
    assert text.count("| **`") >= 1, "its own row"
    assert " steps in " in text
    assert "classes of licence" in text
    assert "`open`" in text or "`research`" in text
    if "`research`" in text:
        assert "Check your own obligations before commercial use." in text
    if "`stock`" in text:
        assert "restrict machine learning" in text
    if shipped.config.int8 is not None:
        assert f"a pass {shipped.config.int8.speed:.2f} times as fast" in text
    for part in ("licence of the weights", "hardware", "## What it was trained on", "## Weaknesses\n\n- "):
        assert part in text


def test_what_a_card_names_lies_beside_it(shipped: Model) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)\)", card(shipped))
    assert {"samples.webp"} < set(targets)
    assert any(target.endswith(".csv") for target in targets)
    assert [target for target in targets if "://" not in target and not (shipped.folder / target).exists()] == []
    with Image.open(shipped.folder / "samples.webp") as sheet:
        assert min(sheet.size) > 200
    if "CREDITS.md" in card(shipped):
        assert "CC BY 2.0" in (shipped.folder.parent / "CREDITS.md").read_text(encoding="utf-8")


def test_a_model_that_ships_fills_out_of_the_box_without_torch_or_a_network(shipped: Model, tmp_path: Path) -> None:
    assert shipped.config is not None
    photo, hole = np.asarray(lion())[:96, :128], np.zeros((96, 128), np.uint8)
    hole[30:60, 40:80] = 255
    Image.fromarray(photo).save(tmp_path / "photo.png")
    Image.fromarray(hole).save(tmp_path / "mask.png")
    words = ["fill", tmp_path / "photo.png", "--mask", tmp_path / "mask.png", "-o", tmp_path / "out.png", "--json"]
    words += ["--backend", BACKENDS[shipped.config.network], "--model", shipped.name, "--device", "cpu"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    begin = (
        f"import lacuna.paths as paths, pathlib\npaths.models = lambda: pathlib.Path({str(shipped.folder.parent)!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", begin + WITHOUT_TORCH, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["backend"] == BACKENDS[shipped.config.network]
    filled = np.asarray(Image.open(tmp_path / "out.png").convert("RGB"))
    assert np.array_equal(filled[hole == 0], photo[hole == 0])
    inside = filled[hole > 0].astype(float)
    assert np.abs(inside.mean(0) - photo[hole > 0].mean(0)).max() < 60
    assert inside.std() > 1


def test_the_library_takes_the_best_of_the_models_that_ship(shipped: Model) -> None:
    assert shipped.config is not None
    best = models.of(shipped.config.network)[0]
    assert best.shipped
    assert best.config is not None
    assert best.config.psnr is not None
    assert best.config.psnr >= (shipped.config.psnr or 0)
    photo, hole = np.asarray(lion())[:96, :128], np.zeros((96, 128), bool)
    hole[30:60, 40:80] = True
    filled = lacuna.fill(photo, hole, BACKENDS[shipped.config.network], device="cpu", detail="off")
    assert np.array_equal(filled[~hole], photo[~hole])


# --- all together, and how they are made ------------------------------------------------------------------------------
def test_all_that_ships_stays_small_and_is_of_models() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) <= MOST_BYTES
    strangers = {path.name for path in SHIPPED.iterdir()} - {*NETWORKS, "README.md", "CREDITS.md"}
    assert strangers == set()


def test_a_card_is_made_of_what_was_measured(place: Path) -> None:
    made = Model(MADE, place / MADE, None)
    text = card(made)
    for cells in (
        "`telea` | 17.50 ± 6.35 / 15.50 ± 6.35",  # of the first table; Student's interval of two, as `evaluate` has it
        "**`pennet:model=made-here`** | 22.50 ± 6.35 / 20.50 ± 6.35 | 0.400 / 0.400",
        "**`pennet:detail=off,model=made-here`** | 23.50 ± 6.35 / 21.50 ± 6.35",
        "**`pennet:model=made-here` with the true edges** | 25.50 ± 6.35 / 23.50 ± 6.35",
    ):
        assert f"| {cells} |" in text
    assert "Beside `membrane`: +1.00 / +1.00 dB, at a detail of 0.50 / 0.50 instead of 0.50 / 0.50." in text
    assert "| training | 40 steps in 3 minutes, 5 pictures a second ([pennet.csv](pennet.csv)) |" in text
    assert "- `ccby` (from ann/photos): 2 photos; CC BY 2.0" in text
    assert "Immich test assets (public domain); Clayton Diggs (CC BY 4.0)" in text
    config = ModelConfig.from_json((place / MADE / CONFIG).read_text(encoding="utf-8"))
    assert (config.psnr, config.licence) == (21.5, "MIT")
    credits = (place / "CREDITS.md").read_text(encoding="utf-8")
    assert "- Anná & Co https://example.org/1\n- Ben https://example.org/2" in credits


def test_a_card_tells_what_graphs_in_8_bits_gain_and_cost(scripts: dict[str, ModuleType]) -> None:
    told = scripts["cards"]._int8
    assert told(None) == "no graphs"
    kept = told(Int8(loss=0.0214, speed=2.0, graphs={"edges": "edges.int8.onnx", "image": "image.int8.onnx"}))
    assert kept.startswith("graphs for edges, image: a pass 2.00 times as fast, a fill 0.021 dB worse")
    assert "taken by `auto`" in kept
    left_out = told(Int8(loss=-0.002, speed=1.02))
    assert left_out.startswith("no graphs: a pass 1.02 times as fast, a fill 0.001 dB worse at most")
    assert "taken by" not in left_out


def test_a_card_without_the_usual_methods_or_photos_is_not_written(
    scripts: dict[str, ModuleType],
    run: Path,
    data: Path,
    tables: list[Path],
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: place)
    rows = tables[0].read_text(encoding="utf-8").splitlines(keepends=True)
    without = tmp_path / "table.csv"
    cards = scripts["cards"]
    for lacking, said in (
        ("telea", "lacks telea"),
        ("pennet", "no rows of pennet:model=made-here"),
        ("pennet:model", "no rows of pennet:model=made-here"),  # with other settings alone
        ("blob,pennet:model", "no psnr of pennet:model=made-here on masks of the kind blob"),
    ):
        without.write_text("".join(row for row in rows if lacking not in row), encoding="utf-8")
        with pytest.raises(SystemExit, match=said):
            cards.write(MADE, [run], [without], data, cards.Words("", "", "MIT", ()))
    with pytest.raises(SystemExit, match="no rows of pennet"):
        cards.write(MADE, [run], [evaluated(without, [])], data, cards.Words("", "", "MIT", ()))
    with pytest.raises(SystemExit, match="have 3 photos; the training had 5"):
        scripts["photo_credits"].trained_on(data, ["open"], 5)


def test_a_perfect_fill_has_no_interval_and_does_not_rule_the_order(scripts: dict[str, ModuleType]) -> None:
    cards = scripts["cards"]
    assert cards._figure([float("inf"), 20.0], "psnr") == "inf"
    rows = [
        {"picture": name, "mask": "blob", "backend": backend, "psnr": psnr, "detail": "1"}
        for backend in ("pennet", "membrane", "patchmatch")
        for name, psnr in (("a", "inf"), ("b", "20"), ("c", "21"))
    ]
    assert cards._psnr(rows, "pennet") == 20.5
    assert "Beside `membrane`: – dB" in cards._compared(rows, ["blob"], "pennet")
    with pytest.raises(SystemExit, match="no PSNR of pennet"):
        cards._psnr(rows[:1], "pennet")


def test_a_stage_that_has_just_begun_has_no_log_to_keep(scripts: dict[str, ModuleType], tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    head = "step,minutes,pictures_per_second,psnr\n"
    (tmp_path / "image.csv").write_text(head, encoding="utf-8")
    with pytest.raises(SystemExit, match="no log"):
        scripts["card_parts"].keep_logs([tmp_path], kept)
    (tmp_path / "edges.csv").write_text(f"{head}40,3,5,\n", encoding="utf-8")
    assert [log.file for log in scripts["card_parts"].keep_logs([tmp_path], kept)] == ["edges.csv"]


def test_half_a_training_does_not_ship(
    scripts: dict[str, ModuleType], run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: tmp_path)
    with pytest.raises(LacunaError, match="no model"):
        scripts["ship"].ship(run / "elsewhere", "name")
    with pytest.raises(LacunaError, match="cannot be the name"):
        scripts["ship"].ship(run, "../name")
    assert list(tmp_path.iterdir()) == []
