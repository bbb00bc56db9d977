"""Answers that several scans of one statement ask for, sent for once.

Law: within a statement a request is sent once. An answer is kept only while another scan asks, or may yet ask, for
the list that it belongs to; a list is told by its first request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from sqloud.errors import Error
from sqloud.executor.prepared import PreparedScan
from sqloud.executor.statistics import ScanStatistics
from sqloud.protocol.ahead import canonical
from sqloud.protocol.messages import ApiRequest, ApiResponse

__all__ = ["Memo", "SharedList"]

_MOST = 256 * 2**20
"""Bytes of bodies that are kept; what does not fit is asked for again by whoever needs it."""

Key = tuple[object, ...]
Fetch = Callable[[], Awaitable[ApiResponse]]


class SharedList:
    """One list that several scans ask for: its answers, had or under way, by their requests."""

    def __init__(self, memo: Memo) -> None:
        self._memo = memo
        self._answers: dict[Key, asyncio.Future[ApiResponse]] = {}

    async def answer(self, request: ApiRequest, counted: ScanStatistics, fetch: Fetch) -> ApiResponse:
        """What another scan was answered, or is about to be; else the answer of `fetch`, whose errors are raised."""
        key = _key(request)
        while (known := self._answers.get(key)) is not None:
            await asyncio.wait((known,))
            if not known.cancelled():
                counted.shared += 1
                return known.result()
        promise: asyncio.Future[ApiResponse] = asyncio.get_running_loop().create_future()
        self._answers[key] = promise
        try:
            response = await fetch()
        except Error as error:
            promise.set_exception(error)
            promise.exception()  # nobody may be waiting for it
            raise
        except BaseException:
            del self._answers[key]  # whoever waits asks by itself
            promise.cancel()
            raise
        promise.set_result(response)
        if not self._memo.keeps(len(response.body)):
            del self._answers[key]
        return response

    def forget(self) -> int:
        """Drop the answers; gives the bytes that they held."""
        had = [one for one in self._answers.values() if one.done() and not one.cancelled()]
        self._answers.clear()
        return sum(len(one.result().body) for one in had if one.exception() is None)


class Memo:
    """The lists that more than one scan of a statement asks for. Used from the session's loop alone."""

    def __init__(self, prepared: Sequence[PreparedScan]) -> None:
        self._unread = {one.scan.id: one for one in prepared}
        self._firsts = {
            one.scan.id: frozenset(map(_key, one.requests)) for one in prepared if one.keys is not None
        }
        self._lists: dict[Key, tuple[SharedList, tuple[str, str]]] = {}
        self._size = 0

    def known(self, prepared: PreparedScan) -> None:
        """The keys of a scan have come out of the scans before it."""
        self._firsts[prepared.scan.id] = frozenset(map(_key, prepared.requests))
        self._drop_unwanted()

    def ended(self, scan: str) -> None:
        """A scan asks for nothing more."""
        self._unread.pop(scan, None)
        self._drop_unwanted()

    def shared(self, prepared: PreparedScan, first: ApiRequest) -> SharedList | None:
        """The list that begins with a request of this scan; None where no other scan can ask for it."""
        key, way = _key(first), _way(prepared)
        if key not in self._lists:
            if not self._is_wanted(key, way, others=prepared.scan.id):
                return None
            self._lists[key] = (SharedList(self), way)
        return self._lists[key][0]

    def keeps(self, size: int) -> bool:
        """Whether so many bytes more can be kept; if so they count as kept."""
        if self._size + size > _MOST:
            return False
        self._size += size
        return True

    def _is_wanted(self, key: Key, way: tuple[str, str], *, others: str = "") -> bool:
        """Whether a scan that is not read to its end asks for a list, or may when its keys are known."""
        return any(
            key in self._firsts[scan] if scan in self._firsts else _way(one) == way
            for scan, one in self._unread.items()
            if scan != others
        )

    def _drop_unwanted(self) -> None:
        for key, (shared, way) in list(self._lists.items()):
            if not self._is_wanted(key, way):
                self._size -= shared.forget()
                del self._lists[key]


def _way(prepared: PreparedScan) -> tuple[str, str]:
    """What the requests of a scan have in common, whatever its keys are."""
    return prepared.base, prepared.scan.method.path


def _key(request: ApiRequest) -> Key:
    return (
        request.provider,
        request.http_verb,
        *canonical(request.url),
        *sorted(request.headers),
        request.body,
    )
