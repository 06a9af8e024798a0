"""A model on disk computes what the published program computes, on each engine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.inference import painters
from lacuna.inference.saving import save
from lacuna.inference.session import opened
from lacuna.inference.torch_engine import TorchRunner
from lacuna.networks import building, edge_connect_layouts, pen_net_layouts
from lacuna.networks.edge_connect import EdgeGenerator, ImageGenerator
from lacuna.networks.layout import Layout
from lacuna.networks.loading import loaded
from lacuna.networks.pen_net import PenNet
from lacuna.networks.spectral import fold
from tests.networks.published import Array, Numbers, cases, entries, weights
from tests.networks.test_deepfill import V1, V2, program_of

TOLERANCE = 1e-3


def drawn(part: nn.Module, layout: Layout, file: str, name: str) -> nn.Module:
    return loaded(part, layout, weights(entries(file, name)))


Make = Callable[[ModelConfig, Callable[[], dict[str, nn.Module]]], Model]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """A model on disk, written once for all cases of a network."""
    written: dict[str, Model] = {}

    def make(config: ModelConfig, parts: Callable[[], dict[str, nn.Module]]) -> Model:
        key = config.to_json()
        if key not in written:
            folder = tmp_path_factory.mktemp("models") / "model"
            written[key] = Model("model", folder, save(folder, config, building.weights(parts())))
        return written[key]

    return make


def deepfill(case: str, saved: Make) -> Model:
    """The model that a case was computed with."""
    network = Network(case.split("/")[0])
    layout, file, name = (V1 if network is Network.DEEPFILL_V1 else V2)[program_of(case)]
    guided = "guide_u8" in Numbers(case).arrays
    config = ModelConfig(network, layout.name, guided=guided, conventions=layout.conventions)
    keys = f"{name}-guided" if guided else name
    return saved(config, lambda: {"fill": drawn(building.built(config)["fill"], layout, file, keys)})


def pen_net(saved: Make) -> Model:
    keys = "pen-net/keys.pytorch.json", "pt/generator"
    return saved(
        ModelConfig(Network.PEN_NET, "PEN-Net"), lambda: {"fill": drawn(PenNet(), pen_net_layouts.GENERATOR, *keys)}
    )


def edge_connect(saved: Make) -> Model:
    def parts() -> dict[str, nn.Module]:
        keys = "edgeconnect/keys.json"
        edges = drawn(EdgeGenerator(spectral=True), edge_connect_layouts.EDGE_GENERATOR, keys, "EdgeModel_gen.pth")
        image = drawn(ImageGenerator(), edge_connect_layouts.IMAGE_GENERATOR, keys, "InpaintingModel_gen.pth")
        return {"edges": fold(edges), "image": image}

    return saved(ModelConfig(Network.EDGE_CONNECT, "EdgeConnect"), parts)


def picture(numbers: Numbers) -> tuple[Array, Array]:
    return numbers.arrays["image_u8"] / np.float32(255), numbers.arrays["mask_u8"] > 127


def channels_first(stage: Array) -> Tensor:
    return torch.from_numpy(stage.transpose(2, 0, 1)[None].copy())


@pytest.mark.parametrize("case", [*cases("deepfill-v1/*_c*"), *cases("deepfill-v2/*_[cg]*")])
def test_deepfill_computes_both_published_stages(case: str, saved: Make) -> None:
    numbers = Numbers(case)
    paint = opened(deepfill(case, saved), Runtime())
    image, hole = picture(numbers)
    guide = (numbers.arrays["guide_u8"] / 255 > 0.6).astype(np.float32) if paint.config.guided else None
    whole = paint.paint(image, hole, Progress(), guide=guide, stages=True)
    for stage in ("stage1", "stage2"):
        assert numbers.farthest(stage, channels_first(whole.stages[stage])) < TOLERANCE
    assert np.array_equal(whole.keys, numbers.arrays["att_argmax"][0, 0])
    lean = paint.paint(image, hole, Progress(), guide=guide)
    assert np.abs(lean.image - whole.image)[hole].max() < TOLERANCE


@pytest.mark.parametrize("case", cases("pen-net/pt_c*"))
def test_pen_net_computes_the_published_pyramid(case: str, saved: Make) -> None:
    numbers = Numbers(case)
    paint = opened(pen_net(saved), Runtime())
    image, hole = picture(numbers)
    whole = paint.paint(image, hole, Progress(), stages=True)
    assert list(whole.stages) == ["img5", "img4", "img3", "img2", "img1", "output"]
    for name, stage in whole.stages.items():
        if name in numbers.names():
            assert numbers.farthest(name, channels_first(stage)) < TOLERANCE
    lean = paint.paint(image, hole, Progress())
    assert np.abs(lean.image - whole.image)[hole].max() < TOLERANCE


@pytest.mark.parametrize("case", [case for case in cases("edgeconnect/c*x*_*") if not case.endswith("_layers")])
def test_edge_connect_computes_the_published_edges_and_picture(case: str, saved: Make) -> None:
    numbers = Numbers(case)
    paint = opened(edge_connect(saved), Runtime())
    photo, hole = picture(numbers)
    whole = paint.paint(photo, hole, Progress(), stages=True)
    assert numbers.farthest("edge.out", channels_first(whole.stages["edges"])) < TOLERANCE
    assert numbers.farthest("mode3.out", channels_first(whole.stages["output"])) < TOLERANCE
    predicted = paint.edges(photo, hole, None, Progress())
    assert np.array_equal(predicted, whole.edges)
    assert np.array_equal(paint.paint(photo, hole, Progress(), edges=predicted).image, whole.image)
    known = numbers.arrays["canny_known"][0, 0].astype(np.float32)
    along = paint.paint(photo, hole, Progress(), edges=known, stages=True)
    assert numbers.farthest("mode2.out", channels_first(along.stages["output"])) < TOLERANCE


@pytest.mark.parametrize("case", ["deepfill-v1/pt_c64_free", "deepfill-v2/pt_c64_free", "pen-net/pt_c64_box"])
def test_in_half_precision_the_picture_is_nearly_the_same(case: str, saved: Make) -> None:
    """As on a graphics card; here by the CPU's own 16 bits."""
    numbers = Numbers(case)
    found = pen_net(saved) if case.startswith("pen") else deepfill(case, saved)
    assert found.config is not None
    paint = painters.painter(found.config, TorchRunner(found, found.config, "cpu", half=True))
    image, hole = picture(numbers)
    outcome = paint.paint(image, hole, Progress(), stages=True)
    last = "output" if case.startswith("pen") else "stage2"
    far = numbers.farthest(last, channels_first(outcome.stages[last]))
    assert 1e-4 < far < 5e-2
