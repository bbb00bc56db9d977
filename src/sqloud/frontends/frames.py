"""An answer in columns: Arrow, pandas, polars, a table to look at.

Law: each gives the whole answer, however many rows were fetched before, as often as it is asked until the cursor is
closed; nothing here needs a library that the caller did not ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqloud.engine.answers import Answer
from sqloud.errors import Error, InterfaceError, NotSupportedError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

    from sqloud.executor.result import Result

__all__ = ["Frames", "rendered_html"]

SHOWN = 20
"""Rows of a table that is looked at."""


class Frames:
    """What reads a cursor's answer in columns."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The answer as an Arrow stream (the PyCapsule interface), for polars, pyarrow, DuckDB, pandas and others.

        `requested_schema` is not followed, as the interface allows. Raises InterfaceError where nothing was executed.
        """
        answer, names = self._columnar()
        return answer.arrow_stream(names)

    def arrow(self) -> pyarrow.Table:
        """A pyarrow Table. Raises NotSupportedError without pyarrow."""
        try:
            import pyarrow
        except ImportError as error:
            raise _missing("pyarrow", "arrow()") from error
        return pyarrow.table(self)

    def pl(self) -> polars.DataFrame:
        """A polars DataFrame. Raises NotSupportedError without polars."""
        try:
            import polars
        except ImportError as error:
            raise _missing("polars", "pl()") from error
        return polars.DataFrame(self)

    def df(self) -> pandas.DataFrame:
        """A pandas DataFrame; pyarrow is not needed. Raises NotSupportedError without pandas."""
        answer, names = self._columnar()
        try:
            import pandas  # noqa: F401
        except ImportError as error:
            raise _missing("pandas", "df()") from error
        frame: pandas.DataFrame = answer.data_frame(names)
        return frame

    def dicts(self) -> list[dict[str, Any]]:
        """The rows that are left, each a dict by column; of columns with one name the last counts."""
        names = [column.name for column in self._current().columns]
        return [dict(zip(names, row, strict=True)) for row in self._rows_left()]

    def show(self, rows: int = SHOWN) -> None:
        """Print the first rows as a table, and how many requests it took."""
        import sys

        sys.stdout.write(self._table(rows) + "\n")

    def _repr_html_(self) -> str | None:
        """The first rows as an HTML table, for notebooks; None where there is nothing to show."""
        try:
            result = self._current()
        except Error:
            return None
        if not result.columns:
            return None
        names, rows, more = self._head(SHOWN)
        return rendered_html(names, rows, more, cost(result))

    def _table(self, count: int) -> str:
        from tabulate import tabulate

        names, rows, more = self._head(count)
        table = tabulate(rows, headers=names, tablefmt="psql", missingval="NULL", disable_numparse=True)
        rest = "\n... more rows" if more else ""
        return f"{table}{rest}\n({cost(self._current())})"

    def _head(self, count: int) -> tuple[list[str], list[list[str]], bool]:
        names = [column.name for column in self._current().columns]
        rows: list[list[str]] = []
        for row in self._rows_again():
            if len(rows) == count:
                return names, rows, True
            rows.append([_text(cell) for cell in row])
        return names, rows, False

    def _columnar(self) -> tuple[Answer, list[str]]:
        raise InterfaceError("nothing was executed")

    def _current(self) -> Result:
        raise InterfaceError("nothing was executed")

    def _rows_left(self) -> Iterator[tuple[Any, ...]]:
        raise InterfaceError("nothing was executed")

    def _rows_again(self) -> Iterator[tuple[Any, ...]]:
        raise InterfaceError("nothing was executed")


def cost(result: Result) -> str:
    """How many requests an answer took."""
    count = sum(scan.requests for scan in result.statistics.scans) if result.statistics is not None else 0
    return f"{count} request{'' if count == 1 else 's'}"


def rendered_html(names: list[str], rows: list[list[str]], more: bool, told: str) -> str:
    """An HTML table; what a provider answered is escaped.

    >>> rendered_html(["a"], [["<b>"]], False, "1 request")
    '<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>&lt;b&gt;</td></tr></tbody></table><p>1 request</p>'
    """
    from html import escape

    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    rest = "... more rows; " if more else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{rest}{escape(told)}</p>"


def _text(cell: object) -> str:
    from datetime import datetime

    if cell is None:
        return "NULL"
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, (dict, list)):
        import msgspec

        return msgspec.json.encode(cell).decode()
    return str(cell)


def _missing(library: str, method: str) -> NotSupportedError:
    return NotSupportedError(f"{method} needs {library}", hints=(f"pip install {library}",))
