"""Batches: which files, what results are called, anchored masks, what an earlier run left, and what each file costs."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lacuna.backends.opencv import RadiusParams
from lacuna.contract.fill import FillOptions, FillStep
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine.batch.anchoring import anchored
from lacuna.engine.batch.inputs import Input, gathered
from lacuna.engine.batch.ledger import NAME, Ledger
from lacuna.engine.batch.names import named, with_format
from lacuna.engine.batch.processes import Processes
from lacuna.engine.batch.replay import Replay
from lacuna.engine.batch.run import BatchOrder, Outcome, State, run
from lacuna.engine.batch.treatment import Agreed, Treatment
from lacuna.engine.batch.workers import Here, Workers
from lacuna.engine.photos import FillSettings
from lacuna.engine.recipes import Recipe
from lacuna.errors import SizeMismatch, UnsuitableMask
from lacuna.imaging import files
from lacuna.imaging.lossless import encoded
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.region import Region
from tests.engine.batches import BOX, SIDES, Dangerous, folder_of, mask_of, part, treatment
from tests.pictures import write


def done(
    source: Path, results: Path, what: Treatment, workers: Workers | None = None, **how: object
) -> dict[str, Outcome]:
    """What came of each file of a folder, by its name."""
    found = gathered([str(source)], recursive=True, results=results, spared=Ledger(results).written)
    batch = BatchOrder(found.inputs, results, what, **how)  # type: ignore[arg-type]
    return {outcome.input.path.name: outcome for outcome in run(batch, workers or Here(what), Progress())}


def states(outcomes: dict[str, Outcome]) -> dict[str, str]:
    return {name: outcome.state.value for name, outcome in outcomes.items()}


# --- which files ------------------------------------------------------------------------------------------------------
def test_folders_files_and_patterns_give_each_picture_once_in_the_order_of_naming(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", 10)
    folder_of(tmp_path / "a" / "in", 1)
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    words = [str(tmp_path / "a" / "3.png"), str(tmp_path / "a"), str(tmp_path / "a" / "1*.png")]
    names = [found.path.name for found in gathered(words).inputs]
    assert names == ["3.png", "1.png", "2.png", *(f"{n}.png" for n in range(4, 11))]


def test_recursion_keeps_folders_apart_and_leaves_out_results_and_links_that_lead_round(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", 1)
    folder_of(tmp_path / "a" / "in", 1)
    folder_of(tmp_path / "a" / "done", 2)
    (tmp_path / "a" / "in" / "round").symlink_to(tmp_path / "a")
    found = gathered([str(tmp_path / "a")], recursive=True, results=tmp_path / "a" / "done")
    assert [found.place for found in found.inputs] == [Path("1.png"), Path("in/1.png")]
    several = gathered([str(tmp_path / "a" / "in"), str(tmp_path / "a" / "done")], recursive=True)
    assert [found.place for found in several.inputs] == [Path("in/1.png"), Path("done/1.png"), Path("done/2.png")]


def test_a_search_through_folders_without_pictures_can_be_stopped(tmp_path: Path) -> None:
    (tmp_path / "a" / "b" / "c").mkdir(parents=True)
    told: list[int] = []

    def heard(count: int) -> None:
        told.append(count)
        if len(told) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        gathered([str(tmp_path)], recursive=True, heard=heard)
    assert told == [0, 0, 0]


def test_an_input_stays_the_file_that_it_was_when_it_was_named(tmp_path: Path) -> None:
    folder_of(tmp_path, 2)
    link = tmp_path / "link.png"
    link.symlink_to(tmp_path / "1.png")
    [found] = gathered([str(link)]).inputs
    link.unlink()
    link.symlink_to(tmp_path / "2.png")
    assert found.original == os.path.realpath(tmp_path / "1.png")


def test_what_names_nothing_is_told_and_keeps_nothing_else(tmp_path: Path) -> None:
    folder_of(tmp_path / "a", 1)
    too_long = 400 * "n" + ".png"  # which a system does not even look for
    named = [str(tmp_path / name) for name in ("*.gif", "a", "none.png", too_long)]
    found = gathered(named)
    assert [what for what, _why in found.problems] == [str(tmp_path / "*.gif")]
    assert [found.path.name for found in found.inputs] == ["1.png", "none.png", too_long]


# --- names ------------------------------------------------------------------------------------------------------------
def inputs(*paths: str) -> list[Input]:
    return [Input(Path("/from") / path, Path(path).relative_to(Path(path).parts[0])) for path in paths]


def test_no_two_results_have_one_name_even_where_case_does_not_count(tmp_path: Path) -> None:
    names = named(inputs("a/x.jpg", "b/x.jpg", "c/X.JPG", "a/x.png", "a/in/x.jpg"), tmp_path, before={})
    relative = [path.relative_to(os.path.realpath(tmp_path)).as_posix() for path in names.values()]
    assert relative == ["x.jpg", "x_lacuna.jpg", "X_lacuna-2.JPG", "x.png", "in/x.jpg"]


def test_results_in_another_format_than_their_originals_share_no_name_either(tmp_path: Path) -> None:
    for order in (("a/x.gif", "a/x.gif.png"), ("a/x.gif.png", "a/x.gif")):
        names = named(inputs(*order), tmp_path, before={}).values()
        assert len({with_format(path, "PNG") for path in names}) == 2


def test_an_accent_in_one_letter_or_in_two_is_one_name(tmp_path: Path) -> None:
    names = named(inputs("a/\u00e9.png", "b/e\u0301.png"), tmp_path, before={}).values()
    assert [path.stem.endswith("_lacuna") for path in names] == [False, True]


def test_names_stay_what_an_earlier_run_made_them(tmp_path: Path) -> None:
    first, second = inputs("a/x.jpg", "b/x.jpg")
    before = {second.original: tmp_path / "x.jpg"}
    names = named([first, second], tmp_path, before=before)
    assert [path.name for path in names.values()] == ["x_lacuna.jpg", "x.jpg"]


def test_a_result_in_another_format_has_a_further_ending() -> None:
    assert with_format(Path("a.jpeg"), "JPEG") == Path("a.jpeg")
    assert with_format(Path("a.gif"), "PNG") == Path("a.gif.png")


# --- anchors ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("anchor", "rows", "columns"),
    [
        (MaskFit.TOP_LEFT, (50, 60), (60, 74)),
        (MaskFit.TOP_RIGHT, (50, 60), (80, 94)),
        (MaskFit.BOTTOM_LEFT, (86, 96), (60, 74)),
        (MaskFit.BOTTOM_RIGHT, (86, 96), (80, 94)),
        (MaskFit.CENTRE, (68, 78), (70, 84)),
    ],
)
def test_a_mask_keeps_its_distance_to_what_it_is_anchored_to(
    anchor: MaskFit, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    expected = np.zeros((100, 100), np.uint8)
    expected[slice(*rows), slice(*columns)] = 255
    assert np.array_equal(anchored(BOX, anchor, (100, 100), "mask", "photo"), expected)


def test_what_lies_outside_a_smaller_picture_is_cut_off_and_nothing_left_is_refused() -> None:
    assert anchored(BOX, MaskFit.TOP_LEFT, (55, 70), "mask", "photo")[50:, 60:].all()
    with pytest.raises(UnsuitableMask, match="40 × 30"):
        anchored(BOX, MaskFit.TOP_LEFT, (30, 40), "mask", "photo")


def test_in_per_cent_a_mask_is_stretched_and_a_thin_line_does_not_break() -> None:
    line = np.zeros((400, 300), np.uint8)
    line[10] = 255
    assert anchored(BOX, MaskFit.STRETCH, (128, 160), "mask", "photo")[102:118, 122:146].all()
    assert anchored(line, MaskFit.STRETCH, (40, 30), "mask", "photo").any(axis=0).all()


def test_without_an_anchor_both_sizes_are_named() -> None:
    with pytest.raises(SizeMismatch, match=r"mask is 80 × 64 pixels, photo is 100 × 90"):
        anchored(BOX, MaskFit.REFUSE, (90, 100), "mask", "photo")


# --- a run ------------------------------------------------------------------------------------------------------------
def test_outside_the_mask_nothing_changes_and_originals_stay(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", 2)
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    outcomes = done(source, tmp_path / "out", treatment(mask_of(tmp_path)))
    assert states(outcomes) == {"1.png": "done", "2.png": "done"}
    for number in range(2):
        after = files.read(tmp_path / "out" / f"{number + 1}.png").pixels
        assert np.array_equal(after[BOX == 0], part(number)[BOX == 0])
        assert not np.array_equal(after, part(number))
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_results_in_the_folder_of_the_pictures_are_beside_them_and_never_pictures_of_the_next_run(
    tmp_path: Path,
) -> None:
    source = folder_of(tmp_path / "in", 2)
    what = treatment(mask_of(tmp_path))
    assert states(done(source, source, what)) == {"1.png": "done", "2.png": "done"}
    assert states(done(source, source, what, resume=True)) == {"1.png": "skipped", "2.png": "skipped"}
    assert sorted(path.name for path in source.glob("*.png")) == ["1.png", "1_lacuna.png", "2.png", "2_lacuna.png"]


def test_what_is_done_again_is_what_changed(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 4), tmp_path / "out"
    what = treatment(mask_of(tmp_path))
    done(source, results, what)
    write(source / "2.png", part(9))  # another picture
    (results / "3.png").unlink()
    write(results / "4.png", part(4))  # worked on by the person
    outcomes = done(source, results, what, resume=True)
    assert states(outcomes) == {"1.png": "skipped", "2.png": "done", "3.png": "done", "4.png": "failed"}
    assert "was changed after it was written" in str(outcomes["4.png"].failure)
    assert np.array_equal(files.read(results / "4.png").pixels, part(4))
    (results / "4.png").unlink()
    other = treatment(mask_of(tmp_path), quality=3)
    assert set(states(done(source, results, other, resume=True)).values()) == {"done"}


def test_a_result_that_was_begun_is_made_again_and_a_line_that_was_cut_off_counts_as_none(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 2), tmp_path / "out"
    what = treatment(mask_of(tmp_path))
    done(source, results, what)
    ledger = results / NAME
    lines = ledger.read_bytes().splitlines(keepends=True)
    ledger.write_bytes(b"".join(lines[:3]) + lines[3][:40])  # as a kill between result and line leaves it
    (results / "2.png").write_bytes(b"half")
    assert states(done(source, results, what, resume=True)) == {"1.png": "skipped", "2.png": "done"}
    assert files.read(results / "2.png").width == 80
    assert set(states(done(source, results, what, resume=True)).values()) == {"skipped"}


def test_a_file_that_is_no_result_is_never_replaced(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 1), tmp_path / "out"
    results.mkdir()
    (results / "1.png").write_bytes(b"mine")
    outcomes = done(source, results, treatment(mask_of(tmp_path)), replace=True)
    assert outcomes["1.png"].result == results / "1_lacuna.png"
    assert (results / "1.png").read_bytes() == b"mine"


def test_a_ledger_that_leads_out_of_its_folder_is_not_believed(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 2), tmp_path / "out"
    what = treatment(mask_of(tmp_path))
    done(source, results, what)
    for name in ("1", "2"):
        (tmp_path / f"mine{name}.png").write_bytes(b"mine")
    ledger = results / NAME
    told = ledger.read_bytes().replace(b'"1.png"', b'"../mine1.png"')
    ledger.write_bytes(told.replace(b'"2.png"', json.dumps(str(tmp_path / "mine2.png")).encode()))
    outcomes = done(source, results, what, replace=True)
    assert {outcome.result for outcome in outcomes.values()} == {results / "1_lacuna.png", results / "2_lacuna.png"}
    assert {(tmp_path / f"mine{name}.png").read_bytes() for name in ("1", "2")} == {b"mine"}


def test_a_link_among_the_results_leads_to_no_original(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 1), tmp_path / "out"
    what = treatment(mask_of(tmp_path))
    done(source, results, what)
    before = (source / "1.png").read_bytes()
    (results / "1.png").unlink()
    (results / "1.png").symlink_to(source / "1.png")
    assert states(done(source, results, what, replace=True)) == {"1.png": "failed"}
    assert (source / "1.png").read_bytes() == before


def test_looking_writes_nothing_and_gives_outlines(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", 1)
    outcomes = done(source, tmp_path / "out", treatment(mask_of(tmp_path)), look=True, thumbnail=40)
    made = outcomes["1.png"].made
    assert made is not None
    assert made.thumbnail.startswith(b"\xff\xd8")
    (found,) = made.findings
    assert (found.region.y0, found.region.x0, found.region.y1, found.region.x1) == (50, 60, 60, 74)
    assert found.outline[0].min(axis=0).tolist() == [60, 50]
    assert not (tmp_path / "out").exists()


def test_of_the_fills_of_a_recipe_only_those_are_done_that_are_agreed_to(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 1), tmp_path / "out"
    boxes = Region(10, 12, 18, 20), Region(40, 50, 48, 58)
    mask = encoded(np.full((8, 8), 255, np.uint8))
    fills = tuple(FillStep("telea", {}, 0, FillOptions(), box, mask, SIDES) for box in boxes)
    what = Treatment(None, FillSettings("telea", RadiusParams()), Replay(Recipe(SIDES, fills)))
    [found] = gathered([str(source)]).inputs
    looked = done(source, results, what, look=True)["1.png"].made
    assert looked is not None
    assert [finding.region for finding in looked.findings] == list(boxes)
    done(source, results, what, agreed={found.original: Agreed(frozenset({1}), looked.seen)})
    changed = (files.read(results / "1.png").pixels != part(0)).any(axis=2)
    assert changed[boxes[1].slices].any()
    changed[boxes[1].slices] = False
    assert not changed.any()


def test_what_was_agreed_to_is_not_done_to_a_picture_or_by_a_mask_that_was_changed_since(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 2), tmp_path / "out"
    what = treatment(mask_of(tmp_path))
    agreed = {
        outcome.input.original: Agreed(frozenset({0}), outcome.made.seen)
        for outcome in done(source, results, what, look=True).values()
        if outcome.made is not None
    }
    write(source / "2.png", part(9))
    changed = done(source, results, what, agreed=agreed)
    assert states(changed) == {"1.png": "done", "2.png": "failed"}
    assert str(changed["2.png"].failure).endswith("was changed after you looked: nothing of it was filled. Look again.")
    assert not (results / "2.png").exists()
    other = treatment(replace(mask_of(tmp_path), invert=True))
    assert set(states(done(source, tmp_path / "other", other, agreed=agreed)).values()) == {"failed"}


def test_a_stopped_batch_leaves_what_is_finished(tmp_path: Path) -> None:
    source, results = folder_of(tmp_path / "in", 3), tmp_path / "out"
    what, progress = treatment(mask_of(tmp_path)), Progress()
    outcomes = run(BatchOrder(gathered([str(source)]).inputs, results, what), Here(what), progress)
    assert next(outcomes).state is State.DONE
    progress.cancel()
    with pytest.raises(Cancelled):
        next(outcomes)
    assert states(done(source, results, what, resume=True)) == {"1.png": "skipped", "2.png": "done", "3.png": "done"}


# --- several processes ------------------------------------------------------------------------------------------------
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_dies_costs_its_file_alone_and_one_that_dies_once_not_even_that(tmp_path: Path) -> None:
    source, out, witnesses = folder_of(tmp_path / "in", 2), tmp_path / "out", tmp_path / "died"
    witnesses.mkdir()
    for name in ("deadly.png", "fragile.png"):
        shutil.copy(source / "1.png", source / name)
    mask = mask_of(tmp_path)
    what = treatment(Dangerous(mask, witnesses))
    outcomes = done(source, out, what, Processes(what, 2))
    assert states(outcomes) == {"1.png": "done", "2.png": "done", "fragile.png": "done", "deadly.png": "failed"}
    assert "has ended twice" in str(outcomes["deadly.png"].failure)
    assert {path.name for path in witnesses.iterdir()} == {"deadly.png", "fragile.png"}
    assert multiprocessing.active_children() == []
    (source / "deadly.png").unlink()
    for name in done(source, tmp_path / "here", treatment(mask)):
        assert (out / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_not_many_files_wait_in_memory_for_their_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lacuna.engine.batch.processes.KEPT", 1)
    source, witnesses = folder_of(tmp_path / "in", 1), tmp_path / "died"
    witnesses.mkdir()
    for name in ("deadly.png", "next.png", "over.png"):
        shutil.copy(source / "1.png", source / name)
    what = treatment(Dangerous(mask_of(tmp_path), witnesses))
    batch = BatchOrder(gathered([str(source)]).inputs, tmp_path / "out", what)
    came = [each.input.path.stem for each in run(batch, Processes(what, 1), Progress())]
    assert came == ["1", "next", "deadly", "over"]
