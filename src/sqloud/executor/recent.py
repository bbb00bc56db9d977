"""The last requests of a session, to be shown to its user.

Law: a credential is never kept: the headers that carry it are not, and what is called like a secret in a body or a
query is masked before it is.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import msgspec

from sqloud.errors import ConnectionFault
from sqloud.executor.transport import Transport
from sqloud.plan.masking import is_secret, masked
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["RecentRequests", "SentRequest"]

_KEPT = 50
_LONGEST_BODY = 64 * 2**10


class SentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it was sent, without its credential. outcome: its status, or why there is none."""

    http_verb: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str | None
    credential: tuple[str, ...]
    outcome: str
    seconds: float

    def as_curl(self) -> str:
        """A command that sends it again, for whoever has the credential in the environment."""
        words = ["curl"]
        if self.http_verb != "GET":
            words += ["-X", self.http_verb]
        words += [f'-H "{name}: Bearer $TOKEN"' for name in self.credential]
        words += [f"-H {_shell(f'{name}: {value}')}" for name, value in self.headers]
        if self.body is not None:
            words.append(f"--data {_shell(self.body)}")
        return " ".join([*words, _shell(self.url)])


class RecentRequests:
    """A transport that remembers the last requests that went through it."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._kept: deque[SentRequest] = deque(maxlen=_KEPT)

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        """The answer of the transport, or its fault."""
        began = time.monotonic()
        outcome = "no answer"
        try:
            response = await self._transport.send(request, headers)
            outcome = str(response.status)
        except ConnectionFault as fault:
            outcome = fault.message
            raise
        finally:
            self._kept.append(_remembered(request, headers, outcome, time.monotonic() - began))
        return response

    async def close(self) -> None:
        """Close the transport."""
        await self._transport.close()

    def sent(self) -> tuple[SentRequest, ...]:
        """The last requests, the newest at the end."""
        return tuple(self._kept)


def _remembered(
    request: ApiRequest, headers: tuple[tuple[str, str], ...], outcome: str, seconds: float
) -> SentRequest:
    own = set(request.headers)
    added = tuple(name for name, value in headers if (name, value) not in own)
    return SentRequest(
        http_verb=request.http_verb,
        url=_masked_url(request.url),
        headers=tuple((name, "[masked]" if is_secret(name) else value) for name, value in request.headers),
        body=_masked_body(request.body),
        credential=added,
        outcome=outcome,
        seconds=seconds,
    )


def _masked_url(url: str) -> str:
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(is_secret(name) for name, _ in pairs):
        return url
    shown = [(name, "[masked]" if is_secret(name) else value) for name, value in pairs]
    return urlunsplit(parts._replace(query=urlencode(shown, quote_via=quote, safe="[]")))


def _masked_body(body: bytes | None) -> str | None:
    if body is None:
        return None
    try:
        decoded = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return f"({len(body)} bytes)"
    shown = masked(decoded) if isinstance(decoded, (Mapping, list)) else decoded
    text = msgspec.json.encode(shown).decode()
    return text if len(text) <= _LONGEST_BODY else f"({len(body)} bytes)"


def _shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
