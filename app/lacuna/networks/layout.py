"""How a published checkpoint names the weights of a network of ours, and the way from its names to ours.

Each network has its table beside it; reading files is not done here. Every key and every shape is checked before
anything is taken over, and what does not fit is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _

# A module's tensors, theirs -> ours. The last three stand for `weight` where it is spectrally normalised.
TENSORS = {
    "weight": "weight",
    "bias": "bias",
    "weight_orig": "parametrizations.weight.original",
    "weight_u": "parametrizations.weight.0.u",
    "weight_v": "parametrizations.weight.0.v",
}
PARALLEL = "module."  # stands before every key of a model that was trained on several cards
NAMED = 4  # misfits in one sentence; the others are counted


@dataclass(frozen=True)
class Layout:
    """One network as it was published: its name for people, where its file keeps the weights, and the names there."""

    name: str
    file: str
    under: str
    network: Callable[[], nn.Module]
    modules: Mapping[str, str]  # theirs -> ours
    repeated: Mapping[str, str] = field(
        default_factory=dict
    )  # modules that a file holds twice: the second -> the first

    def keys(self) -> dict[str, str]:
        """Every key of the file, in the order of the table -> our key."""
        return _keys(self.modules, self.network().state_dict())

    def load(self, published: Mapping[str, Tensor]) -> nn.Module:
        """The network with these weights, ready for evaluation; raises UnsuitableWeights if they do not fit."""
        network = self.network()
        network.load_state_dict(self._translated(published, network.state_dict()))
        return network.eval()

    def _translated(self, published: Mapping[str, Tensor], ours: Mapping[str, Tensor]) -> dict[str, Tensor]:
        given = {key.removeprefix(PARALLEL): value for key, value in published.items()}
        keys = _keys(self.modules, ours)
        again = {
            key.replace(first, second, 1): key
            for second, first in self.repeated.items()
            for key in keys
            if key.startswith(f"{first}.")
        }
        misfits = [
            *(_("{key} is missing").format(key=key) for key in keys if key not in given),
            *(_("{key} is unknown").format(key=key) for key in given if key not in keys and key not in again),
            *(
                _("{key} has the shape {found}, not {wanted}").format(
                    key=key, found=_sides(given[key]), wanted=_sides(ours[mine])
                )
                for key, mine in keys.items()
                if key in given and given[key].shape != ours[mine].shape
            ),
            *(
                _("{key} differs from {other}").format(key=key, other=other)
                for key, other in again.items()
                if key in given and other in given and not torch.equal(given[key], given[other])
            ),
        ]
        if misfits:
            raise self._unsuitable(misfits)
        return {mine: given[key] for key, mine in keys.items()}

    def _unsuitable(self, misfits: list[str]) -> UnsuitableWeights:
        listed = ", ".join(misfits[:NAMED])
        if len(misfits) > NAMED:
            listed += _(", and {count} more").format(count=len(misfits) - NAMED)
        return UnsuitableWeights(
            _("These are not the weights of “{name}”: {misfits}.").format(name=self.name, misfits=listed),
            hint=_("Choose the file that was published as {file}.").format(file=self.file),
            misfits=tuple(misfits),
        )


def _keys(modules: Mapping[str, str], ours: Mapping[str, Tensor]) -> dict[str, str]:
    return {
        f"{theirs}.{tensor}": f"{mine}.{own}"
        for theirs, mine in modules.items()
        for tensor, own in TENSORS.items()
        if f"{mine}.{own}" in ours
    }


def _sides(tensor: Tensor) -> str:
    return " x ".join(str(side) for side in tensor.shape) or "1"
