"""Learned methods in pictures of any size: nothing outside the mask changes; what goes wrong is said and survived."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

import lacuna
from lacuna.backends.edge_connect import EdgeConnect, EdgeConnectParams
from lacuna.backends.learned import LearnedParams
from lacuna.contract import models
from lacuna.contract.fill import FillOptions, FillWork, Runtime
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.model_config import Network
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import registry
from lacuna.engine.fill import FillRequest, FillResult, fill
from lacuna.engine.photos import request_for
from lacuna.errors import BackendFailed, DamagedModel, OutOfMemory, UnknownModel
from lacuna.imaging.photo import Hole, Mask, Photo
from lacuna.inference.painters import DeepFillPainter, EdgeConnectPainter, PenNetPainter
from tests.backends.completion import Impatient
from tests.backends.models import BACKENDS, by_torch, config, installed, scripted
from tests.pictures import lion

SIDE = 64  # of the models here: small, so that a small picture is large for them
RUNTIME = Runtime()


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Backends keep what they have loaded from one test's home to the next."""
    registry.refresh()
    yield
    registry.refresh()


def grey_fill(image: NDArray[Any], hole: Hole) -> NDArray[Any]:
    return np.full_like(image, 0.5)


def mean_fill(image: NDArray[Any], hole: Hole) -> NDArray[Any]:
    return np.broadcast_to(image[~hole].mean(axis=0), image.shape).astype(np.float32)


def square(height: int, width: int, y: int, x: int, side: int) -> Mask:
    mask = np.zeros((height, width), np.uint8)
    mask[y : y + side, x : x + side] = 255
    return mask


def photo(height: int, width: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(lion()[100:400, 100:500], (width, height), interpolation=cv2.INTER_CUBIC))


def run(image: NDArray[Any], mask: Mask, backend: str, progress: Progress | None = None, **params: Any) -> FillResult:
    return fill(asked(image, mask, backend, **params), RUNTIME, progress or Progress())


def asked(image: NDArray[Any], mask: Mask, backend: str, **params: Any) -> FillRequest:
    chosen: Any = registry.backend(backend).Params(**params)
    return replace(request_for(Photo(image), mask, backend, chosen, options=FillOptions()), recipe=True)


