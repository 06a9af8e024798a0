"""Meta-SR: one network that enlarges by any factor, since it predicts the kernels of the enlarging layer.

Hu, Mu, Zhang, Wang, Tan, Sun: Meta-SR, A Magnification-Arbitrary Network for Super-Resolution, CVPR 2019. An extractor
makes features of the picture. For each point of the enlarged one two linear layers make a kernel of 3 x 3 out of the
factor and of where the point lies in its pixel; applied to the features there it gives the point's colour.

The published program makes one kernel for each point. Here it is computed in one of two ways, with the same numbers:

- By phases (`Kernels`, `Apply`). Positions repeat, so each distinct kernel is made once and applied to all pixels that
  share it, in one product of matrices.
- By terms (`Terms`), where positions hardly repeat. The second layer is contracted with the features before the
  position is known; each point then is a sum over the hidden units.

Weights of the second layer stand by colour, row, column and feature, so that neither way has to turn them.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.contract.enlargement import Enlargement
from lacuna.contract.progress import Progress
from lacuna.networks.blocks import full_precision
from lacuna.networks.edsr import Edsr
from lacuna.networks.positions import Band, Pane, Phases, bands, phases_are_cheaper, whole
from lacuna.networks.rdn import Rdn
from lacuna.networks.span import Span

HIDDEN = 256  # units of the published predictor
WHITE = 255.0  # pictures are in [0, 255]
MEAN = (0.4488, 0.4371, 0.4040)  # of the training pictures, of white; where training begins
BAND = 16 << 20  # bytes of the terms of a band

Extractor = Rdn | Edsr | Span


class Predictor(nn.Module):
    """Kernels out of one over the factor and the fractions of a pixel by which a point lies down and across."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.units = nn.Linear(3, hidden)
        self.kernels = nn.Linear(hidden, 3 * 9 * features)

    def forward(self, inverse: Tensor, down: Tensor, across: Tensor) -> Tensor:
        """Of (1,), (a,) and (s, b) the kernels (s, a, b, 3, 9 F)."""
        rows, columns = self.split(inverse, down, across)
        return self.kernels(F.relu(rows[:, None] + columns[:, None])).unflatten(-1, (3, -1))

    def split(self, inverse: Tensor, down: Tensor, across: Tensor) -> tuple[Tensor, Tensor]:
        """The hidden units before their activation, as sums of a part by row, (a, u), and one by column, (..., u)."""
        of_factor, of_row, of_column = self.units.weight.T
        return self.units.bias + inverse * of_factor + down[..., None] * of_row, across[..., None] * of_column

    def by_unit(self) -> Tensor:
        """The weights of the second layer for each colour as a matrix (3, 9 F, u)."""
        return self.kernels.weight.unflatten(0, (3, -1))

    def constant(self) -> Tensor:
        """What the second layer adds whatever the units are, (9 F, 3)."""
        return self.kernels.bias.unflatten(0, (3, -1)).T


