"""Law 1 over several tables: keys that come out of other tables never change the answer.

Random statements over four small tables, three of which must be asked by keys, against plain DuckDB over all of
their rows, with subqueries in their predicates and without. There are rows under keys that no other table has, and
keys that are NULL, so that a key left out or a row dropped too early shows. A refusal (a table that nothing binds)
is no answer; its share is bounded.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.laws.domains import Domains
from tests.laws.effort import examples
from tests.laws.statements import SCOPES, TABLES, Grammar

from sqloud.datatypes import DataType
from sqloud.dialect import split
from sqloud.errors import MissingParameterError, Source
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import (
    Column,
    Equals,
    ErrorShape,
    Method,
    Paging,
    Parameter,
    Provider,
    Resource,
    Rows,
    Scope,
    TableName,
)
from sqloud.session import Session
from sqloud.settings import Settings

INTEGER = DataType(type="integer")
PAGES = Paging(
    style="page_number",
    page="page",
    size="per_page",
    default_size=2,
    maximum_size=2,
    next=("links", "next"),
    total=("meta", "total"),
)


def resource(name: str) -> Resource:
    columns = tuple(
        Column(name=column, type=INTEGER, path=(column,))
        for column in TABLES[name][0]
        if column not in SCOPES[name]
    )
    parameters = tuple(
        Parameter(name=scope, sql_name=scope, location="path", type=INTEGER, required=True, meaning=Scope())
        for scope in SCOPES[name]
    )
    keys = "".join(f"/{{{scope}}}" for scope in SCOPES[name])
    path = f"/by{keys}/{name}" if keys else f"/{name}"
    listing = Method(
        name=f"{name}_list",
        verb="select",
        http_verb="GET",
        path=path,
        parameters=parameters,
        rows=Rows(path=("rows",)),
        paging=PAGES,
        listing=True,
        idempotent=True,
    )
    methods = [listing]
    if name == "items":
        key = Parameter(
            name="item",
            sql_name="item",
            location="path",
            type=INTEGER,
            required=True,
            meaning=Equals(expression="id"),
        )
        methods.append(
            Method(
                name="items_get",
                verb="select",
                http_verb="GET",
                path="/items/{item}",
                parameters=(key,),
                rows=Rows(path=("row",), shape="object"),
                idempotent=True,
            )
        )
    return Resource(name=TableName("t", "s", name), key=("id",), columns=columns, methods=tuple(methods))


class Documents:
    """A catalogue of records made by hand."""

    def providers(self) -> tuple[str, ...]:
        return ("t",)

    def provider(self, name: str) -> Provider:
        return Provider(
            name="t", base_url="http://127.0.0.1", errors=ErrorShape(code="id", message="message")
        )

    def resource(self, name: TableName) -> Resource:
        return resource(name.resource)

    def readings(self, name: TableName) -> tuple[Resource, ...]:
        return (resource(name.resource),)


class Api:
    """Answers by its parameters, two rows a page; notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        parts = urlsplit(request.url)
        query = dict(parse_qsl(parts.query))
        self.asked.append(f"{parts.path}?{parts.query}")
        steps = parts.path.strip("/").split("/")
        if len(steps) == 2:
            found = [row for row in rows_of("items") if row["id"] == int(steps[1])]
            if not found:
                return answer(404, {"id": "not_found", "message": "no such item"})
            return answer(200, {"row": found[0]})
        name = steps[-1]
        rows = rows_of(name)
        for scope, key in zip(SCOPES[name], steps[1:-1], strict=True):
            rows = [row for row in rows if row.pop(scope) == int(key)]
        page, size = int(query.get("page", "1")), int(query.get("per_page", "2"))
        return answer(200, {"rows": rows[(page - 1) * size : page * size], "meta": {"total": len(rows)}})

    async def close(self) -> None:
        pass


def rows_of(name: str) -> list[dict[str, Any]]:
    columns, rows = TABLES[name]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def answer(status: int, body: object) -> ApiResponse:
    return ApiResponse(status=status, headers={}, body=json.dumps(body).encode())


@pytest.fixture(scope="module")
def api() -> Api:
    return Api()


