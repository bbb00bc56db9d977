"""Answers that were given before, for as long as the session lets them be.

Law: cached equals uncached, as long as the API's own answers stay: an answer is kept by provider, credential and
canonical request, reads alone; a write to a provider drops all that is kept of it, before it is sent and after, and
what was under way meanwhile is not kept. The key holds a digest of the credential.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from sqloud.executor.statistics import ScanStatistics
from sqloud.protocol.ahead import canonical
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.registry.accounts import bare

__all__ = ["MOST_BYTES", "InMemory", "Kept", "Key", "ResponseCache", "Store"]

MOST_BYTES = 256 * 2**20
"""Bytes of bodies that are kept; the oldest go first."""

Key = tuple[object, ...]
"""Provider, digest of the credential, verb, canonical URL, headers."""

Fetch = Callable[[ApiRequest], Awaitable[ApiResponse]]


class Kept(msgspec.Struct, frozen=True):
    """An answer and the seconds since it was given."""

    response: ApiResponse
    age: float


class Store(Protocol):
    """Where answers are kept. Used from one session's loop; `drop` holds for every session that shares it."""

    async def kept(self, key: Key) -> Kept | None:
        """What is kept, however old."""

    async def keep(self, key: Key, response: ApiResponse, changes: int) -> None:
        """Keep an answer, unless `changes` of its provider is no longer the number that it was asked under."""

    async def changes(self, provider: str) -> int:
        """How often what is kept of a provider was dropped."""

    def drop(self, provider: str, *, after: bool = False) -> None:
        """Forget a provider's answers. Raises OperationalError where they would stay, but `after` a write."""

    def close(self) -> None:
        """Let go of what the store holds."""


class ResponseCache:
    """The answers of one session. Used from its loop alone."""

    def __init__(self, store: Store | None = None) -> None:
        self._store = store or InMemory()
        self._under_way: dict[Key, asyncio.Future[ApiResponse]] = {}

    async def answer(
        self, request: ApiRequest, secret: bytes, most_age: float, counted: ScanStatistics, fetch: Fetch
    ) -> ApiResponse:
        """The kept answer, at most `most_age` seconds old; else that of `fetch`, asked once for all who wait.

        secret: a digest of the credential. An older answer with an ETag is asked for anew only if it changed.
        """
        key = (bare(request.provider), secret, request.http_verb, *canonical(request.url), *request.headers)
        kept = await self._store.kept(key)
        if kept is not None and kept.age <= most_age:
            counted.cached += 1
            counted.age = max(counted.age, kept.age)
            return kept.response
        while (waited := self._under_way.get(key)) is not None:
            answer = await _joined(waited)
            if answer is not None:
                counted.cached += 1
                return answer
        promise: asyncio.Future[ApiResponse] = asyncio.get_running_loop().create_future()
        self._under_way[key] = promise
        try:
            response = await self._fetched(key, kept, request, fetch)
            if 200 <= response.status < 300 and not promise.cancelled():
                promise.set_result(response)
            return response
        finally:
            del self._under_way[key]
            promise.cancel()  # whoever joined asks by itself, if there was no answer

    def drop(self, provider: str, *, after: bool = False) -> None:
        """Forget what a write to a provider may change, and `after` it. Raises OperationalError before it."""
        self._store.drop(provider, after=after)
        for key in [key for key in self._under_way if key[0] == provider]:
            self._under_way[key].cancel()

    def close(self) -> None:
        """Let go of what is kept."""
        self._store.close()

    async def _fetched(self, key: Key, kept: Kept | None, request: ApiRequest, fetch: Fetch) -> ApiResponse:
        changes = await self._store.changes(bare(request.provider))
        tag = kept.response.headers.get("etag") if kept is not None else None
        asked = request
        if tag is not None:
            asked = msgspec.structs.replace(request, headers=(*request.headers, ("if-none-match", tag)))
        response = await fetch(asked)
        if response.status == 304 and kept is not None:
            response = kept.response
        if 200 <= response.status < 300:
            await self._store.keep(key, response, changes)
        return response


class InMemory:
    """A store that goes with its session."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._answers: OrderedDict[Key, tuple[ApiResponse, float]] = OrderedDict()
        self._changes: dict[str, int] = {}
        self._size = 0

    async def kept(self, key: Key) -> Kept | None:
        """What is kept, however old."""
        found = self._answers.get(key)
        return None if found is None else Kept(found[0], self._clock() - found[1])

    async def keep(self, key: Key, response: ApiResponse, changes: int) -> None:
        """Keep an answer; the oldest give way."""
        if self._changes.get(str(key[0]), 0) != changes:
            return
        self._forget(key)
        self._answers[key] = response, self._clock()
        self._size += len(response.body)
        while self._size > MOST_BYTES:
            self._forget(next(iter(self._answers)))

    async def changes(self, provider: str) -> int:
        """How often a provider was dropped."""
        return self._changes.get(provider, 0)

    def drop(self, provider: str, *, after: bool = False) -> None:
        """Forget a provider's answers."""
        self._changes[provider] = self._changes.get(provider, 0) + 1
        for key in [key for key in self._answers if key[0] == provider]:
            self._forget(key)

    def close(self) -> None:
        """Forget everything."""
        self._answers.clear()
        self._size = 0

    def _forget(self, key: Key) -> None:
        found = self._answers.pop(key, None)
        if found is not None:
            self._size -= len(found[0].body)


async def _joined(waited: asyncio.Future[ApiResponse]) -> ApiResponse | None:
    """What another got, None where it got nothing; a cancellation of ours goes on."""
    await asyncio.wait((waited,))
    return None if waited.cancelled() else waited.result()
