"""A server that lets so many requests a second through is read in about the time that its limit dictates.

The clock is the test's own: forty seconds of limits pass in a part of one.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqloud.executor.exchange import Exchanges
from sqloud.executor.statistics import ScanStatistics, Statistics
from sqloud.protocol.buckets import TokenBucket
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.records import Authentication, Bucket, Provider, RateLimitHeaders

RATE, REQUESTS = 50, 2_000
URL = "http://127.0.0.1"
PROVIDER = Provider(
    name="p", base_url=URL, authentication=Authentication(scheme="bearer", environment=("P_TOKEN",))
)
Clock = Callable[[], float]


class Passing(selectors.BaseSelector):
    """No sockets: to wait is to let the clock go on."""

    now = 0.0

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return selectors.SelectorKey(fileobj, 0, 0, None)

    def select(self, timeout: float | None = None) -> list[Any]:
        self.now += max(timeout or 0.0, 1e-6)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class Limited:
    """Answers after `latency` seconds; 429 to what is beyond the limit, with Retry-After if `after` says so."""

    def __init__(self, kind: str, latency: float, after: str | None, clock: Clock) -> None:
        self._kind, self._latency, self._after, self._clock = kind, latency, after, clock
        self._tokens, self._last = (RATE * 0.1 if kind == "bucket" else RATE), 0.0
        self._taken: deque[float] = deque()

    async def send(self, request: ApiRequest, headers: tuple[tuple[str, str], ...]) -> ApiResponse:
        latency = self._latency * (1 + 0.3 * random.random()) + 0.0005
        await asyncio.sleep(latency / 2)
        passes = self._passes(self._clock())
        await asyncio.sleep(latency / 2)
        told = {"retry-after": self._after} if self._after is not None and not passes else {}
        return ApiResponse(status=200 if passes else 429, headers=told, body=b"{}")

    async def close(self) -> None:
        """Nothing is open."""

    def _passes(self, now: float) -> bool:
        if self._kind == "sliding":
            while self._taken and self._taken[0] <= now - 1:
                self._taken.popleft()
            if len(self._taken) < RATE:
                self._taken.append(now)
                return True
            return False
        if self._kind == "second" and int(now + 0.8) != int(self._last + 0.8):  # as the wall clock has them
            self._tokens, self._last = RATE, now
        if self._kind == "window" and now - self._last >= 1:
            self._tokens, self._last = RATE, now
        if self._kind == "bucket":
            self._tokens = min(RATE * 0.1, self._tokens + (now - self._last) * RATE)
            self._last = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


async def read_all(transport: Limited, clock: Clock, provider: Provider = PROVIDER) -> tuple[float, int]:
    exchanges = Exchanges(
        transport,
        max_concurrency=32,
        first=16,
        read_timeout=20.0,
        endpoint=lambda _: URL,
        credential=lambda _: "token",
    )
    places, counted, statement = iter(range(REQUESTS)), ScanStatistics(id="scan_0"), Statistics()

    async def reader() -> None:
        for place in places:
            request = ApiRequest(http_verb="GET", url=f"{URL}/{place}", provider="p")
            answer = await exchanges.answer(request, provider, counted, statement=statement)
            assert answer.status == 200

    await asyncio.gather(*(reader() for _ in range(64)))
    return clock(), counted.retries


@pytest.mark.parametrize("after", [None, "1"])
@pytest.mark.parametrize("latency", [0.0, 0.05])
@pytest.mark.parametrize("kind", ["second", "window", "sliding", "bucket"])
def test_a_limit_costs_little_more_than_its_time(kind: str, latency: float, after: str | None) -> None:
    took, _ = simulated(kind, latency, after)
    # A bucket of a tenth of a second's requests is full a tenth of the way into the second that it asks to wait.
    assert took / (REQUESTS / RATE) < (1.25 if kind == "bucket" and after else 1.15)


@pytest.mark.parametrize("kind", ["window", "sliding", "bucket"])
def test_a_declared_bucket_is_never_overdrawn(kind: str) -> None:
    declared = RateLimitHeaders(
        buckets=(Bucket(requests=RATE, seconds=1, burst=1), Bucket(requests=10 * RATE, seconds=10))
    )
    took, again = simulated(kind, 0.0, None, msgspec.structs.replace(PROVIDER, rate_limit=declared))
    assert again <= (kind != "bucket") * 2  # a window's edge is met by rounding alone
    assert 0.99 < took / (REQUESTS / RATE) < 1.03


@given(
    requests=st.integers(1, 50),
    seconds=st.integers(1, 10),
    burst=st.none() | st.integers(1, 60),
    pauses=st.lists(st.floats(0, 3), max_size=60),
)
def test_no_span_lets_more_through_than_its_bucket(
    requests: int, seconds: int, burst: int | None, pauses: list[float]
) -> None:
    bucket = TokenBucket(Bucket(requests=requests, seconds=seconds, burst=burst), 0.0)
    moment, moments = 0.0, []
    for pause in pauses:
        moment += pause
        if bucket.pause(moment) == 0:
            bucket.take(moment)
            moments.append(moment)
        else:
            moment += bucket.pause(moment)
            assert bucket.pause(moment) < 1e-6
    for first, began in enumerate(moments):
        for last in range(first, len(moments)):
            allowed = (burst or requests) + (moments[last] - began) * requests / seconds
            assert last - first + 1 <= allowed + 1e-6


def simulated(
    kind: str, latency: float, after: str | None, provider: Provider = PROVIDER
) -> tuple[float, int]:
    """Seconds of the clock, and requests that were sent again."""
    random.seed(1)
    selector = Passing()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now  # type: ignore[method-assign]
    try:
        return loop.run_until_complete(
            read_all(Limited(kind, latency, after, loop.time), loop.time, provider)
        )
    finally:
        loop.close()
