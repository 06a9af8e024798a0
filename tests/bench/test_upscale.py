"""The benchmark of enlarging: its rows and what they are held to. Its published form is tested elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from lacuna.bench import main, upscale
from lacuna.bench.figure import Figure


def measured(monkeypatch: pytest.MonkeyPatch, seconds: tuple[float, float], most: float, least: float) -> list[Figure]:
    """The rows where the processes print these seconds and bytes."""
    answers = {
        "upscale.make()": (),
        "upscale.seconds()": seconds,
        "upscale.session(True)": (most,),
        "upscale.session(False)": (least,),
    }

    def alone(call: str, _home: Path | None = None) -> tuple[float, ...]:
        return answers[call]

    monkeypatch.setattr(upscale, "alone", alone)
    monkeypatch.setattr(upscale, "torch_missing", lambda: "")
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
    assert [figure.kept for figure in measured(monkeypatch, seconds, most, least)] == kept


def test_without_torch_the_rows_say_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setattr(upscale, "torch_missing", lambda: "needs torch")
    assert main.run(["upscale"], as_json=False) == 0
    rows = [row for row in capsys.readouterr().out.splitlines() if row.startswith("upscale")]
    assert len(rows) == 2
    assert all(row.endswith("needs torch") for row in rows)
