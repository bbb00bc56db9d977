"""An answer whose rows are given out while they come.

Law: what was given out is a true beginning of the answer, in its order; whoever reads on is told by an exception
where it breaks, and whoever stops reading stops the requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Protocol

from sqloud.engine.base import Batch, Portions
from sqloud.executor.loop import Running
from sqloud.executor.stream import Satisfied

__all__ = ["Arriving"]

_AHEAD = 4
"""Batches that wait for their reader; then the requests wait too."""


class _Work(Protocol):
    def __call__(
        self, function: Callable[[], Batch], stop: Callable[[], None] | None = None, /
    ) -> Awaitable[Batch]: ...


class Arriving(Iterator[Batch]):
    """Batches in their order: filled on the loop by `take`, read in the thread of whoever asked."""

    def __init__(self, portions: Portions) -> None:
        self._portions = portions
        self._left = portions.most
        self._batches: SimpleQueue[Batch | None] = SimpleQueue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: Running[None] | None = None
        self._over = False

    def begin(self, running: Running[None]) -> None:
        """Read from what runs."""
        self._running = running
        running.when_done(lambda: self._batches.put(None))

    def is_hungry(self) -> bool:
        """Whether the reader has taken all that there is."""
        return self._batches.empty()

    async def take(self, lines: bytes, work: _Work, stop: Callable[[], None]) -> None:
        """Answer some rows of the table. Raises Satisfied after the last that a LIMIT lets through."""
        self._loop = asyncio.get_running_loop()
        await self._room.acquire()
        rows = await work(lambda: self._portions.rows(lines), stop)
        if self._left is not None:
            rows = rows[: self._left]
            self._left -= len(rows)
        if rows:
            self._batches.put(rows)
        else:
            self._room.release()
        if self._left == 0:
            raise Satisfied

    def __next__(self) -> Batch:
        """The next batch. Raises where the statement broke, after the rows that came before."""
        assert self._running is not None
        if self._over:
            raise StopIteration
        batch = self._batches.get()
        if batch is None:
            self._over = True
            self._running.result()
            raise StopIteration
        if self._loop is not None:
            with suppress(RuntimeError):  # the session is closed, and nobody waits for room
                self._loop.call_soon_threadsafe(self._room.release)
        return batch

    def close(self) -> None:
        """Stop what still runs, and wait until it has let go."""
        self._over = True
        if self._running is not None:
            self._running.cancel()
            self._running.wait()
