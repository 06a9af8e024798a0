"""What a batch does to each of its pictures, as a value; and what came of one of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from lacuna.contract import default, models
from lacuna.engine.batch.marking import Finding, Marking
from lacuna.engine.batch.replay import Replay
from lacuna.engine.photos import FillSettings
from lacuna.imaging import files

VERSION = 1  # of what a treatment does: a change of it makes every result one of another treatment


@dataclass(frozen=True)
class EnlargeSettings:
    """By how much a picture is enlarged at the end, and how."""

    factor: Fraction
    method: str = default.UPSCALER
    model: str = ""

    def described(self) -> Mapping[str, Any]:
        digest = models.weights_digest(self.model) if self.model else None
        return {"factor": str(self.factor), "method": self.method, "model": [self.model, digest]}


@dataclass(frozen=True)
class Treatment:
    """What is done to each picture: what `marking` marks is filled, or the steps of a `replay` are done; then it is
    enlarged. Each may be left out.

    Picklable: it goes to other processes and machines, with the bytes of its mask, but without models: those are
    looked for where the work is done.
    """

    marking: Marking | None
    filling: FillSettings
    replay: Replay | None = None
    enlarging: EnlargeSettings | None = None
    device: str = "auto"
    quality: int | None = None
    pixel_limit: int = files.PIXEL_LIMIT

    @property
    def besides(self) -> bool:
        """Whether more is done to each picture than to fill what is found in it."""
        return self.enlarging is not None or (self.replay is not None and self.replay.besides)

    def seen(self, data: bytes) -> str:
        """By what a look is known: the bytes of the picture, and all that what is found in it depends on."""
        described = [None if way is None else way.described() for way in (self.marking, self.replay)]
        digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
        digest.update(data)  # not put together before: a picture's bytes may be many
        return digest.hexdigest()

    def digest(self) -> str:
        """The same for tasks that make the same of every picture: by it a run that goes on knows its results."""
        described = {
            "version": VERSION,
            "marking": None if self.marking is None else self.marking.described(),
            "filling": None if self.marking is None else self.filling.described(),
            "replay": None if self.replay is None else self.replay.described(),
            "enlarging": None if self.enlarging is None else self.enlarging.described(),
            "quality": self.quality,
        }
        return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Agreed:
    """What of the findings of a look may go: `findings` holds their numbers, which mean nothing but where a picture is
    still what was `seen`."""

    findings: frozenset[int]
    seen: str


@dataclass(frozen=True, eq=False)
class Errand:
    """Work for one call: the bytes of a file, its name for people, and of what is found in it what is `agreed` to.

    `look`: nothing is made, only looked for. `thumbnail` asks for a small picture, at most so many pixels long.
    """

    number: int
    name: str
    data: bytes
    agreed: Agreed | None = None
    look: bool = False
    thumbnail: int = 0


@dataclass(frozen=True, eq=False)
class Made:
    """What came of one file. `data` is the file to write, in `format`; None where only was looked, or nothing to do.

    `besides`: of a look, whether something is done to the picture even if nothing that was found goes. `seen`: by what
    it is known (`Treatment.seen`). `thumbnail` is a JPEG. `size` is (width, height) of the result, or of the picture
    that was looked at. `cpu` are the seconds of a core that its process took meanwhile.
    """

    data: bytes | None
    format: str
    findings: tuple[Finding, ...]
    size: tuple[int, int]
    seconds: float
    cpu: float
    notes: tuple[str, ...] = ()
    thumbnail: bytes = b""
    besides: bool = False
    seen: str = ""


@dataclass(frozen=True)
class Failure:
    """Why nothing came of a file, in the person's words. `unplaced`: it has another size than mask or recipe, and it is
    not said where those belong in it."""

    sentence: str
    hint: str = ""
    unplaced: bool = False

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()
