"""A key for each row, where the API knows one: the same on a retry, and in the journal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest

import sqloud
from sqloud.errors import WriteFailedError


class Bank(ThreadingHTTPServer):
    """Does each key once; the first attempt of every second key loses its answer."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.seen: list[str] = []
        self.done: dict[str, str] = {}


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bank

    def log_message(self, *args: object) -> None:
        """Nothing to the screen."""

    def do_POST(self) -> None:
        body = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
        key = self.headers.get("idempotency-key") or body.get("request_id") or f"none {len(self.server.seen)}"
        again = key in self.server.done
        self.server.seen.append(key)
        self.server.done[key] = body["name"]
        if not again and len(self.server.done) % 2 == 0:
            self.close_connection = True
            return
        answer = msgspec.json.encode({"id": key})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


@pytest.fixture
def bank() -> Iterator[Bank]:
    server = Bank()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def provider(url: str, key: dict[str, str] | None) -> dict[str, Any]:
    fields = {
        "name": {"type": "string", "required": True},
        "request_id": {"type": "string", "required": True},
    }
    if key is None or "header" in key:
        del fields["request_id"]
    create = {
        "verb": "insert",
        "request": "POST /jobs",
        "shape": "object",
        "body": {"required": True, "fields": fields},
        **({"idempotency_key": key} if key is not None else {}),
    }
    jobs = {"columns": {"id": {"type": "string"}, "name": {"type": "string"}}, "methods": {"create": create}}
    document = {
        "provider": "acme",
        "base_url": url,
        "authentication": {"scheme": "none"},
        "errors": {"code": "id", "message": "message"},
        "services": {"work": "Work to be done."},
    }
    return {"provider": document, "services": {"work": {"service": "work", "resources": {"jobs": jobs}}}}


FOUR = "INSERT INTO acme.work.jobs (name) VALUES ('a'), ('b'), ('c'), ('d') RETURNING id"


@pytest.mark.parametrize("key", [{"header": "Idempotency-Key"}, {"field": "request_id"}])
def test_each_row_has_its_key_and_a_retry_the_same(bank: Bank, key: dict[str, str], tmp_path: Path) -> None:
    document = provider(f"http://127.0.0.1:{bank.server_address[1]}", key)
    journal = tmp_path / "journal"
    with sqloud.connect(providers=[document], allow_writes=True, journal=journal) as connection:
        ids = [row[0] for row in connection.execute(FOUR).fetchall()]
    assert list(bank.done.values()) == ["a", "b", "c", "d"]
    assert ids == list(bank.done)
    assert len(bank.seen) == 6  # two answers were lost
    lines = [msgspec.json.decode(line) for line in journal.read_bytes().splitlines()]
    assert [line["idempotency_key"] for line in lines if line["event"] == "intent"] == ids


def test_without_a_key_nothing_is_sent_twice(bank: Bank) -> None:
    document = provider(f"http://127.0.0.1:{bank.server_address[1]}", None)
    with (
        sqloud.connect(providers=[document], allow_writes=True) as connection,
        pytest.raises(WriteFailedError, match="in doubt"),
    ):
        connection.execute(FOUR)
    assert len(bank.seen) == 2


def test_a_key_that_is_given_stays(bank: Bank) -> None:
    document = provider(f"http://127.0.0.1:{bank.server_address[1]}", {"field": "request_id"})
    with sqloud.connect(providers=[document], allow_writes=True) as connection:
        connection.execute("INSERT INTO acme.work.jobs (name, request_id) VALUES ('a', 'mine')")
        plan = connection.execute("EXPLAIN INSERT INTO acme.work.jobs (name) VALUES ('a')").fetchall()
    assert bank.seen == ["mine"]
    assert any("an idempotency key, made when it is sent" in line for (line,) in plan)
