"""HTTP/1.1 on sockets of our own: h11 says what the bytes mean, asyncio carries them.

Law: a connection carries one exchange at a time and goes back only after a whole one; what was cancelled, failed
or answered out of turn is closed at once. No redirect is followed here, no cookie is kept, and no proxy is asked.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11

from sqloud.errors import ConnectionFault, InterfaceError, OperationalError, ResponseDataError
from sqloud.protocol.messages import ApiRequest, ApiResponse

if TYPE_CHECKING:
    import ssl

__all__ = ["DirectTransport"]

_LONGEST_HEAD = 256 * 2**10
_FRESH = 1.0
"""Seconds after which an idle connection is not trusted with what cannot be sent twice."""
_IDLE = 60.0
_SLOWEST = 1024
"""Bytes a second; an answer that takes longer than one wait may, and comes more slowly than this, has stalled."""
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 47

Place = tuple[str, str, int]


class DirectTransport:
    """Connections straight to the hosts that are asked, kept open for the next request.

    connect_timeout, read_timeout: seconds, of one connection and of one wait for bytes; a request's own
    `patience` goes before the latter. response_limit: bytes of a body after decompression.
    """

    def __init__(
        self, *, connect_timeout: float, read_timeout: float, response_limit: int, user_agent: str
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._response_limit = response_limit
        self._user_agent = user_agent
        self._idle: dict[Place, list[_Connection]] = {}
        self._busy: set[_Connection] = set()
        self._opening: set[asyncio.Task[_Connection]] = set()
        self._tls: ssl.SSLContext | None = None

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """One exchange on an idle connection, or on a new one.

        Raises ConnectionFault, ResponseDataError, OperationalError for a certificate that is not trusted.
        """
        place, message = self._message(request, headers)
        connection = None
        try:
            connection = self._kept(place, request.idempotent) or await self._connected(place)
            self._busy.add(connection)
            answer = await connection.exchange(
                *message, request.patience or self._read_timeout, self._response_limit
            )
        except (OSError, h11.RemoteProtocolError, zlib.error) as error:
            if (refused := _untrusted(error)) is not None:
                raise OperationalError(
                    f"{request.http_verb} {request.url} was not sent: the certificate of {place[1]} is not "
                    f"trusted ({refused})",
                    hints=("SSL_CERT_FILE names a file with the certificates to trust",),
                ) from error
            raise ConnectionFault(
                f"{request.http_verb} {request.url} failed: {_said(error)}", sent=connection is not None
            ) from error
        except h11.LocalProtocolError as error:
            raise InterfaceError(f"{request.url[:200]!r} is no URL that can be asked: {error}") from error
        except _TooLongError as error:
            raise ResponseDataError(
                f"{request.http_verb} {request.url} answers more than {self._response_limit:,} bytes"
            ) from error
        finally:
            if connection is not None:
                self._busy.discard(connection)
                if connection.ready():
                    self._idle.setdefault(place, []).append(connection)
                else:
                    connection.abort()
        return answer

    async def close(self) -> None:
        """Close every connection."""
        for connection in (*self._busy, *(one for idle in self._idle.values() for one in idle)):
            connection.abort()
        self._idle.clear()
        if self._opening:
            await asyncio.wait(tuple(self._opening), timeout=self._connect_timeout)
        for _ in range(3):
            await asyncio.sleep(0)  # the loop closes the sockets in its next rounds

    def _message(
        self, request: ApiRequest, headers: tuple[tuple[str, str], ...]
    ) -> tuple[Place, tuple[h11.Request, bytes | None]]:
        try:
            parts = urlsplit(request.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            place = (parts.scheme, (parts.hostname or "").encode("idna").decode(), port)
        except (ValueError, UnicodeError) as error:
            raise InterfaceError(f"{request.url[:200]!r} is no URL that can be asked: {error}") from error
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InterfaceError(f"{request.url[:200]!r} is no URL that can be asked")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [
            ("host", parts.netloc.rpartition("@")[2]),
            ("user-agent", self._user_agent),
            ("accept-encoding", "gzip"),
            *headers,
        ]
        if request.body is not None or request.http_verb in {"POST", "PUT", "PATCH"}:
            lines.append(("content-length", str(len(request.body or b""))))
        try:
            return place, (h11.Request(method=request.http_verb, target=target, headers=lines), request.body)
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise InterfaceError(f"{request.url[:200]!r} is no URL that can be asked: {error}") from error

    def _kept(self, place: Place, idempotent: bool) -> _Connection | None:
        """An idle connection to a place; one that has been so for long is not trusted with a write."""
        idle = self._idle.get(place, [])
        while idle:
            connection = idle.pop()
            if connection.idle_for() < (_IDLE if idempotent else _FRESH):
                return connection
            connection.abort()
        return None

    async def _connected(self, place: Place) -> _Connection:
        """A new connection. Cancelled, it is closed as soon as it is there: asyncio would leave its socket open."""
        opening = asyncio.create_task(self._opened(place))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_closed)
            raise

    async def _opened(self, place: Place) -> _Connection:
        scheme, host, port = place
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    _Connection, host, port, ssl=self._context() if scheme == "https" else None
                )
        except TimeoutError as error:
            raise TimeoutError(f"no connection to {host} within {self._connect_timeout:g} s") from error
        return connection

    def _context(self) -> ssl.SSLContext:
        """TLS as the environment asks (SSL_CERT_FILE, SSL_CERT_DIR). Raises InterfaceError."""
        if self._tls is None:
            import os
            import ssl

            import certifi

            file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
            try:
                if file or folder:
                    self._tls = ssl.create_default_context(cafile=file or None, capath=folder or None)
                else:
                    self._tls = ssl.create_default_context(cafile=certifi.where())
            except OSError as error:
                raise InterfaceError(
                    f"no connection can be opened as the environment asks: {error}",
                    hints=("look at SSL_CERT_FILE and SSL_CERT_DIR",),
                ) from error
            self._tls.set_alpn_protocols(["http/1.1"])
        return self._tls


class _TooLongError(Exception):
    """A body that is longer than it may be."""


class _Connection(asyncio.Protocol):
    """One socket and what is under way on it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_LONGEST_HEAD)
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[ApiResponse] | None = None
        self._began = self._heard = self._loop.time()
        self._received = 0  # bytes of the answer, as they came
        self._open = True
        self._watching: asyncio.TimerHandle | None = None
        self._unpacking: zlib._Decompress | None = None
        self._status, self._limit = 0, 0
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def ready(self) -> bool:
        """Whether the next exchange may begin."""
        return self._open and self._answer is None and self._http.our_state is h11.IDLE

    def idle_for(self) -> float:
        """Seconds since the last byte came; without end where the connection is gone."""
        return self._loop.time() - self._heard if self.ready() else float("inf")

    def abort(self) -> None:
        """Close at once; what waits fails."""
        self._open = False
        if self._transport is not None:
            self._transport.abort()

    async def exchange(
        self, request: h11.Request, body: bytes | None, patience: float, limit: int
    ) -> ApiResponse:
        """Send and read to the end. patience: seconds of one wait for bytes."""
        assert self._transport is not None
        self._status, self._headers, self._limit = 0, {}, limit
        self._body, self._unpacking = bytearray(), None
        self._answer = self._loop.create_future()
        pieces = [self._http.send(request) or b""]
        if body:
            pieces.append(self._http.send(h11.Data(data=body)) or b"")
        pieces.append(self._http.send(h11.EndOfMessage()) or b"")
        self._began = self._heard = self._loop.time()
        self._received = 0
        self._transport.write(b"".join(pieces))
        self._watching = self._loop.call_later(patience, self._watch, patience)
        try:
            return await self._answer
        finally:
            self._answer = None
            self._watching.cancel()

    def _watch(self, patience: float) -> None:
        moment = self._loop.time()
        quiet, passed = moment - self._heard, moment - self._began
        if quiet < patience <= passed and self._received < passed * _SLOWEST:
            self._fail(TimeoutError(f"only {self._received:,} bytes came in {passed:.1f} s"))
        elif quiet >= patience:
            self._fail(TimeoutError(f"nothing came for {patience:g} s"))
        else:
            self._watching = self._loop.call_later(patience - quiet, self._watch, patience)

    def data_received(self, data: bytes) -> None:
        """Bytes of the answer; what nobody asked for closes the connection."""
        self._heard = self._loop.time()
        self._received += len(data)
        if self._answer is None or self._answer.done():
            self.abort()
            return
        try:
            self._http.receive_data(data)
            self._read()
        except (h11.RemoteProtocolError, zlib.error, _TooLongError) as error:
            self._fail(error)

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone: the end of an answer that had no other, or a failure."""
        self._open = False
        if self._answer is None or self._answer.done():
            return
        if exc is None:
            try:
                self._http.receive_data(b"")
                self._read()
            except (h11.RemoteProtocolError, zlib.error, _TooLongError) as error:
                exc = error
        if self._answer is not None and not self._answer.done():
            self._fail(exc or ConnectionError("the server closed the connection before its answer ended"))

    def _read(self) -> None:
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Data):
                self._take(event.data)
            elif isinstance(event, h11.Response):
                self._status = event.status_code
                for raw, value in event.headers:
                    name, text = raw.decode("ascii"), value.decode("latin-1")
                    self._headers[name] = f"{self._headers[name]}, {text}" if name in self._headers else text
                if self._headers.get("content-encoding", "").strip().lower() in _PACKED:
                    self._unpacking = zlib.decompressobj(wbits=_GZIP_OR_ZLIB)
            elif isinstance(event, h11.EndOfMessage):
                self._finish()
                return
            elif isinstance(event, h11.InformationalResponse):
                continue
            else:  # NEED_DATA, PAUSED, ConnectionClosed
                return

    def _take(self, data: bytes) -> None:
        room = self._limit - len(self._body)
        if self._unpacking is not None:
            data = self._unpacking.decompress(data, room + 1)
        self._body += data
        if len(data) > room:
            raise _TooLongError

    def _finish(self) -> None:
        if self._unpacking is not None and not self._unpacking.eof:
            raise zlib.error("the packed answer ends before its end")
        answer = ApiResponse(status=self._status, headers=self._headers, body=bytes(self._body))
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        self.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)


def _closed(opening: asyncio.Task[_Connection]) -> None:
    """Close a connection that nobody waits for any more."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().abort()


def _untrusted(error: BaseException) -> str | None:
    """What is wrong with a server's certificate, where that is the failure."""
    import sys

    ssl = sys.modules.get("ssl")  # without it no certificate was looked at
    if ssl is None or not isinstance(error, ssl.SSLCertVerificationError):
        return None
    return str(error.verify_message)


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
