r"""The formats csv and tsv: a header, then a record for each row, lines ended by a newline.

Law: NULL and the empty string differ. In csv (RFC 4180) NULL is an empty field without quotes, the empty string is
`""`; in tsv (Postgres's COPY text) NULL is `\N`, and a tab, a line end or a backslash is escaped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import visible
from sqloud.output.forms import NUMERIC, ColumnWriter, rows_of, text_column
from sqloud.output.shapes import shape_of

__all__ = ["csv", "tsv"]

_QUOTED = re.compile('[",\r\n]')
_NEVER_QUOTED = NUMERIC | {"BOOLEAN", "DATE", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "UUID"}
_NULL = ""
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def csv(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A header always; columns of one name keep it. On a terminal control characters are escaped."""
    shown = visible if terminal else str
    yield ",".join(_field(shown(column.name)) for column in columns) + "\n"
    writers = [_column(column.type, shown) for column in columns]
    for batch in batches:
        if batch:
            yield "\n".join(map(",".join, rows_of(writers, batch))) + "\n"


def tsv(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A header always. On a terminal control characters are escaped."""

    def field(text: str) -> str:
        escaped = text.translate(_ESCAPED)
        return visible(escaped) if terminal else escaped

    yield "\t".join(field(column.name) for column in columns) + "\n"
    writers = [text_column(column.type, "\\N", field) for column in columns]
    for batch in batches:
        if batch:
            yield "\n".join(map("\t".join, rows_of(writers, batch))) + "\n"


def _column(type_name: str, shown: Callable[[str], str]) -> ColumnWriter:
    if shape_of(type_name).kind in _NEVER_QUOTED:
        return text_column(type_name, _NULL)
    return text_column(type_name, _NULL, lambda text: _field(shown(text)))


def _field(text: str) -> str:
    if not text:
        return '""'
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text
