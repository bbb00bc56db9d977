"""Rows that are given out while they come: a true beginning of the answer, then its rest or an exception."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

import sqloud
from sqloud.dialect import split
from sqloud.errors import ApiError, EngineError, Error, InvalidValueError, NotSupportedError, Source
from sqloud.executor.result import Completeness, Result
from sqloud.output import write
from sqloud.session import Session
from sqloud.settings import Settings

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

DROPLETS = "digitalocean.droplets.droplets"
SIZE, PAGES = 3, 8


def page(exchange: Exchange, *, wide: int = 0) -> None:
    """One page of a list that only its next links lead through."""
    number = int(parse_qs(urlsplit(exchange.path).query).get("page", ["1"])[0])
    rows = [
        {"id": row, "name": f"web-{row}" + "x" * wide, "created_at": "2026-01-31T12:00:00Z"}
        for row in range((number - 1) * SIZE, number * SIZE)
    ]
    following = f"{exchange.server.url}/v2/droplets?page={number + 1}"
    exchange.reply({"droplets": rows, "links": {"pages": {"next": following} if number < PAGES else {}}})


def opened(url: str, notes: list[str], **changes: Any) -> Session:
    settings = Settings(
        endpoints={"digitalocean": url}, credentials={"digitalocean": "dop_v1_test"}, stream=True, **changes
    )
    return Session(settings, on_notice=notes.append)


def run(session: Session, sql: str) -> Result:
    return session.run(split(Source("test", sql))[0])


def test_the_first_rows_are_there_before_the_last_page_is_answered(serve: Serve) -> None:
    read = threading.Event()

    def answer(exchange: Exchange) -> None:
        if f"page={PAGES}" in exchange.path:
            assert read.wait(20)
        page(exchange)

    connection = sqloud.connect(
        endpoints={"digitalocean": serve(answer).url},
        credentials={"digitalocean": "dop_v1_test"},
        stream=True,
    )
    with connection:
        cursor = connection.execute(f"SELECT id + 1, created_at FROM {DROPLETS} WHERE name LIKE 'web-%'")
        first = next(iter(cursor))
        assert not read.is_set()
        read.set()
        assert [first[0], *(row[0] for row in cursor)] == list(range(1, SIZE * PAGES + 1))
        assert first[1].isoformat() == "2026-01-31T12:00:00+00:00"
        with pytest.raises(NotSupportedError, match="in columns"):
            cursor.df()


BY_ROW = [
    (f"SELECT id FROM {DROPLETS} WHERE id % 2 = 0", list(range(0, SIZE * PAGES, 2))),
    (f"SELECT id FROM {DROPLETS} WHERE id > 3 LIMIT 4", [4, 5, 6, 7]),
    (f"SELECT id FROM (SELECT * FROM {DROPLETS} WHERE id > 20) d WHERE name <> 'web-22'", [21, 23]),
    (f"SELECT id FROM {DROPLETS} WHERE id < 0", []),
]
TOGETHER = [
    (f"SELECT count(*) FROM {DROPLETS}", [SIZE * PAGES]),
    (f"SELECT id FROM {DROPLETS} ORDER BY id DESC LIMIT 2", [23, 22]),
    (f"SELECT id FROM {DROPLETS} OFFSET 22", [22, 23]),
    (f"SELECT DISTINCT id / 12 FROM {DROPLETS} ORDER BY 1", [0, 1]),
    (f"SELECT id FROM {DROPLETS} WHERE id = (SELECT max(id) FROM {DROPLETS})", [23]),
]


@pytest.mark.parametrize(
    ("sql", "ids", "arrives"),
    [(*one, True) for one in BY_ROW] + [(*one, False) for one in TOGETHER],
)
def test_the_rows_are_those_of_the_whole_answer(
    serve: Serve, sql: str, ids: list[int], arrives: bool
) -> None:
    notes: list[str] = []
    with opened(serve(page).url, notes) as session:
        result = run(session, sql)
        assert [row[0] for batch in result.batches() for row in batch] == ids
        assert (result.arrives, result.completeness) == (arrives, Completeness.COMPLETE)
        assert any("need each other" in note for note in notes) is not arrives


def failing(exchange: Exchange) -> None:
    if "page=7" in exchange.path:
        exchange.reply({"id": "forbidden", "message": "not this one"}, 403)
    else:
        page(exchange)


@pytest.mark.parametrize(("form", "printed"), [("jsonl", 6 * SIZE), ("csv", 6 * SIZE), ("table", 0)])
def test_a_failure_says_how_many_rows_were_printed(serve: Serve, form: str, printed: int) -> None:
    notes: list[str] = []
    stream = io.StringIO()
    with opened(serve(failing).url, notes) as session:
        result = run(session, f"SELECT id FROM {DROPLETS}")
        with pytest.raises(ApiError, match="page=7"):
            write(result, form, stream, terminal=False, note=notes.append)
        assert f"{printed} rows were printed before the failure" in notes
        assert stream.getvalue().count("\n") == printed + (form == "csv")
        assert run(session, "SELECT 1").columns  # the session is as before


def test_a_reader_that_stops_stops_the_requests(serve: Serve) -> None:
    server = serve(page)
    with opened(server.url, [], max_concurrency=1) as session:
        result = run(session, f"SELECT id FROM {DROPLETS}")
        assert next(result.batches())
        result.close()
        assert run(session, f"SELECT id FROM {DROPLETS} LIMIT 1").arrives


def test_long_rows_among_many_are_read(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        page(exchange, wide=3 * 2**20)

    notes: list[str] = []
    with opened(serve(answer).url, notes) as session:
        for streams in ("on", "off"):
            run(session, f"SET stream = {streams}")
            (rows,) = list(run(session, f"SELECT sum(length(name)), count(*) FROM {DROPLETS}").batches())
            assert rows[0][0] > 24 * 3 * 2**20
            assert rows[0][1] == 24


def test_the_engine_spills_beyond_its_memory(serve: Serve) -> None:
    sql = "SELECT count(*), sum(n) FROM (SELECT DISTINCT md5(i::text) h, i n FROM generate_series(1, 900000) t(i)) x"
    with opened(serve(page).url, [], memory_limit=64 * 10**6) as session:
        assert next(iter(run(session, "SHOW memory_limit").batches())) == [("64 MB",)]
        assert next(iter(run(session, sql).batches())) == [(900_000, 405_000_450_000)]
        run(session, "SET memory_limit = '1 GiB'")
        assert next(iter(run(session, sql).batches()))[0][0] == 900_000
        with pytest.raises(InvalidValueError, match="memory_limit cannot be"):
            run(session, "SET memory_limit = 'much'")
        run(session, "SET memory_limit = '32 MB'")
        with pytest.raises(Error) as refused:
            run(session, "SELECT string_agg(repeat('x', 1000), '') FROM generate_series(1, 200000) t(i)")
        assert isinstance(refused.value, EngineError)
        assert "--memory-limit" in refused.value.hints[0]
