"""Many rows go straight into the query: the answer is that of the rows at hand, and a break leaves none."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sqloud.dialect import split
from sqloud.errors import ApiError, Error, Source, StatementCancelled
from sqloud.session import Session
from sqloud.settings import Settings

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

ROWS, SIZE = 60_000, 200
DROPLETS = "digitalocean.droplets.droplets"


def page(exchange: Exchange) -> None:
    number = int(parse_qs(urlsplit(exchange.path).query).get("page", ["1"])[0])
    rows = [
        {
            "id": row,
            "name": f"web-{row}",
            "memory": row % 7,
            "region": {"slug": f"r{row % 5}", "name": "x" * 60},
        }
        for row in range((number - 1) * SIZE, min(number * SIZE, ROWS))
    ]
    exchange.reply({"droplets": rows, "links": {}, "meta": {"total": ROWS}})


def asked(url: str, sql: str, **changes: Any) -> list[tuple[Any, ...]]:
    settings = Settings(
        endpoints={"digitalocean": url}, credentials={"digitalocean": "dop_v1_test"}, **changes
    )
    with Session(settings) as session:
        result = session.run(split(Source("test", sql))[0])
        return [row for batch in result.batches() for row in batch]


ANSWERS = [
    (f"SELECT region ->> 'slug', count(*) FROM {DROPLETS} WHERE memory > 3 GROUP BY 1 ORDER BY 1",
     [(f"r{slug}", sum(row % 7 > 3 and row % 5 == slug for row in range(ROWS))) for slug in range(5)]),
    (f"SELECT count(*), sum(id), max(name), min(region ->> 'name') FROM {DROPLETS} WHERE id >= 0",
     [(ROWS, ROWS * (ROWS - 1) // 2, "web-9999", "x" * 60)]),
    (f"SELECT id FROM {DROPLETS} WHERE length(region ->> 'name') = 60 AND name LIKE 'web-%' OFFSET 59998",
     [(59_998,), (59_999,)]),
    (f"WITH d AS (SELECT id, region r FROM {DROPLETS}) SELECT count(a.r) FROM d a JOIN d b ON a.id = b.id",
     [(ROWS,)]),
    (f"SELECT id, length(region::text) > 9 FROM {DROPLETS} WHERE name <> '' LIMIT 2", [(0, True), (1, True)]),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "rows"), ANSWERS)
def test_the_answer_is_that_of_all_rows(serve: Serve, sql: str, rows: list[tuple[Any, ...]]) -> None:
    assert asked(serve(page).url, sql) == rows


def test_a_late_page_that_fails_leaves_no_answer(serve: Serve) -> None:
    def answer(exchange: Exchange) -> None:
        if "page=290" in exchange.path:
            exchange.reply({"id": "forbidden", "message": "not this one"}, 403)
        else:
            page(exchange)

    with pytest.raises(ApiError, match="page 290"):
        asked(serve(answer).url, ANSWERS[0][0])


def test_what_the_query_refuses_is_its_error(serve: Serve) -> None:
    with pytest.raises(Error, match="boom"):
        asked(
            serve(page).url,
            f"SELECT CASE WHEN id = 55555 THEN CAST('boom ' || name AS INTEGER) END, region FROM {DROPLETS}",
        )


def stop(session: Session, cancelled: list[float]) -> None:
    cancelled.append(time.monotonic())
    session.cancel()


def test_cancelled_while_it_streams_the_session_lives(serve: Serve) -> None:
    slow = threading.Event()
    slow.set()

    def answer(exchange: Exchange) -> None:
        if slow.is_set() and "page=29" in exchange.path:
            for _ in range(200):  # the test is over before
                time.sleep(0.05)
                if not slow.is_set():
                    break
        page(exchange)

    server = serve(answer)
    settings = Settings(endpoints={"digitalocean": server.url}, credentials={"digitalocean": "dop_v1_test"})
    with Session(settings) as session:
        for _ in range(3):
            cancelled: list[float] = []
            threading.Timer(0.6, stop, (session, cancelled)).start()
            with pytest.raises(StatementCancelled):
                session.run(split(Source("test", ANSWERS[0][0]))[0])
            assert time.monotonic() - cancelled[0] < 3
        slow.clear()
        result = session.run(split(Source("test", ANSWERS[0][0]))[0])
        assert [row for batch in result.batches() for row in batch] == ANSWERS[0][1]