def patches(features: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """The surroundings of some pixels, (s, B r n, 9 F): of `features` (B, h + 2, w + 2, F), which have a rim, at `rows`
    (r, 3) by each of s lists of `columns` (s, n, 3)."""
    (batch, *_), count = features.shape, features.shape[-1]
    kinds, length, _ = columns.shape
    band = features.index_select(1, rows.flatten())
    taken = band.index_select(2, columns.flatten()).reshape(batch, -1, 3, kinds, length, 3, count)
    return taken.permute(3, 0, 1, 4, 2, 5, 6).reshape(kinds, -1, 9 * count)


class Apply(nn.Module):
    """One batch of pixels by the kernels of their kinds."""

    def __init__(self, mean: nn.Conv2d) -> None:
        super().__init__()
        self.add_mean = mean

    def forward(self, features: Tensor, rows: Tensor, columns: Tensor, kernels: Tensor) -> Tensor:
        """The points of the batch, (B, r a, s n b, 3), in its own order; `kernels` (s, a, b, 3, 9 F)."""
        batch, (kinds, down, across, *_) = features.shape[0], kernels.shape
        seen = patches(features, rows, columns)
        colours = torch.matmul(seen, kernels.flatten(1, 3).transpose(1, 2))
        apart = colours.reshape(kinds, batch, rows.shape[0], columns.shape[1], down, across, 3)
        together = apart.permute(1, 2, 4, 0, 3, 5, 6).flatten(3, 5).flatten(1, 2)
        return F.linear(together, self.add_mean.weight[:, :, 0, 0], self.add_mean.bias)


class Terms(nn.Module):
    """What the points of a band are sums of, for any position in their pixels."""

    def __init__(self, predictor: Predictor) -> None:
        super().__init__()
        self.predictor = predictor

    def forward(
        self, features: Tensor, rows: Tensor, columns: Tensor, inverse: Tensor, down: Tensor, across: Tensor
    ) -> tuple[Tensor, ...]:
        """For each colour and pixel a number for each unit, (3, B, r, w, u), and the constant one, (B, r, w, 3); the
        parts (a, u) and (b, u) of the units by row and by column."""
        seen = patches(features, rows, columns[None])
        size = features.shape[0], rows.shape[0], columns.shape[0]
        terms = torch.matmul(seen, self.predictor.by_unit()).unflatten(1, size)
        constant = torch.matmul(seen[0], self.predictor.constant()).unflatten(0, size)
        return terms, constant, *self.predictor.split(inverse, down, across)


class MetaSr(nn.Module):
    """The whole network. Pictures (B, 3, h, w) are in [0, 255], as published; nothing is cut off.

    Of weights with the start `BICUBIC` what comes out is the difference to the picture enlarged by the cubic kernel.
    """

    def __init__(self, extractor: Extractor, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.sub_mean = _mean(-1)
        self.extractor = extractor
        self.predictor = Predictor(extractor.features, hidden)
        self.add_mean = _mean(1)
        self.hidden = hidden

    def forward(self, picture: Tensor, enlargement: Enlargement) -> Tensor:
        return self.enlarged(self.features(picture), whole(enlargement))

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """The extractor alone: which points there are is decided by numbers that are no tensors."""
        self.extractor.compile(*args, **kwargs)

    def features(self, picture: Tensor) -> Tensor:
        """(B, h + 2, w + 2, F), with a rim of zeros, the channels last."""
        maps = self.extractor(self.sub_mean(picture))
        return F.pad(maps.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))

    def enlarged(self, features: Tensor, pane: Pane, progress: Progress | None = None) -> Tensor:
        """The points of a pane, (B, 3, rows, columns), the cheaper way. Raises Cancelled between two steps."""
        progress = progress or Progress()
        points = pane.points()
        phases = Phases(points, self.extractor.features)
        features = features.to(self.predictor.units.weight.dtype)
        with full_precision(features.device):  # fractions of a pixel have a finer structure than 16 bits
            if phases_are_cheaper(phases, points, self.extractor.features, self.hidden):
                return self.by_phases(features, pane, phases, progress)
            return self.by_terms(features, pane, progress)

    def by_phases(self, features: Tensor, pane: Pane, phases: Phases, progress: Progress) -> Tensor:
        """With each distinct kernel made once."""
        device, (height, width) = features.device, pane.shape
        apply, inverse = Apply(self.add_mean), torch.tensor([pane.inverse], device=device)
        found, place, kernels = [], torch.empty(height * width, dtype=torch.int64), inverse
        done = 0
        for batch in phases.batches(len(features)):
            progress.at(done / (height * width))
            if batch.new:
                kernels = self.predictor(inverse, _on(batch.down, device), _on(batch.across, device))
            points = apply(features, _on(batch.rows, device), _on(batch.columns, device), kernels).flatten(1, 2)
            into = torch.from_numpy((batch.into_rows[:, None] * width + batch.into_columns).ravel())
            place[into] = torch.arange(done, done + len(into))  # of a point that is there twice one counts
            done += len(into)
            found.append(points)
        ordered = torch.cat(found, 1).index_select(1, place.to(device))
        return ordered.unflatten(1, (height, width)).permute(0, 3, 1, 2)

    def by_terms(self, features: Tensor, pane: Pane, progress: Progress) -> Tensor:
        """With one number for each pixel, colour and unit: for positions that hardly repeat."""
        device, (height, width) = features.device, pane.shape
        terms, inverse = Terms(self.predictor), torch.tensor([pane.inverse], device=device)
        most = max(1, BAND // (4 * 3 * self.hidden * width * len(features)))
        found = []
        for band in bands(pane.points(), most):
            progress.at(band.start / height)
            rows, columns = _on(band.rows, device), _on(band.columns, device)
            down, across = _on(band.down, device), _on(band.across, device)
            found.append(self._summed(band, *terms(features, rows, columns, inverse, down, across)))
        together = torch.cat(found, 1)
        return F.linear(together, self.add_mean.weight[:, :, 0, 0], self.add_mean.bias).permute(0, 3, 1, 2)

    def _summed(self, band: Band, terms: Tensor, constant: Tensor, down: Tensor, across: Tensor) -> Tensor:
        """The points of a band before the mean is added, (B, a, b, 3)."""
        rows, columns = (_on(index, terms.device) for index in (band.row_of, band.column_of))
        units = F.relu(down[:, None] + across)
        there = terms.index_select(2, rows).index_select(3, columns)
        still = constant.index_select(1, rows).index_select(2, columns)
        return (there * units).sum(-1).movedim(0, -1) + still


def _on(values: object, device: torch.device) -> Tensor:
    return torch.as_tensor(values).to(device, non_blocking=True)


def _mean(sign: int) -> nn.Conv2d:
    layer = nn.Conv2d(3, 3, 1)
    layer.weight = nn.Parameter(torch.eye(3)[..., None, None])
    layer.bias = nn.Parameter(sign * WHITE * torch.tensor(MEAN))
    return layer
