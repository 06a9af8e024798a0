"""Mask files: white is the hole, whatever the kind of file; nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.imaging import made

from lacuna.errors import CannotSave, UnreadableFile, UnsuitableMask
from lacuna.imaging import files, mask_file
from lacuna.imaging.photo import Photo


def blob() -> np.ndarray:
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 20:50] = 255
    mask[12:14, 22:24] = 0
    return mask


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tif", ".gif", ".avif"])
def test_any_kind_of_file_gives_the_same_hole(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"mask{suffix}"
    Image.fromarray(blob()).save(path, quality=90)
    assert np.array_equal(mask_file.read_mask(path), blob())
    assert np.array_equal(mask_file.read_mask(path, invert=True), 255 - blob())


def test_sixteen_bits_are_scaled_and_cut_in_the_middle(tmp_path: Path) -> None:
    levels = np.array([[0, 32639, 32640, 32768, 32896, 65535]], np.uint16)
    path = tmp_path / "mask.png"
    path.write_bytes(made.png(levels, 0, 16))
    assert np.array_equal(mask_file.read_mask(path, soft=True), np.rint(levels / 257))
    assert np.array_equal(mask_file.read_mask(path), np.where(np.rint(levels / 257) >= 128, 255, 0))


def test_soft_keeps_every_value(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    path = tmp_path / "mask.png"
    Image.fromarray(ramp).save(path)
    assert np.array_equal(mask_file.read_mask(path, soft=True), ramp)
    assert np.array_equal(mask_file.read_mask(path, soft=True, invert=True), 255 - ramp)
    assert np.array_equal(mask_file.read_mask(path), np.where(ramp >= 128, 255, 0))


def test_colours_count_by_their_luma_and_what_is_transparent_is_never_hole(tmp_path: Path) -> None:
    pixels = np.array([[[255, 255, 255, 0], [0, 0, 0, 0], [0, 255, 0, 255], [255, 0, 0, 255]]], np.uint8)
    path = tmp_path / "mask.png"
    Image.fromarray(pixels).save(path)
    assert mask_file.read_mask(path).tolist() == [[0, 0, 255, 0]]
    assert mask_file.read_mask(path, invert=True).tolist() == [[0, 0, 0, 255]]
    half = np.array([[[255, 255, 255, 100], [255, 255, 255, 200]]], np.uint8)
    Image.fromarray(half).save(path)
    assert mask_file.read_mask(path, soft=True).tolist() == [[100, 200]]


def test_a_mask_that_we_wrote_keeps_its_softness_where_that_is_wanted(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    mask_file.write_mask(ramp, tmp_path / "ours.png")
    Image.fromarray(ramp).save(tmp_path / "theirs.png")
    cut = np.where(ramp >= 128, 255, 0)
    assert np.array_equal(mask_file.read_mask(tmp_path / "ours.png", own_soft=True), ramp)
    assert np.array_equal(mask_file.read_mask(tmp_path / "ours.png"), cut)
    assert np.array_equal(mask_file.read_mask(tmp_path / "theirs.png", own_soft=True), cut)


@pytest.mark.parametrize("mask", [blob(), np.arange(256, dtype=np.uint8).reshape(16, 16), np.zeros((1, 1), np.uint8)])
def test_a_mask_that_is_saved_comes_back(tmp_path: Path, mask: np.ndarray) -> None:
    path = tmp_path / "mask.png"
    size = mask_file.write_mask(mask, path)
    assert size == path.stat().st_size
    assert np.array_equal(mask_file.read_mask(path, soft=True), mask)
    with Image.open(path) as image:
        assert image.mode == "L"


def test_an_empty_mask_of_a_large_picture_is_a_small_file(tmp_path: Path) -> None:
    assert mask_file.write_mask(np.zeros((4000, 6000), np.uint8), tmp_path / "mask.png") < 60_000


def test_a_mask_that_cannot_be_read_or_saved_is_told(tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UnreadableFile, match=r"mask\.png"):
        mask_file.read_mask(tmp_path / "mask.png")
    with pytest.raises(CannotSave, match=r"mask\.png"):
        mask_file.write_mask(blob(), tmp_path / "none" / "mask.png")


@pytest.mark.parametrize(("dtype", "top"), [(np.uint8, 255), (np.uint16, 65535), (np.float32, 1)])
def test_transparent_pixels_are_the_hole(dtype: type, top: float) -> None:
    alpha = np.array([[0, top // 2 if top > 1 else 0.5, top]], dtype)
    photo = Photo(np.zeros((1, 3, 3), dtype), alpha)
    mask = mask_file.from_alpha(photo)
    assert mask.dtype == np.uint8
    assert (mask[0, 0], mask[0, 2]) == (255, 0)
    assert mask[0, 1] == pytest.approx(128, abs=1)


def test_a_picture_without_transparency_has_no_such_mask(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    Image.fromarray(made.scene()).save(path)
    with pytest.raises(UnsuitableMask, match=r"photo\.jpg"):
        mask_file.from_alpha(files.read(path))
