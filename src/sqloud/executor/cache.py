"""Answers that were given before, for as long as the session lets them be.

Law: cached equals uncached, as long as the API's own answers stay: an answer is kept by provider, credential and
canonical request, reads alone; a write to a provider drops all that is kept of it, before it is sent and after, and
what was under way meanwhile is not kept. Nothing is written to a disk, and the key holds a digest of the credential.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import msgspec

from sqloud.executor.statistics import ScanStatistics
from sqloud.protocol.ahead import canonical
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["ResponseCache"]

_MOST = 256 * 2**20
"""Bytes of bodies that are kept; the oldest go first."""

Key = tuple[object, ...]
Fetch = Callable[[ApiRequest], Awaitable[ApiResponse]]


class _Kept(msgspec.Struct):
    provider: str
    response: ApiResponse
    moment: float


class ResponseCache:
    """The answers of one session. Used from its loop alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._under_way: dict[Key, asyncio.Future[ApiResponse]] = {}
        self._writes: dict[str, int] = {}
        self._size = 0

    async def answer(
        self, request: ApiRequest, secret: bytes, most_age: float, counted: ScanStatistics, fetch: Fetch
    ) -> ApiResponse:
        """The kept answer, at most `most_age` seconds old; else that of `fetch`, asked once for all who wait.

        secret: a digest of the credential. An older answer with an ETag is asked for anew only if it changed.
        """
        key = (request.provider, secret, request.http_verb, *canonical(request.url), *request.headers)
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.moment <= most_age:
            counted.cached += 1
            counted.age = max(counted.age, self._clock() - kept.moment)
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
            if 200 <= response.status < 300:
                promise.set_result(response)
            return response
        finally:
            del self._under_way[key]
            promise.cancel()  # whoever joined asks by itself, if there was no answer

    def drop(self, provider: str) -> None:
        """Forget what a write to a provider may have changed."""
        self._writes[provider] = self._writes.get(provider, 0) + 1
        for key in [key for key, kept in self._kept.items() if kept.provider == provider]:
            self._forget(key)
        for key in [key for key in self._under_way if key[0] == provider]:
            self._under_way[key].cancel()

    async def _fetched(self, key: Key, kept: _Kept | None, request: ApiRequest, fetch: Fetch) -> ApiResponse:
        writes = self._writes.get(request.provider, 0)
        tag = kept.response.headers.get("etag") if kept is not None else None
        asked = request
        if tag is not None:
            asked = msgspec.structs.replace(request, headers=(*request.headers, ("if-none-match", tag)))
        response = await fetch(asked)
        if response.status == 304 and kept is not None:
            response = kept.response
        if 200 <= response.status < 300 and self._writes.get(request.provider, 0) == writes:
            self._forget(key)
            self._kept[key] = _Kept(provider=request.provider, response=response, moment=self._clock())
            self._size += len(response.body)
            while self._size > _MOST:
                self._forget(next(iter(self._kept)))
        return response

    def _forget(self, key: Key) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._size -= len(kept.response.body)


async def _joined(waited: asyncio.Future[ApiResponse]) -> ApiResponse | None:
    """What another got, None where it got nothing; a cancellation of ours goes on."""
    await asyncio.wait((waited,))
    return None if waited.cancelled() else waited.result()
