"""The benchmark of the networks: its rows and what they are held to. How fast anything is stands in the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from lacuna.bench import main, networks, networks_attention, networks_photo, networks_stages
from lacuna.bench.figure import Figure
from lacuna.bench.networks_attention import published
from lacuna.bench.networks_models import CONFIGS
from lacuna.networks.attention import ContextualAttention
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import queries_for

GIGABYTE = 1e9


@pytest.mark.parametrize("layout", CONVENTIONS)
def test_the_published_attention_gives_our_numbers_in_the_hole(layout: str):
    features = torch.randn(1, 4, 24, 32, generator=torch.Generator().manual_seed(0))
    hole = torch.zeros(1, 1, 96, 128)
    hole[..., 32:64, 40:80] = 1
    lean = ContextualAttention(CONVENTIONS[layout])(features, hole, queries_for(hole)).features
    plain, _keys = published(features, hole, CONVENTIONS[layout])
    assert (lean - plain)[..., 8:16, 10:20].abs().max() < 2e-5


def measured(monkeypatch: pytest.MonkeyPatch, answers: dict[str, tuple[float, ...]]) -> list[Figure]:
    """The rows where what is measured in processes of their own gives `answers`, by the function called."""
    seconds = answers.pop("attention")

    def alone(call: str, _home: Path | None = None) -> tuple[float, ...]:
        function, argument = call.rstrip(")").split("(")
        return answers.get(function) or answers[f"{function} {argument}"]

    for module in (networks, networks_attention, networks_photo, networks_stages):
        monkeypatch.setattr(module, "alone", alone)
    monkeypatch.setattr(networks_attention, "_seconds", lambda: seconds)
    return networks.run()


def answers(**changes: tuple[float, ...]) -> dict[str, tuple[float, ...]]:
    return {
        "attention": (5.0, 1.0),
        "networks_attention.session True": (5 * GIGABYTE,),
        "networks_attention.session False": (GIGABYTE,),
        "networks_models.make": (0.0,),
        "networks.engines": (2.0, 2.0),
        "networks.session": (3 * GIGABYTE,),
        "networks_photo.session": (3 * GIGABYTE, 20.0, 10.0),
        "networks_stages.session": (2.0, 1.0),
    } | {name.replace("__", "."): values for name, values in changes.items()}


def test_there_are_rows_of_attention_of_the_second_stage_and_four_of_each_network(monkeypatch: pytest.MonkeyPatch):
    figures = measured(monkeypatch, answers())
    assert len(figures) == 3 + 4 * len(CONFIGS)
    assert all(figure.bound is not None and figure.kept for figure in figures)
    for backend in CONFIGS:
        assert sum(figure.what.startswith(f"{backend},") for figure in figures) == 4 + (backend == "edgeconnect")


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"attention": (4.9, 1.0)}, 1),
        ({"networks__engines": (1.9, 2.0)}, len(CONFIGS)),
        ({"networks__session": (3.1 * GIGABYTE,)}, len(CONFIGS)),
        ({"networks_photo__session": (3.1 * GIGABYTE, 10.0, 10.0)}, len(CONFIGS)),
        ({"networks_photo__session": (GIGABYTE, 21.0, 10.0)}, len(CONFIGS)),
        ({"networks_photo__session": (GIGABYTE, 10.0, 21.0)}, len(CONFIGS)),
        ({"networks_stages__session": (3.1, 2.0)}, 1),
    ],
)
def test_what_is_out_of_bounds_is_missed(
    monkeypatch: pytest.MonkeyPatch, change: dict[str, tuple[float, ...]], missed: int
):
    assert sum(not figure.kept for figure in measured(monkeypatch, answers(**change))) == missed


def test_without_torch_the_rows_say_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    for module in (networks, networks_attention):
        monkeypatch.setattr(module, "torch_missing", lambda: "needs torch")
    assert main.run(["networks"], as_json=False) == 0
    rows = [row for row in capsys.readouterr().out.splitlines() if row.startswith("networks")]
    assert len(rows) == 2 + len(CONFIGS)
    assert all(row.endswith("needs torch") for row in rows)
