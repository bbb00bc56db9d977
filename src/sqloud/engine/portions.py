"""A query that is answered portion by portion, as the rows of its one table come.

Law: only a query that judges each row by itself is answered so. The engine's own plan says which one does: nothing
but filters and projections over one reading, with at most a LIMIT on the whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from sqloud.engine.base import Batch

__all__ = ["RowPortions", "row_limit"]

_BY_ROW = frozenset({"PROJECTION", "FILTER", "READ_JSON"})
_LIMITS = frozenset({"LIMIT", "STREAMING_LIMIT"})
_LAST_LIMIT = re.compile(r"\sLIMIT\s+(\d+)\s*$", re.IGNORECASE)
_ANY_LIMIT = re.compile(r"\blimit\b", re.IGNORECASE)


class RowPortions:
    """Answers rows by portions; `most` is how many rows the whole answer has at most, None without limit."""

    def __init__(self, answer: Callable[[bytes], Batch], most: int | None) -> None:
        self._answer = answer
        self.most = most

    def rows(self, lines: bytes) -> Batch:
        """The answer to some rows of the table, newline-delimited JSON; a blocking call."""
        return self._answer(lines)


def row_limit(plan: str, sql: str) -> tuple[bool, int | None]:
    """Whether a plan (EXPLAIN as JSON) judges each row by itself, and the LIMIT of the whole.

    >>> row_limit('[{"name": "FILTER", "children": [{"name": "READ_JSON", "children": []}]}]', "SELECT a FROM s")
    (True, None)
    >>> row_limit('[{"name": "LIMIT", "children": [{"name": "READ_JSON"}]}]', "SELECT a FROM s LIMIT 5")
    (True, 5)
    >>> row_limit('[{"name": "ORDER_BY", "children": [{"name": "READ_JSON"}]}]', "SELECT a FROM s ORDER BY a")
    (False, None)
    """
    names = [name.strip() for root in msgspec.json.decode(plan) for name in _names(root)]
    limits = [name for name in names if name in _LIMITS]
    if not set(names) <= _BY_ROW | _LIMITS or names.count("READ_JSON") != 1 or len(limits) > 1:
        return False, None
    if not limits:
        return not _ANY_LIMIT.search(sql), None
    found = _LAST_LIMIT.search(sql)
    if found is None or len(_ANY_LIMIT.findall(sql)) != 1:
        return False, None  # an OFFSET, or the LIMIT of a part
    return True, int(found[1])


def _names(node: dict[str, Any]) -> Iterator[str]:
    yield node["name"]
    for child in node.get("children", ()):
        yield from _names(child)
