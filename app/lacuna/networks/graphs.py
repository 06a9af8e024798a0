"""The parts of each network that become graphs: from named inputs to named outputs, with free height and width.

DeepFill is cut at its attention. Whole, a graph would compare every cell with every other: at 1024 x 1024 each of its
matrices would take a gigabyte. So `encode` and `decode` stand before and behind it, and `attend` is the attention of
one piece, which is run as often as there are pieces (`attention_piece`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lacuna.networks import meta_sr_graphs
from lacuna.networks.attention import AttentionStep
from lacuna.networks.attention_piece import Piece, piece, read_by_step
from lacuna.networks.building import ENLARGE, FILL
from lacuna.networks.deepfill_v1 import DeepFillV1, queries_for
from lacuna.networks.deepfill_v2 import DeepFillV2
from lacuna.networks.graph import Graph
from lacuna.networks.meta_sr import MetaSr
from lacuna.networks.pen_net import LEVELS, PenNet, read_for

SIDES = 64, 96  # of an example: not alike, so that neither is taken for the other


def graphs(parts: Mapping[str, nn.Module]) -> dict[str, Graph]:
    """By the name under which a config knows them. Changes how the networks run: they are for nothing else then."""
    enlarging = parts.get(ENLARGE)
    if isinstance(enlarging, MetaSr):
        return meta_sr_graphs.graphs(enlarging)
    if parts.keys() != {FILL}:
        return {name: _generator(name, network) for name, network in parts.items()}
    network = parts[FILL]
    if isinstance(network, PenNet):
        return {FILL: _pen_net(network)}
    assert isinstance(network, (DeepFillV1, DeepFillV2))
    return {"encode": _encode(network), "attend": _attend(network), "decode": _decode(network)}


def _sides(multiple: int) -> dict[int, Any]:
    height, width = (multiple * torch.export.Dim(name, min=1, max=1 << 16) for name in ("rows", "columns"))
    return {2: height, 3: width}


def _generator(name: str, network: nn.Module) -> Graph:
    picture, channels = ("grey", 1) if name == "edges" else ("image", 3)
    height, width = (torch.export.Dim(side, min=3, max=1 << 16) for side in ("rows", "columns"))
    free = {2: 4 * height, 3: 4 * width}
    inputs = {picture: _example(channels), "edges": _example(1), "hole": _example(1)}
    return Graph(network, inputs, (free,) * 3, ("completed" if name == "edges" else "painted",), stored=f"{name}.")


class Fill(nn.Module):
    """PEN-Net; with `everywhere` 1 all of the outcome means something, with 0 what lies in the hole."""

    def __init__(self, network: PenNet) -> None:
        super().__init__()
        self.network = network.for_graph()

    def forward(self, image: Tensor, hole: Tensor, everywhere: Tensor) -> tuple[Tensor, ...]:
        painted, pyramid = self.network(image, hole, read_for(torch.maximum(hole, everywhere)))
        return painted, *pyramid


def _pen_net(network: PenNet) -> Graph:
    inputs = {"image": torch.rand(1, 3, 128, 192), "hole": torch.rand(1, 1, 128, 192)}
    inputs["everywhere"] = torch.zeros(1, 1, 1, 1)
    free = _sides(64)
    outputs = ("painted", *(f"img{level}" for level in range(1, LEVELS + 1)))
    return Graph(Fill(network), inputs, (free, free, None), outputs, wrapped="network.")


class Encode(nn.Module):
    """DeepFill up to its attention: the coarse stage, both branches, and the cells that are asked for."""

    outputs = "coarse", "repaired", "dilated", "cells", "scales", "known", "blocks", "queries"

    def __init__(self, network: DeepFillV1 | DeepFillV2) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor, hole: Tensor, *guide: Tensor) -> tuple[Tensor, ...]:
        coarse, repaired = self.network.draft(image, hole, *guide)
        dilated, features = self.network.refine.encode(self.network.shown(repaired, hole))
        maps = self.network.refine.attention.maps(features, hole)
        return coarse, repaired, dilated, maps.offered, maps.scales, maps.known, maps.blocks, queries_for(hole)


class Attend(nn.Module):
    """The attention of one piece: `AttentionStep` with the rows of the piece as inputs of their own."""

    def __init__(self, step: AttentionStep) -> None:
        super().__init__()
        self.step = step

    def forward(
        self, cells: Tensor, scales: Tensor, known: Tensor, blocks: Tensor, used: Tensor, *rows: Tensor
    ) -> tuple[Tensor, Tensor]:
        named = dict(zip(read_by_step(self.step.fuse), rows, strict=True))
        read = Piece(**{field.name: named.get(field.name) for field in fields(Piece)})
        return self.step(cells, cells, scales, known, blocks, used, read)


class Decode(nn.Module):
    """DeepFill behind its attention: what was pasted, merged with the other branch, becomes the refined picture."""

    def __init__(self, network: DeepFillV1 | DeepFillV2) -> None:
        super().__init__()
        self.network = network

    def forward(self, pasted: Tensor, dilated: Tensor, repaired: Tensor) -> Tensor:
        height, width = (side // 2 for side in dilated.shape[-2:])
        refine = self.network.refine
        return self.network.picture(refine.decode(dilated, refine.attention.folded(pasted, height, width)), repaired)


def _encode(network: DeepFillV1 | DeepFillV2) -> Graph:
    inputs = {"image": _example(3), "hole": _example(1)}
    if isinstance(network, DeepFillV2) and network.guided:
        inputs["guide"] = _example(1)
    side = _sides(8)
    free = (side, side, (side,)) if "guide" in inputs else (side, side)
    return Graph(Encode(network), inputs, free, Encode.outputs, wrapped="network.")


def _attend(network: DeepFillV1 | DeepFillV2) -> Graph:
    """The example is a piece of a grid of 7 x 9 cells."""
    attention, height, width = network.refine.attention, 7, 9
    channels = network.refine.channels
    used = torch.arange(1, (height + 1) * (width + 1), 2)
    inputs = {
        "cells": torch.rand(1, channels, height, width),
        "scales": torch.rand(1, 1, height, width),
        "known": torch.rand(1, 1, height, width),
        "blocks": torch.rand(1, len(used), 4 * channels),
        "used": used,
    }
    rows = vars(piece(np.array([10, 11, 17, 40]), height, width, attention.conventions.fuse))
    inputs |= {name: torch.from_numpy(rows[name]) for name in read_by_step(attention.conventions.fuse)}
    any_size = torch.export.Dim.DYNAMIC
    grid = {2: any_size, 3: any_size}
    last = tuple({inputs[name].ndim - 1: any_size} for name in read_by_step(attention.conventions.fuse))
    return Graph(
        Attend(attention.step), inputs, (grid, grid, grid, {1: any_size}, {0: any_size}, last), ("keys", "added")
    )


def _decode(network: DeepFillV1 | DeepFillV2) -> Graph:
    channels = network.refine.channels
    height, width = (side // 8 for side in SIDES)
    inputs = {
        "pasted": torch.rand(1, (height + 1) * (width + 1), 4 * channels),
        "dilated": torch.rand(1, channels, 2 * height, 2 * width),
        "repaired": _example(3),
    }
    free = ({1: torch.export.Dim.DYNAMIC}, _sides(2), _sides(8))
    return Graph(Decode(network), inputs, free, ("refined",), wrapped="network.")


def _example(channels: int) -> Tensor:
    return torch.rand(1, channels, *SIDES)
