"""Weights of our own tell the difference to the cubic kernel's picture: it is added on both engines, in every tile."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.contract.enlargement import Enlargement, Rule, by_factor, to_sides, to_width
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Ends
from lacuna.imaging.resampling import BICUBIC, resampled
from lacuna.inference import session
from lacuna.inference.enlarging import Enlarger
from lacuna.inference.saving import save
from lacuna.inference.session import completed, opened_enlarger
from lacuna.inference.torch_enlarger import TorchEnlarger
from lacuna.networks import building
from lacuna.networks.positions import Pane, whole
from tests.pictures import lion

CONFIG = ModelConfig(
    Network.META_EDSR,
    "Ours",
    sizes={"features": 8, "blocks": 2, "residual": 1.0, "hidden": 16},
    conventions=Rule.EXACT.value,
    start="bicubic",
    dtype="float16",
)
ENLARGEMENTS = pytest.mark.parametrize(
    "enlargement",
    [by_factor(30, 41, 2.7), to_width(30, 41, 83), to_sides(30, 41, 75, 103), by_factor(1, 1, 3)],
    ids=lambda e: f"{e.rows} x {e.columns}",
)


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    session.closed()


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A network that changes a picture by some levels."""
    torch.manual_seed(4)
    parts = building.built(CONFIG)
    nn.init.eye_(parts["enlarge"].add_mean.weight[:, :, 0, 0])
    nn.init.zeros_(parts["enlarge"].add_mean.bias)
    folder = tmp_path_factory.mktemp("models") / "ours"
    return Model("ours", folder, save(folder, CONFIG, building.weights(parts)))


def photo(enlargement: Enlargement) -> np.ndarray:
    return lion()[100 : 100 + enlargement.height, 200 : 200 + enlargement.width] / np.float32(255)


def enlarged(enlarger: Enlarger, image: np.ndarray, enlargement: Enlargement) -> np.ndarray:
    return enlarger.points(enlarger.features(image, Progress()), whole(enlargement), Progress())


def held(points: np.ndarray, image: np.ndarray, enlargement: Enlargement) -> np.ndarray:
    """Nowhere farther beyond the pixel that a point lies in and its neighbours than half of their range."""
    found = points.copy()
    down, across = (along.pixels for along in whole(enlargement).points())
    for row, column in np.ndindex(points.shape[:2]):
        y, x = down[row], across[column]
        around = image[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].reshape(-1, 3)
        low, high = around.min(0), around.max(0)
        found[row, column] = np.clip(found[row, column], low - 0.5 * (high - low), high + 0.5 * (high - low))
    return found


@ENLARGEMENTS
def test_the_cubic_kernels_picture_is_added_to_what_the_network_gives_and_no_point_goes_far_beyond_its_neighbours(
    ours: Model, enlargement: Enlargement
) -> None:
    image, config = photo(enlargement), ours.config
    assert config is not None
    alone = dataclasses.replace(ours, config=dataclasses.replace(config, start="published"))
    difference = enlarged(opened_enlarger(alone, Runtime()), image, enlargement)
    session.closed()
    found = enlarged(opened_enlarger(ours, Runtime()), image, enlargement)
    together = difference + resampled(image, whole(enlargement), BICUBIC)
    assert np.abs(difference).max() > 1e-4
    assert np.abs(found - held(together, image, enlargement)).max() < 1e-6
    if enlargement.height > 1:
        assert 0.05 < (np.abs(found - together) > 1e-5).mean() < 0.95


@ENLARGEMENTS
def test_both_engines_agree(ours: Model, enlargement: Enlargement) -> None:
    image = photo(enlargement)
    assert ours.config is not None
    twin = completed(TorchEnlarger(ours, ours.config, "cpu"))
    assert (
        np.abs(
            enlarged(opened_enlarger(ours, Runtime()), image, enlargement) - enlarged(twin, image, enlargement)
        ).max()
        < 1e-5
    )


def test_tiles_with_the_reach_around_them_are_the_whole(ours: Model) -> None:
    enlargement = by_factor(50, 60, 2.7)
    image, enlarger = photo(enlargement), opened_enlarger(ours, Runtime())
    expected = enlarged(enlarger, image, enlargement)
    found = np.full_like(expected, np.nan)
    for top in range(0, enlargement.rows, 45):
        pane = Pane(enlargement, top, 0, top + 45, enlargement.columns)
        down, _across = pane.points()
        first, last = int(down.pixels[0]), int(down.pixels[-1])
        rows = slice(max(0, first - enlarger.reach), last + enlarger.reach + 1)
        ends = Ends(rows.start == 0, True, rows.stop >= 50, True)
        features = enlarger.features(np.ascontiguousarray(image[rows]), Progress(), ends)
        found[top : top + 45] = enlarger.points(features, dataclasses.replace(pane, row=rows.start), Progress())
    assert np.abs(found - expected).max() < 1e-5


@pytest.mark.parametrize(("network", "start"), [(Network.PEN_NET, "bicubic"), (Network.META_EDSR, "membrane")])
def test_a_start_that_is_none_of_a_network_is_refused(network: Network, start: str) -> None:
    sizes = CONFIG.sizes if network is Network.META_EDSR else {}
    conventions = CONFIG.conventions if network is Network.META_EDSR else ""
    with pytest.raises(ValueError, match="start"):
        building.built(ModelConfig(network, "", sizes=sizes, conventions=conventions, start=start))
