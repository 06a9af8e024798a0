"""`lacuna models`: weights come in, are looked at and go, and nothing happens that was not agreed to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lacuna.cli.main import main
from lacuna.contract import models
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.inference import saving
from lacuna.networks import building, deepfill_layouts
from tests.inference.checkpoints import light, light_pen_net, write
from tests.inference.conftest import no_graphs  # noqa: F401 (a fixture)
from tests.inference.test_pytorch_file import Payload

pytestmark = pytest.mark.usefixtures("no_graphs")

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def mine() -> str:
    """The name of a light model of the person's own."""
    config = ModelConfig(Network.PEN_NET, "A light PEN-Net", 0.125, psnr=21.5, licence="MIT", source="us")
    weights = building.weights(building.built(config))
    saving.save(models.own_folder() / "mine", config, weights, card="# Light\nFor tests.")
    return "mine"


@pytest.fixture
def deepfill(tmp_path: Path) -> Path:
    """A checkpoint whose licence forbids something."""
    return write(tmp_path / "states_tf_places2.pth", light(deepfill_layouts.V2_PTTF), "G")


def asked(words: list[str], capsys: Capture) -> Any:
    assert main([*words, "--json"])[0] == 0
    return json.loads(capsys.readouterr().out)


class Terminal:
    """Standard input of a person who answers with one line."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def isatty(self) -> bool:
        return True

    def readline(self, _size: int = -1) -> str:
        return f"{self.answer}\n"


@pytest.fixture
def at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> Any:
    def sit(answer: str) -> None:
        monkeypatch.setattr(sys, "stdin", Terminal(answer))
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)

    return sit


def test_models_are_listed_for_people_and_for_programs(mine: str, capsys: Capture) -> None:
    (models.own_folder() / "odd").mkdir()
    (models.own_folder() / "odd" / "config.json").write_text("{}")
    assert main(["models", "list"])[0] == 0
    text = capsys.readouterr().out
    assert "mine  A light PEN-Net\n    pennet; 0." in text
    assert "21.50 dB; your own; MIT" in text
    assert "damaged: config.json: format" in text
    listed = {model["name"]: model for model in asked(["models", "list"], capsys)}
    assert (listed["mine"]["network"], listed["mine"]["shipped"], listed["mine"]["damaged"]) == ("pennet", False, "")
    assert listed["mine"]["bytes"] == models.model("mine").size
    assert listed["odd"]["damaged"]


def test_where_there_is_no_model_the_list_says_how_one_comes(capsys: Capture) -> None:
    assert main(["models", "list"])[0] == 0
    assert "lacuna models import" in capsys.readouterr().out


def test_a_model_tells_its_config_and_its_card(mine: str, capsys: Capture) -> None:
    assert main(["models", "info", mine])[0] == 0
    text = capsys.readouterr().out
    assert "width: 0.125" in text
    assert text.endswith("# Light\nFor tests.\n")
    told = asked(["models", "info", mine], capsys)
    assert (told["config"]["source"], told["card"]) == ("us", "# Light\nFor tests.")


def test_a_name_that_no_model_has_is_wrong_usage_with_those_there_are(mine: str, capsys: Capture) -> None:
    for verb in ("info", "verify", "export", "remove"):
        assert main(["models", verb, "another"])[0] == 2
        assert "There are: mine." in capsys.readouterr().err


def test_a_changed_file_is_found_by_verify(mine: str, capsys: Capture) -> None:
    assert main(["models", "verify"])[0] == 0
    assert "mine  is whole" in capsys.readouterr().out
    weights = models.model(mine).weights
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert main(["models", "verify", mine])[0] == 1
    assert "weights.safetensors is not the file that it was" in capsys.readouterr().out
    assert main(["models", "verify", "--json"])[0] == 1
    assert [(told["name"], told["whole"]) for told in json.loads(capsys.readouterr().out)] == [("mine", False)]


def test_free_weights_are_imported_unasked(tmp_path: Path, capsys: Capture) -> None:
    assert main(["models", "import", str(light_pen_net(tmp_path)), "--as", "pennet"])[0] == 0
    told = capsys.readouterr()
    assert ("PEN-Net is installed as “pennet”." in told.out, told.err) == (True, "")
    assert models.model("pennet").config is not None


def test_a_licence_that_forbids_something_is_told_and_nothing_imported_without_consent(
    deepfill: Path, capsys: Capture
) -> None:
    words = ["models", "import", str(deepfill), "--as", "places"]
    assert main(words)[0] == 2
    told = capsys.readouterr().err
    assert "non-commercial use alone (CC BY-NC 4.0)" in told
    assert "--accept-licence" in told
    assert models.installed() == ()
    assert main([*words, "--accept-licence"])[0] == 0
    told = capsys.readouterr()
    assert "non-commercial" in told.err
    assert "Another --variant of these files: pttf." in told.out
    assert models.model("places").config.conventions == "pttf-fused"


def test_a_person_at_a_terminal_is_asked(deepfill: Path, at_a_terminal: Any, capsys: Capture) -> None:
    words = ["models", "import", str(deepfill), "--as", "places", "--variant", "pttf"]
    at_a_terminal("n")
    assert main(words)[0] == 130
    assert models.installed() == ()
    at_a_terminal("y")
    assert main(words)[0] == 0
    assert models.model("places").config.conventions == "pttf"


def test_a_name_that_is_taken_is_refused_unless_it_may_be_replaced(mine: str, tmp_path: Path, capsys: Capture) -> None:
    words = ["models", "import", str(light_pen_net(tmp_path)), "--as", mine]
    before = models.model(mine).config
    assert main(words)[0] == 1
    assert "“mine” already" in capsys.readouterr().err
    assert models.model(mine).config == before
    assert main([*words, "--overwrite"])[0] == 0
    assert models.model(mine).config.title == "PEN-Net"


def test_what_cannot_be_imported_is_one_line_and_leaves_no_model(tmp_path: Path, capsys: Capture) -> None:
    mark = tmp_path / "ran"
    hostile, other, cut = (tmp_path / f"{name}.pth" for name in ("hostile", "other", "cut"))
    torch.save({"G": Payload(mark)}, hostile)
    torch.save({"layer.weight": torch.ones(2)}, other)
    cut.write_bytes(light_pen_net(tmp_path).read_bytes()[:-2000])
    for file in (hostile, other, cut, tmp_path / "missing.pth"):
        assert main(["models", "import", str(file), "--as", "bad", "--accept-licence"])[0] == 1
        told = capsys.readouterr().err
        assert (told.count("\n"), file.name in told) == (1, True)
        assert models.installed() == ()
    assert not mark.exists()


def test_an_exported_model_is_imported_as_the_same(mine: str, tmp_path: Path, capsys: Capture) -> None:
    assert asked(["models", "export", mine, "-o", str(tmp_path)], capsys) == {
        "name": "mine",
        "output": str(tmp_path / "mine.safetensors"),
        "bytes": (tmp_path / "mine.safetensors").stat().st_size,
    }
    assert main(["models", "export", mine, "-o", str(tmp_path / "mine.safetensors")])[0] == 1
    assert "exists" in capsys.readouterr().err
    told = asked(["models", "import", str(tmp_path / "mine.safetensors"), "--as", "again"], capsys)
    assert (told["title"], told["psnr"]) == ("A light PEN-Net", 21.5)
    assert models.model("again").config == models.model(mine).config


def test_a_model_is_removed_after_a_question(mine: str, at_a_terminal: Any, capsys: Capture) -> None:
    assert main(["models", "remove", mine])[0] == 2
    assert "--yes" in capsys.readouterr().err
    at_a_terminal("n")
    assert main(["models", "remove", mine])[0] == 130
    assert [model.name for model in models.installed()] == [mine]
    at_a_terminal("y")
    assert main(["models", "remove", mine])[0] == 0
    assert models.installed() == ()


def test_a_damaged_model_is_removed_and_a_shipped_one_is_not(
    mine: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (models.own_folder() / mine / "config.json").write_text("{}")
    monkeypatch.setattr("lacuna.paths.models", models.own_folder)
    assert main(["models", "remove", mine, "--yes"])[0] == 1
    assert "belongs to Lacuna" in capsys.readouterr().err
    monkeypatch.setattr("lacuna.paths.models", lambda: Path("elsewhere"))
    assert main(["models", "remove", mine, "--yes"])[0] == 0
    assert models.installed() == ()


def test_the_folder_of_own_models_is_told(capsys: Capture) -> None:
    assert main(["models", "path"])[0] == 0
    assert capsys.readouterr().out == f"{models.own_folder()}\n"
    assert asked(["models", "path"], capsys)["own"] == str(models.own_folder())
