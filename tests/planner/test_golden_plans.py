"""Golden plans: pairs of a statement and the plan, or the error, that it gives.

A file of `plans/` holds cases: a line `# what it shows`, the statement, `---`, and what is expected. An error is
shown as its class and message, the text under its caret, and its hints. `pytest tests/planner --rewrite` writes what
is answered as what is expected; read the difference before you commit it.

Nothing may be sent while a statement is explained, refused or not, so the transport here fails when it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from sqloud.dialect import split
from sqloud.errors import Error, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings

PLANS = Path(__file__).parent / "plans"


class Case(NamedTuple):
    """One pair."""

    title: str
    sql: str
    expected: str


class NoTransport:
    """The network, closed."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        raise AssertionError(f"EXPLAIN sent {request.url}")

    async def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(), transport=NoTransport()) as opened:
        yield opened


def cases(path: Path) -> list[Case]:
    found = []
    for block in ("\n" + path.read_text(encoding="utf-8")).split("\n# ")[1:]:
        title, _, rest = block.partition("\n")
        sql, _, expected = rest.partition("\n---\n")
        found.append(Case(title, sql.strip(), expected.strip("\n")))
    return found


def planned(session: Session, sql: str) -> str:
    """The lines of EXPLAIN, or of the error."""
    prefix = "EXPLAIN "
    source = Source("golden", prefix + sql)
    try:
        result = session.run(split(source)[0])
    except Error as error:
        lines = [f"{type(error).__name__}: {error.message}"]
        if error.span is not None:
            lines.append(f"at: {source.text[error.span.start : error.span.end]}")
        return "\n".join([*lines, *(f"hint: {hint}" for hint in error.hints)])
    return "\n".join(str(row[0]).rstrip() for batch in result.batches() for row in batch)


@pytest.mark.parametrize("name", sorted(path.stem for path in PLANS.glob("*.txt")))
def test_the_plan_is_the_golden_one(name: str, session: Session, request: pytest.FixtureRequest) -> None:
    path = PLANS / f"{name}.txt"
    answered = [case._replace(expected=planned(session, case.sql)) for case in cases(path)]
    if request.config.getoption("--rewrite"):
        text = "\n".join(f"# {case.title}\n{case.sql}\n---\n{case.expected}\n" for case in answered)
        path.write_text(text, encoding="utf-8")
    wrong = [
        f"# {now.title}\n{now.sql}\n--- expected\n{case.expected}\n--- planned\n{now.expected}\n"
        for case, now in zip(cases(path), answered, strict=True)
        if case.expected != now.expected
    ]
    assert not wrong, f"{len(wrong)} of {len(answered)} in {path.name}\n\n" + "\n".join(wrong)


def test_every_file_has_cases_with_titles_of_their_own() -> None:
    for path in PLANS.glob("*.txt"):
        titles = [case.title for case in cases(path)]
        assert titles, path.name
        assert len(set(titles)) == len(titles), path.name
