"""The formats json and jsonl: each row an object on a line of its own.

Law: every column is a key, in the order of the SELECT, and no two keys of an object are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import json_escaped
from sqloud.output.forms import json_column, json_string, rows_of

__all__ = ["json_array", "json_lines", "told_names", "unique_names"]

Columns = Sequence[ResultColumn]
Note = Callable[[str], None]


def json_array(columns: Columns, batches: Iterable[Batch], *, terminal: bool, note: Note) -> Iterator[str]:
    """One array, closed by a newline; `[]` where there are no rows."""
    before = "["
    for lines in _objects(columns, batches, terminal=terminal, note=note):
        yield before + ",\n".join(lines)
        before = ",\n"
    yield "[]\n" if before == "[" else "]\n"


def json_lines(columns: Columns, batches: Iterable[Batch], *, terminal: bool, note: Note) -> Iterator[str]:
    """An object a line; nothing where there are no rows."""
    for lines in _objects(columns, batches, terminal=terminal, note=note):
        yield "\n".join(lines) + "\n"


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names, with `_1`, `_2`, ... on those that came before; a name of its own keeps it.

    >>> unique_names(["id", "id", "id_1", "id"])
    ('id', 'id_2', 'id_1', 'id_3')
    """
    taken = set(names)
    seen: set[str] = set()
    unique = []
    for name in names:
        chosen, number = name, 0
        if name in seen:
            while chosen in taken:
                number += 1
                chosen = f"{name}_{number}"
            taken.add(chosen)
        seen.add(chosen)
        unique.append(chosen)
    return tuple(unique)


def told_names(columns: Columns, note: Note) -> tuple[str, ...]:
    """The unique names of columns; `note` is told of each that is not its column's own."""
    names = [column.name for column in columns]
    keys = unique_names(names)
    for position, (name, key) in enumerate(zip(names, keys, strict=True), 1):
        if name != key:
            note(f'column {position} is written as "{key}", because another one is named "{name}"')
    return keys


def _objects(
    columns: Columns, batches: Iterable[Batch], *, terminal: bool, note: Note
) -> Iterator[list[str]]:
    """The objects of each batch that has rows."""
    keys = told_names(columns, note)
    members = [json_string(key).replace("%", "%%") + ":%s" for key in keys]
    row = ("{" + ",".join(members) + "}").__mod__
    writers = [json_column(column.type) for column in columns]
    for batch in batches:
        lines = map(row, rows_of(writers, batch))
        if batch:
            yield list(map(json_escaped, lines) if terminal else lines)
