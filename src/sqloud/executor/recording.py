"""Transports around a transport: hooks before and after a request, a record of what was answered, its replay.

Law: none of them sees a credential or writes one: they are shown requests as plans make them, and the headers that
carry a secret pass by. A record holds whole answers, so its file is the user's alone (0600).
"""

from __future__ import annotations

import base64
import os
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import msgspec

from sqloud.errors import ConnectionFault, InterfaceError
from sqloud.executor.transport import Transport
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["AfterResponse", "BeforeRequest", "HookedTransport", "RecordingTransport", "ReplayTransport"]

BeforeRequest = Callable[[ApiRequest], None]
"""Shown a request before it is sent; what it raises stops the statement, and the request is not sent."""
AfterResponse = Callable[[ApiRequest, ApiResponse], None]
"""Shown a request and its answer, whatever the status; retries are requests of their own."""


class _Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a record; bodies are base64."""

    verb: str
    url: str
    sent: str | None
    status: int
    headers: dict[str, str]
    body: str


class HookedTransport:
    """Calls `before` and `after` around each request of `inner`, on the session's loop: neither may block."""

    def __init__(self, inner: Transport, before: BeforeRequest | None, after: AfterResponse | None) -> None:
        self._inner = inner
        self._before = before
        self._after = after

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer of `inner`."""
        if self._before is not None:
            self._before(request)
        response = await self._inner.send(request, headers)
        if self._after is not None:
            self._after(request, response)
        return response

    async def close(self) -> None:
        """Close `inner`."""
        await self._inner.close()


class RecordingTransport:
    """Writes each answer of `inner` to `path`, a JSON line each, for `ReplayTransport`."""

    def __init__(self, path: str | Path, inner: Transport) -> None:
        self._inner = inner
        self._lock = threading.Lock()
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer of `inner`, written down."""
        response = await self._inner.send(request, headers)
        line = _Exchange(
            verb=request.http_verb,
            url=request.url,
            sent=None if request.body is None else _written(request.body),
            status=response.status,
            headers={name: value for name, value in response.headers.items() if name != "set-cookie"},
            body=_written(response.body),
        )
        with self._lock:
            self._file.write(msgspec.json.encode(line) + b"\n")
        return response

    async def close(self) -> None:
        """Finish the record, and close `inner`."""
        self._file.close()
        await self._inner.close()


class ReplayTransport:
    """Answers as `path` has it: by verb, URL and body, in the order of the record; the last of the same goes on.

    Raises InterfaceError for a file that is no record.
    """

    def __init__(self, path: str | Path) -> None:
        self._answers: dict[tuple[str, str, str | None], list[ApiResponse]] = defaultdict(list)
        try:
            for line in Path(path).read_bytes().splitlines():
                exchange = msgspec.json.decode(line, type=_Exchange)
                body = base64.b64decode(exchange.body, validate=True)
                answer = ApiResponse(status=exchange.status, headers=exchange.headers, body=body)
                self._answers[exchange.verb, exchange.url, exchange.sent].append(answer)
        except (OSError, msgspec.DecodeError, ValueError) as error:
            raise InterfaceError(f"{path} is no record of answers: {error}") from error

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The recorded answer. Raises ConnectionFault for a request that was not recorded."""
        sent = None if request.body is None else _written(request.body)
        answers = self._answers.get((request.http_verb, request.url, sent))
        if not answers:
            raise ConnectionFault(f"{request.http_verb} {request.url} is not in the record", sent=False)
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def close(self) -> None:
        """Nothing is open."""


def _written(body: bytes) -> str:
    return base64.b64encode(body).decode()
