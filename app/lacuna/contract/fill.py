"""What a backend is given, what it gives back, and what it says of itself. `VERSION` rises when this changes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.edges import PackedEdges
from lacuna.contract.guides import Guide, GuideStroke
from lacuna.contract.progress import Progress
from lacuna.imaging.photo import Hole, Pixels
from lacuna.imaging.region import Region

VERSION = 1
# Pixels of hole for each of its rim, half the width of a line, a quarter of a disc: below it is made of thin marks. A
# smooth fill shows in a line of 8 pixels through grass; specks of dust are still thin when they are 15 across.
THIN = 3.9


class Composite(StrEnum):
    """How a fill is joined to what lies around it; outside the mask none of these changes a pixel."""

    AUTO = "auto"  # as the backend says that it is best joined
    PLAIN = "plain"  # as it is
    FEATHER = "feather"  # shifted near the seam, so that it meets what lies around it
    POISSON = "poisson"  # shifted all over, keeping its own gradients
    SCREENED = "screened"  # the same, with the shading around the hole, and held to its own colours far inside


@dataclass(frozen=True)
class Context:
    """How many known pixels around a hole's box a backend sees: max(`minimum`, `share` of the box's long side).

    `even`: what the picture's border cuts off on one side is added on the other.
    """

    minimum: int = 128
    share: float = 0.5
    even: bool = False

    def padding(self, box: Region) -> int:
        """In pixels, on each side of the box."""
        return max(self.minimum, round(self.share * max(box.height, box.width)))

    def around(self, box: Region, shape: tuple[int, ...]) -> Region:
        """`box` with all that is seen around it in a picture of this (height, width)."""
        seen = box.pad(self.padding(box))
        if self.even:
            below, right = max(0, seen.y1 - shape[0]), max(0, seen.x1 - shape[1])
            seen = Region(seen.y0 - below, seen.x0 - right, seen.y1 + max(0, -seen.y0), seen.x1 + max(0, -seen.x0))
        return seen.clip(shape)


@dataclass(frozen=True)
class SizeRule:
    """Sides of the crop: at least `minimum`, a whole multiple of `multiple`; the engine pads by reflection.

    `comfortable` is how long the long side should be: the engine makes the crops of wider holes smaller and takes long
    ones in sections. None: every length is as good. With it a `maximum`, not below `minimum`, may be one that no side
    exceeds at all.
    """

    minimum: int = 1
    multiple: int = 1
    comfortable: int | None = None
    maximum: int | None = None


@dataclass(frozen=True)
class Needs:
    """What a backend asks of the engine; may depend on its params."""

    guides: frozenset[Guide] = frozenset()  # the kinds it follows
    edges: bool = False  # follows `FillWork.edges`
    model: str | None = None  # name of the weights that it uses
    missing: str = ""  # why it cannot run under these params, and what helps
    size: SizeRule = SizeRule()
    context: Context = Context()
    max_pixels: int | None = None  # of one crop; None = no limit
    devices: frozenset[str] = frozenset({"cpu"})
    on_request: frozenset[str] = frozenset()  # of these, what it seldom gains by: "auto" leaves them out
    seeded: bool = False  # another seed gives another result
    composite: Composite = Composite.PLAIN  # what "auto" means for it
    smooth: bool = False  # the result has no grain of its own: the picture's may be put in
    starts: bool = False  # goes on from `FillWork.start`
    fine: float = 1.0  # the size in pixels of the finest that it paints itself, at the size at which it works
    detail: str | None = None  # the backend, one that `starts`, that brings back what is finer than that
    band: str | None = None  # the backend that first fills a band along lines, for one that cannot be told of them
    interruptible: bool = True  # False: one call that cannot be stopped, its result is thrown away
    compiles: bool = False  # its first use on a machine takes some seconds more
    megapixel_seconds: float = 1.0  # rough cost of a megapixel of hole on a laptop core
    rim_seconds: float = 0.0  # beside that, of a thousand pixels of the hole's rim: for what thin holes cost more
    crop_seconds: float = 0.0  # and of a megapixel of the crop
    least_seconds: float = 0.0  # what a fill takes however little there is to do
    edges_share: float = 0.0  # of its time, into edges that it completes: with `FillWork.edges` it is saved
    marks: Needs | None = None  # of thin marks alone, where those take another time
    bytes_per_pixel: float = 16.0  # working memory for each pixel of the crop
    least_bytes: float = 0.0  # and what a call takes however small its crop is

    @property
    def unasked(self) -> frozenset[str]:
        """The devices that it may be given where none is named."""
        return self.devices - self.on_request

    @property
    def led(self) -> Needs:
        """The same for a call that is given its edges."""
        left = 1 - self.edges_share
        return replace(
            self,
            megapixel_seconds=self.megapixel_seconds * left,
            rim_seconds=self.rim_seconds * left,
            crop_seconds=self.crop_seconds * left,
            edges_share=0.0,
        )

    def seconds(self, pixels: float, rim: float, area: float) -> float:
        """Rough cost of a call: pixels of its hole, pixels along the rim of that, pixels of its crop."""
        if self.marks is not None and pixels < THIN * rim:
            return self.marks.seconds(pixels, rim, area)
        return (pixels * self.megapixel_seconds + area * self.crop_seconds) / 1e6 + rim * self.rim_seconds / 1e3


@dataclass(frozen=True)
class Runtime:
    """Where a backend runs: "cpu" or "cuda", threads it may use, bytes of memory it should stay within."""

    device: str = "cpu"
    threads: int = 1
    memory: int = 1 << 30


@dataclass(frozen=True, eq=False)
class FillWork:
    """One crop to fill: `image` (h, w, 3), read-only, contiguous, in the picture's own dtype; `hole` (h, w) bool.

    `guides` are strokes in crop coordinates. `edges` (h, w) float32 in [0, 1] are those of the whole crop, in the hole
    those that the fill should have; None where nobody says. `sources` (h, w) bool marks what may be copied, known
    pixels alone and at least one; None is all that is known. `white` is the value of white in `image`'s dtype. Pixels
    of `image` inside the hole are the old ones and mean nothing; known ones are finite. `grey`: the three channels are
    equal, one is enough to look at. `seed` decides whatever is left to chance. `share` is how much of all that is
    filled in this run this hole is. `start` (h, w, 3) float32 in the range of `image` is the crop with a fill in its
    hole that has nothing finer than `coarse` pixels: for a backend that `starts`, else None.
    """

    image: Pixels
    hole: Hole
    white: float
    guides: tuple[GuideStroke, ...] = ()
    edges: NDArray[np.float32] | None = None
    sources: NDArray[np.bool_] | None = None
    seed: int = 0
    grey: bool = False
    share: float = 1.0
    start: NDArray[np.float32] | None = None
    coarse: float = 1.0


@dataclass(frozen=True, eq=False)
class Filled:
    """A filled crop: `image` (h, w, 3) in the work's dtype, or float32 in the same range. Only the hole is looked at.

    `came_from` (h, w, 2) int32 is the source pixel (y, x) in crop coordinates of each filled one, -1 where unknown.
    `edges` (h, w) float32 in [0, 1] are those that the fill followed, from a backend that completes edges.
    `notes` are sentences that the person should read about how it was done. `methods` are the ids of the backends
    that were chosen to do it, where this one chose among others. `precisions` are what networks calculated in:
    “float32”, “float16” or “int8”.
    """

    image: Pixels
    came_from: NDArray[np.int32] | None = None
    edges: NDArray[np.float32] | None = None
    notes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()


class FillBackend(Protocol):
    """A way to fill holes. One object lives as long as the program; its calls never overlap.

    `needs` alone is called by the window as well, whenever a setting changes.
    """

    id: str  # on the command line, in settings and recipes: it never changes
    name: str  # for people, untranslated; so is the summary, one sentence
    summary: str
    Params: type  # a frozen dataclass whose fields are made by `contract.params`

    def needs(self, params: Any) -> Needs:
        """What it asks of the engine under `params`. Quick, and possible before `load`."""
        ...

    def load(self, runtime: Runtime) -> None:
        """Import and prepare what `fill` needs; called once before the first `fill`, and again for another runtime.

        Raises MemoryError, and LacunaError for what people should read, such as DamagedModel.
        """
        ...

    def fill(self, work: FillWork, params: Any, progress: Progress) -> Filled:
        """Invent the hole: the same pixels for the same work, params and seed. No cropping, no compositing.

        Calls `progress.check()` at least every 0.2 s where it can. Raises Cancelled; MemoryError, upon which the engine
        tries half the size; UnsuitableMask where there is nothing to go by; another LacunaError for what people should
        read. Whatever else it raises becomes a BackendFailed.
        """
        ...

    def unload(self) -> None:
        """Give memory back; `load` comes again before the next `fill`."""
        ...


@runtime_checkable
class EdgePredictor(Protocol):
    """What a backend that completes edges before it paints has beside the rest: its first step alone."""

    shapes_edges: tuple[str, ...]  # the params on which the edges depend, beside the model

    def predict_edges(self, work: FillWork, params: Any, progress: Progress) -> NDArray[np.float32]:
        """(h, w) in [0, 1], the edges that `fill` would follow: the picture's, and in the hole what is likely.

        It is loaded as for `fill`, and raises what that does.
        """
        ...


@dataclass(frozen=True)
class FillOptions:
    """How the engine puts a fill in: `grow` widens the mask by that many pixels, `feather` softens the seam inside it.

    `alpha` fills the alpha channel too. `composite` joins the fill to what lies around it, `grain` puts the picture's
    noise into it where it is smoother. Outside the mask grown by `grow` no pixel ever changes.
    """

    grow: float = 0.0
    feather: float = 0.0
    alpha: bool = False
    composite: Composite = Composite.AUTO
    grain: bool = False


@dataclass(frozen=True)
class FillStep:
    """A fill as a recipe step: everything but the pixels. `mask` is the PNG of the mask inside `box`.

    `model` names the weights that were used, as `params` may leave that to the program. With `instead` it took back the
    change before it, a fill of the same hole: it was made of the picture below that. Without `repeatable` it was made
    of another picture than the steps before it give, since something was painted while it ran.
    """

    backend: str
    params: dict[str, Any]
    seed: int
    options: FillOptions
    box: Region
    mask: bytes
    size: tuple[int, int]  # (height, width) of the picture as it was at this step
    guides: tuple[GuideStroke, ...] = ()
    model_sha256: str | None = None
    version: int = field(default=VERSION)
    sources: tuple[Region, bytes] | None = None  # where texture may come from: the PNG of it (255 = yes) in its box
    edges: tuple[Region, bytes] | None = None  # that it should follow: the PNG of them (255 = sure) in their box
    predicted: tuple[PackedEdges, ...] = ()  # edges that were completed before, of which it follows those that fit
    model: str | None = None
    instead: bool = False
    repeatable: bool = True
    chosen: tuple[tuple[str, str], ...] = ()  # models of the methods that a backend has chosen, with their SHA-256
