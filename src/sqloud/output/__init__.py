"""Results as text: table, json, jsonl, csv and the other formats.

Law: nothing of a result reaches the stream before the whole of it has come, so that a statement that fails
half way leaves nothing there; but for one whose rows arrive (`Result.arrives`), which are written as they come.

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
    Format = Callable[[Sequence[ResultColumn], Iterable[Batch], bool, Note], Iterator[str]]

__all__ = ["DEFAULT_FORMAT", "FORMATS", "SUFFIXES", "write"]


def _format(module: str, function: str) -> Format:
    """The format that `function` of a module of this package writes, imported when it is used."""

    def chosen(
        columns: Sequence[ResultColumn], rows: Iterable[Batch], terminal: bool, note: Note
    ) -> Iterator[str]:
        from importlib import import_module

        writer = getattr(import_module(f"sqloud.output.{module}"), function)
        pieces: Iterator[str] = writer(columns, rows, terminal=terminal, note=note)
        return pieces

    return chosen


_lines = _format("tabular", "lines")

FORMATS = {
    "table": _format("tabular", "table"),
    "json": _format("jsontext", "json_array"),
    "jsonl": _format("jsontext", "json_lines"),
    "csv": _format("delimited", "csv"),
    "tsv": _format("delimited", "tsv"),
    "markdown": _format("markup", "markdown"),
    "html": _format("markup", "html"),
    "yaml": _format("records", "yaml"),
    "line": _format("records", "line"),
    "expanded": _format("records", "expanded"),
    "insert": _format("records", "insert"),
}
"""A format's name, and what turns columns and batches into pieces of text."""

SUFFIXES = {
    ".txt": "table",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".sql": "insert",
}
"""The format that a file's suffix asks for, where no other is said."""

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
    from sqloud.errors import Error
    from sqloud.output.spool import Spool

    count = printed = 0
    ended = False

    def counted() -> Iterator[Batch]:
        nonlocal count, ended
        for batch in result.batches():
            count += len(batch)
            yield batch
            if result.arrives:
                stream.flush()
        ended = True

    try:
        if output_format not in FORMATS:
            from sqloud.errors import InterfaceError

            raise InterfaceError(
                f"there is no output format {output_format!r}", hints=(f"one of {', '.join(FORMATS)}",)
            )
        if not result.columns:
            return sum(len(batch) for batch in result.batches())
        chosen = _lines if result.text_only and output_format == DEFAULT_FORMAT else FORMATS[output_format]
        if result.arrives:
            as_they_came = False
            for text in chosen(result.columns, counted(), terminal, note):
                stream.write(text)
                printed = count
                as_they_came = as_they_came or (count > 0 and not ended)
            if count and not as_they_came:
                note(
                    f"the format {output_format} needs every row before the first; csv, tsv and jsonl do not"
                )
            return count
        with Spool() as spool:
            for text in chosen(result.columns, counted(), terminal, note):
                spool.write(text)
            spool.release(stream)
    except Error:
        if result.arrives:
            stream.flush()
            note(f"{printed:,} rows were printed before the failure")
        raise
    finally:
        result.close()
    return count
