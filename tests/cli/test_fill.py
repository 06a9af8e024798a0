"""`lacuna fill`: what it writes, what it says, what it refuses, and the code that it ends with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.cli.main import main
from lacuna.contract.fill import Context, Needs, SizeRule
from lacuna.contract.guides import Guide
from lacuna.contract.model_config import Network
from lacuna.engine import registry
from lacuna.imaging import files
from lacuna.settings import Settings
from tests.backends import models
from tests.engine.backends import Scripted, constant, installed
from tests.pictures import lion

HOLE = np.zeros((120, 160), np.uint8)
HOLE[40:60, 50:80] = 255


def write(path: Path, pixels: NDArray[Any]) -> Path:
    """A file as another program would write it; RGB, RGBA or grey."""
    if pixels.ndim == 3:
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write(tmp_path / "photo.png", lion()[100:220, 200:360])


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    return write(tmp_path / "mask.png", HOLE)


def call(*words: object) -> int:
    """The verb in this process, by a backend that has nothing to compile unless another is named; the exit code."""
    named = {"-b", "--backend"} & set(map(str, words))
    return main(["fill", *([] if named else ["-b", "telea"]), *map(str, words)])[0]


def started(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "lacuna", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


# --- what it writes ---------------------------------------------------------------------------------------------------
def test_the_command_writes_the_file_and_names_it(photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.png"
    done = started("fill", photo, "--mask", mask, "--backend", "telea", "-o", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{out}\n", "")
    before, after = files.read(photo).pixels, files.read(out).pixels
    assert np.array_equal(after, lacuna.fill(before, HOLE, "telea"))


def test_where_no_method_is_named_the_same_one_fills_on_the_command_line_and_in_the_library(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert main(["fill", str(photo), "--mask", str(mask), "--json", "-o", str(out)])[0] == 0
    assert json.loads(capsys.readouterr().out)["backend"] == "patchmatch"
    pixels = files.read(photo).pixels
    assert np.array_equal(files.read(out).pixels, lacuna.fill(pixels, HOLE))
    assert np.array_equal(files.read(out).pixels, lacuna.fill(pixels, HOLE, "patchmatch"))


def test_options_mean_what_they_mean_in_the_library(photo: Path, mask: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    assert call(photo, "--mask", mask, "-b", "ns", "--set", "radius=7", "--grow", 4, "--feather", 2, "-o", out) == 0
    expected = lacuna.fill(files.read(photo).pixels, HOLE, "ns", radius=7, grow=4, feather=2)
    assert np.array_equal(files.read(out).pixels, expected)


def test_without_a_name_the_result_lies_beside_the_picture(photo: Path, mask: Path) -> None:
    before = photo.read_bytes()
    for expected in ("photo_lacuna.png", "photo_lacuna-2.png"):
        assert call(photo, "--mask", mask) == 0
        assert (photo.parent / expected).exists()
    assert photo.read_bytes() == before


def test_a_folder_takes_the_proposed_name(photo: Path, mask: Path, tmp_path: Path) -> None:
    (tmp_path / "done").mkdir()
    for _ in range(2):
        assert call(photo, "--mask", mask, "-o", tmp_path / "done") == 0
    assert sorted(p.name for p in (tmp_path / "done").iterdir()) == ["photo_lacuna-2.png", "photo_lacuna.png"]


def test_sixteen_bits_stay_sixteen_and_grey_stays_grey(mask: Path, tmp_path: Path) -> None:
    deep = lion()[100:220, 200:360, 1].astype(np.uint16) * 257 + 3
    source, out = write(tmp_path / "deep.png", deep), tmp_path / "out.png"
    assert call(source, "--mask", mask, "-o", out) == 0
    after = cv2.imread(str(out), cv2.IMREAD_UNCHANGED)
    assert after is not None
    assert np.array_equal(after, lacuna.fill(deep, HOLE, "telea"))


def test_transparent_pixels_are_a_mask_and_the_result_is_opaque(tmp_path: Path) -> None:
    rgba = np.dstack([lion()[100:220, 200:360], 255 - HOLE])
    source, out = write(tmp_path / "cut.png", rgba), tmp_path / "out.png"
    assert call(source, "--mask", "alpha", "-o", out) == 0
    after = files.read(out)
    assert after.alpha is None
    assert np.array_equal(after.pixels, lacuna.fill(np.ascontiguousarray(rgba[..., :3]), HOLE, "telea"))


def test_alpha_is_kept_and_filled_only_when_asked(mask: Path, tmp_path: Path) -> None:
    alpha = np.full((120, 160), 200, np.uint8)
    alpha[HOLE > 0] = 30
    source = write(tmp_path / "alpha.png", np.dstack([lion()[100:220, 200:360], alpha]))
    assert call(source, "--mask", mask, "-o", tmp_path / "kept.png") == 0
    assert call(source, "--mask", mask, "--fill-alpha", "-o", tmp_path / "filled.png") == 0
    kept, filled = (files.read(tmp_path / name).alpha for name in ("kept.png", "filled.png"))
    assert kept is not None
    assert filled is not None
    assert np.array_equal(kept, alpha)
    assert filled[HOLE > 0].min() > 190


def test_masks_are_cut_at_128_turned_and_kept_soft_on_request(photo: Path, tmp_path: Path) -> None:
    grey = np.where(HOLE > 0, 100, 0).astype(np.uint8)
    grey[45:50, 55:60] = 200
    soft = write(tmp_path / "soft.png", grey)
    pixels = files.read(photo).pixels
    for words, expected in (
        ((), lacuna.fill(pixels, np.where(grey > 127, 255, 0).astype(np.uint8), "telea")),
        (("--soft",), lacuna.fill(pixels, grey, "telea")),
        (("--invert-mask",), lacuna.fill(pixels, np.where(grey > 127, 0, 255).astype(np.uint8), "telea")),
    ):
        assert call(photo, "--mask", soft, *words, "--overwrite", "-o", tmp_path / "out.png") == 0
        assert np.array_equal(files.read(tmp_path / "out.png").pixels, expected)


# --- what it says -----------------------------------------------------------------------------------------------------
def test_the_json_report_tells_what_was_done(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert call(photo, "--mask", mask, "--grow", 2, "--set", "radius=4", "--json", "-o", out) == 0
    answer = capsys.readouterr()
    report = json.loads(answer.out)
    assert answer.err == ""
    changed = np.count_nonzero((files.read(out).pixels != files.read(photo).pixels).any(axis=2))
    assert report.pop("seconds") > 0
    assert report.pop("bytes") == out.stat().st_size
    assert report.pop("filled_pixels") > 600
    assert report == {
        "backend": "telea",
        "params": {"radius": 4},
        "seed": 0,
        "grow": 2.0,
        "feather": 0.0,
        "composite": "auto",
        "grain": False,
        "device": "cpu",
        "regions": 1,
        "mask_pixels": 600,
        "changed_pixels": changed,
        "untouched": True,
        "precisions": [],
        "output": str(out),
        "format": "PNG",
        "guides": {"read": 0, "reaching": 0, "followed": 0},
        "notes": [],
    }


def test_a_lossy_file_tells_what_saving_cost_outside_the_mask(
    mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "photo.jpg", lion()[100:220, 200:360])
    assert call(source, "--mask", mask, "--json", "-o", tmp_path / "out.jpg") == 0
    loss = json.loads(capsys.readouterr().out)["generation_loss"]
    assert 0 <= loss["mean"] < 1 < 40 > loss["greatest"]


def test_a_lossy_file_tells_its_cost_in_words_too(
    mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "photo.jpg", lion()[100:220, 200:360])
    assert call(source, "--mask", mask, "--json", "-o", tmp_path / "out.jpg") == 0
    mean = json.loads(capsys.readouterr().out)["generation_loss"]["mean"]
    assert call(source, "--mask", mask, "-o", tmp_path / "again.jpg") == 0
    answer = capsys.readouterr()
    assert answer.out == f"{tmp_path / 'again.jpg'}\n"
    assert f"again.jpg differ by {mean:.2f} of 255" in answer.err
    assert call(source, "--mask", mask, "-o", tmp_path / "whole.png") == 0
    assert capsys.readouterr().err == ""


def test_a_dry_run_writes_nothing_and_foretells(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert call(photo, "--mask", mask, "--dry-run", "--json", "-o", out) == 0
    report = json.loads(capsys.readouterr().out)
    assert not out.exists()
    assert (report["dry_run"], report["regions"], report["filled_pixels"]) == (True, 1, 600)
    assert report["seconds"] > 0
    assert report["memory"] > 0
    assert call(photo, "--mask", mask, "--dry-run", "-o", out) == 0
    told = capsys.readouterr().out
    for expected in (str(out), "Under 0.1 s", "1 MB", "1 region"):
        assert expected in told
    assert not out.exists()


@pytest.mark.parametrize("compiles", [True, False])
def test_a_dry_run_tells_of_a_first_use_until_the_method_is_loaded(
    compiles: bool, photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = (photo, "--mask", mask, "-b", "scripted", "-o", tmp_path / "out.png", "--overwrite")
    with installed(Scripted(constant(0), Needs(context=Context(8, 0.5), compiles=compiles))):
        assert call(*order, "--dry-run") == 0
        assert ("first use" in capsys.readouterr().out) is compiles
        assert call(*order, "--dry-run", "--json") == 0
        assert json.loads(capsys.readouterr().out)["first_use"] is compiles
        assert call(*order) == 0
        capsys.readouterr()
        assert call(*order, "--dry-run") == 0
        assert "first use" not in capsys.readouterr().out


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals there")
def test_on_a_terminal_a_first_use_is_told_and_stdout_stays_clean(photo: Path, mask: Path, tmp_path: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    cold = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels"), "COLUMNS": "150", "TERM": "xterm"}
    command = [sys.executable, "-m", "lacuna", "fill", photo, "--mask", mask, "--json", "-o", tmp_path / "out.png"]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=theirs, text=True, env=cold)
    os.close(theirs)
    told = b""
    with suppress(OSError):  # Linux says so at the end
        while part := os.read(ours, 4096):
            told += part
    os.close(ours)
    out, _err = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert b"Loading; the first time takes some seconds" in told
    assert json.loads(out)["backend"] == "patchmatch"


# --- what it refuses --------------------------------------------------------------------------------------------------
def refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    """One line on stderr, nothing on stdout, the code; the line."""
    assert call(*words) == code
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err.count("\n") == 1
    assert answer.err.startswith("lacuna: ")
    return answer.err


def test_an_existing_file_is_never_replaced_unless_told(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"precious")
    for target in (out, photo):
        before = target.read_bytes()
        assert "--overwrite" in refused(capsys, 1, photo, "--mask", mask, "-o", target)
        assert target.read_bytes() == before
    assert call(photo, "--mask", mask, "-o", out, "--force") == 0
    assert files.read(out).width == 160


def test_a_mask_of_another_size_names_both(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = write(tmp_path / "other.png", HOLE[:100, :100])
    said = refused(capsys, 1, photo, "--mask", other, "-o", tmp_path / "out.png")
    assert "100 × 100" in said
    assert "160 × 120" in said


@pytest.mark.parametrize(("value", "word"), [(0, "empty"), (255, "covers")])
def test_a_mask_without_use_is_refused(
    value: int, word: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    useless = write(tmp_path / "useless.png", np.full((120, 160), value, np.uint8))
    assert word in refused(capsys, 1, photo, "--mask", useless, "-o", tmp_path / "out.png")
    assert word in refused(capsys, 1, photo, "--mask", useless, "--dry-run")
    assert not (tmp_path / "out.png").exists()


def test_files_that_cannot_be_read_are_named(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, cut, empty = tmp_path / "text.png", tmp_path / "cut.png", tmp_path / "empty.png"
    text.write_text("not a picture")
    cut.write_bytes(photo.read_bytes()[:400])
    empty.write_bytes(b"")
    for bad in (text, cut, empty, tmp_path / "missing.png", tmp_path):
        assert bad.name in refused(capsys, 1, bad, "--mask", mask, "-o", tmp_path / "out.png")
        assert bad.name in refused(capsys, 1, photo, "--mask", bad, "-o", tmp_path / "out.png")
    assert "transparency" in refused(capsys, 1, photo, "--mask", "alpha", "-o", tmp_path / "out.png")


def test_a_picture_that_may_not_be_read_is_said_by_us(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> bytes:  # who runs the tests may be root, whom no permission keeps from reading
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "access", lambda *_args, **_options: False)
    monkeypatch.setattr(Path, "read_bytes", forbidden)
    said = refused(capsys, 1, photo, "--mask", mask, "-o", tmp_path / "out.png")
    assert "may not be read" in said
    assert photo.name in said


@pytest.fixture
def unfilled() -> Iterator[None]:
    """What is refused under it is refused before anything is filled."""
    backend = Scripted(constant(0))
    with installed(backend):
        yield
    assert backend.works == []


def refused_at_once(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    """The line that refuses an order and its dry run alike; the backend of `unfilled` is not called."""
    said = refused(capsys, 1, *words, "-b", "scripted")
    assert refused(capsys, 1, *words, "-b", "scripted", "--dry-run") == said
    return said


@pytest.mark.usefixtures("unfilled")
def test_a_place_that_cannot_be_written_is_named_before_the_fill(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    too_long = tmp_path / "new" / ("a" * 300) / "out.png"
    assert "cannot be made" in refused_at_once(capsys, photo, "--mask", mask, "-o", too_long)
    assert "out.xyz" in refused_at_once(capsys, photo, "--mask", mask, "-o", tmp_path / "new" / "out.xyz")
    assert "too long" in refused_at_once(capsys, photo, "--mask", mask, "-o", tmp_path / f"{'a' * 300}.png")
    assert "out.xyz" in refused_at_once(capsys, photo, "--mask", mask, "-o", tmp_path / "out.xyz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mask.png", "photo.png"]


@pytest.mark.usefixtures("unfilled")
def test_what_a_format_cannot_hold_is_named_with_its_option_before_the_fill(
    mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pixels = lion()[100:220, 200:360]
    deep = write(tmp_path / "deep.png", pixels.astype(np.uint16) * 257)
    glass = write(tmp_path / "glass.png", np.dstack([pixels, np.full(HOLE.shape, 200, np.uint8)]))
    for source, word in ((deep, "bits a channel"), (glass, "transparency")):
        said = refused_at_once(capsys, source, "--mask", mask, "-o", tmp_path / "out.jpg")
        assert word in said
        assert "--allow-reduce" in said
    assert not (tmp_path / "out.jpg").exists()


def test_a_format_takes_less_where_that_is_allowed_and_where_a_fill_leaves_nothing_transparent(
    mask: Path, tmp_path: Path
) -> None:
    pixels = lion()[100:220, 200:360]
    deep = write(tmp_path / "deep.png", pixels.astype(np.uint16) * 257)
    assert call(deep, "--mask", mask, "--allow-reduce", "-o", tmp_path / "deep.jpg") == 0
    assert files.read(tmp_path / "deep.jpg").pixels.dtype == np.uint8
    pane = write(tmp_path / "pane.png", np.dstack([pixels, 255 - HOLE // 2]))  # transparent in the hole alone
    assert call(pane, "--mask", mask, "-o", tmp_path / "pane.jpg") == 1
    assert call(pane, "--mask", mask, "--fill-alpha", "-o", tmp_path / "pane.jpg") == 0
    assert files.read(tmp_path / "pane.jpg").alpha is None


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--grow", "-3"), "“-3” does not fit the setting “--grow”. It goes from 0 to 100000."),
        (("--feather", "nan"), "--feather"),
        (("--seed", "1.5"), "whole number"),
        (("--seed", "x"), "takes a number"),
        (("--quality", "0"), "from 1 to 100"),
        (("--nonsense",), "lacuna fill --help"),
        (("--set",), "lacuna"),
        (("--backend", "magic"), "telea"),
        (("--set", "radius=99"), "radius"),
        (("--set", "raduis=3"), "raduis"),
        (("--set", "radius"), "NAME=VALUE"),
        (("--device", "toaster"), "toaster"),
    ],
)
def test_wrong_usage_ends_with_two_before_any_file_is_opened(
    words: tuple[str, ...], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named in refused(capsys, 2, tmp_path / "missing.png", "--mask", "x.png", *words)


@pytest.mark.parametrize("words", [(), ("a.png",), ("a.png", "--mask"), ("--nonsense",), ("a.png", "b.png")])
def test_words_that_make_no_order_end_with_two(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert "--help" in refused(capsys, 2, *words)


def test_a_graphics_card_that_is_not_there_is_refused_before_anything_runs(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused(capsys, 2, photo, "--mask", mask, "--device", "cuda", "-o", tmp_path / "out.png")
    assert not (tmp_path / "out.png").exists()


def test_a_backend_that_raises_costs_a_line_and_no_file(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(work: Any) -> None:
        raise RuntimeError("over\nseveral\nlines")

    with installed(Scripted(broken)):
        said = refused(capsys, 1, photo, "--mask", mask, "-b", "scripted", "-o", tmp_path / "out.png")
    assert "over several lines" in said
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mask.png", "photo.png"]


def test_a_mistake_of_ours_is_a_line_too(
    photo: Path, mask: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry, "backend", lambda backend_id: 1 / 0)
    assert "ZeroDivisionError" in refused(capsys, 1, photo, "--mask", mask)


# --- stopped ----------------------------------------------------------------------------------------------------------
def test_a_stop_between_steps_leaves_no_file(
    photo: Path, mask: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(work: Any) -> Any:
        time.sleep(0.3)
        return constant(0)(work)

    with installed(Scripted(slow)):
        threading.Timer(0.1, lambda: signal.raise_signal(signal.SIGINT)).start()
        assert main(["fill", str(photo), "--mask", str(mask), "-b", "scripted", "-o", str(tmp_path / "out.png")]) == (
            130,
            False,
        )
    assert not (tmp_path / "out.png").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent otherwise there")
def test_ctrl_c_ends_the_command_within_a_call_that_cannot_be_stopped(tmp_path: Path) -> None:
    source = write(tmp_path / "photo.png", np.tile(lion()[:380, :400], (2, 2, 1)))
    hole = np.zeros((760, 800), np.uint8)
    hole[20:740, 20:780] = 255
    mask = write(tmp_path / "mask.png", hole)
    slow = ("-b", "telea", "--set", "radius=20")  # many seconds
    words = ["fill", source, "--mask", mask, *slow, "-o", tmp_path / "out.png"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lacuna", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    time.sleep(3)
    assert process.poll() is None, "it was over before it could be stopped"
    start = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 5
    assert (process.returncode, out, err) == (130, "", "")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mask.png", "photo.png"]


# --- where texture may come from --------------------------------------------------------------------------------------
def test_a_sampling_area_reaches_the_backend_and_another_size_is_refused(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    area = np.zeros_like(HOLE)
    area[10:30, 100:140] = 255
    sources = write(tmp_path / "sources.png", area)
    needs = Needs(context=Context(minimum=4, share=0.0), guides=frozenset({Guide.SOURCE}))
    out = tmp_path / "out.png"
    with installed(Scripted(lambda work: np.full_like(work.image, work.image[work.sources][0]), needs)) as backend:
        assert call(photo, "--mask", mask, "-b", "scripted", "--sources", sources, "-o", out) == 0
        assert (files.read(out).pixels[HOLE > 0] == files.read(photo).pixels[10, 100]).all()
        assert np.array_equal(
            lacuna.fill(files.read(photo).pixels, HOLE, "scripted", sources=area), files.read(out).pixels
        )
        assert all(np.count_nonzero(work.sources) == 800 for work in backend.works)
        wrong = write(tmp_path / "wrong.png", area[:, 1:].copy())
        assert call(photo, "--mask", mask, "-b", "scripted", "--sources", wrong, "-o", tmp_path / "no.png") != 0
    assert "159 × 120" in capsys.readouterr().err
    assert call(photo, "--mask", mask, "--sources", sources, "-o", tmp_path / "note.png") == 0
    assert "sampling area was not used" in capsys.readouterr().err


# --- guides -----------------------------------------------------------------------------------------------------------
DRAWING = '<svg xmlns="http://www.w3.org/2000/svg" width="160" height="120">{}</svg>'
CROSSING = '<line x1="40" y1="50" x2="90" y2="52" stroke="red"/>'
BESIDE = '<line x1="5" y1="5" x2="90" y2="9" stroke="red"/>'
OUTSIDE = '<line x1="500" y1="500" x2="600" y2="500" stroke="red"/>'
TINTED = '<line data-guide="hint" x1="55" y1="45" x2="60" y2="45" stroke="red"/>'
COPIED = '<rect data-guide="source" x="5" y="5" width="20" height="20"/>'


def test_a_report_counts_the_guides_read_those_at_the_hole_and_those_followed(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = tmp_path / "near.svg", tmp_path / "far.svg"
    near.write_text(DRAWING.format(CROSSING + BESIDE + TINTED + COPIED))
    far.write_text(DRAWING.format(BESIDE + OUTSIDE))
    needs = Needs(context=Context(minimum=4, share=0.0), guides=frozenset({Guide.LINE, Guide.SOURCE}))
    words = (photo, "--mask", mask, "-b", "scripted", "--guide", near, "--guide", far, "--json")
    with installed(Scripted(constant(0), needs)):
        for rest in (("--dry-run",), ("-o", tmp_path / "out.png")):
            assert call(*words, *rest) == 0
            report = json.loads(capsys.readouterr().out)
            assert report["guides"] == {"read": 6, "reaching": 3, "followed": 2}
            (note,) = [note for note in report["notes"] if "reaches the hole" in note]
            assert str(far) in note


@pytest.mark.usefixtures("unfilled")
def test_a_file_without_guides_is_refused_before_the_fill(
    photo: Path, mask: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty.svg"
    empty.write_text(DRAWING.format(""))
    for path in (empty, write(tmp_path / "black.png", np.zeros_like(HOLE))):
        words = (photo, "--mask", mask, "--guide", path, "-o", tmp_path / "out.png")
        assert f"no guides in “{path}”" in refused_at_once(capsys, *words)


# --- learned backends -------------------------------------------------------------------------------------------------
def test_a_dry_run_tells_the_crop_and_the_size_at_which_it_is_worked_on(photo: Path, mask: Path, capsys: Any) -> None:
    needs = Needs(context=Context(minimum=20, share=0.0), size=SizeRule(comfortable=32), crop_seconds=1.0)
    words = (photo, "--mask", mask, "-b", "scripted", "--dry-run")
    with installed(Scripted(constant(0), needs)):
        assert call(*words, "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert call(*words) == 0
    height, width = report["crop"]
    small_height, small_width = report["working_size"]
    assert (height, width) == (60, 70)
    assert max(small_height, small_width) < 64
    assert small_width / small_height == pytest.approx(width / height, rel=0.05)
    assert report["calls"] == 1
    told = capsys.readouterr().out
    assert f"70 × 60 pixels are worked on at {small_width} × {small_height}." in told


def test_a_learned_backend_without_a_model_is_refused_with_the_remedy(photo: Path, mask: Path, capsys: Any) -> None:
    for rest in ([], ["--model", "places"], ["--dry-run"]):
        assert call(photo, "--mask", mask, "-b", "deepfill", *rest) == 2
        assert "lacuna models import" in capsys.readouterr().err


def test_a_model_is_refused_for_a_backend_that_has_none(photo: Path, mask: Path, capsys: Any) -> None:
    assert call(photo, "--mask", mask, "-b", "telea", "--model", "places") == 2
    assert "model" in capsys.readouterr().err


def test_a_model_of_another_backend_is_refused_and_that_backend_is_named(photo: Path, mask: Path, capsys: Any) -> None:
    models.installed("mine", models.config(Network.DEEPFILL_V1))
    for backend in (["-b", "deepfill"], ["-b", "telea"], []):
        assert main(["fill", str(photo), "--mask", str(mask), *backend, "--model", "mine"])[0] == 2
        assert "“mine” is a model of “deepfill-v1”. Give --backend deepfill-v1." in capsys.readouterr().err
    assert call(photo, "--mask", mask, "-b", "deepfill-v1", "--model", "mine", "--dry-run") == 0


def test_the_pace_of_a_fill_is_remembered_for_the_next_estimate(photo: Path, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.png", np.pad(np.full((100, 140), 255, np.uint8), 10))
    assert call(photo, "--mask", whole, "-o", tmp_path / "out.png") == 0
    assert set(Settings.load().paces) == {"telea"}
