"""What the editor tells the window: messages and estimates; and the ways to fit a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from lacuna.errors import BackendFailed, LacunaError
from lacuna.imaging.mask_fit import MaskFit
from lacuna.imaging.photo import Mask


class Severity(Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Message:
    """What the message bar shows: a sentence, the next step, and details to copy on request.

    Once `over()` holds, it tells of something that is no longer so, and goes by itself. What `stays` waits for that,
    where other notes go after some seconds.
    """

    sentence: str
    hint: str = ""
    severity: Severity = Severity.INFO
    details: str = ""
    error: LacunaError | None = field(default=None, compare=False)  # where the message tells of one
    over: Callable[[], bool] | None = field(default=None, compare=False)
    stays: bool = False

    @classmethod
    def of(cls, error: LacunaError) -> Message:
        """An error as a message: its traceback, or what caused it, as details."""
        details = error.details if isinstance(error, BackendFailed) else ""
        if not details and error.cause is not None:
            details = f"{type(error.cause).__name__}: {error.cause}"
        return cls(error.sentence, error.hint, Severity.ERROR, details, error)


@dataclass(frozen=True)
class Estimate:
    """What a run will take: seconds and bytes, hole pixels and number of regions; `problem` says why it cannot run.

    `first`: it may take some seconds more, as the method was not used yet and has something to compile. `crop` and
    `size`, both (height, width), are the largest part that one call sees and how large it is made for that.
    """

    seconds: float = 0.0
    bytes: int = 0
    pixels: int = 0
    regions: int = 0
    problem: str = ""
    first: bool = False
    crop: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, eq=False)
class Misfit:
    """A mask that has another size than its picture, for the person to say what to do with it, or to drop it.

    Sizes are (width, height), `preview` is the mask made small, `put(fit)` puts it in by a job.
    """

    mask_size: tuple[int, int]
    picture_size: tuple[int, int]
    preview: Mask
    put: Callable[[MaskFit], None]
