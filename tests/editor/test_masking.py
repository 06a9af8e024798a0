"""The verbs of the mask menu, loops, and masks from elsewhere."""

from __future__ import annotations

import dataclasses
import math
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.editor import masking
from lacuna.editor.masking import enclosed, fitted_mask
from lacuna.editor.tool import Modifier
from lacuna.editor.values import MaskFit, Misfit
from lacuna.errors import SizeMismatch, UnreadableFile, UnsuitableMask
from lacuna.imaging import files, mask_file
from lacuna.imaging import mask as masks
from lacuna.imaging.region import Region
from tests.editor.support import Desk, box_of, picture


def box(opened: Desk, y0: int, x0: int, y1: int, x1: int) -> None:
    opened.editor.use("rectangle")
    opened.drag((x0, y0), (x1, y1))


def test_select_all_invert_and_clear_are_one_entry_each(opened: Desk):
    opened.editor.select_all()
    assert opened.mask.all()
    opened.editor.invert_mask()
    assert not opened.mask.any()
    opened.editor.invert_mask()
    opened.editor.clear_mask()
    assert not opened.mask.any()
    assert opened.labels == ["Select all", "Invert mask", "Invert mask", "Clear mask"]
    opened.editor.go_to(1)
    assert opened.mask.all()


def test_clearing_an_empty_mask_leaves_no_entry(opened: Desk):
    opened.editor.clear_mask()
    assert opened.labels == []


def test_growing_twice_quickly_is_two_entries(opened: Desk):
    box(opened, 100, 100, 120, 120)
    opened.editor.grow_mask()
    opened.editor.grow_mask()
    assert opened.labels == ["Rectangle", "Grow mask", "Grow mask"]
    assert box_of(opened.mask) == Region(98, 98, 122, 122)


@pytest.mark.parametrize("verb", ["grow", "shrink", "feather"])
def test_a_verb_that_looks_only_where_the_mask_is_equals_one_over_all(opened: Desk, verb: str):
    box(opened, 0, 100, 60, 160)  # at the picture's border
    box(opened, 200, 300, 260, 360)
    opened.editor.use("brush")
    opened.editor.set_option("hardness", 50)
    opened.editor.set_option("size", 40)
    opened.drag((50, 250), (90, 255))
    before = opened.mask.copy()
    getattr(opened.editor, f"{verb}_mask")(6)
    whole = {
        "grow": masks.grow(before, 6),
        "shrink": masks.shrink(before, 6),
        "feather": masks.feather(before, 6, masks.Side.BOTH),
    }[verb]
    # A soft mask is interpolated between levels, which are chosen from the values in view.
    assert np.abs(opened.mask.astype(int) - whole).max() <= 12
    assert np.array_equal(opened.mask[:80], whole[:80])
    opened.editor.undo()
    assert np.array_equal(opened.mask, before)


