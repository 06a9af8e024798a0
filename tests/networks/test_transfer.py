"""The lean attention transfer gives what the published, plain one gives."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lacuna.networks.transfer import AttentionTransfer, known_patches, overlapped, transfer, transfer_together
from tests.networks import plain_transfer as plain
from tests.networks.published import Numbers, weights

ATTENTION = "pen-net/attention"
CASES = sorted({name.split("/")[0] for name in Numbers(ATTENTION).names() if "/" in name})


def module(case: str, channels: int) -> AttentionTransfer:
    """The block of a case of the fixtures; the weights of its fusing convolutions are drawn by their names."""
    block = AttentionTransfer(channels, patch=int(case[1]), fused="fuse" in case)
    entries = []
    for i, convolution in enumerate(block.fuse):
        shape = list(convolution.weight.shape)
        fan_in = shape[1] * shape[2] * shape[3]
        entries.append({"key": f"conv0{i}.0.weight", "shape": shape, "kind": "weight", "fan_in": fan_in})
        entries.append({"key": f"conv0{i}.0.bias", "shape": shape[:1], "kind": "bias"})
    drawn = weights(entries)
    block.fuse.load_state_dict(
        {key.replace("conv0", "").replace(".0.", "."): torch.from_numpy(drawn[key]) for key in drawn}
    )
    return block.eval()


def holes(generator: torch.Generator, batch: int, height: int, width: int, share: float) -> Tensor:
    """Rectangles and single pixels at random places; with a share of 1 everything, with 0 nothing is a hole."""
    hole = (torch.rand(batch, 1, height, width, generator=generator) < share * 0.02).float()
    for image in hole[:, 0]:
        y, x = (int(torch.randint(0, size, (), generator=generator)) for size in (height, width))
        image[y : y + int(height * share), x : x + int(width * share)] = 1
    return torch.ones_like(hole) if share == 1 else hole


@st.composite
def levels(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """A finer and a deeper map and the hole of the picture that they stand for."""
    height, width, batch = draw(st.integers(1, 9)), draw(st.integers(1, 9)), draw(st.integers(1, 2))
    factor, share = draw(st.sampled_from([4, 8, 16])), draw(st.sampled_from([0.0, 0.1, 0.4, 0.8, 1.0]))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 1 << 30)))
    strength = draw(st.sampled_from([0.01, 0.3, 1.0]))  # from soft to sharp shares
    finer = torch.randn(batch, 4, 2 * height, 2 * width, generator=generator)
    deeper = strength * torch.randn(batch, 6, height, width, generator=generator)
    return finer, deeper, holes(generator, batch, factor * height, factor * width, share)


@pytest.mark.parametrize("case", CASES)
def test_the_published_transfer_is_reproduced(case: str) -> None:
    numbers = Numbers(ATTENTION)
    finer, deeper, hole = (numbers.tensor(f"{case}/{name}") for name in ("x1", "x2", "mask"))
    block = module(case, finer.shape[1])
    with torch.inference_mode():
        assert numbers.farthest(f"{case}/y", block(finer, deeper, hole)) < 2e-4
        known = known_patches(hole, *deeper.shape[-2:], block.patch)
        shares = torch.cat(
            [plain.lean_shares(deeper[i : i + 1], known[i : i + 1], block.patch) for i in range(len(deeper))]
        )
    assert numbers.farthest(f"{case}/prob", shares) < 2e-5


def test_where_nothing_is_known_each_patch_keeps_the_least_share() -> None:
    numbers, case = Numbers(ATTENTION), "k3_all_masked"
    finer, deeper, hole = (numbers.tensor(f"{case}/{name}") for name in ("x1", "x2", "mask"))
    with torch.inference_mode():
        filled = module(case, finer.shape[1])(finer, deeper, hole)
    assert 1e-9 < filled.abs().max() < 1e-6
    assert numbers.farthest(f"{case}/y", filled) < 1e-12


@pytest.mark.parametrize("case", [case for case in CASES if "fuse" not in case])
def test_the_plain_transfer_of_these_tests_is_the_published_one(case: str) -> None:
    numbers = Numbers(ATTENTION)
    finer, deeper, hole = (numbers.tensor(f"{case}/{name}") for name in ("x1", "x2", "mask"))
    theirs = plain.transfer(finer, deeper, hole, int(case[1]))
    assert numbers.farthest(f"{case}/prob", theirs.shares) < 2e-5
    assert numbers.farthest(f"{case}/y", theirs.filled) < 2e-4


@settings(deadline=None, max_examples=60)
@given(levels(), st.sampled_from([1, 3]))
def test_the_lean_transfer_equals_the_plain_one(level: tuple[Tensor, Tensor, Tensor], patch: int) -> None:
    finer, deeper, hole = level
    known = known_patches(hole, *deeper.shape[-2:], patch)
    assert torch.equal(known.float(), plain.known_keys(hole, *deeper.shape[-2:], patch))
    lean, theirs = transfer(finer, deeper, known, patch=patch), plain.transfer(finer, deeper, hole, patch).filled
    assert torch.allclose(lean, theirs, rtol=1e-4, atol=2e-5)


@settings(deadline=None, max_examples=40)
@given(levels(), st.sampled_from([1, 3]))
def test_a_whole_batch_at_once_gives_the_same(maps: tuple[Tensor, Tensor, Tensor], patch: int) -> None:
    finer, deeper, hole = maps
    known = known_patches(hole, *deeper.shape[-2:], patch)
    lean = transfer(finer, deeper, known, patch=patch)
    assert torch.allclose(transfer_together(finer, deeper, known, patch), lean, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("way", [transfer, transfer_together])
def test_half_precision_around_it_does_not_reach_scores_and_shares(way: Callable[..., Tensor]) -> None:
    generator = torch.Generator().manual_seed(5)
    finer, deeper = torch.randn(1, 4, 16, 16, generator=generator), torch.randn(1, 6, 8, 8, generator=generator)
    known = known_patches(holes(generator, 1, 64, 64, 0.4), 8, 8, 3)
    exact = way(finer, deeper, known, patch=3)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(way(finer, deeper, known, patch=3), exact)


@settings(deadline=None, max_examples=30)
@given(levels(), st.integers(2, 40))
def test_the_number_of_pieces_changes_nothing(level: tuple[Tensor, Tensor, Tensor], pieces: int) -> None:
    finer, deeper, hole = level
    known = known_patches(hole, *deeper.shape[-2:], 3)
    whole = transfer(finer, deeper, known, pieces=1)
    assert torch.allclose(transfer(finer, deeper, known, pieces=pieces), whole, rtol=1e-5, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(levels())
def test_what_is_wanted_is_the_same_as_in_the_whole(level: tuple[Tensor, Tensor, Tensor]) -> None:
    finer, deeper, hole = level
    known = known_patches(hole, *deeper.shape[-2:], 3)
    wanted = torch.rand(known.shape, generator=torch.Generator().manual_seed(0)) < 0.4
    whole, part = transfer(finer, deeper, known), transfer(finer, deeper, known, wanted)
    # A pixel is laid together from up to nine positions: compare where all of them were asked for.
    complete = -F.max_pool2d(-wanted.float(), 3, stride=1, padding=1)
    complete = F.interpolate(complete, scale_factor=2, mode="nearest") > 0
    assert torch.allclose(torch.where(complete, part - whole, 0.0), torch.zeros(()), atol=1e-6)


def test_only_as_many_scores_as_allowed_exist_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from lacuna.networks import transfer as lean

    sizes = []
    shares = lean.shares

    def watched(queries: Tensor, keys: Tensor, unknown: int) -> Tensor:
        sizes.append(queries.shape[1] * (keys.shape[1] - 1) * 4)
        return shares(queries, keys, unknown)

    monkeypatch.setattr(lean, "shares", watched)
    monkeypatch.setattr(lean, "SCORES_BYTES", 100_000)
    hole = torch.zeros(1, 1, 128, 128)
    hole[:, :, 40:70, 30:80] = 1
    transfer(torch.randn(1, 4, 64, 64), torch.randn(1, 8, 32, 32), known_patches(hole, 32, 32, 3))
    assert len(sizes) > 1
    assert max(sizes) < 100_000 + 1024 * 4


def test_overlapped_patches_are_what_fold_makes_of_them() -> None:
    patches = torch.randn(2, 3 * 16, 5, 7)
    folded = F.fold(patches.flatten(2), (10, 14), 4, stride=2, padding=1)
    assert torch.allclose(overlapped(patches), folded, atol=1e-6)


def test_gradients_flow_to_both_maps_through_any_number_of_pieces() -> None:
    hole = torch.zeros(1, 1, 64, 64)
    hole[:, :, 20:40, 10:30] = 1
    gradients = []
    for pieces in (1, 5):
        generator = torch.Generator().manual_seed(1)
        finer = torch.randn(1, 4, 32, 32, generator=generator).requires_grad_()
        deeper = torch.randn(1, 6, 16, 16, generator=generator).requires_grad_()
        transfer(finer, deeper, known_patches(hole, 16, 16, 3), pieces=pieces).square().sum().backward()
        gradients.append((finer.grad, deeper.grad))
    for one, five in zip(*gradients, strict=True):
        assert one is not None
        assert one.abs().max() > 0
        assert torch.allclose(one, five, rtol=1e-4, atol=1e-5)
