"""The edge stage by itself: the same crops and sizes as in a fill, which then paints along what was predicted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.contract.edges import PredictedEdges
from lacuna.contract.fill import FillOptions, FillWork, Runtime
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.model_config import Network
from lacuna.contract.progress import Progress
from lacuna.engine import edges as stage
from lacuna.engine import paces, registry
from lacuna.engine.fill import FillRequest, FillResult, fill
from lacuna.engine.photos import request_for
from lacuna.errors import UnknownBackend
from lacuna.imaging.photo import Hole, Mask, Photo
from lacuna.imaging.polylines import Polyline, drawn
from lacuna.imaging.structure import inside, pixel_by_pixel
from tests.backends.models import ScriptedPainter, scripted
from tests.backends.scenes import Scene, scenes

RUNTIME = Runtime()
SCENES = pytest.mark.parametrize("scene", scenes(), ids=lambda scene: scene.name)


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Backends keep what they have loaded from one test's home to the next."""
    registry.refresh()
    yield
    registry.refresh()


def installed(monkeypatch: pytest.MonkeyPatch, side: int) -> ScriptedPainter:
    """A model whose edges tell every place from its neighbours, in the hole and out."""
    painter = scripted(monkeypatch, Network.EDGE_CONNECT, lambda image, _hole: np.full_like(image, 0.5), side=side)
    plain = painter.edges

    def edges(image: Any, hole: Hole, guide: Any, progress: Progress, *, sigma: float = 2.0) -> Any:
        plain(image, hole, guide, progress, sigma=sigma)
        y, x = np.indices(hole.shape)
        return np.where(hole, (y * 7 + x * 13) % 16 / 17, (y * 5 + x * 3) % 8 / 9).astype(np.float32)

    monkeypatch.setattr(painter, "edges", edges)
    return painter


def asked(image: NDArray[Any], mask: Mask, **settings: Any) -> FillRequest:
    params: Any = registry.backend("edgeconnect").Params(detail="off", **settings)
    return request_for(Photo(image), mask, "edgeconnect", params, options=FillOptions(grow=1.0))


def noise(height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)


def square(shape: tuple[int, int], y: int, x: int, side: int) -> Mask:
    mask = np.zeros(shape, np.uint8)
    mask[y : y + side, x : x + side] = 255
    return mask


def predicted(request: FillRequest) -> tuple[PredictedEdges, ...]:
    return stage.predict(request, RUNTIME, Progress())


def run(request: FillRequest) -> FillResult:
    return fill(request, RUNTIME, Progress())