@pytest.fixture(scope="module")
def session(api: Api) -> Iterator[Session]:
    opened = Session(Settings(), transport=api)
    opened.catalogue = Documents()  # type: ignore[assignment]
    with opened:
        yield opened


@pytest.fixture(scope="module")
def brute() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET integer_division = true")
    for name, (columns, rows) in TABLES.items():
        connection.execute(f"CREATE TABLE {name} ({', '.join(f'{column} BIGINT' for column in columns)})")
        for row in rows:
            connection.execute(f"INSERT INTO {name} VALUES ({', '.join('?' * len(row))})", row)
    return connection


@st.composite
def statements(draw: st.DrawFn) -> str:
    return Grammar(draw).statement()


@st.composite
def flat_statements(draw: st.DrawFn) -> str:
    return Grammar(draw, nested=False).statement()


def ours(session: Session, statement: str) -> Counter[tuple[Any, ...]]:
    words = statement
    for table in TABLES:
        words = words.replace(f"FROM {table} ", f"FROM t.s.{table} ").replace(
            f"FROM {table})", f"FROM t.s.{table})"
        )
        words = words.replace(f"JOIN {table} ", f"JOIN t.s.{table} ")
    (text,) = split(Source("law", words))
    return Counter(row for batch in session.run(text).batches() for row in batch)


SEEN: Counter[str] = Counter()
REFUSALS: dict[str, list[str]] = {"nested": [], "flat": []}
JUDGED = {"nested": 40, "flat": 100}
"""Refusals of the suite that are judged: each takes the plain engine some hundred statements."""
UNPROVEN = {"nested": 1 / 12, "flat": 0.0}
"""The share that may stay without rows that show them to be right, among statements with subqueries and without."""
SLOW = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


def judge(kind: str, session: Session, brute: duckdb.DuckDBPyConnection, statement: str) -> None:
    try:
        found = ours(session, statement)
    except MissingParameterError:
        SEEN["refused"] += 1
        REFUSALS[kind].append(statement)
        return
    SEEN["answered"] += 1
    try:
        expected = Counter(brute.execute(statement).fetchall())
    except duckdb.Error as error:
        pytest.fail(f"plain SQL refuses {statement}: {error}")
    assert found == expected, statement


@settings(max_examples=examples(250), deadline=None, suppress_health_check=SLOW)
@given(statement=statements())
def test_keys_out_of_other_tables_never_change_the_answer(
    session: Session, brute: duckdb.DuckDBPyConnection, statement: str
) -> None:
    judge("nested", session, brute, statement)


@settings(max_examples=examples(250), deadline=None, suppress_health_check=SLOW)
@given(statement=flat_statements())
def test_keys_out_of_joins_never_change_the_answer(
    session: Session, brute: duckdb.DuckDBPyConnection, statement: str
) -> None:
    judge("flat", session, brute, statement)


def test_most_statements_are_answered() -> None:
    """Runs after the law: a planner that refuses everything would keep it too."""
    total = sum(SEEN.values())
    print(f"refused {SEEN['refused']} of {total}")
    assert total == 0 or SEEN["answered"] > total / 4


@pytest.mark.parametrize("kind", ["flat", "nested"])
def test_refusals_are_of_answers_that_more_keys_change(kind: str) -> None:
    """Runs after the law. What no set of rows shows to be right is printed; of joins and predicates there is none.

    In a search, whose statements nobody has seen, one in fifty may stay: the judge misses what only rare rows show.
    """
    searching = examples(250) > 250
    refused = list(dict.fromkeys(REFUSALS[kind]))[: JUDGED[kind] * (10 if searching else 1)]
    domains = Domains(TABLES, SCOPES)
    try:
        idle = [statement for statement in refused if not domains.matter(statement)]
    finally:
        domains.close()
    print(f"{len(idle)} of {len(refused)} refusals are not shown to be right", *idle, sep="\n")
    assert len(idle) <= len(refused) * max(UNPROVEN[kind], 0.02 if searching else 0)


