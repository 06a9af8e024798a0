"""Drives the real program with mouse and keyboard on a screen of its own, and photographs it into docs/images.

    python packaging/screenshots.py [FOLDER]

Needs Xvfb, xdotool and ImageMagick (`python packaging/check_system.py tests`). It finds the photo on the screen by
looking for it, so that it goes on working when the window is laid out anew; it waits for effects, never for time alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "resources" / "samples" / "lion.jpg"
BRIDGE = ROOT / "resources" / "samples" / "bridge.jpg"
MASK = ROOT / "resources" / "samples" / "lion-mask.png"
WIDTH, HEIGHT = 1440, 900
PATIENCE = 300.0  # seconds for one effect, on a machine that has much else to do


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """An X server; it chooses a free display itself and says when it is ready."""
    read, write = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    server = subprocess.Popen(
        ["Xvfb", "-noreset", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as ready:
        number = ready.readline().strip()
    try:
        environment = dict(os.environ, DISPLAY=f":{number}", QT_QPA_PLATFORM="xcb", QT_SCALE_FACTOR="1", LANGUAGE="en")
        environment.pop("WAYLAND_DISPLAY", None)
        yield environment
    finally:
        server.terminate()
        server.wait(10)


@dataclass
class Place:
    """Where the photo lies on the screen: the position of its corner, and screen pixels a photo pixel."""

    x: float
    y: float
    scale: float

    def __call__(self, x: float, y: float) -> tuple[int, int]:
        return round(self.x + (x + 0.5) * self.scale), round(self.y + (y + 0.5) * self.scale)


class Driven:
    """One run of the program, from its first window to its end."""

    def __init__(self, environment: dict[str, str], theme: str, photo: Path = SAMPLE, backend: str = "") -> None:
        self._photo = photo
        self._home = tempfile.TemporaryDirectory(prefix="lacuna-shots-")
        self.environment = dict(environment, LACUNA_HOME=self._home.name)
        self._choose(theme, backend)
        self.program = subprocess.Popen([sys.executable, "-m", "lacuna", str(photo)], env=self.environment)
        self.window = self.tool("search", "--sync", "--onlyvisible", "--name", photo.name).split()[0]
        self.tool("windowmove", self.window, "0", "0")
        self.tool("windowsize", "--sync", self.window, str(WIDTH), str(HEIGHT))
        self.tool("windowfocus", "--sync", self.window)
        self.key("ctrl+0")
        self.settle()

    def _choose(self, theme: str, backend: str) -> None:
        code = (
            "from dataclasses import replace\nfrom lacuna.settings import Settings\n"
            f"settings = Settings.load()\nsettings.preferences = replace(settings.preferences, theme={theme!r})\n"
            f"settings.backend = {backend!r} or settings.backend\nsettings.save()"
        )
        subprocess.run([sys.executable, "-c", code], env=self.environment, check=True)

    def tool(self, *words: str) -> str:
        done = subprocess.run(["xdotool", *words], env=self.environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise SystemExit(f"xdotool {' '.join(words)}: {done.stderr or 'failed'}")
        return done.stdout

    def key(self, *keys: str) -> None:
        for key in keys:
            self.tool("key", key)

    def look(self) -> NDArray[np.uint8]:
        """The screen, (h, w, 3) BGR."""
        shot = subprocess.run(
            ["import", "-window", "root", "png:-"], env=self.environment, capture_output=True, check=True, timeout=60
        ).stdout
        return np.asarray(cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain until {what}")
            time.sleep(0.05)

    def settle(self, blinking: int = 0) -> NDArray[np.uint8]:
        """The screen once it has been the same for a third of a second, but for `blinking` pixels of a text cursor."""
        seen = [self.look()]

        def at_rest() -> bool:
            seen.append(self.look())
            return len(seen) > 4 and all(
                np.count_nonzero((seen[-1] != earlier).any(axis=2)) <= blinking for earlier in seen[-4:-1]
            )

        self.until(at_rest, "the screen was at rest")
        return seen[-1]

    def changed_from(self, before: NDArray[np.uint8], what: str) -> NDArray[np.uint8]:
        self.until(lambda: not np.array_equal(self.look(), before), what)
        return self.settle()

    def is_masked(self, at: tuple[int, int]) -> bool:
        """Whether a point of the screen lies below the mask, which is blue where the photo has warm colours."""
        blue, _green, red = self.look()[at[1], at[0]]
        return bool(blue > red)

    def filled(self, at: tuple[int, int]) -> NDArray[np.uint8]:
        """The screen at rest once a fill has taken the mask off a point: the screen can rest before, while it loads."""
        self.until(lambda: not self.is_masked(at), "the fill was there")
        return self.settle()

    def place(self) -> Place:
        """Finds the photo on the screen, at any scale: roughly on small copies, then to the pixel."""
        photo, seen = cv2.imread(str(self._photo)), self.look()
        small = cv2.resize(seen, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)

        def match(on: NDArray[np.uint8], scale: float) -> tuple[float, int, int]:
            part = cv2.resize(
                photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            )
            if part.shape[0] > on.shape[0] or part.shape[1] > on.shape[1]:
                return -1.0, 0, 0
            _low, high, _at, (x, y) = cv2.minMaxLoc(cv2.matchTemplate(on, part, cv2.TM_CCOEFF_NORMED))
            return high, x, y

        rough = max(np.arange(0.5, 4.0, 0.02), key=lambda scale: match(small, scale / 4)[0])
        scale = float(max(np.arange(rough - 0.03, rough + 0.03, 0.002), key=lambda scale: match(seen, float(scale))[0]))
        likeness, x, y = match(seen, scale)
        if likeness < 0.9:
            raise SystemExit(f"the photo is not on the screen (best likeness {likeness:.2f})")
        return Place(x, y, scale)

    def stroke(self, points: list[tuple[int, int]], button: str = "1") -> None:
        words = ["mousemove", *map(str, points[0]), "mousedown", button]
        for x, y in points[1:]:
            words += ["sleep", "0.008", "mousemove", str(x), str(y)]
        self.tool(*words, "sleep", "0.02", "mouseup", button)

    def confirm_dialog(self) -> None:
        """Take what the dialog that comes up proposes. No window manager gives it the keyboard, so we do."""
        dialogs: list[str] = []

        def there() -> bool:
            found = self.tool("search", "--onlyvisible", "--pid", str(self.program.pid)).split()
            dialogs[:] = [window for window in found if window != self.window]
            return bool(dialogs)

        self.until(there, "the dialog was there")
        self.tool("windowfocus", "--sync", dialogs[-1])
        self.settle(blinking=200)
        self.key("Return")

    def __enter__(self) -> Driven:
        return self

    def __exit__(self, *_error: object) -> None:
        self.program.terminate()
        self.program.wait(20)
        self._home.cleanup()


# The long scratches of the sample, from end to end.
SCRATCHES = (
    ((40, 0), (95, 383)), ((150, 0), (128, 250)), ((300, 0), (332, 383)),
    ((330, 60), (511, 146)), ((0, 301), (260, 345)), ((400, 200), (464, 383)),
)  # fmt: skip
# Its date stamp: digits of seven strokes, each from corner to corner of a box one wide and two high.
DIGITS = {"0": "abcdef", "1": "bc", "2": "abdeg", "4": "bcfg", "8": "abcdefg", "9": "abcdfg"}
STROKES = {
    "a": ((0, 0), (1, 0)), "b": ((1, 0), (1, 1)), "c": ((1, 1), (1, 2)), "d": ((0, 2), (1, 2)),
    "e": ((0, 1), (0, 2)), "f": ((0, 0), (0, 1)), "g": ((0, 1), (1, 1)),
}  # fmt: skip
STAMP = {378: "9", 392: "8", 414: "1", 428: "0", 450: "2", 464: "4"}  # left edge of each digit; 9 wide, 16 high


def date() -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The strokes of the date stamp, from the apostrophe on."""
    lines: list[tuple[tuple[float, float], tuple[float, float]]] = [((373, 352), (371, 356))]
    for left, digit in STAMP.items():
        for (ax, ay), (bx, by) in (STROKES[name] for name in DIGITS[digit]):
            lines.append(((left + 9 * ax, 352 + 8 * ay), (left + 9 * bx, 352 + 8 * by)))
    return lines


