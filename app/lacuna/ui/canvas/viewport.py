"""Where a picture lies in a view: zoom, pan, image <-> screen. Plain numbers, no widget.

Everything here is in device pixels, and the picture's origin always lies on a whole one: then any part of a view that
is painted again comes out as it was, and 100 % shows each image pixel as one device pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lacuna.imaging.region import Region

LARGEST = 64.0  # 6400 %
LARGEST_FIT = 8.0  # an icon is not blown up to the size of the screen
SMALLEST_PICTURE = 16  # device pixels that the long side keeps when zoomed out
KEPT_IN_SIGHT = 64  # device pixels of the picture that no pan takes out of the view
STEPS_AN_OCTAVE = 4  # wheel notches from one power of two to the next


@dataclass(frozen=True)
class Look:
    """A zoom and the image point in the middle; `most`: the whole picture was fitted, at this zoom at the most."""

    zoom: float
    centre: tuple[float, float]
    most: float | None


class Viewport:
    """A view of `width` x `height` device pixels of a picture of shape `image` (height, width).

    `x`, `y` is where the picture's corner lies in the view. `fitted` says that the whole picture is shown and stays so
    when the view changes its size.
    """

    def __init__(self, width: int = 1, height: int = 1) -> None:
        self.width = max(1, width)
        self.height = max(1, height)
        self.image = (0, 0)
        self.zoom = 1.0
        self.x = 0
        self.y = 0
        self.fitted = True
        self._most = 1.0  # zoom that a fitted picture has at most
        self._centre = (0.0, 0.0)  # image point in the middle of the view; kept through changes of size

    # --- what is where -----------------------------------------------------------------------------------------------
    def to_image(self, x: float, y: float) -> tuple[float, float]:
        """Image coordinates of a point of the view."""
        return (x - self.x) / self.zoom, (y - self.y) / self.zoom

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Point of the view of image coordinates."""
        return x * self.zoom + self.x, y * self.zoom + self.y

    @property
    def picture(self) -> Region:
        """The picture's rectangle in the view, in device pixels."""
        height, width = scaled(self.image, self.zoom)
        return Region(self.y, self.x, self.y + height, self.x + width)

    def on_screen(self, region: Region) -> Region:
        """The device pixels of the view that may show something of an image region."""
        return Region(
            math.floor(region.y0 * self.zoom) + self.y - 1,
            math.floor(region.x0 * self.zoom) + self.x - 1,
            math.ceil(region.y1 * self.zoom) + self.y + 1,
            math.ceil(region.x1 * self.zoom) + self.x + 1,
        ).clip((self.height, self.width))

    @property
    def visible(self) -> Region:
        """The image pixels of which at least a part is in the view; empty without a picture."""
        x0, y0 = self.to_image(0, 0)
        x1, y1 = self.to_image(self.width, self.height)
        return Region(math.floor(y0), math.floor(x0), math.ceil(y1), math.ceil(x1)).clip(self.image)

    # --- what changes it ---------------------------------------------------------------------------------------------
    def show(self, image: tuple[int, int]) -> None:
        """Show a picture of another shape (height, width): whole; larger than it is only where the last was fitted."""
        self.image = image
        if not self.fitted:
            self._most = 1.0
        self._fit()

    def reshape(self, image: tuple[int, int]) -> None:
        """The same picture has another size now: what was whole stays whole, anything else keeps its zoom."""
        self.image = image
        if self.fitted:
            self._fit()
        else:
            self._clamp()
            self._remember()

    def enlarge(self, image: tuple[int, int]) -> None:
        """The same picture has more or fewer pixels now: what is seen of it stays, at another zoom."""
        factor = image[0] / max(1, self.image[0])
        x, y = self._centre
        self.image = image
        if self.fitted:
            self._fit()
            return
        self.zoom = min(LARGEST, max(self.smallest, self.zoom / factor))
        self._centre_on(x * factor, y * factor)
        self._remember()

    def resize(self, width: int, height: int) -> None:
        """The view has another size: its middle stays, or the whole picture does."""
        self.width, self.height = max(1, width), max(1, height)
        if self.fitted:
            self._fit()
        else:
            self._centre_on(*self._centre)

    def fit(self) -> None:
        """Show all of the picture as large as the view allows."""
        self._most = LARGEST_FIT
        self._fit()

    def _fit(self) -> None:
        self.fitted = True
        self.zoom = min(self._most, self.fitting)
        self._centre_on(self.image[1] / 2, self.image[0] / 2)
        self._remember()

    @property
    def fitting(self) -> float:
        """The zoom at which the whole picture just fits."""
        if not all(self.image):
            return 1.0
        return min(LARGEST_FIT, max(self.smallest, min(self.width / self.image[1], self.height / self.image[0])))

    @property
    def smallest(self) -> float:
        """The smallest zoom that is allowed."""
        return min(1.0, SMALLEST_PICTURE / max(1, *self.image))

    @property
    def look(self) -> Look:
        """How the picture is seen now, to be taken up again."""
        return Look(self.zoom, self._centre, self._most if self.fitted else None)

    def take_up(self, look: Look) -> None:
        """See the picture as it was seen, as far as it has the same size."""
        if look.most is not None:
            self._most = look.most
            self._fit()
        else:
            self.zoom = min(LARGEST, max(self.smallest, look.zoom))
            self.centre_on(*look.centre)

    def zoom_to(self, zoom: float, x: float, y: float) -> None:
        """Change the zoom so that the image point at (x, y) of the view stays there."""
        zoom = min(LARGEST, max(self.smallest, zoom))
        if zoom == self.zoom:
            return
        at = self.to_image(x, y)
        self.zoom = zoom
        self.x, self.y = round(x - at[0] * zoom), round(y - at[1] * zoom)
        self._moved()

    def stepped(self, steps: float) -> float:
        """The zoom so many wheel notches on: whole notches land on fractions of an octave, so on every power of two."""
        now = math.log2(self.zoom) * STEPS_AN_OCTAVE
        if steps == round(steps):
            now = math.floor(now + 1e-6) if steps > 0 else math.ceil(now - 1e-6)
        then = now + steps
        if abs(then - round(then)) < 0.02:
            then = round(then)
        return float(2.0 ** (then / STEPS_AN_OCTAVE))

    def pan(self, dx: int, dy: int) -> tuple[int, int]:
        """Move the picture by whole device pixels, as far as it stays in sight; how far it moved."""
        before = self.x, self.y
        self.x += dx
        self.y += dy
        self._moved()
        return self.x - before[0], self.y - before[1]

    def look_at(self, region: Region) -> None:
        """Show a region of the picture in the middle, as large as the view allows."""
        if not region.empty:
            zoom = min(LARGEST_FIT, self.width / region.width, self.height / region.height)
            self.zoom = max(self.smallest, zoom)
        self.centre_on((region.x0 + region.x1) / 2, (region.y0 + region.y1) / 2)

    def centre_on(self, x: float, y: float) -> None:
        """Bring an image point into the middle of the view."""
        self._centre_on(x, y)
        self.fitted = False
        self._remember()

    def _centre_on(self, x: float, y: float) -> None:
        self.x, self.y = round(self.width / 2 - x * self.zoom), round(self.height / 2 - y * self.zoom)
        self._clamp()

    def _moved(self) -> None:
        self.fitted = False
        self._clamp()
        self._remember()

    def _remember(self) -> None:
        self._centre = self.to_image(self.width / 2, self.height / 2)

    def _clamp(self) -> None:
        height, width = scaled(self.image, self.zoom)
        self.x = _kept(self.x, width, self.width)
        self.y = _kept(self.y, height, self.height)


def scaled(image: tuple[int, int], zoom: float) -> tuple[int, int]:
    """(height, width) in device pixels of a picture at `zoom`; nothing vanishes."""
    height, width = image
    return (max(1, round(height * zoom)) if height else 0, max(1, round(width * zoom)) if width else 0)


def _kept(start: int, size: int, view: int) -> int:
    least = min(KEPT_IN_SIGHT, size, view)
    return min(max(start, least - size), view - least)