def test_a_large_mask_is_grown_by_a_job(opened: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(masking, "AT_ONCE", 100)
    box(opened, 100, 100, 150, 150)
    opened.editor.grow_mask(5)
    assert box_of(opened.mask) == Region(100, 100, 150, 150)
    opened.settle()
    assert box_of(opened.mask) == Region(95, 95, 155, 155)


def test_a_job_on_the_mask_is_dropped_with_a_word_if_the_mask_has_changed(
    opened: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(masking, "AT_ONCE", 100)
    box(opened, 100, 100, 150, 150)
    opened.editor.grow_mask(5)
    box(opened, 120, 120, 180, 180)
    before = opened.mask.copy()
    opened.settle()
    assert np.array_equal(opened.mask, before)
    assert "Grow mask" in opened.messages[-1].sentence


def test_the_last_mask_comes_back_after_clear_and_after_a_fill(opened: Desk):
    box(opened, 100, 100, 120, 130)
    before = opened.mask.copy()
    opened.editor.clear_mask()
    opened.editor.reuse_last_mask()
    assert np.array_equal(opened.mask, before)
    opened.editor.fill()
    opened.settle()
    assert not opened.mask.any()
    opened.editor.reuse_last_mask()
    assert np.array_equal(opened.mask, before)
    assert opened.labels[-1] == "Reuse the last mask"


def test_a_large_soft_mask_that_was_cleared_comes_back_whole_and_costs_no_copy(empty: Desk, tmp_path: Path):
    empty.open(picture(tmp_path / "wide.png", 1100, 1300))
    box(empty, 30, 20, 1000, 1250)
    empty.size_brush(200)
    empty.editor.set_option("hardness", 0)
    empty.drag((100, 1020), (1200, 1030))
    before = empty.mask.copy()
    empty.editor.clear_mask()
    (edit,) = [e for e in empty.document.history.entries if e.label == "Clear mask"]
    kept = {id(array) for array in edit.operations[0].arrays().values()}
    _box, parts = empty.editor.masking._last[0]
    assert {id(part) for _region, part in parts} <= kept
    empty.editor.undo()
    empty.editor.redo()
    empty.drag((60, 60), (90, 90))
    painted = empty.mask.copy()
    empty.editor.reuse_last_mask()
    assert np.array_equal(empty.mask, np.maximum(before, painted))


def test_without_a_last_mask_it_is_said(opened: Desk):
    opened.editor.reuse_last_mask()
    assert opened.labels == []
    assert opened.messages


def loop(opened: Desk, size: float = 8, hardness: float = 100, turn: float = 2 * math.pi) -> None:
    opened.size_brush(size)
    opened.editor.set_option("hardness", hardness)
    opened.drag(*[(200 + 80 * math.cos(t), 150 + 80 * math.sin(t)) for t in np.linspace(0, turn, 60)])


@pytest.mark.parametrize("hardness", [100, 50, 0])
def test_f_fills_the_loop_just_drawn(opened: Desk, hardness: int):
    loop(opened, 24, hardness)
    opened.editor.fill_loop()
    assert opened.labels == ["Brush stroke", "Fill loop"]
    ys, xs = np.mgrid[:300, :400] + 0.5
    assert opened.mask[np.hypot(xs - 200, ys - 150) < 79].min() >= 235  # the line's crest between two moves is soft
    assert not opened.mask[np.hypot(xs - 200, ys - 150) > 93].any()
    opened.editor.undo()
    assert opened.mask[150, 200] == 0


def test_an_open_line_encloses_nothing_and_that_is_said(opened: Desk):
    loop(opened, turn=5.0)
    opened.editor.fill_loop()
    assert opened.labels == ["Brush stroke"]
    assert "encloses nothing" in opened.messages[-1].sentence


def test_f_leaves_other_loops_alone(opened: Desk):
    loop(opened)
    opened.editor.fill_loop()
    opened.drag(*[(40 + 20 * math.cos(t), 40 + 20 * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 40)])
    opened.drag((300, 20), (390, 20))
    opened.editor.fill_loop()
    assert opened.mask[40, 40] == 0


def test_a_ring_within_a_ring_is_filled_between_and_inside():
    ring = np.zeros((120, 120), np.uint8)
    cv2.circle(ring, (60, 60), 50, 255, 5)
    cv2.circle(ring, (60, 60), 20, 255, 5)
    found = enclosed(ring)
    assert found is not None
    assert found[60, 60] == found[60, 25] == 255
    assert found[2, 2] == 0


def test_a_mask_of_another_size_is_refused_naming_both_sizes(opened: Desk):
    opened.editor.paste_mask(lambda: np.full((10, 20), 255, np.uint8))
    opened.settle()
    refused = opened.messages[-1].error
    assert isinstance(refused, SizeMismatch)
    assert refused.mask_size == (20, 10)
    assert refused.picture_size == (400, 300)
    assert opened.labels == []


def test_a_mask_of_another_size_is_read_once_asked_about_and_put_as_chosen(opened: Desk):
    reads: list[str] = []

    def read() -> np.ndarray:
        reads.append(threading.current_thread().name)
        return np.full((1000, 2000), 255, np.uint8)

    asked: list[Misfit] = []
    opened.editor.paste_mask(read, asked.append)
    assert not reads
    opened.settle()
    (misfit,) = asked
    assert (misfit.mask_size, misfit.picture_size) == ((2000, 1000), (400, 300))
    assert misfit.preview.max() == 255
    assert max(misfit.preview.shape) < 500
    assert opened.labels == []
    misfit.put(MaskFit.CENTRE)
    opened.settle()
    assert opened.mask.all()
    assert reads == ["lacuna-worker"]


def test_what_was_asked_about_a_mask_comes_to_nothing_once_another_picture_is_open(opened: Desk, tmp_path: Path):
    asked: list[Misfit] = []
    opened.editor.paste_mask(lambda: np.full((10, 20), 255, np.uint8), asked.append)
    opened.settle()
    opened.open(picture(tmp_path / "other.png"))
    asked[0].put(MaskFit.STRETCH)
    opened.settle()
    assert not opened.mask.any()


def test_a_mask_file_too_large_is_refused_as_a_mask(opened: Desk, tmp_path: Path):
    opened.editor.settings.preferences = dataclasses.replace(opened.editor.settings.preferences, megapixel_limit=0)
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((300, 401), 255, np.uint8))
    opened.editor.import_mask(tmp_path / "mask.png", fit=MaskFit.STRETCH)
    opened.settle()
    assert type(opened.messages[-1].error) is UnsuitableMask
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((300, 400), 255, np.uint8))  # as large as the picture
    opened.editor.import_mask(tmp_path / "mask.png")
    opened.settle()
    assert opened.mask.all()


