"""What PEP 249 asks of the library beside its statements: constructors, and values that come back as they went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

import pytest

import sqloud


@pytest.fixture(scope="module")
def connection() -> Iterator[sqloud.Connection]:
    with sqloud.connect(sandbox=True) as connection:
        yield connection


MADE = [
    (sqloud.Date(2026, 2, 28), date(2026, 2, 28), "DATETIME"),
    (sqloud.Time(23, 59, 58), time(23, 59, 58), "DATETIME"),
    (sqloud.Timestamp(2026, 2, 28, 23, 59, 58), datetime(2026, 2, 28, 23, 59, 58), "DATETIME"),
    (sqloud.Binary(b"\x00\xff'"), b"\x00\xff'", "BINARY"),
    (sqloud.Binary(b""), b"", "BINARY"),
]


@pytest.mark.parametrize(("made", "expected", "kind"), MADE)
def test_what_is_made_comes_back(connection: sqloud.Connection, made: Any, expected: Any, kind: str) -> None:
    cursor = connection.execute("SELECT :v AS v", {"v": made})
    assert cursor.fetchone() == (expected,)
    assert cursor.description is not None
    assert cursor.description[0][1] == getattr(sqloud, kind)


def test_ticks_are_local_times() -> None:
    now = datetime(2026, 2, 28, 23, 59, 58)
    ticks = now.timestamp()
    assert sqloud.TimestampFromTicks(ticks) == now
    assert sqloud.DateFromTicks(ticks) == now.date()
    assert sqloud.TimeFromTicks(ticks) == now.time()


@pytest.mark.parametrize("value", [3164444, None, True])
@pytest.mark.parametrize("statement", ["SELECT {{ x }}", "SELECT '{{ x }}'"])
def test_a_variable_is_text(connection: sqloud.Connection, statement: str, value: Any) -> None:
    with pytest.raises(sqloud.InvalidValueError, match=r"x is (int|NoneType|bool), and a variable is text"):
        connection.execute(statement, variables={"x": value})
