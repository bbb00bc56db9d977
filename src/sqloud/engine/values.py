"""Values out of the engine: as Python objects, without pytz and without losing a digit.

Law: a timestamp with time zone leaves the engine as microseconds and becomes an aware datetime here; nested
ones that cannot leave so leave as JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqloud.engine.base import Batch
from sqloud.errors import DataError

__all__ = ["projected", "quoted", "readable"]

_ZONED = "TIMESTAMP WITH TIME ZONE"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def quoted(text: str) -> str:
    """A SQL string literal.

    >>> quoted("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def readable(table: str, types: Sequence[str]) -> tuple[str, Callable[[Batch], Batch]]:
    """A query that reads all of `table` (columns c0, c1, ...), and what turns fetched rows into values."""
    if not any(_ZONED in sql_type for sql_type in types):
        return f"SELECT * FROM {table}", _unchanged
    projections, converted = projected([(f"c{position}", name) for position, name in enumerate(types)])
    return f"SELECT {', '.join(projections)} FROM {table}", converted


def projected(columns: Sequence[tuple[str, str]]) -> tuple[list[str], Callable[[Batch], Batch]]:
    """SQL for each (expression, type), and what turns fetched rows into values."""
    projections: list[str] = []
    convert: dict[int, Callable[[Any], Any]] = {}
    for position, (name, sql_type) in enumerate(columns):
        if sql_type == _ZONED:
            projections.append(_microseconds(name))
            convert[position] = _moment
        elif sql_type == f"{_ZONED}[]":
            projections.append(f"list_transform({name}, lambda moment: {_microseconds('moment')})")
            convert[position] = _moments
        elif _ZONED in sql_type:
            projections.append(f"CAST(to_json({name}) AS VARCHAR)")
        else:
            projections.append(name)

    def converted(rows: Batch) -> Batch:
        if not convert or not rows:
            return rows
        cells: list[Any] = list(zip(*rows, strict=True))
        for position, conversion in convert.items():
            cells[position] = [None if cell is None else conversion(cell) for cell in cells[position]]
        return list(zip(*cells, strict=True))

    return projections, converted


def _microseconds(expression: str) -> str:
    """SQL for a timestamp's microseconds; an infinite one, which has none, becomes one that no year holds."""
    return f"CASE WHEN isinf({expression}) THEN {2**63 - 1} ELSE epoch_us({expression}) END"


def _unchanged(rows: Batch) -> Batch:
    return rows


def _moment(microseconds: int) -> datetime:
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise DataError("a timestamp lies outside of the years 1 to 9999") from error


def _moments(cells: list[int | None]) -> list[datetime | None]:
    return [None if cell is None else _moment(cell) for cell in cells]
