"""Drives the real program with mouse and keyboard on a screen of its own, and photographs it into docs/images.

    python packaging/screenshots.py [FOLDER]

Needs Xvfb, xdotool and ImageMagick (`python packaging/check_system.py tests`). It finds the photo on the screen by
looking for it, so that it goes on working when the window is laid out anew; it waits for effects, never for time alone.
"""

from __future__ import annotations

import json
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
MASK = ROOT / "resources" / "samples" / "lion-mask.png"
WIDTH, HEIGHT = 1440, 900


@contextmanager
def screen() -> Iterator[dict[str, str]]:
    """An X server; it chooses a free display itself and says when it is ready."""
    read, write = os.pipe()
    size = f"{WIDTH}x{HEIGHT}x24"
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", size, "-nolisten", "tcp"],
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

    def __init__(self, environment: dict[str, str], theme: str) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="lacuna-shots-")
        self.environment = dict(environment, LACUNA_HOME=self._home.name)
        self._choose(theme)
        self.program = subprocess.Popen([sys.executable, "-m", "lacuna", str(SAMPLE)], env=self.environment)
        self.window = self.tool("search", "--sync", "--onlyvisible", "--name", SAMPLE.name).split()[0]
        self.tool("windowmove", self.window, "0", "0")
        self.tool("windowsize", "--sync", self.window, str(WIDTH), str(HEIGHT))
        self.tool("windowfocus", "--sync", self.window)
        self.key("ctrl+0")
        self.settle()

    def _choose(self, theme: str) -> None:
        code = (
            "from dataclasses import replace\nfrom lacuna.settings import Settings\n"
            f"settings = Settings.load()\nsettings.preferences = replace(settings.preferences, theme={theme!r})\n"
            "settings.save()"
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

    def until(self, holds: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise SystemExit(f"waited in vain until {what}")
            time.sleep(0.05)

    def settle(self) -> NDArray[np.uint8]:
        """The screen once it has been the same for a third of a second."""
        seen = [self.look()]

        def at_rest() -> bool:
            seen.append(self.look())
            return len(seen) > 4 and all(np.array_equal(seen[-1], earlier) for earlier in seen[-4:-1])

        self.until(at_rest, "the screen was at rest")
        return seen[-1]

    def changed_from(self, before: NDArray[np.uint8], what: str) -> NDArray[np.uint8]:
        self.until(lambda: not np.array_equal(self.look(), before), what)
        return self.settle()

    def place(self) -> Place:
        """Finds the photo on the screen, at any scale: roughly on small copies, then to the pixel."""
        photo, seen = cv2.imread(str(SAMPLE)), self.look()
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

    def stroke(self, points: list[tuple[int, int]]) -> None:
        words = ["mousemove", *map(str, points[0]), "mousedown", "1"]
        for x, y in points[1:]:
            words += ["sleep", "0.008", "mousemove", str(x), str(y)]
        self.tool(*words, "sleep", "0.02", "mouseup", "1")

    def end(self) -> None:
        self.program.terminate()
        self.program.wait(20)
        self._home.cleanup()


def scratches() -> list[list[tuple[float, float]]]:
    """The long marks of the sample's mask as lines of points, the longest first."""
    count, labels, boxes, _centres = cv2.connectedComponentsWithStats(cv2.imread(str(MASK), cv2.IMREAD_GRAYSCALE))
    lines = []
    for label in range(1, count):
        _x, _y, width, height, _area = boxes[label]
        if max(width, height) < 60:
            continue
        steep = height > width
        rows, columns = np.nonzero(labels == label)
        along, across = (rows, columns) if steep else (columns, rows)
        line = [
            (float(a), float(across[along == a].mean()))
            for a in range(along.min(), along.max() + 1, 6)
            if (along == a).any()
        ]
        lines.append([(b, a) if steep else (a, b) for a, b in line])
    return sorted(lines, key=len, reverse=True)


def photograph(folder: Path, theme: str) -> None:
    with screen() as environment:
        driven = Driven(environment, theme)
        try:
            place = driven.place()
            driven.key("b", "bracketleft", "bracketleft", "bracketleft", "bracketleft", "bracketleft", "bracketleft")
            for line in scratches():
                driven.stroke([place(x, y) for x, y in line])
            driven.tool("mousemove", *map(str, place(300, 120)))
            masked = driven.settle()
            cv2.imwrite(str(folder / f"mask-{theme}.png"), masked)
            driven.key("Return")
            filled = driven.changed_from(masked, "the fill was there")
            cv2.imwrite(str(folder / f"filled-{theme}.png"), filled)
            driven.key("y")
            cv2.imwrite(str(folder / f"compared-{theme}.png"), driven.changed_from(filled, "the slider was there"))
        finally:
            driven.end()


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        photograph(folder, theme)
    print(json.dumps(sorted(str(path) for path in folder.glob("*.png")), indent=1))


if __name__ == "__main__":
    main()
