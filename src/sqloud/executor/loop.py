"""One event loop in one thread, owned by a session.

Law: the caller's thread waits and can be interrupted; the loop is never blocked, neither by decoding nor by the
engine, which run in threads of their own.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from sqloud.errors import InterfaceError

__all__ = ["SessionLoop"]

T = TypeVar("T")
_WORKERS = 4
_CLOSING = 5.0


class SessionLoop:
    """The loop's thread, started by the first coroutine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(max_workers=_WORKERS, thread_name_prefix="sqloud-worker")
        self._closed = False

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the loop; cancelling the future cancels it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running())

    async def work(self, function: Callable[[], T]) -> T:
        """Run a blocking function in a worker thread, from a coroutine on the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, function)

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

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._closed:
                raise InterfaceError("the session is closed")
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="sqloud-loop", daemon=True
                )
                self._thread.start()
            return self._loop


async def _wind_up(last: Callable[[], Coroutine[Any, Any, None]]) -> None:
    own = asyncio.current_task()
    running = [task for task in asyncio.all_tasks() if task is not own]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    await last()
