"""The document: what it keeps, what it tells, what a crop does."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.contract.enlargement import by_factor
from lacuna.contract.fill import FillOptions, FillStep
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Cancelled, Progress
from lacuna.document import stretch
from lacuna.document.document import Document, prepare
from lacuna.document.occupancy import Occupancy
from lacuna.document.plane import Plane
from lacuna.document.stretch import Stretch, stretched
from lacuna.errors import CannotSave, UnreadableFile
from lacuna.imaging.photo import Metadata, Photo, white_of
from lacuna.imaging.region import Region
from tests.document.support import assert_same, document, noise, paint, photo, state


def step(seed: int = 0) -> FillStep:
    return FillStep("telea", {"radius": 3}, seed, FillOptions(grow=2.0), Region(1, 2, 3, 4), b"png", (600, 700))


def test_a_document_has_the_pixels_of_its_picture_and_an_empty_mask(tmp_path: Path) -> None:
    picture = photo(alpha=True)
    made = document(tmp_path, picture)
    assert made.photo.pixels is not picture.pixels
    assert np.shares_memory(made.photo.pixels, picture.pixels)
    assert made.shape == (600, 700)
    assert set(made.planes) == {"photo", "alpha", "mask"}
    assert made.mask_bounds().empty
    assert made.mask_boxes() == []
    assert made.header.pixels.size == 0
    made.close()


def test_planes_are_read_only_to_all_but_an_edit(tmp_path: Path) -> None:
    made = document(tmp_path)
    with pytest.raises(ValueError):
        made.photo.pixels[0, 0] = 1
    made.close()


def test_a_picture_that_may_not_be_written_to_is_copied(tmp_path: Path) -> None:
    picture = photo()
    picture.pixels.flags.writeable = False
    made = document(tmp_path, picture)
    paint(made, Region(0, 0, 5, 5), 1, "photo")
    assert (picture.pixels[:5, :5] != 1).any()
    made.close()


def test_white_is_that_of_the_picture_as_opened(tmp_path: Path) -> None:
    bright = Photo(np.full((50, 50, 3), 6.5, np.float32))
    made = document(tmp_path, bright)
    assert made.header.white == 6.5
    paint(made, Region(0, 0, 50, 50), 0.5, "photo")
    assert made.header.white == 6.5
    made.close()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_original_of_a_pasted_picture_is_kept_without_loss(tmp_path: Path, dtype: type) -> None:
    picture = photo(alpha=True, dtype=dtype)
    wanted = picture.pixels.copy()
    made = document(tmp_path, picture)
    paint(made, Region(0, 0, 100, 100), 1, "photo")
    assert not made.original_ready
    assert np.array_equal(made.original(), wanted)
    assert made.original_ready
    with pytest.raises(ValueError):
        made.original()[0, 0] = 1
    made.close()


def test_the_original_can_be_prepared_in_another_thread(tmp_path: Path) -> None:
    made = document(tmp_path)
    loaded: list[np.ndarray] = []
    thread = threading.Thread(target=lambda: loaded.append(made.load_original()))
    thread.start()
    thread.join()
    assert not made.original_ready
    made.set_original(loaded[0])
    assert np.shares_memory(made.original(), loaded[0])
    made.close()


def test_a_lost_original_is_told_and_the_picture_is_as_it_was(tmp_path: Path) -> None:
    made = document(tmp_path)
    before = state(made)
    made.kept.file.unlink()
    with pytest.raises(UnreadableFile):
        made.original()
    assert_same(state(made), before)
    made.close()


def test_a_session_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotSave):
        prepare(photo(), None, tmp_path / "file" / "session")
    with pytest.raises(CannotSave):
        prepare(photo(), b"bytes", tmp_path / "file" / "session")


def test_a_crop_cuts_every_plane_the_original_and_moves_the_guides(tmp_path: Path) -> None:
    picture = photo(alpha=True)
    wanted = picture.pixels.copy()
    made = document(tmp_path, picture)
    paint(made, Region(100, 200, 150, 260), 255)
    with made.edit("Guide") as edit:
        edit.put(made.put_guides, (GuideStroke(Guide.LINE, ((210.0, 120.0), (220.0, 130.0))),))
    before = state(made)
    resized: list[str] = []
    for plane in made.planes.values():
        plane.resized.add(lambda plane: resized.append(plane.name))
    made.crop(Region(90, 190, 300, 400), "Crop")
    assert made.shape == (210, 210)
    assert sorted(resized) == ["alpha", "mask", "photo"]
    assert np.array_equal(made.photo.pixels, wanted[90:300, 190:400])
    assert np.array_equal(made.original(), wanted[90:300, 190:400])
    assert made.mask_bounds() == Region(10, 10, 60, 70)
    assert made.guides[0].points == ((20.0, 30.0), (30.0, 40.0))
    made.crop(Region(10, 10, 100, 100), "Again")
    assert np.array_equal(made.original(), wanted[100:190, 200:290])
    assert made.history.labels[-2:] == ["Crop", "Again"]
    made.history.go_to(2)
    assert_same(state(made), before)
    assert np.array_equal(made.original(), wanted)
    made.close()


def enlarged(made: Document, factor: str, seed: int = 3) -> None:
    """Enlarge it; what the pixels are made by is of no matter here."""
    how = by_factor(*made.shape, factor)
    size = how.rows, how.columns
    dtype, alpha = made.photo.dtype, None if made.alpha is None else noise(size, seed + 1, made.alpha.dtype)
    made.enlarge(
        replace(made.header, metadata=Metadata(dpi=(240.0, 240.0))).with_pixels(noise((*size, 3), seed, dtype), alpha),
        np.full(size, 255, np.uint8),
        how,
        "Enlarge",
    )


def test_an_enlargement_takes_every_plane_guides_and_the_original_along(tmp_path: Path) -> None:
    picture = photo(60, 50, alpha=True)
    wanted = picture.pixels.copy()
    made = document(tmp_path, picture)
    with made.edit("Guide") as edit:
        edit.put(made.put_guides, (GuideStroke(Guide.LINE, ((21.0, 12.0), (22.0, 13.0)), 2.0),))
    made.crop(Region(10, 5, 50, 45), "Crop")
    before = state(made)

    enlarged(made, "2.5")

    assert made.shape == (100, 100)
    assert {plane.shape[:2] for plane in made.planes.values()} == {(100, 100)}
    assert made.guides[0].points == ((40.0, 5.0), (42.5, 7.5))
    assert made.guides[0].width == 5.0
    assert made.header.metadata.dpi == (240.0, 240.0)
    assert not made.original_ready
    cut = wanted[10:50, 5:45]
    assert np.array_equal(
        made.original(), stretched(cut, (Stretch(Region.whole(cut.shape), by_factor(40, 40, 2.5)),), 255.0)
    )
    made.crop(Region(10, 20, 60, 90), "Crop")
    assert made.original().shape == (50, 70, 3)
    made.history.undo()
    made.history.undo()
    assert_same(state(made), before)
    assert np.array_equal(made.original(), cut)
    made.history.redo()
    assert made.shape == (100, 100)
    assert made.header.metadata.dpi == (240.0, 240.0)
    made.close()


def test_the_enlarged_original_lies_where_the_picture_lies() -> None:
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32)[None, :, None], (30, 40, 3)) / 40

    found = stretched(ramp, (Stretch(Region(0, 0, 30, 40), by_factor(30, 40, "2.5")),), 1.0)

    middle = slice(15, 85)  # where the kernel reaches over no edge
    wanted = ((np.arange(100) + 0.5) / 2.5 - 0.5) / 40
    assert np.abs(found[50, middle, 0] - wanted[middle]).max() < 2e-3


def test_enlarging_the_original_hears_a_cancel_between_two_bands() -> None:
    progress = Progress(lambda share, _stage: progress.cancel() if share > 0.2 else None)
    with pytest.raises(Cancelled):
        stretched(noise((70, 40, 3), 2), (Stretch(Region(0, 0, 70, 40), by_factor(70, 40, 8)),), 255.0, progress)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_the_original_is_enlarged_alike_in_bands_and_as_a_whole(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    part, how = noise((70, 40, 3), 2, dtype), by_factor(70, 40, "7.3")
    steps = (Stretch(Region(0, 0, 70, 40), how),)
    by_bands = stretched(part, steps, white_of(part))
    monkeypatch.setattr(stretch, "BAND", 10_000)
    assert by_bands.dtype == dtype
    assert np.array_equal(by_bands, stretched(part, steps, white_of(part)))


def test_a_crop_of_everything_does_nothing_and_one_of_nothing_is_a_mistake(tmp_path: Path) -> None:
    made = document(tmp_path)
    made.crop(Region(-5, -5, 900, 900), "All")
    assert made.history.labels == []
    with pytest.raises(ValueError):
        made.crop(Region(700, 0, 800, 10), "None")
    made.close()


def test_a_crop_holds_no_second_copy(tmp_path: Path) -> None:
    made = document(tmp_path)
    before = made.photo.pixels
    made.crop(Region(5, 5, 300, 300), "Crop")
    assert np.shares_memory(before, made.photo.pixels)
    assert made.history.nbytes == 0
    made.close()


def test_levels_follow_every_change(tmp_path: Path) -> None:
    from lacuna.imaging.pyramid import Pyramid

    made = document(tmp_path, photo(1000, 900))
    made.mask_pyramid.build()
    paint(made, Region(3, 3, 200, 500), 7, "photo")
    paint(made, Region(3, 3, 200, 500), 255)
    made.crop(Region(1, 1, 700, 800), "Crop")
    paint(made, Region(300, 300, 600, 700), 9, "photo")
    made.history.undo()
    for n in range(made.photo_pyramid.levels):
        assert np.array_equal(made.photo_pyramid.level(n), Pyramid(made.photo.pixels).level(n))
        assert np.array_equal(made.mask_pyramid.level(n), Pyramid(made.mask.pixels, peak=True).level(n))
    made.close()


def test_the_recipe_is_that_of_the_fills_in_force(tmp_path: Path) -> None:
    made = document(tmp_path)
    for i in range(3):
        with made.edit("Fill", step(i)) as edit, edit.write(made.photo, Region(0, 0, 9, 9)) as pixels:
            pixels[...] = i + 50
        paint(made, Region(0, 0, 5, 5), i + 1)
    assert [s.seed for s in made.steps()] == [0, 1, 2]
    made.history.go_to(3)
    assert [s.seed for s in made.steps()] == [0, 1]
    made.close()


def test_undoing_a_fill_gives_the_mask_back(tmp_path: Path) -> None:
    made = document(tmp_path)
    paint(made, Region(10, 10, 90, 90), 255)
    before = state(made)
    with made.edit("Fill", step()) as edit:
        with edit.write(made.photo, Region(10, 10, 90, 90)) as pixels:
            pixels[...] = 128
        with edit.write(made.mask, Region(10, 10, 90, 90)) as pixels:
            pixels[...] = 0
    assert made.mask_bounds().empty
    made.history.undo()
    assert_same(state(made), before)
    assert made.mask_bounds() == Region(10, 10, 90, 90)
    made.close()


def test_closing_removes_the_folder(tmp_path: Path) -> None:
    made = document(tmp_path, budget=0)
    paint(made, Region(0, 0, 300, 300), 5, "photo")
    made.history.settle()
    made.close()
    assert not made.folder.exists()


def test_a_prepared_picture_is_opened_without_a_copy(tmp_path: Path) -> None:
    prepared = prepare(photo(), b"some bytes", tmp_path / "s")
    made = Document.opened(prepared)
    assert made.kept.file.read_bytes() == b"some bytes"
    assert np.shares_memory(made.photo.pixels, prepared.photo.pixels)
    assert made.photo_pyramid.fresh(1, Region(0, 0, 9, 9))
    made.close()


@given(st.lists(st.tuples(*[st.integers(0, 1100)] * 4, st.integers(0, 1)), max_size=6))
def test_boxes_hold_every_mask_pixel_and_no_empty_side(writes: list[tuple[int, int, int, int, int]]) -> None:
    mask = Plane("mask", np.zeros((1100, 900), np.uint8))
    occupancy = Occupancy(mask, empty=True)
    for *box, value in writes:
        region = Region(*box).clip(mask.shape)
        if not region.empty:
            mask.writable(region)[...] = value
            mask.mark(region)
    ys, xs = np.nonzero(mask.pixels)
    covered = np.zeros(mask.shape, bool)
    for box in occupancy.boxes():
        covered[box.slices] = True
        part = mask.pixels[box.slices]
        assert part[0].any()
        assert part[-1].any()
        assert part[:, 0].any()
        assert part[:, -1].any()
    assert covered[ys, xs].all()
    assert occupancy.bounds == Region.around(occupancy.boxes())
    assert occupancy.count == len(ys)


def test_marks_in_two_corners_are_two_boxes_and_a_diagonal_is_one() -> None:
    mask = Plane("mask", np.zeros((1500, 1500), np.uint8))
    occupancy = Occupancy(mask, empty=True)
    for y, x in ((10, 10), (300, 300), (1400, 1200)):
        mask.writable(Region(y, x, y + 5, x + 7))[...] = 1
        mask.mark(Region(y, x, y + 5, x + 7))
    assert occupancy.boxes() == [Region(10, 10, 305, 307), Region(1400, 1200, 1405, 1207)]


def test_a_tile_knows_when_it_changed() -> None:
    plane = Plane("photo", noise((600, 600, 3)))
    before = plane.revision
    plane.mark(Region(300, 300, 310, 310))
    assert plane.changed_since(before, Region(255, 255, 257, 257))
    assert not plane.changed_since(before, Region(0, 0, 256, 256))
    assert not plane.changed_since(plane.revision, Region(300, 300, 310, 310))
    assert not plane.changed_since(before, Region(700, 700, 800, 800))
