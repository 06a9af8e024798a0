"""Lettering over a photo: what is found of it, and that a photo alone has none."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.progress import Cancelled, Progress
from lacuna.detection.letter_kinds import Kind
from lacuna.detection.lettering import Lettering, find_lettering
from lacuna.imaging import files

SAMPLES = Path(__file__).parents[2] / "resources/samples"
Bytes = NDArray[np.uint8]


def sample(name: str) -> Bytes:
    pixels: Bytes = files.read(SAMPLES / name).pixels
    return pixels


def whole(found: tuple[Lettering, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape[:2], bool)
    for each in found:
        mask[each.region.slices] |= each.mask
    return mask


def captioned(pixels: Bytes, words: str, *, colour: tuple[int, int, int], turn: float = 0.0) -> tuple[Bytes, Bytes]:
    """The picture with a caption near its lower edge, and how strongly each pixel is covered by it."""
    cover = np.zeros(pixels.shape[:2], np.uint8)
    cv2.putText(cover, words, (24, pixels.shape[0] - 30), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 255, 2, cv2.LINE_AA)
    if turn:
        middle = (pixels.shape[1] / 2, pixels.shape[0] - 30)
        matrix = cv2.getRotationMatrix2D(middle, turn, 1)
        cover = np.asarray(cv2.warpAffine(cover, matrix, cover.shape[::-1]), np.uint8)
    share = cover[..., None] / 255
    return np.rint(pixels * (1 - share) + np.array(colour) * share).astype(np.uint8), cover


def test_the_date_stamp_of_the_sample_is_found_and_nothing_of_the_lion() -> None:
    pixels = sample("lion.jpg")
    found = find_lettering(pixels)
    assert [each.kind for each in found] == [Kind.DATE_STAMP]
    marked = whole(found, pixels.shape)
    stamp = np.s_[345:, 365:495]
    truth = files.read(SAMPLES / "lion-mask.png").pixels[..., 0] > 0
    orange = truth[stamp] & (pixels[stamp][..., 0] > 200) & (pixels[stamp][..., 2] < 90)
    assert orange.any()
    assert marked[stamp][orange].mean() > 0.98
    marked[stamp] = False
    assert not marked.any()


@pytest.mark.parametrize("turn", [0.0, 4.0])
def test_a_caption_is_found_with_its_soft_rim(turn: float) -> None:
    pixels, cover = captioned(sample("flamingos.jpg"), "Laguna Colorada", colour=(255, 255, 240), turn=turn)
    found = find_lettering(pixels)
    marked = whole(found, pixels.shape)
    assert marked[cover > 25].mean() > 0.95
    near = cv2.dilate(cover, np.ones((9, 9), np.uint8)) > 0
    assert near[marked].mean() > 0.9


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ("2019/07/24", {Kind.DATE_STAMP}),
        ("12 08 '97", {Kind.DATE_STAMP}),
        ("Laguna Colorada", {Kind.CAPTION, Kind.LETTERING}),
        ("SAMPLE", {Kind.LETTERING}),
    ],
)
def test_only_what_stands_like_a_date_is_called_one(words: str, kinds: set[Kind]) -> None:
    ground = np.ascontiguousarray(sample("flamingos.jpg")[:200, :320])
    found = find_lettering(captioned(ground, words, colour=(255, 150, 40))[0])
    assert found
    assert found[0].kind in kinds


def test_a_row_that_differs_from_its_ground_in_red_and_green_alone_is_found() -> None:
    rng = np.random.default_rng(3)
    ground = np.full((160, 320, 3), (100, 120, 90), np.uint8) + rng.integers(0, 12, (160, 320, 1), np.uint8)
    pixels, cover = captioned(ground, "Laguna Colorada", colour=(150, 85, 140))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    assert abs(float(grey[cover > 200].mean()) - float(grey[cover == 0].mean())) < 8
    assert whole(find_lettering(pixels), pixels.shape)[cover > 25].mean() > 0.9


def test_a_row_on_a_large_picture_is_found_at_its_own_size() -> None:
    small, cover = captioned(sample("flamingos.jpg"), "Laguna Colorada", colour=(255, 255, 240))
    pixels = cv2.resize(small, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    marked = whole(find_lettering(pixels), pixels.shape)
    assert marked[cv2.resize(cover, None, fx=4, fy=4) > 64].mean() > 0.95


@pytest.mark.parametrize("name", ["flamingos.jpg", "house.jpg"])
def test_a_photo_alone_has_no_lettering(name: str) -> None:
    assert find_lettering(sample(name)) == ()


@pytest.mark.parametrize("shape", [(1, 1, 3), (3, 200, 3), (40, 40, 3)])
def test_a_picture_with_nothing_in_it_has_none(shape: tuple[int, int, int]) -> None:
    assert find_lettering(np.full(shape, 90, np.uint8)) == ()


def test_the_search_hears_that_it_should_stop() -> None:
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        find_lettering(sample("lion.jpg"), progress=progress)
