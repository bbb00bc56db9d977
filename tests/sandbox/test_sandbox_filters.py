"""From a meaning to a test of a row: SQL's equality, and no row left out that a promise covers."""

from typing import Any

import pytest

from sqloud.datatypes import DataType
from sqloud.errors import NotSupportedError
from sqloud.registry.records import (
    Column,
    Equals,
    Meaning,
    MemberOf,
    Option,
    Parameter,
    Resource,
    Scope,
    TableName,
)
from sqloud.sandbox.filters import compile_filter

TEXT, WHOLE = DataType(type="string"), DataType(type="integer")
MOMENT = DataType(type="string", format="date-time")
RESOURCE = Resource(
    name=TableName("p", "s", "r"),
    columns=tuple(
        Column(name=name, type=TEXT, path=(name,)) for name in ("id", "name", "tags", "at", "up", "region")
    ),
)

# meaning, the parameter's type, the row, the value asked, whether the row is answered
CASES: list[tuple[Meaning, DataType, dict[str, Any], Any, bool]] = [
    (Equals(expression="id"), WHOLE, {"id": 5}, 5, True),
    (Equals(expression="id"), WHOLE, {"id": 5}, 6, False),
    (Equals(expression="id"), TEXT, {"id": 5}, "5", True),
    (Equals(expression="id"), WHOLE, {"id": None}, 5, False),
    (Equals(expression="id"), WHOLE, {}, 0, False),
    (Equals(expression="up"), WHOLE, {"up": True}, 1, False),
    (Equals(expression="up"), DataType(type="boolean"), {"up": True}, True, True),
    (Equals(expression="name"), TEXT, {"name": "A"}, "a", False),
    (Equals(expression="name", superset=True), TEXT, {"name": "A"}, "a", True),
    (Equals(expression="name", superset=True), TEXT, {"name": "STRASSE"}, "straße", True),
    (Equals(expression="name", superset=True), TEXT, {"name": None}, "a", False),
    (Equals(expression="region ->> 'slug'"), TEXT, {"region": {"slug": "x"}}, "x", True),
    (Equals(expression="at"), MOMENT, {"at": "2024-01-01T00:00:00Z"}, "2024-01-01T01:00:00+01:00", True),
    (Equals(expression="at"), MOMENT, {"at": None}, "2024-01-01T01:00:00+01:00", False),
    (Equals(expression="at"), TEXT, {"at": "2024-01-01T00:00:00Z"}, "2024-01-01T01:00:00+01:00", False),
    (MemberOf(column="tags"), TEXT, {"tags": ["a", "b"]}, "b", True),
    (MemberOf(column="tags"), TEXT, {"tags": ["ab"]}, "a", False),
    (MemberOf(column="tags"), TEXT, {"tags": []}, "a", False),
    (MemberOf(column="tags"), TEXT, {"tags": None}, "a", False),
    (MemberOf(column="tags"), TEXT, {"tags": [None]}, "a", False),
    (Scope(default="x", computed="name"), TEXT, {"name": "x"}, "x", True),
    (Scope(default="x", computed="name"), TEXT, {"name": "y"}, "x", False),
]


@pytest.mark.parametrize(("meaning", "data_type", "row", "asked", "answered"), CASES)
def test_a_row_is_answered_or_not(
    meaning: Meaning, data_type: DataType, row: dict[str, Any], asked: Any, answered: bool
) -> None:
    parameter = Parameter(name="x", sql_name="x", location="query", type=data_type, meaning=meaning)
    test = compile_filter(parameter, RESOURCE, "p.s.r.m")
    assert test is not None
    assert test(row, asked) is answered


@pytest.mark.parametrize("meaning", [Option(), Scope(), Scope(default="x"), None])
def test_what_says_nothing_of_a_row_filters_nothing(meaning: Meaning | None) -> None:
    parameter = Parameter(name="x", sql_name="x", location="query", type=TEXT, meaning=meaning)
    assert compile_filter(parameter, RESOURCE, "p.s.r.m") is None


def test_a_list_that_is_no_column_is_refused() -> None:
    meaning = MemberOf(column="labels")
    parameter = Parameter(name="x", sql_name="x", location="query", type=TEXT, meaning=meaning)
    with pytest.raises(NotSupportedError, match="no column labels"):
        compile_filter(parameter, RESOURCE, "p.s.r.m")
