"""`lacuna find`: what is told of pictures, and masks that `lacuna fill` takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna import paths
from lacuna.cli.main import main
from lacuna.imaging.mask_file import read_mask
from lacuna.imaging.region import Region
from tests.detection.mosaics import pixelated
from tests.detection.patches import softened
from tests.pictures import lion, write

STAMPED = np.s_[230:384, 312:512]  # of the lion: with the date, the smaller the sooner done


def orange(pixels: NDArray[Any]) -> int:
    return int(np.count_nonzero(pixels[..., 0].astype(int) - pixels[..., 2] > 140))


def call(*words: object) -> int:
    return main(["find", *map(str, words)])[0]


@pytest.fixture
def stamped(tmp_path: Path) -> Path:
    return write(tmp_path / "stamped.png", lion()[STAMPED])


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A picture in which there is nothing to be found."""
    return write(tmp_path / "empty.png", np.full((40, 50, 3), 90, np.uint8))


def test_a_date_stamp_is_told_and_its_mask_written_for_a_fill(
    stamped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask, filled = tmp_path / "mask.png", tmp_path / "filled.png"
    assert call("text", stamped, "--mask-out", mask) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert "stamped.png: date stamp, " in said[0]
    assert said[1] == str(mask)
    marked = read_mask(mask)
    assert marked.shape == lion()[STAMPED].shape[:2]
    assert main(["fill", str(stamped), "--mask", str(mask), "-b", "membrane", "-o", str(filled)])[0] == 0
    pixels = cv2.imread(str(filled))[..., ::-1]  # type: ignore[index]
    assert np.array_equal(pixels[marked == 0], lion()[STAMPED][marked == 0])
    assert orange(lion()[STAMPED]) > 50
    assert orange(pixels) < 10


def test_pixelated_regions_are_told_in_json_with_the_size_of_their_blocks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    region = Region(60, 60, 180, 190)
    picture = write(tmp_path / "face.png", pixelated(lion()[40:300, 50:350], region, 10))
    assert call("mosaic", picture, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    (finding,) = told["findings"]
    assert (finding["block_width"], finding["block_height"]) == (10, 10)
    found = Region(finding["y"], finding["x"], finding["y"] + finding["height"], finding["x"] + finding["width"])
    assert found == region


def test_blurred_patches_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture, _mask = softened(lion()[40:240, 50:290], Region(60, 60, 130, 150), 6.0)
    assert call("blur", write(tmp_path / "face.png", picture), "--json") == 0
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["kind"] == "blurred patch"
    sides = [finding[name] for name in ("y", "x", "height", "width")]
    assert np.abs(np.array(sides) - (60, 60, 70, 90)).max() <= 4


def test_of_several_pictures_one_that_fails_is_told_and_the_others_are_looked_at(
    empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.png").write_bytes(b"no picture")
    assert call("mosaic", tmp_path / "broken.png", empty) == 1
    told = capsys.readouterr()
    assert "broken.png" in told.err
    assert told.out == f"{empty}: nothing was found.\n"


@pytest.mark.parametrize("words", [("faces", "x.png"), ("text", "x.png", "--confidence", "2"), ("text",)])
def test_wrong_words_are_usage(words: tuple[str, ...]) -> None:
    assert call(*words) == 2


def test_a_mask_that_exists_is_left_unless_it_may_be_replaced(stamped: Path, tmp_path: Path) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(b"mine")
    assert call("text", stamped, "--mask-out", mask) == 1
    assert mask.read_bytes() == b"mine"
    assert call("text", stamped, "--mask-out", mask, "--overwrite") == 0
    assert read_mask(mask).any()


def test_where_nothing_is_found_an_earlier_mask_does_not_stay_as_if_it_were_this_runs(
    empty: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = tmp_path / "mask.png"
    mask.write_bytes(b"earlier")
    assert call("mosaic", empty, "--mask-out", mask) == 1
    assert mask.read_bytes() == b"earlier"
    capsys.readouterr()
    assert call("mosaic", empty, "--mask-out", mask, "--overwrite") == 0
    assert not mask.exists()
    assert f"{mask} was removed" in capsys.readouterr().out


def test_a_picture_is_not_taken_for_an_earlier_mask(empty: Path) -> None:
    before = empty.read_bytes()
    assert call("mosaic", empty, "--mask-out", empty, "--overwrite") == 1
    assert empty.read_bytes() == before


def test_the_folder_for_masks_of_several_pictures_is_made_where_one_is_found(
    stamped: Path, empty: Path, tmp_path: Path
) -> None:
    masks = tmp_path / "made" / "masks"
    assert call("text", stamped, empty, "--mask-out", masks) == 0
    assert [each.name for each in masks.iterdir()] == ["stamped-mask.png"]
    assert call("text", empty, empty, "--mask-out", tmp_path / "none") == 0
    assert not (tmp_path / "none").exists()
    assert call("text", stamped, empty, "--mask-out", tmp_path / "one.png") == 2


def test_masks_of_two_pictures_of_one_name_do_not_replace_each_other(
    stamped: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    write(other / "stamped.png", lion()[STAMPED][:, ::-1].copy())
    assert call("text", stamped, other / "stamped.png", "--mask-out", tmp_path, "--overwrite") == 1
    assert "stamped-mask.png exists already" in capsys.readouterr().err
    assert read_mask(tmp_path / "stamped-mask.png")[:, 100:].any()


def test_the_sample_has_its_date_stamp(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("text", paths.resources() / "samples" / "lion.jpg", "--json") == 0
    assert [each["kind"] for each in json.loads(capsys.readouterr().out)["findings"]] == ["date stamp"]
