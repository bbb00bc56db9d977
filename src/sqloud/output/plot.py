"""A picture of an answer: PNG or SVG.

Law: it is drawn by the rules of the terminal's charts (`output/chart.py`); NULL is a gap in a line and no bar, and one
answer gives one picture, byte for byte. matplotlib, an extra, is imported here alone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from sqloud.errors import InterfaceError, ProgrammingError
from sqloud.output.chart import MOST_BARS, chosen_columns, is_line

if TYPE_CHECKING:
    from sqloud.engine.base import Batch
    from sqloud.executor.result import Result

__all__ = ["png", "svg"]

Note = Callable[[str], None]


def png(result: Result, path: str, note: Note) -> int:
    """Draw a result into a PNG file; gives the number of rows. Raises as `chosen_columns` does."""
    return _drawn(result, path, "png", note)


def svg(result: Result, path: str, note: Note) -> int:
    """Draw a result into an SVG file."""
    return _drawn(result, path, "svg", note)


def _drawn(result: Result, path: str, form: str, note: Note) -> int:
    below, values = chosen_columns(result.columns)
    matplotlib = _matplotlib()
    rows: Batch = [row for batch in result.batches() for row in batch]
    as_line = is_line(result.columns[below], len(rows))
    if not as_line and len(rows) > MOST_BARS:
        raise ProgrammingError(
            f"{len(rows):,} bars are too many for a picture", hints=(f"add   LIMIT {MOST_BARS}",)
        )
    if not rows:
        note("the answer has no rows: the picture is empty")
    with matplotlib.rc_context({"svg.hashsalt": "sqloud", "svg.fonttype": "none"}):
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9.6, 5.4), dpi=100, layout="constrained")
        axes = figure.subplots()
        if as_line:
            rows = sorted((row for row in rows if row[below] is not None), key=lambda row: row[below])
            for value in values:
                heights = [_number(row[value]) for row in rows]
                axes.plot([_place(row[below]) for row in rows], heights, label=_plain(result, value))
        else:
            width = 0.8 / len(values)
            for order, value in enumerate(values):
                at = [place + width * (order - (len(values) - 1) / 2) for place in range(len(rows))]
                heights = [_number(row[value]) for row in rows]
                axes.bar(at, heights, width=width, label=_plain(result, value))
            labels = ["NULL" if row[below] is None else _escaped(str(row[below])) for row in rows]
            steep = len(rows) > 8 or any(len(label) > 12 for label in labels)
            axes.set_xticks(
                range(len(rows)), labels, rotation=45 if steep else 0, ha="right" if steep else "center"
            )
        axes.set_xlabel(_plain(result, below))
        if len(values) == 1:
            axes.set_ylabel(_plain(result, values[0]))
        else:
            axes.legend()
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        figure.savefig(
            path, format=form, metadata={"Date": None} if form == "svg" else {"Software": "sqloud"}
        )
    return len(rows)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _place(value: Any) -> Any:
    return value if isinstance(value, date) else float(value)  # a moment is a date too


def _plain(result: Result, position: int) -> str:
    return _escaped(result.columns[position].name)


def _escaped(text: str) -> str:
    """Text that the plotting library does not read as mathematics."""
    return text.replace("$", r"\$")


def _matplotlib() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise InterfaceError(
            "pictures need matplotlib, which is not installed", hints=("pip install 'sqloud[plot]'",)
        ) from error
    return matplotlib
