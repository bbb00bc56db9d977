"""Law: a bound value is a literal of its own kind and arrives exactly; what does not fit is an error."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from sqloud.dialect import Query, Statement, bind, constant_of, parse, split
from sqloud.errors import InvalidValueError, ProgrammingError, Source


def read(sql: str) -> Statement:
    (text,) = split(Source("test", sql))
    return parse(text)


@pytest.mark.parametrize(
    ("sql", "parameters", "bound"),
    [
        ("SELECT ?, ?", [1, "it's"], "SELECT 1, 'it''s'"),
        ("SELECT %s", (None,), "SELECT NULL"),
        ("SELECT :b, :a, :b", {"a": True, "b": -2, "unused": 3}, "SELECT (-2), TRUE, (-2)"),
        ("SELECT %(a)s", {"a": 2.5}, "SELECT 2.5"),
        ("SELECT ?", [Decimal("-1E+3")], "SELECT (-1000)"),
        ("SELECT ?", [10**30], "SELECT 1000000000000000000000000000000"),
        ("SELECT ?", [date(2024, 2, 29)], "SELECT CAST('2024-02-29' AS DATE)"),
        (
            "SELECT ?",
            [datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)],
            "SELECT CAST('2024-01-02 03:04:05+00:00' AS TIMESTAMPTZ)",
        ),
        ("SELECT ?", [[1, None, "a"]], "SELECT ARRAY[1, NULL, 'a']"),
        ("SELECT ?", [{"a": [1, "it's"]}], """SELECT '{"a":[1,"it''s"]}'"""),
        (
            "SELECT id FROM p.s.r WHERE id IN (?, ?) LIMIT ?",
            [1, 2, 3],
            "SELECT id FROM p.s.r WHERE id IN (1, 2) LIMIT 3",
        ),
        ("SELECT CAST(? AS int), lower(?)", ["1", "A"], "SELECT CAST('1' AS INT), LOWER('A')"),
        ("EXPLAIN SELECT ?", [1], "EXPLAIN SELECT 1"),
        ("INSERT INTO p.s.r (a, b) VALUES (?, ?)", [1, "x"], "INSERT INTO p.s.r (a, b) VALUES (1, 'x')"),
        (
            "UPDATE p.s.r SET a = ?, b = ? WHERE id = ?",
            [1, 2, 3],
            "UPDATE p.s.r SET a = 1, b = 2 WHERE id = 3",
        ),
        (
            "DELETE FROM p.s.r WHERE id = :id RETURNING :id",
            {"id": 3},
            "DELETE FROM p.s.r WHERE id = 3 RETURNING 3",
        ),
        ("EXEC p.s.r.m @a = ?, @@json = ?", [1, {"b": 2}], """EXEC p.s.r.m @a = 1, @@json = '{"b":2}'"""),
        ("SELECT 1", None, "SELECT 1"),
        ("SELECT 1", {"unused": 1}, "SELECT 1"),
        ("SHOW PROVIDERS", (), "SHOW PROVIDERS"),
    ],
)
def test_bound(sql: str, parameters: Any, bound: str) -> None:
    statement = read(sql)
    before = statement.to_sql()
    assert bind(statement, parameters).to_sql() == bound
    assert statement.to_sql() == before


@pytest.mark.parametrize(
    ("sql", "parameters", "error", "message", "pointed"),
    [
        ("SELECT ?, ?", [1], ProgrammingError, "2 parameters, and 1 values", 10),
        ("SELECT ?", [1, 2], ProgrammingError, "1 parameters, and 2 values", 7),
        ("SELECT 1", [1], ProgrammingError, "0 parameters, and 1 values", None),
        ("SELECT ?", None, ProgrammingError, "1 parameters, and 0 values", 7),
        ("SELECT 1, :a", {"b": 1}, ProgrammingError, "parameter a has no value", 10),
        ("SELECT :a", [1], ProgrammingError, "parameter a has no value", 7),
        ("SELECT ?", {"a": 1}, ProgrammingError, "not a mapping", 7),
        ("SELECT :a, ?", [1], ProgrammingError, "cannot stand in one statement", 11),
        ("SELECT ?", "1", ProgrammingError, "not one string", None),
        ("SELECT ?", [float("nan")], InvalidValueError, "nan is no number", 7),
        ("SELECT ?", [Decimal("Infinity")], InvalidValueError, "Infinity is no number", 7),
        ("SELECT ?", [10**5000], InvalidValueError, "too large", 7),
        ("SELECT ?", [{1}], InvalidValueError, "type set", 7),
        ("SELECT ?", [[object()]], InvalidValueError, "type object", 7),
        ("SELECT ?", [{"a": object()}], InvalidValueError, "no JSON", 7),
    ],
)
def test_refused_values(
    sql: str, parameters: Any, error: type[Exception], message: str, pointed: int | None
) -> None:
    with pytest.raises(error, match=message) as caught:
        bind(read(sql), parameters)
    assert isinstance(caught.value, ProgrammingError)
    assert (caught.value.span.start if caught.value.span else None) == pointed


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**128), 2**128)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"))
)


@given(SCALARS, SCALARS)
def test_values_arrive_exactly(first: object, second: object) -> None:
    bound = bind(read("SELECT ? FROM p.s.r WHERE a = ?"), [first, second])
    for statement in (bound, read(bound.to_sql())):
        assert isinstance(statement, Query)
        (comparison,) = statement.tree.find_all(exp.EQ)
        found = [constant_of(statement.tree.selects[0]), constant_of(comparison.expression)]
        assert found == [first, second]
        assert [type(value) for value in found] == [type(first), type(second)]


def test_a_tree_can_be_bound_alone() -> None:
    statement = read("SELECT a = :a FROM p.s.r")
    assert isinstance(statement, Query)
    assert bind(statement.tree.selects[0], {"a": 1}).sql() == "a = 1"
