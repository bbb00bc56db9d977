"""The embedded engine: DuckDB, one database in memory for a session.

Law: the engine is closed to the file system and the network from its first statement on, but for the
directories that were allowed when it opened and its own private one (0700), which is removed with it.

Differences to Postgres that are settings of the engine's are set here (integer division, the time zone); the
order of NULLs is written out by the generator, and the rest of the semantics is the planner's.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqloud.engine.answers import Answer
from sqloud.engine.base import STREAMED_LINE, TEMPORARY, Batch, Changed, ResultColumn
from sqloud.engine.driver import native
from sqloud.engine.faults import translated
from sqloud.engine.held import Held, Unsettled, looks_into_a_table
from sqloud.engine.home import Home
from sqloud.engine.portions import RowPortions, row_limit
from sqloud.engine.streaming import make_pipes, reads_once
from sqloud.engine.values import projected, quoted, readable
from sqloud.errors import InterfaceError, InternalError, StatementCancelled

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckEngine", "DuckWorkspace"]

_SETTINGS = (
    "SET GLOBAL integer_division = true",
    "SET GLOBAL TimeZone = 'UTC'",
    "SET allow_community_extensions = false",
    "SET autoinstall_known_extensions = false",
    "SET autoload_known_extensions = false",
    # It rewrites the first row of a group, ordered, by the position of another column, and brings down the
    # whole database where a list is among the columns (DuckDB 2.0).
    "SET GLOBAL disabled_optimizers = 'top_n_window_elimination'",
)

_LOADED_AT_ONCE = 4 * 2**20
"""Bytes of rows gathered before they are read in: each reading has a fixed cost."""

_FRAME = "frame_given"

_LONGEST_LINE = 16 * 2**20
_SHORT_LINE = 2 * 2**20
"""Bytes of one row that the JSON reader takes without being told of more; and what it is told at least, since each
of its threads takes twice as much memory."""


class DuckEngine:
    """DuckDB behind the engine's face. Opens at the first `open()`, from whichever thread."""

    def __init__(
        self, allow: Sequence[Path] = (), database: Path | None = None, memory_limit: int | None = None
    ) -> None:
        self._memory_limit = memory_limit
        self._allow = tuple(Path(directory).resolve() for directory in allow)
        self._home = Home(database)
        self._unsettled = Unsettled()
        self._lock = threading.Lock()
        self._counter = itertools.count(1)
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._private: Path | None = None
        self._workspaces: weakref.WeakSet[DuckWorkspace] = weakref.WeakSet()
        self._closed = False

    def open(self) -> DuckWorkspace:
        """A new workspace in a schema of its own. Raises InterfaceError after `close()`."""
        with self._lock:
            if self._closed:
                raise InterfaceError("the engine is closed")
            if self._connection is None:
                self._connection = self._connect()
            assert self._private is not None
            number = next(self._counter)
            spool = self._private / f"{number}.ndjson"
            workspace = DuckWorkspace(
                self._connection.cursor(), f"statement_{number}", spool, self._home, self._unsettled
            )
            self._workspaces.add(workspace)
            return workspace

    def limit_memory(self, limit: int | None) -> None:
        """Bytes beyond which rows go to the private directory; None is the engine's own share of the memory."""
        with self._lock:
            changed, self._memory_limit = limit != self._memory_limit, limit
            if changed and self._connection is not None:
                with translated():
                    self._connection.execute(_memory(limit))

    def close(self) -> None:
        """Stop and close every workspace, close the database and remove the private directory."""
        with self._lock:
            self._closed = True
            for workspace in tuple(self._workspaces):
                workspace.abandon()
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()
            if self._private is not None:
                shutil.rmtree(self._private, ignore_errors=True)

    def _connect(self) -> duckdb.DuckDBPyConnection:
        self._private = Path(tempfile.mkdtemp(prefix="sqloud-"))
        weakref.finalize(self, shutil.rmtree, self._private, ignore_errors=True)
        connection: duckdb.DuckDBPyConnection = native().connect(":memory:")
        directories = [f"{directory}/" for directory in (self._private, *self._allow)]
        listed = ", ".join(quoted(directory) for directory in directories)
        settings = (
            *_SETTINGS,
            f"SET temp_directory = {quoted(str(self._private / 'spill'))}",
            f"SET allowed_directories = [{listed}]",
            *self._home.opened(connection, self._private),
            *([_memory(self._memory_limit)] if self._memory_limit is not None else ()),
            "SET allowed_configs = ['memory_limit']",
            "SET enable_external_access = false",
            "SET lock_configuration = true",
        )
        try:
            for setting in settings:
                with self._home.named():
                    connection.execute(setting)
        except BaseException:
            connection.close()
            raise
        return connection


