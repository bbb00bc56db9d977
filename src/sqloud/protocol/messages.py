"""The only words that the protocol and the driver exchange.

Law: no I/O, no clock, no credential. A request names the provider whose credential it needs; the executor
adds the secret on the way out, so that no plan, log line or error can show one.
"""

from __future__ import annotations

import msgspec

__all__ = ["ApiRequest", "ApiResponse", "Wait"]


class ApiRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP request.

    `url` is absolute and encoded. `place` counts the request in its list from 1 (the page). `idempotent`
    says whether it may be sent again after a failure. `body` is JSON bytes. `patience` is how many seconds one
    wait for bytes may take, None for the transport's own limit.
    """

    http_verb: str
    url: str
    provider: str
    place: int = 1
    idempotent: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    patience: float | None = None


class ApiResponse(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP response, read to its end. Header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wait(msgspec.Struct, frozen=True, kw_only=True):
    """A pause that a flow asks its driver for, in seconds, with the reason a user may be told."""

    seconds: float
    reason: str
