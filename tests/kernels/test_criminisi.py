"""The kernel of `criminisi` agrees, patch by patch, with a slow twin that is written as the paper reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lacuna.kernels import criminisi as kernel
from lacuna.kernels.criminisi_candidates import guess
from lacuna.kernels.criminisi_front import ALPHA, NORMAL
from lacuna.kernels.criminisi_state import TARGET, State
from tests.pictures import lion

Place = tuple[int, int]
FAR = 1 << 20
FLOOR = 0.001


@dataclass
class Twin:
    """The same fill in plain Python: no queue, no bounds, every priority and every sum anew for each patch."""

    image: NDArray[Any]  # (h, w, 3) int64
    known: NDArray[np.bool_]
    sources: NDArray[np.bool_]
    radius: int
    core: int
    reach: int
    floor: float
    confidence: NDArray[np.float64] = field(init=False)
    centres: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        self.image = np.where(self.known[..., None], self.image, 0).astype(np.int64)
        self.confidence = self.known.astype(np.float64)
        height, width = self.known.shape
        allowed, r = self.known & self.sources, self.radius
        self.original = self.image.copy()
        self.centres = [
            (y, x)
            for y in range(r, height - r)
            for x in range(r, width - r)
            if allowed[y - r : y + r + 1, x - r : x + r + 1].all()
        ]

    def patch(self, y: int, x: int, radius: int) -> list[Place]:
        height, width = self.known.shape
        return [
            (v, u)
            for v in range(max(0, y - radius), min(height, y + radius + 1))
            for u in range(max(0, x - radius), min(width, x + radius + 1))
        ]

    def is_known(self, y: int, x: int) -> bool:
        height, width = self.known.shape
        return 0 <= y < height and 0 <= x < width and bool(self.known[y, x])

    def confidence_of(self, y: int, x: int) -> float:
        total = 0.0
        for place in self.patch(y, x, self.radius):
            if self.known[place]:
                total += float(self.confidence[place])
        return total / (2 * self.radius + 1) ** 2

    def data_of(self, y: int, x: int) -> float:
        luma = self.image.sum(axis=2)
        strongest, gradient = 0, (0, 0)
        for v, u in self.patch(y, x, self.radius):
            around = [(v, u), (v, u - 1), (v, u + 1), (v - 1, u), (v + 1, u)]
            if all(self.is_known(*place) for place in around):
                gx, gy = int(luma[v, u + 1] - luma[v, u - 1]), int(luma[v + 1, u] - luma[v - 1, u])
                if gx * gx + gy * gy > strongest:
                    strongest, gradient = gx * gx + gy * gy, (gx, gy)
        nx = sum(u - x for v, u in self.patch(y, x, NORMAL) if not self.known[v, u])
        ny = sum(v - y for v, u in self.patch(y, x, NORMAL) if not self.known[v, u])
        if nx == 0 and ny == 0:
            return 0.0
        isophote = abs(gradient[1] * nx - gradient[0] * ny)
        return isophote / (6.0 * ALPHA * float(np.sqrt(float(nx * nx + ny * ny))))

    def target(self) -> Place | None:
        height, width = self.known.shape
        front = [
            (y, x)
            for y in range(height)
            for x in range(width)
            if not self.known[y, x]
            and any(self.is_known(*place) for place in ((y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)))
        ]
        if not front:
            return None
        priority = {place: self.confidence_of(*place) * (self.data_of(*place) + self.floor) for place in front}
        return max(front, key=lambda place: (priority[place], -place[0], -place[1]))

    def source(self, y: int, x: int) -> tuple[int, Place]:
        reach = self.reach
        near: list[Place] = []
        while not near:
            near = [(v, u) for v, u in self.centres if abs(v - y) <= reach and abs(u - x) <= reach]
            reach *= 2
        places = [place for place in self.patch(y, x, self.radius) if self.known[place]]
        rows, columns = np.array(places).T
        sums = {
            (v, u): int(((self.original[rows + v - y, columns + u - x] - self.image[rows, columns]) ** 2).sum())
            for v, u in near
        }
        best = min(near, key=lambda c: (sums[c], (c[0] - y) ** 2 + (c[1] - x) ** 2, c))
        return sums[best], best

    def step(self) -> tuple[Place, Place, int] | None:
        """Target, source and sum of the next patch."""
        target = self.target()
        if target is None:
            return None
        (y, x), (total, (v, u)) = target, self.source(*target)
        confidence = self.confidence_of(y, x)
        for place in self.patch(y, x, self.core):
            if not self.known[place]:
                self.image[place] = self.original[place[0] + v - y, place[1] + u - x]
                self.confidence[place] = confidence
        for place in self.patch(y, x, self.core):
            self.known[place] = True
        return (y, x), (v, u), total


def begun(image: Any, hole: Any, sources: Any, radius: int, core: int, reach: int = FAR, floor: float = FLOOR) -> State:
    state = kernel.start(image, hole, sources, radius=radius, core=core, reach=reach, floor=floor)
    assert state is not None
    return state


def next_patch(state: State) -> tuple[Place, Place, int] | None:
    """Target, source and sum of the next patch of the kernel."""
    if not kernel.aim(state):
        return None
    kernel.search(state, 0, kernel.blocks_of(state), state.best)
    target, (total, _distance, centre) = int(state.numbers[TARGET]), state.best.tolist()
    kernel.copy(state)
    return divmod(target, state.width), divmod(centre, state.width), total


def picture(state: State) -> NDArray[np.uint8]:
    size = 3 * state.height * state.width
    return state.rgb[:size].reshape(state.height, state.width, 3)[:, : state.columns]


def hole_of(name: str, shape: tuple[int, int]) -> NDArray[np.bool_]:
    hole = np.zeros(shape, bool)
    if name == "middle":
        hole[10:19, 12:24] = True
    elif name == "border":
        hole[:9, 25:] = True
        hole[20:, :6] = True
    elif name == "pieces":
        hole[3:9, 4:8] = True
        hole[12:14, 2:30] = True
        hole[20:25, 20:27] = True
        hole[22, 22] = False
    return hole


PICTURES = {
    "photo": lambda: lion()[200:228, 260:295],
    "smooth": lambda: lion()[40:68, 20:55],
    "noise": lambda: np.random.default_rng(1).integers(0, 256, (28, 35, 3), np.uint8),
    "two colours": lambda: np.random.default_rng(2).integers(0, 2, (28, 35, 1), np.uint8) * np.array([[[255, 9, 60]]]),
    "plain": lambda: np.full((28, 35, 3), 77),
}


@pytest.mark.parametrize(("radius", "core", "reach"), [(1, 1, FAR), (2, 1, 8), (2, 2, FAR), (4, 4, FAR), (3, 0, 6)])
@pytest.mark.parametrize("hole_name", ["middle", "border", "pieces"])
@pytest.mark.parametrize("name", PICTURES)
def test_each_patch_is_the_one_that_the_twin_takes(
    name: str, hole_name: str, radius: int, core: int, reach: int
) -> None:
    image = np.ascontiguousarray(PICTURES[name]().astype(np.uint8))
    hole = hole_of(hole_name, image.shape[:2])
    if radius == 4 and hole_name == "pieces":
        hole[12:14] = False  # else no patch of nine pixels is whole
    sources = np.ones(hole.shape, bool)
    sources[:, -4:] = False
    floor = 0.3 if name == "smooth" else FLOOR
    state = begun(image, hole, sources, radius, core, reach, floor)
    twin = Twin(image, ~hole, sources, radius, core, reach, floor)
    for _ in range(40 if core else 25):
        expected = twin.step()
        assert next_patch(state) == expected
        if expected is None:
            break
    assert np.array_equal(picture(state), twin.image)


@pytest.mark.parametrize("radius", [4, 9, 15])
@pytest.mark.parametrize("contrast", ["photo", "black and white"])
def test_a_search_finds_the_least_sum_however_large(radius: int, contrast: str) -> None:
    image = np.ascontiguousarray(lion()[100:220, 150:320])
    if contrast != "photo":  # sums far above 2 ** 24
        image = np.random.default_rng(3).integers(0, 2, image.shape, np.uint8) * np.uint8(255)
    hole = np.zeros(image.shape[:2], bool)
    hole[50:70, 60:90] = True
    state = begun(image, hole, ~hole, radius, 0)
    twin = Twin(image, ~hole, ~hole, radius, 0, FAR, FLOOR)
    for _ in range(4):
        found = next_patch(state)
        assert found is not None
        (y, x), centre, total = found
        assert (total, centre) == twin.source(y, x)
        twin.image, twin.known = picture(state).astype(np.int64), twin.known.copy()
        twin.known[y, x] = True


def test_a_fill_left_after_every_block_comes_to_the_same_pixels() -> None:
    image = np.ascontiguousarray(lion()[100:190, 150:300])
    hole = np.zeros(image.shape[:2], bool)
    hole[30:60, 40:100] = True
    at_once, in_pieces = begun(image, hole, ~hole, 4, 2), begun(image, hole, ~hole, 4, 2)
    while kernel.step(at_once, 1 << 40):
        pass
    calls = 1
    while kernel.step(in_pieces, 100):
        calls += 1
    assert calls > kernel.filled(in_pieces) / 25
    assert np.array_equal(picture(at_once), picture(in_pieces))
    assert kernel.filled(at_once) == kernel.filled(in_pieces) == np.count_nonzero(hole)


def test_what_changed_is_told_once() -> None:
    image = np.ascontiguousarray(lion()[100:150, 150:200])
    hole = np.zeros(image.shape[:2], bool)
    hole[20:30, 15:40] = True
    state = begun(image, hole, ~hole, 4, 2)
    y0, x0, y1, x1 = kernel.take_changed(state)
    assert y1 <= y0
    assert x1 <= x0
    found = next_patch(state)
    assert found is not None
    (y, x), _source, _sum = found
    y0, x0, y1, x1 = kernel.take_changed(state)
    assert y - 2 <= y0 <= y < y1 <= y + 3
    assert x - 2 <= x0 <= x < x1 <= x + 3
    filled = kernel.came_from(state, slice(None), slice(None))[..., 0] >= 0
    assert filled[y0:y1, x0:x1].sum() == filled.sum() > 0
    while kernel.step(state, 1 << 40):
        pass
    kernel.take_changed(state)
    assert kernel.take_changed(state)[2:] == (0, 0)


def test_without_a_whole_patch_there_is_no_fill() -> None:
    image = np.ascontiguousarray(lion()[:40, :40])
    hole = np.zeros(image.shape[:2], bool)
    hole[::5] = True
    assert kernel.start(image, hole, ~hole, radius=2, core=1, reach=FAR, floor=0) is None
    assert kernel.start(image, hole, ~hole, radius=1, core=1, reach=FAR, floor=0) is not None
    assert kernel.start(image, hole, np.zeros_like(hole), radius=1, core=1, reach=FAR, floor=0) is None


def test_sources_found_by_chance_are_nearly_as_like_as_the_best() -> None:
    image = np.ascontiguousarray(lion()[20:300, 60:460])
    hole = np.zeros(image.shape[:2], bool)
    hole[120:160, 150:230] = True
    state = kernel.start(image, hole, ~hole, radius=4, core=1, reach=FAR, floor=0.3, guesses=64, seed=1)
    assert state is not None
    guessed, best = [], []
    while kernel.aim(state):
        assert guess(state)
        guessed.append(int(state.best[0]))
        kernel.search(state, 0, kernel.blocks_of(state), state.best)
        best.append(int(state.best[0]))
        kernel.copy(state)
    assert np.sqrt(guessed).mean() < 1.08 * np.sqrt(best).mean()
    assert np.equal(guessed, best).mean() > 0.45


def test_the_likes_of_what_lies_around_are_continued_into_the_hole() -> None:
    image = np.random.default_rng(0).integers(0, 256, (120, 160, 3), np.uint8)
    image[:, 80:] = image[:, :80]
    hole = np.zeros(image.shape[:2], bool)
    hole[40:70, 20:50] = True
    places = np.arange(hole.size, dtype=np.int32).reshape(hole.shape)
    echoes = np.where(hole | (places % 160 >= 80), -1, places + 80)
    state = kernel.start(image, hole, ~hole, radius=4, core=4, reach=FAR, floor=0.3, guesses=1, echoes=echoes)
    assert state is not None
    while kernel.step(state, 1 << 40):
        pass
    assert np.array_equal(picture(state), image)
