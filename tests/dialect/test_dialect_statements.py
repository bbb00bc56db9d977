"""Law: what the grammar says is accepted parses and round-trips; what it refuses is refused in its words."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from sqloud.dialect import Statement, StatementText, parse, split
from sqloud.errors import Error, Source

GRAMMAR = Path(__file__).parents[2] / "grammar"
ACCEPTED = (GRAMMAR / "accepted.sql").read_text()
REFUSED = (GRAMMAR / "refused.sql").read_text()
LARK = Lark((GRAMMAR / "sqloud.lark").read_text(), start="start")

REFUSAL = re.compile(r"^-- (\w+Error): (.+?)(?: >(.*)<)?$", re.MULTILINE)
_MARKS = list(REFUSAL.finditer(REFUSED))
REFUSALS = [
    (mark[1], mark[2], mark[3], REFUSED[mark.end() : after.start() if after else len(REFUSED)].strip())
    for mark, after in zip(_MARKS, [*_MARKS[1:], None], strict=True)
]
OURS = ACCEPTED[: ACCEPTED.index("-- Writes with more")]


def values(text: StatementText) -> dict[str, str]:
    return dict.fromkeys(text.variables, "it's {{ x }}; --")


def run(source: Source, *, with_values: bool) -> None:
    for text in split(source):
        parse(text, values(text) if with_values else {})


def again(statement: Statement) -> Statement:
    (text,) = split(Source("again", statement.to_sql()))
    assert text.variables == ()
    return parse(text)


@pytest.mark.parametrize("text", split(Source("accepted.sql", ACCEPTED)), ids=lambda text: text.text[:60])
def test_accepted(text: StatementText) -> None:
    statement = parse(text, values(text))
    assert again(statement) == statement
    assert again(statement).to_sql() == statement.to_sql()


@pytest.mark.parametrize(("kind", "message", "pointed", "sql"), REFUSALS)
def test_refused(kind: str, message: str, pointed: str | None, sql: str) -> None:
    source = Source("refused.sql", sql)
    with pytest.raises(Error) as caught:
        run(source, with_values=kind != "MissingParameterError")
    error = caught.value
    assert type(error).__name__ == kind
    if message.endswith(" …"):
        assert error.message.startswith(message[:-2])
    else:
        assert error.message == message
    assert error.source == source
    assert error.span is not None
    assert "\x1b" not in str(error)
    if pointed:
        assert sql[error.span.start : error.span.end] == pointed


def test_the_files_are_not_empty() -> None:
    assert len(split(Source("accepted.sql", ACCEPTED))) > 120
    assert len(REFUSALS) > 80


@pytest.mark.parametrize("text", split(Source("accepted.sql", OURS)), ids=lambda text: text.text[:60])
def test_the_grammar_reads_ours(text: StatementText) -> None:
    LARK.parse(text.text)


NAMES = st.sampled_from(["id", "name", "droplet_id", "data__size", "status", "tags", "Region", "x1"])
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="'\\{}"), max_size=8)
STATEMENTS = from_lark(
    LARK,
    explicit={
        "NAME": NAMES,
        "QUOTED_NAME": st.sampled_from(['"a b"', "`select`", '"x;y"', "`--`"]),
        "STRING": TEXT.map(lambda text: f"'{text}'") | st.just("'{{ x }}'"),
        "DOLLAR_STRING": st.sampled_from(["$$it's; --$$", "$${{ y }}$$"]),
        "WORD": st.sampled_from(["AWAIT", "create"]),
        "_S": st.sampled_from([" ", "\n", "\t "]),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(STATEMENTS)
def test_what_the_grammar_makes_parses(sql: str) -> None:
    arguments = re.findall(r"@([\w`\"; -]+?)\s*=", sql)
    assume(len({name.lower() for name in arguments}) == len(arguments))
    (text,) = split(Source("made", sql))
    statement = parse(text, values(text))
    assert again(statement) == statement
