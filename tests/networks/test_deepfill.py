"""Both DeepFill networks, stage by stage, against what the published programs computed with the same weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from lacuna.networks import deepfill_layouts as layouts
from lacuna.networks.attention import AttentionStep, ContextualAttention, smaller
from lacuna.networks.attention_piece import Piece, piece
from lacuna.networks.conventions import CONVENTIONS, Start
from lacuna.networks.deepfill_v1 import DeepFillV1, RefinementStage, Stages, composite, queries_for
from lacuna.networks.deepfill_v2 import DeepFillV2
from lacuna.networks.flow import flow_colours
from lacuna.networks.loading import loaded
from tests.networks.published import Array, Numbers, cases, entries, weights

# How the name of a case begins -> which of our layouts reads its weights, and how they are called.
V1 = {
    "pt": (layouts.V1_PYTORCH, "deepfill-v1/keys.pytorch.json", "pytorch-port/generator"),
    "tf": (layouts.V1_TENSORFLOW, "deepfill-v1/keys.tensorflow.json", "tf-original/generator"),
}
V2 = {
    "pt": (layouts.V2_PT, "deepfill-v2/keys.pytorch.json", "pt/generator"),
    "pttfB": (layouts.V2_PTTF_FUSED, "deepfill-v2/keys.pytorch.json", "pttf/generator"),
    "pttfA": (layouts.V2_PTTF, "deepfill-v2/keys.pytorch.json", "pttf/generator"),
    "tf": (layouts.V2_TENSORFLOW, "deepfill-v2/keys.tensorflow.json", "tf-original/generator"),
}
NOT_COMPUTED = {"image_u8", "mask_u8", "guide_u8", "layout", "salt"}
V1_TOLERANCE = 1e-4
V2_TOLERANCE = 5e-4


def program_of(case: str) -> str:
    """The name of a case begins with it."""
    return case.split("/")[1].split("_")[0]


def inputs(recorded: dict[str, Array]) -> tuple[Tensor, ...]:
    """The picture, the hole, and the lines if there are any."""
    image = torch.from_numpy(recorded["image_u8"].transpose(2, 0, 1)[None] / np.float32(127.5) - np.float32(1))
    hole = torch.from_numpy((recorded["mask_u8"] > 127.5)[None, None].astype(np.float32))
    if "guide_u8" not in recorded:
        return image, hole
    return image, hole, torch.from_numpy((recorded["guide_u8"] / 255 > 0.6)[None, None].astype(np.float32))


@torch.inference_mode()
def computed(network: Any, given: tuple[Tensor, ...]) -> dict[str, Tensor]:
    """Everything on the way that is recorded, under the names of the fixtures."""
    seen: dict[str, Any] = {}

    def keep(name: str) -> Any:
        return lambda _module, _inputs, output: seen.__setitem__(name, output)

    refine: RefinementStage = network.refine
    watched = {
        "stage1_raw": network.coarse,
        "hallu": refine.dilated,
        "att_in": refine.matched,
        "pm": refine.pasted,
        "merged": refine.merged.conv12,
        "stage2_raw": refine.merged,
    }
    for name, module in watched.items():
        module.register_forward_hook(keep(name))
    stages: Stages = network(*given)
    seen["att_out"] = refine.attention(seen["att_in"], given[1]).features
    seen["att_scores"], seen["att_prob"] = inside(refine.attention, seen["att_in"], given[1])
    conventions = refine.attention.conventions
    seen["mask_s4"] = smaller(given[1], 4, conventions.sampling)
    seen["mask_s8"] = smaller(seen["mask_s4"], 2, conventions.sampling)
    seen |= {
        "stage1": stages.coarse,
        "stage2": stages.refined,
        "att_argmax": stages.keys[:, None],
        "complete": composite(stages.refined, given[0], given[1]),
    }
    return seen


def inside(attention: ContextualAttention, features: Tensor, hole: Tensor) -> list[Tensor]:
    """Scores before the fusion, and probabilities: (B, keys, h, w)."""
    taken: list[Tensor] = []

    def take(step: AttentionStep, given: Any) -> None:
        asked, offered, norms, known, _blocks, _used, every = given
        cells = offered[0, 0].numel()
        for found in (
            step.scores(asked, offered, norms, every)[:, :cells],
            step.probabilities(asked, offered, norms, known, every),
        ):
            taken.append(found.flatten(2).transpose(1, 2).unflatten(2, offered.shape[-2:]))

    whole = ContextualAttention(attention.conventions, memory=None)
    whole.step.register_forward_pre_hook(take)
    whole(features, hole)
    return taken


def flow(keys: Tensor) -> Tensor:
    return torch.from_numpy(flow_colours(keys[:, 0].numpy())).permute(0, 3, 1, 2).float()


def assert_agree(numbers: Numbers, found: dict[str, Tensor], tolerance: float) -> None:
    assert np.array_equal(found["att_argmax"], numbers.arrays["att_argmax"])
    far = {name: numbers.farthest(name, found[name]) for name in numbers.names() if name not in NOT_COMPUTED}
    assert {name: distance for name, distance in far.items() if distance > tolerance} == {}


@pytest.mark.parametrize("case", cases("deepfill-v1/*_c*"))
def test_v1_computes_what_the_published_programs_compute(case: str):
    program = program_of(case)
    layout, file, name = V1[program]
    numbers = Numbers(case)
    network = loaded(DeepFillV1(CONVENTIONS[layout.conventions]), layout, weights(entries(file, name)))
    found = computed(network, inputs(numbers.arrays))
    shown = flow(found["att_argmax"])
    if program == "tf":
        found["flow"] = F.interpolate(shown / 127.5 - 1, scale_factor=2)
    else:
        found["flow"] = F.interpolate(shown / 255, scale_factor=8)
    assert_agree(numbers, found, V1_TOLERANCE)


@pytest.mark.parametrize("case", cases("deepfill-v2/*_[cg]*"))
def test_v2_computes_what_the_published_programs_compute(case: str):
    program = program_of(case)
    layout, file, name = V2[program]
    numbers = Numbers(case)
    guided = "guide_u8" in numbers.arrays
    published = weights(entries(file, f"{name}-guided" if guided else name))
    network = loaded(DeepFillV2(CONVENTIONS[layout.conventions], guided=guided), layout, published)
    found = computed(network, inputs(numbers.arrays))
    shown = flow(found["att_argmax"])
    shown = shown / 127.5 - 1 if program == "tf" else shown / 255
    found["flow"] = F.interpolate(shown, scale_factor=2, mode="bilinear", align_corners=True)
    assert_agree(numbers, found, V2_TOLERANCE)


# Light networks with weights that let something through, and all ways to pad and round.
LIGHT = [
    pytest.param(lambda **options: DeepFillV1(CONVENTIONS["pytorch-v1"], width=0.25, **options), id="v1-pytorch"),
    pytest.param(lambda **options: DeepFillV1(CONVENTIONS["tensorflow"], width=0.25, **options), id="v1-tensorflow"),
    pytest.param(lambda **options: DeepFillV2(CONVENTIONS["pt"], width=0.5, **options), id="v2-pt"),
    pytest.param(lambda **options: DeepFillV2(CONVENTIONS["pttf-fused"], width=0.5, **options), id="v2-pttf-fused"),
]


def lively(network: nn.Module) -> nn.Module:
    random = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:
                parameter.normal_(0, 0.05, generator=random)
            else:
                parameter.normal_(0, (2.0 / parameter[0].numel()) ** 0.5, generator=random)
    return network.eval()


def picture(height: int, width: int, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def box(height: int, width: int, top: int, left: int, bottom: int, right: int) -> Tensor:
    hole = torch.zeros(1, 1, height, width)
    hole[:, :, top:bottom, left:right] = 1
    return hole


@pytest.mark.parametrize("light", LIGHT)
@settings(deadline=None, max_examples=8)
@given(
    edges=st.tuples(*[st.integers(0, 119)] * 2, *[st.integers(1, 90)] * 2), memory=st.sampled_from([1 << 15, 1 << 26])
)
def test_the_hole_is_filled_alike_if_attention_is_asked_for_it_alone(
    light: Any, edges: tuple[int, int, int, int], memory: int
):
    """Not bit by bit: products of matrices of other sizes are summed in another order."""
    top, left, height, width = edges
    hole = box(120, 120, top, left, top + height, left + width)
    image = picture(120, 120)
    network = lively(light(memory=memory))
    with torch.inference_mode():
        everywhere, lean = network(image, hole), network(image, hole, queries=queries_for(hole))
    inside = hole.bool().expand_as(image)
    assert torch.equal(everywhere.coarse, lean.coarse)
    assert (everywhere.refined - lean.refined)[inside].abs().max() < 1e-3


def test_queries_for_a_hole_are_all_that_it_needs_and_no_more():
    """Whatever stands in those that are left out, not one bit changes; and each at their rim is seen."""
    hole = box(128, 128, 60, 52, 68, 64)
    queries = queries_for(hole)
    assert 0 < queries.sum() < 128
    network = lively(DeepFillV1(CONVENTIONS["pt"], width=0.25))
    refine = network.refine
    with torch.inference_mode():
        dilated, features = refine.encode(torch.cat([picture(128, 128), torch.ones_like(hole), hole], 1))
        attended = refine.attention(features, hole).features

        def without(cells: Tensor) -> Tensor:
            touched = F.max_pool2d(F.interpolate(cells.float(), scale_factor=2.0), 3, 1, 1) > 0
            return refine.decode(dilated, attended.masked_fill(touched, 1.0)) * hole

        whole = refine.decode(dilated, attended) * hole
        assert torch.equal(without(~queries), whole)
        rim = queries & (F.max_pool2d((~queries).float(), 3, 1, 1) > 0)
        for place in rim.nonzero():
            one = torch.zeros_like(queries)
            one[tuple(place)] = True
            assert not torch.equal(without(one), whole), place


@pytest.mark.parametrize("light", LIGHT[1:3])
def test_the_whole_network_becomes_a_graph_with_free_height_and_width(light: Any):
    network = lively(light(memory=None))
    free = {2: 8 * torch.export.Dim("height", min=2, max=512), 3: 8 * torch.export.Dim("width", min=2, max=512)}
    example = picture(64, 96), box(64, 96, 20, 30, 50, 70)
    graph = torch.export.export(network, example, dynamic_shapes={"image": free, "hole": free}).module()
    for height, width in ((64, 96), (136, 72)):
        given = picture(height, width, 1), box(height, width, 20, 30, 50, 70)
        with torch.inference_mode():
            found, expected = graph(*given), network(*given)
            assert torch.equal(found[2], expected[2])
            for ours, theirs in zip(found[:2], expected[:2], strict=True):
                assert (ours - theirs).abs().max() < 1e-4  # a graph's layers add up in another order


class OnePiece(nn.Module):
    """The step of attention with its indices as inputs: the graph for a hole in a large picture."""

    def __init__(self, fuse: bool) -> None:
        super().__init__()
        self.step = AttentionStep(fuse)

    def forward(self, maps: tuple[Tensor, ...], blocks: Tensor, used: Tensor, rows: tuple[Tensor, ...]) -> Any:
        return self.step(*maps, blocks, used, Piece(*rows))


def test_the_step_of_attention_becomes_a_graph_with_free_sizes():
    def given(height: int, width: int, queries: list[int]) -> tuple[Any, ...]:
        random = torch.Generator().manual_seed(7)
        cells = torch.randn(1, 8, height, width, generator=random)
        one = torch.ones(1, 1, height, width)
        used = torch.arange(0, (height + 1) * (width + 1), 2)
        rows = tuple(torch.from_numpy(r) for r in vars(piece(np.array(queries), height, width, fuse=True)).values())
        return (cells, cells, one, one), torch.randn(1, len(used), 32, generator=random), used, rows

    dim = torch.export.Dim.DYNAMIC
    free = (
        ({2: dim, 3: dim},) * 4,
        {1: dim},
        {0: dim},
        ({0: dim}, {0: dim}, *({1: dim},) * 4, {0: dim}, {1: dim}),
    )
    network = OnePiece(fuse=True)
    graph = torch.export.export(network, given(9, 7, [10, 11, 17, 40]), dynamic_shapes=free).module()
    other = given(12, 10, [0, 1, 9, 50, 51, 119])
    for found, expected in zip(graph(*other), network(*other), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("light", LIGHT)
def test_a_start_from_the_membrane_gives_it_back_before_a_training(light: Any):
    hole = box(64, 72, 16, 16, 40, 48)
    filled = picture(64, 72)
    stages = light(start=Start.MEMBRANE)(filled, hole)
    assert torch.equal(stages.coarse, filled)
    assert torch.equal(stages.refined, filled)


@pytest.mark.parametrize("light", LIGHT)
def test_with_a_start_from_the_membrane_what_lies_in_the_hole_counts(light: Any):
    hole = box(64, 72, 16, 16, 40, 48)
    black = picture(64, 72) * (1 - hole)
    white = black + hole
    network = lively(light(start=Start.PUBLISHED))
    assert torch.equal(network(black, hole).refined, network(white, hole).refined)
    network = lively(light(start=Start.MEMBRANE))
    assert not torch.equal(network(black, hole).refined, network(white, hole).refined)


@pytest.mark.parametrize("light", LIGHT)
def test_every_weight_learns_from_the_first_step_but_one(light: Any):
    """From the membrane the first step reaches the last layers alone, whose zeros hide the others; the next all."""
    hole = box(64, 64, 16, 16, 40, 48)
    image = picture(64, 64)
    for start, steps in ((Start.PUBLISHED, 1), (Start.MEMBRANE, 2)):
        torch.manual_seed(0)
        network = light(start=start)
        optimiser = torch.optim.SGD(network.parameters(), 0.1)
        for _ in range(steps):
            optimiser.zero_grad()
            stages = network(image * 0.9, hole)
            ((stages.coarse - image).abs().mean() + (stages.refined - image).abs().mean()).backward()
            optimiser.step()
        still = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.abs().max() > 0]
        assert still == []


def test_a_width_makes_a_lighter_network_of_the_same_layers():
    for make in (DeepFillV1, DeepFillV2):
        whole, half = (make(CONVENTIONS["pt"], width=width) for width in (1.0, 0.5))
        assert whole.state_dict().keys() == half.state_dict().keys()
        sizes = [sum(p.numel() for p in network.parameters()) for network in (whole, half)]
        assert 0.24 < sizes[1] / sizes[0] < 0.27
    assert sum(p.numel() for p in DeepFillV1(CONVENTIONS["pt"]).parameters()) == 3_601_542
    assert sum(p.numel() for p in DeepFillV2(CONVENTIONS["pt"]).parameters()) == 4_052_478
    assert sum(p.numel() for p in DeepFillV2(CONVENTIONS["pt"], guided=True).parameters()) == 4_053_678


def test_lines_are_for_the_guided_network_and_it_needs_them():
    image, hole = picture(64, 64), box(64, 64, 16, 16, 40, 40)
    with pytest.raises(ValueError, match="lines"):
        DeepFillV2(CONVENTIONS["pt"], guided=True, width=0.25)(image, hole)
    with pytest.raises(ValueError, match="lines"):
        DeepFillV2(CONVENTIONS["pt"], width=0.25)(image, hole, guide=hole)
