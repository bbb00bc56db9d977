"""The library: PEP 249 over a session.

Law: the interface adds shapes and no behaviour; what a statement does is the session's.

Connections may be shared by threads, cursors may not (`threadsafety` 2). Statements run as they are executed;
only BEGIN, which is never implied, queues writes for `commit()` and `rollback()`.
"""

from __future__ import annotations

import itertools
import logging
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from sqloud import errors
from sqloud.dialect import split
from sqloud.engine.answers import Answer
from sqloud.engine.base import Batch, ResultColumn
from sqloud.errors import InterfaceError, NotSupportedError, ProgrammingError, Source
from sqloud.executor.recording import AfterResponse, BeforeRequest, HookedTransport, RecordingTransport
from sqloud.executor.result import Confirm, Result
from sqloud.executor.transport import Transport
from sqloud.frontends.folders import ProviderFolders
from sqloud.frontends.frames import Frames
from sqloud.frontends.placeholders import native_placeholders
from sqloud.frontends.scope import run_in_scope
from sqloud.session import Session
from sqloud.settings import Settings

__all__ = [
    "BINARY",
    "DATETIME",
    "NUMBER",
    "ROWID",
    "STRING",
    "Binary",
    "Connection",
    "Cursor",
    "Date",
    "DateFromTicks",
    "Time",
    "TimeFromTicks",
    "Timestamp",
    "TimestampFromTicks",
    "apilevel",
    "connect",
    "paramstyle",
    "threadsafety",
]

apilevel = "2.0"
threadsafety = 2
paramstyle = "named"

Row = tuple[Any, ...]
Parameters = Mapping[str, Any] | Sequence[Any] | None
_LOG = logging.getLogger("sqloud")


Date = date
Time = time
Timestamp = datetime
Binary = bytes


def DateFromTicks(ticks: float) -> date:  # noqa: N802  # PEP 249 gives the name
    """The local day of a Unix time in seconds."""
    return date.fromtimestamp(ticks)


def TimeFromTicks(ticks: float) -> time:  # noqa: N802
    """The local time of day of a Unix time in seconds."""
    return datetime.fromtimestamp(ticks).time()


def TimestampFromTicks(ticks: float) -> datetime:  # noqa: N802
    """The local date and time of a Unix time in seconds, without a zone, as PEP 249 has it."""
    return datetime.fromtimestamp(ticks)


class TypeObject:
    """A PEP 249 type object: equal to every column type of its kind."""

    def __init__(self, *names: str) -> None:
        self._names = frozenset(names)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, str):
            return other.split("(")[0] in self._names
        return self is other

    def __hash__(self) -> int:
        return id(self)


STRING = TypeObject("VARCHAR", "UUID", "ENUM", "JSON")
BINARY = TypeObject("BLOB", "BIT")
NUMBER = TypeObject(
    "BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT", "UINTEGER", "USMALLINT", "UTINYINT",
    "UHUGEINT", "DOUBLE", "FLOAT", "DECIMAL", "BOOLEAN",
)  # fmt: skip
DATETIME = TypeObject("TIMESTAMP WITH TIME ZONE", "TIMESTAMP", "DATE", "TIME", "INTERVAL")
ROWID = TypeObject()


