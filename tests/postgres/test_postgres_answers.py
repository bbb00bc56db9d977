"""Answers equal those that a real PostgreSQL gave to the same statements over the same rows.

`record.py` beside this asks it; nothing here needs a server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgres.cases import HERE, answered, cases, difference, expected, grammar_cases, open_session

from sqloud.session import Session

RECORDED = sorted((HERE / "recorded").glob("*.jsonl"))
# What a statement of the grammar's reads of the clock, or by chance, is another each time.
_PASSING = ("now()", "current_date", "current_timestamp")


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with open_session(tmp_path_factory.mktemp("cache")) as opened:
        yield opened


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_answers_are_postgres(path: Path, session: Session) -> None:
    wrong = []
    for line in lines(path):
        wanted = expected(line.get("ours") or line["postgres"])
        if path.stem == "grammar" and (wanted.error or any(word in line["sql"] for word in _PASSING)):
            continue
        if found := difference(line["sql"], wanted, answered(session, line["sql"])):
            wrong.append(f"{line['sql']}\n  -> {found}")
    assert not wrong, f"{len(wrong)} of {len(lines(path))} in {path.name}\n" + "\n".join(wrong)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.sql")), ids=lambda path: path.stem)
def test_every_statement_is_recorded_and_every_difference_is_one(path: Path) -> None:
    recorded = lines(HERE / "recorded" / f"{path.stem}.jsonl")
    assert [line["sql"] for line in recorded] == [case.sql for case in cases(path)]
    for line, case in zip(recorded, cases(path), strict=True):
        assert ("ours" in line) == (case.differs is not None), case.sql
        if "ours" not in line:
            assert "error" not in line["postgres"], (case.sql, line["postgres"])


def test_every_query_of_the_grammar_is_recorded() -> None:
    recorded = {line["sql"] for line in lines(HERE / "recorded" / "grammar.jsonl")}
    assert {case.sql for case in grammar_cases()} <= recorded
