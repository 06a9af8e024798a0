"""Scores as rows, and their means as tables: on the terminal, in Markdown, in files."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lacuna.engine.evaluation import Guiding, Score
from lacuna.i18n import _
from lacuna.metrics import library
from lacuna.metrics.interval import mean

Row = dict[str, Any]  # values by the names of columns, and `notes`

BOX = "box_"  # before the names of what is measured over the hole's box
MARGIN = "_interval"  # behind the name of a measure: half the width of its 95 % interval
WIDTH = 100  # letters of a line on the terminal
GAP = "  "


@dataclass(frozen=True)
class Column:
    """A measure: `name` in files, `head` in tables, decimals in files and in tables."""

    name: str
    head: str
    kept: int
    shown: int


_PSNR, _SSIM = Column("psnr", "psnr", 3, 2), Column("ssim", "ssim", 4, 3)
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
        "guide": str(Guiding.NONE if score.edges is None else Guiding.TRUTH),
        **{c.name: _rounded(values[c.name], c.kept) for c in (*HOLE, *box_columns())},
        "notes": list(score.notes),
    }


def means(rows: Sequence[Row]) -> list[Row]:
    """By kind of mask and backend the mean of every measure, half its interval, and how many `pictures` it is over.

    The intervals are Student's, of 95 %; None for a single picture, and where a mean is infinite.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["mask"], row["backend"], row["guide"]), []).append(row)
    kinds = list(dict.fromkeys(row["mask"] for row in rows))
    found = []
    for (mask, backend, guide), group in sorted(groups.items(), key=lambda item: kinds.index(item[0][0])):
        line: Row = {"mask": mask, "backend": backend, "guide": guide, "pictures": len(group)}
        for column in (*HOLE, *box_columns()):
            values = [row[column.name] for row in group if row[column.name] is not None]
            taken = mean(values) if values else None
            line[column.name] = taken and taken.value
            line[column.name + MARGIN] = taken and taken.margin
        found.append(line)
    return found


def plain(row: Row) -> Row:
    """For JSON, which has no word for infinity."""
    return {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in row.items()}


# --- tables -----------------------------------------------------------------------------------------------------------
def terminal(found: Sequence[Row]) -> str:
    """Two tables of means that fit on a terminal, with the interval of PSNR; the files have all of them."""
    tables = (_("Inside the hole"), NARROW), (_("Over its bounding box, known pixels too"), box_columns())
    return "\n\n".join("\n".join(_aligned(title, shown, found)) for title, shown in tables)


def _aligned(title: str, shown: Sequence[Column], found: Sequence[Row]) -> list[str]:
    heads = ["n", *(head for column in shown for head in ([column.head, ""] if _has_margin(column) else [column.head]))]
    cells = [_cells(line, shown) for line in found]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    room = WIDTH - sum(width + len(GAP) for width in widths)
    names = [GAP + _name(line) for line in found]
    first = min(room, max(map(len, names)))

    def line_of(name: str, values: Sequence[str]) -> list[str]:
        line = GAP.join([name.ljust(first), *(v.rjust(w) for v, w in zip(values, widths, strict=True))]).rstrip()
        # A name without room has a line of its own: cut, it could be taken for another.
        return [line] if len(name) <= first else [name, *line_of("", values)]

    lines = [title, *line_of("", heads)]
    for i, (line, name, values) in enumerate(zip(found, names, cells, strict=True)):
        if not i or found[i - 1]["mask"] != line["mask"]:
            lines.append(line["mask"])
        lines += line_of(name, values)
    return lines


def _cells(line: Row, shown: Sequence[Column]) -> list[str]:
    cells = [str(line["pictures"])]
    for column in shown:
        cells.append(_figure(line[column.name], column))
        if _has_margin(column):
            margin = line[column.name + MARGIN]
            cells.append("" if margin is None else f"±{_figure(margin, column)}")
    return cells


def _has_margin(column: Column) -> bool:
    """There is room for one interval in a line."""
    return column.head == _PSNR.head


def markdown(found: Sequence[Row]) -> str:
    """All means with their intervals, as two tables to paste into a model's card."""
    tables = (_("Inside the hole"), HOLE), (_("Over its bounding box, known pixels too"), box_columns())
    note = _("Means over the photos ± Student's interval (95 %). Seconds are of the processor, over all cores.")
    parts = []
    for title, shown in tables:
        heads = ("mask", "method", "n", *(c.head for c in shown))
        lines = [heads, ("---", "---", *("--:" for _c in heads[2:]))]
        for line in found:
            figures = (_with_margin(line, column) for column in shown)
            lines.append((line["mask"], f"`{_name(line)}`", str(line["pictures"]), *figures))
        parts.append("\n".join((f"{title}:", "", *(f"| {' | '.join(cells)} |" for cells in lines))))
    return "\n\n".join((*parts, note)) + "\n"


def _with_margin(line: Row, column: Column) -> str:
    margin = line[column.name + MARGIN]
    figure = _figure(line[column.name], column)
    return figure if margin is None else f"{figure} ± {_figure(margin, column)}"


def _name(line: Row) -> str:
    return str(line["backend"]) if line["guide"] == Guiding.NONE else f"{line['backend']} + edges"


def _figure(value: float | None, column: Column) -> str:
    return "" if value is None else f"{value:.{column.shown}f}"


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
