"""What was asked of a training, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lacuna.networks.conventions import Start

STAGES = ("both", "edges", "image")  # of EdgeConnect


@dataclass(frozen=True)
class Plan:
    """One training. `minutes` is the time of the whole run, over all its resumes; `pause` ends this call earlier.

    `steps` ends it by their number instead. `begun_from` is a folder of weights that are to be trained further;
    `evaluation` one of pictures with masks to measure on; `vgg` a file of VGG-19; `adversarial` multiplies the weight
    of what the critics say, `rate` all learning rates; `half` multiplies in 16 bits, by itself on a graphics card.
    `licences` are the classes of photos to take, all if none.
    """

    model: str
    data: tuple[Path, ...]
    out: Path
    licences: tuple[str, ...] = ()
    minutes: float | None = 60.0
    pause: float | None = None
    steps: int | None = None
    resume: bool = False
    begun_from: Path | None = None
    size: int = 256
    width: float = 0.5
    batch: int = 16
    device: str = "cpu"
    start: Start = Start.MEMBRANE
    stage: str = "both"
    evaluation: Path | None = None
    vgg: Path | None = None
    seed: int = 0
    compiled: bool = False
    half: bool | None = None
    adversarial: float = 1.0
    rate: float = 1.0
