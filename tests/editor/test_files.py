"""Opening, saving, neighbours, sessions: nothing is lost, whatever the file."""

from __future__ import annotations

import dataclasses
import json
import shutil
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from lacuna.document.journal import sessions_folder
from lacuna.editor.values import Severity
from lacuna.editor.verbs import files as file_verbs
from lacuna.engine.jobs import State
from lacuna.errors import PictureTooLarge, UnreadableFile
from lacuna.imaging import files
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from lacuna.settings import Settings
from tests.editor.scripted import Script
from tests.editor.support import Desk, desk, picture


def fill_box(opened: Desk) -> None:
    opened.editor.use("rectangle")
    opened.drag((100, 100), (160, 140))
    opened.editor.fill()
    opened.settle()


def neighbour(desk: Desk, step: int) -> Path | None:
    found: list[Path | None] = []
    desk.editor.files.folder.neighbour(step, found.append)
    desk.settle()
    return found[0]


def test_a_picture_opens_and_is_remembered(empty: Desk, tmp_path: Path):
    path = picture(tmp_path / "photo.png")
    changed = []
    empty.editor.document_changed.add(lambda: changed.append(empty.editor.document))
    empty.editor.open(path, lambda: changed.append("then"))
    empty.settle()
    assert changed == [empty.editor.document, "then"]
    assert empty.document.shape == (300, 400)
    assert empty.editor.settings.recent == [str(path)]
    assert empty.editor.settings.last_folder == str(tmp_path)
    assert not empty.editor.unsaved


def test_a_large_jpeg_is_seen_coarsely_first(empty: Desk, tmp_path: Path):
    large = np.random.default_rng(0).integers(0, 255, (250, 300, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "large.jpg"), cv2.resize(large, (3000, 2500), interpolation=cv2.INTER_CUBIC))
    seen = []
    empty.editor.coarse.add(lambda pixels, shape: seen.append((pixels.shape, shape, empty.editor.document)))
    empty.open(tmp_path / "large.jpg")
    ((small, shape, document),) = seen
    assert shape == (2500, 3000)
    assert small[0] <= 2500 // 4 + 1
    assert document is None


@pytest.mark.parametrize(
    ("name", "content"),
    [("empty.png", b""), ("text.png", b"not a picture"), ("cut.png", None), ("missing.png", False)],
)
def test_a_file_that_cannot_be_opened_keeps_the_present_document(opened: Desk, tmp_path: Path, name: str, content):
    if content is None:
        content = picture(tmp_path / "whole.png").read_bytes()[:3000]
    if content is not False:
        (tmp_path / name).write_bytes(content)
    opened.drag((50, 50), (90, 80))
    before = opened.document
    opened.editor.open(tmp_path / name, lambda: pytest.fail("it cannot be opened"))
    opened.settle()
    assert opened.editor.document is before
    assert opened.labels == ["Brush stroke"]
    assert opened.messages[-1].severity is Severity.ERROR
    assert name in opened.messages[-1].sentence
    assert len(list(sessions_folder().iterdir())) == 1


def test_a_picture_too_large_is_refused_and_can_be_allowed(empty: Desk, tmp_path: Path):
    path = picture(tmp_path / "photo.png")
    empty.editor.settings.preferences = dataclasses.replace(empty.editor.settings.preferences, megapixel_limit=0)
    empty.editor.open(path)
    empty.settle()
    assert empty.editor.document is None
    assert isinstance(empty.messages[-1].error, PictureTooLarge)
    empty.editor.open(path, allow_large=True)
    empty.settle()
    assert empty.document.shape == (300, 400)


def test_opening_another_cancels_the_one_being_opened(empty: Desk, tmp_path: Path):
    first, second = picture(tmp_path / "a.png"), picture(tmp_path / "b.png", 200, 200)
    empty.editor.open(first, lambda: pytest.fail("it was cancelled"))
    empty.editor.open(second)
    empty.settle()
    assert empty.document.shape == (200, 200)
    assert empty.messages == []
    assert len(list(sessions_folder().iterdir())) == 1


