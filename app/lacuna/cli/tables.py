"""Rows of measures, their means over photos, and tables of these: on the terminal and in Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from lacuna.metrics.interval import mean

Row = dict[str, Any]  # values by the names of columns

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


PSNR = "psnr"  # the head of the column whose interval has room in a line on the terminal


def means(rows: Sequence[Row], keys: Sequence[str], columns: Sequence[Column]) -> list[Row]:
    """For all rows with the same values under `keys` the mean of every measure, half its interval, and how many
    `pictures` it is over; in the order of the first key's values.

    The intervals are Student's, of 95 %; None for a single picture, and where a mean is infinite.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    firsts = list(dict.fromkeys(row[keys[0]] for row in rows))
    found = []
    for values, group in sorted(groups.items(), key=lambda item: firsts.index(item[0][0])):
        line: Row = {**dict(zip(keys, values, strict=True)), "pictures": len(group)}
        for column in columns:
            measured = [row[column.name] for row in group if row[column.name] is not None]
            taken = mean(measured) if measured else None
            line[column.name] = taken and taken.value
            line[column.name + MARGIN] = taken and taken.margin
        found.append(line)
    return found


def plain(row: Row) -> Row:
    """For JSON, which has no word for infinity."""
    return {name: None if isinstance(value, float) and math.isinf(value) else value for name, value in row.items()}


def rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def aligned(
    title: str, shown: Sequence[Column], found: Sequence[Row], group: str, name: Callable[[Row], str]
) -> list[str]:
    """The lines of a table with means, one below the other by `group`, with the interval of PSNR."""
    heads = ["n", *(head for column in shown for head in ([column.head, ""] if _has_margin(column) else [column.head]))]
    cells = [_cells(line, shown) for line in found]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    room = WIDTH - sum(width + len(GAP) for width in widths)
    names = [GAP + name(line) for line in found]
    first = min(room, max(map(len, names)))

    def line_of(name: str, values: Sequence[str]) -> list[str]:
        line = GAP.join([name.ljust(first), *(v.rjust(w) for v, w in zip(values, widths, strict=True))]).rstrip()
        # A name without room has a line of its own: cut, it could be taken for another.
        return [line] if len(name) <= first else [name, *line_of("", values)]

    lines = [title, *line_of("", heads)]
    for i, (line, named, values) in enumerate(zip(found, names, cells, strict=True)):
        if not i or found[i - 1][group] != line[group]:
            lines.append(line[group])
        lines += line_of(named, values)
    return lines


def in_markdown(
    title: str, shown: Sequence[Column], found: Sequence[Row], group: str, name: Callable[[Row], str]
) -> str:
    """The same means with all their intervals."""
    heads = (group, "method", "n", *(c.head for c in shown))
    lines = [heads, ("---", "---", *("--:" for _c in heads[2:]))]
    for line in found:
        figures = (_with_margin(line, column) for column in shown)
        lines.append((line[group], f"`{name(line)}`", str(line["pictures"]), *figures))
    return "\n".join((f"{title}:", "", *(f"| {' | '.join(cells)} |" for cells in lines)))


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
    return column.head == PSNR


def _with_margin(line: Row, column: Column) -> str:
    margin = line[column.name + MARGIN]
    figure = _figure(line[column.name], column)
    return figure if margin is None else f"{figure} ± {_figure(margin, column)}"


def _figure(value: float | None, column: Column) -> str:
    return "" if value is None else f"{value:.{column.shown}f}"
