"""Law: what may be wrong knows its place: spans are offsets into the source that the user wrote."""

from pathlib import Path

import pytest
from sqlglot import exp

from sqloud.dialect import (
    Delete,
    Describe,
    Exec,
    Insert,
    Query,
    Show,
    Statement,
    Update,
    constant_of,
    is_constant,
    parse,
    span_of,
    split,
)
from sqloud.errors import Source, Span, SqlSyntaxError

SCRIPT = """-- a comment; with a semicolon
SELECT 'a--b;c' AS first, "x;y", `--` FROM p.s.r; -- ;
/* ; /* ; */ */ SELECT $$;$$;;
SHOW PROVIDERS -- the last, not ended"""


def read(sql: str) -> Statement:
    (text,) = split(Source("test", sql))
    return parse(text)


def tree_of(sql: str) -> exp.Query:
    statement = read(sql)
    assert isinstance(statement, Query)
    return statement.tree


def test_split_cuts_at_semicolons_only() -> None:
    statements = split(Source("test", SCRIPT))
    assert [statement.text for statement in statements] == [
        "SELECT 'a--b;c' AS first, \"x;y\", `--` FROM p.s.r",
        "SELECT $$;$$",
        "SHOW PROVIDERS",
    ]
    assert [statement.terminated for statement in statements] == [True, True, False]
    for statement in statements:
        assert SCRIPT[statement.span.start : statement.span.end] == statement.text


@pytest.mark.parametrize("sql", ["", " ", ";", " ; ;\n", "-- only a comment", "/* only */"])
def test_nothing_is_no_statement(sql: str) -> None:
    assert split(Source("test", sql)) == ()


@pytest.mark.parametrize(
    ("sql", "incomplete"),
    [
        ("SELECT (1", True),
        ("SELECT (1;", False),
        ("SELECT 'a", True),
        ("SELECT 1 /* a", True),
        ("SELECT 1 +", True),
        ("SELECT 1)", False),
        ("SHOW", True),
        ("SHOW;", False),
        ("EXPLAIN", True),
        ("SELECT x'zz'", False),
    ],
)
def test_incomplete_is_what_more_text_could_mend(sql: str, incomplete: bool) -> None:
    with pytest.raises(SqlSyntaxError) as caught:
        [parse(text) for text in split(Source("test", sql))]
    assert caught.value.incomplete is incomplete


SQL = """
SELECT droplet_id, b."Name", count(*), 'it''s', 3164444, .5, NULL, TRUE, :named, ?, %(other)s,
       CAST(a AS int), extract(year FROM c), CURRENT_DATE, row_number() OVER (ORDER BY d), E'x\\'y', -7, (8)
  FROM digitalocean . droplets.`backups` AS b, p.s.r
 WHERE b.size IN ({{ number }}, '{{ text }}')"""


def texts(kind: type[exp.Expr]) -> list[str]:
    (text,) = split(Source("test", SQL))
    statement = parse(text, {"number": "12", "text": "long, long, long"})
    assert isinstance(statement, Query)
    spans = sorted(span for node in statement.tree.find_all(kind) if (span := span_of(node)))
    return [SQL[span.start : span.end] for span in spans]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (exp.Column, ["droplet_id", 'b."Name"', "a", "c", "d", "b.size"]),
        (exp.Table, ["digitalocean . droplets.`backups`", "p.s.r"]),
        (exp.Placeholder, [":named", "?", "%(other)s"]),
        (exp.Count, ["count"]),
        (exp.Cast, ["CAST"]),
        (exp.Extract, ["extract"]),
        (exp.CurrentDate, ["CURRENT_DATE"]),
        (exp.RowNumber, ["row_number"]),
        (exp.Null, ["NULL"]),
        (exp.Boolean, ["TRUE"]),
        (exp.Star, ["*"]),
        (exp.In, ["b.size IN ({{ number }}, '{{ text }}'"]),
    ],
)
def test_spans_point_at_the_text(kind: type[exp.Expr], expected: list[str]) -> None:
    assert texts(kind) == expected


def test_literals_have_spans() -> None:
    found = texts(exp.Literal)
    assert found == ["'it''s'", "3164444", ".5", "E'x\\'y'", "7", "8", "{{ number }}", "'{{ text }}'"]


def test_a_made_node_has_no_span() -> None:
    assert span_of(exp.column("made")) is None
    assert span_of(exp.func("lower", exp.column("made"))) is None


