"""The queries of a session: prepared, run, waited for, and cancelled.

Law: nothing is sent before a plan is whole: its tables are made, its residual bound, its first requests built and its
credentials found. What waits here can be cancelled from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import urlsplit

from sqloud.dialect.functions import NAMES as FUNCTION_NAMES
from sqloud.engine.base import Batch, Engine, ResultColumn, Workspace
from sqloud.errors import InvalidValueError, UnknownNameError
from sqloud.executor.arriving import Arriving
from sqloud.executor.loop import Running, SessionLoop
from sqloud.executor.prepared import PreparedScan
from sqloud.executor.result import Result
from sqloud.executor.run import Runner
from sqloud.executor.statistics import Statistics
from sqloud.plan.steps import KeyQuery, KeyValues, Plan, Scan, Value
from sqloud.planner import fit
from sqloud.planner.inventory import local_lines
from sqloud.planner.own import OwnRelation
from sqloud.protocol.build import base_url
from sqloud.registry import Catalogue
from sqloud.settings import Settings
from sqloud.storage import Storage

__all__ = ["FUNCTIONS", "Querying"]

T = TypeVar("T")


class Querying:
    """Runs plans over an engine and a runner.

    `settings` and `catalogue` give the session's own, which may change; `columns` what the columns of an own relation
    are; `notice` is told what no error says.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        loop: SessionLoop,
        runner: Runner,
        storage: Storage,
        settings: Callable[[], Settings],
        catalogue: Callable[[], Catalogue],
        columns: Callable[[OwnRelation], Sequence[tuple[str, str | None]]],
        notice: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._loop = loop
        self._runner = runner
        self._storage = storage
        self._settings = settings
        self._catalogue = catalogue
        self._columns = columns
        self.notice = notice
        self._lock = threading.Lock()
        self._under_way: dict[int, Statistics] = {}
        self._running: dict[int, tuple[Workspace, Callable[[], object], int]] = {}
        self._labelled = False

    @property
    def settings(self) -> Settings:
        """The session's settings, which SET may change."""
        return self._settings()

    def under_way(self) -> tuple[Statistics, ...]:
        """What each statement that runs now has cost so far; safe from any thread."""
        with self._lock:
            return tuple(self._under_way.values())

    def cancel(self, thread: int | None = None) -> None:
        """Stop every statement that runs now, from any thread; each raises StatementCancelled.

        With `thread`, a `threading.get_ident()`, only those that this thread waits for.
        """
        with self._lock:
            running = list(self._running.values())
        for workspace, stop, waiting in running:
            if thread is None or waiting == thread:
                stop()
                workspace.interrupt()

    def query(self, plan: Plan, *, arriving: bool = False) -> Result:
        """The rows of a plan; `arriving`: while they come, where they do not need each other."""
        workspace = self._engine.open()
        try:
            with self._unchanged(plan, workspace):
                prepared = self.authorized(plan, workspace)
                types = workspace.bind(plan.answer.sql)
                names = plan.answer.names if len(plan.answer.names) == len(types) else [c.name for c in types]
                columns = tuple(
                    ResultColumn(name=name, type=column.type)
                    for name, column in zip(names, types, strict=True)
                )
                statistics = Statistics()
                if arriving and plan.scans:
                    if (rows := self._arriving(workspace, plan, prepared, statistics, columns)) is not None:
                        return rows
                    self.notice(
                        "the rows of this statement need each other: they are given out when all have come"
                    )
                batches = self._wait(workspace, plan, prepared, statistics)
        except BaseException:
            workspace.close()
            raise
        return Result(columns, batches, on_close=workspace.close, statistics=statistics)

    def _arriving(
        self,
        workspace: Workspace,
        plan: Plan,
        prepared: Sequence[PreparedScan],
        statistics: Statistics,
        columns: tuple[ResultColumn, ...],
    ) -> Result | None:
        """The answer while its rows come; None where they need each other, or rows of another kind."""
        if len(prepared) != 1 or plan.stored or plan.local or prepared[0].scan.counted:
            return None
        portions = workspace.portions(prepared[0].scan.id, plan.answer.sql)
        if portions is None:
            return None
        batches = Arriving(portions)
        running: Running[None] = self._loop.submit(
            self._runner.run(
                prepared,
                workspace,
                lambda: None,
                notice=self.notice,
                statistics=statistics,
                time_limit=self.settings.statement_timeout,
                arriving=batches,
            )
        )
        batches.begin(running)
        with self._lock:
            self._under_way[id(statistics)] = statistics
            self._running[id(workspace)] = (workspace, running.cancel, threading.get_ident())

        def close() -> None:
            with self._lock:
                self._under_way.pop(id(statistics), None)
                self._running.pop(id(workspace), None)
            batches.close()
            workspace.close()

        return Result(columns, batches, on_close=close, statistics=statistics, arrives=True)

    def requests(self, plan: Plan) -> dict[str, list[str]]:
        """The first requests of each scan whose keys are known, as `GET /path?query`, by the scan's id."""
        workspace = self._engine.open()
        try:
            prepared = self.prepare(plan, workspace)
        finally:
            workspace.close()
        return {
            one.scan.id: [f"{request.http_verb} {_path(request.url)}" for request in one.requests]
            for one in prepared
            if one.keys is not None
        }

    def authorized(self, plan: Plan, workspace: Workspace) -> list[PreparedScan]:
        """A plan prepared, its credentials found and its notes told: nothing is left but to send."""
        prepared = self.prepare(plan, workspace)
        for one in prepared:
            if (one.requests or one.keys is None) and not one.scan.apart:
                self._runner.authorize(one.scan.provider, one.base)
        self._tell(plan)
        return prepared

    def prepare(self, plan: Plan, workspace: Workspace) -> list[PreparedScan]:
        """Create the tables, try the constants, bind the residual, know the keys, build the first requests."""
        for check in plan.checks:
            if not next(workspace.query(check.sql))[0][0]:
                raise InvalidValueError(check.message, span=check.span)
        for local in plan.local:
            workspace.create(local.id, local.columns)
            own = self._storage.listed()
            lines = local_lines(local, self._catalogue(), own, self._columns, self.notice)
            workspace.load(local.id, lines)
        for scan in plan.scans:
            columns = [(column.name, column.type.sql) for column in scan.columns]
            workspace.create(scan.id, [*columns, *((echo.name, echo.type.sql) for echo in scan.echoes)])
        try:
            workspace.bind(plan.answer.sql)
        except UnknownNameError as error:
            raise _placed(error, plan, workspace) from error
        prepared = []
        for scan in plan.scans:
            keys = self._keys(scan, workspace)
            base = base_url(scan.provider, self.settings.endpoints)
            if keys is None:
                prepared.append(PreparedScan(scan=scan, base=base))
            elif isinstance(scan.keys, KeyQuery) and scan.keys.stored:
                prepared.append(self._runner.keyed(PreparedScan(scan=scan, base=base), keys))
            else:
                self._runner.judge_keys(scan, len(keys))
                prepared.append(PreparedScan.with_keys(scan, base, keys))
        return prepared

    def _keys(self, scan: Scan, workspace: Workspace) -> tuple[tuple[Value, ...], ...] | None:
        """The keys of a scan; None where they come from scans that are yet to be read."""
        if isinstance(scan.keys, KeyValues):
            return scan.keys.rows
        if scan.keys.reads:
            workspace.bind(scan.keys.sql)
            return None
        parameters = scan.keys.parameters
        rows = (row for batch in workspace.query(scan.keys.sql) for row in batch)
        if scan.keys.stored:
            return tuple(rows)
        return tuple(dict.fromkeys(tuple(map(fit, parameters, row)) for row in rows))

    def _tell(self, plan: Plan) -> None:
        """The plan's notes, and that its answers are simulated."""
        for note in plan.notes:
            self.notice(note)
        if plan.scans:
            self.label()

    def label(self) -> None:
        """Tell once in a session that its answers are simulated."""
        if self.settings.sandbox and not self._labelled:
            self._labelled = True
            self.notice("answers are simulated: they come from the sandbox, not from a cloud")

    def _wait(
        self, workspace: Workspace, plan: Plan, prepared: Sequence[PreparedScan], statistics: Statistics
    ) -> Iterator[Batch]:
        """Run the scans and the residual."""
        sql = plan.answer.sql
        return self.run_scans(workspace, prepared, statistics, lambda: workspace.query(sql), sql)

    def run_scans(
        self,
        workspace: Workspace,
        prepared: Sequence[PreparedScan],
        statistics: Statistics,
        answer: Callable[[], T],
        sql: str | None = None,
    ) -> T:
        """Run the scans and what is made of them on the loop, and wait here, where Ctrl-C arrives.

        `sql` is the query that `answer` runs, if it does nothing else.
        """
        with self._lock:
            self._under_way[id(statistics)] = statistics
        try:
            return self.waited(
                workspace,
                self._runner.run(
                    prepared,
                    workspace,
                    answer,
                    notice=self.notice,
                    statistics=statistics,
                    time_limit=self.settings.statement_timeout,
                    sql=sql,
                    fresh=sql is None,  # what a write reads is what it changes
                ),
            )
        finally:
            with self._lock:
                self._under_way.pop(id(statistics), None)

    def waited(self, workspace: Workspace, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine on the loop, and wait here, where Ctrl-C arrives."""
        running = self._loop.submit(coroutine)
        with self._lock:
            self._running[id(workspace)] = (workspace, running.cancel, threading.get_ident())
        try:
            return running.result()
        except BaseException:
            running.cancel()
            workspace.interrupt()
            _ended(running)
            raise
        finally:
            with self._lock:
                self._running.pop(id(workspace), None)

    @contextmanager
    def _unchanged(self, plan: Plan, workspace: Workspace) -> Iterator[None]:
        """Hold off changes of the own relations that a plan reads."""
        if not plan.stored:
            yield
            return
        with self.stoppable(workspace) as is_stopped, self._storage.reading(is_stopped):
            yield

    @contextmanager
    def stoppable(self, workspace: Workspace) -> Iterator[Callable[[], bool]]:
        """While it is open, `cancel` reaches a statement that waits; gives whether it did."""
        stopped = threading.Event()
        with self._lock:
            self._running[id(stopped)] = (workspace, stopped.set, threading.get_ident())
        try:
            yield stopped.is_set
        finally:
            with self._lock:
                self._running.pop(id(stopped), None)


def _ended(running: Running[Any]) -> None:
    """Wait until what was cancelled has let go, however often the waiting is interrupted."""
    while True:
        try:
            running.wait()
        except KeyboardInterrupt:
            continue
        return


def _placed(error: UnknownNameError, plan: Plan, workspace: Workspace) -> UnknownNameError:
    """The engine's complaint about a function, at the place where the statement calls it."""
    if not plan.functions:
        return error
    known = {row[0] for batch in workspace.query(FUNCTIONS) for row in batch} | FUNCTION_NAMES
    for called in plan.functions:
        if called.name not in known:
            import difflib

            close = difflib.get_close_matches(called.name, known, n=3)
            hints = (f"did you mean {' or '.join(close)}?",) if close else ()
            return UnknownNameError(f"no function {called.name}", span=called.span, hints=hints)
    return error


def _path(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")


FUNCTIONS = "SELECT DISTINCT lower(function_name) FROM duckdb_functions()"
"""The engine's functions."""