def connect(
    *,
    sandbox: bool = False,
    connection: str | None = None,
    config: str | Path | None = None,
    endpoints: Mapping[str, str] | None = None,
    credentials: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    providers: Iterable[str | Path | Mapping[str, Any]] = (),
    max_concurrency: int | None = None,
    max_keys: int | None = None,
    timeout: float | None = None,
    allow_read: Iterable[str | Path] = (),
    allow_write: Iterable[str | Path] = (),
    database: str | Path | None = None,
    null_on_mismatch: bool = False,
    stream: bool = False,
    cache_ttl: float | None = None,
    cache_dir: str | Path | None = None,
    dry_run: bool = False,
    allow_writes: bool = False,
    allow_destructive: bool = False,
    read_only: bool = False,
    journal: str | Path | None = None,
    continue_on_error: bool = False,
    await_writes: bool = False,
    on_confirm: Confirm | None = None,
    on_notice: Callable[[str], None] | None = None,
    transport: Transport | None = None,
    frames_in_scope: bool = True,
    credential_source: Callable[[str], str | None] | None = None,
    before_request: BeforeRequest | None = None,
    after_response: AfterResponse | None = None,
    record: str | Path | None = None,
) -> Connection:
    """Open a connection.

    sandbox: answer from the simulated cloud; no token, no network.
    connection: an account that the user's configuration names; config: that file (`~/.config/sqloud/config.toml` where
    a connection is named). A library reads no configuration that it was not told to.
    endpoints: provider to `scheme://host[:port]`, in the place of the provider document's.
    credentials: provider to token; what is not there is looked up in `environment` (the process's by default)
    under the names that the provider document gives.
    providers: provider documents of your own: a directory of providers, one provider's directory or its provider.yaml,
    or a mapping `{"provider": {...}, "services": {name: {...}}}` of what those files hold.
    max_concurrency: requests in flight at once. max_keys: values that one table may be asked for, where they come
    out of other tables. timeout: seconds for one statement.
    cache_ttl: seconds that an answer given before may be old; without it every statement asks the API. cache_dir: a
    directory that answers are kept in, for other sessions too.
    stream: a cursor gives rows out while they come, where a statement judges each by itself, and raises where it
    breaks; such an answer is read once, and not in columns.
    allow_read: directories that statements may read files from. allow_write: directories that COPY may write to.
    database: the file that keeps tables and views of your own; without it they are in memory.
    null_on_mismatch: a value that does not fit its column reads as NULL, with a notice.
    dry_run: answer each statement with the requests that it would make, and send none.
    allow_writes, allow_destructive: consent to writes, and to those that delete or destroy; without it a write raises
    ConsentError with its preview. read_only: refuse every write to an API, whatever else is allowed.
    journal: a file that every write is recorded in before and after it is sent. continue_on_error: go on with the next
    row where one could not be written. await_writes: follow what a write starts to its end.
    on_confirm: asked with a question and the preview before a write that the others do not allow.
    on_notice: told what a user should know; without it notices are logged as warnings of `sqloud`.
    transport: carries the requests in the place of HTTP.
    credential_source: asked for the token of a provider, by name, whenever one is needed, before `credentials` and the
    environment; None leaves it to them.
    before_request, after_response: shown each request before it is sent, and its answer; neither holds a credential,
    neither may block, and what `before_request` raises stops the statement.
    record: a file that every answer is written to, for `ReplayTransport`.
    frames_in_scope: a name in FROM that nothing has is looked up among the caller's variables.

    Raises InterfaceError for an endpoint or a limit that cannot be.
    """
    if max_concurrency is not None and max_concurrency < 1:
        raise InterfaceError(f"max_concurrency is at least 1, not {max_concurrency}")
    folders = ProviderFolders(providers)

    def around(transport: Transport) -> Transport:
        if record is not None:
            transport = RecordingTransport(record, transport)
        return HookedTransport(transport, before_request, after_response)

    is_plain = record is None and before_request is None and after_response is None
    chosen: dict[str, object] = {
        "sandbox": sandbox,
        "connection": connection,
        "credentials": dict(credentials or {}),
        "providers": tuple(folders.directories),
        "statement_timeout": timeout,
        "allow_read": tuple(Path(directory) for directory in allow_read),
        "allow_write": tuple(Path(directory) for directory in allow_write),
        "database": Path(database) if database is not None else None,
        "null_on_mismatch": null_on_mismatch,
        "allow_writes": allow_writes,
        "allow_destructive": allow_destructive,
        "read_only": read_only,
        "journal": Path(journal) if journal is not None else None,
        "continue_on_error": continue_on_error,
        "await_writes": await_writes,
        "dry_run": dry_run,
        "stream": stream,
        "cache_ttl": cache_ttl,
        "cache_dir": Path(cache_dir) if cache_dir is not None else None,
    }
    if config is not None or connection is not None:
        from sqloud.connections import config_file

        names = os.environ if environment is None else environment
        chosen["config"] = Path(config) if config is not None else config_file(names)
    if max_concurrency is not None:
        chosen["max_concurrency"] = max_concurrency
    if max_keys is not None:
        chosen["max_keys"] = max_keys
    settings = Settings.from_environment(environment, endpoints=dict(endpoints or {}), **chosen)
    session = Session(
        settings,
        on_notice=on_notice or _LOG.warning,
        on_confirm=on_confirm,
        transport=transport,
        around=None if is_plain else around,
        credential_source=credential_source,
    )
    weakref.finalize(session, folders.close)
    return Connection(session, frames_in_scope=frames_in_scope)


