"""Which files are cases, what a method is shown of them, and that a score is that of an ordinary fill."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lacuna
from lacuna.contract.fill import Context, FillWork, Needs, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.evaluation import Case, Failure, Guiding, Method, Score, cases_among, cases_in, cases_of, evaluate
from lacuna.errors import SizeMismatch, UnreadableFile, UnsuitableMask
from lacuna.imaging.edges import canny, grey_values
from lacuna.imaging.mask import bounds
from lacuna.metrics.measures import Truth
from tests.engine.backends import OneParam, Scripted, constant, installed
from tests.pictures import lion, write

PIXELS = lion()[100:180, 200:320]
HOLE = np.zeros((80, 120), np.uint8)
HOLE[30:50, 40:90] = 255


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures; one has two masks, the other one mask."""
    where = tmp_path / "photos"
    where.mkdir()
    for name in ("a", "b"):
        write(where / f"{name}.png", PIXELS)
        write(where / f"{name}-thin.png", HOLE)
    write(where / "a-blob.png", HOLE[::-1])
    return where


def method(name: str, **params: Any) -> Method:
    backend = registry.backend(name)
    return Method(name, name, backend.Params(**params), Runtime())


def names(cases: tuple[Case, ...]) -> list[tuple[str, str, str]]:
    return [(case.picture.name, case.mask.name, case.kind) for case in cases]


# --- cases ------------------------------------------------------------------------------------------------------------
def test_masks_lie_beside_their_pictures(folder: Path) -> None:
    first = [("a.png", "a-blob.png", "blob"), ("a.png", "a-thin.png", "thin")]
    assert names(cases_in(folder)) == [*first, ("b.png", "b-thin.png", "thin")]
    assert names(cases_of(folder / "a.png")) == first


def test_a_mask_belongs_to_the_longest_name_it_begins_with() -> None:
    files = [Path(name) for name in ("a.jpg", "a-b.jpg", "a-b-thin.png", "a-thin.png", "a-thin-2.png", "c-d.png")]
    assert names(cases_among(files)) == [
        ("a.jpg", "a-thin.png", "thin"),
        ("a.jpg", "a-thin-2.png", "thin-2"),
        ("a-b.jpg", "a-b-thin.png", "thin"),
    ]


def test_pictures_without_masks_are_refused_by_name(tmp_path: Path) -> None:
    picture = write(tmp_path / "alone.png", PIXELS)
    with pytest.raises(UnreadableFile, match="no mask beside a picture in"):
        cases_in(tmp_path)
    with pytest.raises(UnreadableFile, match="has no mask beside it"):
        cases_of(picture)


# --- scores -----------------------------------------------------------------------------------------------------------
def test_a_score_measures_what_the_library_fills(folder: Path) -> None:
    scores = list(evaluate(cases_in(folder), [method("telea"), method("ns", radius=5)], Progress()))
    assert [(s.case.picture.stem, s.case.kind, s.method.name) for s in scores] == [
        (picture, kind, backend)
        for picture, kind in (("a", "blob"), ("a", "thin"), ("b", "thin"))
        for backend in ("telea", "ns")
    ]
    score = scores[1]
    assert isinstance(score, Score)
    expected = lacuna.fill(PIXELS, HOLE[::-1], "ns", radius=5)
    assert np.array_equal(score.filled, expected)
    assert score.measures == Truth(np.asarray(PIXELS), HOLE[::-1] > 0).measure(expected)
    assert score.box == Truth(np.asarray(PIXELS), HOLE[::-1] > 0).measure_box(expected)
    assert score.seconds > 0


def test_a_method_runs_once_untimed_and_never_sees_the_truth(folder: Path) -> None:
    with installed(Scripted(constant(9))) as scripted:
        scores = list(evaluate(cases_in(folder), [method("scripted")], Progress()))
    assert len(scores) == 3
    assert len(scripted.works) == 4  # the first case twice
    for work in scripted.works:
        noise = work.image[work.hole]
        assert noise.std() > 50
        assert (noise[:, 0] == noise[:, 1]).all()
    assert all(isinstance(score, Score) and (score.filled[HOLE > 0] != PIXELS[HOLE > 0]).any() for score in scores)


