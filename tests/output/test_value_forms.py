"""Each kind of value: the engine's type, the value, its text, its JSON; nested ones are the same JSON in both."""

import json
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from sqloud.output.forms import json_column, text_column

INDIA = timezone(timedelta(hours=5, minutes=30))
HALF = timedelta(microseconds=500_000)

FORMS: list[tuple[str, Any, str, str]] = [
    ("BIGINT", 0, "0", "0"),
    ("BIGINT", -(2**63), "-9223372036854775808", "-9223372036854775808"),
    ("HUGEINT", 2**64 + 1, "18446744073709551617", "18446744073709551617"),
    ("DOUBLE", 48.0, "48.0", "48.0"),
    ("DOUBLE", 0.00744, "0.00744", "0.00744"),
    ("DOUBLE", 0.1 + 0.2, "0.30000000000000004", "0.30000000000000004"),
    ("DOUBLE", 1e300, "1e+300", "1e+300"),
    ("DOUBLE", -0.0, "-0.0", "-0.0"),
    ("DOUBLE", float("nan"), "NaN", '"NaN"'),
    ("DOUBLE", float("-inf"), "-Infinity", '"-Infinity"'),
    ("FLOAT", 0.10000000149011612, "0.1", "0.1"),
    ("FLOAT", 16777216.0, "16777216.0", "16777216.0"),
    ("FLOAT", 3.4028234663852886e38, "3.4028235e+38", "3.4028235e+38"),
    ("FLOAT", float("inf"), "Infinity", '"Infinity"'),
    ("DECIMAL(18,3)", Decimal("-12.340"), "-12.340", "-12.340"),
    ("DECIMAL(38,10)", Decimal("1E-10"), "0.0000000001", "0.0000000001"),
    ("BOOLEAN", True, "true", "true"),
    ("BOOLEAN", False, "false", "false"),
    ("VARCHAR", "", "", '""'),
    ("VARCHAR", "NULL", "NULL", '"NULL"'),
    ("VARCHAR", 'say "hi" \\ 漢\n\x1b', 'say "hi" \\ 漢\n\x1b', '"say \\"hi\\" \\\\ 漢\\n\\u001b"'),
    ("ENUM('a', 'b')", "a", "a", '"a"'),
    (
        "TIMESTAMP WITH TIME ZONE",
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        "2026-01-31T12:00:00Z",
        '"2026-01-31T12:00:00Z"',
    ),
    (
        "TIMESTAMP WITH TIME ZONE",
        datetime(2026, 1, 1, 2, 0, 0, 120, tzinfo=INDIA),
        "2025-12-31T20:30:00.000120Z",
        '"2025-12-31T20:30:00.000120Z"',
    ),
    ("TIMESTAMP", datetime(2026, 1, 31, 12), "2026-01-31T12:00:00", '"2026-01-31T12:00:00"'),
    ("TIMESTAMP", "290000-01-01 00:00:00", "290000-01-01 00:00:00", '"290000-01-01 00:00:00"'),
    ("DATE", date(2026, 1, 31), "2026-01-31", '"2026-01-31"'),
    ("TIME", time(4, 5, 6, 7000), "04:05:06.007000", '"04:05:06.007000"'),
    ("INTERVAL", timedelta(days=3, hours=4, seconds=6), "3 days 04:00:06", '"3 days 04:00:06"'),
    ("INTERVAL", timedelta(days=1), "1 day", '"1 day"'),
    ("INTERVAL", -timedelta(days=1, hours=2), "-1 day -02:00:00", '"-1 day -02:00:00"'),
    ("INTERVAL", -HALF, "-00:00:00.5", '"-00:00:00.5"'),
    ("INTERVAL", timedelta(), "00:00:00", '"00:00:00"'),
    (
        "UUID",
        UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        '"6ba7b810-9dad-11d1-80b4-00c04fd430c8"',
    ),
    ("BLOB", b"\x00\xff", "\\x00ff", '"\\\\x00ff"'),
    ("UNION(num INTEGER, str VARCHAR)", 1, "1", "1"),
    ("UNION(num INTEGER, str VARCHAR)", "a", "a", '"a"'),
    ("UNION(at TIMESTAMP)", datetime(2026, 1, 1), "2026-01-01T00:00:00", '"2026-01-01T00:00:00"'),
    ("UNKNOWN", float("nan"), "NaN", '"NaN"'),
]

NESTED: list[tuple[str, Any, str]] = [
    ("JSON", '{ "b":\n 1.50, "a": [1e999, "\\u00e9"] }', '{"b":1.50,"a":[1e999,"\\u00e9"]}'),
    ("JSON", '"nyc3"', '"nyc3"'),
    ("JSON", "null", "null"),
    ("JSON", "[1,]", '"[1,]"'),
    ("VARCHAR[]", [], "[]"),
    ("VARCHAR[]", ["web", None, 'a"b'], '["web",null,"a\\"b"]'),
    ("INTEGER[2]", (1, 2), "[1,2]"),
    ("DOUBLE[]", [1.5, float("nan")], '[1.5,"NaN"]'),
    ("TIMESTAMP WITH TIME ZONE[]", [datetime(2026, 1, 1, tzinfo=UTC)], '["2026-01-01T00:00:00Z"]'),
    ("JSON[]", ['{"a": 1}', None], '[{"a":1},null]'),
    ("STRUCT(a INTEGER[])[][]", [[{"a": [1]}], None], '[[{"a":[1]}],null]'),
    (
        "STRUCT(\"a, \"\"b\" DECIMAL(3,1), c ENUM('x, y', 'z'), d JSON)",
        {'a, "b': Decimal("1.5"), "c": "x, y", "d": "{}"},
        '{"a, \\"b":1.5,"c":"x, y","d":{}}',
    ),
    ("STRUCT(a TIMESTAMP WITH TIME ZONE)", '{"a": "2026-01-01"}', '{"a":"2026-01-01"}'),
    ("MAP(INTEGER, VARCHAR)", {1: "a", 2: None}, '{"1":"a","2":null}'),
    ("STRUCT(INTEGER, VARCHAR)", (1, "a"), '[1,"a"]'),
    ("UNKNOWN", {"a": [True, None, date(2026, 1, 1)]}, '{"a":[true,null,"2026-01-01"]}'),
]


@pytest.mark.parametrize(
    ("type_name", "value", "text", "as_json"), [*FORMS, *((*nested, nested[2]) for nested in NESTED)]
)
def test_value_forms(type_name: str, value: Any, text: str, as_json: str) -> None:
    assert text_column(type_name, "NULL")([value, None]) == [text, "NULL"]
    assert json_column(type_name)([value, None]) == [as_json, "null"]
    json.loads(as_json)


def test_what_finishes_a_text_leaves_null_alone() -> None:
    assert text_column("BOOLEAN", "", str.upper)([True, None]) == ["TRUE", ""]
