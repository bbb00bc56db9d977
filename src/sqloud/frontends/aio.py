"""The library for programs that await: the same connection, its statements run in threads of their own.

Law: awaiting changes nothing of what a statement does. A task that is cancelled cancels its own statement and no
other, and goes on only when that has ended.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

from sqloud.engine.answers import Answer
from sqloud.errors import InterfaceError, StatementCancelled
from sqloud.executor.result import Result
from sqloud.frontends.dbapi import Connection, Cursor, Parameters, Row, connect
from sqloud.frontends.frames import Frames
from sqloud.frontends.scope import callers_variables

__all__ = ["AsyncConnection", "AsyncCursor", "aconnect"]

T = TypeVar("T")
_AT_ONCE = 64
"""Statements of one connection that run side by side; more wait their turn."""
_AGAIN = 0.02
"""Seconds after which a statement that was told to stop, and has not, is told again."""


class aconnect:  # noqa: N801  # it is called as a function is
    """Open a connection for `await`: `async with aconnect(...) as connection:` or `await aconnect(...)`.

    Takes what `connect` takes, and raises what it raises.
    """

    def __init__(self, **keywords: Any) -> None:
        self._keywords = keywords
        self._connection: AsyncConnection | None = None

    def __await__(self) -> Generator[Any, None, AsyncConnection]:
        return self._opened().__await__()

    async def __aenter__(self) -> AsyncConnection:
        self._connection = await self._opened()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.__aexit__(kind, error, trace)

    async def _opened(self) -> AsyncConnection:
        return AsyncConnection(await asyncio.to_thread(partial(connect, **self._keywords)))


class AsyncConnection:
    """A connection whose methods are awaited. Tasks may share it, each with cursors of its own."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE, thread_name_prefix="sqloud-statement")
        self._closed = False

    def cursor(self) -> AsyncCursor:
        """A new cursor."""
        return AsyncCursor(self, self._connection.cursor())

    async def execute(
        self, sql: str, parameters: Parameters = None, *, variables: Mapping[str, str] | None = None
    ) -> AsyncCursor:
        """A new cursor with `sql` executed on it."""
        return await self.cursor().execute(sql, parameters, variables=variables)

    async def commit(self) -> None:
        """Send what BEGIN has queued."""
        await self._run(self._connection.commit)

    async def rollback(self) -> None:
        """Drop what BEGIN has queued."""
        await self._run(self._connection.rollback)

    async def register(self, name: str, frame: object) -> None:
        """Make a data frame a table of this connection."""
        await self._run(partial(self._connection.register, name, frame))

    async def unregister(self, name: str) -> None:
        """Drop what `register` has made."""
        await self._run(partial(self._connection.unregister, name))

    def cancel(self) -> None:
        """Stop every statement of this connection."""
        self._connection.cancel()

    async def close(self) -> None:
        """Close the session; its cursors cannot be used any more. Raises InterfaceError the second time."""
        if self._closed:
            raise InterfaceError("the connection is closed")
        self._closed = True
        try:
            await asyncio.to_thread(self._connection.close)
        finally:
            await asyncio.to_thread(self._pool.shutdown)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            await self.close()

    async def _run(self, function: Callable[[], T]) -> T:
        """Run in a thread; cancelled, stop what that thread runs, and go on when it has ended."""
        if self._closed:
            raise InterfaceError("the connection is closed")
        running: list[int] = []
        is_cancelled = threading.Event()

        def called() -> T:
            if is_cancelled.is_set():
                raise StatementCancelled("the statement was cancelled")
            running.append(threading.get_ident())
            return function()

        work = asyncio.get_running_loop().run_in_executor(self._pool, called)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            is_cancelled.set()
            while not work.done():
                if running:
                    self._connection.cancel_thread(running[0])
                with suppress(asyncio.CancelledError):  # it is on its way already
                    await asyncio.wait((work,), timeout=_AGAIN)
            if not work.cancelled():
                work.exception()  # seen, and of no interest to whoever cancelled
            raise


class AsyncCursor(Frames):
    """A cursor whose statements and fetches are awaited; the frames of a whole answer are given at once."""

    def __init__(self, connection: AsyncConnection, cursor: Cursor) -> None:
        self.connection = connection
        self._cursor = cursor

    @property
    def description(self) -> list[tuple[str, str, None, None, None, None, None]] | None:
        """(name, type, ...) of each column of the last answer."""
        return self._cursor.description

    @property
    def rowcount(self) -> int:
        """Rows that a write wrote, -1 for what writes none."""
        return self._cursor.rowcount

    @property
    def rownumber(self) -> int | None:
        """How many rows were fetched."""
        return self._cursor.rownumber

    @property
    def arraysize(self) -> int:
        """Rows that `fetchmany` gives unless told."""
        return self._cursor.arraysize

    @arraysize.setter
    def arraysize(self, size: int) -> None:
        self._cursor.arraysize = size

    async def execute(
        self, sql: str, parameters: Parameters = None, *, variables: Mapping[str, str] | None = None
    ) -> Self:
        """Run one statement, as the cursor of `connect` does, with the data frames of the caller that awaits it."""
        # The statement runs in another thread, where the caller's variables cannot be found.
        self._cursor.variables_in_scope = callers_variables()
        try:
            await self.connection._run(partial(self._cursor.execute, sql, parameters, variables=variables))
        finally:
            self._cursor.variables_in_scope = None
        return self

    async def executemany(self, sql: str, seq_of_parameters: Iterable[Parameters]) -> Self:
        """Run one statement for each set of parameters."""
        await self.connection._run(partial(self._cursor.executemany, sql, seq_of_parameters))
        return self

    async def fetchone(self) -> Row | None:
        """The next row, None after the last."""
        return await self.connection._run(self._cursor.fetchone)

    async def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next rows."""
        return await self.connection._run(partial(self._cursor.fetchmany, size))

    async def fetchall(self) -> list[Row]:
        """All rows that are left."""
        return await self.connection._run(self._cursor.fetchall)

    async def batches(self, size: int = 2048) -> AsyncIterator[list[Row]]:
        """The rows that are left, some thousand at a time."""
        while rows := await self.fetchmany(size):
            yield rows

    async def close(self) -> None:
        """Give up the answer."""
        await self.connection._run(self._cursor.close)

    async def __aiter__(self) -> AsyncIterator[Row]:
        async for batch in self.batches():
            for row in batch:
                yield row

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def _columnar(self) -> tuple[Answer, list[str]]:
        return self._cursor._columnar()

    def _current(self) -> Result:
        return self._cursor._current()

    def _rows_left(self) -> Iterator[Row]:
        return self._cursor._rows_left()

    def _rows_again(self) -> Iterator[Row]:
        return self._cursor._rows_again()
