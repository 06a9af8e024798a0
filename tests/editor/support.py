"""An editor in a test: its jobs' news are delivered when the test asks for them, in the test's own thread."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lacuna.editor.editor import Editor
from lacuna.editor.tool import Button, Modifier, Pointer
from lacuna.editor.values import Message
from lacuna.engine.jobs import JobQueue
from lacuna.imaging.region import Region
from lacuna.settings import Settings

PATIENCE = 120.0  # seconds: the first use of a kernel compiles it; who waits longer has found a job that does not end


class Desk:
    """An editor with its queue, and what it said."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._calls: queue.Queue[Callable[[], None]] = queue.Queue()
        self.jobs = JobQueue(self._calls.put)
        self.editor = Editor(settings or Settings(backend="telea"), self.jobs)  # one that has nothing to compile
        self.messages: list[Message] = []
        self.editor.said.add(self.messages.append)

    def run_until(self, come: Callable[[], bool]) -> None:
        """Deliver what the worker has to say until `come()`."""
        end = time.monotonic() + PATIENCE
        while not come():
            assert time.monotonic() < end, "it did not come"
            try:
                self._calls.get(timeout=0.02)()
            except queue.Empty:
                continue

    def deliver(self) -> None:
        """Deliver what the worker has said so far."""
        while not self._calls.empty():
            self._calls.get()()

    def settle(self) -> None:
        """Deliver until no job is left."""
        self.run_until(lambda: not self.editor.jobs)

    def open(self, path: Path) -> None:
        self.editor.open(path)
        self.settle()
        assert self.editor.document is not None, self.messages

    def open_beside(self, path: Path) -> None:
        """Open a picture while other jobs go on."""
        self.editor.open(path)
        self.run_until(lambda: self.document.header.path == path)

    @property
    def document(self) -> Any:
        assert self.editor.document is not None
        return self.editor.document

    @property
    def mask(self) -> Any:
        return self.document.mask.pixels

    @property
    def photo(self) -> Any:
        return self.document.photo.pixels

    @property
    def labels(self) -> list[str]:
        return self.document.history.labels

    def drag(self, *points: tuple[float, float], release: bool = True, **how: Any) -> None:
        """Press at the first point, move over the others, release at the last."""
        at = [pointer(x, y, **how) for x, y in points]
        self.editor.press(at[0])
        for p in at[1:]:
            self.editor.move(p)
        if release:
            self.editor.release(at[-1])

    def click(self, x: float, y: float, **how: Any) -> None:
        self.drag((x, y), **how)

    def size_brush(self, size: float) -> None:
        self.editor.use("brush")
        self.editor.set_option("size", size)


def pointer(
    x: float,
    y: float,
    modifiers: Modifier = Modifier.NONE,
    button: Button = Button.LEFT,
    pressure: float | None = None,
    scale: float = 1.0,
) -> Pointer:
    return Pointer(x, y, pressure, button, modifiers, scale)


@contextmanager
def desk(settings: Settings | None = None) -> Iterator[Desk]:
    """A desk that is cleared at the end."""
    made = Desk(settings)
    try:
        yield made
    finally:
        made.editor.shutdown()


def picture(path: Path, height: int = 300, width: int = 400, dtype: Any = np.uint8) -> Path:
    """Write a picture of smooth colours with some grain."""
    rng = np.random.default_rng(7)
    ys, xs = np.mgrid[:height, :width]
    smooth = np.stack([xs * 200 / width, ys * 200 / height, (xs + ys) * 100 / (height + width)], axis=2)
    pixels = smooth + rng.integers(0, 20, (height, width, 3))
    if dtype == np.uint16:
        pixels = pixels * 257
    cv2.imwrite(str(path), pixels.astype(dtype)[..., ::-1])
    return path


def box_of(mask: np.ndarray) -> Region:
    ys, xs = np.nonzero(mask)
    return Region(int(ys.min()), int(xs.min()), int(ys.max()) + 1, int(xs.max()) + 1)
