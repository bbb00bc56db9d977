"""Scans over a real transport and a real engine: order, bounds, failures, limits, cancellation."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from sqloud.datatypes import DataType
from sqloud.engine.duck import DuckEngine, DuckWorkspace
from sqloud.errors import (
    ApiError,
    ConnectionFault,
    CredentialError,
    EngineError,
    IncompleteAnswerError,
    InterfaceError,
    ResponseDataError,
    StatementCancelled,
    TimeLimitError,
)
from sqloud.executor.exchange import Exchanges
from sqloud.executor.loop import Running, SessionLoop
from sqloud.executor.network import NetworkTransport
from sqloud.executor.prepared import PreparedScan
from sqloud.executor.run import Runner
from sqloud.executor.statistics import Statistics
from sqloud.plan.steps import Echo, KeyValues, Limit, Scan, Value
from sqloud.protocol.build import first_request
from sqloud.registry.records import (
    Authentication,
    Column,
    ErrorShape,
    Method,
    Paging,
    Parameter,
    Provider,
    Rows,
    TableName,
)

if TYPE_CHECKING:
    from .conftest import Exchange, Seen, Serve

TOKEN = "token_not_to_be_told"
INTEGER = DataType(type="integer")
KEY = Parameter(name="key", sql_name="key", location="path", type=INTEGER, required=True)
SIZE = Parameter(name="per_page", sql_name="per_page", location="query", type=INTEGER)
PAGING = Paging(
    style="page_number",
    page="page",
    size="per_page",
    default_size=2,
    maximum_size=2,
    next=("links", "pages", "next"),
    total=("meta", "total"),
)
PROVIDER = Provider(
    name="p",
    base_url="https://api.example.com",
    authentication=Authentication(scheme="bearer", environment=("P_TOKEN",)),
    errors=ErrorShape(code="id", message="message"),
)
METHOD = Method(
    name="things_list",
    verb="select",
    http_verb="GET",
    path="/{key}/things",
    parameters=(KEY, SIZE),
    rows=Rows(path=("things",)),
    paging=PAGING,
    listing=True,
    idempotent=True,
)
SCAN = Scan(
    id="scan_0",
    table=TableName("p", "s", "things"),
    provider=PROVIDER,
    method=METHOD,
    columns=(Column(name="v", type=INTEGER, path=("v",)),),
    echoes=(Echo(name="key", parameter="key", type=INTEGER),),
)
Rig = Callable[..., "Bench"]


class Bench:
    """A runner for one server, with an engine and a loop of its own."""

    def __init__(self, url: str, **changes: Any) -> None:
        self.url = url
        self.loop = SessionLoop()
        self.engine = DuckEngine()
        self.transport = NetworkTransport(
            connect_timeout=2.0, read_timeout=2.0, response_limit=1_000_000, user_agent="t"
        )
        self.statistics = Statistics()
        self.notices: list[str] = []
        most = changes.pop("max_concurrency", 4)
        self.exchanges = Exchanges(
            self.transport,
            max_concurrency=most,
            first=most,
            read_timeout=2.0,
            endpoint=lambda _: url,
            credential=changes.pop("credential", lambda _: TOKEN),
            log=changes.pop("log", None),
        )
        self.runner = Runner(loop=self.loop, exchanges=self.exchanges, max_concurrency=most, **changes)

    def begin(
        self, *keys: Value, workspace: DuckWorkspace, time_limit: float | None = None, **changes: Any
    ) -> Running[list[tuple[Any, ...]]]:
        rows = tuple((key,) for key in keys)
        scan = msgspec.structs.replace(SCAN, keys=KeyValues(parameters=(KEY,), rows=rows), **changes)
        columns = [(column.name, column.type.sql) for column in scan.columns]
        workspace.create(scan.id, [*columns, *((echo.name, echo.type.sql) for echo in scan.echoes)])
        requests = tuple(first_request(scan, row, self.url) for row in rows)
        sql = 'SELECT "key", v FROM scan_0'
        self.statistics = Statistics()
        return self.loop.submit(
            self.runner.run(
                [PreparedScan(scan=scan, keys=rows, requests=requests)],
                workspace,
                lambda: [row for batch in workspace.query(sql) for row in batch],
                notice=self.notices.append,
                statistics=self.statistics,
                time_limit=time_limit,
            )
        )

    def rows(self, *keys: Value, **changes: Any) -> list[tuple[Any, ...]]:
        workspace = self.engine.open()
        try:
            return self.begin(*keys, workspace=workspace, **changes).result()
        finally:
            workspace.close()

    def close(self) -> None:
        self.loop.close(self.transport.close)
        self.engine.close()


@pytest.fixture
def rig() -> Iterator[Rig]:
    benches: list[Bench] = []

    def make(url: str, **changes: Any) -> Bench:
        benches.append(Bench(url, **changes))
        return benches[-1]

    before = set(threading.enumerate())
    yield make
    for bench in benches:
        bench.close()
    mine = [thread for thread in set(threading.enumerate()) - before if thread.name.startswith("sqloud")]
    assert not mine, "threads outlive their session"


def key_of(exchange: Exchange | Seen) -> int:
    return int(exchange.path.split("/")[1])


def page_of(exchange: Exchange | Seen) -> int:
    return int(parse_qs(urlsplit(exchange.path).query).get("page", ["1"])[0])


def paged(exchange: Exchange, total: int = 5) -> None:
    """Rows key*100 + 0 .. total-1, two on a page."""
    key, page = key_of(exchange), page_of(exchange)
    rows = [{"v": key * 100 + number} for number in range(total)][(page - 1) * 2 : page * 2]
    exchange.reply({"things": rows, "meta": {"total": total}})


def expected(*keys: int, total: int = 5) -> list[tuple[int, int]]:
    return [(key, key * 100 + number) for key in keys for number in range(total)]


def test_pages_are_read_to_the_end_with_the_credential_on_each(serve: Serve, rig: Rig) -> None:
    server = serve(paged)
    bench = rig(server.url)
    assert bench.rows(1) == expected(1)
    # The second and the third are sent at once, and come in either order.
    assert sorted(page_of(exchange) for exchange in server.log) == [1, 2, 3]
    assert {exchange.headers["authorization"] for exchange in server.log} == {f"Bearer {TOKEN}"}
    (counted,) = bench.statistics.scans
    assert (counted.id, counted.requests, counted.pages, counted.rows, counted.retries) == (
        "scan_0",
        3,
        3,
        5,
        0,
    )
    assert counted.bytes > 0
    assert 0 < counted.elapsed <= bench.statistics.elapsed


def test_rows_keep_the_order_of_keys_and_pages(serve: Serve, rig: Rig) -> None:
    """The first keys answer last."""

    def late(exchange: Exchange) -> None:
        time.sleep((7 * key_of(exchange)) % 11 / 200)
        paged(exchange)

    server = serve(late)
    keys = list(range(1, 31))
    assert rig(server.url).rows(*keys) == expected(*keys)
    assert [key for key, _ in rig(server.url).rows(9, 3, 7)] == [9] * 5 + [3] * 5 + [7] * 5


@pytest.mark.parametrize("bound", [1, 3, 8])
def test_no_more_requests_in_flight_than_allowed(serve: Serve, rig: Rig, bound: int) -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.01)
        paged(exchange, total=1)

    server = serve(slow)
    bench = rig(server.url, max_concurrency=bound)
    assert len(bench.rows(*range(1, 41))) == 40
    assert server.most == bound


def test_the_bound_is_one_for_all_statements(serve: Serve, rig: Rig) -> None:
    def slow(exchange: Exchange) -> None:
        time.sleep(0.02)
        paged(exchange, total=1)

    server = serve(slow)
    bench = rig(server.url, max_concurrency=4)
    workspaces = [bench.engine.open() for _ in range(4)]
    running = [bench.begin(*range(1, 11), workspace=workspace) for workspace in workspaces]
    assert [one.result() for one in running] == [expected(*range(1, 11), total=1)] * 4
    assert server.most == 4
    for workspace in workspaces:
        workspace.close()


def test_a_reset_half_way_is_asked_again(serve: Serve, rig: Rig) -> None:
    turns = itertools.count(1)  # not the log's length, which two requests at once see as the same

    def answer(exchange: Exchange) -> None:
        if next(turns) == 2:
            exchange.reset(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"things": [')
        else:
            paged(exchange)

    server = serve(answer)
    assert rig(server.url).rows(1) == expected(1)
    # The second request to come is of either page that is left: both are sent at once.
    asked = sorted(page_of(exchange) for exchange in server.log)
    assert asked in ([1, 2, 2, 3], [1, 2, 3, 3])


def test_a_server_that_is_busy_is_asked_again(serve: Serve, rig: Rig) -> None:
    turns = itertools.count(1)

    def answer(exchange: Exchange) -> None:
        if next(turns) in {1, 3}:
            exchange.reply({"id": "busy", "message": "later"}, 429, Retry_After="0")
        else:
            paged(exchange)

    server = serve(answer)
    bench = rig(server.url)
    assert bench.rows(1) == expected(1)
    assert (bench.statistics.requests, bench.statistics.retries) == (5, 2)


def test_a_method_that_is_not_idempotent_is_asked_once(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reset())
    method = msgspec.structs.replace(METHOD, idempotent=False)
    with pytest.raises(ConnectionFault):
        rig(server.url).rows(1, method=method)
    assert len(server.log) == 1


def test_one_key_that_fails_ends_the_others(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        if key_of(exchange) == 3:
            exchange.reply({"id": "forbidden", "message": "not this one"}, 403)
        else:
            over.wait(10)
            paged(exchange, total=1)

    over = threading.Event()
    server = serve(answer)
    bench = rig(server.url)
    began = time.monotonic()
    with pytest.raises(ApiError, match=r"/3/things\?per_page=2 answered 403: forbidden: not this one"):
        bench.rows(*range(1, 200))
    assert time.monotonic() - began < 5
    over.set()
    time.sleep(0.1)
    assert len(server.log) <= 8


def test_a_failure_keeps_its_cause_among_many_keys(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reply({"things": [{"v": "x"}]}))
    with pytest.raises(ResponseDataError, match=r"^p.s.things by GET http.* row 1: v is integer") as caught:
        rig(server.url).rows(1, 2, 3)
    assert caught.value.__cause__ is not None


def test_a_late_page_that_fails_fails_the_statement(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        if page_of(exchange) == 3:
            exchange.reply(b"<html>gone</html>", 404)
        else:
            paged(exchange)

    with pytest.raises(ApiError, match=r"\(page 3\) answered 404: <html>gone</html>"):
        rig(serve(answer).url).rows(1)


def test_an_absent_key_has_no_rows_and_is_told(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        if key_of(exchange) == 2:
            exchange.reply({"id": "not_found", "message": "no"}, 404)
        else:
            paged(exchange)

    server = serve(answer)
    bench = rig(server.url)
    assert bench.rows(1, 2, 3) == expected(1, 3)
    (notice,) = bench.notices
    assert bench.statistics.scans[0].absent == 1
    assert notice.startswith("p.s.things: key = 2 has no rows (GET ")
    assert notice.endswith("answered 404)")


def test_a_page_that_is_gone_is_no_absence(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        if page_of(exchange) == 2:
            exchange.reply({"id": "not_found", "message": "no"}, 404)
        else:
            paged(exchange)

    with pytest.raises(IncompleteAnswerError, match=r"page 2 of p\.s\.things is gone"):
        rig(serve(answer).url).rows(1)


@pytest.mark.parametrize("keys", [(1,), (1, 2)], ids=["one key", "two keys"])
def test_a_link_elsewhere_sends_nothing_there(serve: Serve, rig: Rig, keys: tuple[int, ...]) -> None:
    other = serve(paged)

    def answer(exchange: Exchange) -> None:
        link = f"{other.url}{exchange.path}&page=2"
        exchange.reply({"things": [{"v": 1}], "links": {"pages": {"next": link}}})

    with pytest.raises(IncompleteAnswerError, match="another host"):
        rig(serve(answer).url).rows(*keys)
    assert other.log == []


def test_a_server_that_ignores_the_page_is_an_error(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reply({"things": [{"v": 1}, {"v": 2}], "meta": {"total": 9}}))
    with pytest.raises(IncompleteAnswerError, match="page 2 repeats the rows"):
        rig(server.url).rows(1)
    assert 2 <= len(server.log) <= 5


def test_links_that_lead_round_the_same_pages_end(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        page = page_of(exchange)
        link = f"{server.url}{urlsplit(exchange.path).path}?page={page + 1}"
        exchange.reply({"things": [{"v": page % 3}], "links": {"pages": {"next": link}}})

    server = serve(answer)
    with pytest.raises(IncompleteAnswerError, match="page 4 repeats the rows of a page before it"):
        rig(server.url).rows(1)
    assert len(server.log) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("shaped", [True, False])
def test_a_server_that_repeats_the_credential_does_not_make_us_tell_it(
    serve: Serve, rig: Rig, status: int, shaped: bool
) -> None:
    def answer(exchange: Exchange) -> None:
        told = f"bad header {exchange.headers['authorization']}"
        exchange.reply({"id": "bad", "message": told} if shaped else told.encode(), status, Retry_After="99")

    with pytest.raises((ApiError, CredentialError), match=r"Bearer \[credential\]") as caught:
        rig(serve(answer).url).rows(1)
    assert TOKEN not in repr(caught.value)


def test_no_credential_is_an_error_before_any_request(serve: Serve, rig: Rig) -> None:
    server = serve(paged)
    with pytest.raises(CredentialError, match="no credential for p"):
        rig(server.url, credential=lambda _: None).rows(1)
    assert server.log == []


def test_values_that_do_not_fit_are_null_where_the_session_says_so(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reply({"things": [{"v": "x"}]}))
    bench = rig(server.url, null_on_mismatch=True)
    assert bench.rows(1, 2) == [(1, None), (2, None)]
    assert bench.notices == ['row 1: v is integer, and the answer holds "x"'] * 2


# --- limits


def test_a_single_page_is_one_request(serve: Serve, rig: Rig) -> None:
    server = serve(paged)
    assert rig(server.url).rows(1, single_page=True) == expected(1)[:2]
    assert len(server.log) == 1


def test_a_limit_stops_the_pages(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: paged(exchange, total=50))
    found = rig(server.url).rows(1, limit=Limit(rows=5))
    assert found[:5] == expected(1, total=50)[:5]
    assert len(server.log) == 3


@pytest.mark.parametrize("keys", [(1,), tuple(range(1, 13))], ids=["one key", "many keys"])
def test_a_limit_behind_a_filter_counts_what_passes(serve: Serve, rig: Rig, keys: tuple[int, ...]) -> None:
    """Many keys count in one workspace, and never from two threads at once."""
    server = serve(lambda exchange: paged(exchange, total=20))
    passed = "SELECT count(*) FROM scan_0 WHERE v % 5 = 4"
    found = rig(server.url).rows(*keys, limit=Limit(rows=2, passed=passed))
    assert sum(row[1] % 5 == 4 for row in found) >= 2
    if len(keys) == 1:
        assert len(server.log) == 5


def test_a_time_limit_tells_what_was_done(serve: Serve, rig: Rig) -> None:
    def answer(exchange: Exchange) -> None:
        if page_of(exchange) == 3:
            over.wait(10)
        paged(exchange)

    over = threading.Event()
    server = serve(answer)
    began = time.monotonic()
    with pytest.raises(TimeLimitError, match=r"time limit of 0.7 s is spent after 3 requests, 2 pages and 4"):
        rig(server.url).rows(1, time_limit=0.7)
    assert time.monotonic() - began < 5
    over.set()


def test_a_time_limit_ends_a_wait_for_a_server(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reply({}, 503, Retry_After="30"))
    with pytest.raises(TimeLimitError, match="after 1 requests"):
        rig(server.url).rows(1, time_limit=0.2)


def test_a_time_limit_ends_the_engines_work_too(rig: Rig) -> None:
    bench = rig("http://127.0.0.1:9")
    workspace = bench.engine.open()
    endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(100000) b"
    began = time.monotonic()
    with pytest.raises(TimeLimitError):
        bench.loop.submit(
            bench.runner.run(
                [],
                workspace,
                lambda: workspace.query(endless),
                notice=bench.notices.append,
                statistics=bench.statistics,
                time_limit=0.1,
            )
        ).result()
    assert time.monotonic() - began < 5
    workspace.close()


# --- cancellation


@pytest.mark.parametrize("keys", [(1,), tuple(range(1, 50))], ids=["one key", "many keys"])
def test_cancelled_again_and_again_it_still_works(serve: Serve, rig: Rig, keys: tuple[int, ...]) -> None:
    slow = threading.Event()
    slow.set()

    def answer(exchange: Exchange) -> None:
        if slow.is_set():
            time.sleep(0.02)
        paged(exchange)

    server = serve(answer)
    bench = rig(server.url)
    for step in range(20):
        workspace = bench.engine.open()
        running = bench.begin(*keys, workspace=workspace)
        time.sleep(step / 1_000)
        running.cancel()
        with pytest.raises(StatementCancelled):
            running.result()
        workspace.close()
    slow.clear()
    assert bench.rows(*keys) == expected(*keys)


def test_what_was_cancelled_has_let_go_of_its_workspace(rig: Rig) -> None:
    """The engine's thread is stopped before the cancellation is told."""
    loop = rig("http://127.0.0.1:9").loop
    begun, ended = threading.Event(), threading.Event()
    stops: list[float] = []

    def busy() -> None:
        begun.set()
        while len(stops) < 3:
            time.sleep(0.005)
        time.sleep(0.05)
        ended.set()

    running = loop.submit(loop.work(busy, lambda: stops.append(time.monotonic())))
    begun.wait(5)
    running.cancel()
    with pytest.raises(StatementCancelled):
        running.result()
    assert ended.is_set()
    assert len(stops) >= 3


