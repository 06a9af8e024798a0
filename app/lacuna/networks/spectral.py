"""Spectral normalisation: a weight divided by its largest singular value (Miyato, Kataoka, Koyama, Yoshida 2018).

Published weights bring singular vectors of their own, one step of power iteration a pass: first v, then u. PyTorch's
present parametrisation takes them in the other order, so that training would go on differently from there.
"""

from __future__ import annotations

from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lacuna.networks.blocks import full_precision

Convolution = TypeVar("Convolution", bound=nn.Conv2d | nn.ConvTranspose2d)


def _direction(size: int, weight: Tensor) -> Tensor:
    """A vector of length 1 by chance; for a weight without numbers one of that kind: a draw there loads much."""
    return torch.empty(size, device="meta") if weight.is_meta else F.normalize(torch.randn(size), dim=0)


class SpectralNorm(nn.Module):
    """A weight over u' A v, A being its matrix of one row an output channel. In training u, v take one step a pass.

    With `at_every_pass` they do so in evaluation as well. Then u alone is kept with the weights: v is the first that a
    step makes of it.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor, outputs: int, *, at_every_pass: bool = False) -> None:
        super().__init__()
        self.outputs = outputs  # the axis of the output channels
        self.at_every_pass = at_every_pass
        rows, columns = self._matrix(weight).shape
        self.register_buffer("u", _direction(rows, weight))
        self.register_buffer("v", _direction(columns, weight), persistent=not at_every_pass)

    def forward(self, weight: Tensor) -> Tensor:
        with full_precision(weight.device):  # in half precision the norm itself would be rough
            return self._normed(weight)

    def _normed(self, weight: Tensor) -> Tensor:
        matrix = self._matrix(weight)
        if self.training or self.at_every_pass:
            with torch.no_grad():
                self.v.copy_(F.normalize(matrix.T @ self.u, dim=0))
                self.u.copy_(F.normalize(matrix @ self.v, dim=0))
        # Copies: a second pass before the gradients are taken moves the vectors on.
        return weight / torch.dot(self.u.clone(), matrix @ self.v.clone())

    def _matrix(self, weight: Tensor) -> Tensor:
        return weight.movedim(self.outputs, 0).flatten(1)


def spectral_norm(convolution: Convolution, *, at_every_pass: bool = False) -> Convolution:
    """The same convolution, its weight normalised whenever it is read; `at_every_pass` as in `SpectralNorm`."""
    outputs = 1 if isinstance(convolution, nn.ConvTranspose2d) else 0
    norm = SpectralNorm(convolution.weight.detach(), outputs, at_every_pass=at_every_pass)
    # PyTorch tries what it registers. Without numbers there is nothing to try, and a product of none loads a compiler.
    parametrize.register_parametrization(convolution, "weight", norm, unsafe=convolution.weight.is_meta)
    return convolution


def fold(network: nn.Module) -> nn.Module:
    """Writes each weight's normalised value in its place, bit for bit what a pass in evaluation uses, for good.

    What is left are plain convolutions: an exporter would keep each division in the graph.
    """
    network.eval()
    for module in list(network.modules()):
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight", leave_parametrized=True)
    return network
