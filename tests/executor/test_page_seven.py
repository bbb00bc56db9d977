"""What goes wrong on the way, seen from outside: whole processes and sessions against a server that misbehaves."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

import sqloud
from sqloud.dialect import split
from sqloud.errors import ApiError, ResponseDataError, Source, StatementCancelled
from sqloud.session import Session
from sqloud.settings import Settings

if TYPE_CHECKING:
    from .conftest import Exchange, Serve

ROOT = Path(__file__).resolve().parents[2]
IDS = "SELECT id FROM digitalocean.droplets.droplets"
ROWS, SIZE = 58, 3  # twenty pages: the server's pages hold three rows, whatever is asked
TOKEN = "dop_v1_test_page_seven"
Fault = Callable[["Exchange"], None]


def page_of(path: str) -> int:
    return int(parse_qs(urlsplit(path).query).get("page", ["1"])[0])


def page(exchange: Exchange, *, links: bool = True) -> None:
    number = page_of(exchange.path)
    rows = [{"id": row} for row in range((number - 1) * SIZE + 1, min(number * SIZE, ROWS) + 1)]
    url = f"{exchange.server.url}/v2/droplets?per_page={SIZE}&page="
    pages = {"next": f"{url}{number + 1}", "last": f"{url}20"} if links and number < 20 else {}
    exchange.reply({"droplets": rows, "links": {"pages": pages}, "meta": {"total": ROWS}})


def failing(fault: Fault, times: float) -> Fault:
    """Page 7 meets `fault` so many times."""
    count = iter(range(10**6))

    def answer(exchange: Exchange) -> None:
        if page_of(exchange.path) == 7 and next(count) < times:
            fault(exchange)
        else:
            page(exchange)

    return answer


def error_500(exchange: Exchange) -> None:
    exchange.reply({"id": "server_error", "message": "out of order"}, 500)


def reset(exchange: Exchange) -> None:
    exchange.reset(b"")


def reset_half_way(exchange: Exchange) -> None:
    exchange.reset(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"droplets":[')


def stall(exchange: Exchange) -> None:
    time.sleep(1.4)
    exchange.close_connection = True


def stall_half_way(exchange: Exchange) -> None:
    exchange.wfile.write(b'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"droplets":[')
    stall(exchange)


FAULTS: list[Fault] = [error_500, reset, reset_half_way, stall, stall_half_way]


def process(url: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    said = {"PYTHONPATH": str(ROOT / "src"), "DIGITALOCEAN_TOKEN": TOKEN, **environment}
    command = [sys.executable, "-m", "sqloud", "--endpoint-url", f"digitalocean={url}", *arguments]
    return subprocess.run(command, env=kept | said, capture_output=True, text=True, timeout=28, check=False)


def opened(url: str, **changes: Any) -> Session:
    chosen: dict[str, Any] = {"credentials": {"digitalocean": TOKEN}, "read_timeout": 20.0, **changes}
    return Session(Settings(endpoints={"digitalocean": url}, **chosen))


def rows(session: Session, sql: str = IDS) -> list[Any]:
    return [row[0] for batch in session.run(split(Source("test", sql))[0]).batches() for row in batch]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_page_seven_fails_three_times_and_nothing_is_missing_or_doubled(serve: Serve, fault: Fault) -> None:
    server = serve(failing(fault, 3))
    # A busy machine may take half a second for an answer that is no stall, and each request counts here.
    with opened(server.url, read_timeout=1.0 if "stall" in fault.__name__ else 20.0) as session:
        assert rows(session) == list(range(1, ROWS + 1))
    asked = [page_of(path) for path in server.paths]
    assert sorted(asked) == sorted([*range(1, 21), 7, 7, 7])


@pytest.mark.parametrize("fault", [error_500, reset], ids=lambda fault: fault.__name__)
def test_page_seven_fails_for_ever_and_the_process_says_so(serve: Serve, fault: Fault) -> None:
    server = serve(failing(fault, float("inf")))
    done = process(server.url, "-c", IDS, "-o", "csv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "page 7" in done.stderr or "page=7" in done.stderr
    assert TOKEN not in done.stderr
    assert [page_of(path) for path in server.paths].count(7) >= 4


def test_a_stall_for_ever_is_given_up_after_three_retries(serve: Serve) -> None:
    server = serve(failing(stall, float("inf")))
    with (
        opened(server.url, read_timeout=0.5) as session,
        pytest.raises(sqloud.OperationalError, match=r"page=7|page 7"),
    ):
        rows(session)
    assert [page_of(path) for path in server.paths].count(7) >= 4


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_server_that_says_when_to_come_back_is_obeyed(serve: Serve, form: str) -> None:
    moments: list[float] = []

    def busy(exchange: Exchange) -> None:
        moments.append(time.time())
        after = "1" if form == "seconds" else formatdate(int(time.time()) + 2, usegmt=True)
        exchange.reply({"id": "too_many_requests", "message": "slow down"}, 429, Retry_After=after)

    def answer(exchange: Exchange) -> None:
        if page_of(exchange.path) == 7:
            moments.append(time.time())
        page(exchange)

    faulty = iter([busy])
    server = serve(
        lambda exchange: (next(faulty, answer) if page_of(exchange.path) == 7 else answer)(exchange)
    )
    done = process(server.url, "-c", IDS, "-o", "csv", "--max-concurrency", "1")
    assert (done.returncode, done.stdout.split()) == (0, ["id", *map(str, range(1, ROWS + 1))]), done.stderr
    assert 0.95 <= moments[1] - moments[0] < 3


def test_a_limit_that_begins_anew_in_an_hour_is_told_at_once(serve: Serve) -> None:
    def spent(exchange: Exchange) -> None:
        reset_at = str(int(time.time()) + 3600)
        exchange.reply(
            {"id": "too_many_requests", "message": "API rate limit exceeded"},
            429,
            ratelimit_limit="5000",
            ratelimit_remaining="0",
            ratelimit_reset=reset_at,
        )

    began = time.monotonic()
    done = process(serve(failing(spent, float("inf"))).url, "-c", IDS)
    assert (done.returncode, done.stdout) == (6, "")
    assert "API rate limit exceeded" in done.stderr
    assert time.monotonic() - began < 10


def test_a_limit_that_begins_anew_soon_is_waited_for(serve: Serve) -> None:
    def spent(exchange: Exchange) -> None:
        exchange.reply(
            {"id": "too_many_requests", "message": "API rate limit exceeded"},
            429,
            ratelimit_remaining="0",
            ratelimit_reset=str(int(time.time()) + 2),
        )

    with opened(serve(failing(spent, 1)).url) as session:
        assert rows(session) == list(range(1, ROWS + 1))


def test_two_sessions_never_share_a_credential(serve: Serve) -> None:
    """A hundred statements at once, of two sessions: each asks for a path of its own, under its own token."""

    def answer(exchange: Exchange) -> None:
        time.sleep(0.005)
        exchange.reply({"backups": [{"id": 1}], "links": {}, "meta": {"total": 1}})

    server = serve(answer)
    sessions = [opened(server.url, credentials={"digitalocean": f"dop_v1_test_{name}"}) for name in "ab"]
    failures: list[BaseException] = []

    def ask(number: int) -> None:
        try:
            own = f"SELECT id FROM digitalocean.droplets.backups WHERE droplet_id = {number}"
            assert rows(sessions[number % 2], own) == [1]
        except BaseException as failure:
            failures.append(failure)

    asking = [threading.Thread(target=ask, args=(number,)) for number in range(1, 101)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    for session in sessions:
        session.close()
    assert not failures
    assert len(server.log) == 100
    for seen in server.log:
        number = int(seen.path.split("/")[3])
        assert seen.headers["authorization"] == f"Bearer dop_v1_test_{'ab'[number % 2]}"


def open_sockets(port: int) -> int:
    """Established connections to a port of this machine, as the system counts them."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    return sum(field[2].endswith(f":{port:04X}") and field[3] == "01" for field in fields)


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="sockets are counted by /proc")
def test_twenty_cancellations_leave_no_connection_and_a_session_that_works(serve: Serve) -> None:
    slow = threading.Event()
    slow.set()

    def answer(exchange: Exchange) -> None:
        if slow.is_set() and page_of(exchange.path) > 1:
            for _ in range(100):  # the test is over before
                time.sleep(0.05)
                if not slow.is_set():
                    return
        page(exchange)

    server = serve(answer)
    with opened(server.url, read_timeout=20.0) as session:
        for _ in range(20):
            told: list[float] = []
            ended = threading.Event()

            def stop(
                told: list[float] = told, ended: threading.Event = ended, before: int = len(server.log)
            ) -> None:
                while len(server.log) < before + 2:  # the first page, and at least one that is slow
                    time.sleep(0.005)
                told.append(time.monotonic())
                while not ended.wait(
                    0.01
                ):  # a late request of the one before may have been taken for its own
                    session.cancel()

            stopping = threading.Thread(target=stop, daemon=True)
            stopping.start()
            with pytest.raises(StatementCancelled):
                rows(session)
            ended.set()
            stopping.join()
            assert time.monotonic() - told[0] < 3  # the answers that are waited for take five
            assert open_sockets(server.server_port) <= 2  # what is idle, and is used again
        slow.clear()
        assert rows(session) == list(range(1, ROWS + 1))
        assert server.most < 64
    time.sleep(0.05)
    assert open_sockets(server.server_port) == 0


