"""`model.toml`: what is written is read again, by us and by any other reader; what means nothing is named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from lacuna.contract import models
from lacuna.contract.fill import SizeRule
from lacuna.contract.graph_config import GraphConfig, GraphReading
from lacuna.errors import DamagedModel

DIGEST = "0" * 64
READING = GraphReading("input 1", "", 'out"put\\', range="-1..1", ones="known")
CONFIG = GraphConfig("Mine", READING, sha256={"model.onnx": DIGEST, "model.onnx.data": DIGEST})


@pytest.mark.parametrize("title", ["Lücke", 'say "so"', "a\\b", "tab\tand\nline", "\x00\x1f\x7f", "画", "= # [x]"])
def test_a_config_survives_its_own_text(title: str) -> None:
    config = GraphConfig(title, READING, 512, 384, 1, 256, 0.25, "MIT", title, {"model.onnx": DIGEST})
    assert GraphConfig.from_toml(config.to_toml()) == config
    assert tomllib.loads(config.to_toml())["title"] == title


def test_a_person_need_not_say_what_is_usual() -> None:
    text = f"""
        title = "Mine"
        reading = {{ image = "image", mask = "mask", output = "out" }}
        sha256 = {{ "model.onnx" = "{DIGEST}" }}
    """
    config = GraphConfig.from_toml(text)
    assert (config.size, config.reading.range) == (SizeRule(8, 8, 512), "0..1")


def test_a_graph_of_one_size_asks_for_squares_that_fit_into_it() -> None:
    assert GraphConfig("Mine", READING, 384, 512, sha256=CONFIG.sha256).size == SizeRule(384, 384, 384, 384)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("format = 2", "format: 2"),
        ("title = 3", "title: 3"),
        ('title = " "', "title"),
        ("multiple = true", "multiple: True"),
        ("multiple = 0", "multiple: 0"),
        ("side = 1000000", "side: 1000000"),
        ("height = 512", "height, width: 512, 0"),
        ("megapixel_seconds = nan", "megapixel_seconds: nan"),
        ("sizes = 3", "unknown or missing: sizes"),
        ("[reading]\nimage = 'a'\nmask = 'b'", "unknown or missing: reading.output"),
        ("[reading]\nimage = 'a'\nmask = 'b'\noutput = 'c'\nones = 'perhaps'", "ones: perhaps"),
        (f"[sha256]\n'model.onnx' = '{DIGEST}'\n'../model.onnx' = '{DIGEST}'", "sha256: ../model.onnx"),
        (f"[sha256]\n'weights' = '{DIGEST}'", "sha256: model.onnx"),
        ("[sha256]\n'model.onnx' = 'abc'", "sha256: model.onnx"),
        ("[sha256]\n'model.onnx' = 3", "sha256: {'model.onnx': 3}"),
    ],
)
def test_what_means_nothing_is_named(line: str, told: str) -> None:
    key = line.split("\n")[0].split(" ")[0]
    parts = CONFIG.to_toml().split("\n\n")
    kept = ["\n".join(one for one in parts[0].split("\n") if one.split(" ")[0] != key)]
    kept += [part for part in parts[1:] if not part.startswith(key)]
    kept.insert(len(kept) if line.startswith("[") else 0, line)
    with pytest.raises(ValueError) as caught:
        GraphConfig.from_toml("\n\n".join(kept))
    assert told in str(caught.value)


def folder(home: Path, **files: Any) -> Path:
    place = home / "data" / "models" / "mine"
    place.mkdir(parents=True)
    for name, text in files.items():
        (place / name.replace("_", ".")).write_text(text)
    return place


def test_a_graph_without_its_description_is_no_model(home: Path) -> None:
    folder(home, model_onnx="graph")
    assert models.installed() == ()


@pytest.mark.parametrize("text", ["", "title", "title = 3", "\x00", "[" * 5000, "x" * (2 << 20)])
def test_a_description_that_nobody_understands_makes_a_damaged_model(text: str, home: Path) -> None:
    folder(home, model_onnx="graph", model_toml=text)
    (found,) = models.installed()
    assert found.damaged.startswith("model.toml: ")
    with pytest.raises(DamagedModel, match=r"model\.toml"):
        models.verify(found)
    models.remove(found)
    assert models.installed() == ()


def test_files_that_are_missing_are_seen_and_changed_ones_found(home: Path) -> None:
    place = folder(home, model_onnx="graph")
    digest = models.digest(place / "model.onnx")
    both = GraphConfig("Mine", READING, sha256={"model.onnx": digest, "weights": digest})
    (place / "model.toml").write_text(both.to_toml())
    assert models.installed()[0].damaged == "weights is missing"
    (place / "weights").write_text("graph")
    models.verify(models.model("mine"))
    assert models.weights_digest("mine") == digest
    (place / "weights").write_text("other")
    with pytest.raises(DamagedModel, match="weights is not the file that it was"):
        models.verify(models.model("mine"))