def test_the_next_picture_takes_the_place_of_the_last_in_one_step(opened: Desk, tmp_path: Path):
    seen = []
    opened.editor.document_changed.add(lambda: seen.append(opened.editor.document))
    opened.open(picture(tmp_path / "next.png", 200, 200))
    assert seen == [opened.document]


def test_a_pasted_picture_becomes_a_document(empty: Desk):
    empty.editor.open_photo(Photo(np.full((50, 60, 3), 9, np.uint8)))
    empty.settle()
    assert empty.document.shape == (50, 60)
    assert neighbour(empty, 1) is None
    assert empty.editor.proposed_path().suffix == ".png"


def test_the_first_save_proposes_a_name_beside_the_source_and_marks_clean(opened: Desk, tmp_path: Path):
    assert opened.editor.save_path is None
    proposed = opened.editor.proposed_path()
    assert proposed == tmp_path / "photo_lacuna.png"
    fill_box(opened)
    assert opened.editor.unsaved
    source = (tmp_path / "photo.png").read_bytes()
    outcome = []
    opened.editor.save(proposed, outcome.append)
    opened.settle()
    assert outcome == [True]
    assert not opened.editor.unsaved
    assert opened.editor.save_path == proposed
    assert np.array_equal(files.read(proposed).pixels, opened.photo)
    assert (tmp_path / "photo.png").read_bytes() == source
    opened.editor.undo()
    assert opened.editor.unsaved


def test_a_save_that_may_not_overwrite_takes_the_next_free_name(opened: Desk, tmp_path: Path):
    fill_box(opened)
    proposed = opened.editor.proposed_path()
    proposed.write_bytes(b"somebody else's")  # since it was proposed
    opened.editor.save(proposed, overwrite=False)
    opened.settle()
    assert proposed.read_bytes() == b"somebody else's"
    assert opened.editor.save_path == tmp_path / "photo_lacuna-2.png"
    assert np.array_equal(files.read(tmp_path / "photo_lacuna-2.png").pixels, opened.photo)
    assert "photo_lacuna-2.png" in opened.messages[-1].sentence
    assert not opened.editor.unsaved


def test_a_mask_alone_is_no_unsaved_work(opened: Desk):
    opened.drag((50, 50), (90, 80))
    assert not opened.editor.unsaved


def test_an_edit_made_while_saving_stays_unsaved(opened: Desk, tmp_path: Path, script: Script):
    opened.editor.use_backend("scripted")
    fill_box(opened)
    saved = opened.photo.copy()
    opened.editor.save(tmp_path / "out.png")
    with opened.document.edit("Meanwhile") as edit, edit.write(opened.document.photo, Region(0, 0, 9, 9)) as pixels:
        pixels[...] = 0
    opened.settle()
    assert opened.editor.unsaved
    assert np.array_equal(files.read(tmp_path / "out.png").pixels, saved)
    opened.editor.undo()
    assert not opened.editor.unsaved


def test_a_save_that_fails_says_so_and_stays_unsaved(opened: Desk, tmp_path: Path):
    fill_box(opened)
    outcome = []
    opened.editor.save(tmp_path / "nowhere" / "out.png", outcome.append)
    opened.settle()
    assert outcome == [False]
    assert opened.editor.unsaved
    assert opened.editor.save_path is None
    assert opened.messages[-1].severity is Severity.ERROR


@pytest.mark.parametrize("project", [False, True])
def test_a_save_that_waits_for_a_fill_is_told_until_it_is_done(
    opened: Desk, tmp_path: Path, script: Script, project: bool
):
    opened.editor.use_backend("scripted")
    opened.drag((50, 50), (90, 80))
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    if project:
        opened.editor.projects.save(tmp_path / "work.lacuna")
    else:
        opened.editor.save(tmp_path / "out.png")
    told = opened.messages[-1]
    assert told.sentence.endswith(f"will be saved when “{opened.editor.jobs[0].label}” has ended.")
    assert told.stays
    assert told.over is not None
    assert not told.over()
    script.go.set()
    opened.settle()
    assert told.over()
    assert opened.messages[-1].sentence.startswith("Saved as")


