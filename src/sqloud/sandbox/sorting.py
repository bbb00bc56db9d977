"""The order of a list, where an operation lets the request say it.

Law: rows that have the field come in its order, those that lack it after them; a field that no row has changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqloud.sandbox.facts import Operation

__all__ = ["in_order"]

_BY = ("sort", "sort_by")
_DIRECTION = "sort_direction"
_PREFIX = "_SORT_FIELD_"
"""Enums spell a field `MODEL_EVALUATION_RUN_SORT_FIELD_CREATED_AT`."""


def in_order(rows: list[Any], operation: Operation, arguments: Mapping[str, Any]) -> list[Any]:
    """The rows as a request's arguments want them, else as the specification's defaults say."""
    given = {one.name for one in operation.given}
    by = next((name for name in _BY if name in given), None)
    if by is None or by not in arguments:
        return rows
    field = str(arguments[by]).rpartition(_PREFIX)[2].lower()
    held = [row for row in rows if isinstance(row, dict) and row.get(field) is not None]
    others = [row for row in rows if row not in held]
    descending = str(arguments.get(_DIRECTION, "desc")).upper().endswith("DESC")
    return [*sorted(held, key=lambda row: str(row[field]), reverse=descending), *others]