class DuckWorkspace:
    """One statement's cursor and schema.

    The engine refuses a second call on a cursor while one runs, so calls take turns; only `interrupt` does not.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, schema: str, spool: Path, home: Home, unsettled: Unsettled
    ) -> None:
        self._home = home
        self._unsettled = unsettled
        self._cursor = cursor
        self._schema = schema
        self._spool = spool
        self._tables: dict[str, tuple[tuple[str, str], ...]] = {}
        self._pending: dict[str, list[bytes]] = {}
        self._flushed: set[str] = set()
        self._bound: tuple[str, tuple[ResultColumn, ...]] | None = None
        self._answers = 0
        self._calls = 0
        self._turn = threading.RLock()
        self._stopped = False
        self._closed = False
        with translated():
            cursor.execute(f"CREATE SCHEMA {schema}")
            cursor.execute(f"SET schema = '{schema}'")

    def create(self, table: str, columns: Sequence[tuple[str, str]]) -> None:
        """An empty table; one without columns gets one that nobody reads, so that its rows can be counted."""
        self._bound = None
        columns = tuple(columns) or ((" ", "BOOLEAN"),)
        self._tables[table] = columns
        definition = ", ".join(f"{_name(column)} {sql_type}" for column, sql_type in columns)
        self._execute(f"CREATE TABLE {_name(table)} ({definition})")

    def clear(self, table: str) -> None:
        """Drop the rows that a table has, loaded or waiting."""
        self._pending.pop(table, None)
        self._execute(f"DELETE FROM {_name(table)}")

    def load(self, table: str, lines: bytes) -> None:
        """Append newline-delimited JSON rows; they are read in by the megabyte."""
        if not lines:
            return
        pending = self._pending.setdefault(table, [])
        pending.append(lines)
        if sum(map(len, pending)) >= _LOADED_AT_ONCE:
            self._flush(table)

    def stream(self, table: str, sql: str) -> tuple[Path, ...]:
        """Let `sql` read the rows of `table` as they come; () where it reads them more than once.

        Gives the pipes to write them to, one after the other, lines as for `load`; `query(sql)` in another thread
        reads each to its end. Rows that the engine holds already cannot be streamed.
        """
        if table in self._flushed:
            return ()
        folder = self._spool.with_suffix(".pipes")
        pipes = make_pipes(folder)
        self._execute(f"DROP TABLE {_name(table)}")
        self._execute(
            f"CREATE VIEW {_name(table)} AS {self._reading(table, pipes, f', maximum_object_size = {STREAMED_LINE}')}"
        )
        call = self._execute(f"EXPLAIN {sql}")
        if reads_once("".join(str(row[1]) for row in self._fetched(call, 100))):
            return pipes
        self._execute(f"DROP VIEW {_name(table)}")
        shutil.rmtree(folder)
        self.create(table, self._tables[table])
        return ()

    def portions(self, table: str, sql: str) -> RowPortions | None:
        """What answers `sql` over some rows of `table` at a time; None where a row needs the others."""
        if table in self._flushed or self._pending.get(table):
            return None
        columns = self.bind(sql)
        self._execute(f"DROP TABLE {_name(table)}")
        self._spool.touch(0o600)
        self._view(table, _LONGEST_LINE)
        call = self._execute(f"EXPLAIN (FORMAT json) {sql}")
        by_row, most = row_limit("".join(str(row[1]) for row in self._fetched(call, 100)), sql)
        self._spool.unlink()
        if not by_row:
            self._execute(f"DROP VIEW {_name(table)}")
            self.create(table, self._tables[table])
            return None
        names = ", ".join(f"c{position}" for position in range(len(columns)))
        reading, converted = readable(f"({sql}) AS answer({names})", [column.type for column in columns])
        room = _LONGEST_LINE

        def answer(lines: bytes) -> Batch:
            nonlocal room
            self._spool.write_bytes(lines)
            try:
                if len(lines) > room and (longest := max(map(len, lines.split(b"\n")))) > room:
                    room = longest + 1
                    self._view(table, room)
                return converted(self._fetch_all(reading))
            finally:
                self._spool.unlink(missing_ok=True)

        return RowPortions(answer, most)

    def _view(self, table: str, room: int) -> None:
        """Let `table` be what the spool holds; room: bytes of its longest line."""
        read = self._reading(table, (self._spool,), f", maximum_object_size = {room}")
        self._execute(f"CREATE OR REPLACE VIEW {_name(table)} AS {read}")

    def pending(self, table: str) -> list[bytes]:
        """What was loaded and is not in the engine yet; it is the caller's now."""
        return self._pending.pop(table, [])

    def fill(self, table: str, rows: int) -> None:
        """Append rows of NULLs."""
        values = ", ".join("NULL" for _ in self._tables[table])
        self._execute(f"INSERT INTO {_name(table)} SELECT {values} FROM range({int(rows)})")

    def bind(self, sql: str) -> tuple[ResultColumn, ...]:
        """Names and types of a query over the tables as they are."""
        with self._turn, translated():
            if self._bound is None or self._bound[0] != sql:
                self._execute(f"DESCRIBE SELECT * FROM ({sql}) AS answer")
                described = self._cursor.fetchall()
                columns = tuple(ResultColumn(name=name, type=sql_type) for name, sql_type, *_ in described)
                self._bound = sql, columns
            return self._bound[1]

    def query(self, sql: str, batch_size: int = 2048) -> Answer:
        """Run a query to its end, then give its rows in batches; the engine holds the answer, and spills."""
        for table in tuple(self._pending):
            self._flush(table)
        columns = self.bind(sql)
        types = [column.type for column in columns]
        names = ", ".join(f"c{position}" for position in range(len(columns)))
        held = self._held(f"({sql}) AS answer({names})")
        return Answer(self._batches(held, types, batch_size), held, types, self._beside)

    def take(self, name: str, frame: object) -> tuple[tuple[str, str], ...]:
        """Copy a frame into a temporary relation, in the place of one of its name; gives its columns.

        `frame` is a pandas DataFrame or has `__arrow_c_stream__`. Raises InterfaceError for what cannot be read.
        """
        import duckdb

        target = f"{TEMPORARY}.main.{_name(name)}"
        with self._turn:
            self._check()
            try:
                self._cursor.register(_FRAME, frame)
            except (duckdb.InvalidInputException, duckdb.NotImplementedException, TypeError) as error:
                raise InterfaceError(
                    f"no table can be made of this {type(frame).__name__}: {error}"
                ) from error
            try:
                self.change([f"CREATE OR REPLACE TABLE {target} AS SELECT * FROM {_FRAME}"])
                return tuple((column.name, column.type) for column in self.bind(f"SELECT * FROM {target}"))
            finally:
                self._cursor.unregister(_FRAME)

    def drop(self, name: str) -> None:
        """Drop a temporary relation that `take` has made."""
        self.change([f"DROP TABLE IF EXISTS {TEMPORARY}.main.{_name(name)}"])

    def _beside(self) -> duckdb.DuckDBPyConnection:
        """Another connection, which is not held up by what this workspace reads."""
        with self._turn:
            if self._closed:
                raise InterfaceError("the answer is closed")
            connection = self._cursor.cursor()
            with translated():
                connection.execute(f"SET schema = '{self._schema}'")
            return connection

    def _held(self, query: str) -> Held:
        """The rows of a query, in a table, unless it only looks into one of the user's own."""
        self._answers += 1
        table = f"{TEMPORARY}.{self._schema}.{_name(f'answer {self._answers}')}"
        copying = f"CREATE TABLE {table} AS SELECT * FROM {query}"
        if not self._tables:
            ((_, plan),) = self._fetch_all(f"EXPLAIN (FORMAT json) SELECT * FROM {query}")
            if looks_into_a_table(plan):
                held = Held(query, lambda: self._copied(copying, table))
                self._unsettled.add(held)
                return held
        self._execute(copying)
        return Held(table)

    def _copied(self, copying: str, table: str) -> str:
        """Copy an answer on a connection of its own: its rows may be under way on this one."""
        with self._turn:
            if not self._closed:
                with translated():
                    self._beside().execute(copying)
        return table

    def _batches(self, held: Held, types: Sequence[str], batch_size: int) -> Iterator[Batch]:
        with held.lock:
            reading, converted = readable(held.text, types)
            call = self._execute(reading)
        while rows := self._fetched(call, batch_size):
            yield converted(rows)

    def change(self, statements: Sequence[str], returning: Sequence[tuple[str, str]] = ()) -> Changed:
        """Run statements that change the user's own relations, all of them or none."""
        for table in tuple(self._pending):
            self._flush(table)
        self._unsettled.settle()
        self._bound = None
        projections, converted = projected(returning)
        last = statements[-1] + (f" RETURNING {', '.join(projections)}" if projections else "")
        with self._turn:
            with translated():
                self._check()
                self._home.guard(self._cursor)
            self._execute("BEGIN")
            try:
                for statement in statements[:-1]:
                    self._execute(statement)
                rows = self._fetch_all(last)
                self._execute("COMMIT")
            except BaseException:
                with suppress(native().Error):  # the engine has rolled back itself where it failed
                    self._cursor.execute("ROLLBACK")
                raise
        if projections:
            return Changed(count=len(rows), rows=converted(rows))
        return Changed(count=rows[0][0] if rows and isinstance(rows[0][0], int) else 0)

    def interrupt(self) -> None:
        """Stop what runs on this workspace's cursor, and what would run next."""
        self._stopped = True
        if not self._closed:
            with suppress(native().ConnectionException):  # it closes at this moment, and runs nothing more
                self._cursor.interrupt()

    def close(self) -> None:
        """Drop the schema with its tables."""
        with self._turn:
            if self._closed:
                return
            self._closed = True
            self._pending.clear()
            try:
                with translated():
                    self._cursor.execute("SET schema = 'main'")
                    self._cursor.execute(f"DROP SCHEMA {self._schema} CASCADE")
            finally:
                self._cursor.close()

    def abandon(self) -> None:
        """Stop and close without dropping anything: the engine goes, and all that it holds with it."""
        self.interrupt()
        with self._turn:
            if not self._closed:
                self._closed = True
                self._cursor.close()

    def _flush(self, table: str) -> None:
        chunks = self._pending.pop(table, [])
        if not chunks:
            return
        self._flushed.add(table)
        longest = max(map(len, chunks))
        roomy = f", maximum_object_size = {max(longest + 1, _SHORT_LINE)}"
        with open(self._spool, "wb") as spool:
            spool.writelines(chunks)
        try:
            self._execute(f"INSERT INTO {_name(table)} {self._reading(table, (self._spool,), roomy)}")
        finally:
            self._spool.unlink(missing_ok=True)

    def _reading(self, table: str, files: Sequence[Path], roomy: str) -> str:
        """SQL that reads a table's rows out of files or pipes, in their order."""
        columns = self._tables[table]
        # Only a cast reads the escapes by which text carries bytes.
        read_as = [(column, "VARCHAR" if sql_type == "BLOB" else sql_type) for column, sql_type in columns]
        listed = ", ".join(f"{quoted(column)}: {quoted(sql_type)}" for column, sql_type in read_as)
        names = ", ".join(f"{_name(column)}::{sql_type} AS {_name(column)}" for column, sql_type in columns)
        paths = ", ".join(quoted(str(file)) for file in files)
        return (
            f"SELECT {names} FROM read_json([{paths}], "
            f"format = 'newline_delimited', records = true, columns = {{{listed}}}{roomy})"
        )

    def _execute(self, sql: str) -> int:
        """Run one statement and number it; its rows, if any, wait on the cursor for `_fetched`."""
        with self._turn, translated():
            self._check()
            self._calls += 1
            self._cursor.execute(sql)
            return self._calls

    def _fetch_all(self, sql: str) -> Batch:
        with self._turn, translated():
            self._execute(sql)
            rows: Batch = self._cursor.fetchall()
        return rows

    def _fetched(self, call: int, count: int) -> Batch:
        with self._turn, translated():
            self._check()
            if call != self._calls:
                raise InternalError("an answer was given up for another call on its workspace, and read on")
            rows: Batch = self._cursor.fetchmany(count)
        return rows

    def _check(self) -> None:
        """Refuse what was stopped (the engine forgets a stop that came before a call) or closed."""
        if self._stopped:
            raise StatementCancelled("the statement was cancelled")
        if self._closed:
            raise InterfaceError("the statement's workspace is closed")


def _memory(limit: int | None) -> str:
    return "RESET GLOBAL memory_limit" if limit is None else f"SET GLOBAL memory_limit = '{limit} B'"


def _name(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'