# --- the whole way ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("network", BACKENDS)
def test_a_network_that_adds_nothing_to_the_membrane_fills_as_the_membrane(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_torch(monkeypatch, "mine", config(network, width=0.25, start="membrane", side=128))
    image, mask = photo(150, 170), square(150, 170, 50, 70, 40)
    filled = lacuna.fill(image, mask, BACKENDS[network], detail="off", colours=False, device="cpu")
    smooth = lacuna.fill(image, mask, "membrane", lines=False)
    assert np.abs(filled.astype(int) - smooth).max() <= 1
    assert np.array_equal(filled[mask == 0], image[mask == 0])


@pytest.mark.parametrize("painter", [DeepFillPainter, EdgeConnectPainter, PenNetPainter])
def test_backends_ask_for_the_sizes_that_their_painters_want(painter: Any) -> None:
    backend = {DeepFillPainter: "deepfill", EdgeConnectPainter: "edgeconnect", PenNetPainter: "pennet"}[painter]
    size = registry.info(backend).needs.size
    assert (size.minimum, size.multiple) == (painter.size.minimum, painter.size.multiple)


# --- size -------------------------------------------------------------------------------------------------------------
def shapes() -> dict[str, Mask]:
    blob = np.zeros((480, 640), np.uint8)
    cv2.ellipse(blob, (320, 240), (150, 90), 30, 0, 360, 255, -1)
    scratch = np.zeros((480, 640), np.uint8)
    cv2.line(scratch, (5, 5), (630, 470), 255, 3)
    specks = np.zeros((480, 640), np.uint8)
    specks[::97, ::61] = 255
    corner = square(480, 640, 0, 540, 100)
    border = np.zeros((480, 640), np.uint8)
    border[:, :30] = 255
    return {"blob": blob, "scratch": scratch, "specks": specks, "corner": corner, "border": border}


@pytest.mark.parametrize("shape", shapes())
@pytest.mark.parametrize("network", [Network.DEEPFILL_V2, Network.PEN_NET])
def test_holes_of_any_shape_are_filled_at_a_comfortable_size_and_nothing_else_changes(
    network: Network, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = scripted(monkeypatch, network, mean_fill, side=SIDE)
    image, mask = photo(480, 640), shapes()[shape]
    image.flags.writeable = False
    filled = lacuna.fill(image, mask, BACKENDS[network], device="cpu")
    hole = mask > 0
    assert np.array_equal(filled[~hole], image[~hole])
    assert (filled[hole] != image[hole]).any(axis=1).mean() > 0.8
    for seen, _hole in painter.seen:
        assert all(side % painter.size.multiple == 0 and side >= painter.size.minimum for side in seen.shape[:2])
        assert max(seen.shape[:2]) <= 1.5 * SIDE + painter.size.multiple


@pytest.mark.parametrize("megapixels", [0.3, 24])
def test_a_large_photo_is_filled_from_a_crop_as_large_as_is_comfortable(
    megapixels: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=256)
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    image = np.full((height, width, 3), 90, np.uint8)
    mask = square(height, width, height // 2, width // 2, height // 8)
    result = run(image, mask, "deepfill", detail="off")
    assert result.untouched
    assert (result.pieces[0].pixels == 90).all()
    (seen,) = (seen for seen, _hole in painter.seen)
    assert 256 <= seen.shape[0] == seen.shape[1] <= 1.5 * 256


def test_a_small_hole_is_shown_with_as_much_around_it_as_is_comfortable(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=512)
    run(photo(600, 700), square(600, 700, 300, 330, 6), "deepfill")
    assert painter.seen[0][0].shape[:2] == (512, 512)


def test_a_hole_at_the_border_is_shown_with_more_on_the_other_side(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=256)
    run(photo(300, 600), square(300, 600, 280, 0, 20), "deepfill")
    ((seen, hole),) = painter.seen
    assert seen.shape[:2] == (256, 256)
    assert hole[-20:, :20].all()


def test_a_smaller_size_is_said_and_detail_is_copied_from_where_the_result_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=SIDE)
    noise = np.random.default_rng(0).normal(128, 30, (300, 300, 3))
    image, mask = np.clip(noise, 0, 255).astype(np.uint8), square(300, 300, 100, 100, 80)
    result = run(image, mask, "deepfill")
    assert result.notes == ("The fill ran at 32 % of the size.",)
    inside = slice(20, 60)
    plain = run(image, mask, "deepfill", detail="off").pieces[0]
    assert plain.came_from is None
    assert plain.pixels[inside, inside].std() < 3
    piece = result.pieces[0]
    assert piece.pixels[inside, inside].std() > 10
    assert piece.came_from is not None
    ys, xs = piece.came_from[..., 0], piece.came_from[..., 1]
    assert (ys >= 0).all()
    assert not mask[ys, xs].any()
    copied = image[ys, xs].astype(float)
    fine = [cv2.subtract(part, cv2.GaussianBlur(part, (0, 0), 1.5)) for part in (copied, piece.pixels.astype(float))]
    assert np.corrcoef(fine[0][inside, inside].ravel(), fine[1][inside, inside].ravel())[0, 1] > 0.5


def test_of_soft_weights_what_is_fine_comes_from_the_photo_at_any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=256, fine=16.0)
    noise = np.random.default_rng(0).normal(128, 30, (250, 250, 3))
    image, mask = np.clip(noise, 0, 255).astype(np.uint8), square(250, 250, 80, 80, 60)
    result = run(image, mask, "deepfill")
    assert result.notes == ()
    assert result.pieces[0].came_from is not None
    assert result.pieces[0].pixels.std() > 15
    assert "patchmatch+start" in result.spent
    assert run(image, mask, "deepfill", detail="off").pieces[0].pixels.std() < 6


def test_a_fill_stays_soft_where_too_little_is_known_for_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=256, fine=16.0)
    image, mask = photo(120, 120), square(120, 120, 5, 5, 110)
    result = run(image, mask, "deepfill")
    assert result.notes == ("Too little of the photo is known around the mask to bring back its detail.",)
    assert np.isfinite(result.pieces[0].pixels).all()


