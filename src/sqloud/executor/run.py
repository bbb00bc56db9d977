"""Run the scans of a plan: drive flows, follow pages, load rows.

Law: complete, or an error. Rows reach the engine in the order of the keys and of the API's pages, whatever order
the answers come in; when one request fails for good, the others are dropped and the statement fails.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from hashlib import blake2b
from typing import TypeVar

import msgspec

from sqloud.engine.base import Workspace
from sqloud.errors import (
    ConnectionFault,
    Error,
    IncompleteAnswerError,
    InvalidValueError,
    ProgrammingError,
    TimeLimitError,
)
from sqloud.executor.loop import SessionLoop
from sqloud.executor.transport import Transport
from sqloud.plan.steps import KeyQuery, Scan, Value
from sqloud.planner import fit
from sqloud.protocol.authenticate import authorization
from sqloud.protocol.build import first_request
from sqloud.protocol.failure import failure, is_absence, shown_url
from sqloud.protocol.flow import Flow, request_flow
from sqloud.protocol.messages import ApiRequest, ApiResponse, Wait
from sqloud.protocol.paging import Progress, follow, is_silent
from sqloud.protocol.rows import Page, RowDecoder, navigate
from sqloud.registry.records import Provider, Rows

__all__ = ["Counts", "PreparedScan", "Runner", "drive"]

Notice = Callable[[str], None]
T = TypeVar("T")
_SHORTEST_SECRET = 4
_AHEAD = 4
"""Keys begun beyond the one whose rows are being loaded, for each request in flight."""


Keys = tuple[tuple[Value, ...], ...]


class PreparedScan(msgspec.Struct, frozen=True, kw_only=True):
    """A scan whose keys are known has the first request of each built: nothing is left that could be refused.

    `keys` is None where they come from scans before it; `base` is what its requests begin with.
    """

    scan: Scan
    base: str = ""
    keys: Keys | None = None
    requests: tuple[ApiRequest, ...] = ()

    @classmethod
    def with_keys(cls, scan: Scan, base: str, keys: Keys) -> PreparedScan:
        """Build the first request of every key. Raises InvalidValueError."""
        requests = tuple(first_request(scan, key, base) for key in keys)
        return cls(scan=scan, base=base, keys=keys, requests=requests)


class Counts(msgspec.Struct, kw_only=True):
    """What a statement has cost so far."""

    requests: int = 0
    pages: int = 0
    rows: int = 0


async def drive(flow: Flow, send: Callable[[ApiRequest], object]) -> ApiResponse:
    """Carry a flow's requests and waits out until it returns its answer."""
    try:
        message = next(flow)
        while True:
            try:
                outcome: ApiResponse | None = None
                if isinstance(message, Wait):
                    await asyncio.sleep(message.seconds)
                else:
                    outcome = await send(message)  # type: ignore[misc]
            except ConnectionFault as fault:
                message = flow.throw(fault)
            else:
                message = flow.send(outcome)
    except StopIteration as end:
        answer: ApiResponse = end.value
        return answer


