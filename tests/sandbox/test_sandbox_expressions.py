"""The SQL over a row: what is known means what it means in SQL, the rest is refused."""

from typing import Any

import pytest

from sqloud.errors import NotSupportedError
from sqloud.sandbox.expressions import compile_expression, follow_path

ROW: dict[str, Any] = {
    "id": 5,
    "name": "Web-01",
    "price": 0.5,
    "region": {"slug": "NYC3", "available": True, "sizes": ["a", "b"], "none": None, "latitude": 40.7},
    "gpu_info": None,
    "deep": {"inside": "x"},
}
COLUMNS = {name: (name,) for name in ROW} | {
    "missing": ("missing",),
    "whole": (),
    "inside": ("deep", "inside"),
}

KNOWN = [
    ("id", 5),
    ("ID", 5),
    ('"id"', 5),
    ("missing", None),
    ("inside", "x"),
    ("whole", ROW),
    ("'it''s'", "it's"),
    ("-3", -3),
    ("0.5", 0.5),
    ("TRUE", True),
    ("null", None),
    ("lower(name)", "web-01"),
    ("LOWER ( name )", "web-01"),
    ("lower(id)", 5),
    ("lower(missing)", None),
    ("region ->> 'slug'", "NYC3"),
    ("region->>'slug'", "NYC3"),
    ("lower(region ->> 'slug')", "nyc3"),
    ("region ->> 'available'", "true"),
    ("region ->> 'latitude'", "40.7"),
    ("region ->> 'sizes'", '["a","b"]'),
    ("region -> 'sizes' ->> 1", "b"),
    ("region -> 'sizes' ->> -1", "b"),
    ("region -> 'sizes' -> 2", None),
    ("region ->> 'none'", None),
    ("region ->> 'nothing'", None),
    ("name ->> 'slug'", None),
    ("gpu_info ->> 'model'", None),
    ("(region) ->> 'slug'", "NYC3"),
    ("CASE WHEN gpu_info IS NULL THEN 'droplets' ELSE 'gpus' END", "droplets"),
    ("CASE WHEN region IS NULL THEN 'droplets' ELSE 'gpus' END", "gpus"),
    ("case when gpu_info is not null then 1 when id = 5 then 2 end", 2),
    ("CASE WHEN missing = missing THEN 1 END", None),
    ("CASE WHEN name = 'Web-01' THEN id ELSE 0 END", 5),
]


@pytest.mark.parametrize(("text", "value"), KNOWN)
def test_a_known_expression_has_its_value(text: str, value: Any) -> None:
    assert compile_expression(text, COLUMNS, "the test")(ROW) == value


UNKNOWN = [
    ("", "the end"),
    ("nope", "no column nope"),
    ('"ID"', "no column ID"),
    ("upper(name)", "no column upper"),
    ("id + 1", r"at '\+ 1'"),
    ("id id", "at 'id'"),
    ("region ->> slug", "quoted key"),
    ("region -> 1.5", "quoted key"),
    ("lower(name", r"expected \), found 'the end'"),
    ("CASE ELSE 1 END", "CASE without WHEN"),
    ("CASE WHEN id IS 5 THEN 1 END", "expected NULL"),
    ("CASE WHEN id > 5 THEN 1 END", "at '> 5"),
    ("CASE WHEN id = 5 THEN 1", "expected END"),
    ("'open", 'at "\'open"'),
    ("case", "CASE without WHEN"),
    ("when", "at 'when'"),
    ("name; DROP TABLE x", "at '; DROP"),
]


@pytest.mark.parametrize(("text", "why"), UNKNOWN)
def test_an_unknown_expression_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(NotSupportedError, match=why) as caught:
        compile_expression(text, COLUMNS, "p.s.r.m(x)")
    assert "p.s.r.m(x)" in str(caught.value)
    assert caught.value.hints


@pytest.mark.parametrize(
    ("row", "path", "value"),
    [
        ({"a": {"b": 1}}, ("a", "b"), 1),
        ({"a": None}, ("a", "b"), None),
        ([1, 2], (), [1, 2]),
        (3, ("a",), None),
    ],
)
def test_a_path_leads_to_its_value_or_nowhere(row: Any, path: tuple[str, ...], value: Any) -> None:
    assert follow_path(row, path) == value
