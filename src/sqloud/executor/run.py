"""Run the scans of a plan, then the engine's query over what they loaded.

Law: complete, or an error. A scan begins as soon as the scans that feed it have ended, those that feed each other
nothing side by side; when one fails for good, the others are dropped and the statement fails. Of a group of
accounts one may fail: it is left out and told, unless all of the group do.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from sqloud.engine.base import Workspace
from sqloud.errors import (
    ApiError,
    ConnectionFault,
    CredentialError,
    Error,
    IncompleteAnswerError,
    InvalidValueError,
    ProgrammingError,
    ResponseDataError,
    TimeLimitError,
)
from sqloud.executor.arriving import Arriving
from sqloud.executor.exchange import Exchanges
from sqloud.executor.loop import SessionLoop
from sqloud.executor.memo import Memo
from sqloud.executor.prepared import Keys, PreparedScan
from sqloud.executor.reading import Notice, ScanRun, first_failure
from sqloud.executor.statistics import Statistics
from sqloud.executor.stream import Streaming
from sqloud.plan.steps import KeyQuery, Scan, Value
from sqloud.planner import fit
from sqloud.protocol.build import first_request
from sqloud.protocol.messages import ApiRequest
from sqloud.registry.records import Provider

__all__ = ["Runner"]

T = TypeVar("T")
_KEYS_AHEAD = 4
_PAGES_AHEAD = 2
"""Keys, and pages of one list, begun beyond the one whose rows are loaded, for each request in flight."""


class Runner:
    """Runs scans over a session's exchanges, with the limits that the session sets."""

    def __init__(
        self,
        *,
        loop: SessionLoop,
        exchanges: Exchanges,
        max_concurrency: int,
        max_keys: int = 5_000,
        max_requests: int | None = None,
        cache_ttl: float | None = None,
        null_on_mismatch: bool = False,
    ) -> None:
        self._loop = loop
        self.exchanges = exchanges
        self.max_keys = max_keys
        self.max_requests = max_requests
        self.cache_ttl = cache_ttl
        self.keys_ahead = _KEYS_AHEAD * max_concurrency
        self.pages_ahead = _PAGES_AHEAD * max_concurrency
        self.null_on_mismatch = null_on_mismatch

    def authorize(self, provider: Provider, url: str) -> tuple[tuple[str, str], ...]:
        """The credential's headers for one URL. Raises CredentialError."""
        return self.exchanges.authorize(provider, url)

    async def run(
        self,
        prepared: Sequence[PreparedScan],
        workspace: Workspace,
        answer: Callable[[], T],
        *,
        notice: Notice,
        statistics: Statistics,
        time_limit: float | None,
        sql: str | None = None,
        fresh: bool = False,
        arriving: Arriving | None = None,
    ) -> T:
        """Load every scan's rows into the workspace and give what `answer` makes of them there, or raise.

        The time limit (seconds) is that of the whole. `sql` is the query that `answer` runs, and then many rows of a
        single scan may go into it as they come, without being kept. `fresh`: nothing comes out of the cache.
        `arriving` is given the rows of a single scan as they come, and then the workspace gets none.
        """
        began, loaded = time.monotonic(), 0.0
        try:
            async with asyncio.timeout(time_limit):
                streaming = Streaming(workspace, sql, answer) if sql and len(prepared) == 1 else None
                try:
                    await self._load(prepared, workspace, notice, statistics, streaming, fresh, arriving)
                    loaded = time.monotonic()
                    if streaming is not None and streaming.stream is not None:
                        return await streaming.stream.answered()
                    return await self.work(answer, workspace.interrupt)
                finally:
                    if streaming is not None and streaming.stream is not None:
                        await streaming.stream.stop()
                    statistics.engine = time.monotonic() - loaded if loaded else 0.0
        except TimeoutError as error:
            raise TimeLimitError(
                f"the statement's time limit of {time_limit:g} s is spent after {statistics.requests:,} requests, "
                f"{statistics.pages:,} pages and {statistics.rows:,} rows"
            ) from error
        finally:
            statistics.elapsed = time.monotonic() - began

    async def _load(
        self,
        prepared: Sequence[PreparedScan],
        workspace: Workspace,
        notice: Notice,
        statistics: Statistics,
        streaming: Streaming[T] | None,
        fresh: bool,
        arriving: Arriving | None,
    ) -> None:
        """Run all scans, each after those that its keys come from."""
        turn = asyncio.Lock()
        loaded = {one.scan.id: asyncio.Event() for one in prepared}
        memo = Memo(prepared)

        async def load(one: PreparedScan) -> None:
            scan = one.scan
            if one.keys is None:
                assert isinstance(scan.keys, KeyQuery)
                for step in scan.keys.reads:
                    await loaded[step].wait()
                async with turn:
                    one = await self._fed(one, workspace)
                memo.known(one)
            run = ScanRun(
                self, one, workspace, turn, notice, statistics, memo, streaming, arriving, fresh=fresh
            )
            try:
                await run.run()
            except (
                ApiError,
                ConnectionFault,
                CredentialError,
                IncompleteAnswerError,
                ResponseDataError,
            ) as error:
                if not scan.apart or len(prepared) == 1:
                    raise
                async with turn:
                    workspace.clear(scan.id)
                statistics.left_out.append((str(scan.table), error))
            memo.ended(scan.id)
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
        _told(prepared, statistics, notice)

    async def _fed(self, prepared: PreparedScan, workspace: Workspace) -> PreparedScan:
        """A scan with the keys that the scans before it give."""
        scan = prepared.scan
        assert isinstance(scan.keys, KeyQuery)
        sql = scan.keys.sql

        def keys() -> Keys:
            return tuple(row for batch in workspace.query(sql) for row in batch)

        return self.keyed(prepared, await self.work(keys, workspace.interrupt))

    def keyed(self, prepared: PreparedScan, found: Keys) -> PreparedScan:
        """A scan with the keys that relations gave. Raises ProgrammingError for more than the most."""
        scan = prepared.scan
        requests: dict[tuple[Value, ...], ApiRequest] = {}
        for row in found:
            try:
                key = tuple(map(fit, scan.keys.parameters, row))
                requests.setdefault(key, first_request(scan, key, prepared.base))
            except InvalidValueError:
                continue  # the API can have no rows under a value that its parameter cannot take
        self.judge_keys(scan, len(requests))
        return PreparedScan(
            scan=scan, base=prepared.base, keys=tuple(requests), requests=tuple(requests.values())
        )

    def judge_keys(self, scan: Scan, count: int) -> None:
        """Raises ProgrammingError for more keys than the most."""
        if count > self.max_keys:
            names = ", ".join(parameter.sql_name for parameter in scan.keys.parameters)
            raise ProgrammingError(
                f"{scan.table} would be asked for {count:,} values of {names}; {self.max_keys:,} is the most",
                hints=("narrow what feeds it, or raise the limit: --max-keys N, SET max_keys = N",),
            )

    async def work(self, function: Callable[[], T], stop: Callable[[], None] | None = None) -> T:
        """Decode, load or query in a thread that is not the loop's; `stop` ends it when it is cancelled."""
        return await self._loop.work(function, stop)


def _told(prepared: Sequence[PreparedScan], statistics: Statistics, notice: Notice) -> None:
    """Tell which accounts are left out. Raises the first one's error where a group has none left."""
    left_out = dict(statistics.left_out)
    groups: dict[str, list[Error | None]] = {}
    for one in prepared:
        if one.scan.apart:
            groups.setdefault(one.scan.apart, []).append(left_out.get(str(one.scan.table)))
    for errors in groups.values():
        if (first := errors[0]) is not None and None not in errors:
            raise first from first.__cause__
    for table, error in left_out.items():
        notice(f"{table} is left out: {error.message}")