def test_what_is_large_is_the_mean_of_soft_weights_and_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, lambda image, hole: image * 0 + np.float32(0.8), side=256, fine=16.0)
    noise = np.random.default_rng(0).normal(120, 10, (250, 250, 3))
    image, mask = np.clip(noise, 0, 255).astype(np.uint8), square(250, 250, 60, 60, 120)
    pixels = run(image, mask, "deepfill", colours=False).pieces[0].pixels.astype(float)
    by_patches = lacuna.fill(image, mask, "patchmatch")[60:180, 60:180].astype(float)
    deep = pixels[40:80, 40:80].mean()
    assert abs(deep - (204 + by_patches[40:80, 40:80].mean()) / 2) < 15
    assert abs(pixels[0].mean() - 120) < 15  # at the seam it meets what lies around


def test_colours_are_brought_to_those_around_unless_that_is_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, lambda image, hole: image * 0 + np.float32(0.6), side=256)
    image, mask = np.full((200, 200, 3), 120, np.uint8), square(200, 200, 80, 80, 40)
    assert np.abs(run(image, mask, "deepfill").pieces[0].pixels.astype(int) - 120).max() <= 1
    assert (run(image, mask, "deepfill", colours=False).pieces[0].pixels == 153).all()


# --- kinds of pictures ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["uint16", "float32", "grey", "alpha"])
def test_every_kind_of_picture_keeps_its_own(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=SIDE)
    image: NDArray[Any] = photo(200, 240)
    if kind == "uint16":
        image = image.astype(np.uint16) * 257
    elif kind == "float32":
        image = image.astype(np.float32) / 255
        image[:20, :20] = 7.0  # a lamp
        image[150, 10] = np.nan
    elif kind == "grey":
        image = np.ascontiguousarray(image[..., 0])
    else:
        image = np.dstack([image, np.full((200, 240), 77, np.uint8)])
    mask = square(200, 240, 60, 80, 70)
    filled = lacuna.fill(image, mask, "deepfill", device="cpu")
    assert filled.dtype == image.dtype
    assert filled.shape == image.shape
    assert filled[mask == 0].tobytes() == image[mask == 0].tobytes()
    assert np.isfinite(filled[mask > 0]).all()
    if kind == "alpha":
        assert (filled[..., 3] == 77).all()
    for seen, _hole in painter.seen:
        assert seen.dtype == np.float32
        assert 0 <= seen.min() <= seen.max() <= 1


def test_old_pixels_below_the_mask_play_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=SIDE)
    image, mask = photo(200, 240), square(200, 240, 60, 80, 70)
    other = np.where(mask[..., None] > 0, np.uint8(255) - image, image)
    fills = [lacuna.fill(pixels, mask, "deepfill", device="cpu") for pixels in (image, other)]
    assert np.array_equal(*fills)
    assert np.array_equal(painter.seen[0][0], painter.seen[1][0])


# --- when it goes wrong -----------------------------------------------------------------------------------------------
def test_without_a_model_the_backend_is_listed_with_the_remedy_and_refuses() -> None:
    for backend in BACKENDS.values():
        assert "lacuna models import" in registry.info(backend).missing
        with pytest.raises(UnknownModel, match="lacuna models import"):
            lacuna.fill(photo(60, 60), square(60, 60, 20, 20, 9), backend)


def test_a_model_that_is_not_there_is_named_with_those_there_are() -> None:
    installed("fine", config(Network.DEEPFILL_V2))
    installed("other", config(Network.PEN_NET))
    with pytest.raises(UnknownModel, match=r"no model “other”.*fine"):
        lacuna.fill(photo(60, 60), square(60, 60, 20, 20, 9), "deepfill", model="other")


def test_a_model_that_is_installed_later_is_found_and_the_best_measured_is_taken() -> None:
    assert registry.info("pennet").needs.model is None
    installed("a", config(Network.PEN_NET, psnr=20.0))
    assert registry.info("pennet").needs.model == "a"
    installed("b", config(Network.PEN_NET, psnr=21.0, side=256))
    needs = registry.info("pennet").needs
    assert (needs.model, needs.size.comfortable, needs.missing) == ("b", 256, "")


def test_a_damaged_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill)
    (models.model("mine").folder / models.WEIGHTS).write_bytes(b"other bytes")
    with pytest.raises(DamagedModel):
        run(photo(60, 60), square(60, 60, 20, 20, 9), "deepfill")