class Runner:
    """Runs scans with a transport, a bound on requests in flight, and credentials by provider.

    The bound is one for all statements that run side by side.
    """

    def __init__(
        self,
        *,
        loop: SessionLoop,
        transport: Transport,
        max_concurrency: int,
        endpoint: Callable[[Provider], str],
        credential: Callable[[Provider], str | None],
        max_keys: int = 5_000,
        null_on_mismatch: bool = False,
    ) -> None:
        self._loop = loop
        self._transport = transport
        self._max_keys = max_keys
        self._ahead = _AHEAD * max_concurrency
        self._slots = asyncio.Semaphore(max_concurrency)
        self._endpoint = endpoint
        self._credential = credential
        self._null_on_mismatch = null_on_mismatch

    def authorize(self, provider: Provider, url: str) -> tuple[tuple[str, str], ...]:
        """The credential's headers for one URL. Raises CredentialError."""
        return authorization(provider, self._endpoint(provider), url, self._credential(provider))

    async def run(
        self,
        prepared: Sequence[PreparedScan],
        workspace: Workspace,
        answer: Callable[[], T],
        *,
        notice: Notice,
        counts: Counts,
        time_limit: float | None,
    ) -> T:
        """Load every scan's rows into the workspace and give what `answer` makes of them there, or raise.

        Scans run one after another, keys side by side; the time limit (seconds) is that of the whole.
        """
        try:
            async with asyncio.timeout(time_limit):
                for one in prepared:
                    if one.keys is None:
                        one = await self._fed(one, workspace)
                    await _ScanRun(self, one, workspace, notice, counts).run()
                return await self.work(answer, workspace.interrupt)
        except TimeoutError as error:
            raise TimeLimitError(
                f"the statement's time limit of {time_limit:g} s is spent after {counts.requests:,} requests, "
                f"{counts.pages:,} pages and {counts.rows:,} rows"
            ) from error

    async def _fed(self, prepared: PreparedScan, workspace: Workspace) -> PreparedScan:
        """A scan with the keys that the scans before it give."""
        scan = prepared.scan
        assert isinstance(scan.keys, KeyQuery)
        sql = scan.keys.sql

        def keys() -> Keys:
            return tuple(row for batch in workspace.query(sql) for row in batch)

        found = await self.work(keys, workspace.interrupt)
        requests: dict[tuple[Value, ...], ApiRequest] = {}
        for row in found:
            try:
                key = tuple(map(fit, scan.keys.parameters, row))
                requests.setdefault(key, first_request(scan, key, prepared.base))
            except InvalidValueError:
                continue  # the API can have no rows under a value that its parameter cannot take
        if len(requests) > self._max_keys:
            names = ", ".join(parameter.sql_name for parameter in scan.keys.parameters)
            raise ProgrammingError(
                f"{scan.table} would be asked for {len(requests):,} values of {names}; {self._max_keys:,} is the most",
                hints=("narrow what feeds it, or raise the limit: --max-keys N",),
            )
        return PreparedScan(
            scan=scan, base=prepared.base, keys=tuple(requests), requests=tuple(requests.values())
        )

    async def send(self, request: ApiRequest, provider: Provider) -> ApiResponse:
        """One exchange, with the credential put on here, on the way out."""
        headers = (*request.headers, *self.authorize(provider, request.url))
        async with self._slots:
            return await self._transport.send(request, headers)

    def unspoken(self, provider: Provider, response: ApiResponse) -> ApiResponse:
        """An answer that an error will quote, without the credential, should it repeat it."""
        token = (self._credential(provider) or "").encode()
        if len(token) < _SHORTEST_SECRET or token not in response.body:
            return response
        return msgspec.structs.replace(response, body=response.body.replace(token, b"[credential]"))

    async def work(self, function: Callable[[], T], stop: Callable[[], None] | None = None) -> T:
        """Decode, load or query in a thread that is not the loop's; `stop` ends it when it is cancelled."""
        return await self._loop.work(function, stop)

    def decoder(self, scan: Scan, notice: Notice) -> RowDecoder:
        """A decoder of one scan's answers."""
        return RowDecoder(
            scan.method.rows or Rows(shape="object"),
            scan.columns,
            scan.echoes,
            on_mismatch=notice if self._null_on_mismatch else None,
        )


class _ScanRun:
    """One scan of one statement."""

    def __init__(
        self,
        runner: Runner,
        prepared: PreparedScan,
        workspace: Workspace,
        notice: Notice,
        counts: Counts,
    ) -> None:
        self._runner = runner
        self._prepared = prepared
        self._scan = prepared.scan
        self._workspace = workspace
        self._turn = asyncio.Lock()  # a workspace is not for two threads at once
        self._notice = notice
        self._counts = counts
        self._decoder = runner.decoder(prepared.scan, notice)

    async def run(self) -> None:
        keys, requests = self._prepared.keys or (), self._prepared.requests
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
            first = _first(failures)
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
            try:
                page = await self._runner.work(lambda body=response.body: self._decoder.decode(body, echoed))  # type: ignore[misc]
            except Error as error:
                error.args = (f"{scan.table} by {request.http_verb} {shown_url(request)}: {error.message}",)
                error.message = error.args[0]
                raise
            rows += page.count
            self._counts.pages += 1
            self._counts.rows += page.count
            yield page
            if scan.single_page or await self._is_enough(rows):
                return
            progress = Progress(
                rows=rows,
                page_rows=page.count,
                asked=asked,
                repeated=bool(page.count and digest) and digest in seen,
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

        async def send(message: ApiRequest) -> ApiResponse:
            self._counts.requests += 1
            return await self._runner.send(message, provider)

        flow = request_flow(request, jitter=random.random, now=time.time, rate_limit=provider.rate_limit)
        response = await drive(flow, send)
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


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended a group: the first that is no mere cancellation."""
    for failure_ in failures.exceptions:
        return _first(failure_) if isinstance(failure_, BaseExceptionGroup) else failure_
    return failures
