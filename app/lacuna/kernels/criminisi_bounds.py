"""Lower bounds by which most candidates of the exact search are refused, 64 neighbours at a time.

A bound is made of a few looks into planes that were prepared once. The 27 numbers of a square of 3 x 3 pixels are a
vector; turned so that its first parts are the mean brightness and its slopes across and down, it differs from another
by the squared differences of these three, and by at least the squared difference of the lengths of the two rests.
Squares of 2 x 2 and single pixels, for what the larger leave over, are compared by their mean brightness alone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lacuna.kernels.compiled import compiled, compiled_fast
from lacuna.kernels.criminisi_state import LOOKS, NONE

BLOCK = 64  # candidates looked at together
GROUP = 4  # looks before the bound of a block is compared for the first time
REFUSED = np.float32(1e30)  # bound of what is no source
UNBOUNDED = np.float32(1e29)  # limit of bounds while there is no best yet
SCALE = 27.0  # looks are scaled so that their squares sum to this many times the bound
SLOPE = float(np.sqrt(SCALE / 18))  # of a difference between two rows or columns of three pixels, 18 numbers
SLACK = 1e-3  # rounding of the bounds in float32, generously

# Planes of `State.sums`, each over the square whose upper left pixel names it: sum of R + G + B, slopes, length of the
# rest; then the sums of smaller squares. A look's plane decides the factor that brings it to SCALE.
MEAN, ACROSS, DOWN, REST, TWO, ONE = range(6)
PLANES = 6


@compiled
def prepare(state: Any, allowed: Any, depth: Any, top: Any, bottom: Any) -> Any:
    """Sums and sources of some rows, from the top down; how many sources end there.

    `depth` (columns) counts the allowed pixels that stand above one another.
    """
    height, width, columns, radius = state.height, state.width, state.columns, state.radius
    size = height * width
    mean, across = state.sums[MEAN * size : (MEAN + 1) * size], state.sums[ACROSS * size : (ACROSS + 1) * size]
    down, rest = state.sums[DOWN * size : (DOWN + 1) * size], state.sums[REST * size : (REST + 1) * size]
    two, one = state.sums[TWO * size : (TWO + 1) * size], state.sums[ONE * size : (ONE + 1) * size]
    column, slope, square = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for y in range(top, bottom):
        for x in range(columns):
            column[x], slope[x], square[x] = 0, 0, 0
        for v in range(y, min(height, y + 3)):
            sign = v - y - 1
            for x in range(columns):
                at = 3 * (v * width + x)
                r, g, b = np.float64(state.rgb[at]), np.float64(state.rgb[at + 1]), np.float64(state.rgb[at + 2])
                column[x] += r + g + b
                slope[x] += sign * (r + g + b)
                square[x] += r * r + g * g + b * b
                if v == y:
                    one[v * width + x] = 3 * (r + g + b)
        for x in range(columns - 2):
            at = y * width + x
            total = column[x] + column[x + 1] + column[x + 2]
            a, d = SLOPE * (column[x + 2] - column[x]), SLOPE * (slope[x] + slope[x + 1] + slope[x + 2])
            mean[at], across[at], down[at] = total, a, d
            squares = square[x] + square[x + 1] + square[x + 2]
            rest[at] = np.sqrt(max(0.0, SCALE * squares - total * total - a * a - d * d))
    for y in range(max(0, top - 1), min(bottom, height - 1)):
        if y + 1 < bottom:
            for x in range(columns - 1):
                at = y * width + x
                two[at] = 0.5 * (one[at] + one[at + 1] + one[at + width] + one[at + width + 1])
    side, found = 2 * radius + 1, 0
    for y in range(top, bottom):
        run = 0
        for x in range(columns):
            depth[x] = depth[x] + 1 if allowed[y, x] else 0
            run = run + 1 if depth[x] >= side else 0
            if run >= side:
                state.refused[(y - radius) * width + x - radius] = 0
                found += 1
        if y >= side - 1:
            v = y - radius
            for x in range(width):
                there = 1 if state.refused[v * width + x] == 0 else 0
                state.sources[v * (width + 1) + x + 1] = state.sources[v * (width + 1) + x] + there
    return found


@compiled
def choose_looks(state: Any, side: Any) -> Any:
    """Cover the known pixels of the target with squares of 3 x 3, then of 2 x 2, then single pixels, without overlap.

    The means of the squares of 3 x 3 come first, in scattered order, as neighbours say much the same.
    """
    looks, wanted = state.looks, state.wanted
    size = state.height * state.width
    free = np.empty((side, side), np.bool_)
    for v in range(side):
        for u in range(side):
            free[v, u] = state.counts[v, 3 * u] > 0
    places, n = np.empty((side * side, 2), np.int64), 0
    m = _cover(free, np.int64(3), places)
    for first in range(3):
        for k in range(first, m, 3):
            v, u = places[k, 0], places[k, 1]
            total, across, down, squares = 0.0, 0.0, 0.0, 0.0
            for b in range(3):
                for a in range(9):
                    value = np.float64(state.pixels[v + b, 3 * u + a])
                    total += value
                    across += (a // 3 - 1) * value
                    down += (b - 1) * value
                    squares += value * value
            across, down = SLOPE * across, SLOPE * down
            rest = np.sqrt(max(0.0, SCALE * squares - total * total - across * across - down * down))
            place = (v - state.radius) * state.width + u - state.radius
            looks[n], wanted[n] = MEAN * size + place, total
            looks[m + 2 * n], wanted[m + 2 * n] = ACROSS * size + place, across
            looks[m + 2 * n + 1], wanted[m + 2 * n + 1] = DOWN * size + place, down
            looks[3 * m + n], wanted[3 * m + n] = REST * size + place, rest
            n += 1
    n = 4 * m
    for length in (2, 1):
        m = _cover(free, length, places)
        for first in range(3):
            for k in range(first, m, 3):
                v, u = places[k, 0], places[k, 1]
                total = 0.0
                for b in range(v, v + length):
                    for a in range(3 * u, 3 * (u + length)):
                        total += state.pixels[b, a]
                place = (v - state.radius) * state.width + u - state.radius
                looks[n], wanted[n] = (TWO if length == 2 else ONE) * size + place, total * 3.0 / length
                n += 1
    state.numbers[LOOKS] = n


@compiled
def _cover(free: Any, length: Any, places: Any) -> Any:
    """Take squares of `length` out of what is free, in reading order; how many, with their corners in `places`."""
    m = 0
    for v in range(free.shape[0] - length + 1):
        for u in range(free.shape[1] - length + 1):
            whole = True
            for b in range(v, v + length):
                for a in range(u, u + length):
                    whole = whole and free[b, a]
            if whole:
                for b in range(v, v + length):
                    for a in range(u, u + length):
                        free[b, a] = False
                places[m, 0], places[m, 1] = v, u
                m += 1
    return m


@compiled
def limit_of(best: Any) -> Any:
    """Bounds above this belong to candidates that are worse than `best`."""
    return UNBOUNDED if best == NONE else np.float32(SCALE * (1.0 + SLACK) * best + 1.0)


# The same a few times over, because loops over looks inside, or one that only sometimes writes, come out many times
# slower: each of these is a straight run over 64 neighbours, 16 at a time.


@compiled_fast
def survivors(sums: Any, refused: Any, at: Any, looks: Any, wanted: Any, limit: Any) -> Any:
    """How many of the block of candidates that begins at `at` keep within `limit` by the first GROUP looks."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    begin = refused[at : at + BLOCK]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        n = np.int32(n + np.int32(begin[i] + p * p + q * q + r * r + s * s <= limit))
    return n


