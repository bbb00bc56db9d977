"""The records of statements on relations of the user's own: tables, views, files.

Law: as of every statement, `to_sql()` parses to an equal one. A relation of the user's own has one name, without dots.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlglot import exp

from sqloud.dialect.nodes import render
from sqloud.dialect.statements import Name, Statement, quoted_text, words

__all__ = [
    "Alter",
    "Copy",
    "CopyOption",
    "CreateTable",
    "CreateView",
    "Drop",
    "Refresh",
    "Truncate",
]

Kind = Literal["table", "view", "materialized view"]


class _Create(Statement, frozen=True, kw_only=True):
    """What all CREATEs share. `columns` are new names for the query's; `with_data` False leaves it without rows."""

    name: Name
    columns: tuple[Name, ...] = ()
    replace: bool = False
    temporary: bool = False
    if_not_exists: bool = False

    def _head(self, kind: str) -> str:
        return words(
            "CREATE",
            self.replace and "OR REPLACE",
            self.temporary and "TEMP",
            kind,
            self.if_not_exists and "IF NOT EXISTS",
            self.name.to_sql(),
            self.columns and f"({', '.join(name.to_sql() for name in self.columns)})",
        )


class CreateTable(_Create, frozen=True, kw_only=True):
    """CREATE TABLE: `definitions` are columns and constraints, or `query` answers the first rows."""

    definitions: tuple[exp.Expr, ...] = ()
    query: exp.Query | None = None
    with_data: bool = True

    def _sql(self) -> str:
        if self.query is None:
            return f"{self._head('TABLE')} ({', '.join(render(item) for item in self.definitions)})"
        return words(self._head("TABLE"), "AS", render(self.query), not self.with_data and "WITH NO DATA")


class CreateView(_Create, frozen=True, kw_only=True):
    """CREATE VIEW: a query under a name. A materialized one keeps its rows until it is refreshed."""

    query: exp.Query
    materialized: bool = False
    with_data: bool = True

    def _sql(self) -> str:
        kind = "MATERIALIZED VIEW" if self.materialized else "VIEW"
        return words(self._head(kind), "AS", render(self.query), not self.with_data and "WITH NO DATA")


class Refresh(Statement, frozen=True, kw_only=True):
    """REFRESH MATERIALIZED VIEW: its query is asked again, and its rows are those of now."""

    name: Name

    def _sql(self) -> str:
        return f"REFRESH MATERIALIZED VIEW {self.name.to_sql()}"


class Drop(Statement, frozen=True, kw_only=True):
    """DROP TABLE, VIEW or MATERIALIZED VIEW."""

    kind: Kind
    names: tuple[Name, ...]
    if_exists: bool = False

    def _sql(self) -> str:
        listed = ", ".join(name.to_sql() for name in self.names)
        return words("DROP", self.kind.upper(), self.if_exists and "IF EXISTS", listed)


class Truncate(Statement, frozen=True, kw_only=True):
    """TRUNCATE: a table without its rows."""

    names: tuple[Name, ...]

    def _sql(self) -> str:
        return f"TRUNCATE TABLE {', '.join(name.to_sql() for name in self.names)}"


class Alter(Statement, frozen=True, kw_only=True):
    """ALTER TABLE with one action: a column added, dropped, renamed or retyped, or another name for the table.

    `definition` is the new column of `add`, the type of `type`; `to` the new name.
    """

    name: Name
    action: Literal["add", "drop", "rename", "rename to", "type"]
    column: Name | None = None
    definition: exp.Expr | None = None
    to: Name | None = None

    def _sql(self) -> str:
        column = self.column.to_sql() if self.column is not None else ""
        to = self.to.to_sql() if self.to is not None else ""
        definition = render(self.definition) if self.definition is not None else ""
        action = {
            "add": f"ADD COLUMN {definition}",
            "drop": f"DROP COLUMN {column}",
            "rename": f"RENAME COLUMN {column} TO {to}",
            "rename to": f"RENAME TO {to}",
            "type": f"ALTER COLUMN {column} TYPE {definition}",
        }[self.action]
        return f"ALTER TABLE {self.name.to_sql()} {action}"


class CopyOption(msgspec.Struct, frozen=True, kw_only=True):
    """One option of a COPY, its name in lower case; without a value it is switched on."""

    name: str
    value: str | int | bool | None = None

    def to_sql(self) -> str:
        """`NAME value`, as it stands in the brackets."""
        value = self.value
        if value is None:
            return self.name.upper()
        text = quoted_text(value) if isinstance(value, str) else str(value).lower()
        return f"{self.name.upper()} {text}"


class Copy(Statement, frozen=True, kw_only=True):
    """COPY rows of a query or of an own table into a file, or rows of a file into an own table."""

    direction: Literal["to", "from"]
    path: str
    table: Name | None = None
    columns: tuple[Name, ...] = ()
    query: exp.Query | None = None
    options: tuple[CopyOption, ...] = ()

    def _sql(self) -> str:
        if self.query is not None:
            source = f"({render(self.query)})"
        else:
            assert self.table is not None
            listed = ", ".join(name.to_sql() for name in self.columns)
            source = self.table.to_sql() + (f" ({listed})" if listed else "")
        options = ", ".join(option.to_sql() for option in self.options)
        return words(
            "COPY", source, self.direction.upper(), quoted_text(self.path), options and f"({options})"
        )
