"""The forms that steps take in a graph: the same numbers as those that torch runs."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from lacuna.networks import graph_forms
from lacuna.networks.blocks import Convolution, elu
from lacuna.networks.conventions import Padding
from lacuna.networks.deepfill_v2 import GatedConvolution


def maps(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(len(shape)))


def test_elu_is_the_same_from_nothing_to_the_largest_number():
    values = torch.cat([maps(1000), 10 * maps(1000), torch.tensor([0.0, -88.0, -104.0, -3e38, 89.0, 3e38])])
    assert (graph_forms.elu(values) - F.elu(values)).abs().max() < 2e-7


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (7, 6)])
def test_a_convolution_of_a_map_made_twice_as_large_is_four_smaller_ones(size: tuple[int, int]):
    seen, kernel, bias = maps(2, 3, *size), maps(4, 3, 3, 3), maps(4)
    larger = F.conv2d(F.interpolate(seen, scale_factor=2.0, mode="nearest"), kernel, bias, padding=1)
    assert (graph_forms.doubled(seen, kernel, bias) - larger).abs().max() < 1e-5


def test_four_places_lie_in_each_block_as_a_pixel_shuffle_lays_them():
    seen = maps(2, 3, 4, 5, 6)
    assert torch.equal(graph_forms.interleaved(*seen.unbind(2)), F.pixel_shuffle(seen.flatten(1, 2), 2))


@pytest.mark.parametrize(
    "layer",
    [
        Convolution(3, 4, padding=Padding.EVEN, doubling=True),
        GatedConvolution(3, 16, padding=Padding.EVEN, doubling=True),
        GatedConvolution(3, 16, stride=2, padding=Padding.SAME),
        GatedConvolution(3, 12, padding=Padding.EVEN),
    ],
    ids=["doubling", "gated, doubling", "gated, halving", "gated, no whole blocks"],
)
def test_a_layer_gives_the_same_in_a_graph(layer: Convolution, monkeypatch: pytest.MonkeyPatch):
    layer.reset_parameters()
    seen = maps(1, 3, 9, 8)
    with torch.no_grad():
        plain = layer(seen)
        monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
        assert layer.activation is elu
        assert (layer(seen) - plain).abs().max() < 1e-5
