"""The formats line, yaml and insert: a row as a record of names and values.

Law: each record is whole by itself: it names its columns, and NULL, the empty string and the text `NULL` differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import json_escaped, visible
from sqloud.output.forms import NUMERIC, json_column, json_string, rows_of, text_column
from sqloud.output.jsontext import told_names
from sqloud.output.shapes import shape_of

__all__ = ["expanded", "insert", "line", "yaml"]

_BARE = NUMERIC | {"BOOLEAN"}
_NOT_FINITE = {"NaN", "Infinity", "-Infinity"}


def line(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """`name = value` a line, an empty line between records."""
    yield from _named(columns, batches, lambda number: "" if number == 1 else "\n", " = ")


def expanded(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A record's columns below each other, under a line with its number; then the count."""
    count = 0

    def head(number: int) -> str:
        nonlocal count
        count = number
        return f"-[ RECORD {number} ]{'-' * 20}\n"

    yield from _named(columns, batches, head, " | ", left=True)
    yield f"({count} row{'s' if count != 1 else ''})\n"


def yaml(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A document: a list of mappings whose values are JSON, which YAML reads as it is; `[]` without rows."""
    keys = [json_escaped(json_string(name)) for name in told_names(columns, note)]
    writers = [json_column(column.type) for column in columns]
    empty = True
    yield "---\n"
    for batch in batches:
        for row in rows_of(writers, batch):
            empty = False
            pairs = [f"{key}: {json_escaped(cell)}" for key, cell in zip(keys, row, strict=True)]
            yield "- " + "\n  ".join(pairs) + "\n"
    if empty:
        yield "[]\n"


def insert(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """An INSERT statement a row, into a table named `result`."""
    names = ", ".join(_identifier(name) for name in told_names(columns, note))
    writers = [
        text_column(column.type, "NULL", None if shape_of(column.type).kind in _BARE else _literal)
        for column in columns
    ]
    bare = [shape_of(column.type).kind in _BARE for column in columns]
    for batch in batches:
        for row in rows_of(writers, batch):
            values = (
                _literal(cell) if plain and cell in _NOT_FINITE else cell
                for plain, cell in zip(bare, row, strict=True)
            )
            yield f"INSERT INTO result ({names}) VALUES ({', '.join(values)});\n"


def _named(
    columns: Sequence[ResultColumn],
    batches: Iterable[Batch],
    head: Callable[[int], str],
    between: str,
    *,
    left: bool = False,
) -> Iterator[str]:
    names = [visible(column.name) for column in columns]
    width = max(map(len, names), default=0)
    shown = [name.ljust(width) if left else name.rjust(width) for name in names]
    writers = [text_column(column.type, "NULL", visible) for column in columns]
    number = 0
    for batch in batches:
        for row in rows_of(writers, batch):
            number += 1
            yield head(number) + "".join(
                f"{name}{between}{cell}\n" for name, cell in zip(shown, row, strict=True)
            )


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
