"""Rows are found and checked strictly: each type against right and wrong values, each shape, each place."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.datatypes import DataType
from sqloud.errors import IncompleteAnswerError, ResponseDataError
from sqloud.plan.steps import Echo
from sqloud.protocol.rows import RowDecoder, navigate
from sqloud.registry.records import Column, Rows

INTEGER = DataType(type="integer")
NUMBER = DataType(type="number")
BOOLEAN = DataType(type="boolean")
STRING = DataType(type="string")
MOMENT = DataType(type="string", format="date-time")
UUID = DataType(type="string", format="uuid")
OBJECT = DataType(type="object")
OBJECTS = DataType(type="array", items="object")
INTEGERS = DataType(type="array", items="integer")
STRINGS = DataType(type="array", items="string")
NUMBERS = DataType(type="array", items="number")
BOOLEANS = DataType(type="array", items="boolean")


def column(name: str, data_type: DataType, *path: str) -> Column:
    return Column(name=name, type=data_type, path=path or (name,))


def decoded(
    body: bytes,
    *columns: Column,
    rows: Rows = Rows(path=("rows",)),  # noqa: B008  # frozen
    echoes: dict[str, Any] | None = None,
    notices: list[str] | None = None,
) -> list[str]:
    """The lines of a page, each as text."""
    decoder = RowDecoder(
        rows,
        columns,
        [Echo(name=name, parameter=name, type=STRING) for name in echoes or {}],
        on_mismatch=None if notices is None else notices.append,
    )
    page = decoder.decode(body, list((echoes or {}).values()))
    lines = page.lines.decode().split("\n")
    assert lines.pop() == ""
    assert page.count == len(lines)
    return lines


# A value as JSON, and as it is loaded.
RIGHT: list[tuple[DataType, str, str]] = [
    *((data_type, "null", "null") for data_type in (INTEGER, NUMBER, BOOLEAN, STRING, MOMENT, UUID, OBJECT, OBJECTS,
                                                    INTEGERS, STRINGS)),
    (INTEGER, "0", "0"),
    (INTEGER, "9223372036854775807", "9223372036854775807"),
    (INTEGER, "-9223372036854775808", "-9223372036854775808"),
    (INTEGER, "9007199254740993", "9007199254740993"),
    (NUMBER, "0", "0.0"),
    (NUMBER, "25.5", "25.5"),
    (NUMBER, "0.1", "0.1"),
    (NUMBER, "1e3", "1000.0"),
    (NUMBER, "18446744073709551616", "1.8446744073709552e19"),
    (BOOLEAN, "true", "true"),
    (BOOLEAN, "false", "false"),
    (STRING, '""', '""'),
    (STRING, '"5"', '"5"'),
    (STRING, r'"a\u0000b\n\"\\\u2028"', r'"a\u0000b\n\"\\' + "\u2028" + '"'),
    (STRING, r'"\ud83d\ude00"', '"😀"'),
    (UUID, '"x"', '"x"'),
    (MOMENT, '"2024-02-29T23:59:59Z"', '"2024-02-29T23:59:59Z"'),
    (MOMENT, '"2024-02-29T23:59:59.123456Z"', '"2024-02-29T23:59:59.123456Z"'),
    (MOMENT, '"2024-02-29T23:59:59+05:30"', '"2024-02-29T23:59:59+05:30"'),
    (OBJECT, '{"a": [1, 2.50, {}]}', '{"a": [1, 2.50, {}]}'),
    (OBJECT, '{"n": 12345678901234567890123}', '{"n": 12345678901234567890123}'),
    (OBJECTS, "[]", "[]"),
    (OBJECTS, '[{"a": 1}]', '[{"a": 1}]'),
    (INTEGERS, "[]", "[]"),
    (INTEGERS, "[1, null, 3]", "[1,null,3]"),
    (STRINGS, '["", null]', '["",null]'),
    (NUMBERS, "[1, 2.5]", "[1.0,2.5]"),
    (BOOLEANS, "[true, null]", "[true,null]"),
]  # fmt: skip

WRONG: list[tuple[DataType, str]] = [
    *((INTEGER, text) for text in ("25.5", "1.0", "1e3", "true", '"5"', '""', "9223372036854775808",
                                   "-9223372036854775809", "18446744073709551616", "[]", "{}")),
    *((NUMBER, text) for text in ('"1"', "true", "1e400", "[]")),
    *((BOOLEAN, text) for text in ("1", "0", '"true"', "{}")),
    *((STRING, text) for text in ("5", "true", "{}", "[]")),
    *((MOMENT, text) for text in ('"2024-02-29T23:59:59"', '"2024-02-29"', '"yesterday"', '""', "1700000000",
                                  '"2023-02-29T00:00:00Z"', '"0000-01-01T00:00:00Z"')),
    *((INTEGERS, text) for text in ("[1.5]", '["1"]', "{}", "1", "[true]", "[[1]]", "[9223372036854775808]")),
    *((STRINGS, text) for text in ("[1]", '"a"', '{"a": "b"}')),
]  # fmt: skip

WAYS = {
    "at once": ('{{"rows": [{{"v": {}}}]}}', ("v",)),
    "cell by cell": ('{{"rows": [{{"in": {{"v": {}}}}}]}}', ("in", "v")),
    "on many lines": ('{{\n\t"rows": [\r\n{{"v":\n{}\n}}\n]\n}}\n', ("v",)),
}
way = pytest.mark.parametrize(("template", "path"), WAYS.values(), ids=WAYS)


@way
@pytest.mark.parametrize(("data_type", "text", "loaded"), RIGHT)
def test_a_value_that_fits(
    data_type: DataType, text: str, loaded: str, template: str, path: tuple[str, ...]
) -> None:
    body = template.format(text).encode()
    if "\n" in template:
        loaded = loaded.replace(" ", "") if data_type.is_json else loaded
    assert decoded(body, column("v", data_type, *path)) == [f'{{"v":{loaded}}}']


@way
@pytest.mark.parametrize(("data_type", "text"), WRONG)
def test_a_value_that_does_not_fit(
    data_type: DataType, text: str, template: str, path: tuple[str, ...]
) -> None:
    body = template.format(text).encode()
    shown = text.replace(": ", ":") if "\n" in template else text
    with pytest.raises(ResponseDataError) as caught:
        decoded(body, column("v", data_type, *path))
    assert caught.value.message == f"row 1: v is {data_type.spelling}, and the answer holds {shown}"
    notices: list[str] = []
    assert decoded(body, column("v", data_type, *path), notices=notices) == ['{"v":null}']
    assert notices == [caught.value.message]


@way
def test_what_is_missing_is_null(template: str, path: tuple[str, ...]) -> None:
    body = b'{"rows": [{}, {"w": 1}]}'
    columns = [column("v", data_type, *path) for data_type in (INTEGER,)]
    assert decoded(body, *columns) == ['{"v":null}'] * 2
    assert decoded(body, column("v", OBJECT, *path)) == ['{"v":null}'] * 2


def test_a_wrong_value_names_its_row_and_is_shown_in_part() -> None:
    rows = [{"id": 1}, {"id": 2}, {"id": "x" * 500}]
    with pytest.raises(ResponseDataError, match=r'row 3: id is integer, and the answer holds "x{119}\.\.\.$'):
        decoded(json.dumps({"rows": rows}).encode(), column("id", INTEGER))


ID = column("id", INTEGER)
PLACES: list[tuple[str, Rows, str, list[str]]] = [
    ("list", Rows(path=("rows",)), '{"rows": [{"id": 1}, {"id": 2}]}', ["1", "2"]),
    ("empty list", Rows(path=("rows",)), '{"rows": []}', []),
    ("null for a list", Rows(path=("rows",)), '{"rows": null}', []),
    ("deeper", Rows(path=("a", "b")), '{"a": {"b": [{"id": 1}]}}', ["1"]),
    ("the answer itself", Rows(), '[{"id": 1}]', ["1"]),
    ("object", Rows(path=("row",), shape="object"), '{"row": {"id": 1}}', ["1"]),
    ("the answer as object", Rows(shape="object"), ' {"id": 1} ', ["1"]),
    ("map", Rows(path=("rows",), shape="map"), '{"rows": {"7": {"id": 1}, "8": {"id": 2}}}', ["1", "2"]),
    ("empty map", Rows(path=("rows",), shape="map"), '{"rows": {}}', []),
    ("null for a map", Rows(path=("rows",), shape="map"), '{"rows": null}', []),
    ("a key twice", Rows(path=("rows",)), '{"rows": [{"id": 1, "id": 2}]}', ["2"]),
]


@pytest.mark.parametrize("nested", [False, True], ids=["at once", "cell by cell"])
@pytest.mark.parametrize(("rows", "body", "ids"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES])
def test_where_rows_are(rows: Rows, body: str, ids: list[str], nested: bool) -> None:
    # A second column that leads deeper takes the fast way away.
    more = [column("deep", STRING, "deep", "deeper")] if nested else []
    tail = ',"deep":null' if nested else ""
    assert decoded(body.encode(), ID, *more, rows=rows) == [f'{{"id":{number}{tail}}}' for number in ids]


LIST = Rows(path=("rows",))
BROKEN: list[tuple[str, Rows, bytes, type[Exception], str]] = [
    ("no envelope", LIST, b"{}", IncompleteAnswerError, "the answer has no 'rows'"),
    ("no inner envelope", Rows(path=("a", "b")), b'{"a": {}}', IncompleteAnswerError, "no 'a.b'"),
    ("null on the way", Rows(path=("a", "b")), b'{"a": null}', IncompleteAnswerError, "no 'a.b'"),
    ("no object on the way", Rows(path=("a", "b")), b'{"a": [1]}', ResponseDataError,
     "a should be a JSON object, and is an array"),
    ("an object for a list", LIST, b'{"rows": {"id": 1}}', ResponseDataError,
     "rows should be a list of rows, and is an object"),
    ("text for a list", LIST, b'{"rows": "none"}', ResponseDataError, "and is a string"),
    ("a number for a list", LIST, b'{"rows": 0}', ResponseDataError, "and is a number"),
    ("false for a list", LIST, b'{"rows": false}', ResponseDataError, "and is a boolean"),
    ("a list for an object", Rows(path=("rows",), shape="object"), b'{"rows": []}', ResponseDataError,
     "rows should be an object, and is an array"),
    ("null for an object", Rows(path=("rows",), shape="object"), b'{"rows": null}', ResponseDataError, "and is null"),
    ("a list for a map", Rows(path=("rows",), shape="map"), b'{"rows": []}', ResponseDataError,
     "rows should be an object of rows, and is an array"),
    ("a list for the answer", LIST, b"[]", ResponseDataError, "the answer should be a JSON object, and is an array"),
    ("null for the answer", LIST, b"null", ResponseDataError, "and is null"),
    ("a row that is null", LIST, b'{"rows": [{"id": 1}, null]}', ResponseDataError,
     "row 2: id: the row should be a JSON object, and is null"),
    ("a row that is a number", LIST, b'{"rows": [7]}', ResponseDataError,
     "row 1: id: the row should be a JSON object, and is a number"),
    ("nothing", LIST, b"", ResponseDataError, "and is empty"),
    ("blanks", LIST, b" \n ", ResponseDataError, "and is empty"),
    ("HTML", LIST, b"<!doctype html><h1>Sign in</h1>", ResponseDataError, "not JSON: '<!doctype html>"),
    ("HTML on lines", LIST, b"<html>\n<h1>Sign in</h1>\n", ResponseDataError, "not JSON: '<html>"),
    ("text", LIST, b"oops", ResponseDataError, "not JSON: 'oops'"),
    ("cut off", LIST, b'{"rows": [{"id": 1}, {"id"', ResponseDataError, "cut off or broken"),
    ("cut off between lines", LIST, b'{"rows": [\n{"id": 1},\n', ResponseDataError, "cut off or broken"),
    ("two answers", LIST, b'{"rows": []}{"rows": []}', ResponseDataError, "cut off or broken"),
    ("NaN", LIST, b'{"rows": [{"id": NaN}]}', ResponseDataError, "cut off or broken"),
    ("half a character", LIST, rb'{"rows": [{"id": "\ud800"}]}', ResponseDataError, "cut off or broken|row 1"),
    ("no UTF-8", LIST, b'{"rows": [{"id": "\xff"}]}', ResponseDataError, "not UTF-8 at its byte 18"),
    ("Latin-1 where nobody looks", LIST, b'{"rows": [{"id": 1, "x": {"y": "\xe9"}}]}', ResponseDataError, "not UTF-8"),
    ("a surrogate in UTF-8", LIST, b'{"rows": [{"id": 1, "x": "\xed\xa0\x80"}]}', ResponseDataError, "not UTF-8"),
    ("very deep", LIST, b'{"rows": [{"id": ' + b"[" * 200_000, ResponseDataError, "nests deeper"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "body", "kind", "said"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN]
)
def test_an_answer_that_does_not_hold(rows: Rows, body: bytes, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        decoded(body, ID, column("x", OBJECT), rows=rows)


def test_a_path_that_leads_through_a_scalar_names_row_and_column() -> None:
    body = b'{"rows": [{"region": {"slug": "nyc"}}, {"region": "ams"}, {"region": null}]}'
    slug = column("region_slug", STRING, "region", "slug")
    with pytest.raises(ResponseDataError, match="row 2: region_slug: region should be a JSON object, and is"):
        decoded(body, slug)
    notices: list[str] = []
    assert decoded(body, slug, notices=notices) == [
        '{"region_slug":"nyc"}',
        '{"region_slug":null}',
        '{"region_slug":null}',
    ]
    assert len(notices) == 1


def test_the_row_itself_is_a_column() -> None:
    """A path of no steps: the rows are bare values, or are carried whole."""
    whole = Column(name="address", type=STRING, path=())
    assert decoded(b'{"rows": ["a", "", null]}', whole) == [
        '{"address":"a"}',
        '{"address":""}',
        '{"address":null}',
    ]
    assert decoded(b'{"rows": [{"a": 1}]}', Column(name="row", type=OBJECT, path=())) == ['{"row":{"a": 1}}']


def test_rows_without_columns_are_counted() -> None:
    assert decoded(b'{"rows": [{"id": 1}, {"id": "x"}, {}]}') == ["{}"] * 3


@pytest.mark.parametrize("path", [("id",), ("in", "id")], ids=["at once", "cell by cell"])
def test_echoes_are_written_over_what_the_row_says(path: tuple[str, ...]) -> None:
    body = b'{"rows": [{"id": 1, "in": {"id": 1}, "asked": 9, "other": {"x": 1e999}}]}'
    lines = decoded(body, column("id", INTEGER, *path), echoes={"asked": 3, "other": None, "flag": True})
    assert lines == ['{"id":1,"asked":3,"other":null,"flag":true}']


def test_names_that_no_python_name_could_have() -> None:
    body = '{"rows": [{"class": 1, "a b": 2, "": 3, "é": 4}]}'.encode()
    names = ["class", "a b", "", "é"]
    (line,) = decoded(body, *(column(name, INTEGER) for name in names))
    assert json.loads(line) == dict(zip(names, [1, 2, 3, 4], strict=True))


@pytest.mark.parametrize(
    ("body", "path", "found"),
    [
        ('{"a": {"b": 1 }}', ("a", "b"), "1"),
        ('{"a": {"b":  null}}', ("a", "b"), "null"),
        ('{"a": null}', ("a",), "null"),
        ('{"a": null}', ("a", "b"), None),
        ("{}", ("a", "b"), None),
        ("[1]", (), "[1]"),
    ],
)
def test_navigate(body: str, path: tuple[str, ...], found: str | None) -> None:
    raw = navigate(body.encode(), path)
    assert (None if raw is None else bytes(raw).decode()) == found


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text() | st.sampled_from(["2024-01-01T00:00:00Z", "2024-01-01T00:00:00", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
TYPES = [INTEGER, NUMBER, BOOLEAN, STRING, MOMENT, OBJECT, OBJECTS, INTEGERS, STRINGS, NUMBERS, BOOLEANS]


@given(
    rows=st.lists(st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), max_size=4),
    types=st.lists(st.sampled_from(TYPES), min_size=3, max_size=3),
    indent=st.sampled_from([None, 1]),
    ascii_only=st.booleans(),
)
@settings(max_examples=250, deadline=None, derandomize=True)
def test_the_fast_way_gives_what_the_slow_way_gives(
    rows: list[dict[str, Any]], types: list[DataType], indent: int | None, ascii_only: bool
) -> None:
    """All rows in one pass, and cell by cell, are one function; what they load is one line each."""
    columns = [column(name, data_type) for name, data_type in zip("abc", types, strict=True)]
    try:
        body = json.dumps({"rows": rows}, indent=indent, ensure_ascii=ascii_only).encode()
    except UnicodeEncodeError:
        return

    def outcome(decoder: RowDecoder) -> list[str] | str:
        try:
            page = decoder.decode(body, [1])
        except ResponseDataError as error:
            return error.message
        lines = page.lines.decode().split("\n")
        assert lines.pop() == ""
        assert len(lines) == page.count == len(rows)
        assert all(list(json.loads(line)) == ["a", "b", "c", "echo"] for line in lines)
        return lines

    echo = [Echo(name="echo", parameter="echo", type=INTEGER)]
    fast, slow = RowDecoder(LIST, columns, echo), RowDecoder(LIST, columns, echo)
    assert fast._page is not None
    slow._page = None
    assert outcome(fast) == outcome(slow)


def test_a_page_is_told_as_it_is_loaded() -> None:
    """The lines are JSON that any reader takes."""
    page = RowDecoder(LIST, [ID], []).decode(b'{"rows": [{"id": 1}]}', [])
    assert msgspec.json.decode(page.lines) == {"id": 1}
