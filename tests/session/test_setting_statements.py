"""SET changes a session and nothing else; what is no setting or no value changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sqloud.dialect import split
from sqloud.errors import Error, InvalidValueError, ProgrammingError, Source, UnknownNameError
from sqloud.session import Session
from sqloud.settings import Settings


@pytest.fixture
def session() -> Iterator[Session]:
    with Session(Settings(sandbox=True, max_keys=7)) as opened:
        yield opened


def run(session: Session, sql: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for text in split(Source("settings", sql)):
        rows = [row for batch in session.run(text).batches() for row in batch]
    return rows


SHOWN = [
    ("SHOW max_keys", "7"),
    ("SET max_keys = 3; SHOW max_keys", "3"),
    ("SET MAX_KEYS TO '12'; SHOW max_keys", "12"),
    ("SET SESSION max_keys = 3; SET max_keys = DEFAULT; SHOW max_keys", "7"),
    ("SET max_keys = 3; RESET max_keys; SHOW max_keys", "7"),
    ("SET max_keys = 3; SET null_on_mismatch = on; RESET ALL; SHOW max_keys", "7"),
    ("SET null_on_mismatch = true; SHOW null_on_mismatch", "on"),
    ("SHOW statement_timeout", "0"),
    ("SET statement_timeout = '5 min'; SHOW statement_timeout", "300 s"),
    ("SET statement_timeout = 1500; SHOW statement_timeout", "1.5 s"),
    ("SET statement_timeout = 10; SET statement_timeout = 0; SHOW statement_timeout", "0"),
]


@pytest.mark.parametrize(("sql", "value"), SHOWN)
def test_a_setting_shows_what_it_was_set_to(session: Session, sql: str, value: str) -> None:
    assert run(session, sql) == [(value,)]


REFUSED = [
    ("SET max_keys = 0", InvalidValueError, "0"),
    ("SET max_keys = -1", InvalidValueError, "-1"),
    ("SET max_keys = 2.5", InvalidValueError, "2.5"),
    ("SET max_keys = many", InvalidValueError, "many"),
    ("SET statement_timeout = '5 fortnights'", InvalidValueError, "'5 fortnights'"),
    ("SET null_on_mismatch = maybe", InvalidValueError, "maybe"),
    ("SET max_kyes = 1", UnknownNameError, "max_kyes"),
    ("RESET search_path", UnknownNameError, "search_path"),
]


@pytest.mark.parametrize(("sql", "kind", "place"), REFUSED)
def test_what_is_no_setting_or_no_value_is_refused_in_its_place(
    session: Session, sql: str, kind: type[Error], place: str
) -> None:
    before = session.settings
    with pytest.raises(kind) as caught:
        run(session, sql)
    span = caught.value.span
    assert span is not None
    assert sql[span.start : span.end] == place
    assert caught.value.hints
    assert session.settings is before


def test_a_lower_max_keys_holds_for_the_next_statement(session: Session) -> None:
    fed = (
        "SELECT count(*) FROM digitalocean.droplets.backups"
        " WHERE droplet_id IN (SELECT id FROM digitalocean.droplets.droplets)"
    )
    run(session, f"SET max_keys = 5000; {fed}")
    with pytest.raises(ProgrammingError, match="1 is the most"):
        run(session, f"SET max_keys = 1; {fed}")
