"""`lacuna marks` and `lacuna evaluate-marks`: what they find, write, measure and refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.cli.marks import lines
from lacuna.imaging import files
from tests.detection.marked import marked, matte, photo, placed, template
from tests.pictures import write

MADE = placed(template(), 78, 45, 0.8)
SIZE = (90, 156)
TOLD = {"x": 1, "y": 2, "width": 3, "height": 4, "scale": 1.0, "turn": -0.04, "confidence": 0.9, "sure": True}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photos with the same mark, their truths, mattes and the template, as `evaluate-marks` wants them."""
    alpha = np.rint(template().alpha * 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "template.png"), np.dstack([template().colours, alpha]))
    cases = []
    for number in range(4):
        truth = photo(*SIZE, 100 * (number // 2), 200 * (number % 2))
        write(tmp_path / f"{number}-truth.png", truth)
        write(tmp_path / f"{number}-same.png", marked(truth, template(), MADE, 0.5))
        put_in = np.rint(255 * 0.5 * matte(template(), MADE, SIZE)).astype(np.uint8)
        write(tmp_path / f"{number}-alpha.png", put_in)
        names = {"file": f"{number}-same.png", "truth": f"{number}-truth.png", "alpha": f"{number}-alpha.png"}
        cases.append({**names, "kind": "same-semi", "opacity": 0.5})
    (tmp_path / "cases.json").write_text(json.dumps({"template": "template.png", "cases": cases}))
    return tmp_path


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_find_tells_where_a_mark_is_and_writes_its_mask_and_matte(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / "0-same.png").read_bytes()
    words = ["marks", "find", str(folder / "0-same.png"), str(folder / "none.png"), "-t", str(folder / "template.png")]

    code, _stuck = main([*words, "--json", "--overwrite", "--mask-out", str(folder), "--matte-out", str(folder)])

    assert code == 1  # for the file that is not there
    (found,) = answer(capsys)
    assert found["findings"][0]["sure"]
    assert found["findings"][0]["scale"] == pytest.approx(0.8, rel=0.03)
    assert (folder / "0-same.png").read_bytes() == before
    true = matte(template(), MADE, SIZE)
    mask = files.read(folder / "0-same-mask.png").pixels[..., 0] > 0
    assert mask[true > 0.02].mean() > 0.98
    alpha = files.read(folder / "0-same-matte.png").alpha
    assert alpha is not None
    assert np.abs(alpha / 255 - 0.5 * true).mean() < 0.02


def test_estimate_writes_a_mark_that_serves_as_template(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = np.zeros(SIZE, np.uint8)
    where[22:68, 12:146] = 255
    write(folder / "where.png", where)
    pictures = [str(folder / f"{number}-same.png") for number in range(4)]

    assert main(["marks", "estimate", *pictures, "-m", f"{folder}/where.png", "-o", f"{folder}/mark.png"])[0] == 0
    capsys.readouterr()
    assert main(["marks", "find", pictures[0], "-t", f"{folder}/mark.png", "--json"])[0] == 0

    assert answer(capsys)[0]["findings"][0]["sure"]


@pytest.mark.parametrize("name", ["template.png", "new/mark.txt", "new/mark.jpg"])
def test_estimate_names_a_file_that_cannot_be_written_before_anything_is_compared(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lacuna.cli.marks.matte_of_set", lambda *_words, **_more: pytest.fail("compared"))
    words = [str(folder / "0-same.png"), "-m", str(folder / "template.png"), "-o", str(folder / name)]
    assert main(["marks", "estimate", *words])[0] == 1
    assert Path(name).name in capsys.readouterr().err
    assert not (folder / "new").exists()


def test_find_makes_the_folder_of_its_masks(folder: Path) -> None:
    words = ["marks", "find", str(folder / "0-same.png"), "-t", str(folder / "template.png")]

    assert main([*words, "--mask-out", str(folder / "new" / "masks")])[0] == 0

    assert (folder / "new" / "masks" / "0-same-mask.png").is_file()


@pytest.mark.parametrize("word", ["2", "-0.1", "nan", "sure"])
def test_how_sure_is_refused_in_the_words_of_other_verbs(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["marks", "find", "a.png", "-t", "logo.png", "--confidence", word])[0] == 2
    assert f"“{word}” does not fit the setting “--confidence”" in capsys.readouterr().err


def test_a_turn_of_next_to_nothing_has_no_sign() -> None:
    told = {"image": "a.png", "findings": [TOLD]}

    assert "turned 0.0°" in lines(told)[1]


def test_estimate_says_what_to_give_where_it_is_not_said_where_the_mark_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["marks", "estimate", str(folder / "0-same.png"), "-o", str(folder / "mark.png")])[0] == 2
    assert "white shows about where it is" in capsys.readouterr().err


def test_evaluate_tells_how_surely_marks_are_found_and_how_near_the_truth_they_are_taken_off(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _stuck = main(["evaluate-marks", str(folder), "-b", "membrane", "--limit", "3", "--json"])

    assert code == 0
    marks, clean = answer(capsys)["means"]
    assert marks["found"] == 1.0
    assert marks["covered"] > 0.97
    assert marks["psnr_template"] > marks["psnr_fill"] + 6
    assert marks["psnr_set"] is not None
    assert clean["false"] == 0


def test_a_folder_without_cases_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cases.json").write_text("{}")

    assert main(["evaluate-marks", str(tmp_path)])[0] == 1
    assert "cases.json" in capsys.readouterr().err
