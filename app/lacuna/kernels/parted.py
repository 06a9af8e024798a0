"""The soft fill where lines part it: colours spread from pixel to pixel, but not across a line.

The equation is that of `kernels.poisson` without a right side; links that a line cuts carry next to nothing instead of
1, as in the diffusion curves of Orzan et al., "Diffusion curves: a vector representation for smooth-shaded images",
2008. A line may run anyhow, so the unknown pixels are a graph: multigrid by aggregation, where a cell of 2 x 2 has one
node for each of the parts that a line makes of it, as preconditioner of conjugate gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lacuna.kernels.compiled import compiled

Values = NDArray[np.float64]  # (n, 3), a row for each node
Numbers = NDArray[np.int64]

LEAK = 1e-6  # what a cut link carries: enough for a part that no known pixel touches to have a colour
STRONG = 1e-3  # above: a link that is not cut, nor made of cut ones alone
MOST = 300  # steps
CHUNK = 1 << 20  # nodes swept in one call: some 20 ms
LAST_SWEEPS = 8  # on the coarsest level, which has a node for each part


@dataclass(frozen=True, eq=False)
class Graph:
    """The equations of one level: `weights` of the links to the nodes `others`, those of node n from `starts[n]` on.

    `sums` are of all links of a node, with those to known pixels. `parents` are the nodes of the next coarser level.
    """

    starts: Numbers
    others: Numbers
    weights: NDArray[np.float64]
    sums: NDArray[np.float64]
    parents: Numbers


def solve(
    image: NDArray[np.float32],
    hole: NDArray[np.bool_],
    across: NDArray[np.bool_],
    down: NDArray[np.bool_],
    *,
    tolerance: float = 1e-3,
    check: Callable[[], None] = lambda: None,
) -> None:
    """Fill `hole` (h, w) of `image` (h, w, 3) in place. `across` (h, w - 1) and `down` (h - 1, w) say what is cut:
    the pixel at (y, x) from the one to its right, and from the one below.

    Until a step changes no pixel by more than `tolerance`. A part that lines close off gets the mean of what lies
    around it. `check` is called between kernel calls.
    """
    numbers = np.full(hole.shape, -1, np.int64)
    numbers[hole] = np.arange(np.count_nonzero(hole))
    one = np.concatenate((numbers[:, :-1].ravel(), numbers[:-1].ravel()))
    other = np.concatenate((numbers[:, 1:].ravel(), numbers[1:].ravel()))
    weights = np.where(np.concatenate((across.ravel(), down.ravel())), LEAK, 1.0)
    colours = image.reshape(-1, 3).astype(np.float64)
    places = np.arange(hole.size).reshape(hole.shape)
    place = np.concatenate((places[:, :-1].ravel(), places[:-1].ravel()))
    beyond = np.concatenate((places[:, 1:].ravel(), places[1:].ravel()))
    count = int(numbers.max(initial=-1)) + 1
    known_sums, right = np.zeros(count), np.zeros((count, 3))
    for node, known, where in ((one, other, beyond), (other, one, place)):
        rim = (node >= 0) & (known < 0)
        known_sums += _added(node[rim], weights[rim], count)
        for channel in range(3):
            right[:, channel] += _added(node[rim], weights[rim] * colours[where[rim], channel], count)
    inner = (one >= 0) & (other >= 0)
    y, x = np.nonzero(hole)
    graphs = _graphs(one[inner], other[inner], weights[inner], known_sums, y, x, check)
    start = np.broadcast_to(colours[~hole.ravel()].mean(axis=0), (count, 3)).copy()
    image[hole] = _by_gradients(graphs, right, start, tolerance, check)


def _graphs(
    one: Numbers,
    other: Numbers,
    weights: NDArray[np.float64],
    known_sums: NDArray[np.float64],
    y: Numbers,
    x: Numbers,
    check: Callable[[], None],
) -> list[Graph]:
    """From the finest to the one that has a node for each part."""
    graphs = []
    while True:
        check()
        count = known_sums.size
        inside = (y[one] >> 1 == y[other] >> 1) & (x[one] >> 1 == x[other] >> 1) & (weights > STRONG)
        leaders = _leaders(count, one[inside], other[inside])
        kept, parents = np.unique(leaders, return_inverse=True)
        ends = np.concatenate((one, other))
        order = np.argsort(ends, kind="stable")
        starts = np.searchsorted(ends[order], np.arange(count + 1))
        both = np.concatenate((weights, weights))[order]
        sums = known_sums + _added(ends, np.concatenate((weights, weights)), count)
        graphs.append(Graph(starts, np.concatenate((other, one))[order], both, sums, parents))
        if max(y.max(initial=0), x.max(initial=0)) == 0:
            return graphs
        known_sums = _added(parents, known_sums, kept.size)
        y, x = y[kept] >> 1, x[kept] >> 1
        one, other = parents[one], parents[other]
        apart = one != other
        one, other = np.minimum(one, other)[apart], np.maximum(one, other)[apart]
        keys, places = np.unique(one * kept.size + other, return_inverse=True)
        weights = _added(places, weights[apart], keys.size)
        one, other = np.divmod(keys, max(1, kept.size))


def _added(nodes: Numbers, values: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """The sum of the values of each node."""
    return np.asarray(np.bincount(nodes, values, count), np.float64)


def _leaders(count: int, one: Numbers, other: Numbers) -> Numbers:
    """For each node the smallest number among those that links connect it with."""
    leaders = np.arange(count)
    while True:
        least = np.minimum(leaders[one], leaders[other])
        before = leaders.copy()
        np.minimum.at(leaders, one, least)
        np.minimum.at(leaders, other, least)
        if np.array_equal(before, leaders):
            return leaders


def _by_gradients(graphs: list[Graph], right: Values, x: Values, tolerance: float, check: Callable[[], None]) -> Values:
    """Conjugate gradients, three channels side by side."""
    graph = graphs[0]
    left = np.empty_like(x)
    _leave(graph, right, x, left, check)
    direction, size = np.zeros_like(x), np.ones(3)
    for _step in range(MOST):
        better = _cycle(graphs, 0, left, check)
        new = (left * better).sum(axis=0)
        direction = better + direction * np.where(size > 0, new / np.where(size > 0, size, 1.0), 0.0)
        size = new
        pulled = np.empty_like(x)
        _leave(graph, np.zeros_like(x), direction, pulled, check)  # minus what the equations make of it
        bend = -(direction * pulled).sum(axis=0)
        length = np.where(bend > 0, size / np.where(bend > 0, bend, 1.0), 0.0)
        x += length * direction
        left += length * pulled
        if np.abs(length * direction).max(initial=0.0) <= tolerance:
            break
    return x


def _cycle(graphs: list[Graph], depth: int, right: Values, check: Callable[[], None]) -> Values:
    """What `right` is the image of, roughly: a sweep there, twice the coarser level, a sweep back."""
    graph = graphs[depth]
    x = np.zeros_like(right)
    if depth == len(graphs) - 1:
        for number in range(LAST_SWEEPS):
            _sweep(graph, right, x, number % 2 == 1, check)
        return x
    _sweep(graph, right, x, False, check)
    left = np.empty_like(right)
    for _turn in range(2 if depth else 1):
        _leave(graph, right, x, left, check)
        count = graphs[depth + 1].sums.size
        coarse = np.stack([_added(graph.parents, left[:, channel], count) for channel in range(3)], axis=1)
        x += _cycle(graphs, depth + 1, coarse, check)[graph.parents]
    _sweep(graph, right, x, True, check)
    return x


def _sweep(graph: Graph, right: Values, x: Values, backward: bool, check: Callable[[], None]) -> None:
    bands = _bands(graph)
    for first, last in reversed(bands) if backward else bands:
        check()
        _relax(graph.starts, graph.others, graph.weights, graph.sums, right, x, first, last, backward)


def _leave(graph: Graph, right: Values, x: Values, left: Values, check: Callable[[], None]) -> None:
    """What is left of the equations."""
    for first, last in _bands(graph):
        check()
        _residual(graph.starts, graph.others, graph.weights, graph.sums, right, x, left, first, last)


def _bands(graph: Graph) -> list[tuple[int, int]]:
    return [(first, min(first + CHUNK, graph.sums.size)) for first in range(0, graph.sums.size, CHUNK)]


# --- kernels ----------------------------------------------------------------------------------------------------------
@compiled
def _relax(
    starts: Any, others: Any, weights: Any, sums: Any, right: Any, x: Any, first: Any, last: Any, backward: Any
) -> None:
    """A Gauss-Seidel sweep over some nodes, in place."""
    for i in range(last - first):
        n = last - 1 - i if backward else first + i
        a, b, c = right[n, 0], right[n, 1], right[n, 2]
        for k in range(starts[n], starts[n + 1]):
            weight, other = weights[k], others[k]
            a += weight * x[other, 0]
            b += weight * x[other, 1]
            c += weight * x[other, 2]
        if sums[n] > 0:
            x[n, 0], x[n, 1], x[n, 2] = a / sums[n], b / sums[n], c / sums[n]


@compiled
def _residual(
    starts: Any, others: Any, weights: Any, sums: Any, right: Any, x: Any, left: Any, first: Any, last: Any
) -> None:
    for n in range(first, last):
        a, b, c = right[n, 0], right[n, 1], right[n, 2]
        a -= sums[n] * x[n, 0]
        b -= sums[n] * x[n, 1]
        c -= sums[n] * x[n, 2]
        for k in range(starts[n], starts[n + 1]):
            weight, other = weights[k], others[k]
            a += weight * x[other, 0]
            b += weight * x[other, 1]
            c += weight * x[other, 2]
        left[n, 0], left[n, 1], left[n, 2] = a, b, c
