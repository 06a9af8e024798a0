"""The benchmark of enlarging: its rows and what they are held to. Its published form is tested elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacuna.bench import main, upscale, upscale_pictures
from lacuna.bench.figure import Figure


def measured(
    monkeypatch: pytest.MonkeyPatch,
    seconds: tuple[float, float],
    most: float,
    least: float,
    picture: tuple[float, float] = (10.0, 40e9),
    large: float = 900e6,
) -> list[Figure]:
    """The rows where the processes print these seconds and bytes, and of pictures seconds, rate and peak."""
    answers: dict[str, tuple[float, ...]] = {
        "upscale_pictures.seconds()": picture,
        "upscale_pictures.large()": (large, 372e6, 300.0),
        "upscale.make()": (),
        "upscale.seconds()": seconds,
        "upscale.session(True)": (most,),
        "upscale.session(False)": (least,),
    }

    def alone(call: str, _home: Path | None = None) -> tuple[float, ...]:
        return answers[call]

    for module in (upscale, upscale_pictures):
        monkeypatch.setattr(module, "alone", alone)
    monkeypatch.setattr(upscale, "torch_missing", lambda: "")
    monkeypatch.setattr("lacuna.paths.models", lambda: Path(__file__).parents[2] / "models")
    return upscale.run()


@pytest.mark.parametrize(
    ("seconds", "most", "least", "kept"),
    [
        ((25.0, 1.0), 40e6, 1e6, [True, True]),
        ((24.9, 1.0), 40e6, 1e6, [False, True]),
        ((25.0, 1.0), 39e6, 1e6, [True, False]),
    ],
)
def test_a_layer_that_is_too_slow_or_too_large_is_missed(
    monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float], most: float, least: float, kept: list[bool]
):
    assert [figure.kept for figure in measured(monkeypatch, seconds, most, least)[:2]] == kept


@pytest.mark.parametrize(
    ("picture", "large", "kept"),
    [
        ((17.5, 40e9), 960e6, [True, True]),
        ((18.5, 40e9), 960e6, [False, True]),
        ((17.5, 40e9), 980e6, [True, False]),
    ],
)
def test_a_picture_that_takes_twice_the_floor_or_too_much_memory_is_missed(
    monkeypatch: pytest.MonkeyPatch, picture: tuple[float, float], large: float, kept: list[bool]
):
    rows = measured(monkeypatch, (30.0, 1.0), 40e6, 1e6, picture, large)[2:]
    assert [figure.kept for figure in rows] == kept


def test_without_torch_the_rows_of_the_layer_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(upscale, "torch_missing", lambda: "needs torch")
    monkeypatch.setattr(upscale_pictures, "run", lambda: [Figure("upscale", "pictures", 1.0, "x")])
    assert main.run(["upscale"], as_json=False) == 0
    rows = [row for row in capsys.readouterr().out.splitlines() if row.startswith("upscale")]
    assert [row.endswith("needs torch") for row in rows] == [True, True, False]