ANSWERED = """
SELECT i.id, q.id FROM items i LEFT JOIN parts q ON q.item_id = i.id
SELECT q.id FROM parts q WHERE q.item_id IN (SELECT id FROM items i WHERE i.x = 5)
SELECT i.id FROM items i WHERE i.id NOT IN (SELECT item_id FROM parts p)
SELECT i.id FROM items i WHERE NOT EXISTS (SELECT 1 FROM parts p WHERE p.item_id = i.id)
SELECT i.id, (SELECT count(*) FROM parts p WHERE p.item_id = i.id) FROM items i
SELECT u.id FROM items i JOIN parts q ON q.item_id = i.id JOIN subs u ON u.part_id = q.id
SELECT u.id FROM subs u WHERE u.part_id IN (SELECT q.id FROM parts q WHERE q.item_id IN (SELECT i.id FROM items i))
SELECT q.id FROM items i CROSS JOIN parts q WHERE q.item_id = i.id + 1
SELECT q.id FROM items i JOIN parts q ON q.item_id = i.grp OR q.item_id = 6
SELECT d.item_id, d.n FROM (SELECT item_id, count(*) AS n FROM parts GROUP BY 1) d JOIN items i ON d.item_id = i.id
SELECT i.id, d.id FROM items i CROSS JOIN LATERAL (SELECT p.id FROM parts p WHERE p.item_id = i.id ORDER BY 1 LIMIT 1) d
SELECT q.id FROM parts q JOIN unnest([1, 6]) AS v(k) ON q.item_id = v.k
SELECT q.id FROM items i JOIN parts q ON q.item_id = i.id AND q.item_id = 1
SELECT p.id FROM parts p JOIN parts q USING (item_id) WHERE q.item_id = 6
SELECT q.id FROM items i RIGHT JOIN parts q ON q.item_id = i.id WHERE q.item_id = 6
SELECT i.id FROM items i WHERE i.id = (SELECT max(p.item_id) FROM parts p WHERE p.item_id = i.grp)
"""
WRITTEN = (Path(__file__).parent / "written.sql").read_text(encoding="utf-8")
"""Ways to write joins, samples, stars and groups that answer as the plain engine does, one a line."""
REFUSED = """
SELECT q.id FROM parts q
SELECT q.id FROM items i RIGHT JOIN parts q ON q.item_id = i.id
SELECT q.id FROM items i FULL JOIN parts q ON q.item_id = i.id
SELECT q.id FROM items i LEFT JOIN parts q ON q.id = i.id
SELECT p.id FROM parts p JOIN parts q ON p.item_id = q.item_id
SELECT d.id FROM (SELECT id, item_id FROM parts LIMIT 3) d WHERE d.item_id = 1
SELECT i.id FROM items i WHERE i.grp NOT IN (SELECT item_id FROM parts p)
SELECT i.id FROM items i WHERE i.id = 1 OR EXISTS (SELECT 1 FROM parts p WHERE p.id = i.id)
SELECT p.id FROM (SELECT item_id, id FROM parts UNION ALL SELECT item_id, y FROM parts) p WHERE p.id IS NULL
SELECT p.id FROM (SELECT item_id, id FROM parts UNION ALL SELECT 1, NULL) p WHERE p.id IS NULL
SELECT max(d.n) FROM (SELECT count(*) AS n FROM parts) d
WITH b AS (SELECT item_id, y FROM parts) SELECT x.y FROM b x JOIN b z ON x.y = z.y WHERE x.item_id = 1
"""


@pytest.mark.parametrize("statement", [*ANSWERED.strip().splitlines(), *WRITTEN.strip().splitlines()])
def test_what_the_rules_cover_is_answered(
    session: Session, brute: duckdb.DuckDBPyConnection, statement: str
) -> None:
    assert ours(session, statement) == Counter(brute.execute(statement).fetchall())


@pytest.mark.parametrize("statement", REFUSED.strip().splitlines())
def test_what_the_rules_do_not_cover_is_refused(session: Session, api: Api, statement: str) -> None:
    api.asked.clear()
    with pytest.raises(MissingParameterError, match="needs item_id"):
        ours(session, statement)
    assert api.asked == []


def test_distinct_keys_are_asked_once(session: Session, api: Api) -> None:
    api.asked.clear()
    ours(session, "SELECT q.id FROM items i JOIN parts q ON q.item_id = i.grp WHERE i.id < 4")
    keys = [asked.split("/")[2] for asked in api.asked if asked.startswith("/by/")]
    assert sorted(keys) == ["1", "2"]  # 1 stands twice among the items, and has one page
