"""The terms that networks are held to."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from lacuna.training import losses, vgg


def box(size: int, top: int, left: int, side: int) -> torch.Tensor:
    hole = torch.zeros(1, 1, size, size)
    hole[:, :, top : top + side, left : left + side] = 1
    return hole


def test_the_discount_in_a_box_is_the_published_one() -> None:
    weights = losses.discount(box(64, 10, 14, 40))[0, 0, 10:50, 14:54]
    index = torch.arange(40)
    rim = torch.minimum(index + 1, 40 - index)  # steps to the known pixels, from either side
    assert torch.allclose(weights, 0.9 ** torch.minimum(rim[:, None], rim[None]).float())


def test_the_discount_leaves_known_pixels_out() -> None:
    hole = box(32, 4, 4, 9)
    assert float((losses.discount(hole) * (1 - hole)).abs().max()) == 0


def test_the_slope_of_a_plane_is_punished_by_how_far_it_is_from_one() -> None:
    slope = torch.full((1, 3, 8, 8), 0.25)
    between = torch.rand(2, 3, 8, 8).requires_grad_()
    penalty = losses.slope_penalty((between * slope).sum((1, 2, 3)), between, torch.ones(2, 1, 8, 8))
    length = 0.25 * (3 * 64) ** 0.5
    assert torch.allclose(penalty, torch.tensor((length - 1) ** 2))


def test_the_slope_counts_in_the_hole_alone() -> None:
    between = torch.rand(1, 3, 8, 8).requires_grad_()
    hole = box(8, 0, 0, 2)
    penalty = losses.slope_penalty(between.sum((1, 2, 3)), between, hole)
    assert torch.allclose(penalty, torch.tensor((12**0.5 - 1) ** 2))


def test_windows_are_squares_around_the_middle_of_the_hole_within_the_picture() -> None:
    holes = torch.cat([box(32, 20, 4, 6), box(32, 0, 30, 2)])
    where = torch.arange(32.0)
    pictures = torch.stack([where[:, None].expand(32, 32), where[None].expand(32, 32)])[None].expand(2, 2, 32, 32)
    found = losses.windows(pictures, holes, 16)
    assert found.shape == (2, 2, 16, 16)
    assert [tuple(int(v) for v in part[:, 0, 0]) for part in found] == [(14, 0), (0, 16)]


def test_reconstruction_over_the_hole_does_not_depend_on_its_size() -> None:
    truth = torch.zeros(1, 3, 32, 32)
    found = [
        losses.per_hole(truth + 0.5 * box(32, 2, 2, side), truth, box(32, 2, 2, side), torch.ones(1, 1, 1, 1))
        for side in (4, 20)
    ]
    assert torch.allclose(found[0], found[1])


def test_a_critic_that_is_sure_loses_nothing() -> None:
    right, wrong = torch.full((4, 1), 30.0), torch.full((4, 1), -30.0)
    assert float(losses.hinge(right, wrong)) == 0
    assert float(losses.guesses(right, wrong)) < 1e-6
    assert float(losses.hinge(wrong, right)) == 31
    assert abs(float(losses.guesses(wrong, right)) - 30) < 1e-4


def test_grams_do_not_mind_where_features_lie() -> None:
    maps = torch.rand(2, 5, 6, 6)
    moved = maps.roll((2, 3), (2, 3))
    assert torch.allclose(losses.gram(maps), losses.gram(moved))
    assert torch.allclose(losses.gram(maps)[0, 1, 2], (maps[0, 1] * maps[0, 2]).sum() / (5 * 36))


def test_a_file_of_torchvision_s_layout_gives_the_features(tmp_path: Path) -> None:
    torch.manual_seed(0)
    shrunk = torch.nn.ModuleList(vgg.Features().convolutions)
    numbers = [
        0,
        2,
        5,
        7,
        10,
        12,
        14,
        16,
        19,
        21,
        23,
        25,
        28,
        30,
        32,
        34,
    ]  # torchvision's, with ReLUs and pools between
    state = {
        f"features.{number}.{name}": value
        for number, convolution in zip(numbers, shrunk, strict=True)
        for name, value in convolution.state_dict().items()
    }
    layers: list[nn.Module] = []
    for number, convolution in zip(numbers, shrunk, strict=True):
        while len(layers) < number:  # what stands between two convolutions
            layers.append(nn.ReLU() if len(layers) == 0 or isinstance(layers[-1], nn.Conv2d) else nn.MaxPool2d(2))
        layers.append(convolution)
    torch.save({**state, "classifier.0.bias": torch.zeros(3)}, tmp_path / "vgg19.pth")
    picture = torch.rand(1, 3, 32, 32)
    with torch.no_grad():
        maps = vgg.features(tmp_path / "vgg19.pth")(picture)
        assert torch.equal(maps["2_2"], nn.Sequential(*layers[:8], nn.ReLU())(picture))
        assert torch.equal(maps["5_1"], nn.Sequential(*layers[:29], nn.ReLU())(picture))
