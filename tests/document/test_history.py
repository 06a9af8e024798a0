"""Undo and redo give back what was, whatever was done and wherever it is kept."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.document import spill
from lacuna.document.document import Document
from lacuna.document.plane import Change
from lacuna.document.tiles import packed_tiles
from lacuna.errors import LacunaError, UnreadableFile
from lacuna.imaging.region import Region
from tests.document.support import assert_same, document, noise, paint, photo, state

SIDES = st.integers(-20, 620)


class DocumentMachine(RuleBasedStateMachine):
    """A document against a list of copies: after any sequence of acts, each position of the history is its copy."""

    budgets = st.sampled_from([0, 1000, 200_000, 256 << 20])

    @initialize(budget=budgets, alpha=st.booleans(), dtype=st.sampled_from([np.uint8, np.uint16, np.float32]))
    def open(self, budget: int, alpha: bool, dtype: Any) -> None:
        self.scratch = tempfile.TemporaryDirectory()
        self.document = document(Path(self.scratch.name), photo(530, 610, alpha=alpha, dtype=dtype), budget)
        self.states = [state(self.document)]
        self.at = 0
        self.saved: int | None = 0

    def teardown(self) -> None:
        if hasattr(self, "document"):
            self.document.close()
            self.scratch.cleanup()

    def remember(self) -> None:
        now = state(self.document)
        if self.document.history.position == self.at:  # it changed nothing, so there is no entry
            assert_same(now, self.states[self.at])
            return
        if self.saved is not None and self.saved > self.at and not self.same_picture(self.saved):
            self.saved = None
        elif self.saved is not None and self.saved > self.at:
            self.saved = self.at
        del self.states[self.at + 1 :]
        self.states.append(now)
        self.at += 1

    def same_picture(self, position: int) -> bool:
        here, there = self.states[self.at][0], self.states[position][0]
        return all(
            here[n].shape == there[n].shape and np.array_equal(here[n], there[n], equal_nan=here[n].dtype.kind == "f")
            for n in here
            if n != "mask"
        )

    @rule(
        plane=st.sampled_from(["mask", "photo", "alpha"]), y=SIDES, x=SIDES, h=st.integers(0, 400), seed=st.integers()
    )
    def write(self, plane: str, y: int, x: int, h: int, seed: int) -> None:
        target = self.document.planes.get(plane, self.document.photo)
        with self.document.edit("Write") as edit:
            for part in (Region(y, x, y + h, x + h), Region(y + 3, x, y + 30, x + 300)):
                with edit.write(target, part) as pixels:
                    pixels[...] = noise(pixels.shape, abs(seed) % 1000, target.dtype) if seed % 3 else 0
        self.remember()

    @rule(value=st.integers(0, 255))
    def fill_mask(self, value: int) -> None:
        paint(self.document, Region.whole(self.document.shape), value)
        self.remember()

    @rule(y=st.integers(0, 300), x=st.integers(0, 300), h=st.integers(1, 600), w=st.integers(1, 600))
    def crop(self, y: int, x: int, h: int, w: int) -> None:
        region = Region(y, x, y + h, x + w).clip(self.document.shape)
        if not region.empty:
            self.document.crop(region, "Crop")
            self.remember()

    @rule(factor=st.sampled_from([1, 2]), seed=st.integers(0, 99))
    def enlarge(self, factor: int, seed: int) -> None:
        height, width = self.document.shape
        if height * factor > 1500 or width * factor > 1500:
            return
        with self.document.edit("Enlarge") as edit:
            for plane in self.document.planes.values():
                shape = (height * factor, width * factor, *plane.shape[2:])
                edit.replace(plane, noise(shape, seed, plane.dtype))
        self.remember()

    @rule(x=st.floats(-10, 10))
    def guide(self, x: float) -> None:
        with self.document.edit("Guide") as edit:
            edit.put(self.document.put_guides, (*self.document.guides, GuideStroke(Guide.LINE, ((x, 1.0), (5.0, 5.0)))))
        self.remember()

    @rule(y=SIDES, x=SIDES)
    def begin_and_take_back(self, y: int, x: int) -> None:
        edit = self.document.edit("Never")
        with edit.write(self.document.photo, Region(y, x, y + 50, x + 500)) as pixels:
            pixels[...] = 1
        with edit.write(self.document.mask, Region(y, x, y + 50, x + 500)) as pixels:
            pixels[...] = 1
        edit.rollback()

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self) -> None:
        assert self.document.history.undo() is not None
        self.at -= 1

    @precondition(lambda self: self.at < len(self.states) - 1)
    @rule()
    def redo(self) -> None:
        assert self.document.history.redo() is not None
        self.at += 1

    @rule(share=st.floats(0, 1))
    def go(self, share: float) -> None:
        self.at = round(share * (len(self.states) - 1))
        self.document.history.go_to(self.at)

    @rule()
    def save(self) -> None:
        self.document.history.mark_clean()
        self.saved = self.at

    @rule()
    def let_it_spill(self) -> None:
        self.document.history.settle()
        assert self.document.history.nbytes <= self.document.history.budget

    @invariant()
    def is_its_copy(self) -> None:
        if not hasattr(self, "document"):
            return
        history = self.document.history
        assert (history.position, len(history.entries)) == (self.at, len(self.states) - 1)
        assert_same(state(self.document), self.states[self.at])
        if history.clean:
            assert self.saved is not None
            assert self.same_picture(self.saved)
        mask = self.document.mask.pixels
        ys, xs = np.nonzero(mask)
        box = Region(int(ys.min()), int(xs.min()), int(ys.max()) + 1, int(xs.max()) + 1) if len(ys) else None
        assert self.document.mask_bounds() == (box or Region(0, 0, 0, 0))
        assert self.document.mask_count() == len(ys)


TestDocument = DocumentMachine.TestCase
TestDocument.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def open_spilling(tmp_path: Path, budget: int = 0) -> Document:
    made = document(tmp_path, budget=budget)
    for i in range(6):
        paint(made, Region(i * 40, 0, i * 40 + 300, 600), noise((300, 600, 3), i)[: max(0, 600 - i * 40)], "photo")
    made.history.settle()
    return made


def test_history_over_its_budget_leaves_memory_and_comes_back(tmp_path: Path) -> None:
    made = document(tmp_path, budget=0)
    states = [state(made)]
    for i in range(5):
        paint(made, Region(i * 50, 20, i * 50 + 200, 500), noise((200, 480, 3), i), "photo")
        states.append(state(made))
    made.history.settle()
    assert made.history.nbytes == 0
    assert len(list(made.history.spill_folder.iterdir())) == 5
    for position in (0, 5, 2, 3, 1, 4):
        made.history.go_to(position)
        assert_same(state(made), states[position])
    made.close()


def test_what_is_farthest_from_the_position_spills_first(tmp_path: Path) -> None:
    made = document(tmp_path)
    for i in range(6):
        paint(made, Region(0, 0, 256, 256), noise((256, 256, 3), i), "photo")
    one = made.history.entries[0].nbytes
    made.history.go_to(4)
    made.history.budget = 4 * one
    made.history.settle()
    resident = [edit.nbytes > 0 for edit in made.history.entries]
    assert resident == [False, False, True, True, True, True]
    made.close()


def test_entries_replaced_by_a_new_edit_free_their_files(tmp_path: Path) -> None:
    made = open_spilling(tmp_path)
    made.history.go_to(1)
    made.history.settle()
    paint(made, Region(0, 0, 10, 10), 9)
    made.history.settle()
    assert len(made.history.entries) == 2
    assert len(list(made.history.spill_folder.iterdir())) == 2
    made.close()


def test_a_replaced_change_of_size_frees_its_file(tmp_path: Path) -> None:
    made = document(tmp_path, budget=0)
    with made.edit("Enlarge") as edit:
        for plane in made.planes.values():
            edit.replace(plane, np.zeros((900, 900, *plane.shape[2:]), plane.dtype))
    made.history.settle()
    assert len(list(made.history.spill_folder.iterdir())) == 2
    made.history.undo()
    made.history.settle()
    paint(made, Region(0, 0, 10, 10), 9)
    made.history.settle()
    assert len(list(made.history.spill_folder.iterdir())) == 1
    made.close()


def test_a_full_disk_keeps_history_in_memory_and_tells_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_args: object) -> spill.SpillFile:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(spill.SpillFile, "write", full)
    monkeypatch.setattr("lacuna.document.history.RETRY_SECONDS", 0.0)
    made = document(tmp_path, budget=0)
    told: list[LacunaError] = []
    made.history.spill_failed.add(told.append)
    before = state(made)
    for i in range(4):
        paint(made, Region(0, 0, 300, 300), noise((300, 300, 3), i), "photo")
        made.history.settle()
    assert len(told) == 1
    assert "No space left" in told[0].sentence
    made.history.go_to(0)
    assert_same(state(made), before)
    made.close()


def test_after_room_was_made_history_spills_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna.document.history.RETRY_SECONDS", 0.0)
    made = document(tmp_path, budget=0)
    made.history.spill_folder.write_text("in the way")
    paint(made, Region(0, 0, 300, 300), 1, "photo")
    made.history.settle()
    assert made.history.nbytes > 0
    made.history.spill_folder.unlink()
    made.history.settle()
    made.history.settle()
    assert made.history.nbytes == 0
    made.close()


def test_a_spilled_step_that_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    made = open_spilling(tmp_path)
    before = state(made)
    for file in made.history.spill_folder.iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(UnreadableFile):
        made.history.undo()
    assert_same(state(made), before)
    assert made.history.position == 6
    made.close()


def test_painting_the_mask_leaves_a_saved_picture_saved(tmp_path: Path) -> None:
    made = document(tmp_path)
    history = made.history
    assert history.clean
    paint(made, Region(0, 0, 9, 9), 255)
    assert history.clean
    paint(made, Region(0, 0, 9, 9), 1, "photo")
    assert not history.clean
    history.mark_clean()
    assert history.clean
    history.undo()
    assert not history.clean
    history.undo()
    assert not history.clean
    history.go_to(2)
    assert history.clean
    made.close()


def test_a_branch_that_cut_off_the_saved_picture_is_unsaved_until_saved(tmp_path: Path) -> None:
    made = document(tmp_path)
    paint(made, Region(0, 0, 9, 9), 1, "photo")
    made.history.mark_clean()
    made.history.undo()
    paint(made, Region(0, 0, 9, 9), 255)
    for position in (0, 1):
        made.history.go_to(position)
        assert not made.history.clean
    made.history.mark_clean()
    assert made.history.clean
    made.close()


def test_a_branch_that_cut_off_mask_edits_alone_stays_saved(tmp_path: Path) -> None:
    made = document(tmp_path)
    paint(made, Region(0, 0, 9, 9), 255)
    made.history.mark_clean()
    made.history.undo()
    paint(made, Region(0, 0, 9, 9), 7)
    assert made.history.clean
    made.close()


def test_a_save_counts_for_the_moment_at_which_it_began(tmp_path: Path) -> None:
    made = document(tmp_path)
    paint(made, Region(0, 0, 9, 9), 1, "photo")
    moment = made.history.here()
    paint(made, Region(0, 0, 9, 9), 2, "photo")
    made.history.mark_clean(moment)
    assert not made.history.clean
    made.history.undo()
    assert made.history.clean
    made.history.undo()
    paint(made, Region(0, 0, 9, 9), 3, "photo")  # cuts that moment off
    made.history.mark_clean(moment)
    assert not made.history.clean
    made.close()


def test_an_edit_that_changes_nothing_leaves_no_entry(tmp_path: Path) -> None:
    made = document(tmp_path)
    paint(made, Region.whole(made.shape), 0)
    paint(made, Region(-50, -50, 0, 0), 255)
    with made.edit("Same") as edit, edit.write(made.photo, Region(0, 0, 600, 700)) as pixels:
        pixels[...] = pixels.copy()
    assert made.history.labels == []
    made.close()


def test_an_error_inside_an_edit_puts_everything_back(tmp_path: Path) -> None:
    made = document(tmp_path, photo(alpha=True))
    before = state(made)

    def fail() -> None:
        with made.edit("Fails") as edit:
            edit.put(made.put_guides, (GuideStroke(Guide.LINE, ((0.0, 0.0),)),))
            made.cut_to(Region(10, 10, 200, 200), edit)
            with edit.write(made.photo, Region(0, 0, 150, 150)) as pixels:
                pixels[...] = 1
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert_same(state(made), before)
    assert made.history.labels == []
    made.close()


def test_tiles_written_on_both_sides_of_a_crop_in_one_edit_are_undone(tmp_path: Path) -> None:
    made = document(tmp_path)
    before = state(made)
    with made.edit("Both") as edit:
        with edit.write(made.photo, Region(0, 0, 300, 300)) as pixels:
            pixels[...] = 1
        made.cut_to(Region(100, 100, 500, 500), edit)
        with edit.write(made.photo, Region(0, 0, 300, 300)) as pixels:
            pixels[...] = 2
    after = state(made)
    made.history.undo()
    assert_same(state(made), before)
    made.history.redo()
    assert_same(state(made), after)
    made.close()


def test_labels_tell_what_was_done_and_what_was_taken_back(tmp_path: Path) -> None:
    made = document(tmp_path)
    for i, label in enumerate(("one", "two", "three"), 1):
        paint(made, Region(0, 0, 9, 9), i, label=label)
    assert made.history.undo() == "three"
    assert made.history.undo() == "two"
    assert made.history.labels == ["one", "two", "three"]
    assert made.history.redo() == "two"
    assert [made.history.can_undo, made.history.can_redo] == [True, True]
    made.history.go_to(0)
    assert made.history.undo() is None
    made.history.go_to(3)
    assert made.history.redo() is None
    with pytest.raises(ValueError):
        made.history.go_to(4)
    made.close()


def test_undoing_on_an_empty_mask_tells_only_of_tiles_that_changed(tmp_path: Path) -> None:
    made = document(tmp_path, photo(1200, 1200))
    paint(made, Region(0, 0, 10, 10), 255)
    with made.edit("Clear") as edit, edit.write(made.mask, Region.whole(made.shape)) as pixels:
        pixels[:20] = 0
    heard: list[Region] = []
    made.mask.changed.add(lambda _plane, change: heard.append(change.region))
    made.history.undo()
    assert heard == [Region(0, 0, 256, 256)]
    made.close()


def test_what_is_laid_is_told_saved_and_written_where_it_differs_alone(tmp_path: Path) -> None:
    made = document(tmp_path, photo(1200, 1200))
    paint(made, Region(100, 100, 500, 500), 255)
    heard: list[Change] = []
    made.mask.changed.add(lambda _plane, change: heard.append(change))
    edit = made.edit("Lay")
    laid = np.full((420, 420), 255, np.uint8)
    laid[410:, 5] = 0
    edit.lay(made.mask, Region(100, 100, 520, 520), laid)
    (change,) = heard
    assert change.region == Region(100, 100, 520, 520)
    assert change.differs is not None
    expected = np.zeros((420, 420), np.bool_)
    expected[400:], expected[:, 400:], expected[410:, 5] = True, True, False
    assert np.array_equal(change.differs, expected)
    assert np.array_equal(made.mask.pixels[100:520, 100:520], laid)
    edit.lay(made.mask, Region(0, 0, 520, 520), made.mask.pixels[:520, :520].copy())
    assert len(heard) == 1
    near = change.within(Region(90, 480, 490, 600))
    assert near.region == Region(100, 500, 490, 520)
    assert near.differs is not None
    assert near.differs.all()
    assert change.within(Region(120, 120, 480, 480)).region.empty
    edit.rollback()
    assert made.mask_count() == 400 * 400
    made.close()


def test_a_tile_that_nothing_was_written_to_is_saved_without_a_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = document(tmp_path, photo(600, 1200))
    paint(made, Region(0, 0, 10, 10), 255)
    looked: list[tuple[int, int]] = []

    def watched(pixels: Any, keys: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Any]:
        keys = list(keys)
        looked.extend(keys)
        return packed_tiles(pixels, keys)

    monkeypatch.setattr("lacuna.document.edit.packed_tiles", watched)
    edit = made.edit("Over four tiles")
    with edit.write(made.mask, Region(200, 200, 300, 300)) as pixels:
        pixels[...] = 255
    assert looked == [(0, 0)]
    edit.rollback()
    assert made.mask_bounds() == Region(0, 0, 10, 10)
    made.crop(Region(256, 0, 600, 1200), "Crop")  # its tiles lie elsewhere: what was known of the old ones is forgotten
    looked.clear()
    paint(made, Region(0, 0, 10, 10), 255)
    assert looked == [(0, 0)]
    made.close()
