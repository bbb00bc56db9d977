"""Results as text: table, json, jsonl, csv.

Law: nothing of a result reaches the stream before the whole of it has come, so that a statement that fails
half way leaves nothing there.

Importing this package costs nothing; each format is imported when it is written.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from sqloud.engine.base import Batch, ResultColumn
    from sqloud.executor.result import Result

    Note = Callable[[str], None]

__all__ = ["DEFAULT_FORMAT", "FORMATS", "write"]


def _table(
    columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note
) -> Iterator[str]:
    from sqloud.output.tabular import table

    return table(columns, rows, terminal=terminal, note=note)


def _json(
    columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note
) -> Iterator[str]:
    from sqloud.output.jsontext import json_array

    return json_array(columns, rows, terminal=terminal, note=note)


def _jsonl(
    columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note
) -> Iterator[str]:
    from sqloud.output.jsontext import json_lines

    return json_lines(columns, rows, terminal=terminal, note=note)


def _csv(columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note) -> Iterator[str]:
    from sqloud.output.delimited import csv

    return csv(columns, rows, terminal=terminal, note=note)


def _lines(
    columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note
) -> Iterator[str]:
    from sqloud.output.tabular import lines

    return lines(columns, rows, terminal=terminal, note=note)


FORMATS = {"table": _table, "json": _json, "jsonl": _jsonl, "csv": _csv}
"""A format's name, and what turns columns and batches into pieces of text."""

DEFAULT_FORMAT = "table"


def write(
    result: Result, output_format: str, stream: TextIO, *, terminal: bool, note: Callable[[str], None]
) -> int:
    """Write a result and give the number of its rows; a result without columns writes nothing.

    `terminal` says that a person's terminal reads the stream: control characters are then escaped in every
    format. `note` is told what the format had to change. The result is closed in any case.

    Raises InterfaceError for an unknown format, what the result raises while it is read (then the stream
    got nothing), and OSError where the stream does not take the text.
    """
    from sqloud.output.spool import Spool

    count = 0

    def counted() -> Iterator[Batch]:
        nonlocal count
        for batch in result.batches():
            count += len(batch)
            yield batch

    try:
        if output_format not in FORMATS:
            from sqloud.errors import InterfaceError

            raise InterfaceError(
                f"there is no output format {output_format!r}", hints=(f"one of {', '.join(FORMATS)}",)
            )
        if not result.columns:
            return sum(len(batch) for batch in result.batches())
        chosen = _lines if result.text_only and output_format == DEFAULT_FORMAT else FORMATS[output_format]
        with Spool() as spool:
            for text in chosen(result.columns, counted(), terminal, note):
                spool.write(text)
            spool.release(stream)
    finally:
        result.close()
    return count
