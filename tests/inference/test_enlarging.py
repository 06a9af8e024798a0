"""Models that enlarge: on both engines what was published, tile by tile the same, stoppable, and never without end."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.contract.enlargement import Enlargement, Rule, by_factor, to_sides, to_width
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import Cancelled, Progress
from lacuna.contract.upscale import Ends
from lacuna.errors import BackendFailed
from lacuna.inference import session
from lacuna.inference.enlarging import Enlarger
from lacuna.inference.onnx_enlarger import OnnxEnlarger
from lacuna.inference.saving import save
from lacuna.inference.session import completed, opened, opened_enlarger
from lacuna.inference.torch_enlarger import TorchEnlarger
from lacuna.networks import building, meta_sr_sizes
from lacuna.networks.positions import Pane, whole
from tests.networks.published import Numbers
from tests.networks.test_meta_sr import OUTPUTS, factor_of, name_of, published
from tests.pictures import lion

LIGHT = ModelConfig(
    Network.META_SPAN,
    "Light",
    sizes={"features": 8, "blocks": 2, "hidden": 16},
    conventions=Rule.EXACT.value,
    dtype="float16",
)
LEVEL = 1 / 255
SIZES = {  # of networks whose graphs are soon exported, or ship
    "edsr_b4f32": {"features": 32, "blocks": 4, "residual": 0.1, "hidden": 256},
    "rdnB_d2": {"features": 64, "blocks": 2, "layers": 8, "growth": 64, "hidden": 256},
    "rdnB": meta_sr_sizes.RDN,
}
EXPORTED = [case for case in OUTPUTS if name_of(case) in SIZES]

Make = Callable[[str], Model]


@pytest.fixture(autouse=True)
def nothing_loaded() -> Iterator[None]:
    yield
    session.closed()


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A network of the fixtures on disk, written once."""
    written: dict[str, Model] = {}

    def make(name: str) -> Model:
        if name not in written:
            network, folder = published(name), tmp_path_factory.mktemp("models") / "model"
            written[name] = Model(name, folder, save(folder, described(name), building.weights({"enlarge": network})))
        return written[name]

    return make


def described(name: str) -> ModelConfig:
    sizes = SIZES[name]
    network = Network.META_EDSR if "residual" in sizes else Network.META_RDN
    return ModelConfig(network, name, sizes=sizes, conventions=Rule.PUBLISHED.value)


