"""`lacuna models` and `lacuna fill` with an ONNX file of the person's own, from its import to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.contract import models
from lacuna.contract.fill import Runtime
from lacuna.contract.progress import Progress
from lacuna.engine import registry
from lacuna.inference.session import opened_picker
from tests.inference import pickers
from tests.inference.own_graphs import Builder, Form, expected, simple, write
from tests.inference.test_graph_trial import external
from tests.pictures import lion
from tests.pictures import write as write_picture

Capture = pytest.CaptureFixture[str]
PHOTO = lion()[100:148, 200:264]
MASK = np.zeros(PHOTO.shape[:2], np.uint8)
MASK[12:30, 20:44] = 255


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    registry.refresh()
    yield
    registry.refresh()


@pytest.fixture
def lama(tmp_path: Path) -> Path:
    return write(tmp_path / "LaMa small.onnx", Form(range="0..1", output_range="0..255"))


@pytest.fixture
def pictures(tmp_path: Path) -> tuple[str, str]:
    return str(write_picture(tmp_path / "photo.png", PHOTO)), str(write_picture(tmp_path / "mask.png", MASK))


def asked(words: list[str], capsys: Capture) -> Any:
    assert main([*words, "--json"])[0] == 0
    return json.loads(capsys.readouterr().out)


def test_an_onnx_file_is_imported_and_what_was_chosen_is_told(lama: Path, capsys: Capture) -> None:
    assert main(["models", "import", str(lama), "--as", "lama"])[0] == 0
    text = capsys.readouterr().out
    assert text.startswith("LaMa small is installed as “lama”.\nKnown pixels came back within < 0.01 %")
    assert "    output_range: 0..255\n" in text
    assert "Next best: " in text
    assert "--backend onnx:lama" in text
    model = models.model("lama")
    assert sorted(file.name for file in model.folder.iterdir()) == ["model.onnx", "model.toml"]
    assert (model.folder / "model.onnx").read_bytes() == lama.read_bytes()
    assert [folder.name for folder in models.own_folder().iterdir()] == ["lama"]


def test_it_is_listed_told_verified_and_removed(lama: Path, capsys: Capture) -> None:
    told = asked(["models", "import", str(lama), "--as", "lama"], capsys)
    assert (told["network"], told["config"]["reading"]["output_range"]) == ("onnx", "0..255")
    assert told["trials"][0]["reading"] == told["config"]["reading"]
    assert told["trials"][0]["score"] > told["trials"][-1]["score"]
    assert main(["models", "list"])[0] == 0
    assert "lama  LaMa small\n    onnx; 0." in capsys.readouterr().out
    assert main(["models", "info", "lama"])[0] == 0
    text = capsys.readouterr().out
    assert "    source: LaMa small.onnx (SHA-256 " in text
    assert "    reading:\n        image: image\n" in text
    assert main(["models", "verify"])[0] == 0
    assert "lama  is whole" in capsys.readouterr().out
    assert main(["backends"])[0] == 0
    assert "onnx:lama  LaMa small (ONNX)\n" in capsys.readouterr().out
    assert main(["models", "remove", "lama", "--yes"])[0] == 0
    assert models.installed() == ()
    assert "onnx:lama" not in registry.ids()


def test_a_photo_is_filled_with_it(lama: Path, pictures: tuple[str, str], tmp_path: Path, capsys: Capture) -> None:
    assert main(["models", "import", str(lama), "--as", "lama"])[0] == 0
    target = tmp_path / "out.png"
    words = ["fill", pictures[0], "--mask", pictures[1], "--backend", "onnx:lama", "-o", str(target)]
    capsys.readouterr()
    told = asked([*words, "--dry-run"], capsys)
    assert (told["backend"], told["working_size"], target.exists()) == ("onnx:lama", [48, 64], False)
    assert asked([*words, "--dry-run", "--model", "lama"], capsys) == told
    assert main(["fill", pictures[0], "--mask", pictures[1], "--model", "lama"])[0] == 2
    assert "“lama” is a model of “onnx:lama”. Give --backend onnx:lama." in capsys.readouterr().err
    assert main([*words, "--set", "colours=off"])[0] == 0
    from lacuna.imaging import files

    filled = files.read(target).pixels
    wanted = expected(PHOTO.astype(np.float32) / 255, MASK > 0, Form())
    assert np.array_equal(filled[MASK == 0], PHOTO[MASK == 0])
    assert np.abs(filled / 255.0 - wanted).max() < 0.003


def test_a_single_pass_is_written_in_its_own_range(lama: Path, pictures: tuple[str, str], tmp_path: Path) -> None:
    assert main(["models", "import", str(lama), "--as", "lama"])[0] == 0
    target = tmp_path / "pass.npz"
    words = ["models", "run", "lama", "--image", pictures[0], "--mask", pictures[1], "-o", str(target)]
    assert main(words)[0] == 0
    wanted = expected(PHOTO.astype(np.float32) / 255, MASK > 0, Form())
    with np.load(target) as written:
        assert np.abs(written["output"] - 255 * wanted).max() < 0.1
    assert main([*words, "--force", "--device", "cuda"])[0] == 2


def test_a_person_overrules_what_was_chosen(lama: Path, capsys: Capture) -> None:
    words = ["models", "import", str(lama), "--as", "lama", "--reading", "ones=known", "--reading", "colours=bgr"]
    reading = asked(words, capsys)["config"]["reading"]
    assert (reading["ones"], reading["colours"]) == ("known", "bgr")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--reading", "ones"], "Write it as --reading NAME=VALUE."),
        (["--reading", "zeros=hole"], "A reading has no “zeros”."),
        (["--variant", "pttf"], "An ONNX file has no variant."),
    ],
)
def test_wrong_words_are_told_and_nothing_is_installed(
    words: list[str], told: str, lama: Path, capsys: Capture
) -> None:
    assert main(["models", "import", str(lama), "--as", "lama", *words])[0] == 2
    assert told in capsys.readouterr().err
    assert not models.own_folder().exists()


def test_only_an_onnx_file_has_readings(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "weights.pth").write_bytes(b"")
    words = ["models", "import", str(tmp_path / "weights.pth"), "--as", "mine", "--reading", "ones=hole"]
    assert main(words)[0] == 2
    assert "Only an ONNX file" in capsys.readouterr().err


def test_a_name_that_is_taken_is_replaced_only_if_allowed(lama: Path, tmp_path: Path, capsys: Capture) -> None:
    words = ["models", "import", str(lama), "--as", "lama"]
    assert main(words)[0] == 0
    assert main(words)[0] == 1
    assert "There is a model “lama” already." in capsys.readouterr().err
    write(lama, Form(size=(64, 64)))
    assert main([*words, "--force"])[0] == 0
    graph = models.model("lama").graph
    assert graph is not None
    assert (graph.height, graph.width) == (64, 64)


def test_a_file_cut_off_is_told_and_leaves_nothing(lama: Path, capsys: Capture) -> None:
    lama.write_bytes(lama.read_bytes()[:-20])
    assert main(["models", "import", str(lama), "--as", "lama"])[0] == 1
    assert "LaMa small.onnx cannot be read" in capsys.readouterr().err
    assert models.installed() == ()


def test_weights_beside_it_come_with_it_and_are_verified(tmp_path: Path, capsys: Capture) -> None:
    path = external(tmp_path / "two.onnx", "two.onnx.data")
    assert main(["models", "import", str(path), "--as", "two"])[0] == 0
    folder = models.model("two").folder
    assert sorted(file.name for file in folder.iterdir()) == ["model.onnx", "model.toml", "two.onnx.data"]
    (folder / "two.onnx.data").write_bytes(bytes(12))
    assert main(["models", "verify", "two"])[0] == 1
    assert "two.onnx.data is not the file that it was" in capsys.readouterr().out
    assert main(["models", "export", "two"])[0] == 2
    assert str(folder) in capsys.readouterr().err


def test_a_model_that_does_not_do_well_is_installed_with_a_word(tmp_path: Path, capsys: Capture) -> None:
    def glaring(made: Builder) -> str:
        return made.of("Add", made.of("Mul", "mask", made.number(9.0)), made.of("Mul", "image", made.number(0.5)))

    assert main(["models", "import", str(simple(tmp_path / "glaring.onnx", glaring)), "--as", "glaring"])[0] == 0
    assert "look at a fill before you trust it" in capsys.readouterr().err


def test_what_is_missing_is_told_before_anything_is_opened(
    lama: Path, pictures: tuple[str, str], capsys: Capture
) -> None:
    assert main(["models", "import", str(lama), "--as", "lama"])[0] == 0
    (models.model("lama").folder / "model.onnx").unlink()
    registry.refresh()
    capsys.readouterr()
    assert main(["backends"])[0] == 0
    assert "model.onnx is missing" in capsys.readouterr().out
    assert main(["fill", "no photo", "--mask", "no mask", "--backend", "onnx:lama"])[0] != 0
    assert "model.onnx is missing" in capsys.readouterr().err


WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(("torch", "onnx", "onnxscript", "onnx_ir", "safetensors")))
from lacuna.cli.main import main
codes = [main(words.split("|"))[0] for words in sys.argv[1:]]
sys.exit(max(codes))
"""


