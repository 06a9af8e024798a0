"""A photo with a hole to try graphs on, and what is to be said of the picture that comes back.

A reading that is wrong fails in ways that can be measured: the network does not know again what it was shown, its
numbers leave their range, or the hole is filled with what does not meet its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lacuna import paths
from lacuna.contract.graph_config import GraphReading
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.inference.own_graph import Hole, Picture
from lacuna.words import share

SAMPLE = "flamingos.jpg"  # colourful, with dark and bright parts at the hole's rim
CONTRAST = 0.35  # the standard deviation of the test picture: a range that is too narrow must lose much of it
HOLE_FROM, HOLE_TO = 0.38, 0.62  # of each side
GARISH = (1.0, 0.0, 1.0)  # what stood in the hole: a fill that shows it has looked where it should not
ODD = 0.02  # of white: a usual reading is taken unless an unusual one is so much better
PLAUSIBLE = 0.6  # the score below which no reading can be trusted: one even colour is as good as that


@dataclass(frozen=True, eq=False)
class Sample:
    """The test picture in [0, 1] with its hole, and the photo as it was."""

    image: Picture
    hole: Hole
    truth: Picture


@dataclass(frozen=True, eq=False)
class Trial:
    """What a reading gave: the `picture` (h, w, 3) uint8 with the photo around the hole, and how it was judged.

    In shares of white: `kept` is how far the network's picture is from the photo where that was known, `step` how large
    a step the colours make at the hole's rim, `beyond` how far its numbers leave the range.
    """

    reading: GraphReading
    picture: NDArray[np.uint8]
    kept: float
    step: float
    beyond: float
    seconds: float

    @property
    def score(self) -> float:
        """From 0 to 1."""
        return 1 - min(1.0, self.step + self.kept + self.beyond)

    @property
    def worth(self) -> float:
        """The score, less something for each way in which the reading is an unusual one."""
        return self.score - ODD * _oddity(self.reading)

    @property
    def sentence(self) -> str:
        """How well it went, for people."""
        sentence = _("Known pixels came back within {kept} of white, the step at the hole's rim is {step}.")
        return sentence.format(kept=share(self.kept), step=share(self.step))


def sample(height: int, width: int) -> Sample:
    """The test picture at this size: middle grey on average, and much of it near black or white."""
    photo = _photo()
    every = max(1, min(photo.shape[0] // height, photo.shape[1] // width))
    image = photo[: height * every : every, : width * every : every]
    missing = [(0, wanted - had) for wanted, had in zip((height, width), image.shape, strict=False)]
    image = np.pad(image, [*missing, (0, 0)], mode="symmetric")
    grey = image.mean(axis=2)
    truth = np.clip((image - grey.mean()) * (CONTRAST / max(float(grey.std()), 1e-6)) + 0.5, 0, 1, dtype=np.float32)
    hole = np.zeros((height, width), bool)
    ys, xs = (
        slice(round(HOLE_FROM * side), max(round(HOLE_TO * side), round(HOLE_FROM * side) + 1)) for side in hole.shape
    )
    hole[ys, xs] = True
    return Sample(np.where(hole[..., None], np.array(GARISH, np.float32), truth), hole, truth)


@cache
def _photo() -> Picture:
    read = files.read(paths.resources() / "samples" / SAMPLE)
    return np.asarray(read.pixels, np.float32) / np.float32(read.white)


def judged(reading: GraphReading, picture: Picture, test: Sample, seconds: float) -> Trial:
    """What is to be said of the picture that a reading gave of the test picture."""
    shown = np.clip(picture, 0, 1)
    filled = np.where(test.hole[..., None], shown, test.truth)
    known = ~test.hole
    return Trial(
        reading,
        np.rint(filled * 255).astype(np.uint8),
        kept=float(np.abs(shown[known] - test.truth[known]).mean()),
        step=_step(filled, test.hole),
        beyond=float(np.minimum(np.abs(picture - shown), 1).mean()),
        seconds=seconds,
    )


def _step(filled: Picture, hole: Hole) -> float:
    """The mean difference of neighbours of which one is in the hole."""
    steps: list[NDArray[np.float32]] = []
    for axis in (0, 1):
        crossing = np.diff(hole, axis=axis)
        steps.append(np.abs(np.diff(filled, axis=axis))[crossing].ravel())
    return float(np.concatenate(steps).mean())


def _oddity(reading: GraphReading) -> int:
    """In how many ways a reading is an unusual one.

    A network made for [0, 1] fails visibly in a wider range, while one for a wider range often does well in [0, 1] too:
    so of readings that do equally well, the wider one is right.
    """
    return sum(
        (
            reading.range == "0..1",
            reading.output_range != reading.range,
            reading.mask_range != "0..1",
            reading.hole != "zero",
            reading.channels != "image-mask",
            reading.colours != "rgb",
        )
    )
