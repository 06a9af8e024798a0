"""Contextual attention against the published layer, and against a plain and slow one for whatever hole."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lacuna.bench.networks_attention import published
from lacuna.networks.attention import ContextualAttention, smaller
from lacuna.networks.attention_piece import pieces
from lacuna.networks.conventions import CONVENTIONS, Conventions, KeyNorm, Sampling
from tests.networks.published import Array, Numbers

KIB = 1 << 10
WHOLE = None  # all queries in one piece
PIECES = 24 * KIB  # some queries in each


def tensor(array: Array) -> Tensor:
    return torch.from_numpy(array)


def named(fixture: str) -> list[str]:
    return sorted({name.split("/")[0] for name in Numbers(fixture).arrays if name.endswith("/y")})


@pytest.mark.parametrize("memory", [WHOLE, PIECES], ids=["whole", "pieces"])
@pytest.mark.parametrize("case", named("deepfill-v1/pt_attention"))
def test_the_layer_of_v1_is_the_published_one(case: str, memory: int | None):
    recorded = Numbers("deepfill-v1/pt_attention").arrays
    features = tensor(recorded[f"{case}/f"])
    background = tensor(recorded.get(f"{case}/b", recorded[f"{case}/f"]))
    hole = None
    if f"{case}/mask" in recorded:
        hole = tensor(recorded[f"{case}/mask"])[:1].expand(len(features), -1, -1, -1)  # it takes the first for all
    conventions = dataclasses.replace(CONVENTIONS["pytorch-v1"], fuse=not case.startswith("nofuse"))
    attended = ContextualAttention(conventions, memory)(features, hole, background=background)
    assert (attended.features - tensor(recorded[f"{case}/y"])).abs().max() < 2e-5
    assert np.array_equal(attended.keys, recorded[f"{case}/argmax"][:, 0])


@pytest.mark.parametrize("memory", [WHOLE, PIECES], ids=["whole", "pieces"])
@pytest.mark.parametrize("case", named("deepfill-v2/attention"))
def test_the_layer_of_v2_is_the_published_one(case: str, memory: int | None):
    recorded = Numbers("deepfill-v2/attention").arrays
    size, layout, fusion = case.split("_")
    conventions = dataclasses.replace(CONVENTIONS[layout], fuse=fusion == "fuse")
    attended = ContextualAttention(conventions, memory)(tensor(recorded[f"{size}/f"]), tensor(recorded[f"{size}/mask"]))
    assert (attended.features - tensor(recorded[f"{case}/y"])).abs().max() < 2e-5
    assert np.array_equal(attended.keys, recorded[f"{case}/argmax"][:, 0])


@st.composite
def problems(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor, Conventions]:
    """Features, a hole of boxes that may cover nothing or everything, queries, and any mixture of conventions."""
    batch, channels = draw(st.integers(1, 2)), draw(st.integers(1, 5))
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))  # in cells
    random = torch.Generator().manual_seed(draw(st.integers(0, 9999)))
    features = torch.randn(batch, channels, 2 * height, 2 * width, generator=random)
    features *= draw(st.sampled_from([1e-3, 0.1, 1.0]))
    hole = torch.zeros(batch, 1, 8 * height, 8 * width)
    for n in range(batch):
        for _ in range(draw(st.integers(0, 3))):
            y, x = draw(st.integers(0, 8 * height - 1)), draw(st.integers(0, 8 * width - 1))
            hole[n, :, y : y + draw(st.integers(1, 60)), x : x + draw(st.integers(1, 60))] = 1
    queries = torch.rand(batch, 1, height, width, generator=random) < draw(st.sampled_from([0.1, 0.5, 1.0]))
    conventions = Conventions(
        padding=CONVENTIONS["pt"].padding,
        sampling=draw(st.sampled_from(list(Sampling))),
        mask_steps=draw(st.sampled_from([(8,), (4, 2)])),
        key_norm=draw(st.sampled_from(list(KeyNorm))),
        fuse=draw(st.booleans()),
    )
    return features, hole, queries, conventions


@settings(deadline=None, max_examples=150)
@given(problem=problems(), memory=st.sampled_from([WHOLE, 1, 4 * KIB, 64 * KIB, 1 << 20]))
def test_it_is_what_filters_from_patches_compute(problem: Any, memory: int | None):
    features, hole, _queries, conventions = problem
    attended = ContextualAttention(conventions, memory)(features, hole)
    each = zip(features.double().split(1), hole.split(1), strict=True)
    expected = torch.cat([published(picture, mask, conventions)[0] for picture, mask in each])
    assert (attended.features - expected).abs().max() <= 2e-4 * features.abs().max()


@settings(deadline=None, max_examples=150)
@given(problem=problems(), memory=st.sampled_from([WHOLE, 1, 4 * KIB, 64 * KIB]))
def test_what_is_asked_for_does_not_depend_on_what_else_is(problem: Any, memory: int | None):
    features, hole, queries, conventions = problem
    attention = ContextualAttention(conventions, memory)
    some, every = attention(features, hole, queries), attention(features, hole)
    asked = queries.any(0, keepdim=True).expand_as(queries)
    assert (some.keys[~asked[:, 0]] == -1).all()
    # Features whose whole patch was asked for: each belongs to four queries, fewer at the border of the picture.
    unasked = F.max_pool2d(F.interpolate((~asked).float(), scale_factor=2.0), 3, 1, 1) > 0
    difference = (some.features - every.features).abs().amax(1, keepdim=True)
    assert difference[~unasked].max() <= 2e-5 * features.abs().max() if (~unasked).any() else True


@settings(deadline=None, max_examples=60)
@given(
    wanted=st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, 40), st.integers(0, 99))),
    most=st.integers(1, 300),
)
def test_every_query_lies_in_one_piece(wanted: tuple[int, int, int], most: int):
    height, width, seed = wanted
    cells = np.random.default_rng(seed).random((height, width)) < 0.6
    parts = pieces(cells, most)
    assert all(0 < len(part) <= most for part in parts)
    assert sorted(query for part in parts for query in part) == np.flatnonzero(cells).tolist()


def test_a_picture_without_known_cells_gives_nothing():
    features = torch.ones(1, 4, 8, 8)
    for memory in (WHOLE, PIECES):
        attended = ContextualAttention(CONVENTIONS["pt"], memory)(features, torch.ones(1, 1, 32, 32))
        assert attended.features.abs().max() == 0


def test_each_picture_of_a_batch_has_its_own_hole():
    features = torch.randn(2, 3, 12, 16, generator=torch.Generator().manual_seed(1))
    hole = torch.zeros(2, 1, 48, 64)
    hole[0, :, 8:32, 8:32] = 1
    hole[1, :, 24:, 40:] = 1
    for memory in (WHOLE, PIECES):
        attention = ContextualAttention(CONVENTIONS["tensorflow"], memory)
        both = attention(features, hole).features
        alone = torch.cat([attention(features[n : n + 1], hole[n : n + 1]).features for n in range(2)])
        assert (both - alone).abs().max() < 1e-5


def test_half_precision_outside_leaves_the_scores_in_full():
    features = torch.randn(1, 8, 16, 16, generator=torch.Generator().manual_seed(2))
    hole = torch.zeros(1, 1, 64, 64)
    hole[:, :, 16:40, 16:40] = 1
    attention = ContextualAttention(CONVENTIONS["pt"])
    expected = attention(features, hole).features
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(attention(features, hole).features, expected)


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_aligned_sampling_has_the_roundings_of_single_precision(factor: int):
    """`linspace` is torch's own; the other is the formula of the specification, which was tried against TensorFlow."""
    for count in range(2, 300):
        size = factor * count
        line = torch.arange(size, dtype=torch.float32).reshape(1, 1, 1, size).expand(1, 1, factor, size)
        for sampling in (Sampling.ALIGNED, Sampling.ALIGNED_LINSPACE):
            if sampling is Sampling.ALIGNED:
                step = np.float32(size - 1) / np.float32(count - 1)
                exact = np.arange(count, dtype=np.float32) * step
                expected = np.minimum(np.floor(exact + np.float32(0.5)), size - 1)
            else:
                expected = (torch.linspace(0, size - 1, count) + 0.5).floor().numpy()
            assert np.array_equal(smaller(line, factor, sampling)[0, 0, 0].numpy(), expected), (size, sampling)


def test_the_gradient_is_that_of_the_plain_formulation():
    features = torch.randn(1, 3, 8, 10, generator=torch.Generator().manual_seed(3), requires_grad=True)
    hole = torch.zeros(1, 1, 32, 40)
    hole[:, :, 8:16, 8:24] = 1
    weight = torch.randn(1, 3, 8, 10, generator=torch.Generator().manual_seed(4))
    (published(features, hole, CONVENTIONS["pt"])[0] * weight).sum().backward()
    assert features.grad is not None
    expected = features.grad.clone()
    for memory in (WHOLE, PIECES):
        features.grad = None
        (ContextualAttention(CONVENTIONS["pt"], memory)(features, hole).features * weight).sum().backward()
        assert (features.grad - expected).abs().max() < 1e-4


@pytest.mark.parametrize("key_norm", list(KeyNorm))
def test_features_of_nothing_have_a_gradient(key_norm: KeyNorm):
    features = torch.zeros(1, 3, 8, 8, requires_grad=True)
    conventions = dataclasses.replace(CONVENTIONS["pt"], key_norm=key_norm)
    ContextualAttention(conventions)(features, torch.zeros(1, 1, 32, 32)).features.sum().backward()
    assert features.grad is not None
    assert features.grad.isfinite().all()
