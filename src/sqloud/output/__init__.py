"""Results as text (table, json, csv and others), and as files for programs: Parquet, Arrow, pictures.

Law: nothing of a result reaches the stream before the whole of it has come, so that a statement that fails
half way leaves nothing there; but for one whose rows arrive (`Result.arrives`), which are written as they come.

Importing this package costs nothing; each format is imported when it is written.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import BinaryIO, TextIO

    from sqloud.engine.base import Batch, ResultColumn
    from sqloud.executor.result import Result

    Note = Callable[[str], None]
    Format = Callable[[Sequence[ResultColumn], Iterable[Batch], bool, Note], Iterator[str]]

__all__ = ["BINARY", "DEFAULT_FORMAT", "FORMATS", "FORMAT_NAMES", "SUFFIXES", "format_of", "write"]


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

BINARY = {
    "parquet": ("columnar", "parquet"),
    "arrow": ("columnar", "arrow"),
    "png": ("plot", "png"),
    "svg": ("plot", "svg"),
}
"""A format of bytes, one answer a file: the module of this package and its function that writes it to a path."""

FORMAT_NAMES = (*FORMATS, *BINARY)

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
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".png": "png",
    ".svg": "svg",
}
"""The format that a file's suffix asks for, where no other is said."""

_FOREIGN = (
    *(
        ".arrows",
        ".avro",
        ".bz2",
        ".db",
        ".duckdb",
        ".gz",
        ".jpeg",
        ".jpg",
        ".ods",
        ".orc",
        ".pdf",
        ".sqlite",
    ),
    *(".xls", ".xlsx", ".xml", ".xz", ".zip", ".zst"),
)
"""Suffixes of formats that are well known and not ours: a table under such a name would be a lie."""

DEFAULT_FORMAT = "table"


def format_of(path: str) -> str | None:
    """The format that a file's name asks for, None where it asks for none. Raises InterfaceError for one not ours."""
    from os.path import splitext

    suffix = splitext(path)[1].lower()
    if suffix in _FOREIGN:
        from sqloud.errors import InterfaceError

        raise InterfaceError(
            f"no format of ours is {suffix}", hints=(f"there are {', '.join(sorted(SUFFIXES))}",)
        )
    return SUFFIXES.get(suffix)


def write(
    result: Result,
    output_format: str,
    stream: TextIO,
    *,
    terminal: bool,
    note: Callable[[str], None],
    again: bool = False,
) -> int:
    """Write a result and give the number of its rows; a result without columns writes nothing.

    `terminal` says that a person's terminal reads the stream: control characters are then escaped in every
    format. `note` is told what the format had to change. `again` says that the stream holds an answer already.
    The result is closed in any case.

    Raises InterfaceError for an unknown format and for bytes where they cannot go, what the result raises while it
    is read (then the stream got nothing), and OSError where the stream does not take the text.
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
        if output_format not in FORMAT_NAMES:
            from sqloud.errors import InterfaceError

            raise InterfaceError(
                f"there is no output format {output_format!r}", hints=(f"one of {', '.join(FORMAT_NAMES)}",)
            )
        if not result.columns:
            return sum(len(batch) for batch in result.batches())
        if output_format in BINARY:
            return _write_bytes(result, output_format, stream, terminal, note, again)
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


def _write_bytes(
    result: Result, output_format: str, stream: TextIO, terminal: bool, note: Note, again: bool
) -> int:
    """Write a result to a file of its own, then the file to the stream: nothing comes before all has."""
    import shutil
    from importlib import import_module
    from tempfile import TemporaryDirectory

    from sqloud.errors import InterfaceError

    buffer: BinaryIO | None = getattr(stream, "buffer", None)
    if terminal or buffer is None:
        raise InterfaceError(
            f"{output_format} is no text for a terminal",
            hints=(f"--out FILE.{output_format}, or \\g FILE.{output_format} in the shell, writes a file",),
        )
    if again:
        raise InterfaceError(
            f"a file holds one answer in the format {output_format}, and there is one already",
            hints=("give each statement a file of its own",),
        )
    module, function = BINARY[output_format]
    with TemporaryDirectory(prefix="sqloud-") as folder:
        path = f"{folder}/answer"
        count: int = getattr(import_module(f"sqloud.output.{module}"), function)(result, path, note)
        stream.flush()
        with open(path, "rb") as file:
            shutil.copyfileobj(file, buffer)
        buffer.flush()
    return count