def test_a_save_that_waits_for_nothing_is_told_once(opened: Desk, tmp_path: Path):
    fill_box(opened)
    opened.messages.clear()
    opened.editor.save(tmp_path / "out.png")
    opened.settle()
    assert [message.sentence for message in opened.messages] == ["Saved as “out.png”."]


def test_closing_while_saving_lets_the_save_finish(opened: Desk, tmp_path: Path):
    fill_box(opened)
    expected = opened.photo.copy()
    opened.editor.save(tmp_path / "out.png")
    opened.editor.close()
    opened.settle()
    assert np.array_equal(files.read(tmp_path / "out.png").pixels, expected)


def loss_told(desk: Desk) -> str:
    (sentence,) = [line for m in desk.messages for line in m.hint.splitlines() if "lossy" in line]
    desk.messages.clear()
    return sentence


def opened_jpeg(empty: Desk, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.jpg"), cv2.imread(str(picture(tmp_path / "photo.png"))))
    empty.open(tmp_path / "photo.jpg")


def test_a_jpeg_says_what_it_cost(empty: Desk, tmp_path: Path):
    opened_jpeg(empty, tmp_path)
    empty.editor.save(tmp_path / "out.jpg", quality=20)
    empty.settle()
    _worst, mean = files.generation_loss(files.read(tmp_path / "photo.jpg"), tmp_path / "out.jpg")
    sentence = loss_told(empty)
    assert f" {mean:.2f} of 255" in sentence
    assert "filled" not in sentence


@pytest.mark.parametrize("known", [True, False])
def test_what_a_jpeg_cost_is_told_of_what_was_not_filled(empty: Desk, tmp_path: Path, script: Script, known: bool):
    opened_jpeg(empty, tmp_path)
    empty.editor.use_backend("scripted")
    empty.editor.use("rectangle")
    empty.drag((20, 20), (300, 250))  # a flat fill, which costs next to nothing
    empty.editor.fill()
    empty.settle()
    with empty.document.edit("Crop") as edit:
        empty.document.cut_to(Region(10, 5, 290, 390), edit)
    if known:
        empty.document.set_original(empty.document.load_original())
    empty.editor.save(tmp_path / "out.jpg", quality=20)
    empty.settle()
    photo = empty.document.snapshot()
    before = files.read(tmp_path / "photo.jpg").pixels[10:290, 5:390]
    filled = (photo.pixels != before).any(axis=2).astype(np.uint8)
    assert filled.sum() > 50_000
    outside = files.generation_loss(photo, tmp_path / "out.jpg", outside=filled)
    assert outside[1] > 1.5 * files.generation_loss(photo, tmp_path / "out.jpg")[1]
    sentence = loss_told(empty)
    assert f" {outside[1]:.2f} of 255" in sentence
    assert "filled" in sentence


def test_what_a_lossy_copy_of_a_deep_picture_cost_is_told_in_steps_of_255(empty: Desk, tmp_path: Path):
    empty.open(picture(tmp_path / "deep.png", dtype=np.uint16))
    empty.editor.save(tmp_path / "out.jpg", allow_reduce=True)
    empty.settle()
    assert 0 < float(loss_told(empty).split(" of 255")[0].split()[-1]) < 10


def test_a_save_whose_original_is_gone_still_saves_and_says_why_no_loss_is_told(empty: Desk, tmp_path: Path):
    opened_jpeg(empty, tmp_path)
    fill_box(empty)
    empty.document.kept.file.unlink()
    outcome: list[bool] = []
    empty.editor.save(tmp_path / "out.jpg", outcome.append)
    empty.settle()
    assert outcome == [True]
    assert any("kept copy" in m.hint for m in empty.messages)


def test_a_deep_or_transparent_picture_becomes_a_jpeg_only_with_consent(empty: Desk, tmp_path: Path):
    deep = cv2.imread(str(picture(tmp_path / "deep.png", dtype=np.uint16)), cv2.IMREAD_UNCHANGED)
    alpha = np.full((*deep.shape[:2], 1), 65535, np.uint16)
    alpha[:50] = 0
    cv2.imwrite(str(tmp_path / "clear.png"), np.concatenate([deep, alpha], axis=2))
    for name in ("deep.png", "clear.png"):
        outcome: list[bool] = []
        out = (tmp_path / name).with_suffix(".jpg")
        empty.open(tmp_path / name)
        empty.editor.save(out, outcome.append)
        empty.settle()
        assert outcome == [False]
        assert not out.exists()
        empty.editor.save(out, outcome.append, allow_reduce=True)
        empty.settle()
        assert outcome == [False, True]
        kept = files.read(out).pixels.astype(int)
        assert np.abs(kept[60:] - empty.photo[60:] / 257).mean() < 5


def test_neighbours_follow_the_natural_order_and_skip_what_was_saved_here(opened: Desk, tmp_path: Path):
    for name in ("roll 1.png", "roll 9.png", "roll 10.png"):
        shutil.copy(tmp_path / "photo.png", tmp_path / name)
    opened.open(tmp_path / "roll 9.png")
    assert neighbour(opened, 1) == tmp_path / "roll 10.png"
    assert neighbour(opened, -1) == tmp_path / "roll 1.png"
    fill_box(opened)
    opened.editor.save(tmp_path / "roll 9_lacuna.png")
    opened.settle()
    assert neighbour(opened, 1) == tmp_path / "roll 10.png"
    opened.open(tmp_path / "roll 10.png")
    assert neighbour(opened, 1) is None


def test_a_folder_is_listed_again_only_when_it_changed(opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    listed = []
    real = files.in_folder
    monkeypatch.setattr(
        files, "in_folder", lambda folder: listed.append(threading.current_thread().name) or real(folder)
    )
    for _again in range(5):
        neighbour(opened, 1)
    assert len(listed) == 1
    shutil.copy(tmp_path / "photo.png", tmp_path / "roll 1.png")
    assert neighbour(opened, 1) == tmp_path / "roll 1.png"
    assert len(listed) == 2
    assert set(listed) == {"lacuna-worker"}


def test_a_folder_that_cannot_be_listed_is_said(opened: Desk, monkeypatch: pytest.MonkeyPatch):
    def refuse(_folder: Path) -> list[Path]:
        raise UnreadableFile("no such folder")

    monkeypatch.setattr(files, "in_folder", refuse)
    opened.editor.files.folder.neighbour(1, lambda _path: pytest.fail("there is none"))
    opened.settle()
    assert opened.messages[-1].sentence == "no such folder"


def test_a_mask_that_was_not_filled_comes_back_with_its_picture(opened: Desk, tmp_path: Path):
    opened.drag((50, 50), (90, 80))
    before = opened.mask.copy()
    opened.open(picture(tmp_path / "other.png", 200, 200))
    assert not opened.mask.any()
    opened.open(tmp_path / "photo.png")
    assert np.array_equal(opened.mask, before)
    opened.editor.clear_mask()
    opened.open(tmp_path / "other.png")
    opened.open(tmp_path / "photo.png")
    assert not opened.mask.any()


def test_a_mask_is_kept_when_the_program_ends_right_after_its_picture_was_closed(tmp_path: Path):
    path = picture(tmp_path / "photo.png")
    with desk() as first:
        first.open(path)
        first.drag((50, 50), (90, 80))
        before = first.mask.copy()
        first.editor.close()
    with desk() as second:
        second.open(path)
        assert np.array_equal(second.mask, before)


def test_escape_does_not_stop_a_save(opened: Desk, tmp_path: Path):
    fill_box(opened)
    opened.editor.save(tmp_path / "out.png")
    opened.editor.escape()
    opened.settle()
    assert (tmp_path / "out.png").exists()


def test_a_proper_close_leaves_no_session(opened: Desk):
    assert len(list(sessions_folder().iterdir())) == 1
    opened.editor.close()
    opened.settle()
    assert list(sessions_folder().iterdir()) == []
    assert opened.editor.document is None


def test_unsaved_work_is_restored_at_the_next_start_undo_included(tmp_path: Path):
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        original = first.photo.copy()
        fill_box(first)
        first.drag((50, 50), (90, 80))
        photo, mask, labels = first.photo.copy(), first.mask.copy(), first.labels
    with desk() as second:
        (session,) = second.editor.restorable()
        assert session.name == "photo.png"
        second.editor.restore(session)
        second.settle()
        assert np.array_equal(second.photo, photo)
        assert np.array_equal(second.mask, mask)
        assert second.labels == labels
        assert second.editor.unsaved
        second.editor.go_to(0)
        assert np.array_equal(second.photo, original)
        fill_box(second)
        second.editor.save(tmp_path / "out.png")
        second.settle()
    with desk() as third:
        assert third.editor.restorable() == []


def test_a_session_that_began_with_the_mask_from_last_time_is_restored_whole(tmp_path: Path):
    path = picture(tmp_path / "photo.png")
    with desk() as first:
        first.open(path)
        first.drag((50, 50), (90, 80))
        first.editor.close()
        first.settle()
    with desk() as second:
        second.open(path)
        original = second.photo.copy()
        fill_box(second)
        second.drag((100, 100), (120, 120))
        second.editor.undo()
        photo, mask, labels = second.photo.copy(), second.mask.copy(), second.labels
        assert labels[0] == "Mask from last time"
    with desk() as third:
        third.editor.restore(third.editor.restorable()[0])
        third.settle()
        assert np.array_equal(third.photo, photo)
        assert np.array_equal(third.mask, mask)
        assert third.labels == labels
        third.editor.go_to(0)
        assert np.array_equal(third.photo, original)
        assert not third.mask.any()


def test_a_restored_session_goes_on_saving_where_it_did(tmp_path: Path):
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        fill_box(first)
        first.editor.save(tmp_path / "out.jpg", quality=40)
        first.settle()
        first.editor.undo()
    with desk() as second:
        second.editor.restore(second.editor.restorable()[0])
        second.settle()
        assert second.editor.save_path == tmp_path / "out.jpg"
        assert second.editor.save_quality == 40
        assert second.editor.unsaved
        second.editor.redo()
        assert not second.editor.unsaved


def test_shutdown_cancels_jobs_keeps_the_settings_and_ends_the_threads(opened: Desk, script: Script, home: Path):
    opened.editor.use_backend("scripted")
    opened.editor.use("rectangle")
    opened.drag((10, 10), (30, 30))
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    (fill,) = opened.editor.jobs
    opened.editor.shutdown()
    assert fill.state is State.CANCELLED
    assert opened.editor.jobs == []
    assert not [t for t in threading.enumerate() if t.name.startswith("lacuna")]
    assert Settings.load().tool == "rectangle"
    assert json.loads((home / "config" / "settings.json").read_text())["backend"] == "scripted"


@pytest.mark.parametrize(("at_once", "thread"), [(10, "lacuna-worker"), (1_000_000, "MainThread")])
def test_a_copy_is_of_the_picture_at_that_moment_and_made_by_a_job_if_it_is_large(
    opened: Desk, monkeypatch: pytest.MonkeyPatch, at_once: int, thread: str
):
    monkeypatch.setattr(file_verbs, "COPY_AT_ONCE", at_once)
    before = opened.photo.copy()
    copied: list[tuple[np.ndarray, str]] = []
    opened.editor.copy(lambda photo: (photo.pixels, threading.current_thread().name), copied.append)
    with opened.document.edit("Meanwhile") as edit, edit.write(opened.document.photo, Region(0, 0, 300, 400)) as pixels:
        pixels[...] = 0
    opened.settle()
    ((pixels, where),) = copied
    assert np.array_equal(pixels, before)
    assert where == thread


def test_a_plain_name_comes_before_its_numbered_likes(opened: Desk, tmp_path: Path):
    shutil.copy(tmp_path / "photo.png", tmp_path / "photo2.png")
    assert neighbour(opened, 1) == tmp_path / "photo2.png"


# --- what lands while another picture is on its way


def test_a_fill_that_runs_when_another_picture_is_opened_is_cancelled(opened: Desk, tmp_path: Path, script: Script):
    opened.editor.use_backend("scripted")
    opened.drag((50, 50), (90, 80))
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    (fill,) = opened.editor.jobs
    opened.open_beside(picture(tmp_path / "other.png"))
    assert fill.state is State.CANCELLING
    script.go.set()
    opened.settle()
    assert not opened.editor.unsaved
    assert opened.editor.restorable() == []


def test_a_fill_goes_on_when_another_picture_cannot_be_opened(opened: Desk, tmp_path: Path, script: Script):
    opened.editor.use_backend("scripted")
    opened.drag((50, 50), (90, 80))
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    (tmp_path / "text.png").write_text("not a picture")
    opened.editor.open(tmp_path / "text.png")
    opened.run_until(lambda: bool(opened.messages))
    script.go.set()
    opened.settle()
    assert opened.labels == ["Brush stroke", "Fill: Scripted"]


@pytest.mark.parametrize("comes", [True, False])
def test_a_result_that_comes_while_another_picture_is_opened_waits_for_that(
    opened: Desk, tmp_path: Path, script: Script, monkeypatch: pytest.MonkeyPatch, comes: bool
):
    go = threading.Event()
    real = files.load
    monkeypatch.setattr(files, "load", lambda path: (go.wait(20), real(path))[1])
    opened.editor.use_backend("scripted")
    opened.drag((50, 50), (90, 80))
    first = opened.document
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    path = picture(tmp_path / "other.png") if comes else tmp_path / "missing.png"
    opened.editor.open(path)
    script.go.set()
    opened.run_until(lambda: opened.editor.jobs[-1].state is State.DONE)
    assert first.history.labels == ["Brush stroke"]
    go.set()
    opened.settle()
    assert first.history.labels == (["Brush stroke"] if comes else ["Brush stroke", "Fill: Scripted"])
    assert (opened.document is first) != comes
    assert opened.editor.restorable() == []


def test_work_done_while_the_next_picture_opens_is_kept_aside_and_offered(opened: Desk, tmp_path: Path):
    left: list[bool] = []
    opened.editor.session_left.add(lambda: left.append(True))
    opened.editor.open(picture(tmp_path / "other.png"))
    with opened.document.edit("Meanwhile") as edit, edit.write(opened.document.photo, Region(0, 0, 9, 9)) as pixels:
        pixels[...] = 3
    changed = opened.photo.copy()
    opened.settle()
    assert opened.document.header.path == tmp_path / "other.png"
    assert left == [True]
    (session,) = opened.editor.restorable()
    opened.editor.restore(session)
    opened.settle()
    assert np.array_equal(opened.photo, changed)


def test_work_that_was_given_up_is_not_offered_again(opened: Desk, tmp_path: Path):
    fill_box(opened)
    assert opened.editor.unsaved
    opened.editor.open(picture(tmp_path / "other.png"))  # the window has asked
    opened.settle()
    assert opened.editor.restorable() == []


def test_a_mask_is_kept_before_its_session_goes(opened: Desk, tmp_path: Path):
    opened.drag((50, 50), (90, 80))
    mask = opened.mask.copy()
    opened.open(picture(tmp_path / "other.png"))
    assert len(list(sessions_folder().iterdir())) == 1
    opened.open(tmp_path / "photo.png")
    assert np.array_equal(opened.mask, mask)
