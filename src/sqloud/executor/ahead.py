"""Answers that are asked for before their turn.

Law: an answer is taken in its turn, by the request that asks for it; what nobody takes is cancelled, and has ended
when `drop` returns.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Generic, TypeVar

from sqloud.protocol.ahead import canonical
from sqloud.protocol.messages import ApiRequest

__all__ = ["Ahead"]

T = TypeVar("T")


class Ahead(Generic[T]):
    """Reads `window` expected requests at a time, by `read`."""

    def __init__(self, read: Callable[[ApiRequest], Coroutine[Any, Any, T]], window: int) -> None:
        self._read = read
        self._window = window
        self._expected: Iterator[ApiRequest] = iter(())
        self._tasks: deque[tuple[tuple[object, ...], asyncio.Task[T]]] = deque()

    def expect(self, requests: Iterator[ApiRequest]) -> None:
        """Begin to read these, in their order."""
        self._expected = requests
        self._fill()

    async def take(self, request: ApiRequest) -> T:
        """What `read` gives for a request, begun before or now. Another than the expected one ends the guessing."""
        if self._tasks:
            expected, task = self._tasks[0]
            if canonical(request.url) == expected:
                self._tasks.popleft()
                self._fill()
                try:
                    return await task
                finally:
                    task.cancel()
            await self.drop()
        return await self._read(request)

    async def drop(self) -> None:
        """Give up what was begun, and wait until it has ended."""
        self._expected = iter(())
        tasks = [task for _, task in self._tasks]
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)

    def _fill(self) -> None:
        while len(self._tasks) < self._window:
            request = next(self._expected, None)
            if request is None:
                return
            self._tasks.append((canonical(request.url), asyncio.create_task(self._read(request))))
