"""One picture of a batch: the bytes of a file in, the bytes of its result out. The same call wherever it runs."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from lacuna.contract.enlargement import by_factor
from lacuna.contract.progress import Cancelled, Progress
from lacuna.engine import upscaling
from lacuna.engine.batch.marking import Finding
from lacuna.engine.batch.treatment import EnlargeSettings, Errand, Failure, Made, Treatment
from lacuna.engine.jobs import unexpected
from lacuna.engine.photos import filled
from lacuna.errors import LacunaError, RecipeOfAnotherSize, SizeMismatch
from lacuna.i18n import _
from lacuna.imaging import files
from lacuna.imaging.names import proposed_format
from lacuna.imaging.photo import Photo

THUMBNAIL_QUALITY = 85


class ChangedSinceLook(LacunaError):
    """What was agreed to is no longer there: other findings would go by its numbers."""


def attempt(treatment: Treatment, errand: Errand, progress: Progress) -> Made | Failure:
    """What comes of a file, or why nothing does: nothing that a file holds raises, but Cancelled."""
    try:
        return treated(treatment, errand, progress)
    except Cancelled:
        raise
    except LacunaError as error:
        return Failure(error.sentence, error.hint, isinstance(error, SizeMismatch | RecipeOfAnotherSize))
    except MemoryError:
        sentence = _("There is not enough memory for {name}.").format(name=errand.name)
        return Failure(sentence, _("Let fewer files run at a time, or close other programs."))
    except Exception as error:  # one file must not keep the others, whatever it brings about
        unforeseen = unexpected(errand.name, error)
        return Failure(unforeseen.sentence, unforeseen.hint)


def treated(treatment: Treatment, errand: Errand, progress: Progress) -> Made:
    """The treatment done to one file. Raises LacunaError and Cancelled."""
    spent = _Spent()
    photo = files.read_bytes(errand.data, Path(errand.name), pixel_limit=treatment.pixel_limit)
    if errand.look:
        found = _found(photo, treatment, errand, progress)
        size = (photo.width, photo.height)
        return Made(
            None,
            "",
            found,
            size,
            *spent.now,
            photo.notes,
            thumbnail=_thumbnail(photo, errand),
            besides=treatment.besides,
            seen=treatment.seen(errand.data),
        )
    enlarging = treatment.enlarging
    after, found, notes = _repaired(photo, treatment, errand, progress.part(1.0 if enlarging is None else 0.5))
    if enlarging is not None:
        after = _enlarged(after, enlarging, treatment.device, notes, progress.part(0.5))
    size = (after.width, after.height)
    if after is photo:
        return Made(None, "", found, size, *spent.now, tuple(notes))
    progress.check()
    kind = proposed_format(after)
    made = files.encoded(after, Path(errand.name), format=kind, quality=treatment.quality)
    data = b"".join(made.parts)
    return Made(data, made.format, found, size, *spent.now, (*notes, *made.notes))


class _Spent:
    """Seconds since it was made: by the clock, and of a core."""

    def __init__(self) -> None:
        self._clock, self._cpu = time.perf_counter(), time.process_time()

    @property
    def now(self) -> tuple[float, float]:
        return time.perf_counter() - self._clock, time.process_time() - self._cpu


def _found(photo: Photo, treatment: Treatment, errand: Errand, progress: Progress) -> tuple[Finding, ...]:
    if treatment.replay is not None:
        return treatment.replay.found(photo)
    return () if treatment.marking is None else treatment.marking.found(photo, errand.name, progress)


def _accepted(treatment: Treatment, errand: Errand) -> frozenset[int] | None:
    """The numbers of the findings that may go, where somebody looked. Raises ChangedSinceLook."""
    if errand.agreed is None:
        return None
    if errand.agreed.seen != treatment.seen(errand.data):
        sentence = _("{name}, or what is looked for in it, was changed after you looked: nothing of it was filled.")
        raise ChangedSinceLook(sentence.format(name=errand.name), _("Look again."))
    return errand.agreed.findings


def _repaired(
    photo: Photo, treatment: Treatment, errand: Errand, progress: Progress
) -> tuple[Photo, tuple[Finding, ...], list[str]]:
    """The photo without what is to go, itself if there is nothing of that; what was found; what is to be told."""
    accepted = _accepted(treatment, errand)
    if treatment.replay is not None:
        found = treatment.replay.found(photo)
        after = treatment.replay.done(photo, accepted, treatment.device, progress)
        return after, found, list(after.notes)
    notes = list(photo.notes)
    if treatment.marking is None:
        return photo, (), notes
    marked = treatment.marking.marked(photo, errand.name, accepted, progress.part(0.2))
    if marked.mask is None:
        return marked.photo, marked.findings, notes
    after, result = filled(marked.photo, marked.mask, treatment.filling, treatment.device, progress.part(0.8))
    return after, marked.findings, [*notes, *result.notes]


def _enlarged(photo: Photo, how: EnlargeSettings, on: str, notes: list[str], progress: Progress) -> Photo:
    enlargement = by_factor(photo.height, photo.width, how.factor)
    request = upscaling.request_for(photo, enlargement, method=how.method, model=how.model, device=on)
    upscaling.refuse_impossible(request)
    result = upscaling.upscale(request, progress)
    notes.extend(result.notes)
    return photo.with_pixels(result.pixels, result.alpha)


def _thumbnail(photo: Photo, errand: Errand) -> bytes:
    if not errand.thumbnail:
        return b""
    import cv2

    from lacuna.imaging.colour import to_display

    scale = min(1.0, errand.thumbnail / max(photo.height, photo.width))
    size = (max(1, round(photo.width * scale)), max(1, round(photo.height * scale)))
    small = cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)
    shown = to_display(np.asarray(small), photo.profile, photo.white)
    _ok, jpeg = cv2.imencode(".jpg", shown[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, THUMBNAIL_QUALITY])
    return bytes(jpeg)
