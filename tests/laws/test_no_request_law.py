"""Law 3: no request before the plan is whole.

EXPLAIN sends nothing (the golden plans are made with the network closed); here, what is refused is refused before
anything is sent, with the same words as EXPLAIN, and what no row can satisfy is answered without a request.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.planner.test_golden_plans import PLANS, Case, NoTransport, cases

from sqloud.dialect import split
from sqloud.errors import CredentialError, Error, Source
from sqloud.session import Session
from sqloud.settings import Settings

ALL = [case for path in sorted(PLANS.glob("*.txt")) for case in cases(path)]
REFUSED = [case for case in ALL if not case.expected.startswith(("scan_", "answer"))]
UNASKED = [
    case for case in ALL if "no request:" in case.expected and not case.expected.count("  Scan ") > 1
]  # a second scan would have to be asked


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(environment={"DIGITALOCEAN_TOKEN": "t"}), transport=NoTransport()) as opened:
        yield opened


def run(session: Session, sql: str) -> list[tuple[object, ...]]:
    result = session.run(split(Source("law", sql))[0])
    return [row for batch in result.batches() for row in batch]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.title)
def test_what_is_refused_sends_nothing(session: Session, case: Case) -> None:
    with pytest.raises(Error) as caught:
        run(session, case.sql)
    first = case.expected.splitlines()[0]
    assert f"{type(caught.value).__name__}: {caught.value.message}".splitlines()[0] == first


@pytest.mark.parametrize("case", UNASKED, ids=lambda case: case.title)
def test_what_no_row_can_satisfy_asks_nothing(session: Session, case: Case) -> None:
    assert run(session, case.sql) == ([(0,)] if "count(*)" in case.sql else [])


def test_without_a_credential_nothing_is_sent() -> None:
    with Session(Settings(), transport=NoTransport()) as opened, pytest.raises(CredentialError):
        run(opened, "SELECT name FROM digitalocean.droplets.backups WHERE droplet_id = 1")


def test_the_cases_are_there() -> None:
    assert len(REFUSED) > 20
    assert len(UNASKED) > 5