def test_the_recipe_step_names_the_weights_by_their_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill)
    step = run(photo(60, 60), square(60, 60, 20, 20, 9), "deepfill").step
    assert step is not None
    assert step.model_sha256 == models.digest(models.model("mine").folder / models.WEIGHTS)


def test_numbers_that_are_none_never_reach_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, lambda image, hole: image * np.float32(np.nan))
    with pytest.raises(BackendFailed):
        run(photo(60, 60), square(60, 60, 20, 20, 9), "deepfill")


def test_when_memory_ends_the_size_is_halved_until_it_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(image: NDArray[Any], hole: Hole) -> NDArray[Any]:
        if hole.size > 128 * 128:
            raise MemoryError
        return mean_fill(image, hole)

    painter = scripted(monkeypatch, Network.DEEPFILL_V2, short, side=512)
    result = run(np.full((600, 600, 3), 90, np.uint8), square(600, 600, 170, 170, 256), "deepfill", detail="off")
    assert [seen.shape[0] for seen, _hole in painter.seen] == [512, 256, 128]
    assert result.notes == ("The fill ran at 25 % of the size.",)
    assert (result.pieces[0].pixels == 90).all()
    painter.script = lambda image, hole: (_ for _ in ()).throw(MemoryError())
    with pytest.raises(OutOfMemory):
        run(photo(100, 100), square(100, 100, 40, 40, 9), "deepfill")


@pytest.mark.parametrize("failure", [RuntimeError("CUDA error: launch failed"), MemoryError("CUDA")])
def test_a_graphics_card_that_fails_leaves_the_fill_to_the_processor(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill)

    def failing(image: NDArray[Any], hole: Hole) -> NDArray[Any]:
        if painter.devices[-1] == "cuda":
            raise failure
        return grey_fill(image, hole)

    painter.script = failing
    result = fill(asked(photo(60, 60), square(60, 60, 20, 20, 9), "deepfill"), Runtime(device="cuda"), Progress())
    assert any("graphics card" in note for note in result.notes)
    assert painter.devices[-2:] == ["cuda", "cpu"]


def test_a_cancel_is_heard_in_every_phase(monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, Network.DEEPFILL_V2, mean_fill, side=SIDE)
    image, mask = photo(200, 240), square(200, 240, 60, 80, 70)
    heard: list[float] = []
    run(image, mask, "deepfill", Progress(lambda fraction, stage: heard.append(fraction)))
    assert heard == sorted(heard)
    for after in (1, len(heard) // 3, len(heard) * 2 // 3):
        with pytest.raises(Cancelled):
            run(image, mask, "deepfill", Impatient(after))


# --- what is drawn ----------------------------------------------------------------------------------------------------
LINE = GuideStroke(Guide.LINE, ((60.5, 72.5), (120.5, 72.5)), width=3)


def with_guides(backend: str, *guides: GuideStroke) -> FillResult:
    request = replace(asked(photo(150, 170), square(150, 170, 50, 70, 40), backend), guides=guides)
    return fill(request, RUNTIME, Progress())


def test_lines_are_drawn_for_a_model_that_was_made_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=256, guided=True)
    assert registry.info("deepfill").needs.guides == {Guide.LINE}
    with_guides("deepfill", LINE)
    with_guides("deepfill")
    drawn, nothing = painter.guides
    assert nothing is None
    assert drawn is not None
    ys, xs = np.nonzero(drawn)
    assert 70 <= ys.min() <= 71 < 73 <= ys.max() <= 74  # OpenCV rounds up
    assert xs.min() < 63 < 118 < xs.max()


@pytest.mark.parametrize("side", [64, 128, 512])
def test_a_thin_line_reaches_the_model_unbroken_at_every_working_size(
    monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=side, guided=True)
    mask = square(320, 320, 80, 80, 160)
    line = GuideStroke(Guide.LINE, ((60.5, 90.5), (260.5, 200.5)))
    request = replace(asked(photo(320, 320), mask, "deepfill", detail="off"), guides=(line,))
    fill(request, RUNTIME, Progress())
    for guide, (_image, hole) in zip(painter.guides, painter.seen, strict=True):
        assert guide is not None
        columns = np.flatnonzero(hole.any(axis=0))
        assert (guide[:, columns] > 0).any(axis=0).all()


