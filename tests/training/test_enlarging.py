"""Training networks that enlarge: exact pairs, a beginning at the cubic kernel, whole runs, what is told of them."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lacuna.contract.enlargement import by_factor
from lacuna.contract.model_config import CONFIG, ModelConfig, Network
from lacuna.contract.models import WEIGHTS
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import InvalidParameter, UnsuitableWeights
from lacuna.imaging.resampling import imresized, resampled
from lacuna.networks import building
from lacuna.networks.conventions import Start
from lacuna.networks.positions import whole
from lacuna.training import files, loop, pair_examples, pairs, photos
from lacuna.training.chance import Dice
from lacuna.training.learner import Learner
from lacuna.training.meta_sr import Enlarging
from lacuna.training.models import MODELS, Course
from lacuna.training.pair_examples import MEASURES
from lacuna.training.pairs import Pair, PairFeeder, paired
from lacuna.training.parallel import World
from lacuna.training.photos import Photos
from lacuna.training.plan import Plan
from lacuna.training.stage import LATE, Making, Rates
from tests.pictures import lion

CPU = torch.device("cpu")
SIZE = 16
SIZES = {
    Network.META_EDSR: {"features": 8, "blocks": 2, "residual": 1.0, "hidden": 16},
    Network.META_SPAN: {"features": 8, "blocks": 2, "hidden": 16},
    Network.META_RDN: {"features": 8, "blocks": 2, "layers": 2, "growth": 8, "hidden": 16},
}
ENLARGING = list({trainable.network: name for name, trainable in MODELS.items() if trainable.sizes}.values())


@pytest.fixture
def sharp() -> Photos:
    return photos.together([np.ascontiguousarray(lion()[100:250, 200:380]), np.ascontiguousarray(lion()[50:150, :90])])


@pytest.fixture
def feeder(sharp: Photos) -> PairFeeder:
    return PairFeeder(sharp, 4, SIZE)


@pytest.fixture
def plan(pack: Path, tmp_path: Path) -> Callable[..., Plan]:
    def make(model: str, out: str, **other: Any) -> Plan:
        given = {"minutes": None, "steps": 4, "size": SIZE, "width": 1.0, "batch": 2, "start": Start.BICUBIC, **other}
        return Plan(model, (pack,), tmp_path / out, **given)

    return make


@pytest.fixture(autouse=True)
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pair_examples, "COUNT", 2)
    monkeypatch.setattr(pair_examples, "SIDE", 48)


def stage_of(network: Network) -> Enlarging:
    torch.manual_seed(0)
    return Enlarging(network, SIZES[network], Making(1.0, Start.BICUBIC, SIZE, 1.0, None, {}))


@pytest.mark.parametrize("factor", ["1.1", "4/3", "2", "27/10", "4"])
def test_a_picture_is_reduced_and_enlarged_in_batches_as_it_is_alone(factor: str) -> None:
    picture = np.ascontiguousarray(lion()[100:220, 200:320])
    small = imresized(picture, 1 / Fraction(factor))
    enlargement = by_factor(SIZE, SIZE, Fraction(factor))
    rim = math.ceil(3 * enlargement.factor) + 1
    corner = np.pad(picture, ((rim, rim), (rim, rim), (0, 0)), mode="edge")
    corner = corner[: enlargement.rows + 2 * rim, : enlargement.columns + 2 * rim]
    pair = paired(torch.from_numpy(corner).permute(2, 0, 1)[None], enlargement, rim)

    assert np.array_equal(pair.small[0].permute(1, 2, 0).numpy(), small[:SIZE, :SIZE])
    assert np.array_equal(pair.large[0].permute(1, 2, 0).numpy(), picture[: enlargement.rows, : enlargement.columns])
    plain = resampled(small[:SIZE, :SIZE].astype(np.float32), whole(enlargement))
    assert np.abs(pair.plain[0].permute(1, 2, 0).numpy() - plain).max() < 1e-3


def test_factors_cover_the_published_range_and_their_positions_repeat(feeder: PairFeeder) -> None:
    dice = Dice(3, CPU)
    factors = [feeder.batch(dice.at(step)).enlargement.down for step in range(80)]
    assert min(factors) >= 1.1
    assert max(factors) <= 4
    assert max(factor.numerator for factor in factors) <= pairs.PERIOD
    assert len(set(factors)) > 40
    assert min(factors) < 1.4
    assert max(factors) > 3.6


def test_windows_are_pieces_of_the_photos_turned_and_mirrored(sharp: Photos) -> None:
    size, rim = 20, 3
    found = sharp.windows(Dice(1, CPU).at(0), 24, size, rim).numpy()
    wholes = []
    for first, height, width in zip(
        *(part.tolist() for part in (sharp.first, sharp.heights, sharp.widths)), strict=True
    ):
        picture = sharp.pixels[first : first + height * width].numpy().reshape(height, width, 3)
        wholes.append(np.pad(picture, ((rim, rim), (rim, rim), (0, 0)), mode="edge"))
    ways = set()
    for window in found.transpose(0, 2, 3, 1):
        turned = [np.rot90(side, times) for side in (window, window[::-1]) for times in range(4)]
        way = [number for number, piece in enumerate(turned) if any(_contains(picture, piece) for picture in wholes)]
        assert len(way) == 1
        ways.add(way[0])
    assert len(ways) > 4


def _contains(picture: np.ndarray, piece: np.ndarray) -> bool:
    places = np.lib.stride_tricks.sliding_window_view(picture, piece.shape)[:, :, 0]
    at = np.argwhere((places[..., 0, 0, :] == piece[0, 0]).all(-1))
    return any(np.array_equal(places[y, x], piece) for y, x in at)


@pytest.mark.parametrize("network", list(SIZES))
def test_before_the_first_step_a_network_gives_what_the_cubic_kernel_does(network: Network, feeder: PairFeeder) -> None:
    stage = stage_of(network)
    batch = feeder.batch(Dice(0, CPU).at(0))
    with torch.no_grad():
        painted = stage.paint(stage.generator, batch)
    assert torch.equal(painted[0], batch.plain)


@pytest.mark.parametrize("network", list(SIZES))
def test_a_network_learns_what_the_cubic_kernel_does_not_know(network: Network, feeder: PairFeeder) -> None:
    taught = Learner(stage_of(network), World(0, 1, CPU), compiled=False, rate=5.0)
    batch = feeder.batch(Dice(0, CPU).at(1))
    lost = [float(taught.step(lambda: batch, alone=False, at=0.0)["l1"]) for _step in range(40)]
    assert min(lost[-3:]) < 0.99 * lost[0]


def test_what_is_multiplied_in_16_bits_is_near_the_same(feeder: PairFeeder) -> None:
    batches = [feeder.batch(Dice(0, CPU).at(step)) for step in range(5)]
    lost = []
    for half in (False, True):
        taught = Learner(stage_of(Network.META_SPAN), World(0, 1, CPU), compiled=False, half=half)
        lost.append([float(taught.step(lambda batch=batch: batch, alone=False, at=0.0)["l1"]) for batch in batches])
    assert lost[0] == pytest.approx(lost[1], rel=0.02)
    assert lost[0] != lost[1]


def test_what_decides_on_positions_is_left_out_of_what_is_compiled(feeder: PairFeeder) -> None:
    stage = stage_of(Network.META_SPAN)
    torch.nn.init.normal_(stage.generator.predictor.kernels.weight, std=0.05)
    batch = feeder.batch(Dice(0, CPU).at(0))
    with torch.no_grad():
        expected = stage.paint(stage.generator, batch)[0]
        stage.generator.compile(backend="eager", fullgraph=True)
        assert torch.allclose(stage.paint(stage.generator, batch)[0], expected, atol=1e-3)


def test_rates_fall_late_or_by_a_cosine() -> None:
    assert [Rates(late=0.1).factor(at) for at in (0, LATE - 0.01, LATE, 1)] == [1, 1, 0.1, 0.1]
    assert [Rates(falling=True).factor(at) for at in (0, 0.5, 1, 1.1)] == pytest.approx([1, 0.5, 0, 0])


@pytest.mark.parametrize("model", ENLARGING)
def test_a_run_that_was_stopped_and_resumed_gives_every_bit_of_one_in_a_piece(
    model: str, plan: Callable[..., Plan]
) -> None:
    whole_run, parted = plan(model, "whole"), plan(model, "parted")
    loop.train(whole_run, Progress(), lambda _line: None)
    calls = 0

    def report(_fraction: float, _stage: str) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            progress.cancel()

    progress = Progress(report)
    with pytest.raises(Cancelled):
        loop.train(parted, progress, lambda _line: None)
    loop.train(Plan(**{**vars(parted), "resume": True}), Progress(), lambda _line: None)

    state, other = files.read_state(whole_run.out)[1], files.read_state(parted.out)[1]
    assert state.keys() == other.keys()
    assert [key for key in state if not torch.equal(state[key], other[key])] == []

    config = ModelConfig.from_json((whole_run.out / "model" / CONFIG).read_text(encoding="utf-8"))
    weights = load_file(whole_run.out / "model" / WEIGHTS)
    parts = building.built(config)
    building.fill(parts, {key: value.numpy() for key, value in weights.items()})
    assert config.start == "bicubic"
    assert sum(value.numel() for value in weights.values()) < 4e6

    with (parted.out / f"{model}.csv").open(encoding="utf-8", newline="") as file:
        last = list(csv.DictReader(file))[-1]
    assert all(math.isfinite(float(last[name])) for name in ("l1", *MEASURES))
    sheet = cv2.imread(str(next((parted.out / "sheets").glob(f"{model}-*.png"))))
    assert sheet.std() > 10


def test_a_larger_network_goes_on_from_the_weights_of_a_smaller_one(
    plan: Callable[..., Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SIZES[Network.META_EDSR]
    for name, sizes in (("meta-sr", small), ("meta-sr-large", {**small, "features": 12, "blocks": 3})):
        course = Course("", partial(Enlarging, Network.META_EDSR, sizes))
        monkeypatch.setitem(MODELS, name, replace(MODELS[name], sizes=sizes, courses=(course,)))
    loop.train(plan("meta-sr", "first"), Progress(), lambda _line: None)
    first = plan("meta-sr", "first").out / "model"
    begun = plan("meta-sr-large", "second", begun_from=first, steps=1, rate=1e-6)
    loop.train(begun, Progress(), lambda _line: None)
    old, new = load_file(first / WEIGHTS), load_file(begun.out / "model" / WEIGHTS)
    key = "extractor.blocks.0.first.weight"
    assert np.abs(old[key].numpy() - new[key][:8, :8].numpy()).max() < 1e-3
    assert new[key].shape == (12, 12, 3, 3)
    with pytest.raises(UnsuitableWeights, match="sizes"):
        loop.train(plan("meta-sr", "third", begun_from=begun.out / "model"), Progress(), lambda _line: None)


def test_masks_beside_pictures_are_not_measured(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    cv2.imwrite(str(tmp_path / "001.jpg"), cv2.cvtColor(np.asarray(lion()), cv2.COLOR_RGB2BGR)[:90, :100])
    cv2.imwrite(str(tmp_path / "001-blob.png"), np.zeros((90, 100), np.uint8))
    found = pair_examples.of_folder(tmp_path)
    assert len(found.windows) == 1
    assert torch.equal(found.windows[0].permute(1, 2, 0), torch.from_numpy(_reread(tmp_path / "001.jpg")[21:69, 26:74]))


def _reread(path: Path) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)


def test_photos_that_are_too_small_and_a_width_are_told(plan: Callable[..., Plan]) -> None:
    with pytest.raises(InvalidParameter, match="192 x 192"):
        loop.train(plan("meta-sr", "small", size=48), Progress(), lambda _line: None)
    with pytest.raises(InvalidParameter, match="width of 1"):
        loop.train(plan("meta-sr", "wide", width=0.5), Progress(), lambda _line: None)


def test_a_pair_of_the_middle_of_a_photo_sees_beyond_its_window(sharp: Photos) -> None:
    """Or the small picture's edge would be made of repeated pixels, which no photo has in its middle."""
    enlargement, rim = by_factor(SIZE, SIZE, 2), 7
    window = torch.from_numpy(np.ascontiguousarray(lion()[100:146, 200:246])).permute(2, 0, 1)[None]
    pair: Pair = paired(window, enlargement, rim)
    larger = imresized(np.ascontiguousarray(lion()[87 : 87 + 72, 187 : 187 + 72]), Fraction(1, 2))[
        10 : 10 + SIZE, 10 : 10 + SIZE
    ]
    assert np.array_equal(pair.small[0].permute(1, 2, 0).numpy(), larger)
