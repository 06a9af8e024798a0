"""The search of Criminisi by torch names the sources that the kernel names, and a card that fails costs nothing.

Without a card torch calculates the same on the processor.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import lacuna
from lacuna.backends import criminisi, criminisi_card, criminisi_race
from lacuna.backends.criminisi import Criminisi, CriminisiParams, Method, Search
from lacuna.backends.criminisi_card import Card, CardFailed, by_card
from lacuna.contract.fill import Filled, FillWork, Needs, Runtime
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import device
from lacuna.kernels import criminisi as kernel
from lacuna.kernels import criminisi_ahead
from lacuna.kernels.criminisi_ahead import BATCH, ahead_of
from lacuna.kernels.criminisi_state import State
from tests.pictures import lion
from tests.skips import needs_hardware

FAR = 1 << 20
WHOLE = CriminisiParams(search=Search.WHOLE)
PICTURES = {
    "photo": lambda: lion()[200:260, 260:330],
    "two colours": lambda: np.random.default_rng(2).integers(0, 2, (60, 70, 1), np.uint8) * np.array([255, 9, 60]),
    "stripes": lambda: np.tile(lion()[300:303, 300:305], (20, 14, 1)),
    "plain": lambda: np.full((60, 70, 3), 77),
}
HOLES = {
    "middle": (slice(20, 34), slice(25, 44)),
    "corner": (slice(0, 15), slice(52, 70)),
    "a pixel": (slice(30, 31), slice(30, 31)),
    "across": (slice(28, 33), slice(0, 70)),
}


@pytest.fixture(autouse=True)
def one_core() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def on_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criminisi_card, "DEVICE", "cpu")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    if not torch.cuda.is_available():
        pytest.skip(needs_hardware("no CUDA device"))
    monkeypatch.setattr(criminisi_card, "DEVICE", "cuda")


def begun(image: Any, hole: Any, *, radius: int = 4, core: int = 1, reach: int = FAR, sources: Any = None) -> State:
    image = np.ascontiguousarray(image, np.uint8)
    allowed = ~hole if sources is None else sources
    state = kernel.start(image, hole, allowed, radius=radius, core=core, reach=reach, floor=0.3)
    assert state is not None
    return state


def hole_at(name: str, shape: tuple[int, ...] = (60, 70)) -> NDArray[np.bool_]:
    hole = np.zeros(shape[:2], bool)
    hole[HOLES[name]] = True
    return hole


def sources_of(state: State) -> NDArray[np.int32]:
    return kernel.came_from(state, slice(None), slice(0, state.columns))


def by_kernel(state: State) -> NDArray[np.int32]:
    while kernel.step(state, FAR):
        pass
    return sources_of(state)


def on_card(state: State, check: Callable[[], None] = lambda: None, batch: int = BATCH) -> NDArray[np.int32]:
    for _moment in by_card(state, Card(state), ahead_of(state, batch), check):
        pass
    return sources_of(state)


def work(dtype: str = "uint8") -> FillWork:
    crop = np.ascontiguousarray(lion()[150:250, 200:320])
    image = (
        crop.astype(np.uint16) * 200 if dtype == "uint16" else crop / np.float32(255) if dtype == "float32" else crop
    )
    hole = np.zeros(crop.shape[:2], bool)
    hole[30:60, 40:80] = True
    return FillWork(image, hole, {"uint8": 255.0, "uint16": 65535.0, "float32": 1.0}[dtype])


def fill(task: FillWork, params: CriminisiParams = WHOLE, *, on: str = "cuda", threads: int = 1) -> Filled:
    made = Criminisi()
    made.load(Runtime(on, threads=threads))
    filled = made.fill(task, params, Progress())
    made.unload()
    return filled


class Clock:
    """A clock on which a turn takes a trial's time, and what it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.06  # two looks at it are a trial
        return self.now


