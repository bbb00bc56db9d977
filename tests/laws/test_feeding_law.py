"""Law 1 over several tables: keys that come out of other tables never change the answer.

Random statements over three small tables, two of which must be asked by a key, against plain DuckDB over all of
their rows. There are rows under keys that no other table has, and keys that are NULL, so that a key left out or a
row dropped too early shows. A refusal (a table that nothing binds) is no answer; its share is bounded.
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
TABLES: dict[str, tuple[tuple[str, ...], tuple[tuple[int | None, ...], ...]]] = {
    "items": (("id", "grp", "x"), ((1, 1, 5), (2, 1, None), (3, 2, 7), (4, None, 5), (5, 9, 0))),
    # item_id is asked, and not in the answer; 6 is no item's id.
    "parts": (
        ("item_id", "id", "y"),
        ((1, 10, 5), (1, 11, None), (2, 12, 7), (3, 13, 5), (6, 14, 5), (6, 15, 1), (9, 16, 2)),
    ),
    # part_id is asked; 99 is no part's id.
    "subs": (
        ("part_id", "id", "z"),
        ((10, 100, 1), (10, 101, None), (12, 102, 3), (14, 103, 3), (99, 104, 1)),
    ),
}
SCOPES = {"items": None, "parts": "item_id", "subs": "part_id"}


def resource(name: str) -> Resource:
    columns = tuple(
        Column(name=column, type=INTEGER, path=(column,))
        for column in TABLES[name][0]
        if column != SCOPES[name]
    )
    scope = SCOPES[name]
    parameters: tuple[Parameter, ...] = ()
    if scope is not None:
        parameters = (
            Parameter(
                name=scope, sql_name=scope, location="path", type=INTEGER, required=True, meaning=Scope()
            ),
        )
    path = f"/{name}" if scope is None else f"/by/{{{scope}}}/{name}"
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
        if len(steps) == 3:
            rows = [row for row in rows if row.pop(str(SCOPES[name])) == int(steps[1])]
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


JOINS = ("JOIN", "JOIN", "LEFT JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", ",", "SEMI JOIN", "ANTI JOIN")


class Grammar:
    """Random statements. `names` numbers the aliases of subqueries."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.count = 0

    def one_of(self, *choices: str) -> str:
        return self.draw(st.sampled_from(choices))

    def alias(self) -> str:
        self.count += 1
        return f"a{self.count}"

    def number(self) -> str:
        return str(self.draw(st.sampled_from((0, 1, 2, 3, 5, 6, 7, 10, 12, 99))))

    def column(self, aliases: dict[str, str]) -> str:
        alias = self.draw(st.sampled_from(sorted(aliases)))
        return f"{alias}.{self.draw(st.sampled_from(TABLES[aliases[alias]][0]))}"

    def leaf(self, aliases: dict[str, str], depth: int) -> str:
        kind = self.draw(st.integers(0, 9 if depth > 0 else 4))
        column = self.column(aliases)
        if kind == 0:
            return f"{column} IS {self.one_of('', 'NOT ')}NULL"
        if kind == 1:
            return f"{column} {self.one_of('=', '<>', '<', '>=')} {self.number()}"
        if kind == 2:
            return f"{column} IN ({self.number()}, {self.number()})"
        if kind in (3, 4):
            return f"{column} = {self.column(aliases)}{self.one_of('', '', ' + 1')}"
        return self.subquery(column, aliases, depth)

    def subquery(self, column: str, aliases: dict[str, str], depth: int) -> str:
        table = self.one_of("items", "parts", "subs")
        inner = self.alias()
        scope = SCOPES[table]
        where = self.predicate({inner: table}, depth - 1)
        if scope is not None and self.draw(st.booleans()):
            where = f"{inner}.{scope} = {self.column(aliases)} AND ({where})"
        chosen = self.draw(st.sampled_from(TABLES[table][0]))
        kind = self.draw(st.integers(0, 4))
        if kind == 0:
            return f"{self.one_of('', 'NOT ')}EXISTS (SELECT 1 FROM {table} {inner} WHERE {where})"
        if kind == 1:
            return f"{column} {self.one_of('', 'NOT ')}IN (SELECT {inner}.{chosen} FROM {table} {inner} WHERE {where})"
        if kind == 2:
            return f"(SELECT count(*) FROM {table} {inner} WHERE {where}) {self.one_of('=', '>')} {self.number()}"
        if kind == 3:
            return f"{column} = (SELECT max({inner}.{chosen}) FROM {table} {inner} WHERE {where})"
        return f"{column} IN (SELECT {inner}.{chosen} FROM {table} {inner})"

    def predicate(self, aliases: dict[str, str], depth: int) -> str:
        kind = self.draw(st.integers(0, 5))
        if depth <= 0 or kind <= 2:
            return self.leaf(aliases, depth)
        if kind == 3:
            return f"NOT ({self.predicate(aliases, depth - 1)})"
        word = "AND" if kind == 4 else "OR"
        return f"({self.predicate(aliases, depth - 1)} {word} {self.predicate(aliases, depth - 1)})"

    def relation(self, name: str, table: str) -> str:
        columns = ", ".join(TABLES[table][0])
        kind = self.draw(st.integers(0, 7))
        if kind > 3:
            return f"{table} {name}"
        if kind == 0:
            return f"(SELECT {columns} FROM {table} WHERE {self.predicate({table: table}, 1)}) {name}"
        if kind == 1:
            return f"(SELECT {columns} FROM {table} LIMIT 100) {name}"
        if kind == 2:
            return f"(SELECT {columns} FROM {table} UNION ALL SELECT {columns} FROM {table}) {name}"
        first = TABLES[table][0][0]
        others = ", ".join(f"max({column}) AS {column}" for column in TABLES[table][0][1:])
        return f"(SELECT {first}, {others} FROM {table} GROUP BY {first}) {name}"

    def statement(self) -> str:
        aliases = {"i": "items"}
        text = self.relation("i", "items")
        if self.draw(st.integers(0, 9)) == 0:
            aliases = {"p": "parts"}
            text = self.relation("p", "parts")
        for name, table in self.draw(
            st.sampled_from(((), (("q", "parts"),), (("q", "parts"), ("u", "subs"))))
        ):
            before = dict(aliases)
            aliases[name] = table
            link = f"{name}.{SCOPES[table]} = {self.column(before)}"
            condition = link if self.draw(st.integers(0, 3)) else self.predicate(aliases, 1)
            if self.draw(st.booleans()):
                condition += f" AND {self.leaf(aliases, 0)}"
            kind = self.one_of(*JOINS)
            if kind == ",":
                text += f" CROSS JOIN {self.relation(name, table)}"
            else:
                text += f" {kind} {self.relation(name, table)} ON {condition}"
            if kind in {"SEMI JOIN", "ANTI JOIN"}:
                del aliases[name]  # its columns are read in the ON alone
        columns = ", ".join(
            f"{name}.{column}" for name, table in aliases.items() for column in TABLES[table][0]
        )
        where = f" WHERE {self.predicate(aliases, 2)}" if self.draw(st.integers(0, 4)) else ""
        if self.draw(st.integers(0, 5)) == 0:
            counted = self.column(aliases)
            return f"SELECT {counted}, count(*) FROM {text}{where} GROUP BY {counted}"
        if self.draw(st.integers(0, 5)) == 0:
            scalar = self.alias()
            around = self.column(aliases)
            columns += f", (SELECT count(*) FROM parts {scalar} WHERE {scalar}.item_id = {around})"
        return f"SELECT {columns} FROM {text}{where}"


