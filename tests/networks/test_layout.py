"""Published weights are taken over whole, or what does not fit is named."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from lacuna.errors import UnsuitableWeights
from lacuna.networks import edge_connect, pen_net
from lacuna.networks.layout import Layout

LAYOUTS = [
    pen_net.GENERATOR,
    pen_net.DISCRIMINATOR,
    edge_connect.EDGE_GENERATOR,
    edge_connect.IMAGE_GENERATOR,
    edge_connect.EDGE_DISCRIMINATOR,
    edge_connect.IMAGE_DISCRIMINATOR,
]


def published(layout: Layout) -> dict[str, Tensor]:
    """The weights of a fresh network under the published names."""
    ours = layout.network().state_dict()
    given = {theirs: ours[mine] for theirs, mine in layout.keys().items()}
    for second, first in layout.repeated.items():
        given.update({key.replace(first, second): given[key] for key in list(given) if key.startswith(first)})
    return given


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_every_weight_of_a_network_is_in_its_table_and_comes_through(layout: Layout) -> None:
    ours = layout.network().state_dict()
    assert sorted(layout.keys().values()) == sorted(ours)
    given = published(layout)
    loaded = layout.load(given).state_dict()
    for theirs, mine in layout.keys().items():
        assert torch.equal(loaded[mine], given[theirs])


def test_a_model_that_was_trained_on_several_cards_is_read_as_well() -> None:
    given = published(pen_net.GENERATOR)
    network = pen_net.GENERATOR.load({f"module.{key}": value for key, value in given.items()})
    assert torch.equal(network.painter[2].bias, given["decoder.2.bias"])


def test_what_is_missing_is_named() -> None:
    given = published(pen_net.GENERATOR)
    del given["at_conv03.conv02.0.bias"]
    with pytest.raises(UnsuitableWeights, match=r"“PEN-Net”: at_conv03\.conv02\.0\.bias is missing\..*gen_\*\.pth"):
        pen_net.GENERATOR.load(given)


def test_what_is_unknown_is_named() -> None:
    given = published(pen_net.GENERATOR) | {"torgb6.0.bias": torch.zeros(3)}
    with pytest.raises(UnsuitableWeights, match=r"torgb6\.0\.bias is unknown"):
        pen_net.GENERATOR.load(given)


def test_a_wrong_shape_is_named_with_both_shapes() -> None:
    given = published(pen_net.GENERATOR) | {"decoder.2.weight": torch.zeros(4, 32, 3, 3)}
    with pytest.raises(UnsuitableWeights, match=r"decoder\.2\.weight has the shape 4 x 32 x 3 x 3, not 3 x 32 x 3 x 3"):
        pen_net.GENERATOR.load(given)


def test_another_networks_weights_are_refused_in_one_short_sentence() -> None:
    with pytest.raises(UnsuitableWeights) as error:
        edge_connect.IMAGE_GENERATOR.load(published(edge_connect.EDGE_GENERATOR))
    assert "more" in error.value.sentence
    assert len(error.value.misfits) > 60
    assert len(error.value.sentence) < 400


def test_a_copy_that_differs_from_what_it_repeats_is_refused() -> None:
    given = published(edge_connect.EDGE_DISCRIMINATOR)
    given["features.0.weight_u"] = given["features.0.weight_u"] + 1
    with pytest.raises(UnsuitableWeights, match=r"features\.0\.weight_u differs from conv1\.0\.weight_u"):
        edge_connect.EDGE_DISCRIMINATOR.load(given)
