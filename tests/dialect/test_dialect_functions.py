"""Functions: what the documentation names is there, a wrong number of arguments is refused, SQLite's answer alike."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.postgres.cases import answered, open_session

from sqloud.dialect import parse, split
from sqloud.dialect.functions import NAMES
from sqloud.errors import Source, SqlSyntaxError
from sqloud.session import Session

ROOT = Path(__file__).resolve().parents[2]
SURPLUS = [
    "lower('a', 'b')",
    "md5()",
    "lpad('a', 2, 'b', 'c')",
    "nullif(1)",
    "split_part('a', 'b')",
    "round(1, 2, 3)",
]
AS_SQLITE = """
json_extract('{"a":{"b":"x"}}', '$.a.b')
json_array_length('[1,2,3]')
json_array_length('{"a":[1,2]}', '$.a')
ifnull(NULL, 2)
iif(1 = 1, 'a', 'b')
instr('hello', 'l')
substr('hello', 2, 3)
printf('%.2f-%s', 1.234, 'a')
format('%05d', 42)
hex('abc')
unicode('A')
date('2024-01-02 10:00:00')
date('2024-01-15', '+1 month')
date('2024-01-15', 'start of month', '-1 day')
datetime('2024-01-02 10:00:00')
datetime('2024-01-01', '-1 day')
datetime(1704067200, 'unixepoch')
strftime('%Y-%m', '2024-01-02')
strftime('%s', '2024-01-02') - strftime('%s', '2024-01-01')
strftime('%Y-%m-%dT%H:%M:%fZ', '2024-01-01 10:20:30.5')
strftime('%s|%w|%j', '2024-03-04 05:06:07')
julianday('2024-01-02')
group_concat('a')
total(1)
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with open_session(tmp_path_factory.mktemp("cache")) as opened:
        yield opened


@pytest.mark.parametrize("call", SURPLUS)
def test_a_wrong_number_of_arguments_is_refused_at_the_call(call: str) -> None:
    with pytest.raises(SqlSyntaxError, match=r"takes \S+") as caught:
        parse(split(Source("case", f"SELECT {call}"))[0])
    assert caught.value.span is not None
    assert caught.value.span.start == len("SELECT ")


@pytest.mark.parametrize("call", AS_SQLITE.strip().splitlines())
def test_sqlites_functions_answer_as_sqlite(call: str, session: Session) -> None:
    with closing(sqlite3.connect(":memory:")) as sqlite:
        (wanted,) = sqlite.execute(f"SELECT {call}").fetchone()
    answer = answered(session, f"SELECT {call}")
    assert answer.error is None
    assert str(answer.rows[0][0]) == str(wanted)


def test_the_functions_that_the_documentation_names_are_there() -> None:
    text = (ROOT / "docs" / "sql.md").read_text(encoding="utf-8")
    table = text[text.index("## Functions") :].split("\nAnswers are held")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    named = {name for line in rows for name in re.findall(r"`(\w+)`", line)}
    assert len(named) > 40
    assert named <= NAMES


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ('{"a": 1, "b": [1, {"c": 2, "d": 3}]}', '{"b": [1, {"d": 3, "c": 2}], "a": 1}', True),
        ("[1, 2]", "[2, 1]", False),
        ("[1, 2, 2]", "[1, 2]", False),
        ("{}", "[]", False),
        ('{"a": null}', "{}", False),
        ('"1"', "1", False),
    ],
)
def test_json_is_equal_whatever_the_order_of_members(
    session: Session, one: str, other: str, equal: bool
) -> None:
    assert answered(session, f"SELECT json_equal('{one}', '{other}')").rows[0][0] is equal
