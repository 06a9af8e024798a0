"""`lacuna upscale`: what it writes, what it says, what it refuses, and the code that it ends with."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image

import lacuna
from lacuna.cli.main import main
from lacuna.contract.upscale import UpscaleWork
from lacuna.engine import upscalers
from lacuna.imaging import files
from lacuna.inference import session
from lacuna.settings import Settings
from tests.cli.test_fill import write
from tests.engine.enlargers import Scripted, install_light, installed, repeated
from tests.pictures import lion


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    session.closed()
    upscalers.refresh()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write(tmp_path / "photo.png", lion()[100:160, 200:290])


def call(*words: object, method: str = "bicubic") -> int:
    return main(["upscale", "--method", method, *map(str, words)])[0]


def refused(capsys: pytest.CaptureFixture[str], code: int, *words: object) -> str:
    """What stands on stderr; nothing stands on stdout."""
    assert call(*words) == code
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


# --- what it writes ---------------------------------------------------------------------------------------------------
def test_the_command_writes_what_the_library_gives_and_names_it(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install_light()
    out = tmp_path / "out.png"
    assert main(["upscale", str(photo), "--factor", "3.14", "-o", str(out)])[0] == 0
    assert capsys.readouterr().out == f"{out}\n"
    pixels = files.read(photo).pixels
    assert files.read(out).pixels.shape == (188, 282, 3)
    assert np.array_equal(files.read(out).pixels, lacuna.upscale(pixels, 3.14))


@pytest.mark.parametrize(
    ("words", "size"),
    [
        (["--factor", "1.5"], (90, 135)),
        (["--factor", "150%"], (90, 135)),
        (["--width", "200"], (133, 200)),
        (["--height", "200"], (200, 300)),
        (["--width", "200", "--height", "134"], (134, 200)),
        (["--width", "200", "--height", "200", "--allow-distortion"], (200, 200)),
        (["--long-side", "100"], (66, 100)),
        (["--print", "2cm", "--dpi", "254"], (133, 200)),
        (["--print", "1in"], (200, 300)),
        (["--print", "15x10mm", "--dpi", "254"], (100, 150)),
    ],
)
def test_sizes_are_exact(words: list[str], size: tuple[int, int], photo: Path, tmp_path: Path) -> None:
    assert call(photo, *words, "-o", tmp_path / "out.png") == 0
    assert files.read(tmp_path / "out.png").pixels.shape[:2] == size


def test_without_a_name_the_result_lies_beside_the_picture_and_several_go_into_a_folder(
    photo: Path, tmp_path: Path
) -> None:
    other = write(tmp_path / "other.jpg", lion()[:50, :60])
    assert call(photo, "--factor", 2) == 0
    assert (tmp_path / "photo_lacuna.png").exists()
    (tmp_path / "done").mkdir()
    assert call(photo, other, "--factor", 2, "-o", tmp_path / "done") == 0
    assert sorted(path.name for path in (tmp_path / "done").iterdir()) == ["other_lacuna.jpg", "photo_lacuna.png"]


def test_one_picture_that_fails_does_not_keep_the_others(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(tmp_path / "none.png", photo, "--factor", 2, "--json") == 1
    said = capsys.readouterr()
    assert "none.png does not exist" in said.err
    assert [report["height"] for report in json.loads(said.out)] == [120]
    assert (tmp_path / "photo_lacuna.png").exists()


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_sixteen_bits_grey_and_alpha_stay(channels: int, suffix: str, tmp_path: Path) -> None:
    deep = np.dstack([lion()[:40, :50], np.full((40, 50), 90, np.uint8)]).astype(np.uint16) * 257
    deep[5:20, 5:20, 3:] = 65535
    source = write(tmp_path / f"deep{suffix}", deep[..., 1] if channels == 1 else deep[..., :channels])
    before = files.read(source)
    assert call(source, "--width", 111, "-o", tmp_path / f"out{suffix}") == 0
    after = files.read(tmp_path / f"out{suffix}")
    assert (after.pixels.dtype, after.pixels.shape, after.grey) == (np.uint16, (88, 111, 3), before.grey)
    assert (after.alpha is None) == (before.alpha is None)
    whole = before.pixels if before.alpha is None else np.dstack([before.pixels, before.alpha])
    found = after.pixels if after.alpha is None else np.dstack([after.pixels, after.alpha])
    assert np.array_equal(found, lacuna.upscale(whole, width=111, method="bicubic"))


def test_metadata_and_profile_stay_and_state_the_new_size(tmp_path: Path) -> None:
    from PIL import ImageCms

    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x0112] = 6
    exif[0x011A], exif[0x011B], exif[0x0128] = 240.0, 240.0, 2
    exif.get_ifd(0x8769).update({0xA002: 60, 0xA003: 50})
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    source = tmp_path / "photo.jpg"
    Image.fromarray(np.array(lion()[:50, :60])).save(source, exif=exif, icc_profile=profile, dpi=(240, 240))

    assert call(source, "--factor", 2, "-o", tmp_path / "out.jpg", "-q", 90) == 0
    assert call(source, "--factor", 2, "--dpi", 300, "-o", tmp_path / "printed.jpg") == 0

    with Image.open(tmp_path / "out.jpg") as after:
        found = after.getexif()
        assert after.size == (100, 120)  # it was turned
        assert after.info["icc_profile"] == profile
        assert after.info["dpi"] == (240, 240)
        assert (found[0x010F], found[0x0112], found[0x011A]) == ("Maker", 1, 240)
        assert (found.get_ifd(0x8769)[0xA002], found.get_ifd(0x8769)[0xA003]) == (100, 120)
    with Image.open(tmp_path / "printed.jpg") as after:
        assert after.info["dpi"] == (300, 300)
        assert (after.getexif()[0x011A], after.getexif()[0x011B]) == (300, 300)


# --- what it says -----------------------------------------------------------------------------------------------------
def test_a_program_gets_the_facts_and_the_next_estimate_the_pace(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert call(photo, "--factor", "0.5", "--json", "-o", out) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["width"], report["height"], report["method"], report["format"]) == (45, 30, "bicubic", "PNG")
    assert report["bytes"] == out.stat().st_size
    assert "smaller by areas" in report["notes"][0]
    assert call(photo, "--factor", 2) == 0
    assert "upscale:bicubic::cpu" in Settings.load().paces


def test_a_dry_run_writes_nothing(photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(photo, "--factor", 2, "--dry-run", "-o", tmp_path / "out.png") == 0
    assert "180 × 120 pixels" in capsys.readouterr().out
    assert call(photo, "--factor", 2, "--dry-run", "--json", "-o", tmp_path / "out.png") == 0
    assert json.loads(capsys.readouterr().out)["dry_run"]
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["photo.png"]


@pytest.mark.parametrize(("factor", "said"), [(0.5, "by areas"), (2, "")])
def test_a_dry_run_says_by_what_means(
    factor: float, said: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(photo, "--factor", factor, "--dry-run", "-o", tmp_path / "out.png") == 0
    told = capsys.readouterr().err
    assert said in told
    assert bool(told) == bool(said)


# --- what it refuses --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "not said how large"),
        (["--factor", "0"], "cannot be enlarged by 0"),
        (["--factor", "-2"], "cannot be enlarged by -2"),
        (["--factor", "nan"], "cannot be enlarged by nan"),
        (["--factor", "inf"], "cannot be enlarged by inf"),
        (["--factor", "much"], "cannot be enlarged by much"),
        (["--factor", "1e400"], "more than 1073741824 pixels"),
        (["--factor", "2", "--width", "10"], "more than once"),
        (["--factor", "2", "--model"], "--model lacks its name"),  # “-o” follows
        (["--factor", "2", "--method"], "--method lacks its name"),
        (["--width", "0"], "--width"),
        (["--width", "3.5"], "--width"),
        (["--long-side", "-1"], "--long-side"),
        (["--width", "100", "--height", "100"], "--allow-distortion"),
        (["--print", "21"], "no size of a print"),
        (["--print", "2cm", "--width", "9"], "--print"),
        (["--print", "21x29.7cm"], "Turned it comes nearer: --print 29.7x21cm."),
        (["--factor", "2", "--model", "some"], "has no models"),
        (["--factor", "2", "--tile", "0"], "--tile"),
        (["--factor", "2", "--device", "abacus"], "abacus"),
    ],
)
def test_wrong_usage_is_told_in_a_line(
    words: list[str], sentence: str, photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, 2, photo, *words, "-o", tmp_path / "out.png")
    assert sentence in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["photo.png"]


def test_without_a_model_nothing_takes_the_networks_place(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["upscale", str(photo), "--factor", "2", "-o", str(tmp_path / "out.png")])[0] == 2
    said = capsys.readouterr().err
    assert "lacuna models import" in said
    assert "bicubic, lanczos" in said
    assert not (tmp_path / "out.png").exists()


def test_what_neither_memory_nor_disk_holds_is_refused_with_its_size(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.png"
    assert "9000000 × 6000000 pixels" in refused(capsys, 1, photo, "--factor", 100_000, "-o", out)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**9, 10**9 - 1000, 1000))
    assert "1800 × 1200 pixels" in refused(capsys, 1, photo, "--factor", 20, "-o", out)
    assert not out.exists()


def test_a_format_that_cannot_hold_the_new_size_is_told_before_the_run(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with installed(Scripted(repeated)) as scripted:
        code = main(["upscale", str(photo), "--width", "70000", "--method", "scripted", "-o", str(tmp_path / "a.jpg")])
        assert code[0] == 1
        assert not scripted.works
    assert "65535" in capsys.readouterr().err


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(photo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = photo.read_bytes()
    assert "exists already" in refused(capsys, 1, photo, "--factor", 2, "-o", photo)
    assert photo.read_bytes() == before
    assert call(photo, "--factor", 2, "--overwrite", "-o", photo) == 0
    assert files.read(photo).width == 180


def test_several_pictures_do_not_become_one_file(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, 2, photo, photo, "--factor", 2, "-o", tmp_path / "out.png")
    assert "one file" in said


def test_a_folder_that_is_named_is_made_for_results_and_goes_again_without_any(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "a" / "new"
    assert call(photo, "--factor", 2, "-o", f"{new}/", "--dry-run") == 0
    assert not (tmp_path / "a").exists()
    assert call(photo, "--factor", 2, "-o", f"{new}/") == 0
    assert [path.name for path in new.iterdir()] == ["photo_lacuna.png"]
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(photo, other)
    assert call(photo, other / "photo.png", "--factor", 1.5, "-o", tmp_path / "both") == 0
    assert sorted(path.name for path in (tmp_path / "both").iterdir()) == ["photo_lacuna-2.png", "photo_lacuna.png"]
    (tmp_path / "broken.png").write_bytes(b"no picture")
    capsys.readouterr()
    refused(capsys, 1, tmp_path / "broken.png", "--factor", 2, "-o", f"{tmp_path / 'never'}/")
    assert not (tmp_path / "never").exists()


def test_what_may_be_replaced_in_a_folder_is_but_never_what_the_same_run_wrote(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(photo, other)
    into = tmp_path / "into"
    for factor in (2, 3):
        assert call(photo, other / "photo.png", "--factor", factor, "--overwrite", "-o", into) == 0
        assert sorted(path.name for path in into.iterdir()) == ["photo_lacuna-2.png", "photo_lacuna.png"]
    assert {files.read(path).width for path in into.iterdir()} == {270}
    assert call(photo, "--factor", 2, "-o", into) == 0
    assert len(list(into.iterdir())) == 3


def test_the_shape_that_tifffile_has_noted_is_that_of_the_enlarged_picture(tmp_path: Path) -> None:
    for width in (40, 20):  # 20 wide: the new size has a digit more than fits
        path = tmp_path / f"{width}.tif"
        pixels = np.array(lion()[:60, :width])
        tifffile.imwrite(path, pixels, photometric="rgb")
        assert call(path, "--factor", 5, "-o", tmp_path / f"out-{width}.tif") == 0
        with tifffile.TiffFile(tmp_path / f"out-{width}.tif") as found:
            assert found.asarray().shape == (300, 5 * width, 3)
            assert "60" not in (found.pages[0].description or "")
            assert found.series[0].shape == (300, 5 * width, 3)


# --- stopped ----------------------------------------------------------------------------------------------------------
def test_a_stop_leaves_no_file(photo: Path, tmp_path: Path) -> None:
    def slow(work: UpscaleWork) -> NDArray[np.float32]:
        time.sleep(0.2)
        return repeated(work)

    with installed(Scripted(slow)):
        threading.Timer(0.1, lambda: signal.raise_signal(signal.SIGINT)).start()
        words = ["upscale", photo, "--factor", 2, "--tile", 20, "--method", "scripted", "-o", tmp_path / "out.png"]
        assert main([str(word) for word in words]) == (130, False)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["photo.png"]


def test_a_picture_of_one_row_is_enlarged(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "row.png"), np.arange(30, dtype=np.uint8)[None, :, None].repeat(3, 2))
    assert call(tmp_path / "row.png", "--factor", "2.5", "-o", tmp_path / "out.png") == 0
    assert files.read(tmp_path / "out.png").pixels.shape == (2, 75, 3)
