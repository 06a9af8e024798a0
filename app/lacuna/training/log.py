"""What a training tells: rows of a CSV file, the same for TensorBoard where that is installed, and a line to read."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.imaging.atomic import write_atomically

DIGITS = 5  # of numbers in the file


class Means:
    """The means of the terms over the steps since they were last asked for. Summed on the device: nothing waits."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, terms: Mapping[str, Tensor]) -> None:
        for name, value in terms.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
            self._counts[name] = self._counts.get(name, 0) + 1

    def taken(self, step: int) -> dict[str, float]:
        """Raises InvalidParameter where a term is no number any more: the training is lost from there."""
        found = {name: float(value) / self._counts[name] for name, value in self._sums.items()}
        self._sums, self._counts = {}, {}
        wrong = [name for name, value in found.items() if not math.isfinite(value)]
        if wrong:
            sentence = _("Before step {step} the loss “{name}” ceased to be a number.")
            hint = _("What was saved before is whole: go on from there, with a smaller --rate.")
            raise InvalidParameter(sentence.format(step=step, name=wrong[0]), hint=hint)
        return found


class Log:
    """Rows of `columns`, first of all `step`. Rows of steps that a resumed run takes again are taken out first."""

    def __init__(self, path: Path, columns: tuple[str, ...], step: int, tell: Callable[[str], None]) -> None:
        self._columns, self._tell = columns, tell
        rows = _rows(path, step) if step else []
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]
        write_atomically(path, ["".join(f"{line}\n" for line in lines).encode()])
        self._file = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.DictWriter(self._file, columns, restval="", lineterminator="\n")
        self._board = _board(path.parent / "events" / path.stem, step)

    def write(self, row: Mapping[str, float]) -> None:
        known = {name: value for name, value in row.items() if math.isfinite(value)}
        self._writer.writerow(
            {name: f"{value:.{DIGITS}g}" if name != "step" else value for name, value in known.items()}
        )
        self._file.flush()
        if self._board is not None:
            for name, value in known.items():
                if name != "step":
                    self._board.add_scalar(name, value, int(row["step"]))
        self._tell("  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in known.items()))

    def close(self) -> None:
        self._file.close()
        if self._board is not None:
            self._board.close()


def board_missing() -> str:
    """Why nothing is written for TensorBoard, or ""."""
    try:
        from torch.utils import tensorboard  # noqa: F401
    except ImportError:
        return _(
            "TensorBoard is not installed: the run is logged to CSV files alone. It comes with lacuna-editor[train]."
        )
    return ""


def _board(folder: Path, step: int) -> Any:
    if board_missing():
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder), purge_step=step + 1)


def _rows(path: Path, step: int) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [row for row in csv.DictReader(file) if row["step"].isdigit() and int(row["step"]) <= step]
    except FileNotFoundError:
        return []


def busy(device: torch.device) -> float:
    """How much of the last moment the graphics card worked, 0 to 1; NaN where nobody says."""
    if device.type != "cuda":
        return math.nan
    try:
        return torch.cuda.utilization(device) / 100
    except (ImportError, RuntimeError):  # NVIDIA's library for it is an extra package
        return math.nan