def specks() -> list[tuple[float, float]]:
    """The middles of the small spots of the sample's mask."""
    mask = cv2.imread(str(MASK), cv2.IMREAD_GRAYSCALE)
    _count, _labels, boxes, middles = cv2.connectedComponentsWithStats(mask)
    return [(x, y) for (x, y), box in zip(middles, boxes, strict=True) if max(box[2], box[3]) < 12]


def between(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    """A hand's way from one point to another, in steps of some pixels."""
    steps = max(2, round(max(abs(end[0] - start[0]), abs(end[1] - start[1])) / 6))
    return [tuple(a + (b - a) * i / steps for a, b in zip(start, end, strict=True)) for i in range(steps + 1)]  # type: ignore[misc]


def paint(driven: Driven) -> NDArray[np.uint8]:
    """Paints over every scratch, speck and letter; gives the screen with the mask."""
    place = driven.place()
    driven.key("b", *["bracketleft"] * 11)
    for start, end in [*SCRATCHES, *date()]:
        driven.stroke([place(x, y) for x, y in between(start, end)])
    for x, y in specks():
        driven.stroke([place(x, y)])
    driven.tool("mousemove", *map(str, place(300, 120)))
    return driven.settle()


def contours(driven: Driven) -> NDArray[np.uint8]:
    """A car is masked on a bridge, edges are predicted, the rail is drawn behind it and one edge rubbed out."""
    place = driven.place()
    driven.key("m")
    driven.stroke([place(222, 142), place(300, 180), place(356, 208)])
    masked = driven.settle()
    driven.key("ctrl+g")
    predicted = driven.changed_from(masked, "edges were predicted")
    driven.key("g")
    driven.stroke([place(x, y) for x, y in between((212, 183), (366, 207))])
    driven.stroke([place(x, y) for x, y in between((232, 203), (284, 203))], button="3")
    driven.tool("mousemove", *map(str, place(450, 330)))
    return driven.changed_from(predicted, "the line was there")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with screen() as environment:
        with Driven(environment, "light") as driven:
            keep(folder / "painted.jpg", paint(driven))
        with Driven(environment, "dark") as driven:
            scratch = driven.place()(316, 191)
            paint(driven)
            driven.key("Return")
            filled = driven.filled(scratch)
            driven.key("ctrl+z")
            driven.changed_from(filled, "the mask was back")
            driven.key("Return")  # now that nothing has to be compiled there is time for trials
            filled = driven.filled(scratch)
            driven.key("y")
            keep(folder / "compared.jpg", driven.changed_from(filled, "the slider was there"))
        with Driven(environment, "light", BRIDGE, "edgeconnect") as driven:
            keep(folder / "contours.jpg", contours(driven))


def keep(path: Path, shot: NDArray[np.uint8]) -> None:
    """Writes a shot as a JPEG in which small letters stay clear: a PNG of it takes five times the room."""
    options = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    cv2.imwrite(str(path), shot, options)
    print(path)


if __name__ == "__main__":
    main()
