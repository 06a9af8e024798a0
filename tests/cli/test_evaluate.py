"""`lacuna evaluate`: its table, its files, what it takes and refuses."""

from __future__ import annotations

import csv
import json
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.cli.evaluate import means
from lacuna.cli.main import main
from lacuna.contract.fill import FillWork
from lacuna.imaging import files
from tests.engine.backends import Scripted, constant, installed
from tests.pictures import lion, write

PIXELS = lion()[100:180, 200:320]
HOLE = np.zeros((80, 120), np.uint8)
HOLE[30:50, 40:90] = 255
HEADER = "picture,mask,backend,psnr,ssim,l1,detail,swd,seconds"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    where = tmp_path / "photos"
    where.mkdir()
    for name in ("one", "two"):
        write(where / f"{name}.png", PIXELS)
        for kind, mask in (("thin", HOLE), ("blob", HOLE[::-1])):
            write(where / f"{name}-{kind}.png", mask)
    return where


def call(*words: object) -> int:
    return main(["evaluate", *map(str, words)])[0]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- what it says and writes ------------------------------------------------------------------------------------------
def test_a_row_for_each_picture_mask_and_backend(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    assert call(folder, "-b", "telea", "-b", "ns", "--csv", table) == 0
    assert table.read_text(encoding="utf-8").splitlines()[0] == HEADER
    found = rows(table)
    assert [(row["picture"], row["mask"], row["backend"]) for row in found[:4]] == [
        ("one.png", kind, backend) for kind in ("blob", "thin") for backend in ("telea", "ns")
    ]
    assert len(found) == 8
    assert all(float(row[name]) > 0 for row in found for name in HEADER.split(",")[3:])


def test_the_table_on_the_terminal_has_a_line_for_each_kind_and_backend(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, "--backend", "ns", "--backend", "telea:radius=5") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["mask", "backend", "n", "psnr", "ssim", "l1", "detail", "swd", "seconds"]
    assert [line[:3] for line in lines[1:]] == [
        [kind, backend, "2"] for kind in ("blob", "thin") for backend in ("ns", "telea:radius=5")
    ]


def test_all_backends_that_can_run_are_taken_where_none_is_named(folder: Path, tmp_path: Path) -> None:
    with installed(Scripted(constant(0))):
        assert call(folder, "--limit", 1, "--csv", tmp_path / "t.csv") == 0
    assert {row["backend"] for row in rows(tmp_path / "t.csv")} >= {"telea", "ns", "scripted"}


def test_the_answer_for_programs_holds_rows_and_means(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(folder, "-b", "telea", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["failed"] == 0
    assert len(found["rows"]) == 4
    assert set(HEADER.split(",")) <= set(found["rows"][0])
    thin = next(mean for mean in found["means"] if mean["mask"] == "thin")
    of_thin = [row["psnr"] for row in found["rows"] if row["mask"] == "thin"]
    assert thin["psnr"] == pytest.approx(sum(of_thin) / 2)
    assert thin["pictures"] == 2


def test_a_perfect_fill_is_null_in_json_and_inf_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "even.png", np.full((60, 60, 3), 77, np.uint8))
    write(tmp_path / "even-thin.png", np.ascontiguousarray(HOLE[:60, :60]))
    with installed(Scripted(constant(77))):
        assert call(tmp_path, "-b", "scripted", "--csv", tmp_path / "t.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["psnr"] is None
    assert rows(tmp_path / "t.csv")[0]["psnr"] == "inf"


def test_the_interval_is_that_of_a_normal_distribution() -> None:
    row = {"mask": "m", "backend": "b", "ssim": 1, "l1": 0, "detail": 1, "swd": 0, "seconds": 1}
    (mean,) = means([row | {"psnr": value} for value in (10.0, 12.0, 14.0, 16.0)])
    assert mean["psnr"] == 13
    assert mean["psnr_interval"] == pytest.approx(1.96 * np.sqrt(20 / 3) / 2)
    assert means([row | {"psnr": 10.0}])[0]["psnr_interval"] is None


def test_the_sheet_shows_photo_mask_and_fills(folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert call(folder, "-b", "telea", "-b", "ns", "--sheet", sheet) == 0
    drawn = files.read(sheet).pixels
    assert drawn.shape == (4 * (80 + 24 + 8) + 8, 4 * (120 + 8) + 8, 3)
    photo, marked = drawn[8:88, 8:128], drawn[8:88, 136:256]
    assert np.array_equal(photo, PIXELS)
    blob = HOLE[::-1] > 0
    assert (marked[blob] == (255, 0, 255)).all()
    assert np.array_equal(marked[~blob], PIXELS[~blob])


# --- what it takes ----------------------------------------------------------------------------------------------------
def test_pictures_and_masks_are_given_as_pairs_too(folder: Path, tmp_path: Path) -> None:
    mask = write(tmp_path / "scratch.png", HOLE)
    table = tmp_path / "t.csv"
    one, two = folder / "one.png", folder / "two.png"
    assert call(one, "--mask", mask, "--mask", folder / "one-blob.png", "-b", "ns", "--csv", table) == 0
    assert [(row["picture"], row["mask"]) for row in rows(table)] == [("one.png", "scratch"), ("one.png", "blob")]
    assert call(one, two, "-m", mask, "-m", folder / "two-thin.png", "-b", "ns", "--csv", table, "--overwrite") == 0
    assert [(row["picture"], row["mask"]) for row in rows(table)] == [("one.png", "scratch"), ("two.png", "thin")]
    assert call(two, "-b", "ns", "--csv", table, "--overwrite") == 0
    assert [(row["picture"], row["mask"]) for row in rows(table)] == [("two.png", "blob"), ("two.png", "thin")]


def test_the_limit_counts_pictures(folder: Path, tmp_path: Path) -> None:
    assert call(folder, "-b", "ns", "--limit", 1, "--csv", tmp_path / "t.csv") == 0
    assert [row["picture"] for row in rows(tmp_path / "t.csv")] == ["one.png", "one.png"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-b", "magic"], 2, "magic"),
        (["-b", "ns:radius=99"], 2, "99"),
        (["-b", "ns:radius=3,nonsense"], 2, "nonsense"),
        (["--mask", "a.png", "--mask", "b.png"], 2, "no pairs"),
        (["--csv", "here/table.csv"], 1, "no folder here"),
        (["--sheet", "sheet.txt"], 1, "sheet.txt"),
        (["--csv", "/dev/null"], 1, "exists already"),
    ],
)
def test_usage_is_checked_before_anything_is_filled(
    folder: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, *words) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_picture_that_is_not_there_is_said_to_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "nope") == 1
    assert "nope does not exist" in capsys.readouterr().err


def test_files_that_exist_are_not_replaced_unasked(folder: Path) -> None:
    before = (folder / "one.png").read_bytes()
    assert call(folder, "-b", "ns", "--sheet", folder / "one.png") == 1
    assert call(folder, "-b", "ns", "--csv", folder / "one.png") == 1
    assert (folder / "one.png").read_bytes() == before


def test_a_failure_is_told_the_rest_is_measured_and_the_code_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "one-blob.png", HOLE[:50])
    assert call(folder, "-b", "ns", "--csv", tmp_path / "t.csv") == 1
    assert "one.png · blob: The mask is 120 × 50 pixels" in capsys.readouterr().err
    assert len(rows(tmp_path / "t.csv")) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_keeps_the_rows_that_were_measured(folder: Path, tmp_path: Path) -> None:
    calls = 0

    def slow(work: FillWork) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:  # the first untimed, the second the first row
            signal.raise_signal(signal.SIGINT) if threading.current_thread() is threading.main_thread() else (
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
            )
            time.sleep(0.3)
        return constant(0)(work)

    with installed(Scripted(slow)):
        assert call(folder, "-b", "scripted", "--csv", tmp_path / "t.csv") == 130
    assert len(rows(tmp_path / "t.csv")) <= 2
    assert rows(tmp_path / "t.csv")[0]["picture"] == "one.png"