class Connection:
    """A session as PEP 249 sees it. Leaving its `with` block closes it."""

    Warning = errors.Warning
    Error = errors.Error
    InterfaceError = errors.InterfaceError
    DatabaseError = errors.DatabaseError
    DataError = errors.DataError
    OperationalError = errors.OperationalError
    IntegrityError = errors.IntegrityError
    InternalError = errors.InternalError
    ProgrammingError = errors.ProgrammingError
    NotSupportedError = errors.NotSupportedError

    def __init__(self, session: Session, *, frames_in_scope: bool = True) -> None:
        self.frames_in_scope = frames_in_scope
        self.messages: list[tuple[type[Exception], object]] = []
        self._session = session
        self._closed = False

    def cursor(self) -> Cursor:
        """A new cursor."""
        self._open()
        return Cursor(self)

    def execute(
        self, sql: str, parameters: Parameters = None, *, variables: Mapping[str, str] | None = None
    ) -> Cursor:
        """A new cursor with `sql` executed on it."""
        return self.cursor().execute(sql, parameters, variables=variables)

    @property
    def autocommit(self) -> bool:
        """Whether statements act as they are executed: until BEGIN, and after COMMIT and ROLLBACK."""
        return not self._open().in_transaction

    def register(self, name: str, frame: object) -> None:
        """Make a data frame a table of this connection, by a copy; one registered before under the name is replaced.

        `frame` is a pandas DataFrame, or has `__arrow_c_stream__` as those of polars and pyarrow do, and cursors.
        Raises InterfaceError for what is no frame, ProgrammingError where a temporary table has the name.
        """
        self._open().register(name, frame)

    def unregister(self, name: str) -> None:
        """Drop what `register` has made. Raises ProgrammingError where there is nothing of the name."""
        self._open().unregister(name)

    def cancel(self) -> None:
        """Stop every statement of this connection, from any thread."""
        self._session.cancel()

    def cancel_thread(self, thread: int) -> None:
        """Stop what a thread, told by its `threading.get_ident()`, waits for on this connection."""
        self._session.cancel(thread)

    def commit(self) -> None:
        """Send what BEGIN has queued; outside of BEGIN nothing waits, as statements run as they are executed."""
        session = self._open()
        if session.in_transaction:
            self.execute("COMMIT").close()

    def rollback(self) -> None:
        """Drop what BEGIN has queued; outside of BEGIN there is nothing to drop, and nothing is undone."""
        session = self._open()
        if session.in_transaction:
            self.execute("ROLLBACK").close()

    def close(self) -> None:
        """Close the session; its cursors cannot be used any more. Raises InterfaceError the second time."""
        self._open()
        self._closed = True
        self._session.close()

    def __enter__(self) -> Self:
        self._open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._closed:
            self.close()

    def _open(self) -> Session:
        if self._closed:
            raise InterfaceError("the connection is closed")
        return self._session


