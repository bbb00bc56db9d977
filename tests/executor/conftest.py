"""A server on loopback that answers as each test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import msgspec
import pytest

Answer = Callable[["Exchange"], None]
Serve = Callable[[Answer], "Server"]


class Seen(NamedTuple):
    """What is left of a request: its path with the query, its headers, the port that it came from."""

    path: str
    headers: Message
    peer: int


class Exchange(BaseHTTPRequestHandler):
    """One request; `answer` of the server decides what is written."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 20
    server: Server

    def do_GET(self) -> None:
        server = self.server
        with server.lock:
            server.log.append(Seen(self.path, self.headers, self.client_address[1]))
            server.in_flight += 1
            server.most = max(server.most, server.in_flight)
        try:
            server.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            with server.lock:
                server.in_flight -= 1

    do_POST = do_GET  # noqa: N815

    def reply(self, body: object = None, status: int = 200, **headers: str) -> None:
        """An answer: JSON of `body`, or `body` itself where it is bytes."""
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(raw)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode() + raw)

    def reset(self, sent: bytes = b"") -> None:
        """Write something, then end the connection at once."""
        self.wfile.write(sent)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """The tests read `server.log`."""


class Server(ThreadingHTTPServer):
    """`log` holds what was asked, `most` how many requests were in flight at once, `peers` the connections."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.lock = threading.Lock()
        self.log: list[Seen] = []
        self.in_flight = self.most = 0
        super().__init__(("127.0.0.1", 0), Exchange)
        self.url = f"http://127.0.0.1:{self.server_port}"

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in self.log]

    @property
    def peers(self) -> set[int]:
        return {seen.peer for seen in self.log}


@contextmanager
def _running(answer: Answer) -> Iterator[Server]:
    server = Server(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def serve() -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda answer: stack.enter_context(_running(answer))
