"""Projects and recipes in the program without its window: saved, opened, gone on with, and done again."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from lacuna.contract.progress import Progress
from lacuna.document.project import read_project, rendered
from lacuna.editor.tool import Modifier
from lacuna.engine.recipes import read_recipe, replayed
from lacuna.imaging import files
from lacuna.imaging.photo import Photo
from lacuna.settings import Settings
from tests.editor.scripted import Script
from tests.editor.support import Desk, desk, picture
from tests.pictures import lion


def fill_box(desk: Desk, one: tuple[float, float] = (100, 100), other: tuple[float, float] = (140, 130)) -> None:
    desk.editor.use("rectangle")
    desk.drag(one, other)
    desk.editor.fill()
    desk.settle()


def clone(desk: Desk) -> None:
    desk.editor.use("clone")
    desk.editor.set_option("size", 20)
    desk.click(200, 60, modifiers=Modifier.ALT)
    desk.drag((60, 200), (90, 220))


def draw_line(desk: Desk) -> None:
    desk.editor.use("guide")
    desk.drag((10, 10), (60, 40))


def crop(desk: Desk) -> None:
    desk.editor.use("rectangle")
    desk.drag((20, 30), (380, 290))
    desk.editor.crop_to_mask()
    desk.settle()
    desk.editor.clear_mask()


def enlarge(desk: Desk) -> None:
    editor = desk.editor
    editor.enlarging.use(next(way for way in editor.enlarging.ways if way.method == "lanczos"))
    editor.enlarge()
    desk.settle()


def work(desk: Desk) -> None:
    fill_box(desk)
    clone(desk)
    crop(desk)
    fill_box(desk, (200, 100), (230, 140))


def save(desk: Desk, path: Path) -> Path:
    desk.editor.projects.save(path)
    desk.settle()
    return path


def test_a_project_is_gone_on_with_where_it_was_left(opened: Desk, tmp_path: Path) -> None:
    work(opened)
    opened.size_brush(12)
    opened.drag((30, 30), (50, 60))
    draw_line(opened)
    photo, mask, guides = opened.photo.copy(), opened.mask.copy(), opened.document.guides
    original = opened.document.original().copy()
    assert opened.editor.unsaved
    path = save(opened, tmp_path / "work.lacuna")
    assert not opened.editor.unsaved
    assert opened.editor.projects.path == path
    with desk() as again:
        again.open(path)
        assert np.array_equal(again.photo, photo)
        assert np.array_equal(again.mask, mask)
        assert again.document.guides == guides
        assert np.array_equal(again.document.original(), original)
        assert (again.editor.projects.path, again.editor.unsaved) == (path, False)
        assert again.editor.settings.recent[0] == str(path)
        assert again.messages == []
        again.editor.undo()
        assert again.editor.unsaved
        again.editor.redo()
        assert not again.editor.unsaved
        for _step in range(5):
            again.editor.undo()
        assert not again.editor.can_undo
        assert np.array_equal(again.photo, files.read(tmp_path / "photo.png").pixels)


def test_a_fill_of_a_project_can_be_tried_again(opened: Desk, tmp_path: Path) -> None:
    fill_box(opened)
    path = save(opened, tmp_path / "work.lacuna")
    with desk(Settings(backend="ns")) as again:
        again.open(path)
        again.editor.try_again()
        again.settle()
        offer = again.editor.offer
        assert offer is not None
        assert [result.step.backend for result in offer.results] == ["telea", "ns"]
        again.editor.accept()
        assert [step.backend for step in again.document.steps()] == ["ns"]
        again.editor.undo()
        assert again.mask[110:120, 110:130].all()


def test_mask_and_guides_count_as_unsaved_in_a_project_and_only_there(opened: Desk, tmp_path: Path) -> None:
    opened.size_brush(12)
    opened.drag((30, 30), (50, 60))
    assert not opened.editor.unsaved
    save(opened, tmp_path / "work.lacuna")
    opened.drag((130, 30), (150, 60))
    assert opened.editor.unsaved
    save(opened, tmp_path / "work.lacuna")
    assert not opened.editor.unsaved
    opened.editor.save(tmp_path / "out.png")  # another picture of what is there, and no project
    draw_line(opened)
    opened.settle()
    assert opened.editor.unsaved
    opened.open(picture(tmp_path / "other.png"))
    assert opened.editor.projects.path is None


def test_the_mask_of_a_project_does_not_come_back_with_the_plain_picture(opened: Desk, tmp_path: Path) -> None:
    opened.size_brush(12)
    opened.drag((30, 30), (50, 60))
    save(opened, tmp_path / "work.lacuna")
    opened.editor.close()
    opened.settle()
    opened.open(tmp_path / "photo.png")
    assert not opened.mask.any()


def test_painting_goes_on_while_it_is_saved_and_is_not_in_it(opened: Desk, tmp_path: Path) -> None:
    fill_box(opened)
    before = opened.photo.copy()
    go = threading.Event()
    opened.editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    opened.editor.projects.save(tmp_path / "work.lacuna")
    clone(opened)
    opened.editor.undo()
    opened.editor.undo()
    clone(opened)
    go.set()
    opened.settle()
    assert opened.editor.unsaved
    found = rendered(read_project(tmp_path / "work.lacuna"), Progress())
    assert np.array_equal(found.pixels, before)


def test_a_save_that_is_cancelled_leaves_the_old_project_and_says_no(opened: Desk, tmp_path: Path) -> None:
    fill_box(opened)
    path = save(opened, tmp_path / "work.lacuna")
    before = path.read_bytes()
    clone(opened)
    ends: list[bool] = []
    go = threading.Event()
    opened.editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    opened.editor.projects.save(path, ends.append)
    opened.editor.jobs[-1].cancel()
    go.set()
    opened.settle()
    assert ends == [False]
    assert path.read_bytes() == before
    assert opened.editor.unsaved
    opened.editor.projects.save(tmp_path / "none" / "work.lacuna", ends.append)
    opened.settle()
    assert ends == [False, False]
    assert "folder does not exist" in opened.messages[-1].sentence


def test_a_damaged_project_is_said_and_what_was_open_stays(opened: Desk, tmp_path: Path, home: Path) -> None:
    fill_box(opened)
    path = save(opened, tmp_path / "work.lacuna")
    data = path.read_bytes()
    photo = opened.photo.copy()
    for wrong in (b"", data[:50], data[:-1], data[:200] + b"x" + data[201:]):
        path.write_bytes(wrong)
        opened.editor.open(path)
        opened.settle()
        assert "work.lacuna" in opened.messages[-1].sentence
        assert opened.messages[-1].hint
        assert np.array_equal(opened.photo, photo)
    assert len(list((home / "data" / "sessions").iterdir())) == 1


def test_work_on_a_project_comes_back_after_a_crash_as_work_on_it(tmp_path: Path) -> None:
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        fill_box(first)
        path = save(first, tmp_path / "work.lacuna")
        draw_line(first)
    with desk() as second:
        second.editor.restore(second.editor.restorable()[0])
        second.settle()
        assert second.editor.projects.path == path
        assert second.editor.unsaved
        second.editor.undo()
        assert not second.editor.unsaved


def test_a_picture_saved_out_of_a_project_keeps_depth_profile_and_metadata(tmp_path: Path) -> None:
    source = Photo(
        (lion()[:60, :80].astype(np.uint16) * 257), lion()[:60, :80, 0].astype(np.uint16) * 257, profile=profile()
    )
    files.write(source, tmp_path / "deep.png")
    with desk() as first:
        first.open(tmp_path / "deep.png")
        fill_box(first, (20, 20), (30, 30))
        save(first, tmp_path / "work.lacuna")
    with desk() as second:
        second.open(tmp_path / "work.lacuna")
        assert second.editor.proposed_path() == tmp_path / "deep_lacuna.png"
        second.editor.save(tmp_path / "out.png")
        second.settle()
        out = files.read(tmp_path / "out.png")
        assert out.pixels.dtype == np.uint16
        assert np.array_equal(out.pixels, second.photo)
        assert out.alpha is not None
        assert source.alpha is not None
        assert np.array_equal(out.alpha, source.alpha)
        assert out.profile == source.profile


def profile() -> bytes:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


# --- recipes ----------------------------------------------------------------------------------------------------------
def recipe_of(desk: Desk, path: Path) -> Path:
    desk.editor.projects.save_recipe(path)
    desk.settle()
    return path


def test_what_was_done_gives_the_same_pixels_as_a_recipe(opened: Desk, tmp_path: Path) -> None:
    assert not opened.editor.projects.worth_a_recipe
    draw_line(opened)
    work(opened)
    enlarge(opened)
    assert opened.editor.projects.worth_a_recipe
    recipe = read_recipe(recipe_of(opened, tmp_path / "steps.json"))
    message = opened.messages[-1]
    assert message.sentence == "The recipe was written to “steps.json”: 5 steps."
    assert "1 step was painted by hand" in message.hint
    after = replayed(recipe, files.read(tmp_path / "photo.png"), progress=Progress())
    assert np.array_equal(after.pixels, opened.photo)


def test_a_fill_that_was_tried_again_after_a_line_was_drawn_is_one_step(opened: Desk, tmp_path: Path) -> None:
    opened.editor.use("rectangle")
    opened.drag((100, 100), (140, 130))
    opened.editor.fill()
    opened.settle()
    for end in (90, 60):
        opened.editor.use("guide")
        opened.drag((90, end), (150, 130))
        opened.editor.try_again()
        opened.settle()
        opened.editor.accept()
    assert [step.instead for step in opened.document.steps()] == [False, True, True]
    recipe = read_recipe(recipe_of(opened, tmp_path / "steps.json"))
    assert (len(recipe.steps), recipe.painted) == (1, 0)
    after = replayed(recipe, files.read(tmp_path / "photo.png"), progress=Progress())
    assert np.array_equal(after.pixels, opened.photo)


def test_what_was_done_by_a_model_that_ships_gives_the_same_pixels_as_a_recipe(
    opened: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lacuna.paths.models", lambda: Path(__file__).resolve().parents[2] / "models")
    opened.editor.use_backend("deepfill")
    fill_box(opened)
    recipe = read_recipe(recipe_of(opened, tmp_path / "steps.json"))
    after = replayed(recipe, files.read(tmp_path / "photo.png"), progress=Progress())
    assert np.array_equal(after.pixels, opened.photo)
    assert (after.pixels[102:128, 102:138] != files.read(tmp_path / "photo.png").pixels[102:128, 102:138]).any()


def test_a_fill_whose_picture_was_painted_on_meanwhile_is_kept_by_its_pixels(
    opened: Desk, tmp_path: Path, script: Script
) -> None:
    opened.editor.use_backend("scripted")
    opened.editor.use("rectangle")
    opened.drag((100, 100), (140, 130))
    script.go.clear()
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    clone(opened)  # beside the hole, in what the fill has seen
    script.go.set()
    opened.settle()
    recipe = read_recipe(recipe_of(opened, tmp_path / "steps.json"))
    assert recipe.painted == 2
    after = replayed(recipe, files.read(tmp_path / "photo.png"), progress=Progress())
    assert np.array_equal(after.pixels, opened.photo)