@pytest.mark.parametrize(
    ("fit", "where"),
    [
        (MaskFit.STRETCH, Region(0, 0, 300, 400)),
        (MaskFit.TOP_LEFT, Region(0, 0, 10, 20)),
        (MaskFit.TOP_RIGHT, Region(0, 380, 10, 400)),
        (MaskFit.BOTTOM_LEFT, Region(290, 0, 300, 20)),
        (MaskFit.BOTTOM_RIGHT, Region(290, 380, 300, 400)),
        (MaskFit.CENTRE, Region(145, 190, 155, 210)),
    ],
)
def test_a_mask_of_another_size_can_be_stretched_or_anchored(opened: Desk, fit: MaskFit, where: Region):
    opened.editor.paste_mask(lambda: np.full((10, 20), 255, np.uint8), fit=fit)
    opened.settle()
    assert opened.labels == ["Paste mask"]
    assert (opened.mask[where.slices] == 255).all()
    assert np.count_nonzero(opened.mask) == where.area


def test_a_larger_mask_is_cut_where_it_is_anchored():
    mask = np.zeros((400, 500), np.uint8)
    mask[-10:, -10:] = 255
    assert box_of(fitted_mask(mask, (300, 400), MaskFit.BOTTOM_RIGHT)) == Region(290, 390, 300, 400)
    assert not fitted_mask(mask, (300, 400), MaskFit.TOP_LEFT).any()


def test_an_exported_mask_comes_back_bit_by_bit_soft_edges_included(opened: Desk, tmp_path: Path):
    opened.editor.set_option("hardness", 20)
    opened.editor.set_option("size", 80)
    opened.drag((100, 100), (200, 150))
    before = opened.mask.copy()
    opened.editor.export_mask(tmp_path / "mask.png")
    opened.settle()
    opened.editor.clear_mask()
    opened.editor.import_mask(tmp_path / "mask.png")
    opened.settle()
    assert np.array_equal(opened.mask, before)
    assert opened.labels[-1] == "Import mask"
    assert cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_UNCHANGED).ndim == 2


