"""Send writes: one request after another, in the order of the rows.

Law: no request is sent twice unless its method is idempotent, or a 429 said that nothing was done; whatever ends
the sending, every row has an outcome: done, failed in the API's own words, in doubt, or not sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from sqloud.errors import ApiError, ConnectionFault, CredentialError, Error, TimeLimitError
from sqloud.executor.exchange import exchange
from sqloud.executor.journal import IN_DOUBT, Journal
from sqloud.executor.statistics import ScanStatistics
from sqloud.protocol.failure import failure, shown_url
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import Method, Provider

__all__ = ["DONE", "FAILED", "NOT_SENT", "Outcome", "Sender", "WriteRequest", "send_all"]

DONE, FAILED, NOT_SENT = "done", "failed", "not sent"


class Sender(Protocol):
    """What exchanges one request; `sqloud.executor.run.Runner` is one."""

    async def send(self, request: ApiRequest, provider: Provider) -> ApiResponse:
        """The answer. Raises ConnectionFault and CredentialError."""

    def unspoken(self, provider: Provider, response: ApiResponse) -> ApiResponse:
        """An answer without the credential."""


class _Watched:
    """A sender that remembers whether its request may have had an effect."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.left = False

    async def send(self, request: ApiRequest, provider: Provider) -> ApiResponse:
        self.left = True
        answer = await self._sender.send(request, provider)
        self.left = answer.status != 429  # which says that nothing was done
        return answer


class WriteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The request of row `row` (from 1). `shown` is its body with secrets masked, None without one."""

    row: int
    request: ApiRequest
    provider: Provider
    method: Method
    shown: Any = None
    values: dict[str, Any] = {}


class Outcome(msgspec.Struct, kw_only=True):
    """What came of one row. `detail` is the API's message, or what broke the connection."""

    write: WriteRequest
    outcome: str = NOT_SENT
    status: int | None = None
    detail: str = ""
    response: ApiResponse | None = None
    error: Error | None = None

    @property
    def line(self) -> str:
        """The row as a report tells it."""
        request = self.write.request
        text = f"row {self.write.row}: {self.outcome}: {request.http_verb} {shown_url(request)}"
        return f"{text}: {self.detail}" if self.detail else text


async def send_all(
    sender: Sender,
    outcomes: Sequence[Outcome],
    *,
    counted: ScanStatistics,
    journal: Journal | None,
    keep_going: bool,
    time_limit: float | None,
    on_done: Callable[[Outcome], object] | None = None,
) -> None:
    """Send each request and write what came of it into its outcome; stops at the first that is not done.

    keep_going: goes on after one that failed. time_limit: seconds, for all of them. Cancelled, it marks the row in
    flight as in doubt and raises CancelledError.
    """
    try:
        async with asyncio.timeout(time_limit):
            for one in outcomes:
                await _send(sender, one, journal, counted)
                if on_done is not None:
                    on_done(one)
                if one.outcome != DONE and not keep_going:
                    return
    except TimeoutError as error:
        spent = TimeLimitError(f"the statement's time limit of {time_limit:g} s is spent")
        spent.__cause__ = error
        last = next((one for one in reversed(outcomes) if one.outcome == IN_DOUBT), None)
        if last is not None:
            last.error = spent


async def _send(
    sender: Sender, one: Outcome, journal: Journal | None, counted: ScanStatistics
) -> None:
    write = one.write
    watched = _Watched(sender)
    if journal is not None:
        journal.intent(write.row, write.request.http_verb, write.request.url, write.shown)
    try:
        response = await exchange(watched, write.request, write.provider, counted)
    except asyncio.CancelledError:
        _came(one, IN_DOUBT if watched.left else NOT_SENT, "it was cancelled before its answer came")
        _journalled(one, journal)
        raise
    except ConnectionFault as fault:
        one.error = fault
        _came(one, IN_DOUBT if fault.sent else FAILED, fault.message)
    except Error as error:
        one.error = error
        _came(one, FAILED if isinstance(error, CredentialError) else IN_DOUBT, error.message)
    else:
        one.response = response
        one.status = response.status
        if 200 <= response.status < 300:
            _came(one, DONE, "")
        else:
            refused = failure(write.provider, write.request, sender.unspoken(write.provider, response))
            one.error = refused
            detail = refused.detail if isinstance(refused, ApiError) else refused.message
            _came(one, FAILED, f"{response.status} {detail}" if isinstance(refused, ApiError) else detail)
    _journalled(one, journal)


def _came(one: Outcome, outcome: str, detail: str) -> None:
    one.outcome, one.detail = outcome, detail


def _journalled(one: Outcome, journal: Journal | None) -> None:
    if journal is not None:
        journal.outcome(one.write.row, one.outcome, status=one.status, detail=one.detail)