def test_edges_are_completed_with_the_lines_and_without_what_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.EDGE_CONNECT, grey_fill, side=256)
    gone = GuideStroke(Guide.ERASE_EDGE, ((90.5, 40.5), (90.5, 110.5)), width=5)
    edges = with_guides("edgeconnect", LINE, gone).pieces[0].edges
    assert edges is not None
    assert edges.shape == (40, 40)
    assert edges[22, 5] == 1  # row 72 of the picture, the line
    assert edges[22, 20] == 0  # where it meets what was erased
    assert edges[5, 5] == pytest.approx(64 / 255)  # in 8 bits
    assert painter.edges_seen[0] is not None


def test_edges_can_be_predicted_alone_changed_and_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.EDGE_CONNECT, grey_fill)
    backend = registry.loaded("edgeconnect", RUNTIME)
    assert isinstance(backend, EdgeConnect)
    work = FillWork(photo(64, 64), square(64, 64, 20, 20, 20) > 0, 255.0)
    edges = backend.predict_edges(work, EdgeConnectParams(), Progress())
    assert edges.shape == (64, 64)
    assert not painter.seen
    edges[30:32] = 1.0
    filled = backend.fill(replace(work, edges=edges), EdgeConnectParams(), Progress())
    assert np.array_equal(painter.edges_seen[0], edges)
    assert np.array_equal(filled.edges, edges)


def with_edges(backend: str, edges: NDArray[np.float32], mask: Mask) -> FillResult:
    image = photo(*mask.shape)
    options = {"options": FillOptions(), "edges": edges}
    params: Any = registry.backend(backend).Params()
    return fill(request_for(Photo(image), mask, backend, params, **options), RUNTIME, Progress())


def test_given_edges_are_the_lines_of_deepfill_in_the_hole_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=256, guided=True)
    mask = square(152, 168, 50, 70, 40)
    edges = np.zeros(mask.shape, np.float32)
    edges[60], edges[:, 100] = 1, 1
    with_edges("deepfill", edges, mask)
    (guide,), ((_image, hole),) = painter.guides, painter.seen
    assert guide is not None
    assert np.array_equal(guide, np.where(hole, edges, 0))
    assert guide.sum() == 79


def test_given_edges_join_the_lines_that_were_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill)
    monkeypatch.setattr(painter, "config", replace(painter.config, guided=True))
    backend = registry.loaded("deepfill", RUNTIME)
    hole, edges = square(64, 64, 20, 20, 20) > 0, np.zeros((64, 64), np.float32)
    edges[25] = 1
    line = GuideStroke(Guide.LINE, ((30.5, 20.5), (30.5, 40.5)))
    backend.fill(FillWork(photo(64, 64), hole, 255.0, (line,), edges), LearnedParams(), Progress())
    (guide,) = painter.guides
    assert guide is not None
    assert guide[25, 20:40].all()
    assert guide[21:39, 30].all()


def test_a_model_without_an_input_for_lines_follows_no_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.DEEPFILL_V2, grey_fill, side=256)
    mask = square(152, 168, 50, 70, 40)
    result = with_edges("deepfill", np.ones(mask.shape, np.float32), mask)
    assert painter.guides == [None]
    assert any("follows no edges" in note for note in result.notes)


def test_edge_connect_paints_along_given_edges_and_predicts_none(monkeypatch: pytest.MonkeyPatch) -> None:
    painter = scripted(monkeypatch, Network.EDGE_CONNECT, grey_fill, side=256)
    mask = square(152, 168, 50, 70, 40)
    edges = np.zeros(mask.shape, np.float32)
    edges[60], edges[:, 100] = 1, 1
    result = with_edges("edgeconnect", edges, mask)
    assert np.array_equal(painter.edges_seen[0], edges)  # a predicted plane is 0.25 all over
    assert np.array_equal(result.pieces[0].edges, edges[50:90, 70:110])


# --- without torch ----------------------------------------------------------------------------------------------------
def test_listing_and_refusing_need_neither_torch_nor_onnxruntime() -> None:
    code = """
import sys
for name in ("torch", "onnxruntime", "safetensors"):
    sys.modules[name] = None
from lacuna.cli.main import main
assert main(["backends"])[0] == 0
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert "deepfill" in found.stdout
