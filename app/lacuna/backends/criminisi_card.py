"""The search of `criminisi` on a graphics card: all candidates of some targets at once, by a matrix product.

It names the same sources as `lacuna.kernels.criminisi`. What is multiplied and added are whole numbers that float32
holds exactly, in whatever order a card adds them up, as long as it does not round before it multiplies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEVICE = "cuda"
WORKING = 256 << 20  # bytes of the card's memory that a band of candidates may take
TILE = 8  # side of the squares of candidates that share what is read of the picture
BARRED = 2.0**40  # sum of what is no source, above any sum
LATER = 2**62  # key of what is not the best, above any key


class CardFailed(Exception):
    """The card or its driver gave up, as when its memory is full; says why."""


class Card:
    """The picture of one fill on the card. Takes 20 bytes a pixel of its memory, and WORKING.

    The sum of squared differences of a target and a source is the target's own squares, the source's squares, and twice
    the products taken away. The last two are a product of what surrounds the source, four numbers a pixel, and of what
    the target wants of it; for a tile of sources it is one of their surroundings and of a larger matrix with zeros.
    """

    def __init__(self, state: Any) -> None:
        import torch

        from lacuna.kernels.criminisi_ahead import MIDDLE

        self._torch = torch
        self._side = 2 * state.radius + 1
        self._width, self._columns, self._pixels = state.width, state.columns, state.height * state.columns
        # A pixel adds to a sum the squares of three colours and twice their products: so many stay below 2 ** 24.
        self._exact_rows = 2**24 // (3 * 3 * MIDDLE**2) // self._side
        size, rows = state.height * state.width, (state.height, state.width)
        rgb, refused = state.rgb[: 3 * size].reshape(*rows, 3), state.refused[:size].reshape(rows)
        beyond = (0, TILE, 0, TILE)  # the last tiles of a search may reach beyond the picture
        with self._working():
            pad = torch.nn.functional.pad
            colours = self._sent(rgb[:, : state.columns]).float() - MIDDLE
            planes = torch.cat((colours, colours.square().sum(dim=2, keepdim=True)), dim=2)
            self._planes = pad(planes, (0, 0, *beyond))  # (H, W, 4)
            self._barred = pad(self._sent(refused[:, : state.columns] > 0) * BARRED, beyond, value=BARRED)  # (H, W)

    def answer(self, ahead: Any, check: Callable[[], None]) -> None:
        """Find the best source of each target that `ahead` asks for: the least sum, the nearest, the first.

        `check` is called between two bands of candidates. Raises CardFailed.
        """
        answered, asked = ahead.numbers.tolist()
        those = slice(answered, answered + asked)
        windows = ahead.windows[those]
        top, left = windows[:, [0, 2]].min(axis=0).tolist()
        bottom, right = windows[:, [1, 3]].max(axis=0).tolist()
        across = -(-(right - left) // TILE)
        least, keys = np.full(asked, LATER), np.full(asked, LATER)
        height = self._tiles_down(across, asked) * TILE
        with self._working():
            factors = self._factors(self._sent(ahead.weights[those]))
            targets = self._sent(np.stack(np.divmod(ahead.targets[those], self._width)))
            for first in range(top, bottom, height):
                check()
                sums = self._sums(factors, first, left, -(-min(height, bottom - first) // TILE), across)
                for of_one, window in zip(sums, windows - (first, first, left, left), strict=True):
                    _bar_outside(of_one, *window.tolist())
                found, key = self._best(sums, targets, first, left)
                better = (found < least) | ((found == least) & (key < keys))
                least[better], keys[better] = found[better], key[better]
        distance, place = np.divmod(keys, self._pixels)
        row, column = np.divmod(place, self._columns)
        ahead.answers[those] = np.stack((least + ahead.squares[those], distance, row * self._width + column), axis=1)

    def _tiles_down(self, across: int, asked: int) -> int:
        """How many rows of tiles are searched at a time."""
        surroundings = 2 * 16 * (TILE + self._side - 1) ** 2  # as they are, and the rows taken at a time
        candidates = 96 * asked * TILE**2  # sums, and where all are equally good their places and keys
        return max(1, WORKING // (across * (surroundings + candidates)))

    def _factors(self, weights: Any) -> list[Any]:
        """(numbers of the surroundings, n * TILE * TILE) for each run of rows that float32 adds up exactly.

        `weights` are (n, side, 4 * side): those of a candidate stand where its patch lies in the tile's surroundings.
        """
        n, side = len(weights), self._side
        length = 4 * (TILE + side - 1)
        factors = []
        for first in range(0, side, self._exact_rows):
            part = weights[:, first : first + self._exact_rows]
            area = length * (TILE + part.shape[1] - 1)
            factor = weights.new_zeros(n, TILE, TILE, area)
            strides = (TILE * TILE * area, TILE * area + length, area + 4, length, 1)
            factor.as_strided((n, TILE, TILE, *part.shape[1:]), strides).copy_(part[:, None, None])
            factors.append(factor.reshape(-1, area).T)
        return factors

    def _sums(self, factors: list[Any], top: int, left: int, down: int, across: int) -> Any:
        """(n, h, w): squared differences of all targets and candidates, less the squares of the targets."""
        side, around = self._side, TILE + self._side - 1
        height, width = down * TILE, across * TILE
        corner = self._planes[top - side // 2 :, left - side // 2 :][: height + side - 1, : width + side - 1]
        tiles = corner.unfold(0, around, TILE).unfold(1, around, TILE)  # (down, across, 4, around, around)
        tiles = tiles.permute(0, 1, 3, 4, 2).reshape(down * across, around, 4 * around)
        sums: Any = 0.0
        for first, factor in zip(range(0, side, self._exact_rows), factors, strict=True):
            rows = min(self._exact_rows, side - first) + TILE - 1
            part = tiles[:, first : first + rows].reshape(down * across, -1) @ factor
            sums = part if len(factors) == 1 else sums + part.double()
        sums = sums.reshape(down, across, -1, TILE, TILE).permute(2, 0, 3, 1, 4).reshape(-1, height, width)
        sums += self._barred[top : top + height, left : left + width]
        return sums

    def _best(self, sums: Any, targets: Any, top: int, left: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The least sum of each target, and the least key of the candidates that have it.

        A key is the squared distance times the number of pixels of the picture, and the place in reading order.
        """
        torch = self._torch
        least = sums.amin(dim=(1, 2))
        target, y, x = (sums == least[:, None, None]).nonzero(as_tuple=True)
        y, x = y + top, x + left
        distance = (y - targets[0, target]).square() + (x - targets[1, target]).square()
        keys = torch.full_like(least, LATER, dtype=torch.int64)
        keys.scatter_reduce_(0, target, distance * self._pixels + y * self._columns + x, "amin")
        found = torch.stack((least.long(), keys)).cpu().numpy()
        return found[0], found[1]

    def _sent(self, array: NDArray[Any]) -> Any:
        return self._torch.from_numpy(np.ascontiguousarray(array)).to(DEVICE)

    @contextmanager
    def _working(self) -> Iterator[None]:
        """Inside, float32 is multiplied unrounded, and what goes wrong on the card is told as CardFailed."""
        settings = self._torch.backends.cuda.matmul
        rounds = settings.fp32_precision not in ("none", "ieee")
        if rounds:
            settings.allow_tf32 = False
        try:
            with self._torch.inference_mode():
                yield
        except RuntimeError as error:  # torch has no narrower class for all of them
            raise CardFailed(str(error).partition("\n")[0]) from error
        finally:
            if rounds:
                settings.allow_tf32 = True


def by_card(state: Any, card: Card, ahead: Any, check: Callable[[], None]) -> Iterator[None]:
    """Fill what is left with the sources that the card finds, coming back after each search."""
    from lacuna.kernels.criminisi_ahead import ask, fill_answered

    while ask(state, ahead):
        card.answer(ahead, check)
        fill_answered(state, ahead)
        yield


def release() -> None:
    """Give the card's memory back to other programs."""
    import torch

    torch.cuda.empty_cache()


def _bar_outside(sums: Any, top: int, bottom: int, left: int, right: int) -> None:
    """Bar the candidates of one target that lie outside its window."""
    sums[: max(0, top)] = BARRED
    sums[max(0, bottom) :] = BARRED
    sums[:, : max(0, left)] = BARRED
    sums[:, max(0, right) :] = BARRED
