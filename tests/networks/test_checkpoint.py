"""Published keys become ours, and whatever does not fit is named."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.errors import UnsuitableWeights
from lacuna.networks import deepfill_layouts as layouts
from lacuna.networks.checkpoint import Layout, given_back, recognised, taken_over
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import Critic, DeepFillV1
from lacuna.networks.deepfill_v2 import DeepFillV2, PatchCritic
from tests.networks.published import Array, entries, weights

PT = layouts.V2[0]
GENERATORS = (*layouts.V1, *layouts.V2)
PUBLISHED = [
    (layouts.V1[0], "deepfill-v1", "keys.pytorch.json", "pytorch-port/generator", lambda c: DeepFillV1(c)),
    (layouts.V1[1], "deepfill-v1", "keys.tensorflow.json", "tf-original/generator", lambda c: DeepFillV1(c)),
    (layouts.V1_CRITICS[0], "deepfill-v1", "keys.pytorch.json", "pytorch-port/localD", lambda c: Critic(c, 128)),
    (layouts.V1_CRITICS[0], "deepfill-v1", "keys.pytorch.json", "pytorch-port/globalD", lambda c: Critic(c, 256)),
    (
        layouts.V1_CRITICS[1],
        "deepfill-v1",
        "keys.tensorflow.json",
        "tf-original/discriminators",
        lambda c: Critic(c, 128, 512),
    ),
    (
        layouts.V1_CRITICS[2],
        "deepfill-v1",
        "keys.tensorflow.json",
        "tf-original/discriminators",
        lambda c: Critic(c, 256),
    ),
    (PT, "deepfill-v2", "keys.pytorch.json", "pt/generator", lambda c: DeepFillV2(c)),
    (layouts.V2[1], "deepfill-v2", "keys.pytorch.json", "pttf/generator", lambda c: DeepFillV2(c)),
    (layouts.V2[1], "deepfill-v2", "keys.pytorch.json", "pttf/generator-guided", lambda c: DeepFillV2(c, True)),
    (layouts.V2[3], "deepfill-v2", "keys.tensorflow.json", "tf-original/generator", lambda c: DeepFillV2(c)),
    (
        layouts.V2[3],
        "deepfill-v2",
        "keys.tensorflow.json",
        "tf-original/generator-guided",
        lambda c: DeepFillV2(c, True),
    ),
    (layouts.V2_CRITICS[0], "deepfill-v2", "keys.pytorch.json", "pt/discriminator", lambda c: PatchCritic(c)),
    (
        layouts.V2_CRITICS[1],
        "deepfill-v2",
        "keys.pytorch.json",
        "pttf/discriminator-guided",
        lambda c: PatchCritic(c, True),
    ),
    (
        layouts.V2_CRITICS[2],
        "deepfill-v2",
        "keys.tensorflow.json",
        "tf-original/discriminator",
        lambda c: PatchCritic(c),
    ),
]


def shapes(network: nn.Module) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


@pytest.mark.parametrize(
    ("layout", "network", "file", "name", "make"), PUBLISHED, ids=lambda p: getattr(p, "name", None)
)
def test_every_published_layout_fits_and_comes_back_the_same(
    layout: Layout, network: str, file: str, name: str, make: object
):
    published = weights(network, file, name)
    with torch.device("meta"):
        wanted = shapes(make(CONVENTIONS[layout.conventions]))  # type: ignore[operator]
    ours = taken_over(layout, published, wanted)
    assert {key: value.shape for key, value in ours.items()} == wanted
    back = given_back(layout, ours)
    needed = {key for key in published if key not in layout.constants and not layout.foreign(key)}
    assert back.keys() == needed
    assert all(np.array_equal(back[key], published[key]) for key in back)


@pytest.mark.parametrize(
    ("network", "file", "name", "expected"),
    [
        ("deepfill-v1", "keys.pytorch.json", "pytorch-port/generator", ["deepfill-v1/pytorch"]),
        ("deepfill-v2", "keys.pytorch.json", "pt/generator", ["deepfill-v2/pt"]),
        ("deepfill-v2", "keys.pytorch.json", "pttf/generator", ["deepfill-v2/pttf-fused", "deepfill-v2/pttf"]),
        # Both papers call their layers alike there; only shapes tell them apart.
        (
            "deepfill-v2",
            "keys.tensorflow.json",
            "tf-original/generator",
            ["deepfill-v1/tensorflow", "deepfill-v2/tensorflow"],
        ),
    ],
)
def test_a_generator_is_recognised_by_its_keys(network: str, file: str, name: str, expected: list[str]):
    keys = {entry["key"] for entry in entries(network, file, name)}
    assert [layout.name for layout in recognised(keys, GENERATORS)] == expected


def small() -> tuple[dict[str, Array], dict[str, tuple[int, ...]]]:
    with torch.device("meta"):
        wanted = shapes(DeepFillV2(CONVENTIONS["pt"], width=0.25))
    ours = {key: np.zeros(shape, np.float32) for key, shape in wanted.items()}
    return given_back(PT, ours), wanted


def test_a_missing_key_is_named():
    published, wanted = small()
    del published["stage2.ca_conv_bn4.conv.bias"]
    with pytest.raises(UnsuitableWeights, match=r"stage2\.ca_conv_bn4\.conv\.bias is missing") as raised:
        taken_over(PT, published, wanted)
    assert len(raised.value.misfits) == 1


def test_an_extra_key_is_named_and_a_known_constant_is_not():
    published, wanted = small()
    published["stage2.contextual_attention.fuse_weight"] = np.eye(3, dtype=np.float32)[None, None]
    taken_over(PT, published, wanted)
    published["stage3.conv1.conv.weight"] = np.zeros((1,), np.float32)
    with pytest.raises(UnsuitableWeights, match=r"stage3\.conv1\.conv\.weight is unknown"):
        taken_over(PT, published, wanted)


def test_another_shape_is_named_with_both():
    published, wanted = small()
    published["stage1.conv1.conv.weight"] = np.zeros((8, 6, 5, 5), np.float32)
    with pytest.raises(UnsuitableWeights, match="has the shape 8 x 6 x 5 x 5, not 16 x 5 x 5 x 5"):
        taken_over(PT, published, wanted)


@pytest.mark.parametrize("shape", [(), (3,), (48, 5, 5)])
def test_a_shape_of_another_rank_is_a_misfit_and_no_crash(shape: tuple[int, ...]):
    with torch.device("meta"):
        wanted = shapes(DeepFillV1(CONVENTIONS["tensorflow"]))
    published = weights("deepfill-v1", "keys.tensorflow.json", "tf-original/generator")
    published["inpaint_net/conv1/kernel"] = np.zeros(shape, np.float32)
    with pytest.raises(UnsuitableWeights, match="inpaint_net/conv1/kernel has the shape"):
        taken_over(layouts.V1[1], published, wanted)


def test_weights_of_another_network_are_refused_with_all_that_does_not_fit():
    _, wanted = small()
    other = weights("deepfill-v1", "keys.pytorch.json", "pytorch-port/generator")
    with pytest.raises(UnsuitableWeights, match="and 163 more") as raised:
        taken_over(PT, other, wanted)
    assert len(raised.value.misfits) == 168


def test_what_an_optimiser_keeps_and_the_critic_beside_it_is_passed_over():
    published = weights("deepfill-v1", "keys.tensorflow.json", "tf-original/generator")
    with torch.device("meta"):
        wanted = shapes(DeepFillV1(CONVENTIONS["tensorflow"]))
    nothing = np.zeros((), np.float32)
    for key in ("inpaint_net/conv1/kernel/Adam", "inpaint_net/conv1/kernel/Adam_1", "lr", "discriminator/x/kernel"):
        published[key] = nothing
    taken_over(layouts.V1[1], published, wanted)
    published["inpaint_net/conv18/kernel"] = nothing
    with pytest.raises(UnsuitableWeights, match="conv18"):
        taken_over(layouts.V1[1], published, wanted)


def test_keys_of_something_else_are_not_recognised():
    with pytest.raises(UnsuitableWeights, match="knows"):
        recognised({"layer1.weight", "layer1.bias"}, GENERATORS)


def test_a_layout_of_another_network_is_a_programmers_mistake():
    published, wanted = small()
    with pytest.raises(ValueError, match="another network"):
        taken_over(layouts.V2_CRITICS[0], published, wanted)
