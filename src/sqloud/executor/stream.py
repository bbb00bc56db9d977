"""Rows from the network into a query that runs already.

Law: nothing that was streamed is an answer before the last row has come: a stream that breaks interrupts the query
before its end of rows can be taken for the list's.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Generic, TypeVar

from sqloud.engine.base import STREAMED_LINE as _LONGEST_LINE
from sqloud.engine.base import Workspace
from sqloud.errors import EngineError

__all__ = ["Satisfied", "Stream", "Streaming"]

T = TypeVar("T")
_PIPE = 2**17
_OPENING = 0.001
"""Bytes that the system may hold between the two ends; seconds after which the reader is looked for again."""
_LEAST = 2**20
_SHARE = 64
"""Bytes that go through one pipe: so many, or this part of all before where that is more, as pipes are counted."""


class Satisfied(Exception):  # no error
    """The query wants no more rows: its answer is whole."""


class Streaming(Generic[T]):
    """The stream that a scan may begin for `sql`, which `answer` runs; `stream` is None until it has."""

    def __init__(self, workspace: Workspace, sql: str, answer: Callable[[], T]) -> None:
        self.stream: Stream[T] | None = None
        self._workspace = workspace
        self._sql = sql
        self._answer = answer

    def pipes(self, table: str) -> tuple[Path, ...]:
        """As of `Workspace.stream`; a blocking call."""
        return self._workspace.stream(table, self._sql)

    async def begin(self, pipes: tuple[Path, ...], table: str) -> None:
        """Start the query, and hand over what was loaded before. Raises as `Stream.write`."""
        before = self._workspace.pending(table)
        self.stream = Stream(pipes, self._workspace, self._answer)
        for lines in before:
            await self.stream.write(lines)


class Stream(Generic[T]):
    """Runs `answer`, which reads `pipes` one after the other, in a thread of its own, and writes rows to them."""

    def __init__(self, pipes: tuple[Path, ...], workspace: Workspace, answer: Callable[[], T]) -> None:
        self._folder = pipes[0].parent
        self._left = deque(pipes)
        self._workspace = workspace
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sqloud-stream")
        self._answer = self._loop.run_in_executor(self._thread, answer)
        self._end: int | None = None
        self._written = self._room_left = 0

    async def write(self, lines: bytes) -> None:
        """Hand rows over. Raises Satisfied where the query wants no more of them, and what the query raises."""
        if len(lines) > _LONGEST_LINE and (longest := max(map(len, lines.split(b"\n")))) > _LONGEST_LINE:
            raise EngineError(
                f"a row takes {longest:,} bytes, and {_LONGEST_LINE:,} is the most among so many rows",
                hints=("name the columns that are needed, or narrow the WHERE",),
            )
        if self._room_left <= 0 and self._left:
            self._close()
            self._room_left = max(_LEAST, self._written // _SHARE)
        if self._end is None:
            await self._open()
        view = memoryview(lines)
        while view and self._end is not None:
            try:
                view = view[os.write(self._end, view) :]
            except BlockingIOError:
                await self._writable(self._end)
            except BrokenPipeError:
                self._close()
        self._written += len(lines)
        self._room_left -= len(lines)
        if self._end is None:
            await asyncio.wait((self._answer,))
            await self._answer  # it ended early: by an error, or because it has enough
            raise Satisfied

    async def answered(self) -> T:
        """The answer, after the last row. Raises what the query raises."""
        self._close()
        while self._left and not self._answer.done():
            await self._open()
            self._close()
        return await asyncio.shield(self._answer)

    async def stop(self) -> None:
        """End the query if it has not ended, and take the pipes away."""
        while not self._answer.done():
            self._workspace.interrupt()
            self._close()
            for _ in range(len(self._left)):  # whoever waits at a pipe is let go
                if not self._reached():
                    break
                self._close()
            with suppress(asyncio.CancelledError):  # it is on its way already
                await asyncio.wait((self._answer,), timeout=_OPENING)
        self._close()
        if not self._answer.cancelled():
            self._answer.exception()  # told already, where it was waited for
        self._thread.shutdown(wait=False)
        shutil.rmtree(self._folder, ignore_errors=True)

    async def _open(self) -> None:
        """Wait for the query to come to the next pipe; it may end before."""
        while not self._answer.done() and not self._reached():
            await asyncio.wait((self._answer,), timeout=_OPENING)

    def _reached(self) -> bool:
        """Open the next pipe if the query reads it."""
        try:
            self._end = os.open(self._left[0], os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nobody reads it yet
                raise
            return False
        self._left.popleft()
        import fcntl

        if hasattr(fcntl, "F_SETPIPE_SZ"):
            with suppress(PermissionError):  # the user's share of such pages is used up; a smaller pipe works
                fcntl.fcntl(self._end, fcntl.F_SETPIPE_SZ, _PIPE)
        return True

    async def _writable(self, end: int) -> None:
        """Wait until the pipe takes more."""
        room = asyncio.Event()
        self._loop.add_writer(end, room.set)
        try:
            await room.wait()
        finally:
            self._loop.remove_writer(end)

    def _close(self) -> None:
        if self._end is not None:
            os.close(self._end)
            self._end = None
