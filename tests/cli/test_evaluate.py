"""`lacuna evaluate`: its table, its files, what it takes and refuses."""

from __future__ import annotations

import csv
import json
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.cli.scores import means, terminal
from lacuna.contract.fill import FillWork
from lacuna.contract.model_config import Network
from lacuna.imaging import files
from lacuna.imaging.edges import canny, grey_values
from lacuna.metrics import library
from tests.backends.models import scripted
from tests.engine.backends import Scripted, constant, installed
from tests.pictures import lion, write

PIXELS = lion()[100:180, 200:320]
HOLE = np.zeros((80, 120), np.uint8)
HOLE[30:50, 40:90] = 255
HEADER = (
    "picture,mask,backend,guide,psnr,ssim,l1,l2,tv,tv_truth,detail,swd,seam,gmsd,"
    "box_psnr,box_ssim,box_l1,box_l2,box_tv,box_gmsd,box_ms_ssim,box_vif,seconds"
)


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


def row(**values: Any) -> dict[str, Any]:
    """A made-up row in which everything else is perfect."""
    names = ("mask", "backend", "guide"), HEADER.split(",")[4:]
    return dict.fromkeys(names[0], "none") | dict.fromkeys(names[1], 1.0) | values


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


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
    measures = [name for name in HEADER.split(",")[4:] if name != "box_ms_ssim"]
    assert all(float(row[name]) > 0 for row in found for name in measures)
    assert all(row["guide"] == "none" and row["box_ms_ssim"] == "" for row in found)  # 80 rows are too few for it


def test_the_tables_on_the_terminal_have_a_line_for_each_kind_and_backend(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, "--backend", "ns", "--backend", "telea:radius=5") == 0
    inside, box = (part.splitlines() for part in capsys.readouterr().out.split("\n\n"))
    shown = ["n", "psnr", "ssim", "l1 %", "l2 %", "tv %", "detail", "swd", "seam", "seconds"]
    assert (inside[0], box[0]) == ("Inside the hole", "Over its bounding box, known pixels too")
    assert cells(inside[1]) == shown
    assert cells(box[1]) == [*shown[:6], "gmsd", "ms-ssim", "vif"]
    for lines in (inside, box):
        kinds = [["blob"], ["ns", "2"], ["telea:radius=5", "2"], ["thin"], ["ns", "2"], ["telea:radius=5", "2"]]
        assert [cells(line)[:2] for line in lines[2:]] == kinds


def test_no_line_is_longer_than_a_terminal_is_wide_and_no_name_is_cut() -> None:
    names = ("patchmatch:patch=9,seconds=1", "ns:radius=5", "deepfill:detail=off")
    found = [row(backend=name, seconds=123.4, psnr=psnr) for name in names for psnr in (10.0, 20.0)]
    lines = terminal(means(found)).splitlines()
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line == f"  {names[0]}"]  # a line of its own
    assert all(sum(line.startswith(f"  {name}") for line in lines) == 2 for name in names)


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


def test_every_mean_has_students_interval_and_counts_what_there_is() -> None:
    heights = (10.0, 12.0, 14.0, 16.0)
    (mean,) = means([row(psnr=psnr, box_ms_ssim=None if psnr < 15 else 0.5) for psnr in heights])
    assert mean["psnr"] == 13
    assert mean["psnr_interval"] == pytest.approx(3.1824 * np.sqrt(20 / 3) / 2, rel=1e-4)
    assert (mean["box_ms_ssim"], mean["box_ms_ssim_interval"]) == (0.5, None)
    assert (mean["ssim"], mean["ssim_interval"], mean["pictures"]) == (1, 0, 4)
    (alone,) = means([row(box_ms_ssim=None)])
    assert (alone["psnr_interval"], alone["box_ms_ssim"]) == (None, None)


