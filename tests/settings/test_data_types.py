"""Types keep their meaning: every type of a document has its SQL, its spelling and its Python form."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from sqloud.datatypes import SCALARS, DataType, python_form

TYPES = [
    (DataType(type="integer"), "BIGINT", "integer"),
    (DataType(type="integer", format="int64"), "BIGINT", "integer (int64)"),
    (DataType(type="number"), "DOUBLE", "number"),
    (DataType(type="boolean"), "BOOLEAN", "boolean"),
    (DataType(type="string"), "VARCHAR", "string"),
    (DataType(type="string", format="uuid"), "VARCHAR", "string (uuid)"),
    (DataType(type="string", format="date-time"), "TIMESTAMP WITH TIME ZONE", "string (date-time)"),
    (DataType(type="object"), "JSON", "object"),
    (DataType(type="any"), "JSON", "any"),
    (DataType(type="array"), "JSON", "array"),
    (DataType(type="array", items="object"), "JSON", "array of object"),
    (DataType(type="array", items="string"), "VARCHAR[]", "array of string"),
    (DataType(type="array", items="integer"), "BIGINT[]", "array of integer"),
    (DataType(type="array", items="number"), "DOUBLE[]", "array of number"),
    (DataType(type="array", items="boolean"), "BOOLEAN[]", "array of boolean"),
]


@pytest.mark.parametrize(("data_type", "sql", "spelling"), TYPES, ids=[row[2] for row in TYPES])
def test_forms(data_type: DataType, sql: str, spelling: str) -> None:
    assert data_type.sql == sql
    assert data_type.spelling == spelling
    assert data_type.is_json is (sql == "JSON")
    assert data_type.is_list is sql.endswith("[]")
    assert (python_form(data_type) is msgspec.Raw) is data_type.is_json
    assert not (data_type.is_json and data_type.type in SCALARS)


@pytest.mark.parametrize(
    ("data_type", "text", "expected"),
    [
        (DataType(type="integer"), "5", 5),
        (DataType(type="number"), "5", 5.0),
        (DataType(type="boolean"), "true", True),
        (DataType(type="string"), '"5"', "5"),
        (
            DataType(type="string", format="date-time"),
            '"2024-01-01T00:00:00Z"',
            datetime(2024, 1, 1, tzinfo=UTC),
        ),
        (DataType(type="array", items="integer"), "[1, null]", [1, None]),
    ],
)
def test_python_forms_decode(data_type: DataType, text: str, expected: Any) -> None:
    found = msgspec.json.decode(text, type=python_form(data_type))
    assert found == expected
    assert type(found) is type(expected)
