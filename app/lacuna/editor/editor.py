"""One document, one tool, one backend, at most one running fill: the verbs of every menu, without a window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from lacuna.document.document import Document
from lacuna.editor.tool import Gesture, Outline, Pointer, Tool
from lacuna.engine.jobs import Job, JobQueue
from lacuna.imaging.photo import Mask, Photo, Pixels
from lacuna.imaging.region import Region
from lacuna.listeners import Listeners
from lacuna.settings import Settings


class Severity(Enum):
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True)
class Message:
    """What the message bar shows: a sentence, the next step, and details to copy on request."""

    sentence: str
    hint: str = ""
    severity: Severity = Severity.INFO
    details: str = ""


@dataclass(frozen=True)
class Estimate:
    """What a run will take: seconds and bytes, hole pixels and number of regions; `problem` says why it cannot run."""

    seconds: float = 0.0
    bytes: int = 0
    pixels: int = 0
    regions: int = 0
    problem: str = ""


@dataclass(frozen=True, eq=False)
class Candidate:
    """A result that was not put in by itself, because the picture changed below it meanwhile: accept it or drop it."""

    pieces: tuple[tuple[Region, Pixels], ...]
    label: str


class MaskFit(Enum):
    """What to do with a mask of another size."""

    REFUSE = "refuse"
    STRETCH = "stretch"
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"


class Editor:
    """The program without its window. All methods are called on the owner's thread and return at once.

    Listeners (each told on the owner's thread):
    - `document_changed()`: another document, or none, is open now (`document`).
    - `coarse(photo_pixels, (height, width))`: a first coarse sight of a picture that is being opened.
    - `state_changed()`: anything that an action's enabled state or a panel depends on: tool, options, backend, params,
      running job, gesture, candidate, clean state.
    - `job_changed(job)`: state or fraction of a job; `jobs` lists those not over, the running one first.
    - `previewed(region, pixels)`: a finished part of the running fill, to show over the picture until it ends.
    - `said(message)`: for the message bar.
    """

    document: Document | None
    gesture: Gesture | None
    candidate: Candidate | None
    settings: Settings
    jobs: list[Job]

    def __init__(self, settings: Settings, queue: JobQueue) -> None:
        self.document_changed: Listeners[[]] = Listeners()
        self.coarse: Listeners[[Pixels, tuple[int, int]]] = Listeners()
        self.state_changed: Listeners[[]] = Listeners()
        self.job_changed: Listeners[[Job]] = Listeners()
        self.previewed: Listeners[[Region, Pixels]] = Listeners()
        self.said: Listeners[[Message]] = Listeners()
        raise NotImplementedError

    # --- files -------------------------------------------------------------------------------------------------------
    def open(self, path: Path, then: Callable[[], None] | None = None, *, allow_large: bool = False) -> None:
        """Open a picture in a job; errors are said. `then()` follows when it is there. Unsaved work: ask before."""
        raise NotImplementedError

    def open_photo(self, photo: Photo) -> None:
        """Start a document from a picture in memory (paste)."""
        raise NotImplementedError

    def save(self, path: Path, then: Callable[[bool], None] | None = None, *, quality: int | None = None) -> None:
        """Write the picture in a job; `then(ok)`. Writing over the source is the caller's decision, already asked."""
        raise NotImplementedError

    @property
    def save_path(self) -> Path | None:
        """Where Ctrl+S writes without asking: the file last saved to; None before the first save."""
        raise NotImplementedError

    def proposed_path(self) -> Path:
        """`name_lacuna.ext` beside the source, a free name, in the format that keeps what the picture has."""
        raise NotImplementedError

    @property
    def unsaved(self) -> bool:
        """The picture (not the mask alone) has changes that are in no file."""
        raise NotImplementedError

    def close(self) -> None:
        """Forget the document and its journal."""
        raise NotImplementedError

    def neighbour(self, step: int) -> Path | None:
        """The next (+1) or previous (-1) picture of the folder, by natural order of names."""
        raise NotImplementedError

    def restorable(self) -> list[Any]:
        """Sessions that a crash left behind, newest first (see `document.journal`)."""
        raise NotImplementedError

    def restore(self, session: Any) -> None:
        """Bring a session back, undo included, in a job."""
        raise NotImplementedError

    # --- tools -------------------------------------------------------------------------------------------------------
    @property
    def tool(self) -> Tool:
        raise NotImplementedError

    @property
    def tools(self) -> tuple[Tool, ...]:
        """All tools, in the order of the tool bar: brush, eraser, restore, lasso, polygon, rectangle, wand, hand."""
        raise NotImplementedError

    @property
    def options(self) -> Any:
        """The tool's options as they are now."""
        raise NotImplementedError

    def use(self, tool_id: str) -> None: ...

    def set_option(self, name: str, value: Any) -> None: ...

    def swap_erase(self) -> None:
        """X: paint becomes erase and back."""
        raise NotImplementedError

    def resize_brush(self, steps: float) -> None:
        """`steps` times 1.1, at least 1 px."""
        raise NotImplementedError

    def harden_brush(self, steps: float) -> None: ...

    def press(self, at: Pointer) -> None: ...

    def move(self, at: Pointer) -> None: ...

    def release(self, at: Pointer) -> None: ...

    def double_click(self, at: Pointer) -> None: ...

    def outline(self, at: Pointer | None) -> Outline:
        """What to draw over the picture now: the gesture's outline, else the nib at `at`."""
        raise NotImplementedError

    # --- Enter, Esc and history ---------------------------------------------------------------------------------------
    def enter(self) -> None:
        """Close the unfinished shape, else accept the candidate, else run the fill."""
        raise NotImplementedError

    def escape(self) -> None:
        """Drop the shape, else the candidate, else cancel the run, else clear the mask (undoable)."""
        raise NotImplementedError

    def back(self) -> None:
        """Backspace: take the polygon's last point back."""
        raise NotImplementedError

    def undo(self) -> None: ...

    def redo(self) -> None: ...

    def go_to(self, position: int) -> None: ...

    # --- mask --------------------------------------------------------------------------------------------------------
    def clear_mask(self) -> None: ...

    def select_all(self) -> None: ...

    def invert_mask(self) -> None: ...

    def grow_mask(self, pixels: float = 1.0) -> None: ...

    def shrink_mask(self, pixels: float = 1.0) -> None: ...

    def feather_mask(self, pixels: float = 2.0) -> None: ...

    def reuse_last_mask(self) -> None: ...

    def fill_loop(self) -> None:
        """F: fill the inside of the loop just drawn."""
        raise NotImplementedError

    def import_mask(self, path: Path, fit: MaskFit = MaskFit.REFUSE) -> None:
        """Raises SizeMismatch under REFUSE if the sizes differ, and LacunaError for what cannot be read."""
        raise NotImplementedError

    def paste_mask(self, mask: Mask, fit: MaskFit = MaskFit.REFUSE) -> None: ...

    def export_mask(self, path: Path) -> None: ...

    def crop_to_mask(self) -> None: ...

    # --- fill --------------------------------------------------------------------------------------------------------
    @property
    def backend(self) -> str: ...  # type: ignore[empty-body]

    @property
    def params(self) -> Any: ...

    def use_backend(self, backend_id: str) -> None: ...

    def set_param(self, name: str, value: Any) -> None: ...

    @property
    def growth(self) -> float:
        """By how many pixels the mask is widened before the fill; shown in the overlay as what will be filled."""
        raise NotImplementedError

    def estimate(self) -> Estimate:
        """Cheap enough for each change of mask or params."""
        raise NotImplementedError

    def fill(self) -> None: ...

    def try_again(self) -> None:
        """R: take the last fill back and fill the same mask with the backend and params chosen now."""
        raise NotImplementedError

    def accept(self) -> None: ...

    def drop(self) -> None: ...

    def cancel(self) -> None:
        """Cancel the running job."""
        raise NotImplementedError

    # --- clipboard ---------------------------------------------------------------------------------------------------
    def result(self) -> Photo:
        """A copy of the picture as it is now, for the clipboard."""
        raise NotImplementedError

    # --- end ---------------------------------------------------------------------------------------------------------
    def shutdown(self) -> None:
        """Cancel, flush the journal, save the settings."""
        raise NotImplementedError
