"""The critics of both papers against the published ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lacuna.networks import deepfill_layouts as layouts
from lacuna.networks.checkpoint import Layout
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import Critic, spatial_discount
from lacuna.networks.deepfill_v2 import PatchCritic
from tests.networks.published import Array, arrays, loaded, wave, weights

SIZES = {"local": 128, "global": 256}


def critic(layout: Layout, which: str, last: int, published: dict[str, Array]) -> Critic:
    network = Critic(CONVENTIONS[layout.conventions], SIZES[which], last)
    return loaded(network, layout, {key: value for key, value in published.items() if not layout.foreign(key)})


@pytest.mark.parametrize("which", ["local", "global"])
def test_the_critics_of_the_port_of_v1_are_the_published_ones(which: str):
    recorded = arrays("deepfill-v1", "pt_discriminators")
    published = weights("deepfill-v1", "keys.pytorch.json", f"pytorch-port/{which}D")
    network = critic(layouts.V1_CRITICS[0], which, 256, published)
    seen: list[Tensor] = []
    network.layers.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.inference_mode():
        score = network(torch.from_numpy(wave(3, SIZES[which], SIZES[which], 2)))
    name, step = ("local_feat.c8", 8) if which == "local" else ("global_feat.c16", 16)
    assert np.abs(seen[0][:, ::step].numpy() - recorded[name]).max() < 1e-4
    assert np.abs(score.numpy() - recorded[f"{which}_out"]).max() < 1e-4


@pytest.mark.parametrize(("which", "last"), [("local", 512), ("global", 256)])
def test_the_critics_of_v1_are_the_published_ones(which: str, last: int):
    recorded = arrays("deepfill-v1", "tf_discriminators")
    published = weights("deepfill-v1", "keys.tensorflow.json", "tf-original/discriminators")
    layout = next(layout for layout in layouts.V1_CRITICS if which in layout.name)
    network = critic(layout, which, last, published)
    with torch.inference_mode():
        score = network(torch.from_numpy(wave(3, SIZES[which], SIZES[which], 2)))
    assert np.abs(score.numpy() - recorded[f"{which}_out"]).max() < 1e-4


@pytest.mark.parametrize("lines", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("kind", ["pt", "pttf", "tf"])
def test_the_critic_of_v2_is_the_published_one_from_pass_to_pass(kind: str, lines: bool):
    recorded = arrays("deepfill-v2", "tf_discriminators" if kind == "tf" else "discriminators")
    layout = {"pt": layouts.V2_CRITICS[0], "pttf": layouts.V2_CRITICS[1], "tf": layouts.V2_CRITICS[2]}[kind]
    file, name = ("keys.tensorflow.json", "tf-original") if kind == "tf" else ("keys.pytorch.json", kind)
    if lines:  # only one layout of the port lists the weights with lines
        name = "tf-original/discriminator-guided" if kind == "tf" else "pttf/discriminator-guided"
    else:
        name = f"{name}/discriminator"
    network = loaded(PatchCritic(CONVENTIONS[layout.conventions], lines), layout, weights("deepfill-v2", file, name))
    channels = 5 if lines else 4
    shown = torch.from_numpy(wave(channels, 128, 96, 1))
    before = network.layers.conv1.weight.clone()
    for nth in ("first", "second"):
        with torch.inference_mode():
            scores = network.layers(shown)
        if kind == "tf":
            scores = scores.permute(0, 2, 3, 1)
        assert np.abs(scores.flatten(1).numpy() - recorded[f"{kind}_c{channels}_{nth}"]).max() < 5e-4
        if nth == "first":
            u = recorded[f"{kind}_c{channels}_conv1_u_after"].ravel()
            assert np.abs(network.layers.conv1.u.numpy() - u).max() < 1e-5
    assert torch.equal(network.layers.conv1.weight, before)


def test_the_weight_that_the_port_keeps_is_the_one_that_counts_in_a_pass():
    recorded = arrays("deepfill-v2", "discriminators")
    published = weights("deepfill-v2", "keys.pytorch.json", "pt/discriminator")
    network = loaded(PatchCritic(CONVENTIONS["pt"]), layouts.V2_CRITICS[0], published)
    with torch.no_grad():
        divided = network.layers.conv1.weight / network.layers.conv1._sigma()
    assert divided.norm().item() == pytest.approx(recorded["pt_c4_conv1_w_scale"].item(), rel=1e-5)


def test_a_critic_can_be_asked_twice_before_it_learns():
    """Real and fake pictures are judged one after the other; the state of the norm must not spoil the gradients."""
    network = PatchCritic(CONVENTIONS["pt"], width=0.25)
    hole = torch.ones(1, 1, 64, 64)
    real, fake = torch.zeros(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    (network(fake, hole).mean() - network(real, hole).mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_the_discount_is_the_published_one():
    recorded = arrays("deepfill-v1", "pt_discriminators")["spatial_discount.s4"]
    assert np.abs(spatial_discount(128)[::4, ::4].numpy() - recorded[0, 0]).max() < 1e-6
