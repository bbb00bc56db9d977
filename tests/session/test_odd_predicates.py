"""Predicates that look as if they bound a parameter, and engine queries of our own making: the answer is right."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sqloud
from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.session import Session
from sqloud.settings import Settings

TABLE = "digitalocean.droplets.droplets"


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session(Settings(sandbox=True)) as session:
        yield session


def ids(session: Session, where: str) -> list[int]:
    (text,) = split(Source("<test>", f"SELECT id FROM {TABLE} WHERE {where}"))
    return [row[0] for batch in session.run(text).batches() for row in batch]


# What is asked, and the same asked in words that bind nothing.
SAME = [
    ("tag_name IN ('web', 'db')", "list_contains(tags, 'web') OR list_contains(tags, 'db')"),
    ("tag_name = 'web' OR tag_name = 'prod'", "list_contains(tags, 'web') OR list_contains(tags, 'prod')"),
    ("kernel IS NOT DISTINCT FROM NULL", "kernel IS NULL"),
    ("id IS NOT DISTINCT FROM nullif(1, 1)", "false"),
    ("id IS NOT DISTINCT FROM 3164444", "id + 0 = 3164444"),
    ("name IS NOT DISTINCT FROM nullif('a', 'a') OR id = 3164444", "id + 0 = 3164444"),
    (
        "created_at = '2024-01-01' AND created_at = '2024-01-01T00:00:00Z'",
        "created_at BETWEEN '2024-01-01' AND '2024-01-01'",
    ),
    ("locked = 'false' AND locked = 'f'", "NOT locked"),
    ("id = '3164444' AND id = '03164444'", "id + 0 = 3164444"),
]


@pytest.mark.parametrize(("where", "plain"), SAME, ids=[where for where, _ in SAME])
def test_a_predicate_means_what_it_says(session: Session, where: str, plain: str) -> None:
    assert sorted(ids(session, where)) == sorted(ids(session, plain))


def test_some_of_these_have_rows(session: Session) -> None:
    assert [bool(ids(session, plain)) for _, plain in SAME] == [plain != "false" for _, plain in SAME]


def test_an_arrow_among_arguments_reads_json() -> None:
    """DuckDB would read it as a lambda, and sqlglot does."""
    with sqloud.connect(sandbox=True) as connection:
        cursor = connection.execute(
            "SELECT json_array_length(networks -> 'v4'), coalesce(region -> 'slug', '1') "
            "FROM digitalocean.droplets.droplets WHERE id = 3164444 AND json_array_length(networks -> 'v4') > 1"
        )
        assert cursor.fetchall() == [(2, "nyc3")]


# An output's name in WHERE is its expression: it binds, it is pushed down, and LIMIT may count by it.
NAMED = [
    (
        "SELECT droplet_id AS x FROM digitalocean.droplets.backups WHERE x = 3164444",
        "/v2/droplets/3164444/backups",
    ),
    (f"SELECT id AS x, x AS y FROM {TABLE} WHERE y = 3164444", "/v2/droplets/3164444"),
    (f"SELECT region ->> 'slug' AS place FROM {TABLE} WHERE place = 'nyc3' LIMIT 1", "/v2/droplets?"),
]


@pytest.mark.parametrize(("sql", "request_line"), NAMED)
def test_the_name_of_an_output_in_where_is_its_expression(
    session: Session, sql: str, request_line: str
) -> None:
    (explained,) = split(Source("<test>", "EXPLAIN " + sql))
    lines = [row[0] for batch in session.run(explained).batches() for row in batch]
    assert any(request_line in line for line in lines)
    (text,) = split(Source("<test>", sql))
    list(session.run(text).batches())


def test_a_column_is_meant_before_an_output(session: Session) -> None:
    (text,) = split(Source("<test>", f"SELECT -id AS id FROM {TABLE} WHERE id = 3164444"))
    assert [row[0] for batch in session.run(text).batches() for row in batch] == [-3164444]
