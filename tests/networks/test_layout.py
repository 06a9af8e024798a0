"""Published keys become ours, and whatever does not fit is named."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.errors import UnsuitableWeights
from lacuna.networks import deepfill_layouts as deepfill
from lacuna.networks import edge_connect_layouts as edge_connect
from lacuna.networks import pen_net_layouts as pen_net
from lacuna.networks.conventions import CONVENTIONS
from lacuna.networks.deepfill_v1 import Critic, DeepFillV1
from lacuna.networks.deepfill_v2 import DeepFillV2, PatchCritic
from lacuna.networks.edge_connect import Discriminator as EdgeConnectCritic
from lacuna.networks.edge_connect import EdgeGenerator, ImageGenerator
from lacuna.networks.layout import Layout, Shape, given_back, recognised, taken_over
from lacuna.networks.loading import loaded
from lacuna.networks.pen_net import Discriminator as PenNetCritic
from lacuna.networks.pen_net import PenNet
from tests.networks.published import Array, entries, weights

V1_PORT, V1_TENSORFLOW = "deepfill-v1/keys.pytorch.json", "deepfill-v1/keys.tensorflow.json"
V2_PORT, V2_TENSORFLOW = "deepfill-v2/keys.pytorch.json", "deepfill-v2/keys.tensorflow.json"
PEN_NET, EDGE_CONNECT = "pen-net/keys.pytorch.json", "edgeconnect/keys.json"

Make = Callable[..., nn.Module]
# A layout, the key list that was read off the published program, and the network that it fills.
PUBLISHED: list[tuple[Layout, str, str, Make]] = [
    (deepfill.V1_PYTORCH, V1_PORT, "pytorch-port/generator", DeepFillV1),
    (deepfill.V1_TENSORFLOW, V1_TENSORFLOW, "tf-original/generator", DeepFillV1),
    (deepfill.V1_PYTORCH_CRITICS["local"], V1_PORT, "pytorch-port/localD", partial(Critic, size=128)),
    (deepfill.V1_PYTORCH_CRITICS["global"], V1_PORT, "pytorch-port/globalD", partial(Critic, size=256)),
    (
        deepfill.V1_TENSORFLOW_CRITICS["local"],
        V1_TENSORFLOW,
        "tf-original/discriminators",
        partial(Critic, size=128, last=512),
    ),
    (
        deepfill.V1_TENSORFLOW_CRITICS["global"],
        V1_TENSORFLOW,
        "tf-original/discriminators",
        partial(Critic, size=256),
    ),
    (deepfill.V2_PT, V2_PORT, "pt/generator", DeepFillV2),
    (deepfill.V2_PTTF_FUSED, V2_PORT, "pttf/generator", DeepFillV2),
    (deepfill.V2_PTTF, V2_PORT, "pttf/generator-guided", partial(DeepFillV2, guided=True)),
    (deepfill.V2_TENSORFLOW, V2_TENSORFLOW, "tf-original/generator", DeepFillV2),
    (deepfill.V2_TENSORFLOW, V2_TENSORFLOW, "tf-original/generator-guided", partial(DeepFillV2, guided=True)),
    (deepfill.V2_PT_CRITIC, V2_PORT, "pt/discriminator", PatchCritic),
    (deepfill.V2_PTTF_CRITIC, V2_PORT, "pttf/discriminator-guided", partial(PatchCritic, guided=True)),
    (deepfill.V2_TENSORFLOW_CRITIC, V2_TENSORFLOW, "tf-original/discriminator", PatchCritic),
    (pen_net.GENERATOR, PEN_NET, "pt/generator", PenNet),
    (pen_net.DISCRIMINATOR, PEN_NET, "pt/discriminator", PenNetCritic),
    (edge_connect.EDGE_GENERATOR, EDGE_CONNECT, "EdgeModel_gen.pth", partial(EdgeGenerator, spectral=True)),
    (edge_connect.IMAGE_GENERATOR, EDGE_CONNECT, "InpaintingModel_gen.pth", ImageGenerator),
    (edge_connect.EDGE_DISCRIMINATOR, EDGE_CONNECT, "EdgeModel_dis.pth", partial(EdgeConnectCritic, 2)),
    (edge_connect.IMAGE_DISCRIMINATOR, EDGE_CONNECT, "InpaintingModel_dis.pth", partial(EdgeConnectCritic, 3)),
]
GENERATORS = (
    *deepfill.GENERATORS,
    pen_net.GENERATOR,
    edge_connect.EDGE_GENERATOR,
    edge_connect.IMAGE_GENERATOR,
)


def shapes(layout: Layout, make: Make) -> dict[str, Shape]:
    with torch.device("meta"):
        network = make(CONVENTIONS[layout.conventions]) if layout.conventions else make()
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def listed(file: str, name: str) -> dict[str, Array]:
    """Arrays of the published shapes that all differ and cost nothing."""
    arrays = {
        entry["key"]: np.broadcast_to(np.float32(n), entry["shape"]) for n, entry in enumerate(entries(file, name))
    }
    copies = {entry["key"]: arrays[entry["alias_of"]] for entry in entries(file, name) if "alias_of" in entry}
    return arrays | copies


@pytest.mark.parametrize(
    ("layout", "file", "name", "make"), PUBLISHED, ids=lambda value: value.name if isinstance(value, Layout) else None
)
def test_every_published_layout_fits_and_comes_back_the_same(layout: Layout, file: str, name: str, make: Make):
    published, wanted = listed(file, name), shapes(layout, make)
    ours = taken_over(layout, published, wanted)
    assert {key: value.shape for key, value in ours.items()} == wanted
    back = given_back(layout, ours)
    assert back.keys() == {
        entry["key"]
        for entry in entries(file, name)
        if entry["key"] not in layout.constants and not layout.foreign(entry["key"]) and "alias_of" not in entry
    }
    assert all(np.array_equal(back[key], published[key]) for key in back)


def test_no_two_layouts_have_the_same_name():
    names = {layout.name for layout, *_rest in PUBLISHED}
    assert len(names) == len({id(layout) for layout, *_rest in PUBLISHED})


@pytest.mark.parametrize("layout", [deepfill.V1_TENSORFLOW, deepfill.V1_TENSORFLOW_CRITICS["local"]])
def test_turned_arrays_come_back_the_same(layout: Layout):
    """Kernels of TensorFlow stand in another order, and so does what a dense layer sees."""
    make = DeepFillV1 if layout is deepfill.V1_TENSORFLOW else partial(Critic, size=128)
    random = np.random.default_rng(0)
    ours = {
        key: random.standard_normal(shape).astype(np.float32)
        for key, shape in shapes(layout, partial(make, width=0.125)).items()
    }
    back = given_back(layout, ours)
    again = taken_over(layout, back, {key: value.shape for key, value in ours.items()})
    assert all(np.array_equal(again[key], ours[key]) for key in ours)


@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        (V1_PORT, "pytorch-port/generator", [deepfill.V1_PYTORCH]),
        (V2_PORT, "pt/generator", [deepfill.V2_PT]),
        (V2_PORT, "pttf/generator", [deepfill.V2_PTTF_FUSED, deepfill.V2_PTTF]),
        # Both papers call their layers alike there; only shapes tell them apart.
        (V2_TENSORFLOW, "tf-original/generator", [deepfill.V1_TENSORFLOW, deepfill.V2_TENSORFLOW]),
        (PEN_NET, "pt/generator", [pen_net.GENERATOR]),
        (EDGE_CONNECT, "EdgeModel_gen.pth", [edge_connect.EDGE_GENERATOR]),
        (EDGE_CONNECT, "InpaintingModel_gen.pth", [edge_connect.IMAGE_GENERATOR]),
    ],
)
def test_a_generator_is_recognised_by_its_keys(file: str, name: str, expected: list[Layout]):
    keys = [entry["key"] for entry in entries(file, name)]
    assert recognised(keys, GENERATORS) == expected
    assert recognised([f"module.{key}" for key in keys], GENERATORS) == expected


def test_keys_of_something_else_are_not_recognised():
    with pytest.raises(UnsuitableWeights, match="knows"):
        recognised({"layer1.weight", "layer1.bias"}, GENERATORS)


def small() -> tuple[dict[str, Array], dict[str, Shape]]:
    """The weights of a light DeepFill v2, all 0, and our shapes of them."""
    wanted = shapes(deepfill.V2_PT, partial(DeepFillV2, width=0.25))
    return given_back(deepfill.V2_PT, {key: np.zeros(shape, np.float32) for key, shape in wanted.items()}), wanted


def test_a_missing_key_is_named_and_the_file_that_was_published():
    published, wanted = small()
    del published["stage2.ca_conv_bn4.conv.bias"]
    with pytest.raises(UnsuitableWeights, match=r"stage2\.ca_conv_bn4\.conv\.bias is missing\..*pt_\*\.pth") as raised:
        taken_over(deepfill.V2_PT, published, wanted)
    assert len(raised.value.misfits) == 1


def test_an_extra_key_is_named_and_a_known_constant_is_not():
    published, wanted = small()
    published["stage2.contextual_attention.fuse_weight"] = np.eye(3, dtype=np.float32)[None, None]
    taken_over(deepfill.V2_PT, published, wanted)
    published["stage3.conv1.conv.weight"] = np.zeros((1,), np.float32)
    with pytest.raises(UnsuitableWeights, match=r"stage3\.conv1\.conv\.weight is unknown"):
        taken_over(deepfill.V2_PT, published, wanted)


def test_another_shape_is_named_with_both():
    published, wanted = small()
    published["stage1.conv1.conv.weight"] = np.zeros((8, 6, 5, 5), np.float32)
    with pytest.raises(UnsuitableWeights, match="has the shape 8 x 6 x 5 x 5, not 16 x 5 x 5 x 5"):
        taken_over(deepfill.V2_PT, published, wanted)


@pytest.mark.parametrize("shape", [(), (3,), (48, 5, 5)])
def test_a_shape_of_another_rank_is_a_misfit_and_no_crash(shape: Shape):
    published = listed(V1_TENSORFLOW, "tf-original/generator")
    published["inpaint_net/conv1/kernel"] = np.zeros(shape, np.float32)
    with pytest.raises(UnsuitableWeights, match="inpaint_net/conv1/kernel has the shape"):
        taken_over(deepfill.V1_TENSORFLOW, published, shapes(deepfill.V1_TENSORFLOW, DeepFillV1))


def test_weights_of_another_network_are_refused_in_one_short_sentence_with_all_that_does_not_fit():
    _, wanted = small()
    with pytest.raises(UnsuitableWeights, match="and 164 more") as raised:
        taken_over(deepfill.V2_PT, listed(V1_PORT, "pytorch-port/generator"), wanted)
    assert len(raised.value.misfits) == 168
    assert len(raised.value.sentence) < 400


def test_what_an_optimiser_keeps_and_the_critic_beside_it_is_passed_over():
    layout, published = deepfill.V1_TENSORFLOW, listed(V1_TENSORFLOW, "tf-original/generator")
    wanted = shapes(layout, DeepFillV1)
    nothing = np.zeros((), np.float32)
    for key in ("inpaint_net/conv1/kernel/Adam", "inpaint_net/conv1/kernel/Adam_1", "lr", "discriminator/x/kernel"):
        published[key] = nothing
    taken_over(layout, published, wanted)
    published["inpaint_net/conv18/kernel"] = nothing
    with pytest.raises(UnsuitableWeights, match="conv18"):
        taken_over(layout, published, wanted)


def test_a_model_that_was_trained_on_several_cards_is_read_as_well():
    published = listed(PEN_NET, "pt/discriminator")
    wanted = shapes(pen_net.DISCRIMINATOR, PenNetCritic)
    ours = taken_over(pen_net.DISCRIMINATOR, {f"module.{key}": value for key, value in published.items()}, wanted)
    assert np.array_equal(ours["classifier.bias"], published["classifier.bias"])
    mixed = {f"module.{key}" if "classifier" in key else key: value for key, value in published.items()}
    with pytest.raises(UnsuitableWeights, match=r"module\.classifier\.weight is unknown"):
        taken_over(pen_net.DISCRIMINATOR, mixed, wanted)


def test_a_copy_that_differs_from_what_it_repeats_is_refused():
    layout, published = edge_connect.EDGE_DISCRIMINATOR, listed(EDGE_CONNECT, "EdgeModel_dis.pth")
    published["features.0.weight_u"] = published["features.0.weight_u"] + 1
    with pytest.raises(UnsuitableWeights, match=r"features\.0\.weight_u differs from conv1\.0\.weight_u"):
        taken_over(layout, published, shapes(layout, partial(EdgeConnectCritic, 2)))


def test_a_layout_of_another_network_is_a_programmers_mistake():
    published, wanted = small()
    with pytest.raises(ValueError, match="another network"):
        taken_over(deepfill.V2_PT_CRITIC, published, wanted)


def test_a_loaded_network_holds_copies_of_the_weights_and_is_ready_for_evaluation():
    published = weights(entries(PEN_NET, "pt/discriminator"))
    for value in published.values():
        value.setflags(write=False)  # as files give them that are mapped into memory
    critic = loaded(PenNetCritic().train(), pen_net.DISCRIMINATOR, published)
    assert not critic.training
    bias = torch.tensor(published["classifier.bias"])
    assert torch.equal(critic.classifier.bias, bias)
    nn.init.constant_(critic.classifier.bias, 7)
    assert torch.equal(bias, torch.tensor(published["classifier.bias"]))