def test_all_of_it_works_where_neither_torch_nor_onnx_is_installed(
    lama: Path, pictures: tuple[str, str], tmp_path: Path
) -> None:
    target = tmp_path / "out.png"
    steps = (
        ["models", "import", str(lama), "--as", "lama"],
        [
            "fill",
            pictures[0],
            "--mask",
            pictures[1],
            "--backend",
            "onnx:lama",
            "--set",
            "detail=off",
            "-o",
            str(target),
        ],
    )
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *("|".join(step) for step in steps)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert target.exists()


@pytest.mark.parametrize("encoder", [False, True])
def test_a_network_that_picks_objects_is_imported_as_one_file_or_two(
    encoder: bool, tmp_path: Path, capsys: Capture
) -> None:
    made = pickers.write(tmp_path / "made", encoder=encoder)
    files = [str(made / name) for name in (["encoder.onnx", "model.onnx"] if encoder else ["model.onnx"])]
    told = asked(["models", "import", *files, "--as", "sam", "--reading", "side=64", "--reading", "range=0..1"], capsys)
    assert (told["network"], told["config"]["side"], told["config"]["range"]) == ("onnx", 64, "0..1")
    (model,) = models.pickers()
    assert models.damage(model) == ""
    picker = opened_picker(model, Runtime())
    likely = picker.likely(
        np.full((64, 64, 3), 90, np.uint8), np.full((1, 2), 9, np.float32), np.ones(1, bool), Progress()
    )
    assert (likely > 0).all()
    assert "onnx:sam" not in registry.ids()
    assert main(["models", "import", *files, "--as", "other", "--reading", "ones=hole"])[0] == 2
    assert main(["models", "run", "sam", "--image", "x.png", "-o", "y.npz"])[0] == 2
    assert "picks objects" in capsys.readouterr().err
    assert [found.name for found in models.pickers()] == ["sam"]