@compiled_fast
def fewer_survivors(sums: Any, refused: Any, at: Any, looks: Any, wanted: Any, limit: Any) -> Any:
    """How many keep within `limit` by twice as many looks."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    e, f, g, h = at + looks[4], at + looks[5], at + looks[6], at + looks[7]
    pe, pf, pg, ph = sums[e : e + BLOCK], sums[f : f + BLOCK], sums[g : g + BLOCK], sums[h : h + BLOCK]
    te, tf, tg, th = wanted[4], wanted[5], wanted[6], wanted[7]
    begin = refused[at : at + BLOCK]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        t, u, v, w = pe[i] - te, pf[i] - tf, pg[i] - tg, ph[i] - th
        total = begin[i] + p * p + q * q + r * r + s * s + t * t + u * u + v * v + w * w
        n = np.int32(n + np.int32(total <= limit))
    return n


@compiled_fast
def add_looks(sums: Any, at: Any, looks: Any, wanted: Any, limit: Any, bounds: Any) -> Any:
    """Add twice GROUP looks to the `bounds` of a block; how many keep within `limit`."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    e, f, g, h = at + looks[4], at + looks[5], at + looks[6], at + looks[7]
    pe, pf, pg, ph = sums[e : e + BLOCK], sums[f : f + BLOCK], sums[g : g + BLOCK], sums[h : h + BLOCK]
    te, tf, tg, th = wanted[4], wanted[5], wanted[6], wanted[7]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        t, u, v, w = pe[i] - te, pf[i] - tf, pg[i] - tg, ph[i] - th
        total = bounds[i] + p * p + q * q + r * r + s * s + t * t + u * u + v * v + w * w
        bounds[i] = total
        n = np.int32(n + np.int32(total <= limit))
    return n


@compiled_fast
def add_few_looks(sums: Any, at: Any, looks: Any, wanted: Any, limit: Any, bounds: Any) -> Any:
    """Add GROUP looks to the `bounds` of a block; how many keep within `limit`."""
    a, b, c, d = at + looks[0], at + looks[1], at + looks[2], at + looks[3]
    pa, pb, pc, pd = sums[a : a + BLOCK], sums[b : b + BLOCK], sums[c : c + BLOCK], sums[d : d + BLOCK]
    ta, tb, tc, td = wanted[0], wanted[1], wanted[2], wanted[3]
    n = np.int32(0)
    for i in range(BLOCK):
        p, q, r, s = pa[i] - ta, pb[i] - tb, pc[i] - tc, pd[i] - td
        total = bounds[i] + p * p + q * q + r * r + s * s
        bounds[i] = total
        n = np.int32(n + np.int32(total <= limit))
    return n
