"""Run the scans of a plan, then the engine's query over what they loaded.

Law: complete, or an error. A scan begins as soon as the scans that feed it have ended, those that feed each other
nothing side by side; when one fails for good, the others are dropped and the statement fails.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from sqloud.engine.base import Workspace
from sqloud.errors import InvalidValueError, ProgrammingError, TimeLimitError
from sqloud.executor.loop import SessionLoop
from sqloud.executor.prepared import Keys, PreparedScan
from sqloud.executor.reading import Notice, ScanRun, first_failure
from sqloud.executor.statistics import Statistics
from sqloud.executor.transport import Transport
from sqloud.plan.steps import KeyQuery, Scan, Value
from sqloud.planner import fit
from sqloud.protocol.authenticate import authorization
from sqloud.protocol.build import first_request
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.rows import RowDecoder
from sqloud.registry.records import Provider, Rows

__all__ = ["Runner"]

T = TypeVar("T")
_SHORTEST_SECRET = 4
_AHEAD = 4
"""Keys begun beyond the one whose rows are being loaded, for each request in flight."""


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
        self.max_keys = max_keys
        self._ahead = _AHEAD * max_concurrency
        self._slots = asyncio.Semaphore(max_concurrency)
        self._endpoint = endpoint
        self._credential = credential
        self.null_on_mismatch = null_on_mismatch

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
        statistics: Statistics,
        time_limit: float | None,
    ) -> T:
        """Load every scan's rows into the workspace and give what `answer` makes of them there, or raise.

        The time limit (seconds) is that of the whole.
        """
        began = time.monotonic()
        try:
            async with asyncio.timeout(time_limit):
                await self._load(prepared, workspace, notice, statistics)
                loaded = time.monotonic()
                try:
                    return await self.work(answer, workspace.interrupt)
                finally:
                    statistics.engine = time.monotonic() - loaded
        except TimeoutError as error:
            raise TimeLimitError(
                f"the statement's time limit of {time_limit:g} s is spent after {statistics.requests:,} requests, "
                f"{statistics.pages:,} pages and {statistics.rows:,} rows"
            ) from error
        finally:
            statistics.elapsed = time.monotonic() - began

    async def _load(
        self, prepared: Sequence[PreparedScan], workspace: Workspace, notice: Notice, statistics: Statistics
    ) -> None:
        """Run all scans, each after those that its keys come from."""
        turn = asyncio.Lock()
        loaded = {one.scan.id: asyncio.Event() for one in prepared}

        async def load(one: PreparedScan) -> None:
            scan = one.scan
            counted = statistics.scan(scan.id)
            if one.keys is None:
                assert isinstance(scan.keys, KeyQuery)
                for step in scan.keys.reads:
                    await loaded[step].wait()
                async with turn:
                    one = await self._fed(one, workspace)
            await ScanRun(self, one, workspace, turn, notice, counted).run()
            loaded[scan.id].set()

        for one in prepared:
            statistics.scan(one.scan.id)
        if len(prepared) == 1:
            await load(prepared[0])
            return
        try:
            async with asyncio.TaskGroup() as group:
                for one in prepared:
                    group.create_task(load(one))
        except BaseExceptionGroup as failures:
            first = first_failure(failures)
            raise first from first.__cause__

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
        if len(requests) > self.max_keys:
            names = ", ".join(parameter.sql_name for parameter in scan.keys.parameters)
            raise ProgrammingError(
                f"{scan.table} would be asked for {len(requests):,} values of {names}; {self.max_keys:,} is the most",
                hints=("narrow what feeds it, or raise the limit: --max-keys N, SET max_keys = N",),
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
            on_mismatch=notice if self.null_on_mismatch else None,
        )
