"""Heal brush: a copy whose seam is solved away when the stroke ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lacuna.editor.tool import Modifier
from lacuna.engine import seam
from lacuna.engine.jobs import State
from lacuna.imaging.photo import Photo
from lacuna.imaging.region import Region
from tests.editor.support import Desk, desk, pointer
from tests.pictures import lion, write

ALT = Modifier.ALT
SOURCE = (300.0, 80.0)
STROKE = ((80.0, 150.0), (140.0, 170.0))


def shaded(dtype: Any = np.uint8) -> np.ndarray:
    """(256, 384, 3): brightness that falls from left to right, with the finest of textures over it."""
    ys, xs = np.mgrid[:256, :384]
    level = 200 - xs * (120 / 384) + 4 * ((xs + ys) % 2)
    pixels = np.stack([level, level * 0.8, level * 0.6], axis=2)
    if dtype == np.uint16:
        return (pixels * 257).round().astype(np.uint16)
    return pixels.round().astype(np.uint8) if dtype == np.uint8 else (pixels / 255).astype(np.float32)


def healing(desk: Desk, photo: Photo | np.ndarray, *, size: float = 40, tool: str = "heal") -> Desk:
    """The heal brush is in hand, and copies from SOURCE."""
    desk.editor.open_photo(photo if isinstance(photo, Photo) else Photo(photo.copy()))
    desk.settle()
    desk.editor.use(tool)
    desk.editor.set_option("size", size)
    desk.click(*SOURCE, modifiers=ALT)
    return desk


@contextmanager
def worker_held(desk: Desk) -> Iterator[None]:
    """Another job keeps the worker."""
    go = threading.Event()
    desk.editor.work.run("Wait", lambda _progress: go.wait(60), lambda _result: None, bound=False)
    try:
        yield
    finally:
        go.set()


@pytest.fixture
def solver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Solver]:
    """What solves the seam, to be held and let go."""
    made = Solver()
    monkeypatch.setattr(seam, "shifted", made.shifted)
    yield made
    made.go.set()


class Solver:
    """`go` lets it return, `called` says that it has begun."""

    def __init__(self) -> None:
        self.go, self.called = threading.Event(), threading.Event()
        self.go.set()
        self._shifted = seam.shifted

    def shifted(self, *args: Any) -> Any:
        self.called.set()
        self.go.wait(60)
        return self._shifted(*args)


def seen(desk: Desk) -> np.ndarray:
    """The picture with what lies over it, as the canvas shows it."""
    photo = desk.photo.copy()
    for piece in desk.editor.laid:
        part, now = photo[piece.region.slices], desk.photo[piece.region.slices]
        shown = (piece.pixels != piece.over).any(axis=2) & (now == piece.over).all(axis=2)
        part[shown] = piece.pixels[shown]
    return photo


def stroke(desk: Desk, *points: tuple[float, float]) -> np.ndarray:
    """Paint, wait for the end; the picture then."""
    desk.drag(*(points or STROKE))
    desk.settle()
    return desk.photo.copy()


def steps_at_border(photo: np.ndarray, changed: np.ndarray) -> float:
    """The largest step over the border of what has changed, less the texture: means of 2 x 2 are compared."""
    smooth = cv2.blur(photo.astype(np.float32), (2, 2))
    most = 0.0
    for axis in (0, 1):
        border = np.diff(changed.astype(np.int8), axis=axis) != 0
        most = max(most, float(np.abs(np.diff(smooth, axis=axis))[border].max()))
    return most


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_no_seam_is_left_where_a_plain_copy_has_one(empty: Desk, dtype: Any):
    photo = shaded(dtype)
    level = {np.uint8: 1.0, np.uint16: 257.0, np.float32: 1 / 255}[dtype]
    plain = stroke(healing(empty, photo, tool="clone"))
    changed = (plain != photo).any(axis=2)
    assert steps_at_border(plain, changed) > 20 * level
    healed = stroke(healing(empty, photo))
    assert healed.dtype == dtype
    assert steps_at_border(healed, changed) < 4 * level
    assert np.array_equal(healed[~changed], photo[~changed])
    inside = cv2.erode(changed.astype(np.uint8), np.ones((9, 9))) > 0
    assert np.abs(healed.astype(float) - photo)[inside].max() < 2.5 * level  # the slope is the same everywhere


def test_the_texture_is_that_of_the_source(empty: Desk):
    flat = np.full((256, 384, 3), 90, np.uint8)
    flat[:, 200:] = 150
    flat[::4, 200:] = 170
    healed = stroke(healing(empty, flat))
    rows = healed[140:180, 100].astype(int)[:, 0]
    assert np.ptp(rows) >= 15
    assert abs(rows.mean() - 90) < 12


def test_a_stroke_is_one_edit_that_is_undone_and_done_again(empty: Desk):
    healing(empty, lion())
    before = empty.photo.copy()
    after = stroke(empty)
    assert empty.labels == ["Heal"]
    assert not np.array_equal(after, before)
    assert not empty.mask.any()
    empty.editor.undo()
    assert np.array_equal(empty.photo, before)
    empty.editor.redo()
    assert np.array_equal(empty.photo, after)


def test_nothing_changes_outside_the_nib_and_a_soft_nib_mixes(empty: Desk):
    healing(empty, lion(), size=80)
    before = empty.photo.copy()
    hard = stroke(empty, (120, 150))
    ys, xs = np.mgrid[: before.shape[0], : before.shape[1]] + 0.5
    distance = np.hypot(xs - 120, ys - 150)
    assert np.array_equal(hard[distance > 41], before[distance > 41])
    empty.editor.undo()
    empty.editor.set_option("hardness", 0)
    soft = stroke(empty, (120, 150))
    middle, rim = distance < 4, (distance > 25) & (distance < 35)
    assert np.abs(soft.astype(int) - hard)[middle].max() < 8
    assert np.abs(soft.astype(int) - before)[rim].mean() < 0.7 * np.abs(hard.astype(int) - before)[rim].mean()


def test_while_it_is_painted_it_shows_the_plain_copy_and_until_it_is_solved_it_goes_on_showing_it(empty: Desk):
    healing(empty, lion())
    before = empty.photo.copy()
    with worker_held(empty):
        empty.drag(*STROKE, release=False)
        painted = empty.photo.copy()
        assert np.array_equal(painted[145:155, 75:85], before[75:85, 295:305])
        empty.editor.release(pointer(*STROKE[-1]))
        assert np.array_equal(empty.photo, before)
        assert np.array_equal(seen(empty), painted)
        assert empty.labels == []
        assert empty.editor.unsaved
    empty.settle()
    assert empty.labels == ["Heal"]
    assert empty.editor.laid == ()


@pytest.mark.parametrize("how", ["esc", "undo", "escape the stroke", "fail"])
def test_a_stroke_that_comes_to_nothing_leaves_the_picture_as_it_was(
    empty: Desk, how: str, monkeypatch: pytest.MonkeyPatch
):
    def fails(*_args: Any) -> None:
        raise MemoryError

    healing(empty, lion())
    before = empty.photo.copy()
    if how == "fail":
        monkeypatch.setattr(seam, "shifted", fails)
        stroke(empty)
        assert "memory" in empty.messages[-1].sentence
    elif how == "escape the stroke":
        empty.drag(*STROKE, release=False)
        empty.editor.escape()
    else:
        with worker_held(empty):
            empty.drag(*STROKE)
            assert empty.editor.can_undo
            if how == "esc":
                empty.editor.escape()  # what holds the worker
                empty.editor.escape()
            else:
                empty.editor.undo()
            assert empty.editor.laid == ()
    empty.settle()
    assert np.array_equal(empty.photo, before)
    assert empty.labels == []
    assert empty.editor.laid == ()
    stroke(empty)
    assert empty.labels == (["Heal"] if how != "fail" else [])


def test_of_two_quick_strokes_the_second_copies_what_the_first_has_healed(empty: Desk):
    first, second = ((80.0, 150.0), (80.0, 150.0)), ((200.0, 200.0), (200.0, 200.0))
    results = []
    for quick in (False, True):
        healing(empty, lion())
        empty.drag(*first)
        if not quick:
            empty.settle()
        empty.click(80, 150, modifiers=ALT)
        empty.drag(*second)
        empty.settle()
        assert empty.labels == ["Heal", "Heal"]
        results.append(empty.photo.copy())
    assert np.array_equal(*results)
    empty.editor.undo()
    empty.editor.undo()
    assert np.array_equal(empty.photo, lion())


def test_of_overlapping_strokes_the_later_is_shown_on_top_until_both_are_solved(empty: Desk):
    healing(empty, lion())
    first = stroke(empty)
    healing(empty, lion())
    pictures = []
    empty.editor.state_changed.add(lambda: pictures.append((len(empty.editor.jobs), seen(empty))))
    with worker_held(empty):
        empty.drag(*STROKE)
        empty.click(250, 60, modifiers=ALT)
        empty.drag((100, 150), (120, 150))
        copy = seen(empty)[150, 110]
    empty.settle()
    last = [picture for jobs, picture in pictures if jobs == 1][-1]  # the first is in, the second is not
    assert np.array_equal(last[150, 110], copy)
    assert np.array_equal(last[170, 155], first[170, 155])
    assert not np.array_equal(first[170, 155], lion()[170, 155])
    assert empty.labels == ["Heal", "Heal"]


def test_a_result_waits_for_the_end_of_a_stroke_that_began_meanwhile(empty: Desk, solver: Solver):
    healing(empty, lion())
    solver.go.clear()
    empty.drag(*STROKE)
    empty.run_until(solver.called.is_set)
    empty.drag((200, 200), (220, 200), release=False)
    solver.go.set()
    empty.run_until(lambda: empty.editor.jobs[0].state is State.DONE)
    assert empty.labels == []
    assert empty.editor.laid
    empty.editor.escape()
    assert not empty.editor.laid
    assert empty.labels == ["Heal"]


def test_what_was_painted_over_it_meanwhile_stays_on_top(empty: Desk, solver: Solver):
    expected = stroke(healing(empty, lion()))
    healing(empty, lion())
    solver.called.clear()
    solver.go.clear()
    empty.drag(*STROKE)
    empty.run_until(solver.called.is_set)
    newer = Region(160, 100, 170, 110)
    with empty.document.edit("Newer") as edit, edit.write(empty.document.photo, newer) as pixels:
        pixels[...] = 7
    solver.go.set()
    empty.settle()
    assert empty.labels == ["Newer", "Heal"]
    expected[newer.slices] = 7
    assert np.array_equal(empty.photo, expected)


@pytest.mark.parametrize("when", ["before its turn", "while it is solved", "as it is put in"])
@pytest.mark.parametrize("tool", ["restore", "clone"])
def test_a_stroke_that_paints_the_photo_stays_on_top_of_one_that_is_not_solved_yet(
    empty: Desk, tool: str, when: str, solver: Solver
):
    healed = stroke(healing(empty, lion()))
    healing(empty, lion())
    empty.editor.use(tool)  # loads the original, if that is what it paints
    empty.editor.set_option("size", 30)
    empty.settle()
    if tool == "clone":
        empty.click(*SOURCE, modifiers=ALT)
    empty.editor.use("heal")
    before = empty.photo.copy()
    solver.called.clear()
    solver.go.clear()
    with worker_held(empty):
        empty.drag(*STROKE)
        if when == "before its turn":
            empty.editor.use(tool)
            empty.drag((110, 160))
            assert np.array_equal(seen(empty)[155:165, 105:115], empty.photo[155:165, 105:115])
    empty.run_until(solver.called.is_set)
    if when != "before its turn":
        empty.editor.use(tool)
        empty.drag((110, 160), release=False)
        if when == "as it is put in":
            solver.go.set()
            empty.run_until(lambda: empty.editor.jobs[0].state is State.DONE)
        empty.editor.release(pointer(110, 160))
    solver.go.set()
    empty.settle()
    inside, outside = (slice(150, 170), slice(100, 120)), (slice(140, 160), slice(66, 86))
    expected = before[inside] if tool == "restore" else before[70:90, 290:310]
    assert np.array_equal(empty.photo[inside], expected)
    assert not np.array_equal(healed[inside], expected)
    assert (empty.photo[outside] != before[outside]).any()
    assert empty.labels.count("Heal") == 1


@pytest.mark.parametrize("when", ["before its turn", "while it is solved"])
def test_a_stroke_is_dropped_and_said_if_the_picture_is_cropped_meanwhile(empty: Desk, when: str, solver: Solver):
    healing(empty, lion())
    if when == "before its turn":
        with worker_held(empty):
            empty.drag(*STROKE)
            empty.document.crop(Region(20, 20, 300, 400), "Crop")
            assert empty.editor.laid == ()
    else:
        solver.go.clear()
        empty.drag(*STROKE)
        empty.run_until(solver.called.is_set)
        empty.document.crop(Region(20, 20, 300, 400), "Crop")
        solver.go.set()
    empty.settle()
    assert empty.labels == ["Crop"]
    assert np.array_equal(empty.photo, lion()[20:300, 20:400])
    assert sum("was cropped" in m.sentence for m in empty.messages) == 1


def test_a_save_takes_the_strokes_along_that_are_not_solved_yet(empty: Desk, tmp_path: Path):
    healing(empty, lion())
    saved: list[bool] = []
    with worker_held(empty):
        empty.drag(*STROKE)
        empty.editor.save(tmp_path / "saved.png", saved.append)
    empty.settle()
    assert saved == [True]
    assert not empty.editor.unsaved
    assert np.array_equal(cv2.imread(str(tmp_path / "saved.png"))[..., ::-1], empty.photo)


def test_going_back_in_the_history_takes_unsolved_strokes_back(empty: Desk):
    healing(empty, lion())
    stroke(empty)
    with worker_held(empty):
        empty.drag((200, 200), (220, 200))
        empty.editor.go_to(0)
    empty.settle()
    assert np.array_equal(empty.photo, lion())
    assert empty.document.history.can_redo


@pytest.mark.parametrize("place", [(0, 0), (383, 255), (-8, 100), (200, 262)])
def test_strokes_over_the_border_of_the_picture_heal_what_lies_in_it(empty: Desk, place: tuple[int, int]):
    photo = shaded()
    healing(empty, photo)
    empty.click(190, 120, modifiers=ALT)
    healed = stroke(empty, place)
    assert np.abs(healed.astype(int) - photo).max() <= 8  # the same slope everywhere
    assert empty.editor.laid == ()


def test_where_the_source_lies_outside_nothing_is_copied(empty: Desk):
    photo = shaded()
    photo[:, :30] = np.maximum(photo[:, :30], 100)
    healing(empty, photo)
    empty.click(5, 100, modifiers=ALT)
    healed = stroke(empty, (200, 100), (180, 100))
    changed = (healed != photo).any(axis=2)
    assert not changed[:, :195].any()
    assert changed[:, 195:].any()
    assert steps_at_border(healed, changed) < 8
    empty.editor.undo()
    empty.click(-500, 100, modifiers=ALT)
    assert np.array_equal(stroke(empty, (200, 100), (180, 100)), photo)
    assert not empty.document.history.can_undo


def test_a_nib_larger_than_the_picture_changes_all_whose_source_lies_inside(empty: Desk):
    photo = lion()[:40, :60].copy()
    healing(empty, photo, size=500)
    empty.click(30, 20, modifiers=ALT)
    assert np.array_equal(stroke(empty, (30, 20)), photo)  # of itself
    empty.click(40, 20, modifiers=ALT)
    healed = stroke(empty, (30, 20))
    assert np.array_equal(healed[:, 50:], photo[:, 50:])  # their source lies outside
    assert not np.array_equal(healed[:, :50], photo[:, :50])


@pytest.mark.parametrize("value", [0, 255, 60])
def test_from_a_flat_place_what_is_painted_becomes_as_smooth_as_a_membrane(empty: Desk, value: int):
    photo = shaded()
    photo[60:120, 270:330] = value
    healed = stroke(healing(empty, photo, size=20), (100, 150), (110, 150))
    assert np.abs(healed.astype(int) - photo).max() < 12
    assert np.abs(np.diff(healed[143:157, 95:115].astype(int), axis=1)).max() <= 3  # photo: steps of 4


def test_grey_stays_grey_and_transparency_stays(empty: Desk):
    grey = np.repeat(lion()[..., :1], 3, axis=2)
    alpha = np.full(grey.shape[:2], 200, np.uint8)
    healed = stroke(healing(empty, Photo(grey, alpha.copy(), grey=True)))
    assert empty.labels == ["Heal"]
    assert np.array_equal(healed[..., 0], healed[..., 1])
    assert np.array_equal(healed[..., 0], healed[..., 2])
    assert np.array_equal(empty.document.alpha.pixels, alpha)


def test_undefined_values_beside_a_stroke_say_nothing(empty: Desk):
    photo = shaded(np.float32)
    photo[100:200, 158:170] = np.nan
    healed = stroke(healing(empty, photo))
    known = np.isfinite(photo)
    assert np.isfinite(healed[known]).all()
    assert np.abs(healed - photo)[known].max() < 0.05


def test_settings_of_the_brush_are_its_own(empty: Desk, tmp_path: Path):
    empty.open(write(tmp_path / "photo.png", lion()))
    empty.editor.use("clone")
    empty.editor.set_option("size", 33)
    empty.editor.use("heal")
    empty.editor.set_option("size", 44)
    empty.editor.set_option("aligned", False)
    assert (empty.editor.options.size, empty.editor.options.aligned) == (44, False)
    empty.editor.use("clone")
    assert (empty.editor.options.size, empty.editor.options.aligned) == (33, True)


def test_a_crop_waits_for_the_strokes_that_are_not_solved_yet(empty: Desk):
    expected = stroke(healing(empty, lion()))
    healing(empty, lion())
    empty.editor.use("rectangle")
    empty.drag((20, 20), (400, 300))
    empty.editor.use("heal")
    with worker_held(empty):
        empty.drag(*STROKE)
        empty.editor.crop_to_mask()
    empty.settle()
    assert empty.labels == ["Rectangle", "Heal", "Crop to mask"]
    assert np.array_equal(empty.photo, expected[20:300, 20:400])


@pytest.mark.parametrize("how", ["paste", "restore"])
def test_a_stroke_made_while_another_picture_is_opened_stays_behind_with_its_session(empty: Desk, how: str):
    if how == "restore":
        with desk() as ended:
            stroke(healing(ended, shaded()))
    left: list[None] = []
    empty.editor.session_left.add(lambda: left.append(None))
    healing(empty, lion())
    with worker_held(empty):
        if how == "restore":
            empty.editor.restore(empty.editor.restorable()[0])
        else:
            empty.editor.open_photo(Photo(shaded()))
        empty.drag(*STROKE)
    empty.settle()
    assert empty.document.shape == shaded().shape[:2]
    assert left
    empty.editor.restore(empty.editor.restorable()[0])
    empty.settle()
    assert empty.document.shape == lion().shape[:2]
    assert empty.labels == ["Heal"]
