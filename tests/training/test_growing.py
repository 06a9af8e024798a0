"""A larger network that goes on where a smaller one has come to."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch

from lacuna.contract.enlargement import by_factor
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.errors import UnsuitableWeights
from lacuna.networks import building
from lacuna.networks.meta_sr import MetaSr
from lacuna.training.growing import begins, grown
from lacuna.training.learner import take_up

SMALL = {"features": 8, "blocks": 2, "residual": 1.0, "hidden": 16}
LARGE = {"features": 12, "blocks": 3, "residual": 1.0, "hidden": 20}


def network(seed: int, sizes: dict[str, float]) -> MetaSr:
    torch.manual_seed(seed)
    config = ModelConfig(Network.META_EDSR, "", sizes=sizes, conventions="exact", start="bicubic")
    made = building.built(config)[building.ENLARGE]
    assert isinstance(made, MetaSr)
    return made


@pytest.mark.parametrize("factor", ["2", "137/100"])  # by phases and by terms
def test_what_was_learned_is_computed_by_more_weights_and_all_of_them_learn(factor: str) -> None:
    small, large = network(0, SMALL), network(1, LARGE)
    large.load_state_dict(grown(small.state_dict(), large))
    picture = 255 * torch.rand(1, 3, 11, 9)
    enlargement = by_factor(11, 9, Fraction(factor))
    with torch.no_grad():
        wanted = small(picture, enlargement)
    found = large(picture, enlargement)
    assert torch.allclose(found, wanted, atol=1e-3)
    (found - 255 * torch.rand_like(found)).square().mean().backward()
    still = {name for name, parameter in large.named_parameters() if not bool(parameter.grad.any())}
    # What leads into a block's last layer, and only that, has to wait until the layer is no longer nothing.
    assert still <= {"extractor.blocks.2.first.weight", "extractor.blocks.2.first.bias"}


def test_weights_of_the_same_sizes_are_taken_as_they_are() -> None:
    small, other = network(0, SMALL), network(1, SMALL)
    taken = grown(small.state_dict(), other)
    assert all(torch.equal(taken[key], value) for key, value in small.state_dict().items())


def test_weights_that_the_network_has_no_place_for_are_not_dropped() -> None:
    odd = {"extractor.norm.weight": torch.zeros(3)}
    with pytest.raises(UnsuitableWeights, match=r"extractor\.norm\.weight"):
        take_up(network(1, LARGE), {**network(0, SMALL).state_dict(), **odd})


def test_only_an_edsr_that_is_nowhere_larger_begins_another() -> None:
    assert begins(Network.META_EDSR, SMALL, LARGE)
    assert not begins(Network.META_EDSR, LARGE, SMALL)
    assert not begins(Network.META_EDSR, {**SMALL, "hidden": 32}, LARGE)
    assert not begins(Network.META_EDSR, {**SMALL, "residual": 0.1}, LARGE)
    rdn = {"features": 8, "blocks": 2, "layers": 2, "growth": 8, "hidden": 16}
    assert not begins(Network.META_RDN, rdn, {**rdn, "blocks": 3})
