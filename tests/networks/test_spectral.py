"""Spectral normalisation goes on from published singular vectors exactly as the published programs do."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from lacuna.networks.edge_connect import EdgeGenerator
from lacuna.networks.edge_connect_layouts import EDGE_GENERATOR
from lacuna.networks.layout import NORMED_WEIGHT
from lacuna.networks.loading import loaded
from lacuna.networks.spectral import fold, spectral_norm
from tests.networks.published import Numbers, entries, weights

# The spectrally normed modules, theirs -> ours.
NORMED = {
    entry.published.removesuffix(".weight_orig"): entry.ours.removesuffix(f".{NORMED_WEIGHT}")
    for entry in EDGE_GENERATOR.entries
    if entry.published.endswith(".weight_orig")
}


@pytest.fixture
def generator() -> nn.Module:
    published = weights(entries("edgeconnect/keys.json", EDGE_GENERATOR.file))
    return loaded(EdgeGenerator(spectral=True), EDGE_GENERATOR, published)


def test_weights_and_vectors_after_none_one_and_three_passes_are_the_published_ones(generator: nn.Module) -> None:
    numbers = Numbers("edgeconnect/spectral_norm")
    compared = 0
    for state, training, passes in (("eval", False, 1), ("train1", True, 1), ("train3", True, 2)):
        generator.train(training)
        for layer in ("encoder.1", "middle.0.conv_block.1", "decoder.0"):
            convolution = generator.get_submodule(NORMED[layer])
            with torch.no_grad():
                for _ in range(passes):
                    weight = convolution.weight
            norm = convolution.parametrizations.weight[0]
            for name, ours in (("weight", weight), ("u", norm.u), ("v", norm.v)):
                if f"{layer}.{state}.{name}" in numbers.names():
                    assert numbers.farthest(f"{layer}.{state}.{name}", ours) < 1e-6
                    compared += 1
    assert compared >= 14


def test_every_singular_value_is_the_published_one(generator: nn.Module) -> None:
    published = Numbers("edgeconnect/spectral_norm").arrays["eval.sigma_all_layers"]
    ours = []
    for name in NORMED.values():
        convolution = generator.get_submodule(name)
        original, weight = convolution.parametrizations.weight.original.detach(), convolution.weight.detach()
        ours.append(float(original.double().norm() / weight.double().norm()))
    assert ours == pytest.approx(list(published), abs=1e-6)


@pytest.mark.parametrize("convolution", [nn.Conv2d(6, 8, 3), nn.ConvTranspose2d(6, 8, 4)])
def test_training_passes_come_to_the_largest_singular_value(convolution: nn.Conv2d) -> None:
    matrix = convolution.weight.detach()
    matrix = (matrix.transpose(0, 1) if isinstance(convolution, nn.ConvTranspose2d) else matrix).flatten(1)
    largest = torch.linalg.matrix_norm(matrix, 2)
    normalised = spectral_norm(convolution).train()
    for _ in range(200):
        weight = normalised.weight
    ratio = normalised.parametrizations.weight.original.detach().norm() / weight.detach().norm()
    assert float(ratio) == pytest.approx(float(largest), rel=1e-3)


def test_two_passes_before_the_gradients_are_taken_are_allowed() -> None:
    convolution = spectral_norm(nn.Conv2d(2, 3, 3)).train()
    (convolution(torch.ones(1, 2, 5, 5)) - convolution(torch.zeros(1, 2, 5, 5))).sum().backward()
    assert convolution.parametrizations.weight.original.grad is not None


def test_a_folded_network_has_plain_weights_and_the_same_output() -> None:
    network = nn.Sequential(spectral_norm(nn.Conv2d(2, 3, 3)), spectral_norm(nn.ConvTranspose2d(3, 2, 4))).eval()
    seen = torch.rand(1, 2, 8, 8)
    before = network(seen)
    folded = fold(network)
    assert sorted(folded.state_dict()) == ["0.bias", "0.weight", "1.bias", "1.weight"]
    assert torch.equal(folded(seen), before)


def test_half_precision_around_it_does_not_reach_the_norm() -> None:
    torch.manual_seed(3)
    convolution = spectral_norm(nn.Conv2d(5, 7, 3))
    convolution.eval()
    exact = convolution.weight
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(convolution.weight, exact)
