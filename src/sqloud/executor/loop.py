"""One event loop in one thread, owned by a session.

Law: the caller's thread waits and can be interrupted; the loop is never blocked, neither by decoding nor by the
engine, which run in threads of their own; and what was cancelled has ended only when its threads have let go.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Generic, TypeVar

from sqloud.errors import InterfaceError, StatementCancelled

__all__ = ["Running", "SessionLoop"]

T = TypeVar("T")
_WORKERS = 4
_CLOSING = 5.0
_AGAIN = 0.02
"""Seconds after which a thread that was told to stop, and has not, is told again."""


class Running(Generic[T]):
    """A coroutine on the loop, seen from other threads."""

    def __init__(self, loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, T]) -> None:
        self._loop = loop
        self._outcome: Future[T] = Future()
        self._task: asyncio.Task[T] | None = None
        loop.call_soon_threadsafe(self._start, coroutine)

    def result(self) -> T:
        """Wait for the end, and give what the coroutine gives or raise what it raises.

        Raises StatementCancelled where it was cancelled.
        """
        return self._outcome.result()

    def cancel(self) -> None:
        """Cancel the coroutine, which ends some time later."""
        if not self._outcome.done():
            self._loop.call_soon_threadsafe(self._cancel)

    def when_done(self, call: Callable[[], object]) -> None:
        """Call from whichever thread ends it, or at once where it has ended."""
        self._outcome.add_done_callback(lambda _: call())

    def wait(self) -> None:
        """Wait until nothing of the coroutine runs any more, some seconds at most."""
        wait((self._outcome,), timeout=_CLOSING)

    def _start(self, coroutine: Coroutine[Any, Any, T]) -> None:
        self._task = self._loop.create_task(coroutine)
        self._task.add_done_callback(self._end)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _end(self, task: asyncio.Task[T]) -> None:
        error = StatementCancelled("the statement was cancelled") if task.cancelled() else task.exception()
        if error is None:
            self._outcome.set_result(task.result())
        else:
            self._outcome.set_exception(error)


class SessionLoop:
    """The loop's thread, started by the first coroutine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="sqloud-worker")
        self._closed = False

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Running[T]:
        """Run a coroutine on the loop. Raises InterfaceError after `close()`."""
        with self._lock:
            if self._closed:
                coroutine.close()
                raise InterfaceError("the session is closed")
            return Running(self._started(), coroutine)

    async def work(self, function: Callable[[], T], stop: Callable[[], None] | None = None) -> T:
        """Run a blocking function in a worker thread, from a coroutine on the loop.

        Cancelled, it calls `stop` until the function returns, and only then lets the cancellation go on.
        """
        work = asyncio.get_running_loop().run_in_executor(self._pool, function)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            while not work.done():
                if stop is not None:
                    stop()
                with suppress(asyncio.CancelledError):  # it is on its way already
                    await asyncio.wait((work,), timeout=_AGAIN)
            if not work.cancelled():
                work.exception()  # seen, and of no interest to whoever cancelled
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

    def _started(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, name="sqloud-loop", daemon=True)
            self._thread.start()
        return self._loop


async def _wind_up(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    own = asyncio.current_task()
    running = [task for task in asyncio.all_tasks() if task is not own]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await last()
