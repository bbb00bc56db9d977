"""Answers kept in a file: shared by sessions, dropped by a write of any, telling nothing to who may not read them."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.dialect import split
from sqloud.errors import Error, OperationalError, Source
from sqloud.executor.on_disk import OnDisk
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.sandbox.cloud import Cloud, open_sandbox
from sqloud.sandbox.transport import SandboxTransport
from sqloud.session import Session
from sqloud.settings import Settings

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

TOKEN = "dop_v1_test_of_this_file"
REGIONS = "SELECT slug FROM digitalocean.regions.regions ORDER BY 1"


def rows(session: Session, sql: str) -> list[tuple[Any, ...]]:
    result = session.run(split(Source("test", sql))[0])
    return [row for batch in result.batches() for row in batch]


def one_region(exchange: Exchange) -> None:
    body = {"regions": [{"slug": "nyc3", "name": "hunter2"}], "links": {}, "meta": {"total": 1}}
    exchange.reply(body, Cookie="session=hunter2")


def limits(url: str, directory: Path, token: str = TOKEN) -> Settings:
    return Settings(
        endpoints={"digitalocean": url},
        credentials={"digitalocean": token},
        cache_ttl=60.0,
        cache_dir=directory,
    )


def test_sessions_share_it_and_credentials_do_not(serve: Serve, tmp_path: Path) -> None:
    server = serve(one_region)
    directory = tmp_path / "a" / "b"
    for token, asked in ((TOKEN, 1), (TOKEN, 1), (f"{TOKEN}_other", 2), (f"{TOKEN}_other", 2), (TOKEN, 2)):
        with Session(limits(server.url, directory, token)) as session:
            assert rows(session, REGIONS) == [("nyc3",)]
        assert len(server.log) == asked
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for file in directory.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        content = file.read_bytes()
        assert not any(word in content for word in (TOKEN.encode(), b"hunter2", b"nyc3", b"Bearer"))


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_cache_is_begun_anew(serve: Serve, tmp_path: Path, content: bytes) -> None:
    server = serve(one_region)
    (tmp_path / "answers.sqlite").write_bytes(content)
    told: list[str] = []
    for _ in range(2):
        with Session(limits(server.url, tmp_path), on_notice=told.append) as session:
            assert rows(session, REGIONS) == [("nyc3",)]
    assert len(server.log) == 1
    assert len(told) == bool(content)


def test_a_directory_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OperationalError, match="cannot keep answers"):
        Session(limits("http://127.0.0.1:9", tmp_path / "file"))


KEY = ("digitalocean", b"digest", "GET", "http://a/b")
ANSWER = ApiResponse(status=200, headers={"etag": '"1"', "set-cookie": "x"}, body=b"{}" * 500)


def in_turn(store: OnDisk, *keys: tuple[object, ...], changes: int = 0) -> list[bool]:
    async def keep() -> list[bool]:
        for key in keys:
            await store.keep(key, ANSWER, changes)
        return [await store.kept(key) is not None for key in keys]

    return asyncio.run(keep())


def test_it_is_bounded_and_the_oldest_go(tmp_path: Path) -> None:
    moments = iter(range(1, 100))
    store = OnDisk(tmp_path, print, clock=lambda: next(moments), most=5_000)
    keys = [(*KEY, number) for number in range(8)]
    assert in_turn(store, *keys) == [False] * 4 + [True] * 4
    store.close()


def test_what_the_clock_calls_future_or_another_sealed_is_absent(tmp_path: Path) -> None:
    clock = [1e9]
    store = OnDisk(tmp_path, print, clock=lambda: clock[0])
    assert in_turn(store, KEY) == [True]
    kept = asyncio.run(store.kept(KEY))
    assert kept is not None
    assert kept.response == msgspec.structs.replace(ANSWER, headers={"etag": '"1"'})
    assert asyncio.run(store.kept((KEY[0], b"other", *KEY[2:]))) is None
    clock[0] -= 10
    assert asyncio.run(store.kept(KEY)) is None
    store.close()


def test_a_write_elsewhere_drops_it_and_what_was_asked_before(tmp_path: Path) -> None:
    one, other = OnDisk(tmp_path, print), OnDisk(tmp_path, print)
    assert in_turn(one, KEY) == [True]
    other.drop("elsewhere")
    assert asyncio.run(one.kept(KEY)) is not None
    other.drop("digitalocean")
    assert in_turn(one, KEY) == [False]  # asked before the write, kept after it
    assert in_turn(one, KEY, changes=asyncio.run(one.changes("digitalocean"))) == [True]
    one.close()
    other.close()


def test_a_write_waits_for_no_file_that_cannot_be_changed(tmp_path: Path) -> None:
    told: list[str] = []
    store = OnDisk(tmp_path, told.append)
    assert store._connection is not None
    store._connection.execute("DROP TABLE changes")
    with pytest.raises(OperationalError, match="cannot be dropped"):
        store.drop("digitalocean")
    store.drop("digitalocean", after=True)
    assert len(told) == 1
    assert in_turn(store, KEY) == [False]
    assert "no longer kept" in told[1]
    store.close()


class Shared:
    """One simulated cloud under several sessions, as a server that several processes ask."""

    def __init__(self, cloud: Cloud) -> None:
        self._transport = SandboxTransport(cloud)

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        return await self._transport.send(request, headers)

    async def close(self) -> None:
        """The cloud stays."""


DOMAINS = "SELECT name FROM digitalocean.domains.domains ORDER BY 1"
STATEMENTS = [
    DOMAINS,
    "SELECT count(*) FROM digitalocean.domains.domains",
    "INSERT INTO digitalocean.domains.domains (name) SELECT 'a.example'",
    "DELETE FROM digitalocean.domains.domains WHERE domain_name = 'a.example'",
    "DELETE FROM digitalocean.domains.domains WHERE name LIKE '%.example'",
]


def told(session: Session, sql: str) -> object:
    try:
        return rows(session, sql)
    except Error as error:
        return type(error)


@given(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.booleans()), max_size=8))
@settings(max_examples=15, deadline=None, derandomize=True)
def test_cached_equals_uncached_over_two_sessions(statements: list[tuple[str, bool]]) -> None:
    """Statements in turn by two sessions that share a cache and a cloud, and by one that has neither."""
    allowed = Settings(credentials={"digitalocean": TOKEN}, allow_writes=True, allow_destructive=True)
    with TemporaryDirectory() as folder:
        shared = msgspec.structs.replace(allowed, cache_ttl=60.0, cache_dir=Path(folder))
        with Session(msgspec.structs.replace(allowed, sandbox=True)) as plain:
            cloud = Shared(open_sandbox(plain.catalogue))
            with Session(shared, transport=cloud) as one, Session(shared, transport=cloud) as other:
                for sql, first in statements:
                    assert told(one if first else other, sql) == told(plain, sql), sql
