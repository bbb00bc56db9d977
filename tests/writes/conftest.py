"""A small stateful API on loopback, with faults at chosen writes, and sessions over it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from sqloud.dialect import split
from sqloud.errors import Source
from sqloud.executor.result import Result
from sqloud.session import Session
from sqloud.settings import Settings

Ran = Callable[..., Result]


class Logged(NamedTuple):
    """One request as the server saw it."""

    verb: str
    path: str
    body: Any

    def __str__(self) -> str:
        return f"{self.verb} {self.path}"


class Api(ThreadingHTTPServer):
    """Droplets and the records of one domain. `faults` maps the number of a write, from 1, to what befalls it."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Exchange)
        self.lock = threading.Lock()
        self.log: list[Logged] = []
        self.faults: dict[int, str] = {}
        self.delay = 0.0
        self.polls = 0
        self.end = "completed"
        self.droplets: dict[int, dict[str, Any]] = {}
        self.records: dict[int, dict[str, Any]] = {}
        for number in (1, 2, 3, 4, 5):
            self.droplets[number] = {
                "id": number,
                "name": f"web-{number}",
                "status": "active" if number < 4 else "off",
                "tags": ["web"],
            }
            kind = "A" if number < 4 else "TXT"
            self.records[number] = {
                "id": number,
                "type": kind,
                "name": "@",
                "data": "x",
                "ttl": 1800 * number,
            }

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def writes(self) -> list[Logged]:
        return [one for one in self.log if one.verb != "GET"]


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20
    server: Api

    def _answer(self) -> None:
        api = self.server
        length = int(self.headers.get("content-length") or 0)
        raw = self.rfile.read(length)
        body = msgspec.json.decode(raw) if raw else None
        with api.lock:
            api.log.append(Logged(self.command, self.path, body))
            number = len(api.writes) if self.command != "GET" else 0
        time.sleep(api.delay)
        fault = api.faults.get(number, "")
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault == "timeout":
            time.sleep(3)
            self.close_connection = True
        elif fault == "429" and (api.faults.pop(number)):
            self._reply(429, {"id": "too_many_requests", "message": "slow down"}, "retry-after: 0\r\n")
        elif fault:
            self._reply(int(fault), {"id": "server_error", "message": "the disk is on fire"})
        else:
            with api.lock:
                self._reply(*self._done(body))

    def _done(self, body: Any) -> tuple[int, Any]:
        api, path = self.server, self.path.split("?")[0].strip("/").split("/")[1:]
        rows = api.records if path[0] == "domains" else api.droplets
        one, many = ("domain_record", "domain_records") if path[0] == "domains" else ("droplet", "droplets")
        key = path[3] if path[0] == "domains" and len(path) > 3 else path[1] if len(path) == 2 else None
        if path[0] == "actions":
            api.polls += 1
            status = "in-progress" if api.polls < 2 else api.end
            kind = next((one.body["type"] for one in api.writes if one.body and "type" in one.body), "create")
            return 200, {"action": {"id": int(path[1]), "status": status, "type": kind}}
        if path == ["droplets", "actions"]:
            begun = [{"id": number, "status": "in-progress", "type": body["type"]} for number in (7, 8)]
            return 201, {"actions": begun}
        if path[-1] == "actions":
            return 201, {"action": {"id": 7, "status": "in-progress", "type": body["type"]}}
        if self.command == "POST":
            number = max(rows, default=0) + 1
            rows[number] = {"id": number, "status": "new", **body}
            links = {"links": {"actions": [{"id": 7}]}} if one == "droplet" else {}
            return (201 if path[0] == "domains" else 202), {one: rows[number], **links}
        if key is None:
            if self.command == "DELETE":
                rows.clear()
                return 204, None
            return 200, {many: list(rows.values()), "links": {}, "meta": {"total": len(rows)}}
        if int(key) not in rows:
            return 404, {"id": "not_found", "message": "there is no such row"}
        if self.command == "DELETE":
            del rows[int(key)]
            return 204, None
        if body:
            rows[int(key)] |= body
        return 200, {one: rows[int(key)]}

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815

    def _reply(self, status: int, body: Any, headers: str = "") -> None:
        raw = b"" if body is None else msgspec.json.encode(body)
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {len(raw)}\r\n\r\n"
        self.wfile.write(head.encode() + raw)

    def log_message(self, *_: object) -> None:
        """The tests read `api.log`."""


@pytest.fixture
def api() -> Iterator[Api]:
    server = Api()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def opened(api: Api, compiled: Path, notices: list[str]) -> Iterator[Callable[..., Session]]:
    """Open sessions over the API; close them at the end."""
    sessions: list[Session] = []

    def make(on_confirm: Any = None, **fields: Any) -> Session:
        settings: dict[str, Any] = {
            "endpoints": {"digitalocean": api.url},
            "credentials": {"digitalocean": "dop_v1_test"},
            "cache": compiled,
            "read_timeout": 1.0,
        }
        sessions.append(
            Session(Settings(**{**settings, **fields}), on_notice=notices.append, on_confirm=on_confirm)
        )
        return sessions[-1]

    yield make
    for session in sessions:
        session.close()


def run(session: Session, sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """The rows of one statement."""
    (text,) = split(Source("test.sql", sql))
    result = session.run(text, parameters=parameters)
    return [row for batch in result.batches() for row in batch]
