"""One event loop in one thread, owned by a session.

Law: the caller's thread waits and can be interrupted; the loop is never blocked, neither by decoding nor by the
engine, which run in threads of their own. What is cancelled has ended before its waiter goes on, so nothing of
it is used by two threads.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from sqloud.errors import InterfaceError, StatementCancelled

__all__ = ["Running", "SessionLoop"]

T = TypeVar("T")
_WORKERS = 4
_CLOSING = 5.0
_NUDGE = 0.02


class Running(Generic[T]):
    """A coroutine on the loop, seen from another thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> None:
        self._loop = loop
        self._coroutine = coroutine
        self._task: asyncio.Task[T] | None = None
        self._cancelled = False
        self._woken = threading.Event()
        self._done = threading.Event()
        loop.call_soon_threadsafe(self._start)

    def cancel(self) -> None:
        """Ask it to end. `result` then raises StatementCancelled."""
        self._cancelled = True
        self._loop.call_soon_threadsafe(self._cancel)
        self._woken.set()

    def result(self, nudge: Callable[[], None]) -> T:
        """Wait for its end and give what it gave.

        Once it is cancelled, `nudge` is called until it has ended: a worker may have begun a query just now.
        """
        self._woken.wait()
        while not self._done.wait(_NUDGE):
            nudge()
        assert self._task is not None
        try:
            return self._task.result()
        except asyncio.CancelledError:
            raise StatementCancelled("the statement was cancelled") from None

    def abandon(self, nudge: Callable[[], None]) -> None:
        """Cancel it and wait until it has ended, whatever interrupts the waiting."""
        self.cancel()
        while not self._done.is_set():
            try:
                nudge()
                self._done.wait(_NUDGE)
            except KeyboardInterrupt:
                continue

    def _start(self) -> None:
        self._task = self._loop.create_task(self._coroutine)
        self._task.add_done_callback(self._end)
        if self._cancelled:
            self._task.cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[T]) -> None:
        if not task.cancelled():
            task.exception()  # seen here, whether or not anybody asks for the result
        self._done.set()
        self._woken.set()


class SessionLoop:
    """The loop's thread, started by the first coroutine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="sqloud-worker")
        self._closed = False

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Running[T]:
        """Run a coroutine on the loop."""
        with self._lock:
            if self._closed:
                coroutine.close()
                raise InterfaceError("the session is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="sqloud-loop", daemon=True
                )
                self._thread.start()
            return Running(self._loop, coroutine)

    async def work(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread, from a coroutine on the loop; cancelled, wait for its end."""
        working = asyncio.get_running_loop().run_in_executor(self._pool, function)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            while not working.done():
                try:
                    await asyncio.wait([working])
                except asyncio.CancelledError:
                    continue  # asked again: it still ends only with its thread
            if not working.cancelled():
                working.exception()
            raise

    def close(self, last: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Cancel what runs, run `last` on the loop, and end both the loop and its threads."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            asyncio.run_coroutine_threadsafe(_wind_up(last), loop).result(_CLOSING)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_CLOSING)
            loop.close()
        self._pool.shutdown(wait=True)


async def _wind_up(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    own = asyncio.current_task()
    running = [task for task in asyncio.all_tasks() if task is not own]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await last()
