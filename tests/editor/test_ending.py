"""The end of the program: nothing unsaved goes unasked, nothing that is being written is cut off."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from lacuna.editor.ending import Verdict
from lacuna.imaging import files
from tests.editor.scripted import Script
from tests.editor.support import Desk, desk, picture


def fill_box(opened: Desk) -> None:
    opened.editor.use("rectangle")
    opened.drag((100, 100), (160, 140))
    opened.editor.fill()
    opened.settle()


def test_a_mask_alone_or_no_picture_at_all_lets_the_program_end(empty: Desk, tmp_path: Path):
    assert empty.editor.ending.verdict() is Verdict.GO
    empty.open(picture(tmp_path / "photo.png"))
    empty.drag((50, 50), (90, 80))
    assert empty.editor.ending.verdict() is Verdict.GO


def test_unsaved_work_is_asked_about_until_it_is_agreed_and_comes_back_at_the_next_start(tmp_path: Path):
    with desk() as first:
        first.open(picture(tmp_path / "photo.png"))
        fill_box(first)
        assert first.editor.ending.verdict() is Verdict.ASK
        first.editor.ending.agree()
        first.run_until(lambda: first.editor.ending.verdict() is Verdict.GO)
    with desk() as second:
        assert len(second.editor.restorable()) == 1


def test_work_that_was_given_up_is_forgotten_but_not_what_came_after_that(opened: Desk):
    fill_box(opened)
    opened.editor.ending.give_up()
    opened.editor.undo()
    opened.run_until(lambda: opened.editor.ending.verdict() is Verdict.GO)
    assert opened.editor.document is not None
    opened.editor.redo()
    opened.editor.ending.give_up()
    assert opened.editor.ending.verdict() is Verdict.GO
    assert opened.editor.document is None
    opened.settle()
    assert opened.editor.restorable() == []


def test_a_save_is_waited_for_and_a_fill_is_not(opened: Desk, tmp_path: Path, script: Script):
    ready: list[bool] = []
    opened.editor.ending.ready.add(lambda: ready.append((tmp_path / "out.png").exists()))
    fill_box(opened)
    photo = opened.photo.copy()
    go = threading.Event()
    opened.editor.work.run("Wait", lambda _progress: go.wait(20), lambda _result: None, bound=False)
    opened.editor.save(tmp_path / "out.png")
    opened.editor.ending.agree()
    assert opened.editor.ending.verdict() is Verdict.WAIT
    go.set()
    opened.settle()
    assert ready[-1]
    assert opened.editor.ending.verdict() is Verdict.GO
    assert np.array_equal(files.read(tmp_path / "out.png").pixels, photo)
    opened.editor.use_backend("scripted")
    script.go.clear()
    opened.drag((50, 50), (90, 80))
    opened.editor.fill()
    opened.run_until(lambda: script.calls == 1)
    assert opened.editor.ending.verdict() is Verdict.GO
    assert not opened.editor.filling.running
