"""Guides are read from pictures, drawings and files of our own, in the coordinates of the picture that they guide."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lacuna.contract.guides import Guide, GuideStroke
from lacuna.engine import guide_files
from lacuna.engine.recipes import Recipe, write_recipe
from lacuna.errors import CannotSave, LacunaError, SizeMismatch, UnreadableFile, UnsupportedFormat

SIZE = (90, 120)
STROKES = (
    GuideStroke(Guide.LINE, ((1.5, 2.25), (60.0, 80.0), (110.0, 3.0)), 3.0),
    GuideStroke(Guide.NEVER, ((10.0, 10.0), (30.0, 10.0), (30.0, 40.0)), 1.0, closed=True),
    GuideStroke(Guide.SOURCE, ((50.0, 50.0), (70.0, 50.0)), 12.0),
    GuideStroke(Guide.HINT, ((5.0, 80.0), (9.0, 80.0)), 2.0, (1.0, 0.0, 0.2)),
)


def test_all_kinds_come_back_from_our_own_file(tmp_path: Path) -> None:
    path = tmp_path / "guides.json"
    guide_files.write(path, STROKES, SIZE)
    assert guide_files.read(path, SIZE) == STROKES


def test_all_kinds_come_back_from_a_drawing(tmp_path: Path) -> None:
    path = tmp_path / "guides.svg"
    strokes = (*STROKES[:2], *STROKES[3:])
    guide_files.write(path, strokes, SIZE)
    found = guide_files.read(path, SIZE)
    assert [(s.kind, s.width, s.colour, s.closed) for s in found] == [
        (s.kind, s.width, s.colour, s.closed) for s in strokes
    ]
    for mine, theirs in zip(strokes, found, strict=True):
        assert np.array(theirs.points) == pytest.approx(np.array(mine.points), abs=1e-4)


def test_lines_come_back_from_a_picture_and_white_on_black_counts(tmp_path: Path) -> None:
    path = tmp_path / "lines.png"
    guide_files.write(path, STROKES, SIZE)
    (line,) = guide_files.read(path, SIZE)
    assert (line.kind, line.width) == (Guide.LINE, pytest.approx(3, abs=1.5))
    assert sorted((line.points[0], line.points[-1])) == [pytest.approx((2, 3), abs=2), pytest.approx((110, 3), abs=2)]


def test_a_drawing_of_another_scale_is_scaled_with_its_curves_and_groups(tmp_path: Path) -> None:
    path = tmp_path / "guides.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="240mm" height="180mm" viewBox="0 0 240 180">'
        '<g transform="translate(20 40)" stroke-width="4"><path d="M0,0 H80 C120,0 120,40 160,40"/></g>'
        '<g data-guide="never"><rect x="2" y="4" width="40" height="20"/></g></svg>'
    )
    line, area = guide_files.read(path, SIZE)
    assert (line.kind, line.closed, line.width) == (Guide.LINE, False, pytest.approx(2))
    assert (line.points[0], line.points[-1]) == (pytest.approx((10, 20)), pytest.approx((90, 40)))
    at_the_middle = min(abs(np.array(line.points) - (70, 30)).sum(1))
    assert at_the_middle < 3
    assert (area.kind, area.closed) == (Guide.NEVER, True)
    assert np.array(area.points).min(0) == pytest.approx((1, 2))


def test_another_size_and_other_proportions_are_refused(tmp_path: Path) -> None:
    for ending in (".json", ".svg", ".png"):
        path = tmp_path / f"guides{ending}"
        guide_files.write(path, STROKES, SIZE)
        with pytest.raises(SizeMismatch, match="120 × 90"):
            guide_files.read(path, (90, 150))


def test_what_is_no_guide_is_named(tmp_path: Path) -> None:
    for name, text in {
        "a.json": "[]",
        "b.json": '{"format": "lacuna guides", "size": [90, 120], "guides": [{"kind": "horse", "points": [[1, 2]]}]}',
        "c.json": '{"format": "lacuna guides", "size": [90, 120], "guides": [{"kind": "line", "points": [[NaN, 2]]}]}',
        "d.svg": "<svg",
        "e.svg": '<svg xmlns="http://www.w3.org/2000/svg" width="0" height="0"/>',
        "f.svg": "\x00\x01",
        "g.json": '{"format": "lacuna guides", "size": [90, 120], "guides": [{"kind": "line", "points": [[1e9, 2]]}]}',
        "h.json": '{"format": "lacuna guides", "size": [90, 120], "guides": [{"kind": "hint", "points": [[1, 2]], '
        '"colour": [NaN, 0, 9]}]}',
    }.items():
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(UnreadableFile, match=name.replace(".", r"\.")):
            guide_files.read(path, SIZE)
    with pytest.raises(UnreadableFile, match=r"none\.json"):
        guide_files.read(tmp_path / "none.json", SIZE)


def test_a_drawing_that_unfolds_entities_without_end_is_refused(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{i + 1} "{f"&l{i};" * 10}">' for i in range(9))
    path = tmp_path / "laughs.svg"
    path.write_text(f'<!DOCTYPE svg [<!ENTITY l0 "ha">{entities}]><svg width="120" height="90"><text>&l9;</text></svg>')
    with pytest.raises(UnreadableFile):
        guide_files.read(path, SIZE)


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_be_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    for ending in (".json", ".svg"):
        path = tmp_path_factory.mktemp("any") / f"x{ending}"
        path.write_bytes(data)
        try:
            guide_files.read(path, SIZE)
        except LacunaError:
            pass


def test_a_file_that_is_there_stays_and_other_endings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "guides.json"
    path.write_text(json.dumps(1))
    with pytest.raises(CannotSave):
        guide_files.write(path, STROKES, SIZE)
    with pytest.raises(UnsupportedFormat, match=r"\.doc"):
        guide_files.write(tmp_path / "guides.doc", STROKES, SIZE)
    assert path.read_text() == "1"
    cv2.imwrite(str(tmp_path / "plain.png"), np.zeros((*SIZE, 3), np.uint8))
    assert guide_files.read(tmp_path / "plain.png", SIZE) == ()


def test_shapes_that_use_each_other_without_end_are_refused(tmp_path: Path) -> None:
    levels = "".join(f'<g id="a{i + 1}"><use href="#a{i}"/><use href="#a{i}"/></g>' for i in range(18))
    path = tmp_path / "uses.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90">'
        f'<defs><line id="a0" x2="9" y2="9"/>{levels}</defs><use href="#a18"/></svg>'
    )
    with pytest.raises(UnreadableFile, match=r"uses\.svg"):
        guide_files.read(path, SIZE)


def test_a_curve_far_away_is_no_endless_work_and_a_single_point_is_a_dot(tmp_path: Path) -> None:
    path = tmp_path / "far.svg"
    curve = "M0 0 C 9e5 9e5 -9e5 9e5 100 50 C 9e5 9e5 -9e5 9e5 100 50"
    path.write_text(f'<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90"><path d="{curve}"/></svg>')
    with pytest.raises(UnreadableFile):
        guide_files.read(path, SIZE)
    dot = tmp_path / "dot.json"
    dot.write_text('{"format": "lacuna guides", "size": [90, 120], "guides": [{"kind": "line", "points": [[5, 6]]}]}')
    assert guide_files.read(dot, SIZE) == (GuideStroke(Guide.LINE, ((5, 6), (5, 6))),)


def test_a_drawing_without_lines_holds_no_guides(tmp_path: Path) -> None:
    path = tmp_path / "text.svg"
    path.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90"><text>sea</text></svg>')
    assert guide_files.read(path, SIZE) == ()


def test_a_word_that_names_no_kind_of_guide_is_said_with_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "areas.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="120" height="90">'
        '<g data-guide="soruce"><rect x="2" y="4" width="40" height="20"/></g></svg>'
    )
    with pytest.raises(UnreadableFile, match=r"areas\.svg.*line, .*source, never, hint, not “soruce”"):
        guide_files.read(path, SIZE)


def test_a_recipe_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "steps.json"
    write_recipe(Recipe(SIZE, ()), path)
    with pytest.raises(UnreadableFile, match=r"steps\.json is a recipe"):
        guide_files.read(path, SIZE)


def test_a_picture_of_areas_is_no_picture_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "white.png"
    cv2.imwrite(str(path), np.full((300, 300), 255, np.uint8))
    with pytest.raises(UnreadableFile, match=r"white\.png.*areas"):
        guide_files.read(path, (300, 300))