def test_closing_ends_what_runs(serve: Serve, rig: Rig) -> None:
    over = threading.Event()

    def answer(exchange: Exchange) -> None:
        over.wait(10)

    server = serve(answer)
    bench = rig(server.url)
    workspace = bench.engine.open()
    running = bench.begin(1, workspace=workspace)
    while not server.log:
        time.sleep(0.005)
    began = time.monotonic()
    bench.loop.close(bench.transport.close)
    assert time.monotonic() - began < 5
    over.set()
    with pytest.raises(StatementCancelled):
        running.result()
    workspace.close()


def test_a_closed_loop_takes_nothing() -> None:
    loop = SessionLoop()

    async def nothing() -> None:
        """Ends at once."""

    loop.submit(nothing()).result()
    loop.close(nothing)
    loop.close(nothing)
    with pytest.raises(InterfaceError, match="closed"):
        loop.submit(nothing())


def test_what_a_coroutine_raises_is_raised_where_it_is_waited_for() -> None:
    loop = SessionLoop()

    async def failing() -> None:
        raise EngineError("told")

    async def nothing() -> None:
        """Ends at once."""

    with pytest.raises(EngineError, match="told"):
        loop.submit(failing()).result()
    loop.close(nothing)


def test_a_list_without_links_or_total_is_read_to_its_end(serve: Serve, rig: Rig) -> None:
    """A server that clamps the page below anything declared, and says nothing of it."""

    def reply(exchange: Exchange) -> None:
        page = int(parse_qs(urlsplit(exchange.path).query).get("page", ["1"])[0])
        exchange.reply({"things": [{"v": value} for value in range(7 * (page - 1), min(7 * page, 17))]})

    server = serve(reply)
    assert sorted(row[1] for row in rig(server.url).rows(1)) == list(range(17))


def test_a_server_that_does_not_page_is_read_once(serve: Serve, rig: Rig) -> None:
    server = serve(lambda exchange: exchange.reply({"things": [{"v": value} for value in range(30)]}))
    assert sorted(row[1] for row in rig(server.url).rows(1)) == list(range(30))