class Cursor(Frames):
    """One statement's answer at a time. Rows are tuples; JSON columns are Python objects.

    The answer stays in the engine until the cursor is closed, collected, or executes again, so that it can be read
    in columns too: `df()`, `pl()`, `arrow()`, `dicts()`, `show()`, `__arrow_c_stream__`.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.arraysize = 1
        self.rowcount = -1
        self.rownumber: int | None = None
        self.lastrowid = None
        self.messages: list[tuple[type[Exception], object]] = []
        self._result: Result | None = None
        self._held: Result | None = None
        self._rows: Iterator[Row] | None = None
        self._given: list[Row] | None = None
        self._finalizers: list[Callable[[], object]] = []
        self.variables_in_scope: Mapping[str, object] | None = None
        self._closed = False

    @property
    def description(self) -> list[tuple[str, str, None, None, None, None, None]] | None:
        """(name, type, ...) of each column of the last answer; the type compares with the type objects."""
        if self._result is None or not self._result.columns:
            return None
        return [(column.name, column.type, None, None, None, None, None) for column in self._result.columns]

    def execute(
        self, sql: str, parameters: Parameters = None, *, variables: Mapping[str, str] | None = None
    ) -> Self:
        """Run one statement, and hold its answer.

        Parameters are `:name` or `%(name)s` with a mapping, `?` or `%s` with a sequence; `variables` are the texts of
        `{{ name }}`. A name in FROM that nothing has is looked up among the caller's variables, and read if it is a
        data frame; `connect(frames_in_scope=False)` leaves that out.
        """
        session = self._ready()
        source = Source("<statement>", native_placeholders(sql, parameters))
        statements = split(source)
        if len(statements) != 1:
            count = "no statement" if not statements else f"{len(statements)} statements"
            raise ProgrammingError(f"execute takes one statement, and this is {count}", source=source)
        self._release()
        self.messages.clear()
        run = partial(session.run, statements[0], parameters=parameters, variables=variables)
        result = (
            run_in_scope(session, run, self.variables_in_scope) if self.connection.frames_in_scope else run()
        )
        result.kept = True
        self._hold(result)
        self._result = result
        self.rowcount = -1 if result.rowcount is None else result.rowcount
        if result.answer is None and not result.arrives:
            self._given = list(itertools.chain.from_iterable(result.batches()))
            self._rows = _rows(result.columns, iter([self._given]))
        else:
            self._rows = _rows(result.columns, result.batches())
        self.rownumber = 0
        return self

    def callproc(self, procname: str, parameters: Sequence[Any] = ()) -> Sequence[Any]:
        """Call a function of the engine's: `SELECT procname(...)`; gives the parameters back as they were.

        Methods of a provider are called by EXEC. Raises ProgrammingError for what is no name.
        """
        if not procname.isidentifier():
            raise ProgrammingError(
                f"{procname!r} is no function's name", hints=("methods of a provider are called by EXEC",)
            )
        self.execute(f"SELECT {procname}({', '.join('?' * len(parameters))})", list(parameters))
        return parameters

    def nextset(self) -> None:
        """None: a statement has one answer."""
        self._answer()

    def scroll(self, value: int, mode: str = "relative") -> None:
        """Move in the answer: forth by `value` rows, or to row `value` with "absolute".

        Raises NotSupportedError for a move back, IndexError for one past the end.
        """
        if mode not in {"relative", "absolute"}:
            raise ProgrammingError(f"scroll is relative or absolute, not {mode!r}")
        self._answer()
        steps = value if mode == "relative" else value - (self.rownumber or 0)
        if steps < 0:
            raise NotSupportedError("a cursor cannot scroll back", hints=("execute the statement again",))
        if len(self.fetchmany(steps)) < steps:
            raise IndexError(f"the answer ends after row {self.rownumber}")

    def batches(self, size: int = 2048) -> Iterator[list[Row]]:
        """The rows that are left, some thousand at a time."""
        while rows := self.fetchmany(size):
            yield rows

    def executemany(self, sql: str, seq_of_parameters: Iterable[Parameters]) -> Self:
        """Run one statement for each set of parameters; answers are dropped but the last."""
        self._ready()
        written = 0
        for parameters in seq_of_parameters:
            self.execute(sql, parameters)
            written = -1 if self.rowcount < 0 or written < 0 else written + self.rowcount
        self.rowcount = written
        return self

    def fetchone(self) -> Row | None:
        """The next row, None after the last."""
        row = next(self._answer(), None)
        if row is not None and self.rownumber is not None:
            self.rownumber += 1
        return row

    def fetchmany(self, size: int | None = None) -> list[Row]:
        """The next `size` rows (`arraysize` by default), fewer at the end."""
        if size is not None and size < 0:
            raise ProgrammingError(f"fetchmany takes a number of rows, not {size}")
        rows = list(itertools.islice(self._answer(), self.arraysize if size is None else size))
        self.rownumber = (self.rownumber or 0) + len(rows)
        return rows

    def fetchall(self) -> list[Row]:
        """All rows that are left."""
        rows = list(self._answer())
        self.rownumber = (self.rownumber or 0) + len(rows)
        return rows

    def close(self) -> None:
        """Give up the answer."""
        self._release()
        self._closed = True

    def setinputsizes(self, sizes: Sequence[Any]) -> None:
        """Sizes are not needed; nothing happens."""

    def setoutputsize(self, size: int, column: int | None = None) -> None:
        """Sizes are not needed; nothing happens."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Row:
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ready(self) -> Session:
        if self._closed:
            raise InterfaceError("the cursor is closed")
        return self.connection._open()

    def _answer(self) -> Iterator[Row]:
        self._ready()
        if self._rows is None:
            raise ProgrammingError("nothing was executed on this cursor", hints=("call execute() first",))
        if self._result is not None and not self._result.columns:
            raise ProgrammingError(f"{self._result.kind.upper()} has no rows to fetch")
        return self._rows

    def _current(self) -> Result:
        self._answer()
        assert self._result is not None
        return self._result

    def _rows_left(self) -> Iterator[Row]:
        return iter(self)

    def _rows_again(self) -> Iterator[Row]:
        answer = self._columnar()[0]
        result = self._current()
        return _rows(result.columns, answer.again())

    def _columnar(self) -> tuple[Answer, list[str]]:
        result = self._current()
        if result.arrives:
            raise NotSupportedError(
                "rows that are given out while they come are read once, and not in columns",
                hints=("connect(stream=False), or SET stream = off, holds the answer",),
            )
        if result.answer is None and self._held is None:
            self._held = self._ready().table_of(result.columns, self._given or [])
            self._held.kept = True
            self._hold(self._held)
        answer = (self._held or result).answer
        assert answer is not None
        return answer, [column.name for column in result.columns]

    def _hold(self, result: Result) -> None:
        """Close an answer with this cursor, or once nobody has the cursor any more."""
        finalizer = weakref.finalize(self, result.close)
        finalizer.atexit = False
        self._finalizers.append(finalizer)

    def _release(self) -> None:
        self._result = self._held = self._rows = self._given = None
        finalizers, self._finalizers = self._finalizers, []
        for finalizer in finalizers:
            finalizer()


def _rows(columns: Sequence[ResultColumn], batches: Iterator[Batch]) -> Iterator[Row]:
    readers = [_reader(column) for column in columns]
    if not any(readers):
        return (row for batch in batches for row in batch)
    return (
        tuple(
            cell if reader is None or cell is None else reader(cell)
            for reader, cell in zip(readers, row, strict=True)
        )
        for batch in batches
        for row in batch
    )


def _reader(column: ResultColumn) -> Callable[[str], Any] | None:
    return msgspec.json.decode if column.type == "JSON" else None
