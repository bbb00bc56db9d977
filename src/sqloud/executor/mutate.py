"""Send writes: one request after another, in the order of the rows.

Law: no request is sent twice unless its method is idempotent, or a 429 said that nothing was done; whatever ends
the sending, every row has an outcome: done, failed in the API's own words, in doubt, or not sent; a row that was done
and whose work, which AWAIT follows, failed or went on says that, and is never told as a request that failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from sqloud.errors import ApiError, ConnectionFault, Error, TimeLimitError
from sqloud.executor.journal import IN_DOUBT, Journal
from sqloud.executor.statistics import ScanStatistics, Statistics
from sqloud.protocol.failure import failure, shown_url
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import Method, Provider, Rows

__all__ = [
    "DONE",
    "FAILED",
    "FAILED_AFTER",
    "KEY_TO_BE",
    "NOT_SENT",
    "UNDER_WAY",
    "WRITTEN",
    "Outcome",
    "Sender",
    "WriteRequest",
    "send_all",
]

DONE, FAILED, NOT_SENT = "done", "failed", "not sent"

FAILED_AFTER, UNDER_WAY = "done, and its work failed", "done, and its end not seen"
"""The request was done, and what it began, which AWAIT follows, came to a bad end or to none that was seen."""

KEY_TO_BE = "(an idempotency key, made when it is sent)"
"""What stands in a body, and in its preview, for the key that each row is sent with."""

WRITTEN = (DONE, FAILED_AFTER, UNDER_WAY)
"""The outcomes of a request that the API has taken."""


class Sender(Protocol):
    """What exchanges one request; a session's host is one."""

    async def answer(
        self, request: ApiRequest, provider: Provider, counted: ScanStatistics, statement: Statistics
    ) -> ApiResponse:
        """The answer after its retries. Raises ConnectionFault, CredentialError and RequestLimitError."""

    def unspoken(self, provider: Provider, response: ApiResponse) -> ApiResponse:
        """An answer without the credential."""


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request of row `row` (from 1). `shown` is its body with secrets masked, None without one; `key` is its
    idempotency key, once it was made.
    """

    row: int
    request: ApiRequest
    provider: Provider
    method: Method
    shown: Any = None
    key: str = ""
    values: dict[str, Any] = {}


class Outcome(msgspec.Struct, kw_only=True):
    """What came of one row. `detail` is the API's message, or what broke the connection.

    `response` carries the row, at `rows` of it; `later` are the answers that have it as it is after an AWAIT, one for
    each thing that was followed.
    """

    write: WriteRequest
    outcome: str = NOT_SENT
    status: int | None = None
    detail: str = ""
    response: ApiResponse | None = None
    rows: Rows | None = None
    error: Error | None = None
    later: tuple[ApiResponse, ...] = ()

    @property
    def answers(self) -> tuple[ApiResponse, ...]:
        """The answers that have the rows of RETURNING, at `rows` of each."""
        return self.later or (() if self.response is None else (self.response,))

    @property
    def line(self) -> str:
        """The row as a report tells it."""
        request = self.write.request
        sent = f"{request.http_verb} {shown_url(request)}"
        # A broken connection's message names its request already.
        detail = self.detail.removeprefix(f"{sent} failed").removeprefix(sent).lstrip(" :")
        return f"row {self.write.row}: {self.outcome}: {sent}" + (f": {detail}" if detail else "")


async def send_all(
    sender: Sender,
    outcomes: Sequence[Outcome],
    *,
    statistics: Statistics,
    journal: Journal | None,
    keep_going: bool,
    time_limit: float | None,
    after: Callable[[Outcome], Awaitable[None]] | None = None,
) -> None:
    """Send each request and write what came of it into its outcome; stops at the first that is not done.

    keep_going: goes on after one that failed. after: waited for after each that is done, and may find that what it
    began failed. time_limit: seconds, for all of them. Cancelled, it marks the row in flight as in doubt, the one that
    is awaited as under way, and raises CancelledError.
    """
    try:
        async with asyncio.timeout(time_limit):
            for one in outcomes:
                await _send(sender, one, journal, statistics)
                if after is not None and one.outcome == DONE:
                    await _after(one, after, journal)
                if one.outcome != DONE and not keep_going:
                    return
    except TimeoutError as error:
        spent = TimeLimitError(f"the statement's time limit of {time_limit:g} s is spent")
        spent.__cause__ = error
        last = next((one for one in reversed(outcomes) if one.outcome in (IN_DOUBT, UNDER_WAY)), None)
        if last is not None:
            last.error = spent


async def _after(one: Outcome, after: Callable[[Outcome], Awaitable[None]], journal: Journal | None) -> None:
    try:
        await after(one)
    except asyncio.CancelledError:
        _came(one, UNDER_WAY, "the watching was ended before its work was")
        raise
    finally:
        if one.outcome != DONE:  # the request was journalled as done, and so it was
            _journalled(one, journal)


async def _send(sender: Sender, one: Outcome, journal: Journal | None, statistics: Statistics) -> None:
    one.write = write = _keyed(one.write)
    counted = statistics.scan("write")
    before = counted.requests
    if journal is not None:
        journal.intent(write.row, write.request.http_verb, write.request.url, write.shown, key=write.key)
    try:
        response = await sender.answer(write.request, write.provider, counted, statistics)
    except asyncio.CancelledError:
        _came(
            one,
            IN_DOUBT if counted.requests > before else NOT_SENT,
            "it was cancelled before its answer came",
        )
        _journalled(one, journal)
        raise
    except ConnectionFault as fault:
        one.error = fault
        _came(one, IN_DOUBT if fault.sent else FAILED, fault.message)
    except Error as error:
        one.error = error
        _came(one, IN_DOUBT if counted.requests > before else FAILED, error.message)
    else:
        one.response, one.rows = response, write.method.rows
        one.status = response.status
        if 200 <= response.status < 300:
            _came(one, DONE, "")
        else:
            refused = failure(write.provider, write.request, sender.unspoken(write.provider, response))
            one.error = refused
            detail = refused.detail if isinstance(refused, ApiError) else refused.message
            _came(one, FAILED, f"{response.status} {detail}" if isinstance(refused, ApiError) else detail)
    _journalled(one, journal)


def _keyed(write: WriteRequest) -> WriteRequest:
    """The request with the key that the API knows it by, should it come twice."""
    key = write.method.idempotency_key
    if key is None:
        return write
    made, request = str(uuid4()), write.request
    if key.header:
        request = msgspec.structs.replace(request, headers=(*request.headers, (key.header.lower(), made)))
        return msgspec.structs.replace(write, request=request, key=made)
    body = msgspec.json.decode(request.body or b"{}")
    if body.get(key.field) != KEY_TO_BE:
        return msgspec.structs.replace(write, key=str(body.get(key.field)))
    request = msgspec.structs.replace(request, body=msgspec.json.encode({**body, key.field: made}))
    return msgspec.structs.replace(write, request=request, shown={**write.shown, key.field: made}, key=made)


def _came(one: Outcome, outcome: str, detail: str) -> None:
    one.outcome, one.detail = outcome, detail


def _journalled(one: Outcome, journal: Journal | None) -> None:
    if journal is not None:
        journal.outcome(one.write.row, one.outcome, status=one.status, detail=one.detail)
