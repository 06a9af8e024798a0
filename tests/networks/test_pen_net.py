"""PEN-Net computes what the published program computes, at any of its sizes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import Tensor

from lacuna.networks import pen_net
from lacuna.networks.conventions import Start
from lacuna.networks.loading import loaded
from lacuna.networks.pen_net import LEVELS, Discriminator, PenNet, read_for
from lacuna.networks.pen_net_layouts import DISCRIMINATOR, GENERATOR
from lacuna.networks.transfer import known_patches
from tests.networks.plain_transfer import lean_shares
from tests.networks.published import Numbers, cases, entries, wave, weights

INPUTS = {"image_u8", "mask_u8", "layout", "salt"}
KEYS = "pen-net/keys.pytorch.json"


@pytest.fixture(scope="module")
def network() -> PenNet:
    return loaded(PenNet(), GENERATOR, weights(entries(KEYS, "pt/generator")))


def picture(numbers: Numbers) -> tuple[Tensor, Tensor]:
    image = torch.from_numpy(numbers.arrays["image_u8"]).permute(2, 0, 1)[None].float() / 255 * 2 - 1
    return image, (torch.from_numpy(numbers.arrays["mask_u8"])[None, None] > 127).float()


def with_hole(height: int, width: int, *, batch: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    hole = torch.zeros(batch, 1, height, width)
    hole[:, :, height // 3 : height // 2 + 7, width // 4 : width // 3 + 9] = 1
    hole[0, :, 3:5] = 1
    return torch.rand(batch, 3, height, width, generator=generator) * 2 - 1, hole


def maps(network: PenNet, image: Tensor, hole: Tensor) -> Mapping[str, Tensor]:
    """Every map of a pass under its name in the fixtures."""
    *levels, deepest = network.encode(image, hole)
    filled = network.transfer(levels, deepest, hole)
    scales = network.decode(deepest, filled)
    output, pyramid = network(image, hole)
    named = {"dw_conv06": deepest, "output": output, "complete": torch.where(hole > 0, output, image)}
    for level in range(LEVELS):
        number = f"0{level + 1}"
        deeper = filled[level + 1] if level + 1 < LEVELS else deepest
        patch = network.transfers[level].patch
        named[f"dw_conv{number}"] = levels[level]
        named[f"at_conv{number}"] = filled[level]
        named[f"prob{number}"] = lean_shares(deeper, known_patches(hole, *deeper.shape[-2:], patch), patch)
        named[f"up_conv{number}"] = scales[level][:, : levels[level].shape[1]]
        named[f"img{level + 1}"] = pyramid[level]
    return named


@pytest.mark.parametrize("case", cases("pen-net/pt_c*"))
def test_every_map_is_the_published_one(case: str, network: PenNet) -> None:
    numbers = Numbers(case)
    with torch.inference_mode():
        ours = maps(network, *picture(numbers))
    far = {name: numbers.farthest(name, ours[name]) for name in numbers.names() if name not in INPUTS}
    assert {name: distance for name, distance in far.items() if distance > 2e-4} == {}


def test_the_discriminator_goes_on_from_the_published_state() -> None:
    numbers = Numbers("pen-net/discriminator")
    critic = loaded(Discriminator(), DISCRIMINATOR, weights(entries(KEYS, "pt/discriminator")))
    pictures = wave(3, 128, 96, 2)
    critic.train()
    with torch.no_grad():
        assert numbers.farthest("train_logits_first", critic(pictures)) < 2e-5
        assert numbers.farthest("train_conv1_u_after", critic.encoder[0].parametrizations.weight[0].u) < 1e-6
        assert numbers.farthest("train_logits_second", critic(pictures)) < 2e-5
        critic.eval()
        scores = critic(pictures)
    assert numbers.farthest("eval_logits", scores) < 2e-5
    assert numbers.farthest("eval_sigmoid", scores.sigmoid()) < 2e-5


@pytest.mark.parametrize(("height", "width"), [(64, 64), (128, 192), (192, 64)])
def test_the_fill_for_a_composite_is_the_whole_pass_inside_the_hole(height: int, width: int, network: PenNet) -> None:
    image, hole = with_hole(height, width)
    with torch.inference_mode():
        output, _pyramid = network(image, hole)
        filled = network.fill(image, hole)
    assert torch.allclose(torch.where(hole > 0, filled, output), output, atol=1e-6)


def test_the_fill_for_a_composite_looks_at_a_part_of_the_positions_alone() -> None:
    _image, hole = with_hole(512, 512)
    hole[0, :, 3:5] = 0
    assert read_for(hole).float().mean() < 0.2
    assert read_for(torch.zeros_like(hole)).sum() == 0
    assert read_for(torch.ones_like(hole)).all()


def test_what_lies_below_the_hole_is_not_seen(network: PenNet) -> None:
    image, hole = with_hole(64, 128)
    with torch.inference_mode():
        one, _pyramid = network(image, hole)
        other, _pyramid = network(torch.where(hole > 0, float("nan"), image), hole)
    assert torch.equal(one, other)


def test_pictures_of_a_batch_do_not_see_one_another(network: PenNet) -> None:
    image, hole = with_hole(64, 64, batch=2)
    with torch.inference_mode():
        together, _pyramid = network(image, hole)
        apart = torch.cat([network(image[i : i + 1], hole[i : i + 1])[0] for i in range(2)])
    assert torch.allclose(together, apart, atol=1e-5)


def test_a_width_below_one_makes_a_light_network_of_the_same_shape() -> None:
    light, full = PenNet(width=0.25), PenNet()
    assert light.state_dict().keys() == full.state_dict().keys()
    counts = [sum(parameter.numel() for parameter in network.parameters()) for network in (light, full)]
    assert counts[1] == 10_231_538
    assert counts[0] < counts[1] / 14
    image, hole = with_hole(64, 64)
    output, pyramid = light(image, hole)
    assert output.shape == image.shape
    assert [level.shape[-1] for level in pyramid] == [32, 16, 8, 4, 2]


def test_a_start_from_the_membrane_begins_with_the_membrane_and_learns_from_there() -> None:
    torch.manual_seed(0)  # of some draws so narrow a network is dead from the start
    network = PenNet(width=0.5, start=Start.MEMBRANE)
    image, hole = with_hole(64, 64)
    output, pyramid = network(image, hole)
    assert torch.equal(output, image)
    assert pyramid[0].shape == (1, 3, 32, 32)
    (output - image.flip(3)).square().sum().backward()
    assert network.painter[-1].weight.grad.abs().max() > 0


def test_a_graph_takes_every_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as torch itself: positions that are wanted and known patches are counted when the graph runs."""
    monkeypatch.setattr(pen_net, "GRAPH_PIECES", (3, 2, 1, 1, 1))  # as many as in earnest take long to export

    class Fill(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.network = PenNet(width=0.125).eval().for_graph()

        def forward(self, image: Tensor, hole: Tensor) -> Tensor:
            return self.network.fill(image, hole)

    fill = Fill()
    sizes = {2: 64 * torch.export.Dim("rows", min=1, max=64), 3: 64 * torch.export.Dim("columns", min=1, max=64)}
    exported = torch.export.export(fill, with_hole(128, 192), dynamic_shapes=(sizes, sizes))
    graph = exported.module(check_guards=False)  # one of them takes a side of 64 for another case; it is none
    with torch.no_grad():
        for height, width in ((64, 64), (192, 128), (256, 320)):
            inputs = with_hole(height, width)
            assert torch.allclose(graph(*inputs), fill(*inputs), atol=1e-6)
            assert np.isfinite(graph(inputs[0], torch.zeros_like(inputs[1])).numpy()).all()
