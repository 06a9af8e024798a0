"""EdgeConnect computes what the published program computes: edges, pictures, and every map between."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lacuna.networks import edge_connect_layouts as layouts
from lacuna.networks.conventions import Start
from lacuna.networks.edge_connect import Discriminator, EdgeGenerator, ImageGenerator
from lacuna.networks.layout import Layout
from lacuna.networks.loading import loaded
from lacuna.networks.spectral import fold
from tests.networks.published import FOLDER, Array, Numbers, cases, entries, key_lists, weights

KEYS = "edgeconnect/keys.json"
CASES = [case for case in cases("edgeconnect/c*x*_*") if not case.endswith("_layers")]


def drawn(layout: Layout) -> dict[str, Array]:
    return weights(entries(KEYS, layout.file))


@pytest.fixture(scope="module")
def edges() -> EdgeGenerator:
    return fold(loaded(EdgeGenerator(spectral=True), layouts.EDGE_GENERATOR, drawn(layouts.EDGE_GENERATOR)))


@pytest.fixture(scope="module")
def image() -> ImageGenerator:
    return loaded(ImageGenerator(), layouts.IMAGE_GENERATOR, drawn(layouts.IMAGE_GENERATOR))


@contextmanager
def watched(generator: nn.Module, start: str) -> Iterator[dict[str, Tensor]]:
    """The maps of the passes within, under their names in the fixtures."""
    body = generator.body
    modules = {
        "enc0_conv": body.encoder[0].convolution,
        **{f"enc{i}": body.encoder[i] for i in range(3)},
        **{f"mid{i}": block for i, block in enumerate(body.residuals)},
        **{f"dec{i}": body.decoder[i] for i in range(2)},
        "logits": body.last,
    }
    maps: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        return lambda _module, _inputs, output: maps.__setitem__(f"{start}.{name}", output.clone())

    hooks = [module.register_forward_hook(keep(name)) for name, module in modules.items()]
    with torch.inference_mode():
        yield maps
    for hook in hooks:
        hook.remove()


def written(picture: Tensor) -> np.ndarray:
    """As the published program saves a picture: cut off, not rounded."""
    return (picture[0].permute(1, 2, 0) * 255).numpy().astype(np.uint8).squeeze()


@pytest.mark.parametrize("case", CASES)
def test_every_map_and_picture_is_the_published_one(case: str, edges: EdgeGenerator, image: ImageGenerator) -> None:
    numbers = Numbers(case)
    photo = torch.from_numpy(numbers.arrays["image_u8"]).permute(2, 0, 1)[None].float() / 255
    hole = (torch.from_numpy(numbers.arrays["mask_u8"])[None, None] > 0).float()
    grey, canny = numbers.tensor("gray"), numbers.tensor("canny_known").float()
    with watched(edges, "edge") as of_edges:
        predicted = edges(grey, canny, hole)
    with watched(image, "mode2") as of_known:
        from_known = image(photo, canny, hole)
    with watched(image, "mode3") as of_predicted:
        painted = image(photo, predicted, hole)
    composed = torch.where(hole > 0, predicted, canny)
    with torch.inference_mode():
        from_composed = image(photo, composed, hole)

    outputs = {
        "edge.out": predicted,
        "mode1.merged": composed,
        "mode2.out": from_known,
        "mode3.out": painted,
        "mode3.merged": torch.where(hole > 0, painted, photo),
        "composited_edges.out": from_composed,
    }
    far = {name: numbers.farthest(name, ours) for name, ours in outputs.items() if name in numbers.names()}
    assert {"edge.out", "mode3.out"} <= far.keys()
    assert {name: distance for name, distance in far.items() if distance > 1e-4} == {}

    layers = {**of_edges, **of_known, **of_predicted}
    far = {name: numbers.farthest(name, layers[name]) for name in numbers.names() if name in layers}
    for part in ("edge", "inpaint"):
        if Path(FOLDER, f"{case}_{part}_layers.npz").exists():
            complete = Numbers(f"{case}_{part}_layers")
            far.update({f"{name} complete": complete.farthest(name, layers[name]) for name in complete.names()})
    assert len(far) >= 2 * len(of_edges)
    assert {name: distance for name, distance in far.items() if distance > 3e-4} == {}

    for name, ours in (("mode1", composed), ("mode3", torch.where(hole > 0, painted, photo))):
        difference = np.abs(written(ours).astype(int) - numbers.arrays[f"{name}.png_u8"])
        assert difference.max() <= 1
        assert (difference > 0).mean() <= 1e-3


@pytest.mark.parametrize(
    "layout",
    [layouts.EDGE_GENERATOR, layouts.IMAGE_GENERATOR, layouts.EDGE_DISCRIMINATOR, layouts.IMAGE_DISCRIMINATOR],
    ids=lambda layout: layout.name,
)
def test_weights_lie_in_their_file_where_the_layout_says(layout: Layout) -> None:
    assert layout.under == key_lists(KEYS)[layout.file]["state_dict_under"]


@pytest.mark.parametrize(
    ("start", "layout"), [("edge", layouts.EDGE_DISCRIMINATOR), ("inpaint", layouts.IMAGE_DISCRIMINATOR)]
)
def test_the_discriminators_are_the_published_ones(start: str, layout: Layout) -> None:
    numbers = Numbers("edgeconnect/discriminators")
    seen = numbers.tensor(f"{start}.in")
    critic = loaded(Discriminator(seen.shape[1]), layout, drawn(layout))
    with torch.inference_mode():
        maps = critic(seen)
    assert len(maps) == 5
    for number, ours in enumerate(maps, start=1):
        assert numbers.farthest(f"{start}.feat{number}", ours) < 2e-5
    assert numbers.farthest(f"{start}.out_hinge", maps[-1]) < 2e-5
    if f"{start}.out_sigmoid" in numbers.arrays:
        assert numbers.farthest(f"{start}.out_sigmoid", maps[-1].sigmoid()) < 2e-5


def test_the_edge_generator_for_training_equals_the_folded_one(edges: EdgeGenerator) -> None:
    training = loaded(EdgeGenerator(spectral=True), layouts.EDGE_GENERATOR, drawn(layouts.EDGE_GENERATOR))
    inputs = [torch.rand(2, 1, 16, 24), (torch.rand(2, 1, 16, 24) < 0.1).float(), torch.zeros(2, 1, 16, 24)]
    inputs[2][:, :, 4:9, 5:17] = 1
    with torch.inference_mode():
        assert torch.equal(training(*inputs), edges(*inputs))
    plain = EdgeGenerator()
    plain.load_state_dict(edges.state_dict())


@pytest.mark.parametrize(("height", "width"), [(12, 12), (16, 44)])
def test_what_lies_below_the_hole_is_not_seen(
    height: int, width: int, edges: EdgeGenerator, image: ImageGenerator
) -> None:
    hole = torch.zeros(1, 1, height, width)
    hole[:, :, 3:8, 4:10] = 1
    photo, grey = torch.rand(1, 3, height, width), torch.rand(1, 1, height, width)
    known = (torch.rand(1, 1, height, width) < 0.2).float()
    with torch.inference_mode():
        found = edges(grey, known, hole)
        assert torch.equal(found, edges(torch.where(hole > 0, float("nan"), grey), torch.maximum(known, hole), hole))
        painted = image(photo, found, hole)
        assert torch.equal(painted, image(torch.where(hole > 0, float("nan"), photo), found, hole))
    assert painted.shape == photo.shape


def test_pictures_of_a_batch_do_not_see_one_another(edges: EdgeGenerator) -> None:
    inputs = [torch.rand(2, 1, 16, 24), (torch.rand(2, 1, 16, 24) < 0.1).float(), torch.zeros(2, 1, 16, 24)]
    with torch.inference_mode():
        apart = torch.cat([edges(*(plane[i : i + 1] for plane in inputs)) for i in range(2)])
        assert torch.allclose(edges(*inputs), apart, atol=1e-5)


def test_the_parameters_are_as_many_as_published() -> None:
    def count(network: nn.Module) -> int:
        return sum(parameter.numel() for parameter in network.parameters())

    assert count(EdgeGenerator()) == count(EdgeGenerator(spectral=True)) == 10_761_089
    assert count(ImageGenerator()) == 10_774_595
    assert (count(Discriminator(2)), count(Discriminator(3))) == (2_762_752, 2_763_776)
    assert count(ImageGenerator(width=0.25)) < count(ImageGenerator()) / 14
    assert ImageGenerator(width=0.25).state_dict().keys() == ImageGenerator().state_dict().keys()


def test_a_start_from_the_membrane_begins_with_the_membrane_and_learns_from_there() -> None:
    torch.manual_seed(0)
    network = ImageGenerator(width=0.125, start=Start.MEMBRANE)
    photo, plane = torch.rand(1, 3, 16, 16), torch.zeros(1, 1, 16, 16)
    output = network(photo, plane, plane)
    assert torch.equal(output, photo)
    (output - photo.flip(3)).square().sum().backward()
    assert network.body.last.weight.grad.abs().max() > 0


def test_both_generators_give_a_graph_that_takes_every_size() -> None:
    torch.manual_seed(0)
    rows, columns = (4 * torch.export.Dim(name, min=3, max=1024) for name in ("rows", "columns"))

    def inputs(channels: int, height: int, width: int) -> tuple[Tensor, ...]:
        hole = torch.zeros(1, 1, height, width)
        hole[:, :, 3:9, 2:8] = 1
        return torch.rand(1, channels, height, width), torch.rand(1, 1, height, width), hole

    for channels, network in ((1, EdgeGenerator(width=0.125)), (3, ImageGenerator(width=0.125))):
        free = {2: rows, 3: columns}
        graph = torch.export.export(
            network.eval(), inputs(channels, 32, 48), dynamic_shapes=(free, free, free)
        ).module()
        with torch.no_grad():
            for size in ((12, 12), (40, 20)):
                given = inputs(channels, *size)
                assert torch.allclose(graph(*given), network(*given), atol=1e-6)