@st.composite
def statements(draw: st.DrawFn) -> str:
    return Grammar(draw).statement()


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
REFUSALS: list[str] = []
JUDGED = 40
"""Refusals of the suite that are judged: each takes the plain engine some hundred statements."""


@settings(
    max_examples=examples(250),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(statement=statements())
def test_keys_out_of_other_tables_never_change_the_answer(
    session: Session, brute: duckdb.DuckDBPyConnection, statement: str
) -> None:
    try:
        found = ours(session, statement)
    except MissingParameterError:
        SEEN["refused"] += 1
        REFUSALS.append(statement)
        return
    SEEN["answered"] += 1
    try:
        expected = Counter(brute.execute(statement).fetchall())
    except duckdb.Error as error:
        pytest.fail(f"plain SQL refuses {statement}: {error}")
    assert found == expected, statement


def test_most_statements_are_answered() -> None:
    """Runs after the law: a planner that refuses everything would keep it too."""
    total = sum(SEEN.values())
    print(f"refused {SEEN['refused']} of {total}")
    assert total == 0 or SEEN["answered"] > total / 4


def test_refusals_are_of_answers_that_more_keys_change() -> None:
    """Runs after the law. What no set of rows shows to be right is printed, and bounded.

    The judge misses what only rare rows show (a count that must be twelve), and the planner what follows from
    several equalities together.
    """
    refused = list(dict.fromkeys(REFUSALS))[: JUDGED * examples(1) // 100]
    domains = Domains(TABLES, SCOPES)
    try:
        idle = [statement for statement in refused if not domains.matter(statement)]
    finally:
        domains.close()
    print(f"{len(idle)} of {len(refused)} refusals are not shown to be right", *idle, sep="\n")
    assert len(idle) <= len(refused) / 8


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