def test_a_summary_holds_means_and_intervals_for_programs(folder: Path, tmp_path: Path) -> None:
    table, summary = tmp_path / "rows.csv", tmp_path / "means.csv"
    assert call(folder, "-b", "telea,ns", "--csv", table, "--summary", summary) == 0
    found = rows(summary)
    assert [(line["mask"], line["backend"], line["pictures"]) for line in found] == [
        (kind, backend, "2") for kind in ("blob", "thin") for backend in ("telea", "ns")
    ]
    of_first = [float(r["seam"]) for r in rows(table) if (r["mask"], r["backend"]) == ("blob", "telea")]
    assert float(found[0]["seam"]) == pytest.approx(np.mean(of_first))
    assert float(found[0]["seam_interval"]) == pytest.approx(12.706 * abs(of_first[0] - of_first[1]) / 2, rel=1e-3)


def test_a_summary_is_two_tables_to_paste(folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "means.md"
    assert call(folder, "-b", "telea", "--kinds", "thin", "--summary", summary) == 0
    inside, box = re.split(r"\n\n(?=Over)", summary.read_text(encoding="utf-8"))
    for text, heads in (
        (inside, "psnr | ssim | l1 % | l2 % | tv % | tv % of the truth | detail | swd | seam | gmsd | seconds"),
        (box, "psnr | ssim | l1 % | l2 % | tv % | gmsd | ms-ssim | vif"),
    ):
        head, rule, line = (line for line in text.splitlines() if line.startswith("|"))
        assert head == f"| mask | method | n | {heads} |"
        assert head.count("|") == rule.count("|") == line.count("|")
        assert re.match(r"\| thin \| `telea` \| 2 \| \d+\.\d\d ± \d+\.\d\d \|", line)


def test_without_the_extra_its_columns_are_left_out_and_it_is_said_how_to_get_them(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(library, "installed", lambda: False)
    assert call(folder, "-b", "ns", "--csv", tmp_path / "t.csv", "--summary", tmp_path / "t.md") == 0
    captured = capsys.readouterr()
    assert "lacuna-editor[metrics]" in captured.err
    for text in (captured.out, (tmp_path / "t.csv").read_text(), (tmp_path / "t.md").read_text()):
        assert "gmsd" in text
        assert "vif" not in text


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


def test_folders_are_also_given_as_an_option_and_backends_with_commas(folder: Path, tmp_path: Path) -> None:
    words = ["--data", folder, "--backend", "telea,ns:radius=5,membrane", "--csv", tmp_path / "t.csv"]
    assert call(*words, "--kinds", "thin", "--limit", 1) == 0
    found = rows(tmp_path / "t.csv")
    assert [(r["mask"], r["backend"]) for r in found] == [
        ("thin", name) for name in ("telea", "ns:radius=5", "membrane")
    ]


def test_what_is_named_twice_is_measured_once(folder: Path, tmp_path: Path) -> None:
    words = [folder, folder / "one.png", "-b", "ns,,telea,", "-b", "ns", "--kinds", "thin", "--csv", tmp_path / "t.csv"]
    assert call(*words) == 0
    assert [(r["picture"], r["backend"]) for r in rows(tmp_path / "t.csv")] == [
        (picture, backend) for picture in ("one.png", "two.png") for backend in ("ns", "telea")
    ]


def test_what_was_measured_is_told_where_its_summary_cannot_be_written(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = tmp_path / "means.md"

    def in_the_way(work: FillWork) -> Any:
        summary.mkdir(exist_ok=True)
        return constant(0)(work)

    with installed(Scripted(in_the_way)):
        assert call(folder, "-b", "scripted", "--summary", summary) == 1
    captured = capsys.readouterr()
    assert "means.md cannot be written" in captured.err
    assert "Inside the hole" in captured.out


def test_settings_of_a_single_backend_are_given_as_for_a_fill(folder: Path, tmp_path: Path) -> None:
    for name, words in (("a", ["-b", "ns:radius=7"]), ("b", ["-b", "ns", "--set", "radius=7"]), ("c", ["-b", "ns"])):
        assert call(folder, *words, "--limit", 1, "--csv", tmp_path / f"{name}.csv") == 0
    a, b, c = ([(r["backend"], r["psnr"]) for r in rows(tmp_path / f"{name}.csv")] for name in "abc")
    assert a == b
    assert a[0][0] == "ns:radius=7"
    assert a[0][1] != c[0][1]


def test_a_model_is_named_as_for_a_fill(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.PEN_NET, lambda image, _hole: np.full(image.shape, 0.5, np.float32))
    words = ["-b", "pennet", "--model", "mine", "--set", "detail=off", "--limit", 1, "--csv", tmp_path / "t.csv"]
    assert call(folder, *words) == 0
    assert rows(tmp_path / "t.csv")[0]["backend"] == "pennet:detail=off,model=mine"
    assert len(painter.seen) == 3  # two masks, the first one twice


# --- guides -----------------------------------------------------------------------------------------------------------
def test_guides_reach_those_that_follow_edges_and_of_the_others_it_is_said(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    scripted(monkeypatch, Network.EDGE_CONNECT, lambda image, _hole: np.full(image.shape, 0.5, np.float32))
    words = ["-b", "edgeconnect,telea", "--guide", "truth", "--csv", tmp_path / "t.csv", "--sheet", tmp_path / "s.png"]
    assert call(folder, *words) == 0
    captured = capsys.readouterr()
    assert "follow no edges, and fill without: telea." in captured.err
    assert "edgeconnect + edges" in captured.out
    assert {(r["backend"], r["guide"]) for r in rows(tmp_path / "t.csv")} == {
        ("edgeconnect", "truth"),
        ("telea", "none"),
    }
    marked = files.read(tmp_path / "s.png").pixels[8:88, 136:256][HOLE[::-1] > 0]
    lines = canny(grey_values(PIXELS / 255))[HOLE[::-1] > 0]
    assert lines.any()
    assert (marked[lines] == 0).all()
    assert (marked[~lines] == (255, 0, 255)).all()


def test_lines_reach_those_that_follow_them(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with installed(Scripted(constant(9))):
        assert call(folder, "-b", "scripted,telea", "--guide", "lines", "--csv", tmp_path / "t.csv") == 0
    captured = capsys.readouterr()
    assert "follow no lines, and fill without: scripted." in captured.err
    assert "telea + lines" in captured.out
    assert {(r["backend"], r["guide"]) for r in rows(tmp_path / "t.csv")} == {("scripted", "none"), ("telea", "lines")}


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
        (["--summary", "means.txt"], 1, "means.txt"),
        (["--summary", "here/means.md"], 1, "no folder here"),
        (["--kinds", "thin,round"], 2, "round"),
        (["--guide", "guess"], 2, "none, truth, lines"),
        (["-b", "ns,telea", "--set", "radius=5"], 2, "for one backend"),
        (["-b", "ns", "--model", "mine"], 2, "model"),
        (["-b", "ns,pennet"], 2, "No model"),
    ],
)
def test_usage_is_checked_before_anything_is_filled(
    folder: Path, words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(folder, *words) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_a_model_that_nobody_knows_is_told_in_a_line_before_anything_is_filled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    painter = scripted(monkeypatch, Network.PEN_NET, lambda image, _hole: np.full(image.shape, 0.5, np.float32))
    assert call(folder, "-b", "pennet:model=mine,pennet:model=nope") == 2
    captured = capsys.readouterr()
    assert "nope" in captured.err
    assert (captured.err.count("\n"), captured.out, painter.seen) == (1, "", [])


def test_a_picture_that_is_not_there_is_said_to_be_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(tmp_path / "nope") == 1
    assert "nope does not exist" in capsys.readouterr().err


def test_that_nothing_was_named_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("-b", "ns") == 2
    assert "no picture to measure on" in capsys.readouterr().err


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