def test_reads_follow_a_redirect_on_the_same_host_alone(serve: Serve) -> None:
    elsewhere = serve(page)

    def moved(exchange: Exchange) -> None:
        if page_of(exchange.path) == 7 and "moved" not in exchange.path:
            exchange.reply(b"", 307, Location=f"{exchange.path}&moved=1")
        else:
            page(exchange)

    with opened(serve(moved).url) as session:
        assert rows(session) == list(range(1, ROWS + 1))

    def lured(exchange: Exchange) -> None:
        exchange.reply(b"", 302, Location=f"{elsewhere.url}{exchange.path}")

    with opened(serve(failing(lured, float("inf"))).url) as session, pytest.raises(ApiError, match="302"):
        rows(session)
    assert not elsewhere.log


def test_an_answer_beyond_the_limit_is_an_error_even_if_it_came_packed(serve: Serve) -> None:
    import gzip

    body = gzip.compress(b'{"droplets": [' + b" " * 2_000_000 + b"]}")

    def packed(exchange: Exchange) -> None:
        exchange.reply(body, content_encoding="gzip")

    with (
        opened(serve(failing(packed, float("inf"))).url, response_limit=1_000_000) as session,
        pytest.raises(ResponseDataError, match=r"page=7.* more than 1,000,000 bytes"),
    ):
        rows(session)
