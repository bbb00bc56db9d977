"""A chart of an answer, in the terminal.

Law: what is drawn are the answer's own values: the first column that is no number names them, or stands below them;
NULL is left out. plotext, an extra, is imported here alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqloud.engine.base import Batch, ResultColumn
from sqloud.errors import InterfaceError, ProgrammingError
from sqloud.output.escapes import visible
from sqloud.output.forms import NUMERIC
from sqloud.output.shapes import shape_of

__all__ = ["MOST_BARS", "chosen_columns", "drawn", "is_line"]

MOST_BARS = 60


def drawn(
    columns: Sequence[ResultColumn], rows: Batch, *, kind: str, names: Sequence[str], width: int, height: int
) -> list[str]:
    """The lines of a chart: `bar`, `line`, or by the first column (a line over numbers and moments).

    names: the columns to draw, the first below, the others as values; all where none is named. Raises ProgrammingError
    for what cannot be drawn, InterfaceError where the extra is not installed.
    """
    below, values = chosen_columns(columns, names)
    kind = kind or ("line" if is_line(columns[below], len(rows)) else "bar")
    if not rows:
        return ["(0 rows)"]
    if kind == "bar" and len(rows) > MOST_BARS:
        raise ProgrammingError(
            f"{len(rows):,} bars are too many for a screen",
            hints=(f"add   LIMIT {MOST_BARS}", "or draw a line   \\chart line"),
        )
    plot = _plotext()
    plot.clear_figure()
    plot.theme("clear")
    labels = ["NULL" if row[below] is None else visible(str(row[below])) for row in rows]
    if kind == "bar":
        plot.plotsize(width, max(6, len(rows) * max(1, len(values)) + 4))
        series = [[float(row[value] or 0) for row in rows] for value in values]
        shown = [label[: width // 3] for label in labels]
        if len(values) == 1:
            plot.bar(shown, series[0], orientation="h", width=0.6)
        else:
            plot.multiple_bar(
                shown, series, orientation="h", labels=[visible(columns[value].name) for value in values]
            )
    else:
        plot.plotsize(width, max(8, height))
        numeric = shape_of(columns[below].type).kind in NUMERIC
        for value in values:
            points = [(at, row) for at, row in enumerate(rows) if row[value] is not None]
            across = [
                float(row[below]) if numeric and row[below] is not None else float(at) for at, row in points
            ]
            plot.plot(across, [float(row[value]) for _, row in points], label=visible(columns[value].name))
        if not numeric:
            step = max(1, len(labels) // 6)
            plot.xticks(list(range(0, len(labels), step)), labels[::step])
    lines: list[str] = plot.build().split("\n")
    return lines


def chosen_columns(columns: Sequence[ResultColumn], names: Sequence[str] = ()) -> tuple[int, list[int]]:
    """Which column stands below the values, and which are values. Raises ProgrammingError where none can be."""
    known = [column.name for column in columns]
    for name in names:
        if name not in known:
            raise ProgrammingError(f"the answer has no column {name}", hints=(f"it has {', '.join(known)}",))
    numeric = [place for place, column in enumerate(columns) if shape_of(column.type).kind in NUMERIC]
    if names:
        below, values = known.index(names[0]), [known.index(name) for name in names[1:]]
        values = values or [place for place in numeric if place != below]
    else:
        texts = [place for place in range(len(columns)) if place not in numeric]
        below = texts[0] if texts else 0
        values = [place for place in numeric if place != below]
    if not values or any(value not in numeric for value in values):
        raise ProgrammingError(
            "a chart needs a column of numbers beside the one that stands below them",
            hints=("for example   SELECT status, count(*) ... GROUP BY status \\chart",),
        )
    return below, values


def is_line(below: ResultColumn, rows: int) -> bool:
    """Whether so many rows over this column are drawn as a line where nothing else is said."""
    kind = shape_of(below.type).kind
    return rows > 2 and (kind.startswith(("TIMESTAMP", "DATE")) or kind in NUMERIC)


def _plotext() -> Any:
    try:
        import plotext
    except ImportError as error:
        raise InterfaceError(
            "charts need plotext, which is not installed", hints=("pip install 'sqloud[chart]'",)
        ) from error
    return plotext