def test_a_coloured_mask_is_read_as_the_command_line_reads_it(opened: Desk, tmp_path: Path):
    mask = np.zeros((300, 400, 4), np.uint8)
    for i, colour in enumerate(((255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (130, 130, 130))):
        mask[20 * i : 20 * i + 20, :200, :3] = colour
    mask[:, :100, 3] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    opened.editor.import_mask(tmp_path / "mask.png")
    opened.settle()
    assert opened.mask.any()
    assert np.array_equal(opened.mask, mask_file.read_mask(tmp_path / "mask.png"))


def test_the_noise_of_a_compressed_mask_makes_no_hole(opened: Desk, tmp_path: Path):
    mask = np.zeros((300, 400), np.uint8)
    mask[100:200, 100:200] = 255
    cv2.imwrite(str(tmp_path / "mask.jpg"), mask, [cv2.IMWRITE_JPEG_QUALITY, 40])
    opened.editor.import_mask(tmp_path / "mask.jpg")
    opened.settle()
    assert set(np.unique(opened.mask)) == {0, 255}
    assert np.count_nonzero(opened.mask != mask) < 40


def clear_picture(path: Path, alpha: np.ndarray) -> Path:
    cv2.imwrite(str(path), np.dstack([np.full((*alpha.shape, 3), 90, np.uint8), alpha]))
    return path


def test_the_mask_from_transparency_is_what_the_command_line_takes(empty: Desk, tmp_path: Path):
    alpha = np.full((64, 80), 255, np.uint8)
    alpha[10:20, 10:30], alpha[30:40, 10:30], alpha[50, 60] = 0, 100, 254
    path = clear_picture(tmp_path / "clear.png", alpha)
    empty.open(path)
    empty.editor.mask_from_transparency()
    empty.settle()
    assert np.array_equal(empty.mask, 255 - alpha)
    assert np.array_equal(empty.mask, mask_file.from_alpha(files.read(path)))
    assert empty.labels == ["Mask from transparency"]


def test_a_picture_that_is_opaque_all_over_gives_no_mask_and_that_is_said(empty: Desk, tmp_path: Path):
    empty.open(clear_picture(tmp_path / "opaque.png", np.full((64, 80), 255, np.uint8)))
    empty.editor.mask_from_transparency()
    empty.settle()
    assert "transparent" in empty.messages[-1].sentence
    assert empty.labels == []


def test_an_imported_mask_takes_the_place_of_the_one_there(opened: Desk, tmp_path: Path):
    box(opened, 10, 10, 50, 50)
    mask = np.zeros((300, 400), np.uint8)
    mask[100:120, 100:120] = 255
    cv2.imwrite(str(tmp_path / "mask.png"), mask)
    opened.editor.import_mask(tmp_path / "mask.png")
    opened.settle()
    assert np.array_equal(opened.mask, mask)
    opened.editor.undo()
    assert box_of(opened.mask) == Region(10, 10, 50, 50)


def test_an_imported_mask_that_comes_after_an_undo_is_dropped_with_a_word(opened: Desk, tmp_path: Path):
    box(opened, 10, 10, 50, 50)
    cv2.imwrite(str(tmp_path / "mask.png"), np.full((300, 400), 255, np.uint8))
    opened.editor.import_mask(tmp_path / "mask.png")
    opened.editor.undo()
    opened.settle()
    assert "Import mask" in opened.messages[-1].sentence
    opened.editor.redo()
    assert box_of(opened.mask) == Region(10, 10, 50, 50)


def test_a_mask_that_cannot_be_read_is_said_and_changes_nothing(opened: Desk, tmp_path: Path):
    opened.editor.import_mask(tmp_path / "missing.png")
    opened.settle()
    assert isinstance(opened.messages[-1].error, UnreadableFile)
    assert opened.labels == []


def test_a_crop_to_the_mask_is_undone_like_any_edit(opened: Desk):
    box(opened, 100, 120, 200, 220)
    before = opened.photo.copy()
    opened.editor.crop_to_mask()
    assert opened.document.shape == (100, 100)
    assert np.array_equal(opened.photo, before[100:200, 120:220])
    assert opened.labels[-1] == "Crop to mask"
    opened.editor.undo()
    assert np.array_equal(opened.photo, before)
    assert box_of(opened.mask) == Region(100, 120, 200, 220)


def test_a_crop_to_the_mask_uses_the_mask_up_and_nothing_of_before_comes_back_elsewhere(opened: Desk):
    box(opened, 10, 10, 40, 40)
    opened.editor.clear_mask()
    box(opened, 100, 120, 200, 220)
    opened.editor.crop_to_mask()
    assert not opened.mask.any()
    assert not opened.editor.estimate().pixels
    opened.editor.clear_mask()
    opened.editor.try_again()
    assert opened.messages[-1].sentence == "There is no earlier mask to use again."
    assert not opened.mask.any()
    opened.editor.undo()
    opened.editor.reuse_last_mask()
    assert opened.mask[10:40, 10:40].all()


def test_a_mask_verb_drops_an_unfinished_shape(opened: Desk):
    opened.editor.use("polygon")
    opened.click(10, 10)
    opened.click(60, 10, modifiers=Modifier.NONE)
    opened.editor.select_all()
    assert opened.editor.gesture is None
    assert opened.labels == ["Select all"]
