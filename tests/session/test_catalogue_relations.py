"""`information_schema` and `sqloud`: the catalogue as relations, read without a request or a credential."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import sqloud
from sqloud.dialect import split
from sqloud.errors import ProviderDocumentError, Source, UnknownNameError
from sqloud.planner.local import LOCAL_SCHEMAS
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.session import Session
from sqloud.settings import Settings


class NoTransport:
    """The network, closed."""

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        raise AssertionError(f"sent {request.url}")

    async def close(self) -> None:
        """Nothing is held open."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def session(cache: Path) -> Iterator[Session]:
    with Session(Settings(cache=cache), transport=NoTransport()) as opened:
        yield opened


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    result = session.run(next(iter(split(Source("test", sql)))))
    return [row for batch in result.batches() for row in batch]


@pytest.mark.parametrize(
    "relation", [f"{schema}.{name}" for schema, names in LOCAL_SCHEMAS.items() for name in names]
)
def test_every_relation_has_rows_in_its_columns(session: Session, relation: str) -> None:
    schema, name = relation.split(".")
    found = rows(session, f"SELECT * FROM {relation}")
    assert found
    assert {len(row) for row in found} == {len(LOCAL_SCHEMAS[schema][name])}


def test_a_method_is_one_row_with_each_fact_in_its_column(session: Session) -> None:
    sql = (
        "SELECT provider, service, resource, method, sql_verb, http_verb, path, required FROM sqloud.methods "
        "WHERE provider = 'digitalocean' AND service IN ('droplets') AND resource = 'backups'"
    )
    assert rows(session, sql) == [
        (
            *("digitalocean", "droplets", "backups", "droplets_list_backups"),
            *("SELECT", "GET", "/v2/droplets/{droplet_id}/backups", ["droplet_id"]),
        )
    ]


def test_the_columns_of_a_table_are_those_of_star(session: Session) -> None:
    named = rows(
        session,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = 'sizes' AND table_name = 'sizes' "
        "ORDER BY ordinal_position",
    )
    described = rows(session, "DESCRIBE digitalocean.sizes.sizes")
    assert [name for (name,) in named] == [row[0] for row in described if row[2] in ("column", "key")]


def test_what_the_where_names_is_told_as_before(session: Session) -> None:
    whole = rows(session, "SELECT * FROM sqloud.columns")
    assert [row for row in whole if row[1] == "vpcs"] == rows(
        session, "SELECT c.* FROM sqloud.columns c WHERE 'vpcs' = c.service AND true"
    )
    joined = (
        "SELECT count(*) FROM sqloud.services s LEFT JOIN information_schema.tables t "
        "ON s.service = t.table_schema WHERE s.service = 'vpcs'"
    )
    assert rows(session, joined) == [
        (len(rows(session, "SELECT 1 FROM information_schema.tables WHERE table_schema = 'vpcs'")),)
    ]


def test_the_schema_may_stand_before_a_column(session: Session) -> None:
    sql = "SELECT information_schema.tables.table_name FROM information_schema.tables WHERE table_schema = 'vpcs'"
    assert ("vpcs",) in rows(session, sql)


def test_only_the_services_that_the_where_names_are_read(cache: Path) -> None:
    with Session(Settings(cache=cache), transport=NoTransport()) as session:
        rows(session, "SELECT * FROM sqloud.methods WHERE provider = 'digitalocean' AND service = 'sizes'")
        assert list(session.catalogue._services) == [("digitalocean", "sizes")]


def test_a_broken_provider_takes_no_other_with_it(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "provider.yaml").write_text("provider: acme\n")
    notices: list[str] = []
    settings = Settings(cache=cache, providers=(tmp_path,))
    with Session(settings, transport=NoTransport(), on_notice=notices.append) as session:
        assert rows(session, "SELECT DISTINCT provider FROM sqloud.methods") == [("digitalocean",)]
        assert len(notices) == 1
        assert "leaves out the provider acme" in notices[0]
        assert str(tmp_path / "acme" / "provider.yaml") in notices[0]
        with pytest.raises(ProviderDocumentError, match="acme"):
            rows(session, "SELECT * FROM sqloud.methods WHERE provider = 'acme'")


def test_an_unknown_relation_is_refused_with_the_nearest(session: Session) -> None:
    with pytest.raises(UnknownNameError) as caught:
        rows(session, "SELECT * FROM information_schema.tabels")
    assert "tables" in " ".join(caught.value.hints)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT t.a, t.table_name FROM information_schema.tables AS t(a) WHERE t.a = 'digitalocean' LIMIT 1",
        "SELECT d.a, d.name FROM digitalocean.droplets.droplets AS d(a) TABLESAMPLE (100 PERCENT) LIMIT 1",
    ],
)
def test_columns_of_any_table_can_be_named(statement: str) -> None:
    with sqloud.connect(sandbox=True) as connection:
        cursor = connection.execute(statement)
        assert next(column[0] for column in cursor.description or ()) == "a"
        assert len(cursor.fetchall()) == 1