@pytest.fixture
def card_takes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets each search of the card take so many seconds; the processor takes many turns for one of its own."""
    clock, answer = Clock(), Card.answer
    monkeypatch.setattr(criminisi, "STEP", 1)
    monkeypatch.setattr(criminisi_race, "clock", clock)

    def take(seconds: float) -> None:
        def slow(self: Card, *given: Any) -> None:
            answer(self, *given)
            clock.now += seconds

        monkeypatch.setattr(Card, "answer", slow)

    return take


@pytest.mark.parametrize(("radius", "core", "reach", "batch"), [(4, 1, FAR, 2), (1, 1, 9, 5), (3, 3, 12, 1)])
@pytest.mark.parametrize("where", HOLES)
@pytest.mark.parametrize("name", PICTURES)
def test_every_pixel_comes_from_where_the_kernel_takes_it(
    name: str, where: str, radius: int, core: int, reach: int, batch: int
) -> None:
    given = {"radius": radius, "core": core, "reach": reach}
    image, hole = PICTURES[name](), hole_at(where)
    expected = by_kernel(begun(image, hole, **given))
    assert np.array_equal(on_card(begun(image, hole, **given), batch=batch), expected)


def test_answers_are_used_when_their_turn_comes_and_asked_for_anew_when_they_no_longer_hold(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    image, hole = PICTURES["photo"](), hole_at("middle")
    expected = by_kernel(begun(image, hole))
    searches: dict[tuple[int, int], int] = {}
    for kept, batch in ((0, 2), (64, 1), (64, 2), (64, 4)):
        monkeypatch.setattr(criminisi_ahead, "KEPT", kept)
        looks: list[int] = []
        assert np.array_equal(on_card(begun(image, hole), lambda seen=looks: seen.append(1), batch), expected)
        searches[kept, batch] = len(looks)
    assert searches[64, 4] <= searches[64, 2] < 0.75 * searches[64, 1]
    assert searches[64, 2] <= searches[0, 2] <= searches[64, 1]


@pytest.mark.parametrize("radius", [5, 15])
def test_sums_that_float32_cannot_hold_are_exact(radius: int) -> None:
    image = np.random.default_rng(3).integers(0, 2, (110, 130, 3), np.uint8) * np.uint8(255)
    hole = np.zeros((110, 130), bool)
    hole[50:58, 60:72] = True
    expected = begun(image, hole, radius=radius)
    assert kernel.aim(expected)
    kernel.search(expected, 0, kernel.blocks_of(expected), expected.best)
    assert radius == 5 or expected.best[0] > 2**24
    assert np.array_equal(on_card(begun(image, hole, radius=radius)), by_kernel(expected))


def test_only_what_is_allowed_is_copied() -> None:
    hole, sources = hole_at("middle"), np.zeros((60, 70), bool)
    sources[2:20, 40:69] = True
    for reach in (FAR, 5):  # within the second there is none
        given = {"sources": sources, "reach": reach}
        found = on_card(begun(PICTURES["photo"](), hole, **given))
        assert np.array_equal(found, by_kernel(begun(PICTURES["photo"](), hole, **given)))
        y, x = found[hole].T
        assert sources[y, x].all()


@pytest.mark.parametrize("name", ["photo", "plain"])
def test_bands_of_candidates_come_to_the_same_sources(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    image, hole = PICTURES[name](), hole_at("middle")
    looks: list[int] = []
    at_once = on_card(begun(image, hole), lambda: looks.append(1))
    searches = len(looks)
    monkeypatch.setattr(criminisi_card, "WORKING", 1)
    in_bands = on_card(begun(image, hole), lambda: looks.append(1))
    assert np.array_equal(at_once, in_bands)
    assert len(looks) - searches == 7 * searches  # 52 rows of centres, eight at a time


@pytest.mark.parametrize("radius", [4, 9])
def test_nothing_larger_than_the_memory_of_a_band_is_made(radius: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch.utils._python_dispatch import TorchDispatchMode

    sizes: list[int] = []

    class Watched(TorchDispatchMode):
        def __torch_dispatch__(self, function: Any, types: Any, given: Any = (), named: Any = None) -> Any:
            made = function(*given, **(named or {}))
            for one in made if isinstance(made, (list, tuple)) else [made]:
                if isinstance(one, torch.Tensor):
                    sizes.append(one.untyped_storage().nbytes())
            return made

    image, hole = np.full((300, 300, 3), 99), np.zeros((300, 300), bool)  # plain: all candidates are equally good
    hole[140:142, 140:142] = True
    state = begun(image, hole, radius=radius)
    card = Card(state)
    monkeypatch.setattr(criminisi_card, "WORKING", 6 << 20)
    with Watched():
        for _moment in by_card(state, card, ahead_of(state), lambda: None):
            pass
    assert 1 << 20 < max(sizes) <= criminisi_card.WORKING // 2


def test_a_fill_cancelled_on_the_card_can_be_taken_up_by_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criminisi_card, "WORKING", 1)
    image, hole = PICTURES["photo"](), hole_at("middle")
    state, looks = begun(image, hole), iter(range(40))

    def check() -> None:
        if next(looks, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        on_card(state, check)
    assert 0 < kernel.filled(state) < np.count_nonzero(hole)
    assert np.array_equal(by_kernel(state), by_kernel(begun(image, hole)))


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize(("seconds", "note"), [(0.0, ""), (100.0, "it was faster here than the graphics card")])
@pytest.mark.parametrize("threads", [1, 2])
def test_the_faster_goes_on_and_the_pixels_are_the_same(
    seconds: float, note: str, dtype: str, threads: int, card_takes: Callable[[float], None]
) -> None:
    card_takes(seconds)
    task = work(dtype)
    expected, found = fill(task, on="cpu"), fill(task, threads=threads)
    assert np.array_equal(expected.image, found.image)
    assert np.array_equal(expected.came_from, found.came_from)
    assert len(found.notes) == bool(note)
    assert not note or note in found.notes[0]


def test_a_fill_that_is_soon_done_does_not_ask_the_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(criminisi_race, "TRIAL", 1000.0)
    assert fill(work()).notes == ("The processor was done before the graphics card had its turn.",)


@pytest.mark.parametrize("after", [0, 1, 5])
def test_when_the_memory_of_the_card_ends_the_processor_does_the_rest_and_says_so(
    after: int, monkeypatch: pytest.MonkeyPatch, card_takes: Callable[[float], None]
) -> None:
    card_takes(0.0)
    sums, calls = Card._sums, iter(range(after + 1))  # one more for the pixel that is filled when loading

    def full(self: Card, *given: Any) -> Any:
        if next(calls, None) is None:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 9 GiB.\nmore for programmers")
        return sums(self, *given)

    monkeypatch.setattr(Card, "_sums", full)
    filled = fill(work())
    assert filled.notes == (
        "The graphics card failed (CUDA out of memory. Tried to allocate 9 GiB.): the processor did the rest.",
    )
    assert np.array_equal(filled.image, fill(work(), on="cpu").image)


def test_a_card_that_cannot_even_be_loaded_is_told_of_at_each_fill(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Card, array: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Card, "_sent", full)
    monkeypatch.setattr(criminisi_race, "TRIAL", 0.0)
    made = Criminisi()
    made.load(Runtime("cuda"))
    for _ in range(2):
        assert "The graphics card failed (CUDA out of memory.)" in made.fill(work(), WHOLE, Progress()).notes[0]


def test_a_card_that_chooses_otherwise_than_the_processor_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    best = Card._best

    def worst(self: Card, sums: Any, *given: Any) -> Any:
        return best(self, torch.where(sums < criminisi_card.BARRED / 2, -sums, sums), *given)

    monkeypatch.setattr(Card, "_best", worst)
    monkeypatch.setattr(criminisi, "STEP", 1)
    monkeypatch.setattr(criminisi_race, "TRIAL", 0.0)
    filled = fill(work())
    assert "another source than the processor" in filled.notes[0]
    assert np.array_equal(filled.image, fill(work(), on="cpu").image)


def test_numbers_are_not_rounded_on_the_card_even_where_that_was_allowed() -> None:
    settings = torch.backends.cuda.matmul
    card = Card(begun(PICTURES["photo"](), hole_at("middle")))
    settings.allow_tf32 = True
    try:
        with card._working():
            assert settings.fp32_precision == "ieee"
        assert settings.allow_tf32
        with pytest.raises(CardFailed, match="no good"), card._working():
            raise RuntimeError("no good")
        assert settings.allow_tf32
    finally:
        settings.allow_tf32 = False


def test_the_card_is_taken_unasked_for_wide_searches_alone_and_never_for_chance() -> None:
    def needs(search: Search, method: Method = Method.EXACT) -> Needs:
        return Criminisi().needs(CriminisiParams(search=search, method=method))

    assert needs(Search.WHOLE).unasked == needs(Search.RING).devices == {"cpu", "cuda"}
    assert needs(Search.RING).unasked == needs(Search.WHOLE, Method.PATCHMATCH).devices == {"cpu"}


def test_a_fill_by_name_uses_the_card_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "cuda_missing", lambda: "")
    answered: list[int] = []
    answer = Card.answer

    def counted(self: Card, *given: Any) -> None:
        answered.append(1)
        answer(self, *given)

    monkeypatch.setattr(Card, "answer", counted)
    monkeypatch.setattr(criminisi, "STEP", 1)
    monkeypatch.setattr(criminisi_race, "TRIAL", 0.0)
    task = work()
    for search in ("whole", "ring"):
        expected = lacuna.fill(task.image, task.hole, "criminisi", search=search, device="cpu")
        assert not answered
        assert np.array_equal(lacuna.fill(task.image, task.hole, "criminisi", search=search, device="cuda"), expected)
        assert answered
        answered.clear()
    lacuna.fill(task.image, task.hole, "criminisi")
    assert not answered


def test_a_fill_on_the_processor_imports_no_torch() -> None:
    code = (
        "import sys, numpy as np, lacuna\n"
        "image, hole = np.zeros((30, 30, 3), np.uint8), np.zeros((30, 30), bool)\n"
        "hole[12:15, 12:15] = True\n"
        "lacuna.fill(image, hole, 'criminisi')\n"
        "lacuna.fill(image, hole, 'criminisi', search='whole', device='cpu')\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.usefixtures("cuda")
@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("radius", [1, 4, 15])
def test_a_real_card_names_the_sources_that_the_kernel_names(name: str, radius: int) -> None:
    image, hole = np.tile(PICTURES[name](), (4, 4, 1)), np.zeros((240, 280), bool)
    hole[100:130, 110:150] = True
    assert np.array_equal(on_card(begun(image, hole, radius=radius)), by_kernel(begun(image, hole, radius=radius)))


@pytest.mark.usefixtures("cuda")
def test_a_real_card_keeps_within_its_memory() -> None:
    image, hole = np.full((3000, 4000, 3), 99), np.zeros((3000, 4000), bool)
    hole[1500:1502, 1500:1502] = True
    state = begun(image, hole)
    torch.cuda.reset_peak_memory_stats()
    card = Card(state)
    held = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    for _moment in by_card(state, card, ahead_of(state), lambda: None):
        pass
    assert held <= 21 * hole.size
    assert torch.cuda.max_memory_allocated() - held <= criminisi_card.WORKING