def test_a_fill_paints_along_the_edges_that_were_predicted_for_its_crop(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = installed(monkeypatch, 256)
    mask = square((200, 240), 60, 80, 40)
    request = asked(noise(200, 240), mask)
    (edges,) = predicted(request)
    assert not painter.seen
    assert edges.hole.sum() > (mask > 0).sum()  # grown, as the fill grows it
    before = len(painter.sigmas)
    run(replace(request, predicted=(edges,)))
    assert len(painter.sigmas) == before  # the second stage alone
    followed = painter.edges_seen[0]
    assert followed is not None
    assert np.array_equal(followed, edges.strength * np.float32(1 / 255))
    run(request)
    anew = painter.edges_seen[1]
    assert anew is not None
    assert np.array_equal(anew, followed)


@pytest.mark.parametrize(
    "mask",
    [square((300, 320), 60, 80, 160), square((300, 320), 100, 20, 8)],
    ids=["smaller", "own size"],
)
def test_at_every_working_size_the_second_stage_gets_just_what_the_first_gave(
    mask: Mask, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = installed(monkeypatch, 64)
    request = asked(noise(300, 320), mask)
    run(request)
    run(replace(request, predicted=predicted(request)))
    direct, taken_apart = painter.edges_seen
    assert direct is not None
    assert taken_apart is not None
    assert np.array_equal(direct, taken_apart)


def test_a_long_scratch_is_predicted_in_the_sections_in_which_it_is_filled(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = installed(monkeypatch, 64)
    mask = np.zeros((80, 600), np.uint8)
    mask[38:42, 20:580] = 255
    request = asked(noise(80, 600), mask)
    (edges,) = predicted(request)
    calls = len(painter.sigmas)
    assert calls > 2
    assert (edges.strength[edges.hole] > 0).mean() > 0.9  # of the pattern one in sixteen is none
    run(replace(request, predicted=(edges,)))
    assert len(painter.sigmas) == calls
    assert len(painter.edges_seen) == calls
    for (_image, hole), given in zip(painter.seen, painter.edges_seen, strict=True):
        assert given is not None
        assert (given[hole] > 0).mean() > 0.8


def test_edges_that_no_longer_fit_are_predicted_anew_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = installed(monkeypatch, 256)
    image, mask = noise(120, 140), square((120, 140), 40, 50, 30)
    edges = predicted(asked(image, mask))
    other = image.copy()
    other[20, 30] ^= 255
    wider = square((120, 140), 40, 50, 31)
    fits = asked(image, mask)
    before = len(painter.sigmas)
    for request, again in (
        (fits, False),
        (asked(other, mask), True),
        (asked(image, wider), True),
        (asked(image, mask, sigma=1.0), True),
    ):
        result = run(replace(request, predicted=edges))
        assert len(painter.sigmas) == before + again
        before = len(painter.sigmas)
        assert any("predicted anew" in note for note in result.notes) is again
    assert painter.sigmas[-1] == 1.0


def test_what_lies_below_the_mask_plays_no_part_in_whether_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = installed(monkeypatch, 256)
    image, mask = noise(120, 140), square((120, 140), 40, 50, 30)
    edges = predicted(asked(image, mask))
    other = image.copy()
    other[45:60, 55:70] = 0
    before = len(painter.sigmas)
    run(replace(asked(other, mask), predicted=edges))
    assert len(painter.sigmas) == before


def test_a_second_hole_has_edges_of_its_own_and_nothing_is_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = installed(monkeypatch, 64)
    image, first = noise(100, 400), square((100, 400), 40, 30, 20)
    edges = predicted(asked(image, first))
    before = len(painter.sigmas)
    result = run(replace(asked(image, first | square((100, 400), 40, 340, 20)), predicted=edges))
    assert len(painter.sigmas) == before + 1
    assert not result.notes


def test_a_method_that_completes_no_edges_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    request = replace(asked(noise(60, 60), square((60, 60), 20, 20, 8)), backend="membrane")
    params: Any = registry.backend("membrane").Params()
    with pytest.raises(UnknownBackend, match="completes no edges"):
        predicted(replace(request, params=params))


def test_the_speed_that_is_learned_knows_of_the_stage_that_was_saved() -> None:
    needs = registry.backend("edgeconnect").needs(registry.backend("edgeconnect").Params())
    work = FillWork(noise(64, 64), square((64, 64), 20, 20, 20) > 0, 255.0)
    led = replace(work, edges=np.zeros((64, 64), np.float32))
    assert paces.planned(led, needs) == pytest.approx((1 - needs.edges_share) * paces.planned(work, needs))
    assert needs.edges_share == 0.5


@SCENES
def test_a_drawn_line_is_in_the_edges_of_the_second_stage_and_one_rubbed_out_is_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = installed(monkeypatch, 256)
    request = asked(scene.truth, (scene.hole * 255).astype(np.uint8))
    edges = predicted(request)
    lines = tuple(replace(line, width=3.0) for line in scene.lines)
    rubbed = tuple(replace(line, kind=Guide.ERASE_EDGE, width=5.0) for line in lines)
    for strokes, share in ((lines, 1.0), (rubbed, 0.0), ((*rubbed, *lines), 1.0)):
        for made in ((), edges):  # in one go, and with the stages taken apart
            run(replace(request, predicted=made, guides=strokes))
            plane = painter.edges_seen[-1]
            assert plane is not None
            for line in scene.lines:
                assert (plane[_along(line, scene.hole)] == share).all()
    beside = scene.hole & ~(drawn([Polyline(line.points, 9.0) for line in scene.lines], scene.hole.shape) > 0)
    first = painter.edges_seen[0]
    assert first is not None
    for unchanged in (beside, ~cv2.dilate(edges[0].hole.view(np.uint8), np.ones((3, 3))).astype(bool)):
        assert np.array_equal(plane[unchanged], first[unchanged])


def _along(line: GuideStroke, hole: Hole) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pixels of the hole in the middle of a line."""
    path = pixel_by_pixel(line.polyline)
    columns, rows = np.floor(path[inside(path, hole)]).astype(np.int64).T
    assert rows.size > 20
    return rows, columns
