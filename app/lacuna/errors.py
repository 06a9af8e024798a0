"""The one family of errors that a person may read: a sentence that names the thing, and the next step."""

from __future__ import annotations


class LacunaError(Exception):
    """An error for people: `sentence` names file and reason, `hint` is the remedy, `cause` goes to the log."""

    def __init__(self, sentence: str, hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class UnreadableFile(LacunaError):
    """A file that is missing, truncated, damaged or may not be read."""


class UnsupportedFormat(LacunaError):
    """A file that is whole but of a kind that Lacuna cannot open or write."""


class PictureTooLarge(LacunaError):
    """A picture whose header promises more pixels than are allowed to be decoded."""


class CannotSave(LacunaError):
    """A file that could not be written; whatever stood there before still stands there."""


class WouldReduce(CannotSave):
    """A format that holds less than the picture has: fewer bits, no transparency. `allow_reduce` lets it."""


class UnsuitableMask(LacunaError):
    """A mask that is empty, covers everything, or has another size than its picture."""


class SizeMismatch(UnsuitableMask):
    """A mask of another size than its picture; `mask_size` and `picture_size` are (width, height)."""

    def __init__(self, sentence: str, hint: str, mask_size: tuple[int, int], picture_size: tuple[int, int]) -> None:
        super().__init__(sentence, hint)
        self.mask_size = mask_size
        self.picture_size = picture_size


class UnsuitableRecipe(LacunaError):
    """A recipe that does not fit its picture: made for another size, or with pixels painted into another one."""


class RecipeOfAnotherSize(UnsuitableRecipe):
    """A recipe that was made for a picture of another size, where it is not said where its steps belong."""


class InvalidParameter(LacunaError):
    """A setting outside its range, or a name that is not a setting."""


class NothingToCopy(LacunaError):
    """No place was named to copy from."""


class UnknownBackend(LacunaError):
    """A backend, device or model that this installation does not have."""


class OutOfMemory(LacunaError):
    """Memory ended, also at the smaller size that was tried next."""


class BackendFailed(LacunaError):
    """An exception inside a backend, wrapped once, with its traceback as `details`."""

    def __init__(self, sentence: str, hint: str = "", cause: BaseException | None = None, details: str = "") -> None:
        super().__init__(sentence, hint, cause)
        self.details = details


class UnsuitableWeights(LacunaError):
    """Weights that are not those of a network: `misfits` names what is missing, too much or of another shape."""

    def __init__(self, sentence: str, hint: str = "", misfits: tuple[str, ...] = ()) -> None:
        super().__init__(sentence, hint)
        self.misfits = misfits


class UnknownModel(LacunaError):
    """A model that is not installed."""


class DamagedModel(LacunaError):
    """A model's folder that is incomplete, altered, or not understood."""


class CannotRemove(LacunaError):
    """A model that stays: it belongs to the program, or the system keeps it."""


class JournalDamaged(LacunaError):
    """A session journal that can be restored only in part, or not at all."""
