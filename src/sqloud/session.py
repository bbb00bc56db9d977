"""A session: parse, plan, explain, run.

Law: no request before the plan is whole. Parsing, planning, building every first request, checking credentials
and binding the residual come first; only then does anything leave the process.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import msgspec

from sqloud._version import __version__
from sqloud.access import SANDBOX_TOKEN, Access
from sqloud.changes import Changes
from sqloud.connections import Connection
from sqloud.dialect import (
    Begin,
    Commit,
    CreateTable,
    CreateView,
    Describe,
    DescribeMethod,
    Drop,
    Explain,
    Query,
    ResetSetting,
    Rollback,
    SetSetting,
    Show,
    ShowSetting,
    ShowStatement,
    Statement,
    StatementText,
    bind,
    parse,
)
from sqloud.engine.base import Engine, ResultColumn
from sqloud.engine.columns import held
from sqloud.engine.duck import DuckEngine
from sqloud.errors import (
    Error,
    InterfaceError,
    NotSupportedError,
    Span,
)
from sqloud.executor.cache import Store
from sqloud.executor.exchange import Exchanges
from sqloud.executor.loop import SessionLoop
from sqloud.executor.network import NetworkTransport
from sqloud.executor.recent import RecentRequests
from sqloud.executor.request_log import RequestLog
from sqloud.executor.result import Confirm, Result
from sqloud.executor.run import Runner
from sqloud.executor.statistics import Statistics
from sqloud.executor.tracing import statement_span
from sqloud.executor.transport import Transport
from sqloud.frames import Frames
from sqloud.lending import Lending
from sqloud.plan.explain import ExplainedPlan, explain, request_lines
from sqloud.plan.steps import LocalQuery, Plan
from sqloud.plan.unfilled import unfilled
from sqloud.planner import describe, describe_method, plan_query, ready, show
from sqloud.planner.discovery import Discovery, shown_tables
from sqloud.planner.own import OwnRelation
from sqloud.querying import FUNCTIONS, Querying
from sqloud.registry import Catalogue
from sqloud.session_settings import SESSION_SETTINGS, changed, reset, setting, shown
from sqloud.settings import FIRST_CONCURRENCY, MAX_CONCURRENCY, Settings, shipped
from sqloud.storage import Storage

if TYPE_CHECKING:
    from sqloud.executor.writer import Writer
    from sqloud.plan.explain_writes import ExplainedWrite

__all__ = ["SANDBOX_TOKEN", "Session"]

T = TypeVar("T")

Parameters = Mapping[str, Any] | Sequence[Any] | None


class Session:
    """Documents, an engine and a transport, for statements one after another or side by side.

    `on_notice` is told what a user should know and no error says. `on_confirm` is asked before a write that the
    settings do not allow, with a question and the lines of its preview; without it such a write is an error.
    `transport` takes the place of the network; `around` puts another around whichever it is. `credential_source` is
    asked for the token of a provider, by name, before settings and environment; None leaves it to them.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        on_notice: Callable[[str], None] | None = None,
        on_confirm: Confirm | None = None,
        transport: Transport | None = None,
        around: Callable[[Transport], Transport] | None = None,
        credential_source: Callable[[str], str | None] | None = None,
    ) -> None:
        self._on_notice = on_notice or _unheard
        self.catalogue = Catalogue((shipped("providers"), *settings.providers), settings.cache)
        self._access = Access(settings, lambda: self.catalogue, credential_source)
        self.catalogue.accounts = self._access.accounts
        self.settings = self._access.opened(settings)
        self._opened = self.settings
        self._engine: Engine = DuckEngine(
            (*settings.allow_read, *settings.allow_write), settings.database, settings.memory_limit
        )
        self._loop = SessionLoop()
        carrying = transport or self._default_transport()
        self._transport = self.recent = RecentRequests(around(carrying) if around else carrying)
        self._log = (
            RequestLog(settings.log_requests, lambda: self._access.secrets(self.settings))
            if settings.log_requests
            else None
        )
        most = settings.max_concurrency or MAX_CONCURRENCY
        self._exchanges = Exchanges(
            self._transport,
            max_concurrency=most,
            first=settings.max_concurrency or FIRST_CONCURRENCY,
            read_timeout=settings.read_timeout,
            request_timeout=settings.request_timeout,
            endpoint=lambda provider: self._access.endpoint(self.settings, provider),
            credential=lambda provider: self._access.credential(self.settings, provider),
            log=self._log,
            store=self._store(),
        )
        self._runner = Runner(
            loop=self._loop,
            exchanges=self._exchanges,
            max_concurrency=most,
            max_keys=settings.max_keys,
            max_requests=settings.max_requests,
            cache_ttl=settings.cache_ttl,
            null_on_mismatch=settings.null_on_mismatch,
        )
        self._on_confirm = on_confirm
        self._writer_made: Writer | None = None
        self._closed = False
        self._functions: tuple[str, ...] | None = None
        self._storage = Storage(
            self._engine, is_kept=settings.database is not None, readable=settings.allow_read
        )
        self._analyzed = threading.local()  # the statistics of a change that this thread analyzes
        self._unfilled: dict[str, str] = {}
        self._frames = Frames(self._storage, self._engine)
        self._querying = Querying(
            engine=self._engine,
            loop=self._loop,
            runner=self._runner,
            storage=self._storage,
            settings=lambda: self.settings,
            catalogue=lambda: self.catalogue,
            columns=lambda relation: self._changes.columns(relation),
            notice=self._on_notice,
        )
        self._lending = Lending(self._querying, self._exchanges, self._analyzed)
        self._changes = Changes(
            self._storage, self._engine, self.catalogue, self._lending, settings.allow_write
        )

    def run(
        self,
        text: StatementText,
        *,
        variables: Mapping[str, str] | None = None,
        parameters: Parameters = None,
    ) -> Result:
        """Run one statement; its answer is complete when this returns.

        Raises an Error placed in the statement's source. KeyboardInterrupt in the waiting thread cancels it.
        """
        if self._closed:
            raise InterfaceError("the session is closed")
        try:
            statement = bind(parse(text, variables or {}), parameters)
            kind = "select" if isinstance(statement, Query) else type(statement).__name__.lower()
            with statement_span(kind):
                return self._answer(statement)
        except Error as error:
            error.in_source(text.source)
            raise

    def rate_limits(self) -> tuple[tuple[str, int | None, float], ...]:
        """Each host that was asked: what it says is left, and the seconds until the next request may go."""
        return self._exchanges.limits()

    def own_relations(self) -> Sequence[OwnRelation]:
        """Tables and views of the user's own."""
        return self._storage.listed()

    def under_way(self) -> tuple[Statistics, ...]:
        """What each statement that runs now has cost so far; safe from any thread."""
        return self._querying.under_way()

    def functions(self) -> tuple[str, ...]:
        """The names of the functions that the engine knows, sorted."""
        if self._functions is None:
            workspace = self._engine.open()
            try:
                found = {str(row[0]) for batch in workspace.query(FUNCTIONS) for row in batch}
            finally:
                workspace.close()
            self._functions = tuple(sorted(name for name in found if name.isidentifier() and name[0] != "_"))
        return self._functions

    def cancel(self, thread: int | None = None) -> None:
        """Stop every statement that runs now, from any thread; each raises StatementCancelled.

        With `thread`, a `threading.get_ident()`, only those that this thread waits for.
        """
        self._querying.cancel(thread)

    def table_of(self, columns: Sequence[ResultColumn], rows: Sequence[tuple[Any, ...]]) -> Result:
        """Rows that were not asked of the engine, as an answer that it holds."""
        workspace = self._engine.open()
        try:
            batches = held(workspace, columns, [list(rows)])
        except BaseException:
            workspace.close()
            raise
        return Result(tuple(columns), batches, on_close=workspace.close)

    def register(self, name: str, frame: object) -> None:
        """Copy a data frame into a temporary relation of this name, in the place of one registered before.

        Raises ProgrammingError where a relation of the user's own has the name, InterfaceError for what is no frame.
        """
        self._frames.register(name, frame)

    def unregister(self, name: str) -> None:
        """Drop what was registered. Raises ProgrammingError where nothing was."""
        self._frames.unregister(name)

    def seeing(self, frames: Mapping[str, object]) -> AbstractContextManager[None]:
        """Let the statements of this thread read frames by name, where nothing else has the name."""
        return self._frames.seen(frames)

    def close(self) -> None:
        """Drop what runs, close connections, and remove the engine's files."""
        if self._closed:
            return
        self._closed = True
        if self._writer_made is not None:
            self._writer_made.close()
        self.cancel()
        self._loop.close(self._transport.close)
        self._exchanges.close()
        self._engine.close()
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self, statement: Statement) -> Result:
        if isinstance(statement, Query):
            plan = plan_query(statement.tree, self.catalogue, own=self._storage)
            if self.settings.dry_run:
                return self._dry_run(plan)
            return self._querying.query(plan, arriving=self.settings.stream)
        if isinstance(statement, Show):
            if statement.what == "tables":
                return _told(shown_tables(statement, self._storage), "show")
            return _told(show(statement, self.catalogue), "show")
        if isinstance(statement, Describe):
            if len(statement.path.names) == 1:
                return _told(self._changes.described(statement), "describe")
            return _told(describe(statement, self.catalogue), "describe")
        if isinstance(statement, DescribeMethod):
            return _told(describe_method(statement, self.catalogue), "describe")
        if isinstance(statement, ShowStatement):
            return _told(ready(statement, self.catalogue), "show", text_only=True)
        if isinstance(statement, Explain):
            return self._explain(statement)
        if isinstance(statement, Begin):
            return self._writer.begin()
        if isinstance(statement, (Commit, Rollback)):
            return self._writer.commit() if isinstance(statement, Commit) else self._writer.rollback()
        if isinstance(statement, (SetSetting, ResetSetting, ShowSetting)):
            return self._setting(statement)
        if self._changes.are_asked_by(statement):
            if self.in_transaction:
                raise NotSupportedError(
                    "a change of your own relations inside of BEGIN is not built",
                    hints=("COMMIT or ROLLBACK first: it would be made at once, and no ROLLBACK undoes it",),
                )
            if self.settings.dry_run:
                return self._dry_change(statement)
            return self._changes.answer(statement)
        return self._write(statement)

    def _dry_change(self, statement: Statement) -> Result:
        """The requests of a change of own relations, which is not made.

        A view holds for the session, and so does a table, without its rows: what reads them is a template from then on.
        """
        if isinstance(statement, CreateView) and not statement.materialized:
            return self._changes.answer(msgspec.structs.replace(statement, temporary=True))
        if isinstance(statement, Drop):
            made = [name for name in statement.names if name.key in self._unfilled.values()]
            if made:  # by this dry run
                self._changes.answer(msgspec.structs.replace(statement, names=tuple(made)))
        plan = self._changes.asked(statement)
        told = self._dry_run(plan or Plan(steps=(LocalQuery(id="answer", sql="SELECT 1"),)))
        if isinstance(statement, CreateTable):
            empty = msgspec.structs.replace(statement, temporary=True, with_data=False)
            self._changes.answer(empty)
        self._unfilled |= {one.sql: one.name for one in self._changes.filled_by(statement)}
        return told

    @property
    def in_transaction(self) -> bool:
        """Whether writes are queued for a COMMIT."""
        return self._writer_made is not None and self._writer_made.queued is not None

    @property
    def _writer(self) -> Writer:
        """What carries writes out, imported by the first of them."""
        if self._writer_made is None:
            from sqloud.executor.writer import Writer

            self._writer_made = Writer(
                host=self._lending,
                engine=self._engine,
                notice=self._on_notice,
                confirm=self._on_confirm,
            )
        return self._writer_made

    def _write(self, statement: Statement) -> Result:
        from sqloud.planner.mutations import plan_write

        planned = plan_write(
            statement, self.catalogue, awaiting=self.settings.await_writes, own=self._storage
        )
        if isinstance(planned, Plan):
            return self._dry_run(planned) if self.settings.dry_run else self._querying.query(planned)
        return self._writer.run(planned)

    def _explain_write(self, statement: Explain) -> Result:
        if self._changes.are_asked_by(statement.statement):
            return self._explain_change(statement)
        from sqloud.planner.mutations import plan_write

        planned = plan_write(
            statement.statement, self.catalogue, awaiting=self.settings.await_writes, own=self._storage
        )
        if isinstance(planned, Plan):
            return self._explained_query(planned, statement)
        return self._explained(self._writer.explain(planned, analyze=statement.analyze), statement.format)

    def _explain_change(self, statement: Explain) -> Result:
        """What a change of own relations asks; ANALYZE makes it, and adds what it has cost."""
        asked = self._changes.asked(statement.statement)
        if asked is None:
            raise NotSupportedError("EXPLAIN tells what a statement asks, and this one asks nothing")
        explained = explain(unfilled(asked, self._unfilled), self._querying.requests(asked))
        if statement.analyze and not self.settings.dry_run:
            if self.in_transaction:
                raise NotSupportedError("EXPLAIN ANALYZE of a change inside of BEGIN is not built")
            self._analyzed.statistics = statistics = Statistics()
            try:
                changed = self._changes.answer(statement.statement)
            finally:
                self._analyzed.statistics = None
            explained.happened(
                {scan.id: scan.told() for scan in statistics.scans},
                statistics.told() | {"changed_rows": changed.rowcount or 0},
            )
        return self._explained(explained, statement.format)

    def _setting(self, statement: SetSetting | ResetSetting | ShowSetting) -> Result:
        """SET and RESET, which answer nothing, and SHOW. What runs already keeps its settings."""
        name, span = (statement.name.key, statement.name.span) if statement.name else (None, None)
        if isinstance(statement, ShowSetting):
            return _shown_settings(self.settings, name)
        if isinstance(statement, SetSetting):
            setting(str(name), span)
            to = changed(self.settings, str(name), statement.value, statement.span)
            if name == "connection":
                self._connect(to.connection, statement.span)
            else:
                self.settings = to
        else:
            for each in SESSION_SETTINGS if name is None else (name,):
                self.settings = reset(self.settings, self._opened, each, span)
                if each == "connection":
                    self._connect(self.settings.connection)
        self._runner.max_keys = self.settings.max_keys
        self._runner.max_requests = self.settings.max_requests
        self._runner.cache_ttl = self.settings.cache_ttl
        self._runner.null_on_mismatch = self.settings.null_on_mismatch
        self._engine.limit_memory(self.settings.memory_limit)
        return Result((), iter(()), kind="set" if isinstance(statement, SetSetting) else "reset")

    def _explain(self, statement: Explain) -> Result:
        if not isinstance(statement.statement, Query):
            return self._explain_write(statement)
        plan = plan_query(statement.statement.tree, self.catalogue, reasons=True, own=self._storage)
        return self._explained_query(plan, statement)

    def _explained_query(self, plan: Plan, statement: Explain) -> Result:
        explained = explain(plan, self._querying.requests(plan))
        if statement.analyze and not self.settings.dry_run:
            result = self._querying.query(plan)
            rows_answered = sum(len(batch) for batch in result.batches())
            assert result.statistics is not None
            explained.happened(
                {scan.id: scan.told() for scan in result.statistics.scans},
                result.statistics.told() | {"answer_rows": rows_answered},
            )
        return self._explained(explained, statement.format)

    def _explained(self, explained: ExplainedPlan | ExplainedWrite, form: str) -> Result:
        if form == "json":
            rows: list[tuple[Any, ...]] = [(explained.as_json(),)]
        else:
            rows = [(line,) for line in explained.as_text()]
        column = ResultColumn(name="plan", type="JSON" if form == "json" else "VARCHAR")
        return Result((column,), iter([rows]), kind="explain", text_only=True)

    def _dry_run(self, plan: Plan) -> Result:
        """The requests of a query, none of them sent."""
        plan = unfilled(plan, self._unfilled)
        rows: list[tuple[Any, ...]] = [(line,) for line in request_lines(plan, self._querying.requests(plan))]
        column = ResultColumn(name="request", type="VARCHAR")
        return Result((column,), iter([rows]), kind="dry run", text_only=True)

    def _default_transport(self) -> Transport:
        settings = self.settings
        if settings.sandbox:
            from sqloud.sandbox.cloud import open_sandbox
            from sqloud.sandbox.transport import SandboxTransport

            return SandboxTransport(open_sandbox(self.catalogue))
        return NetworkTransport(
            connect_timeout=settings.connect_timeout,
            read_timeout=settings.read_timeout,
            response_limit=settings.response_limit,
            user_agent=f"sqloud/{__version__}",
        )

    def connections(self) -> tuple[Connection, ...]:
        """The accounts that the user's configuration names."""
        return self._access.connections

    def _connect(self, name: str | None, span: Span | None = None) -> None:
        """Let a provider's requests go to one of its accounts from now on; None leaves it to the default."""
        self.settings = self._access.connected(self.settings, name, span)

    def _store(self) -> Store | None:
        """Where answers are kept; a simulated cloud begins anew with each session, and so does what it answered."""
        if self.settings.cache_dir is None or self.settings.sandbox:
            return None
        from sqloud.executor.on_disk import OnDisk

        return OnDisk(self.settings.cache_dir, self._on_notice)


def _shown_settings(settings: Settings, name: str | None) -> Result:
    """The value of one setting under its name, as psql shows it; name, value and meaning of all."""
    if name is not None:
        return Result(
            (ResultColumn(name=name, type="VARCHAR"),), iter([[(shown(settings, name),)]]), kind="show"
        )
    rows: list[tuple[Any, ...]] = [
        (each, shown(settings, each), known.description) for each, known in sorted(SESSION_SETTINGS.items())
    ]
    columns = tuple(ResultColumn(name=each, type="VARCHAR") for each in ("name", "setting", "description"))
    return Result(columns, iter([rows]), kind="show")


def _told(discovery: Discovery, kind: str, *, text_only: bool = False) -> Result:
    columns = tuple(ResultColumn(name=name, type="VARCHAR") for name in discovery.columns)
    return Result(columns, iter([list(discovery.rows)]), kind=kind, text_only=text_only)


def _unheard(_: str) -> None:
    """A notice that nobody asked to hear."""
