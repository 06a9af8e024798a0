"""Scores of fills as rows, and their means as tables: on the terminal, in Markdown, in files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from lacuna.cli import tables
from lacuna.cli.tables import MARGIN, PSNR, Column, Row, aligned, in_markdown, rounded
from lacuna.engine.evaluation import Guiding, Score
from lacuna.i18n import _
from lacuna.metrics import library

BOX = "box_"  # before the names of what is measured over the hole's box
_PSNR, _SSIM = Column("psnr", PSNR, 3, 2), Column("ssim", "ssim", 4, 3)
_L1, _L2, _TV = Column("l1", "l1 %", 3, 2), Column("l2", "l2 %", 3, 2), Column("tv", "tv %", 3, 2)
_TV_TRUTH = Column("tv_truth", "tv % of the truth", 3, 2)
_DETAIL, _SWD, _SEAM = Column("detail", "detail", 4, 2), Column("swd", "swd", 4, 3), Column("seam", "seam", 4, 2)
_GMSD, _SECONDS = Column("gmsd", "gmsd", 4, 3), Column("seconds", "seconds", 4, 3)

HOLE = (_PSNR, _SSIM, _L1, _L2, _TV, _TV_TRUTH, _DETAIL, _SWD, _SEAM, _GMSD, _SECONDS)
NARROW = tuple(c for c in HOLE if c not in (_TV_TRUTH, _GMSD))  # a line on the terminal has no room for all


def box_columns() -> tuple[Column, ...]:
    """Over the hole's box; what needs the extra `metrics` only where that is installed."""
    of_library = (Column("ms_ssim", "ms-ssim", 4, 3), Column("vif", "vif", 4, 3)) if library.installed() else ()
    columns = (_PSNR, _SSIM, _L1, _L2, _TV, _GMSD, *of_library)
    return tuple(Column(BOX + c.name, c.head, c.kept, c.shown) for c in columns)


def columns() -> tuple[str, ...]:
    """The names of all columns of a row, in their order in a file."""
    return ("picture", "mask", "backend", "guide", *(c.name for c in (*HOLE[:-1], *box_columns(), _SECONDS)))


def summary_columns() -> tuple[str, ...]:
    measures = [name for c in (*HOLE, *box_columns()) for name in (c.name, c.name + MARGIN)]
    return ("mask", "backend", "guide", "pictures", *measures)


def row_of(score: Score) -> Row:
    """One score by `columns`, rounded; None where a measure does not exist."""
    over_box = {BOX + name: value for name, value in asdict(score.box).items()}
    values = asdict(score.measures) | over_box | {"seconds": score.seconds}
    return {
        "picture": score.case.picture.name,
        "mask": score.case.kind,
        "backend": score.method.name,
        "guide": str(score.guiding),
        **{c.name: rounded(values[c.name], c.kept) for c in (*HOLE, *box_columns())},
        "notes": list(score.notes),
    }


def means(rows: Sequence[Row]) -> list[Row]:
    """By kind of mask and backend; see `tables.means`."""
    return tables.means(rows, ("mask", "backend", "guide"), (*HOLE, *box_columns()))


# --- tables -----------------------------------------------------------------------------------------------------------
def terminal(found: Sequence[Row]) -> str:
    """Two tables of means that fit on a terminal, with the interval of PSNR; the files have all of them."""
    shown = (_("Inside the hole"), NARROW), (_("Over its bounding box, known pixels too"), box_columns())
    return "\n\n".join("\n".join(aligned(title, columns, found, "mask", _name)) for title, columns in shown)


def markdown(found: Sequence[Row]) -> str:
    """All means with their intervals, as two tables to paste into a model's card."""
    shown = (_("Inside the hole"), HOLE), (_("Over its bounding box, known pixels too"), box_columns())
    note = _("Means over the photos ± Student's interval (95 %). Seconds are of the processor, over all cores.")
    parts = [in_markdown(title, columns, found, "mask", _name) for title, columns in shown]
    return "\n\n".join((*parts, note)) + "\n"


def _name(line: Row) -> str:
    said = {Guiding.TRUTH: " + edges", Guiding.LINES: " + lines"}
    return f"{line['backend']}{said.get(line['guide'], '')}"
