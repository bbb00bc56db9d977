"""Read one scan: send its requests, follow its pages, load its rows.

Law: complete, or an error. Rows reach the engine in the order of the keys and of the API's pages, whatever order
the answers come in; when one request fails for good, the others are dropped and the statement fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import msgspec

from sqloud.engine.base import Workspace
from sqloud.errors import Error, IncompleteAnswerError
from sqloud.executor.ahead import Ahead
from sqloud.executor.arriving import Arriving
from sqloud.executor.counting import told_total
from sqloud.executor.memo import Memo, SharedList
from sqloud.executor.prepared import PreparedScan
from sqloud.executor.statistics import Statistics
from sqloud.executor.stream import Satisfied, Streaming
from sqloud.plan.steps import Scan, Value
from sqloud.protocol.ahead import pages_ahead
from sqloud.protocol.drift import Drift
from sqloud.protocol.failure import failure, is_absence, shown_url
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.pages import PageReader, ReadPage
from sqloud.protocol.paging import Progress, follow, is_silent, total
from sqloud.protocol.rows import Page

if TYPE_CHECKING:
    from sqloud.executor.run import Runner

__all__ = ["Notice", "ScanRun", "first_failure"]

Notice = Callable[[str], None]

_READ_AT_ONCE = 256 * 2**10
"""Bytes of an answer that take less to decode than to hand to another thread: some hundred microseconds."""

_LOADED_AT_ONCE = 2**20
_STREAMED_FROM = 3 * 2**20
"""Bytes of rows that are handed to the engine together; and from which on they go straight into the query, before
the engine has taken any."""


class ScanRun:
    """One scan of one statement."""

    def __init__(
        self,
        runner: Runner,
        prepared: PreparedScan,
        workspace: Workspace,
        turn: asyncio.Lock,
        notice: Notice,
        statistics: Statistics,
        memo: Memo,
        streaming: Streaming[Any] | None = None,
        arriving: Arriving | None = None,
        *,
        fresh: bool = False,
    ) -> None:
        self._fresh = fresh  # nothing out of the cache
        self._runner = runner
        self._prepared = prepared
        self._scan = prepared.scan
        self._workspace = workspace
        self._turn = turn  # a workspace is not for two threads at once
        self._notice = notice
        self._memo = memo
        self._statistics = statistics
        self._counted = statistics.scan(prepared.scan.id)
        self._counted.table = prepared.scan.table.resource
        self._reader = PageReader(prepared.scan, null_on_mismatch=runner.null_on_mismatch)
        self._lines: list[bytes] = []
        self._size = self._handed = 0
        self._arriving = arriving
        self._streaming = streaming if prepared.scan.limit is None else None

    async def run(self) -> None:
        """Load every row, or raise."""
        began = time.monotonic()
        try:
            try:
                await self._run()
            except Error:
                if self._arriving is not None:
                    await self._flush()  # what came before is given out before the failure is told
                raise
            await self._flush()
        except Satisfied:
            return
        finally:
            self._counted.elapsed = time.monotonic() - began

    async def _run(self) -> None:
        keys, requests = self._prepared.keys or (), self._prepared.requests
        if self._scan.counted:
            if await self._load_total(keys[0], requests[0]):
                return
            # The answer told no total: the list is read as any other, by pages of its own size.
            self._scan = msgspec.structs.replace(self._scan, counted=False)
            self._prepared = PreparedScan.with_keys(self._scan, self._prepared.base, keys)
            requests = self._prepared.requests
        if len(keys) == 1:
            async with aclosing(self._pages(keys[0], requests[0])) as pages:
                async for page in pages:
                    await self._load(page)
            return
        window = asyncio.Semaphore(self._runner.keys_ahead)
        try:
            async with asyncio.TaskGroup() as group:
                tasks: asyncio.Queue[asyncio.Task[list[Page]] | None] = asyncio.Queue()
                group.create_task(self._begin(group, window, tasks))
                while (task := await tasks.get()) is not None:
                    for page in await task:
                        await self._load(page)
                    window.release()
        except BaseExceptionGroup as failures:
            first = first_failure(failures)
            raise first from first.__cause__

    async def _begin(
        self,
        group: asyncio.TaskGroup,
        window: asyncio.Semaphore,
        tasks: asyncio.Queue[asyncio.Task[list[Page]] | None],
    ) -> None:
        for key, request in zip(self._prepared.keys or (), self._prepared.requests, strict=True):
            await window.acquire()
            tasks.put_nowait(group.create_task(self._gathered(key, request)))
        tasks.put_nowait(None)

    async def _gathered(self, key: tuple[Value, ...], request: ApiRequest) -> list[Page]:
        async with aclosing(self._pages(key, request)) as pages:
            return [page async for page in pages]

    async def _load_total(self, key: tuple[Value, ...], request: ApiRequest) -> bool:
        """Load as many rows as the answer to the smallest page says there are; False where it does not say."""
        found = await self._read(request, [])
        if found is None:
            self._tell_absence(key, request)
            return True
        self._counted.pages += 1
        rows = told_total(self._scan.method.paging, found.told, found.page.count)
        if rows is None:
            return False
        self._counted.rows += found.page.count
        async with self._turn:
            await self._runner.work(
                lambda: self._workspace.fill(self._scan.id, rows), self._workspace.interrupt
            )
        return True

    async def _load(self, page: Page) -> None:
        if page.lines:
            self._lines.append(page.lines)
            self._size += len(page.lines)
            if self._size >= _LOADED_AT_ONCE or (self._arriving is not None and self._arriving.is_hungry()):
                await self._flush()

    async def _flush(self) -> None:
        """Hand to the engine what is gathered."""
        lines, self._lines, self._size = b"".join(self._lines), [], 0
        if not lines:
            return
        self._handed += len(lines)
        if self._arriving is not None:
            await self._arriving.take(lines, self._runner.work, self._workspace.interrupt)
            return
        async with self._turn:
            if await self._streams():
                await self._stream(lines)
            else:
                await self._runner.work(
                    lambda: self._workspace.load(self._scan.id, lines), self._workspace.interrupt
                )

    async def _streams(self) -> bool:
        """Whether rows go straight into the query: once there are many of them, and if it reads them once."""
        streaming = self._streaming
        if streaming is None or self._handed < _STREAMED_FROM:
            return False
        if streaming.stream is None:
            pipes = await self._runner.work(lambda: streaming.pipes(self._scan.id), self._workspace.interrupt)
            if not pipes:
                self._streaming = None
                return False
            await streaming.begin(pipes, self._scan.id)
        return True

    async def _stream(self, lines: bytes) -> None:
        assert self._streaming is not None
        assert self._streaming.stream is not None
        await self._streaming.stream.write(lines)

    async def _pages(self, key: tuple[Value, ...], first: ApiRequest) -> AsyncGenerator[Page, None]:
        """The pages of one key in their order; those that a first page promises are asked for at once."""
        scan, paging = self._scan, self._scan.method.paging
        echoed = _echoed(scan, key)
        shared = self._memo.shared(self._prepared, first)

        async def read(request: ApiRequest) -> ReadPage | None:
            return await self._read(request, echoed, shared)

        ahead = Ahead(read, self._runner.pages_ahead)
        drift = Drift(", ".join(column.name for column in scan.identity))
        waiting: list[ApiRequest] = [first]
        asked = {first.url}
        seen: set[int] = set()  # marks of the pages so far
        rows = 0
        try:
            while waiting:
                request = waiting.pop(0)
                found = await ahead.take(request)
                if found is None:
                    self._tell_absence(key, request)
                    return
                page = found.page
                again = bool(page.count) and found.mark is not None and found.mark in seen
                if again and is_silent(paging, found.told):
                    return  # the server does not page: this is its first answer again
                for told in found.mismatches:
                    self._notice(told)
                rows += page.count
                self._counted.pages += 1
                self._counted.rows += page.count
                yield page
                if scan.single_page or await self._is_enough(rows):
                    return
                if request is first and page.count and len(self._prepared.requests) == 1:
                    self._counted.promised = (
                        -(-(total(paging, found.told) or 0) // page.count) if paging else 0
                    )
                if paging is not None and not again:
                    drift.page(request.place, page.count, total(paging, found.told), found.keys)
                progress = Progress(
                    rows=rows,
                    page_rows=page.count,
                    asked=asked,
                    repeated=again,
                    moved=drift.moved,
                    rows_at=scan.method.rows.path if scan.method.rows is not None else (),
                )
                waiting += follow(paging, request, found.told, progress)
                if request is first and waiting and (scan.limit is None or scan.limit.passed is None):
                    enough = scan.limit.rows if scan.limit is not None else None
                    ahead.expect(pages_ahead(paging, first, found.told, page.count, enough))
                if found.mark is not None:
                    seen.add(found.mark)
                asked.update(after.url for after in waiting)
        finally:
            await ahead.drop()
        for told in drift.notices():
            self._notice(f"{scan.table}: {told}")

    async def _read(
        self, request: ApiRequest, echoed: list[Value | None], shared: SharedList | None = None
    ) -> ReadPage | None:
        """One page; None where the key has no rows."""
        response = await self._answer(request, shared)
        if response is None:
            return None
        try:
            if len(response.body) <= _READ_AT_ONCE:
                return self._reader.read(response, echoed)
            return await self._runner.work(lambda: self._reader.read(response, echoed))
        except Error as error:
            error.message = f"{self._scan.table} by {request.http_verb} {shown_url(request)}: {error.message}"
            error.args = (error.message,)
            raise

    async def _is_enough(self, rows: int) -> bool:
        """Whether the limit of the scan is reached by the rows loaded so far."""
        limit = self._scan.limit
        if limit is None or limit.passed is None:
            return limit is not None and rows >= limit.rows
        passed = limit.passed
        await self._flush()
        if self._arriving is not None:
            return False  # it counts the rows that pass by itself
        async with self._turn:
            batches = await self._runner.work(
                lambda: list(self._workspace.query(passed)), self._workspace.interrupt
            )
        return int(batches[0][0][0]) >= limit.rows

    async def _answer(self, request: ApiRequest, shared: SharedList | None) -> ApiResponse | None:
        """The answer of one request after its retries; None where the key has no rows."""
        provider, method, exchanges = self._scan.provider, self._scan.method, self._runner.exchanges

        async def ask() -> ApiResponse:
            return await exchanges.answer(
                request,
                provider,
                self._counted,
                statement=self._statistics,
                max_requests=self._runner.max_requests,
                cache_ttl=None if self._fresh else self._runner.cache_ttl,
            )

        response = await (ask() if shared is None else shared.answer(request, self._counted, ask))
        if 200 <= response.status < 300:
            return response
        if is_absence(method, provider, response):
            if request.place > 1:
                raise IncompleteAnswerError(
                    f"page {request.place} of {self._scan.table} is gone: {shown_url(request)} answered 404"
                )
            return None
        raise failure(provider, request, exchanges.unspoken(provider, response))

    def _tell_absence(self, key: tuple[Value, ...], request: ApiRequest) -> None:
        self._counted.absent += 1
        named = ", ".join(
            f"{parameter.sql_name} = {value}"
            for parameter, value in zip(self._scan.keys.parameters, key, strict=True)
            if parameter.location == "path"
        )
        self._notice(
            f"{self._scan.table}: {named} has no rows ({request.http_verb} {shown_url(request)} answered 404)"
        )


def _echoed(scan: Scan, key: tuple[Value, ...]) -> list[Value | None]:
    values = {parameter.sql_name: value for parameter, value in zip(scan.keys.parameters, key, strict=True)}
    return [values.get(echo.parameter) for echo in scan.echoes]


def first_failure(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended a group: the first that is no mere cancellation."""
    for failure_ in failures.exceptions:
        return first_failure(failure_) if isinstance(failure_, BaseExceptionGroup) else failure_
    return failures
