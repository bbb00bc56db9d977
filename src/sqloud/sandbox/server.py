"""The simulated cloud on a socket.

Law: what is answered is the cloud's alone; this module reads requests and writes answers, each answer in one
write, and an error of HTTP itself is told in the provider's own shape.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from sqloud.errors import ConnectionFault, InvalidValueError
from sqloud.protocol.authenticate import is_loopback
from sqloud.protocol.messages import ApiResponse
from sqloud.registry.catalogue import Catalogue
from sqloud.sandbox.cloud import Cloud, Documents, open_sandbox
from sqloud.sandbox.faults import Fault, FaultyCloud
from sqloud.settings import shipped

__all__ = ["running", "serve"]

_LONGEST_BODY = 32 * 2**20
_IDLE_SECONDS = 120.0


class _Server(ThreadingHTTPServer):
    """Listens without asking the name service who it is, and does not wait for idle connections to end."""

    request_queue_size = 128
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, cloud: Cloud, latency: float, faults: Sequence[Fault]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        answering = partial(_Exchange, cloud, FaultyCloud(cloud, faults), latency)
        try:
            super().__init__((host, port), answering)
        except OSError as error:
            raise ConnectionFault(
                f"cannot listen on {_place(host, port)}: {error.strerror or error}",
                hints=("choose another port, or 0 for any that is free",),
            ) from error

    def server_bind(self) -> None:
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def base_url(self) -> str:
        return f"http://{_place(self.server_name, self.server_port)}"


class _Exchange(BaseHTTPRequestHandler):
    """One connection: requests one after another until one side ends it."""

    protocol_version = "HTTP/1.1"
    server_version = "sqloud-sandbox"
    sys_version = ""
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS

    def __init__(
        self, cloud: Cloud, answering: FaultyCloud, latency: float, *connection: object, **more: object
    ) -> None:
        self._cloud = cloud
        self._answering = answering
        self._latency = latency
        super().__init__(*connection, **more)  # type: ignore[arg-type]  # as the server passes them

    def answer(self) -> None:
        """Read the body, ask the cloud, write its answer."""
        body = self._body()
        if isinstance(body, int):
            self.send_error(body)
            return
        if self._latency:
            time.sleep(self._latency)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._write(self._answering.answer(self.command, self.path, headers, body))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer  # noqa: N815

    def _body(self) -> bytes | int | None:
        """The request's body, None where it has none, the status of the refusal where it cannot be read."""
        if "transfer-encoding" in self.headers:
            return 411
        length = self.headers.get("content-length")
        if length is None:
            return None
        if not (length.isascii() and length.isdigit()):
            return 400
        if len(length) > 12 or int(length) > _LONGEST_BODY:
            return 413
        return self.rfile.read(int(length))

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """An error of HTTP itself, after which the connection ends."""
        self.close_connection = True
        status = int(code)
        self._write(self._cloud.refuse(status, message or self.responses[status][0], {"connection": "close"}))

    def _write(self, response: ApiResponse) -> None:
        phrase = self.responses.get(response.status, ("Unknown", ""))[0]
        lines = [f"HTTP/1.1 {response.status} {phrase}", f"date: {formatdate(usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        lines.append(f"content-length: {len(response.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.wfile.write(head if self.command == "HEAD" else head + response.body)

    def log_message(self, *_: object) -> None:
        """Nothing is logged: a request line can hold what its sender keeps to itself."""


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _checked_port(port: int) -> int:
    if not 0 <= port <= 65535:
        raise InvalidValueError(f"port must be from 0 to 65535, got {port}", hints=("0 takes any free port",))
    return port


@contextmanager
def running(
    cloud: Cloud,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    latency: float = 0.0,
    faults: Sequence[Fault] = (),
) -> Iterator[str]:
    """Serve a cloud from a thread of its own while the block runs; gives the base URL."""
    server = _Server(host, _checked_port(port), cloud, latency, faults)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="sqloud-sandbox", daemon=True)
    thread.start()
    try:
        yield server.base_url
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def serve(
    *,
    port: int,
    host: str = "127.0.0.1",
    latency: float = 0.0,
    faults: Sequence[Fault] = (),
    token: str | None = None,
    catalogue: Documents | None = None,
    provider_name: str = "digitalocean",
    clamp: int | None = None,
    ready: Callable[[str], None] | None = None,
) -> int:
    """Serve the simulated cloud until SIGINT or SIGTERM; gives the exit code, 0.

    latency: seconds before each answer. faults: answered first. token: the one that is let in, None for any.
    catalogue: where the documents come from, None for those that ship. clamp: as of `Cloud`.
    ready: called with the base URL once requests are taken, else the URL is told on stderr. From the main
    thread alone, which is the one that receives signals. Raises ConnectionFault where it cannot listen.
    """
    if catalogue is None:
        catalogue = Catalogue((shipped("providers"),), cache=None)
    cloud = open_sandbox(catalogue, provider_name, token=token, clamp=clamp)
    ended = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        with running(cloud, host=host, port=port, latency=latency, faults=faults) as base_url:
            if not is_loopback(host):
                sys.stderr.write(f"warning: {host} lets other machines in; nothing here is private\n")
            if ready is not None:
                ready(base_url)
            else:
                sys.stderr.write(f"simulated {provider_name} on {base_url}\n")
                sys.stderr.flush()
            ended.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0
