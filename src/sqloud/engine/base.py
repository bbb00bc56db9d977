"""The engine's face: what a relational engine must do for sqloud.

Law: one statement, one workspace. A workspace sees its own scan tables and nothing of other statements;
closing it drops them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

__all__ = [
    "KEPT",
    "STREAMED_LINE",
    "TEMPORARY",
    "Batch",
    "Changed",
    "Engine",
    "Portions",
    "ResultColumn",
    "Workspace",
]

KEPT = "own"
"""The engine's database of the user's own relations: in memory, or in a file that stays."""

TEMPORARY = "memory"
"""The engine's database of what goes with the session: temporary relations, in its schema `main`."""

Batch = list[tuple[Any, ...]]
"""Rows of Python values: None, bool, int, float, str, Decimal, date, time, timedelta, aware datetime, UUID,
bytes, list, dict; a JSON column's values are JSON text (`str`)."""


STREAMED_LINE = 16 * 2**20
"""Bytes of the longest row that can be streamed: what the engine reads at once is twice that."""


class ResultColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column of an answer: its name and the engine's type (`BIGINT`, `JSON`, `VARCHAR[]`, ...)."""

    name: str
    type: str


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """What a change did: how many rows the last statement touched, and what its RETURNING answers."""

    count: int = 0
    rows: Batch = []


class Portions(Protocol):
    """Answers the rows of one table a portion at a time; `most` rows in all, None without limit."""

    @property
    def most(self) -> int | None:
        """Rows of the whole answer at most."""

    def rows(self, lines: bytes) -> Batch:
        """The answer to some rows, lines as for `Workspace.load`."""


class Workspace(Protocol):
    """The tables and the query of one statement. Not for two threads at once, but for `interrupt`."""

    def create(self, table: str, columns: Sequence[tuple[str, str]]) -> None:
        """An empty table of (name, SQL type) columns."""

    def clear(self, table: str) -> None:
        """Drop the rows that a table has, loaded or waiting."""

    def load(self, table: str, lines: bytes) -> None:
        """Append rows: newline-delimited JSON objects keyed by column, already checked against the types."""

    def fill(self, table: str, rows: int) -> None:
        """Append rows of which nothing is read but their number."""

    def stream(self, table: str, sql: str) -> tuple[Path, ...]:
        """Pipes for the rows of `table`, which `query(sql)` in another thread reads as they come, one by one.

        () where `sql` has to read them more than once, or the engine holds some already.
        """

    def portions(self, table: str, sql: str) -> Portions | None:
        """What answers `sql` over some rows of the empty `table` at a time; None where a row needs the others."""

    def pending(self, table: str) -> list[bytes]:
        """What was loaded and is not in the engine yet; it is the caller's now."""

    def bind(self, sql: str) -> tuple[ResultColumn, ...]:
        """Resolve and type a query without running it.

        Raises UnknownNameError for a function or column that is not there, ProgrammingError otherwise.
        """

    def query(self, sql: str, batch_size: int = 2048) -> Iterator[Batch]:
        """Run a query to its end, then give its rows in batches, in their order.

        Raises what the query raises before the first batch, so that no part of an answer is given out.
        """

    def change(self, statements: Sequence[str], returning: Sequence[tuple[str, str]] = ()) -> Changed:
        """Run statements that change relations outside of the workspace, all of them or none.

        `returning` are the (expression, type) of what the last one's RETURNING answers.
        """

    def take(self, name: str, frame: object) -> tuple[tuple[str, str], ...]:
        """Copy a data frame into a temporary relation, in the place of one of its name; gives its (name, type)s."""

    def drop(self, name: str) -> None:
        """Drop what `take` has made."""

    def interrupt(self) -> None:
        """Stop what runs and all that would follow, from any thread; both raise StatementCancelled."""

    def close(self) -> None:
        """Drop everything that this workspace made. Calling it again does nothing."""


class Engine(Protocol):
    """An embedded relational engine."""

    def open(self) -> Workspace:
        """A new, empty workspace. Safe from any thread."""

    def limit_memory(self, limit: int | None) -> None:
        """Bytes beyond which rows go to the disk; None leaves it to the engine. Safe from any thread."""

    def close(self) -> None:
        """Close the engine and remove its files."""
