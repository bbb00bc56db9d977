"""The relations of a session's user: which there are, and who may read and change them when.

Law: what this module says there is, is in the engine; it is read again after each change. Readers stand side by
side, a change stands alone, so that the keys a statement asked for are those of the rows that it answers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqloud.engine.base import KEPT, TEMPORARY, Engine, Workspace
from sqloud.errors import StatementCancelled
from sqloud.planner.own import OwnRelation

__all__ = ["Storage", "literal"]

_WAIT = 0.05
"""Seconds between two looks at whether a waiting statement was cancelled."""

_COLUMNS = (
    "SELECT database_name, table_name, list([column_name, data_type] ORDER BY column_index) "
    "FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal AND database_name IN "
    f"('{KEPT}', '{TEMPORARY}') GROUP BY ALL ORDER BY ALL"
)
_TEXTS = "SELECT name, materialized, columns, text FROM {home}.sqloud.views ORDER BY name"
_HOMES = (
    f"SELECT database_name FROM duckdb_tables() WHERE database_name IN ('{KEPT}', '{TEMPORARY}') "
    "AND schema_name = 'sqloud' AND table_name = 'views'"
)


class Storage:
    """The user's own relations, by their names in lower case; a temporary one hides another of its name."""

    def __init__(self, engine: Engine, *, is_kept: bool, readable: tuple[Path, ...] = ()) -> None:
        self.readable = readable
        self._engine = engine
        self._relations: dict[tuple[str, str], OwnRelation] = {}
        self._changed = threading.Condition()
        self._lent = threading.local()
        self._readers = 0
        self._writer = False
        if is_kept:
            self.load()

    def relation(self, name: str) -> OwnRelation | None:
        """A relation by its name; None where there is none."""
        if found := self._lent_now().get(name.lower()):
            return found
        for home in (TEMPORARY, KEPT):
            if found := self._relations.get((home, name.lower())):
                return found
        return None

    @contextmanager
    def lent(self, relations: Mapping[str, OwnRelation]) -> Iterator[None]:
        """Relations, by their names in lower case, that this thread sees before all others."""
        before = self._lent_now()
        self._lent.relations = {**before, **relations}
        try:
            yield
        finally:
            self._lent.relations = before

    def _lent_now(self) -> Mapping[str, OwnRelation]:
        found: Mapping[str, OwnRelation] = getattr(self._lent, "relations", {})
        return found

    def held(self, name: str, home: str) -> OwnRelation | None:
        """A relation of one of the homes, whether it is hidden or not."""
        return self._relations.get((home, name.lower()))

    def names(self) -> list[str]:
        """All names, in order."""
        return sorted({relation.name for relation in self._relations.values()})

    def listed(self) -> list[OwnRelation]:
        """The relations that a statement sees, by name."""
        return [relation for name in self.names() if (relation := self.relation(name)) is not None]

    def load(self) -> None:
        """Read what there is out of the engine."""
        workspace = self._engine.open()
        try:
            found: dict[tuple[str, str], OwnRelation] = {}
            for home, name, columns in _rows(workspace, _COLUMNS):
                pairs = tuple((column, type_name) for column, type_name in columns)
                found[home, name.lower()] = OwnRelation(
                    name=name, home=home, temporary=home == TEMPORARY, columns=pairs
                )
            for (home,) in _rows(workspace, _HOMES):
                for name, materialized, columns, text in _rows(workspace, _TEXTS.format(home=home)):
                    stored = found.get((home, name.lower()))
                    found[home, name.lower()] = OwnRelation(
                        name=name,
                        kind="materialized view" if materialized else "view",
                        home=home,
                        temporary=home == TEMPORARY,
                        columns=stored.columns
                        if stored is not None and materialized
                        else tuple((column, "") for column in columns),
                        text=text,
                    )
        finally:
            workspace.close()
        self._relations = found

    @contextmanager
    def reading(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """Hold changes off. Raises StatementCancelled if the statement is stopped while it waits for one."""
        self._wait(lambda: not self._writer, is_stopped)
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def changing(self, is_stopped: Callable[[], bool]) -> Iterator[None]:
        """Be alone. Raises StatementCancelled if the statement is stopped while it waits for others."""
        self._wait(lambda: not self._writer and not self._readers, is_stopped, changes=True)
        try:
            yield
        finally:
            with self._changed:
                self._writer = False
                self._changed.notify_all()

    def _wait(
        self, is_free: Callable[[], bool], is_stopped: Callable[[], bool], *, changes: bool = False
    ) -> None:
        with self._changed:
            while not is_free():
                self._changed.wait(_WAIT)
                if is_stopped():
                    raise StatementCancelled("the statement was cancelled")
            if changes:
                self._writer = True
            else:
                self._readers += 1


def literal(text: str) -> str:
    """A text as a literal of the engine's.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _rows(workspace: Workspace, sql: str) -> list[tuple[Any, ...]]:
    return [row for batch in workspace.query(sql) for row in batch]
