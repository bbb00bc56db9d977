"""The format table: a grid to read, and the bare lines of answers that are text.

Law: a row is one line. Control characters are escaped always, because a table is for eyes; NULL is shown as
`NULL`, blanks are kept, numbers stand to the right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import visible, visible_lines
from sqloud.output.forms import NUMERIC, rows_of, text_column
from sqloud.output.shapes import shape_of

__all__ = ["lines", "table"]


def table(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """The grid, then `(3 rows)`. All rows are held, for the widths are those of the whole."""
    writers = [text_column(column.type, "NULL", visible) for column in columns]
    rows: list[tuple[str, ...]] = []
    for batch in batches:
        rows += rows_of(writers, batch)
    headers = [visible(column.name) for column in columns]
    grid = _tabulator(all(cell.isascii() for row in (headers, *rows) for cell in row)).tabulate(
        rows,
        headers=headers,
        tablefmt="psql",
        disable_numparse=True,
        preserve_whitespace=True,
        colalign=["right" if shape_of(column.type).kind in NUMERIC else "left" for column in columns],
    )
    yield f"{grid}\n({len(rows)} row{'s' if len(rows) != 1 else ''})\n"


def _tabulator(ascii_only: bool) -> ModuleType:
    """tabulate, with the widths of wide characters only where a text has some.

    It imports wcwidth whenever that is installed, which costs four times as much as itself.
    """
    import sys

    names = sys.modules
    if ascii_only and "tabulate" not in names and "wcwidth" not in names:
        names["wcwidth"] = None  # type: ignore[assignment]  # as if it were not installed
        try:
            import tabulate
        finally:
            del names["wcwidth"]
        return tabulate
    import tabulate

    if not ascii_only and vars(tabulate)["wcwidth"] is None:
        import wcwidth

        vars(tabulate).update(wcwidth=wcwidth, WIDE_CHARS_MODE=True)
    return tabulate


def lines(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """Each row's text on a line of its own, without a grid; a text of several lines keeps them, JSON its indents."""
    shown = visible_lines if terminal else str
    writers = [text_column("VARCHAR", "") for _ in columns]
    for batch in batches:
        for row in rows_of(writers, batch):
            yield shown("  ".join(row)) + "\n"
