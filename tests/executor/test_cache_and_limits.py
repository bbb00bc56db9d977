"""The cache, the bound on requests and their log, through a session."""

from __future__ import annotations

import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.dialect import split
from sqloud.errors import Error, RequestLimitError, Source
from sqloud.session import Session
from sqloud.settings import Settings

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

TOKEN = "dop_v1_test_of_this_file"
REGIONS = "SELECT slug FROM digitalocean.regions.regions ORDER BY 1"
ACCOUNT = {"digitalocean": TOKEN}


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    result = session.run(split(Source("test", sql))[0])
    return [row for batch in result.batches() for row in batch]


def one_region(exchange: Exchange) -> None:
    exchange.reply({"regions": [{"slug": "nyc3", "name": "x"}], "links": {}, "meta": {"total": 1}})


def test_an_answer_is_reused_until_it_is_too_old_and_by_nobody_else(serve: Serve) -> None:
    server = serve(one_region)
    limits = Settings(endpoints={"digitalocean": server.url}, credentials=ACCOUNT)
    with Session(limits) as session:
        rows(session, REGIONS)
        rows(session, REGIONS)
        assert len(server.log) == 2  # off by default
        rows(session, "SET cache_ttl = '5 min'")
        for _ in range(3):
            result = session.run(split(Source("test", REGIONS))[0])
            assert [row for batch in result.batches() for row in batch] == [("nyc3",)]
        assert len(server.log) == 3
        assert result.statistics is not None
        assert (result.statistics.requests, result.statistics.cached) == (0, 1)
        rows(session, "SET cache_ttl = '1 ms'")
        time.sleep(0.01)
        rows(session, REGIONS)
        assert len(server.log) == 4
    with Session(msgspec.structs.replace(limits, cache_ttl=60.0)) as other:
        rows(other, REGIONS)
        assert len(server.log) == 5


def test_an_answer_with_a_tag_is_asked_for_only_if_it_changed(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        if exchange.headers["if-none-match"] == '"1"':
            exchange.reply(b"", 304)
        else:
            body = {"regions": [{"slug": "nyc3"}], "links": {}, "meta": {"total": 1}}
            exchange.reply(body, ETag='"1"')

    server = serve(answer)
    limits = Settings(endpoints={"digitalocean": server.url}, credentials=ACCOUNT, cache_ttl=1e-6)
    with Session(limits) as session:
        assert [rows(session, REGIONS) for _ in range(3)] == [[("nyc3",)]] * 3
    assert [seen.headers["if-none-match"] for seen in server.log] == [None, '"1"', '"1"']


def test_the_same_request_at_the_same_time_is_sent_once(serve: Serve) -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.2)
        one_region(exchange)

    server = serve(slow)
    limits = Settings(endpoints={"digitalocean": server.url}, credentials=ACCOUNT, cache_ttl=60.0)
    with Session(limits) as session:
        found: list[list[tuple[Any, ...]]] = []
        asking = [threading.Thread(target=lambda: found.append(rows(session, REGIONS))) for _ in range(4)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
    assert found == [[("nyc3",)]] * 4
    assert len(server.log) == 1


DOMAINS = "SELECT name FROM digitalocean.domains.domains ORDER BY 1"
STATEMENTS = [
    DOMAINS,
    "SELECT count(*) FROM digitalocean.domains.domains",
    "SELECT name FROM digitalocean.domains.domains LIMIT 1",
    "INSERT INTO digitalocean.domains.domains (name) SELECT 'a.example'",
    "INSERT INTO digitalocean.domains.domains (name) SELECT 'b.example'",
    "DELETE FROM digitalocean.domains.domains WHERE domain_name = 'a.example'",
    "DELETE FROM digitalocean.domains.domains WHERE name LIKE '%.example'",
]


def told(session: Session, sql: str) -> object:
    try:
        return rows(session, sql)
    except Error as error:
        return type(error)


@given(st.lists(st.sampled_from(STATEMENTS), max_size=8))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_cached_equals_uncached(statements: list[str]) -> None:
    limits = Settings(sandbox=True, allow_writes=True, allow_destructive=True)
    with Session(limits) as plain, Session(msgspec.structs.replace(limits, cache_ttl=60.0)) as cached:
        for sql in statements:
            assert told(cached, sql) == told(plain, sql), sql


def test_no_more_requests_than_the_statement_may_send(serve: Serve) -> None:
    def pages(exchange: Exchange) -> None:
        number = int(exchange.path.rpartition("page=")[2]) if "&page=" in exchange.path else 1
        body = {"droplets": [{"id": number}], "links": {}, "meta": {"total": 9}}
        exchange.reply(body)

    server = serve(pages)
    limits = Settings(endpoints={"digitalocean": server.url}, credentials=ACCOUNT, max_requests=4)
    with Session(limits) as session:
        with pytest.raises(RequestLimitError, match="may send 4 requests, and needs more"):
            rows(session, "SELECT id FROM digitalocean.droplets.droplets")
        assert len(server.log) <= 4
        rows(session, "SET max_requests = 9")
        assert len(rows(session, "SELECT id FROM digitalocean.droplets.droplets")) == 9


def test_each_request_is_noted_without_the_credential(serve: Serve, tmp_path: Path) -> None:
    def answer(exchange: Exchange) -> None:
        if len(exchange.server.log) == 1:
            exchange.reply({"id": "busy", "message": "later"}, 503, Retry_After="0")
        else:
            one_region(exchange)

    server, log = serve(answer), tmp_path / "requests.jsonl"
    limits = Settings(endpoints={"digitalocean": server.url}, credentials=ACCOUNT, log_requests=log)
    with Session(limits) as session:
        rows(session, REGIONS)
    first, second = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert (first["status"], first["attempt"], second["status"], second["attempt"]) == (503, 1, 200, 2)
    assert (second["method"], second["url"]) == ("GET", f"{server.url}{server.paths[1]}")
    assert second["bytes"] > 0
    assert second["ms"] > 0
    assert TOKEN not in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
