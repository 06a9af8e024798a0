"""`lacuna render` and `lacuna fill --save-recipe`: what was done once, as a file again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lacuna.cli.main import main
from lacuna.contract.progress import Progress
from lacuna.engine.recipes import read_recipe, replayed
from lacuna.imaging import files
from tests.editor.support import desk
from tests.editor.test_projects import draw_line, fill_box, save, work
from tests.pictures import lion, write


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return write(tmp_path / "photo.png", lion()[:300, :400])


@pytest.fixture
def project(photo: Path, tmp_path: Path) -> tuple[Path, Any]:
    """A project, and the pixels that it leads to."""
    with desk() as made:
        made.open(photo)
        work(made)
        return save(made, tmp_path / "work.lacuna"), made.photo.copy()


def call(*words: object) -> int:
    return main(["render", *map(str, words)])[0]


def test_a_project_is_rendered_with_the_pixels_that_the_window_showed(
    project: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, pixels = project
    assert call(path, "-o", tmp_path / "out.png") == 0
    assert capsys.readouterr().out == f"{tmp_path / 'out.png'}\n"
    assert np.array_equal(files.read(tmp_path / "out.png").pixels, pixels)
    assert call(path) == 0
    assert np.array_equal(files.read(tmp_path / "photo_lacuna.png").pixels, pixels)


def test_nothing_is_run_for_it(project: tuple[Path, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna.engine.fill.fill", None)
    monkeypatch.setattr("lacuna.engine.registry.BUILT_IN", {})
    assert call(project[0], "-o", tmp_path / "out.png") == 0


def test_what_is_computed_again_is_the_same_and_that_is_told(
    project: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, pixels = project
    out = tmp_path / "new" / "out.png"
    assert call(path, "-o", out, "--recompute") == 0
    assert capsys.readouterr().out.endswith("0 pixels differ from those stored.\n")
    assert np.array_equal(files.read(out).pixels, pixels)


def test_a_fill_that_was_tried_again_is_computed_from_what_was_below_both(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk() as made:
        made.open(photo)
        fill_box(made)
        draw_line(made)
        made.editor.use_backend("ns")
        made.editor.try_again()
        made.settle()
        made.editor.accept()
        assert [step.instead for step in made.document.steps()] == [False, True]
        path = save(made, tmp_path / "tried.lacuna")
    assert call(path, "-o", tmp_path / "out.png", "--recompute") == 0
    assert capsys.readouterr().out.endswith("\n0 pixels differ from those stored.\n")


def test_pixels_that_differ_are_counted(
    project: tuple[Path, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from lacuna.backends.opencv import Telea

    fill = Telea.fill

    def otherwise(self: Telea, *words: Any) -> Any:
        filled = fill(self, *words)
        filled.image[...] = 255 - filled.image
        return filled

    monkeypatch.setattr(Telea, "fill", otherwise)
    path, pixels = project
    assert call(path, "-o", tmp_path / "out.png", "--recompute", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    differing = (files.read(tmp_path / "out.png").pixels != pixels).any(axis=2).sum()
    assert report["differing_pixels"] == differing > 1000
    counts = [each["differing_pixels"] for each in report["recomputed"]]
    assert len(counts) == 2
    assert 0 < counts[0] < counts[1] == differing
    assert report["changes"] == 4


def test_what_is_no_project_or_would_replace_a_file_is_refused(
    project: tuple[Path, Any], photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = project[0], tmp_path / "out.png"
    out.write_bytes(b"mine")
    assert call(path, "-o", out) == 1
    assert out.read_bytes() == b"mine"
    assert call(photo, "-o", tmp_path / "new.png") == 1
    assert "is no project" in capsys.readouterr().err
    path.write_bytes(path.read_bytes()[:-200])
    assert call(path, "-o", tmp_path / "new.png") == 1
    assert "its end is missing" in capsys.readouterr().err
    assert call(tmp_path / "none.lacuna", "-o", tmp_path / "new.png") == 1
    assert not (tmp_path / "new.png").exists()


def test_a_pasted_picture_is_rendered_beside_its_project(tmp_path: Path) -> None:
    from lacuna.imaging.photo import Photo

    with desk() as made:
        made.editor.open_photo(Photo(lion()[:200, :200].copy()))
        made.settle()
        fill_box(made)
        pixels = made.photo.copy()
        path = save(made, tmp_path / "pasted.lacuna")
    assert call(path) == 0
    (written,) = tmp_path.glob("*_lacuna.png")
    assert np.array_equal(files.read(written).pixels, pixels)


# --- recipes ----------------------------------------------------------------------------------------------------------
def test_a_fill_of_the_command_line_is_kept_as_a_recipe(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hole = np.zeros((300, 400), np.uint8)
    hole[100:130, 90:140] = 255
    mask, recipe, out = write(tmp_path / "mask.png", hole), tmp_path / "steps.json", tmp_path / "out.png"
    words = ["fill", photo, "-m", mask, "-b", "telea", "--set", "radius=7", "--grow", 3, "-o", out]
    assert main([*map(str, words), "--save-recipe", str(recipe)])[0] == 0
    after = replayed(read_recipe(recipe), files.read(photo), progress=Progress())
    assert np.array_equal(after.pixels, files.read(out).pixels)
    before = recipe.read_bytes()
    assert main([*map(str, words[:-1]), str(tmp_path / "two.png"), "--save-recipe", str(recipe)])[0] == 1
    assert "--overwrite" in capsys.readouterr().err
    assert not (tmp_path / "two.png").exists()
    assert recipe.read_bytes() == before


def test_there_is_no_recipe_of_one_pictures_transparency(
    photo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["fill", str(photo), "-m", "alpha", "--save-recipe", str(tmp_path / "steps.json")])[0] == 2
    assert "no mask for others" in capsys.readouterr().err