def test_what_cannot_be_scored_is_told_and_the_rest_goes_on(folder: Path) -> None:
    write(folder / "a-blob.png", HOLE[:40])
    write(folder / "b-thin.png", HOLE * 0)
    outcomes = list(evaluate(cases_in(folder), [method("telea"), method("ns")], Progress()))
    assert [type(outcome) for outcome in outcomes] == [Failure, Score, Score, Failure, Failure]
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert [type(failure.error) for failure in failures] == [SizeMismatch, UnsuitableMask, UnsuitableMask]
    assert [failure.method and failure.method.name for failure in failures] == [None, "telea", "ns"]


def test_a_backend_that_fails_is_one_failure_among_scores(folder: Path) -> None:
    def fails(work: FillWork) -> Any:
        raise RuntimeError("not today")

    with installed(Scripted(fails)):
        methods = [Method("bad", "scripted", OneParam(), Runtime()), method("telea")]
        outcomes = list(evaluate(cases_of(folder / "b.png"), methods, Progress()))
    assert [type(outcome) for outcome in outcomes] == [Failure, Score]
    assert "not today" in str(outcomes[0].error)  # type: ignore[union-attr]


def test_a_cancel_ends_it_at_the_next_fill(folder: Path) -> None:
    progress = Progress()
    outcomes = evaluate(cases_in(folder), [method("telea")], progress)
    assert isinstance(next(outcomes), Score)
    progress.cancel()
    with pytest.raises(Cancelled):
        next(outcomes)


def test_progress_goes_up_to_the_end(folder: Path) -> None:
    told: list[tuple[float, str]] = []
    list(
        evaluate(
            cases_in(folder), [method("telea"), method("ns")], Progress(lambda at, stage: told.append((at, stage)))
        )
    )
    shares = [at for at, _stage in told]
    assert shares == sorted(shares)
    assert 0.8 < shares[-1] <= 1.0
    assert ("a.png · thin") in [stage for _at, stage in told]


def test_guided_methods_get_the_edges_of_the_truth_and_the_others_fill_as_ever(folder: Path) -> None:
    follows = Needs(context=Context(minimum=8, share=0.5), edges=True)
    cases, true_edges = cases_of(folder / "b.png"), canny(grey_values(PIXELS / 255))
    with installed(Scripted(constant(9), follows)) as scripted:
        methods = [method("scripted"), method("telea")]
        guided, deaf = evaluate(cases, methods, Progress(), Guiding.TRUTH)
        with_edges = list(scripted.works)
        plain, same = evaluate(cases, methods, Progress())
    assert isinstance(guided, Score)
    assert isinstance(deaf, Score)
    assert np.array_equal(guided.edges, true_edges)
    assert true_edges[HOLE > 0].any()
    crop = bounds(HOLE).pad(25).clip(HOLE.shape)
    assert all(np.array_equal(work.edges, true_edges[crop.slices]) for work in with_edges)
    assert all(work.edges is None for work in scripted.works[len(with_edges) :])
    assert isinstance(plain, Score)
    assert isinstance(same, Score)
    assert deaf.edges is plain.edges is None
    assert np.array_equal(deaf.filled, same.filled)
    assert deaf.notes == ()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_deep_pictures_are_measured_at_their_depth(tmp_path: Path, dtype: Any) -> None:
    deep = (PIXELS.astype(np.float32) * 257).astype(dtype) if dtype == np.uint16 else PIXELS.astype(np.float32) / 255
    write(tmp_path / "deep.tif", deep)
    write(tmp_path / "deep-thin.png", HOLE)
    (score,) = evaluate(cases_in(tmp_path), [method("telea")], Progress())
    assert isinstance(score, Score)
    assert score.filled.dtype == dtype
    white = 65535.0 if dtype == np.uint16 else 1.0
    assert score.measures == Truth(deep, HOLE > 0, white).measure(lacuna.fill(deep, HOLE, "telea"))
    assert 10 < score.measures.psnr < 25
