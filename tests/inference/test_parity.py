"""A model on disk computes what the published program computes, on each engine."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lacuna.contract.fill import Runtime
from lacuna.contract.models import Model, ModelConfig, Network
from lacuna.contract.progress import Progress
from lacuna.inference import painters
from lacuna.inference.saving import save
from lacuna.inference.session import Painter, opened
from lacuna.inference.torch_engine import TorchRunner
from lacuna.networks import building, deepfill_layouts, edge_connect_layouts, pen_net_layouts
from lacuna.networks.edge_connect import EdgeGenerator, ImageGenerator
from lacuna.networks.layout import Layout
from lacuna.networks.loading import loaded
from lacuna.networks.pen_net import PenNet
from lacuna.networks.spectral import fold
from tests.networks.published import Array, Numbers, entries, weights

DEEPFILL = {
    "deepfill-v1/pt_c64_free": (deepfill_layouts.V1_PYTORCH, "keys.pytorch.json", "pytorch-port/generator"),
    "deepfill-v1/tf_c72x88_free": (deepfill_layouts.V1_TENSORFLOW, "keys.tensorflow.json", "tf-original/generator"),
    "deepfill-v2/pt_c64_free": (deepfill_layouts.V2_PT, "keys.pytorch.json", "pt/generator"),
    "deepfill-v2/pttfB_c72x88_free": (deepfill_layouts.V2_PTTF_FUSED, "keys.pytorch.json", "pttf/generator"),
    "deepfill-v2/pttfA_c64_free": (deepfill_layouts.V2_PTTF, "keys.pytorch.json", "pttf/generator"),
    "deepfill-v2/tf_g64_free": (deepfill_layouts.V2_TENSORFLOW, "keys.tensorflow.json", "tf-original/generator-guided"),
}
TOLERANCE = 1e-3


def drawn(part: nn.Module, layout: Layout, file: str, name: str) -> nn.Module:
    return loaded(part, layout, weights(entries(file, name)))


def painter(folder: Path, config: ModelConfig, parts: dict[str, nn.Module]) -> Painter:
    return opened(Model(folder.name, folder, save(folder, config, building.weights(parts))), Runtime())


def picture(numbers: Numbers) -> tuple[Array, Array]:
    return numbers.arrays["image_u8"] / np.float32(255), numbers.arrays["mask_u8"] > 127


def channels_first(stage: Array) -> Tensor:
    return torch.from_numpy(stage.transpose(2, 0, 1)[None].copy())


@pytest.mark.parametrize("case", DEEPFILL)
def test_deepfill_computes_both_published_stages(case: str, tmp_path: Path) -> None:
    layout, file, name = DEEPFILL[case]
    numbers = Numbers(case)
    network = Network(case.split("/")[0])
    config = ModelConfig(network, case, guided="guide_u8" in numbers.arrays, conventions=layout.conventions)
    fill = drawn(building.built(config)["fill"], layout, f"{network}/{file}", name)
    paint = painter(tmp_path / "model", config, {"fill": fill})
    image, hole = picture(numbers)
    guide = (numbers.arrays["guide_u8"] / 255 > 0.6).astype(np.float32) if config.guided else None
    whole = paint.paint(image, hole, Progress(), guide=guide, stages=True)
    for stage in ("stage1", "stage2"):
        assert numbers.farthest(stage, channels_first(whole.stages[stage])) < TOLERANCE
    assert np.array_equal(whole.keys, numbers.arrays["att_argmax"][0, 0])
    lean = paint.paint(image, hole, Progress(), guide=guide)
    assert np.abs(lean.image - whole.image)[hole].max() < TOLERANCE


@pytest.mark.parametrize("case", ["pen-net/pt_c128x64_free", "pen-net/pt_c64_box"])
def test_pen_net_computes_the_published_pyramid(case: str, tmp_path: Path) -> None:
    numbers = Numbers(case)
    config = ModelConfig(Network.PEN_NET, case)
    fill = drawn(PenNet(), pen_net_layouts.GENERATOR, "pen-net/keys.pytorch.json", "pt/generator")
    paint = painter(tmp_path / "model", config, {"fill": fill})
    image, hole = picture(numbers)
    whole = paint.paint(image, hole, Progress(), stages=True)
    assert list(whole.stages) == ["img5", "img4", "img3", "img2", "img1", "output"]
    for name, stage in whole.stages.items():
        if name in numbers.names():
            assert numbers.farthest(name, channels_first(stage)) < TOLERANCE
    lean = paint.paint(image, hole, Progress())
    assert np.abs(lean.image - whole.image)[hole].max() < TOLERANCE


def test_edge_connect_computes_the_published_edges_and_picture(tmp_path: Path) -> None:
    numbers = Numbers("edgeconnect/c64x64_free")
    config = ModelConfig(Network.EDGE_CONNECT, "EdgeConnect")
    keys = "edgeconnect/keys.json"
    edges = drawn(EdgeGenerator(spectral=True), edge_connect_layouts.EDGE_GENERATOR, keys, "EdgeModel_gen.pth")
    image = drawn(ImageGenerator(), edge_connect_layouts.IMAGE_GENERATOR, keys, "InpaintingModel_gen.pth")
    paint = painter(tmp_path / "model", config, {"edges": fold(edges), "image": image})
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
def test_in_half_precision_the_picture_is_nearly_the_same(case: str, tmp_path: Path) -> None:
    """As on a graphics card; here by the CPU's own 16 bits."""
    numbers = Numbers(case)
    network = Network.PEN_NET if case.startswith("pen") else Network(case.split("/")[0])
    layout, file, name = DEEPFILL.get(case, (pen_net_layouts.GENERATOR, "keys.pytorch.json", "pt/generator"))
    config = ModelConfig(network, case, conventions=layout.conventions)
    fill = drawn(building.built(config)["fill"], layout, f"{case.split('/')[0]}/{file}", name)
    written = save(tmp_path / "model", config, building.weights({"fill": fill}))
    found = Model("model", tmp_path / "model", written)
    paint = painters.painter(config, TorchRunner(found, written, "cpu", half=True))
    image, hole = picture(numbers)
    outcome = paint.paint(image, hole, Progress(), stages=True)
    last = "output" if network is Network.PEN_NET else "stage2"
    far = numbers.farthest(last, channels_first(outcome.stages[last]))
    assert 1e-4 < far < 5e-2
