"""Read one scan: send its requests, follow its pages, load its rows.

Law: complete, or an error. Rows reach the engine in the order of the keys and of the API's pages, whatever order
the answers come in; when one request fails for good, the others are dropped and the statement fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from sqloud.engine.base import Workspace
from sqloud.errors import Error, IncompleteAnswerError
from sqloud.executor.counting import told_total
from sqloud.executor.exchange import exchange
from sqloud.executor.prepared import PreparedScan
from sqloud.executor.statistics import ScanStatistics
from sqloud.plan.steps import Scan, Value
from sqloud.protocol.failure import failure, is_absence, shown_url
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.paging import Progress, follow, is_silent
from sqloud.protocol.rows import Page, navigate

if TYPE_CHECKING:
    from sqloud.executor.run import Runner

__all__ = ["Notice", "ScanRun", "first_failure"]

Notice = Callable[[str], None]


class ScanRun:
    """One scan of one statement."""

    def __init__(
        self,
        runner: Runner,
        prepared: PreparedScan,
        workspace: Workspace,
        turn: asyncio.Lock,
        notice: Notice,
        counted: ScanStatistics,
    ) -> None:
        self._runner = runner
        self._prepared = prepared
        self._scan = prepared.scan
        self._workspace = workspace
        self._turn = turn  # a workspace is not for two threads at once
        self._notice = notice
        self._counted = counted
        self._decoder = runner.decoder(prepared.scan, notice)

    async def run(self) -> None:
        """Load every row, or raise."""
        began = time.monotonic()
        try:
            await self._run()
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
            async for page in self._pages(keys[0], requests[0]):
                await self._load(page)
            return
        window = asyncio.Semaphore(self._runner._ahead)
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
        return [page async for page in self._pages(key, request)]

    async def _load_total(self, key: tuple[Value, ...], request: ApiRequest) -> bool:
        """Load as many rows as the answer to the smallest page says there are; False where it does not say."""
        response = await self._answer(request)
        if response is None:
            self._tell_absence(key, request)
            return True
        page = await self._decoded(request, response, [])
        self._counted.pages += 1
        rows = told_total(self._scan.method.paging, response, page.count)
        if rows is None:
            return False
        self._counted.rows += page.count
        async with self._turn:
            await self._runner.work(
                lambda: self._workspace.fill(self._scan.id, rows), self._workspace.interrupt
            )
        return True

    async def _decoded(self, request: ApiRequest, response: ApiResponse, echoed: list[Value | None]) -> Page:
        try:
            return await self._runner.work(lambda: self._decoder.decode(response.body, echoed))
        except Error as error:
            place = f"{self._scan.table} by {request.http_verb} {shown_url(request)}"
            error.args = (f"{place}: {error.message}",)
            error.message = error.args[0]
            raise

    async def _load(self, page: Page) -> None:
        if page.lines:
            async with self._turn:
                await self._runner.work(
                    lambda: self._workspace.load(self._scan.id, page.lines), self._workspace.interrupt
                )

    async def _pages(self, key: tuple[Value, ...], request: ApiRequest) -> AsyncIterator[Page]:
        """The pages of one key, each as soon as it is decoded."""
        scan = self._scan
        echoed = _echoed(scan, key)
        waiting = [request]
        asked = frozenset({request.url})
        rows = 0
        seen: set[bytes] = set()  # digests of the pages so far
        while waiting:
            request = waiting.pop(0)
            response = await self._answer(request)
            if response is None:
                self._tell_absence(key, request)
                return
            paging = scan.method.paging
            digest = self._digest(response) if paging is not None else b""
            if digest and digest in seen and is_silent(paging, response):
                return  # the server does not page: this is its first answer again
            page = await self._decoded(request, response, echoed)
            rows += page.count
            self._counted.pages += 1
            self._counted.rows += page.count
            yield page
            if scan.single_page or await self._is_enough(rows):
                return
            progress = Progress(
                rows=rows,
                page_rows=page.count,
                asked=asked,
                repeated=bool(page.count and digest) and digest in seen,
                rows_at=scan.method.rows.path if scan.method.rows is not None else (),
            )
            following = follow(paging, request, response, progress)
            seen.add(digest)
            asked |= {after.url for after in following}
            waiting.extend(following)

    def _digest(self, response: ApiResponse) -> bytes:
        """What tells the rows of two answers apart."""
        rows = self._scan.method.rows
        raw = navigate(response.body, rows.path) if rows is not None else None
        return b"" if raw is None else blake2b(bytes(raw), digest_size=16).digest()

    async def _is_enough(self, rows: int) -> bool:
        """Whether the limit of the scan is reached by the rows loaded so far."""
        limit = self._scan.limit
        if limit is None or limit.passed is None:
            return limit is not None and rows >= limit.rows
        passed = limit.passed
        async with self._turn:
            batches = await self._runner.work(
                lambda: list(self._workspace.query(passed)), self._workspace.interrupt
            )
        return int(batches[0][0][0]) >= limit.rows

    async def _answer(self, request: ApiRequest) -> ApiResponse | None:
        """The answer of one request after its retries; None where the key has no rows."""
        provider, method = self._scan.provider, self._scan.method

        response = await exchange(self._runner, request, provider, self._counted)
        if 200 <= response.status < 300:
            return response
        if is_absence(method, provider, response):
            if request.place > 1:
                raise IncompleteAnswerError(
                    f"page {request.place} of {self._scan.table} is gone: {shown_url(request)} answered 404"
                )
            return None
        raise failure(provider, request, self._runner.unspoken(provider, response))

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
