"""The formats markdown and html: a table for a page.

Law: a cell stays a cell; nothing that a value holds becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

from sqloud.engine.base import Batch, ResultColumn
from sqloud.output.escapes import visible
from sqloud.output.forms import NUMERIC, rows_of, text_column
from sqloud.output.shapes import shape_of

__all__ = ["html", "markdown"]

_MARKDOWN = re.compile(r"([\\|`*_<>\[\]])")


def markdown(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A pipe table; numbers to the right, NULL an empty cell, a line end `<br>`."""
    rules = ("---:" if _is_number(column) else ":---" for column in columns)
    yield f"| {' | '.join(_markdown(column.name) for column in columns)} |\n| {' | '.join(rules)} |\n"
    writers = [text_column(column.type, "", _markdown) for column in columns]
    for batch in batches:
        for row in rows_of(writers, batch):
            yield f"| {' | '.join(row)} |\n"


def html(
    columns: Sequence[ResultColumn], batches: Iterable[Batch], *, terminal: bool, note: Callable[[str], None]
) -> Iterator[str]:
    """A `<table>` to set into a page; a NULL has a class of its own."""
    heads = "".join(f"<th>{_html(column.name)}</th>" for column in columns)
    yield f"<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
    null = '<td class="null"></td>'
    writers = [text_column(column.type, null, _cell(column)) for column in columns]
    for batch in batches:
        for row in rows_of(writers, batch):
            yield f"<tr>{''.join(row)}</tr>\n"
    yield "</tbody>\n</table>\n"


def _is_number(column: ResultColumn) -> bool:
    return shape_of(column.type).kind in NUMERIC


def _cell(column: ResultColumn) -> Callable[[str], str]:
    tag = '<td style="text-align: right">' if _is_number(column) else "<td>"
    return lambda text: f"{tag}{_html(text)}</td>"


def _markdown(text: str) -> str:
    escaped = _MARKDOWN.sub(r"\\\1", text)
    return "<br>".join(visible(line) for line in escaped.splitlines()) if escaped else ""


def _html(text: str) -> str:
    return "<br>".join(visible(escape(line)) for line in text.split("\n"))
