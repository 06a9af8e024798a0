"""Meta-SR computes what the published program computes, and the same by phases, by terms and point by point."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from lacuna.bench import upscale_published
from lacuna.contract.enlargement import Enlargement, Rule, by_factor, to_sides, to_width
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Cancelled, Progress
from lacuna.networks import building, meta_sr_sizes, positions
from lacuna.networks import meta_sr_layouts as layouts
from lacuna.networks.edsr import Edsr
from lacuna.networks.layout import Layout, Shape, misfits
from lacuna.networks.loading import loaded
from lacuna.networks.meta_sr import MetaSr
from lacuna.networks.positions import Pane, Phases, axes, bands, kinds, whole
from lacuna.networks.rdn import Rdn
from tests.networks.published import FOLDER, Numbers, cases, entries, key_lists, weights

KEYS = "meta-sr/keys.json"
BODY, OUTPUT, KERNELS = 5e-4, 2e-3, 1e-5
NETWORKS = {  # how the name of a case begins -> its keys, and the sizes that no file tells
    "rdnB_d2": ("metardn_B_d2", {}),
    "rdnB": ("metardn_B", {}),
    "rdnA_g16": ("metardn_A_g16", {}),
    "edsr_b4f32": ("metaedsr_b4f32", {"residual": 0.1}),
}
INPUTS = {"input", "lr_u8"}
BODIES, OUTPUTS = cases("meta-sr/*_body"), cases("meta-sr/*_x*.??")


def name_of(case: str) -> str:
    return next(name for name in NETWORKS if case.removeprefix("meta-sr/").startswith(name))


def described(keys: str, shapes: Mapping[str, Shape]) -> tuple[ModelConfig, Layout]:
    """The config of a network with these weights, and their layout."""
    rdn = keys.startswith("metardn")
    sizes = layouts.rdn_sizes(shapes) if rdn else layouts.edsr_sizes(shapes)
    layout = layouts.rdn(sizes) if rdn else layouts.edsr(sizes)
    network = Network.META_RDN if rdn else Network.META_EDSR
    return ModelConfig(network, keys, sizes=sizes, conventions=layout.conventions), layout


@cache
def published(name: str) -> MetaSr:
    """The network that a case was computed with."""
    keys, untold = NETWORKS[name]
    drawn = weights(entries(KEYS, keys))
    config, layout = described(keys, {key: value.shape for key, value in drawn.items()})
    config = dataclasses.replace(config, sizes={**config.sizes, **untold})
    network = loaded(building.built(config)["enlarge"], layout, drawn)
    assert isinstance(network, MetaSr)
    return network


def factor_of(case: str) -> float:
    return float(re.search(r"_x([\d.]+)$", case)[1])


def small(features: int = 8, hidden: int = 16) -> MetaSr:
    """A network whose weights let a lot through."""
    torch.manual_seed(3)
    return MetaSr(Edsr(features, 1, 1.0), hidden).eval()


def some_features(count: int, height: int, width: int, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(height * width)
    maps = torch.randn(batch, height, width, count, generator=generator)
    return torch.nn.functional.pad(maps, (0, 0, 1, 1, 1, 1))


def point_by_point(network: MetaSr, features: Tensor, enlargement: Enlargement) -> Tensor:
    """The definition: a kernel for each point, one after the other."""
    down, across = (axis.at(0, axis.size) for axis in axes(enlargement))
    inverse = np.float32(1 / enlargement.factor)
    rows = []
    for y, dy in zip(down.pixels, down.fractions, strict=True):
        for x, dx in zip(across.pixels, across.fractions, strict=True):
            kernel = upscale_published.kernels(network, torch.tensor([[inverse, dy, dx]], dtype=features.dtype))[0]
            rows.append(features[:, y : y + 3, x : x + 3].flatten(1) @ kernel)
    points = torch.stack(rows, 2).unflatten(2, (enlargement.rows, enlargement.columns))
    return torch.nn.functional.conv2d(points, network.add_mean.weight, network.add_mean.bias)


@pytest.mark.parametrize("case", BODIES)
def test_every_map_of_the_extractor_is_the_published_one(case: str) -> None:
    numbers, network = Numbers(case), published(name_of(case))
    extractor = network.extractor
    with torch.inference_mode():
        centred = network.sub_mean(numbers.tensor("input"))
        ours = {"sub_mean": centred, "features": extractor(centred)}
        if isinstance(extractor, Rdn):
            shallow = extractor.first(centred)
            maps = extractor.second(shallow)
            ours |= {"sfe1": shallow, "sfe2": maps, "rdb0.dense": extractor.blocks[0].dense(maps)}
            gathered = []
            for number, block in enumerate(extractor.blocks):
                maps = block(maps)
                gathered.append(maps)
                ours[f"rdb{number}"] = maps
            ours["gff0"] = extractor.gathering(torch.cat(gathered, 1))
            ours["gff1"] = extractor.last(ours["gff0"])
        elif isinstance(extractor, Edsr):
            maps = ours["head"] = extractor.first(centred)
            for number, block in enumerate(extractor.blocks):
                maps = ours[f"body{number}"] = block(maps)
            ours[f"body{len(extractor.blocks)}"] = extractor.last(maps)
    far = {name: numbers.farthest(name, ours[name]) for name in numbers.names() if name not in INPUTS}
    assert {name: distance for name, distance in far.items() if distance > BODY} == {}


@pytest.mark.parametrize("case", OUTPUTS)
def test_the_enlarged_picture_is_the_published_one_both_ways(case: str) -> None:
    numbers, network, factor = Numbers(case), published(name_of(case)), factor_of(case)
    picture = numbers.tensor("input")
    enlargement = by_factor(*picture.shape[-2:], factor, Rule.PUBLISHED)
    pane = whole(enlargement)
    with torch.inference_mode():
        features = network.features(picture)
        for found in (
            network.by_phases(features, pane, Phases(pane.points(), features.shape[-1]), Progress()),
            network.by_terms(features, pane, Progress()),
        ):
            assert numbers.farthest("out", found) < OUTPUT
            levels = found.clamp(0, 255).round().numpy() - numbers.arrays["out_u8"]
            assert np.abs(levels).max() <= 1
            assert np.count_nonzero(levels) <= 1e-3 * levels.size


@pytest.mark.parametrize("case", OUTPUTS)
def test_the_published_formulation_of_the_benchmark_is_the_published_one(case: str) -> None:
    numbers, network, factor = Numbers(case), published(name_of(case)), factor_of(case)
    picture = numbers.tensor("input")
    positions, valid = upscale_published.grid(*picture.shape[-2:], factor)
    assert np.array_equal(positions, numbers.arrays["pos_mat"])
    assert np.array_equal(valid, numbers.arrays["mask"])
    where = numbers.arrays["kernel_positions"]
    assert np.array_equal(positions[0, where], numbers.arrays["kernel_inputs"])
    with torch.inference_mode():
        made = upscale_published.kernels(network, torch.from_numpy(positions[0, where]))
        full, _valid = upscale_published.enlarged(network, network.features(picture), factor)
    in_order = made.unflatten(1, (3, 3, -1)).permute(0, 3, 1, 2, 4).flatten(1)
    assert numbers.farthest("kernels", in_order) < KERNELS
    assert numbers.farthest("out_full", full) < OUTPUT


def test_positions_are_the_published_ones_bit_by_bit() -> None:
    with np.load(FOLDER / "meta-sr" / "coords.npz") as file:
        recorded = dict(file)
    for factor in recorded["scales"]:
        for length in recorded["lengths"]:
            name = f"r{factor:.3f}.n{length}"
            axis, _across = axes(by_factor(int(length), 1, float(factor), Rule.PUBLISHED))
            points = axis.at(0, axis.size)
            assert np.array_equal(points.pixels, recorded[f"{name}.lr_index"])
            assert np.array_equal(points.fractions, recorded[f"{name}.offset"])
            valid = upscale_published.grid(int(length), 1, float(factor)).valid[:, 0]
            assert np.array_equal(np.packbits(valid), recorded[f"{name}.valid"])


ENLARGEMENTS = [
    by_factor(9, 11, 2.7),
    by_factor(9, 11, 2),
    by_factor(9, 11, 1),
    by_factor(9, 11, 1.1),
    by_factor(9, 11, "3.14"),
    by_factor(9, 11, 2.7, Rule.PUBLISHED),
    by_factor(1, 1, 3.5),
    to_width(9, 11, 31),
    to_sides(9, 11, 27, 33, allow_distortion=True),
    to_sides(9, 11, 30, 25, allow_distortion=True),
]


@pytest.mark.parametrize("enlargement", ENLARGEMENTS, ids=lambda e: f"{e.rows}x{e.columns} {e.rule}")
def test_phases_and_terms_give_what_a_kernel_for_each_point_gives(enlargement: Enlargement) -> None:
    network, pane = small(), whole(enlargement)
    features = some_features(8, enlargement.height, enlargement.width, batch=2)
    with torch.inference_mode():
        expected = point_by_point(network, features, enlargement)
        by_phases = network.by_phases(features, pane, Phases(pane.points(), 8), Progress())
        by_terms = network.by_terms(features, pane, Progress())
        assert torch.allclose(by_phases, expected, atol=1e-3)
        assert torch.allclose(by_terms, expected, atol=1e-3)
        apart = torch.cat([network.enlarged(features[i : i + 1], pane) for i in range(2)])
    assert torch.allclose(apart, expected, atol=1e-3)


def test_gradients_are_those_of_a_kernel_for_each_point() -> None:
    enlargement = by_factor(7, 6, 2.7)
    pane = whole(enlargement)
    weigh = torch.rand(1, 3, enlargement.rows, enlargement.columns, generator=torch.Generator().manual_seed(1))

    def gradients(form: str) -> list[Tensor]:
        network = small().double()
        features = some_features(8, 7, 6).double().requires_grad_()
        if form == "phases":
            found = network.by_phases(features, pane, Phases(pane.points(), 8), Progress())
        elif form == "terms":
            found = network.by_terms(features, pane, Progress())
        else:
            found = point_by_point(network, features, enlargement)
        (found * weigh).sum().backward()
        weights = network.predictor.parameters()
        return [features.grad, network.add_mean.weight.grad, *(parameter.grad for parameter in weights)]

    expected = gradients("points")
    for form in ("phases", "terms"):
        for found, wanted in zip(gradients(form), expected, strict=True):
            assert torch.allclose(found, wanted, rtol=1e-4, atol=1e-4 * float(wanted.abs().max()))


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_any_window_is_cut_from_the_whole_though_its_features_are_a_part(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(Rule))
    sizes = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 12)))
    factor = data.draw(st.sampled_from(["1", "1.1", "2", "2.3", "2.7", "3.14", "3.7", "4"]))
    enlargement = by_factor(*sizes, factor, rule)
    network, features = small(4, 8), some_features(4, *sizes)
    top, left = data.draw(st.tuples(st.integers(0, enlargement.rows - 1), st.integers(0, enlargement.columns - 1)))
    bottom = data.draw(st.integers(top + 1, enlargement.rows))
    right = data.draw(st.integers(left + 1, enlargement.columns))
    down, across = Pane(enlargement, top, left, bottom, right).points()
    row, column = int(down.pixels[0]), int(across.pixels[0])
    part = features[:, row : int(down.pixels[-1]) + 3, column : int(across.pixels[-1]) + 3]
    pane = Pane(enlargement, top, left, bottom, right, row, column)
    with torch.inference_mode():
        expected = network.enlarged(features, whole(enlargement))[..., top:bottom, left:right]
        for found in (
            network.by_phases(part, pane, Phases(pane.points(), 4), Progress()),
            network.by_terms(part, pane, Progress()),
        ):
            assert torch.allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize(("factor", "kernels"), [(1, 1), (2, 4), (1.1, 121), (2.7, 729), (3.14, 24649)])
def test_there_are_as_many_kernels_as_phases_however_large_the_picture(factor: float, kernels: int) -> None:
    for side in (300, 900):
        pane = whole(by_factor(side, side, factor))
        assert Phases(pane.points(), 64).kernels == kernels


def test_positions_that_hardly_repeat_are_taken_by_terms_and_others_by_phases() -> None:
    for enlargement, by_phases in (
        (by_factor(400, 600, 2.7), True),
        (by_factor(400, 600, 2), True),
        (to_width(400, 600, 1237), False),
        (by_factor(40, 60, "3.14"), False),
    ):
        points = whole(enlargement).points()
        assert positions.phases_are_cheaper(Phases(points, 64), points, 64, 256) == by_phases


@pytest.mark.parametrize("factor", [1, 2, 2.7, "3.14"])
def test_no_batch_holds_more_than_it_may_and_together_they_are_every_point_once(factor: float | str) -> None:
    enlargement = by_factor(50, 3000, factor)
    pane = whole(enlargement)
    seen = np.zeros((enlargement.rows, enlargement.columns), np.int64)
    for batch in Phases(pane.points(), 64).batches():
        assert batch.rows.shape[0] * batch.columns[..., 0].size * 9 * 64 * 4 <= positions.PATCHES
        assert len(batch.down) * batch.across.size * 27 * 64 * 4 <= positions.KERNELS
        seen[batch.into_rows[:, None], np.unique(batch.into_columns)] += 1
    assert (seen == 1).all()


def test_bands_are_every_point_once() -> None:
    pane = Pane(by_factor(50, 30, 2.7), 11, 5, 130, 70)
    found = list(bands(pane.points(), 7))
    assert [band.start for band in found] == [0, *(band.stop for band in found[:-1])]
    assert found[-1].stop == 119
    assert max(len(band.rows) for band in found) <= 7


def test_an_exact_position_is_the_fraction_itself_and_a_published_one_falls_below_some_pixels() -> None:
    exact, published = (axes(by_factor(36, 1, 2.7, rule))[0].at(0, 97) for rule in (Rule.EXACT, Rule.PUBLISHED))
    assert (exact.pixels[81], exact.fractions[81]) == (30, 0)
    assert published.pixels[81] == 29
    assert 0.99999 < published.fractions[81] < 1
    assert max(kind.fractions.max() for kind in kinds(published)) == 1
    others = np.arange(97) != 81
    assert np.array_equal(exact.pixels[others], published.pixels[others])
    assert np.abs(exact.fractions - published.fractions)[others].max() < 1e-5


LISTED = [name.split(" ")[0] for name in key_lists(KEYS)]


@pytest.mark.parametrize("name", LISTED)
def test_the_published_keys_tell_the_size_of_a_network_and_are_all_of_its_weights(name: str) -> None:
    published = {entry["key"]: tuple(entry["shape"]) for entry in entries(KEYS, name)}
    config, layout = described(name, published)
    with torch.device("meta"):
        network = building.built(config)["enlarge"]
    counted = next(listed["parameters"] for full, listed in key_lists(KEYS).items() if full.split(" ")[0] == name)
    assert sum(parameter.numel() for parameter in network.parameters()) == counted
    ours = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    assert misfits(layout, published, ours) == ()


@pytest.mark.parametrize("features", [2, 5])
def test_kernels_come_back_from_our_order_as_they_were_published(features: int) -> None:
    for shape in ((27 * features, 4), (27 * features,)):
        published = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
        ours = layouts.BY_FEATURE.ours(published)
        feature, row, column, colour = features - 1, 2, 1, 2
        there = ((colour * 3 + row) * 3 + column) * features + feature
        assert np.array_equal(ours[there], published[((feature * 3 + row) * 3 + column) * 3 + colour])
        assert np.array_equal(layouts.BY_FEATURE.published(ours), published)


@pytest.mark.parametrize("network", meta_sr_sizes.OF)
def test_a_point_depends_on_pixels_as_far_as_the_reach_and_no_further(network: Network) -> None:
    sizes = {name: min(size, 3) for name, size in meta_sr_sizes.OF[network].items()}
    reach, side = meta_sr_sizes.reach(network, sizes), 80
    made = building.built(ModelConfig(network, "small", sizes=sizes, conventions="exact"))["enlarge"].double()
    for parameter in made.parameters():
        torch.nn.init.constant_(parameter, 0.01)  # so that nothing is cut off on its way
    picture = torch.rand(1, 3, 1, side, dtype=torch.float64) * 255
    picture.requires_grad_()
    middle = made(picture, by_factor(1, side, 1))[..., side // 2].sum()
    middle.backward()
    touched = np.flatnonzero(picture.grad.abs().sum((0, 1, 2)).numpy())
    assert (touched[0], touched[-1]) == (side // 2 - reach, side // 2 + reach)


def test_the_reach_of_the_published_networks_is_what_was_measured() -> None:
    assert meta_sr_sizes.reach(Network.META_RDN, meta_sr_sizes.RDN) == 132
    assert meta_sr_sizes.reach(Network.META_EDSR, meta_sr_sizes.EDSR) == 35


def test_the_light_network_is_light() -> None:
    config = ModelConfig(Network.META_SPAN, "light", sizes=meta_sr_sizes.SPAN, conventions="exact")
    count = sum(parameter.numel() for parameter in building.built(config)["enlarge"].parameters())
    assert count == 490_024
    assert count <= 1_200_000


@pytest.mark.parametrize(
    ("network", "sizes"),
    [
        (Network.META_RDN, {"features": 32, "blocks": 4, "layers": 3, "growth": 16, "hidden": 8}),
        (Network.META_EDSR, {"features": 32, "blocks": 4, "residual": 0.1, "hidden": 8}),
        (Network.META_SPAN, meta_sr_sizes.SPAN),
    ],
)
def test_an_extractor_multiplies_once_for_each_weight_and_pixel(network: Network, sizes: dict[str, float]) -> None:
    config = ModelConfig(network, "any", sizes=sizes, conventions="exact")
    extractor = building.built(config)["enlarge"].extractor
    weights = sum(values.numel() for values in extractor.parameters() if values.ndim == 4)
    assert meta_sr_sizes.multiplications(network, sizes) == weights


@pytest.mark.parametrize(
    "change",
    [{"blocks": 0}, {"blocks": 2.5}, {"features": 10**6}, {"growth": 3}, {"hidden": None}],
    ids=["none", "no whole number", "too many", "unknown", "missing"],
)
def test_sizes_that_no_network_has_are_refused(change: dict[str, float | None]) -> None:
    sizes = {name: size for name, size in ({**meta_sr_sizes.SPAN} | change).items() if size is not None}
    with pytest.raises(ValueError, match="sizes"):
        building.built(ModelConfig(Network.META_SPAN, "light", sizes=sizes, conventions="exact"))


def test_a_cancel_is_heard_between_two_batches() -> None:
    network, pane = small(), whole(by_factor(9, 11, 2.7))
    progress = Progress()
    progress.cancel()
    with torch.inference_mode(), pytest.raises(Cancelled):
        network.enlarged(some_features(8, 9, 11), pane, progress)
