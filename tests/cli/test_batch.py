"""`lacuna batch`: what it writes and says, what it refuses, and what is left of it where it is stopped."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import pytest
from PIL import Image

from lacuna.cli.main import main
from lacuna.engine.batch import worker_process
from lacuna.engine.batch.ledger import NAME
from lacuna.engine.batch.workers import Here
from lacuna.imaging import files
from lacuna.imaging.lock import FileLock
from lacuna.imaging.region import Region
from tests.detection.patches import softened
from tests.engine.batches import BOX, folder_of, part
from tests.pictures import lion, write

COUNT = 70  # files of a batch that is stopped in the middle: half a second or more


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """But where a command is started: processes would only take their second each time."""
    monkeypatch.setattr(worker_process, "getting_ready", lambda count: nullcontext())
    monkeypatch.setattr("lacuna.cli.batch.Processes", lambda treatment, count, first: Here(treatment))


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    return write(tmp_path / "mask.png", BOX)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "in", 3)


def call(*words: object) -> int:
    told = [*map(str, words)]
    fills = {"--mask", "--template", "--find"}.intersection(told)
    return main(["batch", *(["-b", "telea"] if fills else []), *told])[0]


def pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.*") if not path.name.startswith(".")}


# --- what it writes and says ------------------------------------------------------------------------------------------
def test_results_are_named_on_stdout_and_counted_on_stderr(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(source, "-o", out, "--mask", mask) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [str(out / f"{n}.png") for n in (1, 2, 3)]
    assert said.err == "lacuna: 3 done.\n"


def test_pictures_of_other_sizes_are_refused_one_by_one_or_anchored(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tall = part(4, (90, 70))
    write(source / "tall.png", tall)
    out = tmp_path / "out"
    assert call(source, "-o", out, "--mask", mask) == 1
    said = capsys.readouterr().err
    assert "mask.png is 80 × 64 pixels, tall.png is 70 × 90" in said
    assert "--anchor" in said
    assert said.endswith(f"lacuna: 3 done, 1 failed.\nlacuna: Failed: {source / 'tall.png'}\n")
    assert call(source, "-o", out, "--mask", mask, "--anchor", "bottom-right", "--resume") == 0
    changed = (files.read(out / "tall.png").pixels != tall).any(axis=2)
    assert changed[76:86, 50:64].any()
    changed[76:86, 50:64] = False
    assert not changed.any()


def test_a_hundred_files_with_corrupt_locked_huge_and_odd_ones_among_them(
    mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = folder_of(tmp_path / "in", 100), tmp_path / "out"
    good = (source / "1.png").read_bytes()
    (source / "cut.png").write_bytes(good[:200])
    (source / "empty.jpg").write_bytes(b"")
    (source / "text.jpg").write_text("no picture")
    (source / "locked.png").write_bytes(good)
    huge = bytearray(good)
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    (source / "huge.png").write_bytes(huge)
    write(source / "other.png", part(3, (30, 30)))
    (source / "folder.png").mkdir()
    with suppress(OSError):  # not every file system has names that are no text
        os.rename(os.fsencode(source / "9.png"), os.fsencode(source) + b"/9\xff.png")
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "locked.png":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert call(source, "-o", out, "--mask", mask, "--report", tmp_path / "r.csv") == 1
    said = capsys.readouterr()
    bad = {"cut.png", "empty.jpg", "text.jpg", "locked.png", "huge.png", "other.png"}
    assert len(said.out.splitlines()) == 100
    *_rest, counts, failed = said.err.splitlines()
    assert counts == "lacuna: 100 done, 6 failed."
    assert {Path(name).name for name in failed.partition("Failed: ")[2].split(", ")} == bad
    with (tmp_path / "r.csv").open(encoding="utf-8", newline="") as file:
        rows = {Path(row["file"]).name: row for row in csv.DictReader(file)}
    assert {name for name, row in rows.items() if row["state"] == "failed"} == bad
    assert "may not be read" in rows["locked.png"]["notes"]
    assert rows["7.png"]["boxes"] == "60,50,14,10"
    assert len(list(out.glob("*.png"))) == 100


def test_formats_depth_transparency_and_metadata_are_kept(mask: Path, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    deep = part(1).astype(np.uint16) * 257
    write(source / "deep.tif", deep)
    seen = np.dstack([part(2), np.full(BOX.shape, 90, np.uint8)])
    Image.fromarray(seen).save(source / "seen.webp", lossless=True)
    exif = Image.Exif()
    exif[0x010E] = "A mark"
    exif[0x0112] = 6  # on its side
    Image.fromarray(np.rot90(part(3))).save(source / "side.jpg", quality=91, exif=exif, dpi=(300, 300))
    Image.fromarray(part(4)[..., 0]).save(source / "palette.gif")
    assert call(source, "-o", out, "--mask", mask) == 0
    assert files.read(out / "deep.tif").pixels.dtype == np.uint16
    assert np.array_equal(files.read(out / "deep.tif").pixels[BOX == 0], deep[BOX == 0])
    alpha = files.read(out / "seen.webp").alpha
    assert alpha is not None
    assert (alpha == 90).all()
    with Image.open(out / "side.jpg") as side, Image.open(source / "side.jpg") as before:
        assert (side.getexif()[0x010E], side.getexif().get(0x0112, 1), side.info["dpi"]) == ("A mark", 1, (300, 300))
        assert {tuple(sorted(t)) for t in side.quantization.values()} == {  # type: ignore[attr-defined]
            tuple(sorted(t))
            for t in before.quantization.values()  # type: ignore[attr-defined]
        }
    assert files.read(out / "palette.gif.png").width == 80


def test_what_is_transparent_is_filled_and_the_result_opaque(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    Image.fromarray(np.dstack([part(2), 255 - BOX])).save(source / "a.png")
    assert call(source, "-o", out, "--mask", "alpha") == 0
    filled = files.read(out / "a.png")
    assert filled.alpha is None
    assert np.array_equal(filled.pixels[BOX == 0], part(2)[BOX == 0])


def test_a_recipe_does_in_each_what_was_done_to_one(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out = tmp_path / "recipe.json", tmp_path / "out"
    filled = ["fill", str(source / "1.png"), "--mask", str(mask), "-b", "telea", "--grow", "2", "--set", "radius=6"]
    assert main([*filled, "-o", str(tmp_path / "one.png"), "--save-recipe", str(recipe)])[0] == 0
    write(source / "tall.png", part(4, (90, 70)))
    assert call(source, "-o", out, "--recipe", recipe) == 1
    assert "The option for that is --anchor." in capsys.readouterr().err
    assert np.array_equal(files.read(out / "1.png").pixels, files.read(tmp_path / "one.png").pixels)
    assert not (out / "tall.png").exists()
    assert call(source, "-o", out, "--recipe", recipe, "--anchor", "bottom-right", "--resume") == 0
    changed = (files.read(out / "tall.png").pixels != part(4, (90, 70))).any(axis=2)
    assert changed[76:86, 50:64].any()
    changed[74:88, 48:66] = False
    assert not changed.any()


def test_a_mark_that_is_half_seen_is_found_by_its_template_and_taken_off(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    mark = np.zeros((36, 96), np.uint8)
    cv2.putText(mark, "Lacuna", (2, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    write(tmp_path / "mark.png", np.dstack([np.full_like(mark, 255)] * 3 + [mark]))
    clean = part(3, (120, 160))
    alpha = np.zeros(clean.shape[:2], np.float32)
    alpha[60:96, 40:136] = mark / np.float32(255) * 0.5
    marked = np.rint(clean * (1 - alpha[..., None]) + 255 * alpha[..., None]).astype(np.uint8)
    write(source / "marked.png", marked)
    words = [source, "-o", out, "--template", tmp_path / "mark.png"]
    assert call(*words, "--dry-run", "--json") == 0
    [found] = json.loads(capsys.readouterr().out)["files"][0]["findings"]
    assert found["sure"]
    assert np.allclose(found["box"], [40, 65, 85, 25], atol=4)
    assert call(*words, "--unblend", "--report", tmp_path / "r.csv") == 0
    after = files.read(out / "marked.png").pixels.astype(float)
    inside = alpha > 0
    error = np.abs(after - clean)[inside].mean()
    assert error < 0.2 * np.abs(marked.astype(float) - clean)[inside].mean()
    assert np.array_equal(after[:50], clean[:50])


def hidden() -> np.ndarray[Any, Any]:
    """A picture with a pixelated region."""
    picture = part(5, (160, 200)).copy()
    small = picture[48:112, 64:136].reshape(8, 8, 9, 8, 3).mean(axis=(1, 3))
    picture[48:112, 64:136] = np.rint(small).astype(np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    return picture


def test_a_pixelated_region_is_found_without_a_mask_filled_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    picture = hidden()
    write(source / "hidden.png", picture)
    assert call(source, "-o", out, "--find", "mosaic") == 0
    first, second, _sum = capsys.readouterr().err.splitlines()
    assert first == f"lacuna: {source / 'hidden.png'}: 1 finding"
    assert re.fullmatch(r"lacuna: [01]\.\d{3} \d+ × \d+ pixels at \d+, \d+", second)
    changed = (files.read(out / "hidden.png").pixels != picture).any(axis=2)
    assert changed[48:112, 64:136].mean() > 0.7
    changed[40:120, 56:144] = False
    assert not changed.any()


def test_a_blurred_patch_is_found_without_a_mask_and_filled(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    picture, mask = softened(lion()[40:240, 50:290], Region(60, 60, 130, 150), 6.0)
    write(source / "face.png", picture)
    assert call(source, "-o", out, "--find", "blur") == 0
    changed = (files.read(out / "face.png").pixels != picture).any(axis=2)
    assert changed[mask].mean() > 0.7
    assert not changed[:50].any()


def test_a_dry_run_lists_what_is_found_and_writes_no_picture(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(source, "-o", tmp_path / "out", "--mask", mask, "--dry-run") == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"{source / '1.png'}: 1 finding",
        "  14 × 10 pixels at 60, 50",
    ]
    assert not (tmp_path / "out").exists()


def test_json_tells_each_file_and_the_counts(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "bad.png").write_bytes(b"bad")
    assert call(source, "-o", tmp_path / "out", "--mask", mask, "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["failed"]) == (3, 1)
    states = {Path(row["file"]).name: row["state"] for row in told["files"]}
    assert states == {"1.png": "done", "2.png": "done", "3.png": "done", "bad.png": "failed"}


# --- wrong usage ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "It is not said what is to be done"),
        (["--mask", "alpha", "--anchor", "centre"], "--anchor is for a mask file or a recipe"),
        (["--mask", "MASK", "--confidence", "0.5"], "--confidence is for what is looked for"),
        (["--mask", "alpha", "--soft"], "are for a mask file"),
        (["--find", "text", "--invert-mask"], "are for a mask file"),
        (["--recipe", "r.json", "--grow", "2", "--seed", "3"], "A recipe says itself how it fills: --grow, --seed"),
        (["--recipe", "r.json", "--backend", "telea"], "A recipe says itself how it fills: --backend"),
        (["--upscale", "2", "--set", "radius=6"], "Nothing is filled: --set"),
        (["--mask", "alpha", "--recipe", "MASK"], "It is said in several ways what is to go"),
        (["--find", "faces"], "“faces” is nothing that can be looked for"),
        (["--mask", "alpha", "--unblend"], "Only a template says what was blended in"),
        (["--mask", "MASK", "--anchor", "middle"], "“middle” does not fit the setting “--anchor”"),
        (["--mask", "MASK", "--set", "sharp=3"], "There is no setting “sharp”"),
        (["--mask", "MASK", "--backend", "none"], "“none”"),
        (["--upscale", "much"], "much"),
        (["--mask", "MASK", "--jobs", "0"], "“0” does not fit the setting “--jobs”"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_made(
    words: list[str], sentence: str, source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(source, "-o", tmp_path / "out", *(mask if word == "MASK" else word for word in words)) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_results_of_an_earlier_run_are_neither_lost_nor_left_unasked(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert call(source, "-o", out, "--mask", mask) == 0
    assert call(source, "-o", out, "--mask", mask) == 2
    assert "Go on with it by --resume, or make them anew by --overwrite" in capsys.readouterr().err
    assert call(source, "-o", out, "--mask", mask, "--overwrite") == 0
    assert capsys.readouterr().err == "lacuna: 3 done.\n"


def test_the_mask_is_no_picture_of_the_batch_and_that_is_told(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (source / "marks.png").write_bytes(mask.read_bytes())
    assert call(source, "-o", tmp_path / "out", "--mask", source / "marks.png") == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == f"lacuna: {source / 'marks.png'} says what is to go, and is left out itself."
    assert last == "lacuna: 3 done, 1 left out."


@pytest.mark.parametrize(("value", "sentence"), [(0, "marks nothing"), (255, "marks the whole picture")])
def test_a_mask_that_suits_no_picture_is_told_once_and_before_any(
    value: int, sentence: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = write(tmp_path / "mask.png", np.full_like(BOX, value))
    assert call(source, "-o", tmp_path / "out", "--mask", mask) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f"mask.png {sentence}" in line
    assert not (tmp_path / "out").exists()


def test_where_no_picture_is_or_no_folder_for_results_the_option_is_named(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(source.parent, "-o", tmp_path / "out", "--mask", mask) == 2  # of pictures there is the mask alone
    assert "--recursive" in capsys.readouterr().err
    assert call(source, "-o", mask, "--mask", mask) == 2
    assert f"{mask} is a file" in capsys.readouterr().err
    assert call("nothere.jpg", "-o", tmp_path / "out", "--mask", mask) == 1
    assert "lacuna: nothere.jpg does not exist." in capsys.readouterr().err


def rows_of(report: Path) -> dict[str, dict[str, str]]:
    """The rows of a report by the names of their files, each of which has one."""
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    found = {Path(row["file"]).name: row for row in rows}
    assert len(found) == len(rows)
    return found


def test_a_run_that_goes_on_tells_again_what_has_no_finding_and_keeps_one_row_for_each_file(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, report = tmp_path / "out", tmp_path / "r.csv"
    (source / "2.png").write_bytes(b"bad")
    write(source / "3.png", hidden())
    words = [source, "-o", out, "--find", "mosaic", "--report", report]
    assert call(*words) == 1
    before = rows_of(report)
    assert {name: row["state"] for name, row in before.items()} == {
        "1.png": "nothing", "2.png": "failed", "3.png": "done"
    }  # fmt: skip
    write(source / "2.png", part(1))
    capsys.readouterr()
    with report.open("a") as file:
        file.write("a line that was cut off")
    assert call(*words, "--resume") == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "lacuna: 1 done before, 2 without anything to do."
    assert str(source / "1.png") in said[1]
    after = rows_of(report)
    del after["a line that was cut off"]
    assert after.pop("2.png")["state"] == "nothing"
    del before["2.png"]
    assert after == before


def test_a_run_that_goes_on_with_other_settings_says_how_many_that_makes_anew(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["-o", tmp_path / "out", "--mask", mask]
    assert call(source / "1.png", source / "2.png", *words) == 0
    capsys.readouterr()
    assert call(source, *words, "--resume", "--grow", "2") == 0
    first, last = capsys.readouterr().err.splitlines()
    assert first == "lacuna: 2 pictures were done with other settings before, and are done anew."
    assert last == "lacuna: 3 done."


def test_rows_are_added_to_no_table_but_one_of_a_batch(source: Path, mask: Path, tmp_path: Path) -> None:
    report = tmp_path / "r.csv"
    report.write_text("what,is,mine\n")
    assert call(source, "-o", tmp_path / "out", "--mask", mask, "--report", report, "--resume") == 1
    assert report.read_text() == "what,is,mine\n"


def test_two_batches_do_not_write_into_one_folder(
    source: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    lock = FileLock.take(out / ".lacuna-batch.lock")
    assert lock is not None
    assert call(source, "-o", out, "--mask", mask) == 1
    assert "Another batch is writing" in capsys.readouterr().err
    lock.release()


# --- stopped ----------------------------------------------------------------------------------------------------------
def begun(out: Path, *words: object) -> subprocess.Popen[bytes]:
    """A batch in a process of its own that has finished some files; on a busy machine it waits for the test."""
    command = [
        "nice",
        "-n",
        "19",
        sys.executable,
        "-m",
        "lacuna",
        "batch",
        "-b",
        "telea",
        "-o",
        str(out),
        *map(str, words),
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while count(out) < 3:
        assert process.poll() is None, "it ended before it was stopped"
        assert time.monotonic() < end
        time.sleep(0.002)
    return process


def count(out: Path) -> int:
    """How many files the ledger calls finished."""
    try:
        return (out / NAME).read_bytes().count(b'"done"')
    except FileNotFoundError:
        return 0


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_ends_the_process_that_works_on_a_file_does_not_end_the_batch(mask: Path, tmp_path: Path) -> None:
    process = begun(tmp_path / "out", folder_of(tmp_path / "in", COUNT), "--mask", mask)
    workers = [each for each in psutil.Process(process.pid).children() if "spawn_main" in str(each.cmdline())]
    assert len(workers) == 1, "nobody was working any more"
    workers[0].kill()
    _out, said = process.communicate(timeout=60)
    assert (process.returncode, said.decode()) == (0, f"lacuna: {COUNT} done.\n")


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("how", "code", "jobs"), [(signal.SIGKILL, -signal.SIGKILL, 2), (signal.SIGINT, 130, 1)])
def test_a_batch_that_is_stopped_in_the_middle_goes_on_with_what_is_left(
    how: signal.Signals, code: int, jobs: int, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, out = folder_of(tmp_path / "in", COUNT), tmp_path / "out"
    process = begun(out, source, "--mask", mask, "--jobs", jobs)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, how)
    assert process.wait(10) == code
    assert psutil.wait_procs(workers, 10)[1] == [], "processes of the batch are left"
    assert process.stderr is not None
    with process.stderr as said:
        told = said.read().decode()
    assert told == ("lacuna: Stopped; --resume goes on with the rest.\n" if how == signal.SIGINT else "")
    finished, left = count(out), pictures(out)
    assert 3 <= finished < COUNT
    capsys.readouterr()
    assert call(source, "-o", out, "--mask", mask, "--resume") == 0
    assert capsys.readouterr().err == f"lacuna: {COUNT - finished} done, {finished} done before.\n"
    whole = pictures(out)
    assert sum(whole.get(name) == data for name, data in left.items()) >= finished
    for number in range(COUNT):
        after = files.read(out / f"{number + 1}.png").pixels
        assert np.array_equal(after[BOX == 0], part(number)[BOX == 0])
        assert not np.array_equal(after, part(number))
