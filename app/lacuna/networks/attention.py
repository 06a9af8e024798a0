"""Contextual attention (Yu et al., "Generative image inpainting with contextual attention", CVPR 2018, section 4).

Each cell of 2 x 2 features in the hole (a query) is made of the patches of the known cells (keys) that look alike. The
numbers are those of the published programs, but no filter is built from a patch, as there:

- Patches of 3 x 3 pixels share their pixels. So pixels are compared with pixels, in one product of matrices, and the
  score of two patches is a sum along a diagonal of that: a ninth of the multiplications.
- Patches of 4 x 4 overlap by half. So the four weights with which one block of 2 x 2 is pasted at one place are added
  before the product with the pixels: a quarter of the multiplications. Only known pixels take part.
- The fusion of scores, a convolution with an identity matrix in the paper, is a sum along diagonals, too.
- Queries are taken in pieces, and only those that are asked for; a piece holds all keys, since the soft-max runs over
  them, and so bounds the memory.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from lacuna.networks import attention_piece
from lacuna.networks.attention_piece import MEMORY, Piece
from lacuna.networks.blocks import full_precision
from lacuna.networks.conventions import Conventions, KeyNorm, Sampling

SCALE = 10.0  # of the soft-max; the paper's lambda
EPSILON = 1e-4


class Attended(NamedTuple):
    """What attention gives: features (B, C, H, W), and for each cell (B, H / 2, W / 2) the key that weighs most.

    Cells count row by row. Where no query was asked for features are zero, or what queries beside them paste, and the
    key is -1.
    """

    features: Tensor
    keys: Tensor


class Maps(NamedTuple):
    """What the attention of every query is computed from; see `AttentionStep.forward`."""

    asked: Tensor
    offered: Tensor
    scales: Tensor
    known: Tensor
    blocks: Tensor


def smaller(maps: Tensor, factor: int, sampling: Sampling) -> Tensor:
    """Every `factor`-th pixel of (B, C, H, W) in both directions."""
    if sampling is Sampling.FIRST:
        return maps[:, :, ::factor, ::factor]
    rows, columns = (_sampled(size, factor, sampling, maps.device) for size in maps.shape[-2:])
    return maps[:, :, rows][:, :, :, columns]


def _sampled(size: int, factor: int, sampling: Sampling, device: torch.device) -> Tensor:
    """Indices of an axis with the corners aligned. All in float32, whose roundings decide at some sizes."""
    count = size // factor
    step = (size - 1) / (count - 1) if count > 1 else float(factor)
    index = torch.arange(count, device=device)
    forward = index.float() * step
    if sampling is Sampling.ALIGNED_LINSPACE:  # torch.linspace counts the second half from its end
        backward = (size - 1) - (count - 1 - index).float() * step
        forward = torch.where(index < count // 2, forward, backward)
    return (forward + 0.5).floor().long().clamp(max=size - 1)


def known_cells(hole: Tensor, conventions: Conventions) -> Tensor:
    """The keys that may be used, (B, 1, H / 8, W / 8) bool: no hole (1.0) in the eight cells around, nor in itself."""
    for factor in conventions.mask_steps:
        hole = smaller(hole, factor, conventions.sampling)
    return F.max_pool2d(hole, 3, 1, 1) == 0


class ContextualAttention(nn.Module):
    """Attention of features to themselves, or to a `background` of the same size; it has no weights.

    With `memory` None all queries are one piece, which a graph with free height and width needs.
    """

    def __init__(self, conventions: Conventions, memory: int | None = MEMORY) -> None:
        super().__init__()
        self.conventions = conventions
        self.memory = memory
        self.step = AttentionStep(conventions.fuse)

    def forward(
        self, features: Tensor, hole: Tensor | None, queries: Tensor | None = None, background: Tensor | None = None
    ) -> Attended:
        """`features` (B, C, H, W) with even sides, `hole` (B, 1, 4 H, 4 W) with 1.0 inside, or None: all is known.

        `queries` (B, 1, H / 2, W / 2) bool are the cells that are asked for, in one picture of the batch or another;
        None asks for all.
        """
        with full_precision(features.device):  # logits reach 90 times a feature's length
            return self._attend(features, hole, queries, background)

    def _attend(
        self, features: Tensor, hole: Tensor | None, queries: Tensor | None, background: Tensor | None
    ) -> Attended:
        maps = self.maps(features, hole, background)
        batch, _channels, height, width = maps.asked.shape
        if self.memory is None and queries is None:
            every = everything(maps.asked, self.conventions.fuse)
            keys, pasted = self.step(*maps, every.blocks, every)
        else:
            keys = maps.asked.new_full((batch, height * width), -1, dtype=torch.int64)
            pasted = torch.zeros_like(maps.blocks)
            used = F.max_pool2d(F.pad(maps.known, (1, 1, 1, 1)), 2, 1).any(0).flatten().nonzero()[:, 0]
            maps = maps._replace(blocks=maps.blocks[:, used])
            for part in self._pieces(queries, height, width, features.device):
                found, added = self.step(*maps, used, part)
                keys[:, part.queries] = found
                pasted.index_add_(1, part.blocks, added)
        return Attended(self.folded(pasted, height, width).to(features.dtype), keys.unflatten(1, (height, width)))

    def maps(self, features: Tensor, hole: Tensor | None, background: Tensor | None = None) -> Maps:
        """Everything that pieces have in common, with all the blocks."""
        offered = (features if background is None else background).float()
        asked_cells = smaller(features.float(), 2, self.conventions.sampling)
        offered_cells = smaller(offered, 2, self.conventions.sampling)
        scales = 1 / self._norms(offered_cells)
        known = torch.ones_like(scales) if hole is None else known_cells(hole, self.conventions).float()
        blocks = F.pixel_unshuffle(F.pad(offered, (1, 1, 1, 1)), 2).flatten(2).transpose(1, 2) / 4
        return Maps(asked_cells, offered_cells, scales, known, blocks)

    @staticmethod
    def folded(pasted: Tensor, height: int, width: int) -> Tensor:
        """Features (B, C, 2 h, 2 w) from their (h + 1) (w + 1) blocks, (B, k, 4 C)."""
        return F.pixel_shuffle(pasted.transpose(1, 2).unflatten(2, (height + 1, width + 1)), 2)[:, :, 1:-1, 1:-1]

    def _norms(self, offered: Tensor) -> Tensor:
        """The lengths of patches of 3 x 3, (B, 1, h, w)."""
        # The mean nine times: to give the sum by itself is what the exporter of graphs cannot.
        squares = 9 * F.avg_pool2d(offered.square().sum(1, keepdim=True), 3, 1, 1)
        if self.conventions.key_norm is KeyNorm.FLOORED:
            return squares.clamp(min=EPSILON**2).sqrt()  # the root of nothing would have no gradient
        return (squares + 9 * offered.shape[1] * EPSILON).sqrt()

    def _pieces(self, queries: Tensor | None, height: int, width: int, device: torch.device) -> list[Piece]:
        wanted = torch.ones(height, width, dtype=torch.bool) if queries is None else queries.any(0)[0]
        most = height * width if self.memory is None else attention_piece.most(height, width, self.memory)
        return [
            _tensors(attention_piece.piece(part, height, width, self.conventions.fuse), device)
            for part in attention_piece.pieces(wanted.cpu().numpy(), most)
        ]


class AttentionStep(nn.Module):
    """The attention of one piece: a module of its own, so that it can be exported, and watched from piece to piece."""

    def __init__(self, fuse: bool) -> None:
        super().__init__()
        self.fuse = fuse

    def forward(
        self, asked: Tensor, offered: Tensor, scales: Tensor, known: Tensor, blocks: Tensor, used: Tensor, piece: Piece
    ) -> tuple[Tensor, Tensor]:
        """The best key of each query, (B, n), and what is to be added to the blocks of the piece, (B, m, 4 C).

        `asked` and `offered` (B, C, h, w); `scales` (one over the norm) and `known` (B, 1, h, w); `blocks`
        (B, k, 4 C), those of the (h + 1) (w + 1) corners that are `used`, since a known cell lies there.
        """
        probabilities = self.probabilities(asked, offered, scales, known, piece)
        padded = F.pad(probabilities, (1, 1, 1, 1, 0, 1))  # one more row: of zeros
        moved = [padded.index_select(1, rows) for rows in piece.pasted]
        pasted = moved[0][:, :, :-1, :-1] + moved[1][:, :, :-1, 1:] + moved[2][:, :, 1:, :-1] + moved[3][:, :, 1:, 1:]
        return probabilities.flatten(2).argmax(2), pasted.flatten(2).index_select(2, used) @ blocks

    def probabilities(self, asked: Tensor, offered: Tensor, scales: Tensor, known: Tensor, piece: Piece) -> Tensor:
        """(B, n, h, w) for n queries; they sum to less than 1 where unknown keys took their share."""
        scores = self.scores(asked, offered, scales, piece)
        if self.fuse:
            scores = self._fused(scores, piece)
        logits = scores * (SCALE * known)  # an unknown key keeps the logit 0, as in the published programs
        return logits.flatten(2).softmax(2).view_as(logits) * known

    def scores(self, asked: Tensor, offered: Tensor, scales: Tensor, piece: Piece) -> Tensor:
        """Products of patches of 3 x 3, divided by the norm of the key, (B, n, h, w)."""
        height, width = offered.shape[-2:]
        pixels = F.pad(asked.flatten(2), (0, 1)).transpose(1, 2).index_select(1, piece.pixels)
        products = (pixels @ offered.flatten(2)).unflatten(2, (height, width))
        columns = _diagonal(F.pad(products, (0, 0, 1, 1)), piece.in_column, 2, height)
        return _diagonal(F.pad(columns, (1, 1)), piece.in_row, 3, width) * scales

    def _fused(self, scores: Tensor, piece: Piece) -> Tensor:
        """Scores with those of the neighbours in reading order, along rows and then along columns (section 4.3)."""
        height, width = scores.shape[-2:]
        by_row = _diagonal(F.pad(scores.flatten(2), (1, 1)), piece.read_by_row, 2, height * width)
        by_row = by_row.unflatten(2, (height, width))
        top, bottom = by_row[:, :, :1], by_row[:, :, -1:]  # below the last key of a column stands the first of the next
        extended = torch.cat([F.pad(bottom[..., :-1], (1, 0)), by_row, F.pad(top[..., 1:], (0, 1))], 2)
        return _diagonal(extended, piece.read_by_column, 2, height)


def _diagonal(extended: Tensor, rows: Tensor, axis: int, size: int) -> Tensor:
    """The sum over three steps along a diagonal: a query moves by its `rows`, its keys move along `axis`."""
    before = extended.index_select(1, rows[0]).narrow(axis, 0, size)
    here = extended.index_select(1, rows[1]).narrow(axis, 1, size)
    behind = extended.index_select(1, rows[2]).narrow(axis, 2, size)
    return before + here + behind


def everything(cells: Tensor, fuse: bool) -> Piece:
    """All cells of a grid as one piece; made by arithmetic alone, which a graph with free sizes can hold."""
    height, width = cells.shape[-2:]
    total = height * width
    every = torch.arange(total, device=cells.device)
    corner = torch.arange((height + 1) * (width + 1), device=cells.device)
    zero = torch.arange(total, total + 1, device=cells.device)

    def rows(neighbours: tuple[Tensor, ...], with_zero: bool) -> Tensor:
        stacked = torch.stack(neighbours)
        return torch.cat([stacked, zero.expand(3, 1)], 1) if with_zero else stacked

    return Piece(
        queries=every,
        pixels=torch.cat([every, zero]),
        in_column=rows(attention_piece.in_column(every, height, width), with_zero=True),
        in_row=rows(attention_piece.in_row(every, height, width), with_zero=fuse),
        read_by_row=rows(attention_piece.read_by_row(every, height, width), with_zero=True),
        read_by_column=rows(attention_piece.read_by_column(every, height, width), with_zero=False),
        blocks=corner,
        pasted=rows(attention_piece.corners(corner, height, width), with_zero=False),
    )


def _tensors(piece: Piece, device: torch.device) -> Piece:
    return Piece(**{name: torch.from_numpy(rows).to(device) for name, rows in vars(piece).items()})