@pytest.fixture(scope="module")
def light(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A light network in half precision, whose weights let a lot through."""
    torch.manual_seed(4)
    parts = building.built(LIGHT)
    for values in parts["enlarge"].extractor.parameters():
        nn.init.normal_(values, 0.0, 0.02 if values.ndim == 1 else (2 / values[0].numel()) ** 0.5)
    folder = tmp_path_factory.mktemp("models") / "light"
    return Model("light", folder, save(folder, LIGHT, building.weights(parts)))


def engines(model: Model) -> tuple[Enlarger, Enlarger]:
    assert model.config is not None
    return opened_enlarger(model, Runtime()), completed(TorchEnlarger(model, model.config, "cpu"))


def photo(height: int, width: int) -> np.ndarray:
    return lion()[100 : 100 + height, 200 : 200 + width] / np.float32(255)


def enlarged(enlarger: Enlarger, image: np.ndarray, enlargement: Enlargement) -> np.ndarray:
    return enlarger.points(enlarger.features(image, Progress()), whole(enlargement), Progress())


@pytest.mark.parametrize("case", EXPORTED)
def test_both_engines_enlarge_as_published(case: str, saved: Make) -> None:
    numbers, factor = Numbers(case), factor_of(case)
    image = numbers.arrays["input"][0].transpose(1, 2, 0) / np.float32(255)
    for enlarger in engines(saved(name_of(case))):
        found = enlarged(enlarger, image, by_factor(*image.shape[:2], factor, Rule(enlarger.config.conventions)))
        assert numbers.farthest("out", torch.from_numpy(255 * found.transpose(2, 0, 1)[None])) < 2e-3


@pytest.mark.parametrize(
    "enlargement",
    [by_factor(20, 31, 2.7), by_factor(20, 31, 2), to_width(20, 31, 83), to_sides(20, 31, 50, 78), by_factor(1, 1, 3)],
    ids=lambda e: f"{e.rows} x {e.columns}",
)
def test_both_engines_agree_at_any_size(enlargement: Enlargement, light: Model) -> None:
    image = photo(enlargement.height, enlargement.width)
    ours, twin = (enlarged(enlarger, image, enlargement) for enlarger in engines(light))
    assert ours.shape == (enlargement.rows, enlargement.columns, 3)
    assert np.abs(ours - twin).max() < 1e-5 * np.abs(ours).max()
    assert ours.std() > 0.01


@pytest.mark.parametrize("enlargement", [by_factor(50, 60, 2.7), to_width(50, 60, 151)], ids=["phases", "terms"])
def test_tiles_with_the_reach_around_them_are_the_whole(enlargement: Enlargement, light: Model) -> None:
    image = photo(enlargement.height, enlargement.width)
    for enlarger in engines(light):
        expected = enlarged(enlarger, image, enlargement)
        found = np.full_like(expected, np.nan)
        for top, left in np.ndindex(2, 3):
            pane = Pane(enlargement, 70 * top, 55 * left, min(70 * top + 70, enlargement.rows), 55 * left + 55)
            pane = dataclasses.replace(pane, right=min(pane.right, enlargement.columns))
            down, across = pane.points()
            rows, columns = (
                slice(max(0, int(points.pixels[0]) - enlarger.reach), int(points.pixels[-1]) + enlarger.reach + 1)
                for points in (down, across)
            )
            ends = Ends(rows.start == 0, columns.start == 0, rows.stop >= 50, columns.stop >= 60)
            features = enlarger.features(np.ascontiguousarray(image[rows, columns]), Progress(), ends)
            pane = dataclasses.replace(pane, row=rows.start, column=columns.start)
            found[pane.top : pane.bottom, pane.left : pane.right] = enlarger.points(features, pane, Progress())
        assert np.abs(found - expected).max() < 0.01 * LEVEL * max(1, np.abs(expected).max())


def test_a_tile_with_less_around_it_differs(light: Model) -> None:
    """Or the test before would prove nothing."""
    image, enlarger = photo(50, 60), opened_enlarger(light, Runtime())
    enlargement = by_factor(50, 60, 2)
    expected = enlarged(enlarger, image, enlargement)[40:60]
    ends = Ends(top=False, left=True, bottom=False, right=True)
    features = enlarger.features(np.ascontiguousarray(image[18:32]), Progress(), ends)
    found = enlarger.points(features, Pane(enlargement, 40, 0, 60, 120, row=18), Progress())
    assert np.abs(found - expected).max() > LEVEL


@pytest.mark.parametrize("enlargement", [by_factor(40, 30, 3), to_width(40, 30, 71)], ids=["phases", "terms"])
def test_a_plain_colour_is_the_same_to_the_rim_with_weights_of_our_own(enlargement: Enlargement, light: Model) -> None:
    image = np.broadcast_to(np.float32([1, 0.02, 0]), (40, 30, 3))
    middle = enlarged(opened_enlarger(light, Runtime()), np.tile(image, (2, 3, 1)), grown(enlargement, 2, 3))
    for enlarger in engines(light):
        found = enlarged(enlarger, image, enlargement)
        expected = middle[: enlargement.rows, : enlargement.columns]
        assert np.abs(found - expected).max() < 1e-4
        if enlargement.factor == 3:  # each pixel becomes the same three by three
            assert np.ptp(found[::3, 1::3], axis=(0, 1)).max() < 1e-4


def grown(enlargement: Enlargement, down: int, across: int) -> Enlargement:
    """The same of a picture so many times as high and wide."""
    height, width = down * enlargement.height, across * enlargement.width
    rows, columns = int(height * enlargement.down), int(width * enlargement.across)
    return dataclasses.replace(enlargement, height=height, width=width, rows=rows, columns=columns)


def test_beyond_the_edge_weights_of_our_own_see_a_mirror_and_published_ones_zeros(light: Model) -> None:
    assert light.config is not None
    image, enlargement, alone = photo(30, 25), by_factor(30, 25, 2), OnnxEnlarger(light, light.config, 1)
    zeros, mirrored = (
        enlarged(alone, image, enlargement),
        enlarged(opened_enlarger(light, Runtime()), image, enlargement),
    )
    twice = np.concatenate([image[::-1], image])
    found = alone.points(
        alone.features(np.concatenate([twice, image[::-1]]), Progress()), whole(grown(enlargement, 3, 1)), Progress()
    )
    columns = slice(2 * alone.reach, -2 * alone.reach)
    assert alone.reach < 12
    assert np.abs(mirrored[:, columns] - found[60:120, columns]).max() < 1e-5 * np.abs(found).max()
    assert np.abs(mirrored - zeros).max() > LEVEL
    published = dataclasses.replace(light, config=dataclasses.replace(light.config, conventions=Rule.PUBLISHED.value))
    session.closed()
    assert np.array_equal(enlarged(opened_enlarger(published, Runtime()), image, enlargement), zeros)


def test_progress_rises_and_a_cancel_is_heard_in_either_half(light: Model) -> None:
    image, enlargement = photo(40, 40), by_factor(40, 40, 2.7)
    for enlarger in engines(light):
        said: list[float] = []
        progress = Progress(lambda fraction, _stage, said=said: said.append(fraction))
        features = enlarger.features(image, progress.part(0.5))
        enlarger.points(features, whole(enlargement), progress.part(0.5))
        assert said == sorted(said)
        assert said[-1] == 1
        stopped = Progress()
        stopped.cancel()
        with pytest.raises(Cancelled):
            enlarger.features(image, stopped)
        with pytest.raises(Cancelled):
            enlarger.points(features, whole(enlargement), stopped)


def test_numbers_that_are_none_are_never_pixels(light: Model) -> None:
    assert light.config is not None
    for enlarger in (OnnxEnlarger(light, light.config, 1), TorchEnlarger(light, light.config, "cpu")):
        features = enlarger.features(photo(9, 9), Progress()) * float("nan")
        with pytest.raises(BackendFailed, match="numbers that are none"):
            enlarger.points(features, whole(by_factor(9, 9, 2)), Progress())


def test_a_kernel_is_made_once_for_all_tiles(light: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert light.config is not None
    enlarger = OnnxEnlarger(light, light.config, 1)
    calls: list[str] = []
    run = enlarger._graphs.call_shortly
    monkeypatch.setattr(enlarger._graphs, "call_shortly", lambda name, given: calls.append(name) or run(name, given))
    features, enlargement = enlarger.features(photo(100, 100), Progress()), by_factor(100, 100, 2)
    for top in (0, 100):
        enlarger.points(features, Pane(enlargement, top, 0, top + 100, 200), Progress())
    assert calls.count("kernels") == 1
    assert calls.count("apply") >= 2


def test_what_fills_and_what_enlarges_are_not_taken_for_one_another(light: Model) -> None:
    with pytest.raises(ValueError, match="opened_enlarger"):
        opened(light, Runtime())
    fills = dataclasses.replace(light, config=ModelConfig(Network.PEN_NET, "Other", sha256=light.sha256))
    with pytest.raises(ValueError, match="fills holes"):
        opened_enlarger(fills, Runtime())


WITHOUT_TORCH = """
import sys
from pathlib import Path
sys.modules["torch"] = None
import numpy as np
from lacuna.contract.enlargement import by_factor, to_width
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.inference.session import opened_enlarger
from lacuna.networks.positions import whole
folder = Path(sys.argv[1])
model = Model("light", folder, ModelConfig.from_json((folder / CONFIG).read_text()))
enlarger = opened_enlarger(model, Runtime())
features = enlarger.features(np.ones((16, 20, 3), np.float32) / 2, Progress())
for enlargement in (by_factor(16, 20, 2.5), to_width(16, 20, 53)):
    print(enlarger.points(features, whole(enlargement), Progress()).shape)
"""


def test_torch_is_not_needed_to_enlarge_on_a_processor(light: Model) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(light.folder)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split("\n")[:2] == ["(40, 50, 3)", "(42, 53, 3)"], done.stderr