def test_copies_keep_their_spans() -> None:
    sql = "SELECT droplet_id FROM p.s.r"
    assert span_of(tree_of(sql).copy().selects[0]) == Span(7, 17)


def names(sql: str) -> list[str]:
    statement = read(sql)
    if isinstance(statement, (Show, Describe, Exec)):
        found = [*statement.path.names] if statement.path else []
        found += [argument.name for argument in statement.arguments] if isinstance(statement, Exec) else []
    elif isinstance(statement, Insert):
        found = [*statement.target.names, *statement.columns]
    elif isinstance(statement, Update):
        found = [*statement.target.names, *(item.column for item in statement.assignments)]
    else:
        assert isinstance(statement, Delete)
        found = [*statement.target.names]
    return [sql[name.span.start : name.span.end] for name in found]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SHOW METHODS IN p.`s`.r", ["p", "`s`", "r"]),
        ('DESC "p".s.options', ['"p"', "s", "options"]),
        ("EXEC p.s.r.m @a = 1, @`b` = 2", ["p", "s", "r", "m", "a", "`b`"]),
        ('INSERT INTO p.s.r (a, "B") VALUES (1, 2)', ["p", "s", "r", "a", '"B"']),
        ("UPDATE p.s.r SET a = 1, b = 2", ["p", "s", "r", "a", "b"]),
        ("DELETE FROM p.s.r", ["p", "s", "r"]),
    ],
)
def test_names_have_spans(sql: str, expected: list[str]) -> None:
    assert names(sql) == expected


def test_names_compare_by_text_and_look_up_by_key() -> None:
    here = read('DESCRIBE Digital."Ocean".r')
    there = read('  DESCRIBE   Digital . "Ocean" .r')
    assert here == there
    assert isinstance(here, Describe)
    assert here.path.keys == ("digital", "Ocean", "r")


@pytest.mark.parametrize(
    ("sql", "constant"),
    [("1", 1), ("(-1)", -1), ("1.0", 1.0), ("'1'", "1"), ("NULL", None), ("FALSE", False), ("-(2)", -2)],
)
def test_constants(sql: str, constant: object) -> None:
    node = tree_of(f"SELECT {sql}").selects[0]
    assert is_constant(node)
    assert constant_of(node) == constant


@pytest.mark.parametrize("sql", ["a", "1 + 1", "- 'a'", "lower('a')", ":p"])
def test_no_constants(sql: str) -> None:
    node = tree_of(f"SELECT {sql}").selects[0]
    assert not is_constant(node)
    with pytest.raises(ValueError, match="not a constant"):
        constant_of(node)


def test_hints_are_read_before_the_first_name_only() -> None:
    statement = read("INSERT /*+ AWAIT, create */ INTO p.s.r /*+ not */ VALUES (1)")
    assert isinstance(statement, Insert)
    assert statement.hints == ("await", "create")


def test_a_comment_tells_the_parser_nothing() -> None:
    tree = tree_of("SELECT lower(a) /* sqlglot.anonymous */, b /* sqlglot.meta start=999 */ FROM p.s.r")
    assert not list(tree.find_all(exp.Anonymous))
    assert span_of(tree.selects[1]) == Span(41, 42)


def test_deep_nesting_is_an_error_and_long_lists_are_not() -> None:
    with pytest.raises(SqlSyntaxError, match="nested too deeply"):
        read("SELECT " + "(" * 20_000 + "1" + ")" * 20_000)
    wide = tree_of(f"SELECT id FROM p.s.r WHERE id IN ({', '.join(map(str, range(5000)))})")
    assert len(list(wide.find_all(exp.Literal))) == 5000


def test_the_documented_select_parses_as_it_stands() -> None:
    accepted = (Path(__file__).parents[2] / "grammar" / "accepted.sql").read_text()
    documented = next(line for line in accepted.splitlines() if "size_gigabytes, type FROM" in line)
    sql = (
        documented.replace(", ", ",\n")
        .replace("SELECT ", "SELECT\n")
        .replace(" FROM", "\nFROM")
        .replace(" WHERE", "\nWHERE")
    )
    (text,) = split(Source("documented", sql))
    assert text.variables == ("droplet_id",)
    statement = parse(text, {"droplet_id": "3164444"})
    assert statement.to_sql() == documented.rstrip(";").replace("{{ droplet_id }}", "3164444")
