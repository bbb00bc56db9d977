"""Law: a variable's value arrives exactly, as one value, and never changes the statement around it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from sqloud.dialect import Exec, Query, Show, Statement, constant_of, parse, split
from sqloud.errors import Source, SqlSyntaxError

NASTY = st.sampled_from(
    [
        "'",
        "''",
        '"',
        ";",
        "--",
        "/*",
        "*/",
        "{{",
        "}}",
        "{{ x }}",
        "{{ other }}",
        "{{{{ x }}",
        "\\",
        "\\'",
        "$$",
    ]
)
TEXT = st.lists(NASTY | st.text(st.characters(codec="utf-8"), max_size=6), max_size=6).map("".join)


def read(sql: str, **variables: str) -> Statement:
    (text,) = split(Source("test", sql))
    return parse(text, variables)


def first_value(statement: Statement) -> exp.Expr:
    assert isinstance(statement, Query)
    return statement.tree.selects[0]


QUOTED = ["'{}'", "E'{}'", "$${}$$", "$t${}$t$", "N'{}'"]


@pytest.mark.parametrize("quotes", QUOTED)
@given(value=TEXT)
def test_a_value_arrives_exactly_inside_of_quotes(quotes: str, value: str) -> None:
    sql = f"SELECT {quotes.format('a {{ x }}-{{x}} b')} FROM p.s.t WHERE c = 1"
    read_ = read(sql, x=value)
    assert constant_of(first_value(read_)) == f"a {value}-{value} b"
    plain = read(sql, x="plain")
    assert isinstance(read_, Query)
    assert isinstance(plain, Query)
    first_value(read_).set("this", first_value(plain).this)
    assert read_ == plain


def is_json_scalar(value: str) -> bool:
    try:
        return isinstance(json.loads(value), (int, float, type(None)))
    except ValueError:
        return False


@given(value=TEXT.filter(lambda value: not is_json_scalar(value)))
def test_a_bare_value_is_a_string(value: str) -> None:
    assert constant_of(first_value(read("SELECT {{ x }} FROM p.s.t", x=value))) == value


@pytest.mark.parametrize(
    ("value", "constant"),
    [
        ("5", 5),
        ("-5", -5),
        ("0", 0),
        ("1.5", 1.5),
        ("-1e3", -1000.0),
        ("true", True),
        ("false", False),
        ("null", None),
        ("007", "007"),
        ("True", "True"),
        ("+1", "+1"),
        (" 1", " 1"),
        ("1 ", "1 "),
        ("", ""),
        ("9223372036854775808", 9223372036854775808),
        ("٣", "٣"),
        ("NaN", "NaN"),
        ("1;", "1;"),
    ],
)
def test_a_bare_value_is_what_json_says(value: str, constant: object) -> None:
    found = constant_of(first_value(read("SELECT {{ x }}", x=value)))
    assert found == constant
    assert type(found) is type(constant)


def test_a_negative_value_stays_one_operand() -> None:
    tree = first_value(read("SELECT {{ x }} ^ 2", x="-3"))
    assert isinstance(tree, exp.Pow)
    assert constant_of(tree.this) == -3


@given(value=TEXT)
def test_values_stay_values_in_every_statement(value: str) -> None:
    shown = read("SHOW PROVIDERS LIKE '{{ x }}'", x=value)
    assert isinstance(shown, Show)
    assert shown.like == value
    called = read("EXEC p.s.r.m @a = '{{ x }}', @b = 1 @@json = '{\"k\": \"{{ x }}\"}'", x=value)
    assert isinstance(called, Exec)
    assert constant_of(called.arguments[0].value) == value
    assert called.json is not None
    assert constant_of(called.json) == f'{{"k": "{value}"}}'


@given(value=TEXT)
@pytest.mark.parametrize(
    "call",
    [
        "date_trunc('{{ x }}', c)",
        "date_part('{{ x }}', c)",
        "extract('{{ x }}' FROM c)",
        "INTERVAL '{{ x }}'",
        "to_char(c, '{{ x }}')",
        "c ->> '{{ x }}'",
        "c -> {{ x }}",
        "c AT TIME ZONE '{{ x }}'",
        "INTERVAL {{ x }}",
        "c LIKE '{{ x }}'",
        "c #>> '{{ x }}'",
        "regexp_replace(c, '{{ x }}', '')",
        "c::text = '{{ x }}'",
    ],
)
def test_no_function_lets_a_value_out(call: str, value: str) -> None:
    try:
        statement = read(f"SELECT {call} FROM p.s.t", x=value)
    except SqlSyntaxError:
        return
    assert isinstance(statement, Query)
    written = read(statement.to_sql())
    assert isinstance(written, Query)
    assert len(written.tree.selects) == 1
    assert [table.sql() for table in written.tree.find_all(exp.Table)] == ["p.s.t"]
    assert written == statement


def test_variables_are_named_in_order_and_once() -> None:
    sql = "SELECT '{{ b }}', {{ a }}, {{select}}, '{{ b }} {{{{ not }}' /* {{ c }} */ -- {{ d }}"
    (text,) = split(Source("test", sql))
    assert text.variables == ("b", "a", "select")


def test_an_escaped_template_is_text() -> None:
    assert (
        constant_of(first_value(read("SELECT '{{{{ x }} {{{{{{ x }} {{ y }}'", y="1")))
        == "{{ x }} {{{{ x }} 1"
    )
