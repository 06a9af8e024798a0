"""The critics of both papers against the published ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from lacuna.networks import deepfill_layouts as layouts
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import Critic, spatial_discount
from lacuna.networks.deepfill_v2 import PatchCritic
from lacuna.networks.layout import Layout
from lacuna.networks.loading import loaded
from tests.networks.published import Array, Numbers, entries, wave, weights

SIZES = {"local": 128, "global": 256}


def critic(layout: Layout, which: str, last: int, published: dict[str, Array]) -> Critic:
    network = Critic(CONVENTIONS[layout.conventions], SIZES[which], last=last)
    return loaded(network, layout, published)


@pytest.mark.parametrize("which", ["local", "global"])
def test_the_critics_of_the_port_of_v1_are_the_published_ones(which: str):
    numbers = Numbers("deepfill-v1/pt_discriminators")
    published = weights(entries("deepfill-v1/keys.pytorch.json", f"pytorch-port/{which}D"))
    network = critic(layouts.V1_PYTORCH_CRITICS[which], which, 256, published)
    seen: list[Tensor] = []
    network.layers.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    with torch.inference_mode():
        score = network(wave(3, SIZES[which], SIZES[which], 2))
    assert numbers.farthest(f"{which}_feat", seen[0]) < 1e-4
    assert numbers.farthest(f"{which}_out", score) < 1e-4


@pytest.mark.parametrize(("which", "last"), [("local", 512), ("global", 256)])
def test_the_critics_of_v1_are_the_published_ones(which: str, last: int):
    numbers = Numbers("deepfill-v1/tf_discriminators")
    published = weights(entries("deepfill-v1/keys.tensorflow.json", "tf-original/discriminators"))
    network = critic(layouts.V1_TENSORFLOW_CRITICS[which], which, last, published)
    with torch.inference_mode():
        score = network(wave(3, SIZES[which], SIZES[which], 2))
    assert numbers.farthest(f"{which}_out", score) < 1e-4


@pytest.mark.parametrize("lines", [False, True], ids=["plain", "guided"])
@pytest.mark.parametrize("kind", ["pt", "pttf", "tf"])
def test_the_critic_of_v2_is_the_published_one_from_pass_to_pass(kind: str, lines: bool):
    numbers = Numbers(f"deepfill-v2/{'tf_discriminators' if kind == 'tf' else 'discriminators'}")
    layout = {"pt": layouts.V2_PT_CRITIC, "pttf": layouts.V2_PTTF_CRITIC, "tf": layouts.V2_TENSORFLOW_CRITIC}[kind]
    file, name = ("keys.tensorflow.json", "tf-original") if kind == "tf" else ("keys.pytorch.json", kind)
    if lines:  # only one layout of the port lists the weights with lines
        name = "tf-original/discriminator-guided" if kind == "tf" else "pttf/discriminator-guided"
    else:
        name = f"{name}/discriminator"
    published = weights(entries(f"deepfill-v2/{file}", name))
    network = loaded(PatchCritic(CONVENTIONS[layout.conventions], guided=lines), layout, published)
    norm = network.layers.conv1.parametrizations.weight
    channels = 5 if lines else 4
    shown = wave(channels, 128, 96, 1)
    before = norm.original.clone()
    for nth in ("first", "second"):
        with torch.inference_mode():
            scores = network.layers(shown)
        if kind == "tf":
            scores = scores.permute(0, 2, 3, 1)
        assert numbers.farthest(f"{kind}_c{channels}_{nth}", scores.flatten(1)) < 5e-4
        if nth == "first":
            u = numbers.arrays[f"{kind}_c{channels}_conv1_u_after"].ravel()
            assert np.abs(norm[0].u.numpy() - u).max() < 1e-5
    assert torch.equal(norm.original, before)


def test_the_weight_that_the_port_keeps_is_the_one_that_counts_in_a_pass():
    scale = Numbers("deepfill-v2/discriminators").arrays["pt_c4_conv1_w_scale"]
    published = weights(entries("deepfill-v2/keys.pytorch.json", "pt/discriminator"))
    network = loaded(PatchCritic(CONVENTIONS["pt"]), layouts.V2_PT_CRITIC, published)
    with torch.no_grad():
        divided = network.layers.conv1.weight
    assert divided.norm().item() == pytest.approx(scale.item(), rel=1e-5)


def test_a_critic_can_be_asked_twice_before_it_learns():
    """Real and fake pictures are judged one after the other; the state of the norm must not spoil the gradients."""
    network = PatchCritic(CONVENTIONS["pt"], width=0.25)
    hole = torch.ones(1, 1, 64, 64)
    real, fake = torch.zeros(1, 3, 64, 64), torch.ones(1, 3, 64, 64)
    (network(fake, hole).mean() - network(real, hole).mean()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_the_discount_is_the_published_one():
    numbers = Numbers("deepfill-v1/pt_discriminators")
    assert numbers.farthest("spatial_discount", spatial_discount(128)[None, None]) < 1e-6
