"""One request with its retries, from the flow to the wire.

Law: a flow decides, this module carries: it waits for a place in the host's lane, puts the credential on, sends,
counts, and gives back the answer that stands. A credential is put on here alone, on the way out.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from hashlib import blake2b

import msgspec

from sqloud.errors import ConnectionFault, RequestLimitError, TimeLimitError
from sqloud.executor.cache import ResponseCache, Store
from sqloud.executor.pacing import Lane
from sqloud.executor.request_log import RequestLog
from sqloud.executor.statistics import ScanStatistics, Statistics
from sqloud.executor.tracing import request_span
from sqloud.executor.transport import Transport
from sqloud.protocol.authenticate import authorization, origin
from sqloud.protocol.flow import Flow, Patience, request_flow, server_wait
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.registry.accounts import bare
from sqloud.registry.records import Provider

__all__ = ["Exchanges", "drive"]

_SHORTEST_SECRET = 4
_STALLS = (0.4, 0.5, 0.7, 1.0)
"""The parts of the read timeout that each attempt waits for bytes: four that stall are given up within a minute."""

LaneKey = tuple[tuple[str, str, int], bytes]


class Exchanges:
    """The way of a session's requests: one lane for each host and credential, one transport, one log.

    max_concurrency: requests in flight in a lane; first: how many at first. read_timeout: seconds that the last
    attempt waits for bytes; request_timeout: seconds that all attempts of a request may take. endpoint,
    credential: by provider. store: where answers are kept, in memory if none is given.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        max_concurrency: int,
        first: int,
        read_timeout: float,
        request_timeout: float | None = None,
        endpoint: Callable[[Provider], str],
        credential: Callable[[Provider], str | None],
        log: RequestLog | None = None,
        store: Store | None = None,
    ) -> None:
        self._transport = transport
        self._max_concurrency = max_concurrency
        self._first = first
        self._patience = Patience(stalls=tuple(part * read_timeout for part in _STALLS))
        self._request_timeout = request_timeout
        self._endpoint = endpoint
        self._credential = credential
        self._log = log
        self._lanes: dict[LaneKey, Lane] = {}
        self._cache = ResponseCache(store)

    def authorize(self, provider: Provider, url: str) -> tuple[tuple[str, str], ...]:
        """The credential's headers for one URL. Raises CredentialError."""
        return authorization(provider, self._endpoint(provider), url, self._credential(provider))

    async def answer(
        self,
        request: ApiRequest,
        provider: Provider,
        counted: ScanStatistics,
        *,
        statement: Statistics,
        max_requests: int | None = None,
        cache_ttl: float | None = None,
    ) -> ApiResponse:
        """The answer of one request after its retries, whatever its status.

        cache_ttl: seconds that an answer given before may be old; None asks anew. A write drops what is kept.
        Raises as `_exchanged`.
        """

        async def ask(message: ApiRequest) -> ApiResponse:
            return await self._exchanged(message, provider, counted, statement, max_requests)

        if request.http_verb != "GET":
            self._cache.drop(bare(request.provider))
            try:
                return await ask(request)
            finally:
                self._cache.drop(bare(request.provider), after=True)
        if cache_ttl is None:
            return await ask(request)
        return await self._cache.answer(request, self._digest(provider), cache_ttl, counted, ask)

    async def _exchanged(
        self,
        request: ApiRequest,
        provider: Provider,
        counted: ScanStatistics,
        statement: Statistics,
        max_requests: int | None,
    ) -> ApiResponse:
        """One request with its retries.

        Raises the last ConnectionFault, TimeLimitError after the last of a request's time, CredentialError, and
        RequestLimitError before a request that would be one more than the statement may send.
        """
        sent, spent = 0, 0.0

        async def send(message: ApiRequest) -> ApiResponse:
            nonlocal sent, spent
            if sent and self._request_timeout is not None and spent >= self._request_timeout:
                place = f" (page {message.place})" if message.place > 1 else ""
                raise TimeLimitError(
                    f"{message.http_verb} {message.url}{place} has had the {self._request_timeout:g} s that a "
                    f"request may take, in {sent} attempts",
                    hints=("--request-timeout SECONDS gives it more",),
                )
            headers = (*message.headers, *self.authorize(provider, message.url))
            lane = self._lane(provider, message.url)
            began = time.monotonic()
            await lane.enter(again=sent > 0)
            entered = time.monotonic()
            left = lane.moment
            if lane.paced:
                counted.waited += entered - began
            try:
                if max_requests is not None and statement.requests >= max_requests:
                    raise RequestLimitError(
                        f"the statement may send {max_requests:,} requests, and needs more",
                        hints=(f"it read {statement.pages:,} pages and {statement.rows:,} rows before",),
                    )
                sent += 1
                counted.requests += 1
                counted.retries += sent > 1
                response = await self._timely(message, headers, sent, spent)
                asked = server_wait(response, time.time(), provider.rate_limit)
                lane.heard(response, provider.rate_limit, asked, time.time(), left)
            finally:
                spent += time.monotonic() - entered
                lane.leave()
            counted.bytes += len(response.body)
            return response

        async def wait(pause: Wait) -> None:
            began = time.monotonic()
            try:
                await asyncio.sleep(pause.seconds)
            finally:
                counted.waited += time.monotonic() - began

        flow = request_flow(
            request,
            jitter=random.random,
            now=time.time,
            rate_limit=provider.rate_limit,
            patience=self._patience,
        )
        try:
            return await drive(flow, send, wait)
        except ConnectionFault as fault:
            if request.place > 1:
                fault.message = f"{fault.message} (page {request.place})"
                fault.args = (fault.message,)
            raise

    def unspoken(self, provider: Provider, response: ApiResponse) -> ApiResponse:
        """An answer that an error will quote, without the credential, should it repeat it."""
        token = (self._credential(provider) or "").encode()
        if len(token) < _SHORTEST_SECRET or token not in response.body:
            return response
        return msgspec.structs.replace(response, body=response.body.replace(token, b"[credential]"))

    def close(self) -> None:
        """Let go of the answers that were kept."""
        self._cache.close()

    def lanes(self) -> tuple[Lane, ...]:
        """Every lane so far, for the progress line."""
        return tuple(self._lanes.values())

    def limits(self) -> tuple[tuple[str, int | None, float], ...]:
        """Of each lane its host, what the server says is left, and the seconds until it may go on."""
        return tuple((key[0][1], lane.remaining, lane.held) for key, lane in self._lanes.items())

    async def _timely(
        self, request: ApiRequest, headers: tuple[tuple[str, str], ...], attempt: int, spent: float
    ) -> ApiResponse:
        """One attempt, within what the others have left of the request's time."""
        if self._request_timeout is None:
            return await self._logged(request, headers, attempt)
        try:
            async with asyncio.timeout(max(0.0, self._request_timeout - spent)):
                return await self._logged(request, headers, attempt)
        except TimeoutError as error:
            raise ConnectionFault(
                f"{request.http_verb} {request.url} was not answered within {self._request_timeout:g} s"
            ) from error

    async def _logged(
        self, request: ApiRequest, headers: tuple[tuple[str, str], ...], attempt: int
    ) -> ApiResponse:
        secrets = [value.rpartition(" ")[2] for _, value in headers[len(request.headers) :]]
        with request_span(request, attempt, secrets) as answered:
            began = time.monotonic()
            try:
                response = await self._transport.send(request, headers)
            except ConnectionFault as fault:
                if self._log is not None:
                    self._log.failed(request, fault.message, time.monotonic() - began, attempt)
                raise
            answered(response)
        if self._log is not None:
            self._log.answered(request, response, time.monotonic() - began, attempt)
        return response

    def _digest(self, provider: Provider) -> bytes:
        return blake2b((self._credential(provider) or "").encode(), digest_size=16).digest()

    def _lane(self, provider: Provider, url: str) -> Lane:
        key = (origin(url), self._digest(provider))
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane(
                most=self._max_concurrency, first=self._first, buckets=provider.rate_limit.buckets
            )
        return lane


async def drive(
    flow: Flow,
    send: Callable[[ApiRequest], Awaitable[ApiResponse]],
    wait: Callable[[Wait], Awaitable[None]],
) -> ApiResponse:
    """Carry a flow's requests and waits out until it returns its answer."""
    try:
        message = next(flow)
        while True:
            try:
                outcome: ApiResponse | None = None
                if isinstance(message, Wait):
                    await wait(message)
                else:
                    outcome = await send(message)
            except ConnectionFault as fault:
                message = flow.throw(fault)
            else:
                message = flow.send(outcome)
    except StopIteration as end:
        answer: ApiResponse = end.value
        return answer
