"""Parameters from text: read in their own type and within their bounds, or refused by name."""

from typing import Any

import pytest

from sqloud.datatypes import DataType
from sqloud.registry.records import Parameter
from sqloud.sandbox.arguments import read_arguments
from sqloud.sandbox.refusal import Refusal


def one(type: str, format: str | None = None, items: str | None = None, **fields: Any) -> Parameter:  # noqa: A002
    data_type = DataType(type=type, format=format, items=items)
    return Parameter(**{"name": "x", "sql_name": "x", "location": "query", "type": data_type, **fields})


READ = [
    (one("integer"), ["5"], 5),
    (one("integer"), ["-0"], 0),
    (one("integer"), ["1", "2"], 2),
    (one("number"), ["2.5"], 2.5),
    (one("number"), ["1e3"], 1000.0),
    (one("boolean"), ["true"], True),
    (one("boolean"), ["false"], False),
    (one("string"), [""], ""),
    (one("string", "date-time"), ["2024-01-01T00:00:00Z"], "2024-01-01T00:00:00Z"),
    (one("string", "uuid"), ["anything"], "anything"),
    (one("array", items="integer"), ["1,2", "3"], [1, 2, 3]),
    (one("array", items="string"), ["a,b"], ["a", "b"]),
    (one("object"), ["{}"], "{}"),
    (one("string", pattern="^a+$"), ["aaa"], "aaa"),
    (one("integer", enum=(1, 2)), ["2"], 2),
    (one("number", minimum=0.5, maximum=1.5), ["1.5"], 1.5),
]


@pytest.mark.parametrize(("parameter", "texts", "value"), READ)
def test_a_value_has_its_type(parameter: Parameter, texts: list[str], value: Any) -> None:
    found = read_arguments([parameter], {}, [("x", text) for text in texts], {})
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


REFUSED = [
    (one("integer"), "1.0", "x must be integer, got '1.0'"),
    (one("integer"), " 1", "x must be integer"),
    (one("integer"), "0x1", "x must be integer"),
    (one("integer"), "9" * 20, "x must be integer"),
    (one("number"), "nan", "x must be number, got 'nan'"),
    (one("number"), "1,5", "x must be number"),
    (one("boolean"), "True", "x must be boolean, got 'True'"),
    (one("boolean"), "1", "x must be boolean"),
    (one("string", "date-time"), "yesterday", r"x must be string \(date-time\)"),
    (one("string", "date-time"), "2024-01-01T00:00:00", r"x must be string \(date-time\)"),
    (one("array", items="integer"), "1,a", "x must be integer, got 'a'"),
    (one("string", pattern="^a+$"), "b", r"x must match \^a\+\$; got 'b'"),
    (one("string", enum=("a", "b")), "c", "x must be one of a, b; got 'c'"),
    (one("number", minimum=0.5), "0.25", "x must be at least 0.5"),
    (one("number", maximum=1.5), "1.75", "x must be at most 1.5"),
    (one("integer", maximum=200), "201", "x must be at most 200"),
    (one("integer", maximum=5e6), "5000001", "x must be at most 5000000"),
]


@pytest.mark.parametrize(("parameter", "text", "message"), REFUSED)
def test_a_value_that_does_not_fit_is_refused(parameter: Parameter, text: str, message: str) -> None:
    with pytest.raises(Refusal, match=message) as caught:
        read_arguments([parameter], {}, [("x", text)], {})
    assert caught.value.status == 422


def test_each_parameter_is_read_from_its_own_place_and_kept_by_its_sql_name() -> None:
    parameters = [
        one("integer", location="path", name="id", sql_name="thing_id"),
        one("string", name="id", sql_name="query_id"),
        one("boolean", location="header", name="X-Dangerous", sql_name="x_dangerous"),
        one("string", name="absent", sql_name="absent"),
    ]
    found = read_arguments(parameters, {"id": "1"}, [("id", "two"), ("other", "?")], {"x-dangerous": "true"})
    assert found == {"thing_id": 1, "query_id": "two", "x_dangerous": True}


def test_a_required_parameter_that_is_missing_is_a_bad_request() -> None:
    with pytest.raises(Refusal, match="x is required") as caught:
        read_arguments([one("string", required=True)], {"x": "in the path"}, [], {})
    assert caught.value.status == 400


def test_a_parameter_excludes_what_it_names_and_no_more() -> None:
    parameters = [
        one("string", name="a", sql_name="a", excludes=("b",)),
        one("string", name="b", sql_name="b"),
        one("string", name="c", sql_name="c"),
    ]
    assert read_arguments(parameters, {}, [("a", "1"), ("c", "1")], {}) == {"a": "1", "c": "1"}
    with pytest.raises(Refusal, match="a and b cannot be used together") as caught:
        read_arguments(parameters, {}, [("b", "1"), ("a", "1")], {})
    assert caught.value.status == 422
