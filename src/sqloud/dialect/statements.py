"""The records of parsed statements.

Law: a statement's `to_sql()` parses to an equal statement. Equality looks at what was said, not at where it
stood: names compare by their text and trees by their shape.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from sqlglot import exp

from sqloud.dialect.nodes import escape_templates, render
from sqloud.errors import Span

__all__ = [
    "Argument",
    "Assignment",
    "Begin",
    "Commit",
    "Delete",
    "Describe",
    "Exec",
    "Explain",
    "Insert",
    "Name",
    "Path",
    "Query",
    "Replace",
    "ReplaceInto",
    "Rollback",
    "Show",
    "Statement",
    "Update",
    "quoted_text",
    "words",
]


class Name(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One name, as it was written. Without quotes its case does not count; `key` is what to look it up by."""

    text: str
    quoted: bool = False
    span: Span = Span(0, 0)

    @property
    def key(self) -> str:
        """The name in the case that it means: as written where quoted, else lower."""
        return self.text if self.quoted else self.text.lower()

    def to_sql(self) -> str:
        """The name as SQL, quoted where it was."""
        return escape_templates('"' + self.text.replace('"', '""') + '"') if self.quoted else self.text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and (self.text, self.quoted) == (other.text, other.quoted)

    def __hash__(self) -> int:
        return hash((self.text, self.quoted))


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """A dotted name: `provider`, `provider.service`, ... up to `provider.service.resource.method`."""

    names: tuple[Name, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The names in the case that they mean."""
        return tuple(name.key for name in self.names)

    @property
    def span(self) -> Span:
        """From the first name to the last."""
        return Span(self.names[0].span.start, self.names[-1].span.end)

    def to_sql(self) -> str:
        """The names with dots between them."""
        return ".".join(name.to_sql() for name in self.names)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """The base of the statements."""

    def to_sql(self) -> str:
        """The statement as SQL, without a semicolon. Raises NotSupportedError as `render` does."""
        return self._sql()

    def _sql(self) -> str:
        raise NotImplementedError


class Query(Statement, frozen=True, kw_only=True):
    """SELECT, WITH ... SELECT, VALUES, TABLE: anything that answers rows."""

    tree: exp.Query

    def _sql(self) -> str:
        return render(self.tree)


class Show(Statement, frozen=True, kw_only=True):
    """SHOW PROVIDERS, TABLES, or SERVICES, RESOURCES, METHODS of `path`. `like` is a LIKE pattern on the name."""

    what: Literal["providers", "services", "resources", "methods", "tables"]
    path: Path | None = None
    like: str | None = None
    extended: bool = False

    def _sql(self) -> str:
        return words(
            "SHOW",
            self.extended and "EXTENDED",
            self.what.upper(),
            self.path and f"IN {self.path.to_sql()}",
            self.like is not None and f"LIKE {quoted_text(self.like or '')}",
        )


class Describe(Statement, frozen=True, kw_only=True):
    """DESCRIBE a resource, or a relation of the user's own, whose path is one name."""

    path: Path
    extended: bool = False

    def _sql(self) -> str:
        return words("DESCRIBE", self.extended and "EXTENDED", self.path.to_sql())


class Explain(Statement, frozen=True, kw_only=True):
    """EXPLAIN another statement: the requests that it would send. `analyze` runs it as well."""

    statement: Statement
    analyze: bool = False
    format: Literal["text", "json"] = "text"

    def _sql(self) -> str:
        return words(
            "EXPLAIN",
            self.analyze and "ANALYZE",
            self.format == "json" and "(FORMAT json)",
            self.statement.to_sql(),
        )


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """`column = value` of an UPDATE or a REPLACE."""

    column: Name
    value: exp.Expr


class _Rows(Statement, frozen=True, kw_only=True):
    """What INSERT and REPLACE INTO share. `source` answers the rows: VALUES or a query.

    A VALUES without rows is DEFAULT VALUES. `columns` is () where none are named. `hints` are the words of
    `/*+ ... */` in lower case.
    """

    target: Path
    columns: tuple[Name, ...] = ()
    source: exp.Expr
    returning: tuple[exp.Expr, ...] = ()
    hints: tuple[str, ...] = ()

    def _as(self, verb: str) -> str:
        return words(
            verb,
            _hints(self.hints),
            "INTO",
            self.target.to_sql(),
            self.columns and f"({', '.join(name.to_sql() for name in self.columns)})",
            "DEFAULT VALUES" if _is_default(self.source) else render(self.source),
            _returning(self.returning),
        )


class Insert(_Rows, frozen=True, kw_only=True):
    """INSERT INTO a resource: each row is created."""

    def _sql(self) -> str:
        return self._as("INSERT")


class ReplaceInto(_Rows, frozen=True, kw_only=True):
    """REPLACE INTO a resource: each row takes the place of the one with its key."""

    def _sql(self) -> str:
        return self._as("REPLACE")


class _Assignments(Statement, frozen=True, kw_only=True):
    """What UPDATE and REPLACE ... SET share. `sources` are the relations of its FROM.

    `all_rows` says that ALL ROWS was written out, where no WHERE is.
    """

    target: Path
    alias: Name | None = None
    assignments: tuple[Assignment, ...]
    sources: tuple[exp.Expr, ...] = ()
    where: exp.Expr | None = None
    all_rows: bool = False
    returning: tuple[exp.Expr, ...] = ()
    hints: tuple[str, ...] = ()

    def _as(self, verb: str) -> str:
        assigned = ", ".join(f"{item.column.to_sql()} = {render(item.value)}" for item in self.assignments)
        return words(
            verb,
            _hints(self.hints),
            self.target.to_sql(),
            self.alias and f"AS {self.alias.to_sql()}",
            f"SET {assigned}",
            self.sources and f"FROM {', '.join(render(source) for source in self.sources)}",
            self.where is not None and f"WHERE {render(self.where)}",
            self.all_rows and "ALL ROWS",
            _returning(self.returning),
        )


class Update(_Assignments, frozen=True, kw_only=True):
    """UPDATE rows of a resource: the fields that are set change, the others stay."""

    def _sql(self) -> str:
        return self._as("UPDATE")


class Replace(_Assignments, frozen=True, kw_only=True):
    """REPLACE rows of a resource: a row becomes what is set, and nothing else."""

    def _sql(self) -> str:
        return self._as("REPLACE")


class Delete(Statement, frozen=True, kw_only=True):
    """DELETE rows of a resource. `using` are the relations that WHERE may read besides.

    `all_rows` says that ALL ROWS was written out, where no WHERE is.
    """

    target: Path
    alias: Name | None = None
    using: tuple[exp.Expr, ...] = ()
    where: exp.Expr | None = None
    all_rows: bool = False
    returning: tuple[exp.Expr, ...] = ()
    hints: tuple[str, ...] = ()

    def _sql(self) -> str:
        return words(
            "DELETE",
            _hints(self.hints),
            "FROM",
            self.target.to_sql(),
            self.alias and f"AS {self.alias.to_sql()}",
            self.using and f"USING {', '.join(render(source) for source in self.using)}",
            self.where is not None and f"WHERE {render(self.where)}",
            self.all_rows and "ALL ROWS",
            _returning(self.returning),
        )


class Argument(msgspec.Struct, frozen=True, kw_only=True):
    """`@name = value` of an EXEC."""

    name: Name
    value: exp.Expr


class Exec(Statement, frozen=True, kw_only=True):
    """EXEC a method of a resource by its name. `json` is the request body of `@@json`."""

    path: Path
    arguments: tuple[Argument, ...] = ()
    json: exp.Expr | None = None
    hints: tuple[str, ...] = ()

    def _sql(self) -> str:
        arguments = [f"@{item.name.to_sql()} = {render(item.value)}" for item in self.arguments]
        if self.json is not None:
            arguments.append(f"@@json = {render(self.json)}")
        return words("EXEC", _hints(self.hints), self.path.to_sql(), ", ".join(arguments))


class Begin(Statement, frozen=True, kw_only=True):
    """BEGIN: writes are queued from here on."""

    def _sql(self) -> str:
        return "BEGIN"


class Commit(Statement, frozen=True, kw_only=True):
    """COMMIT: the queued writes are sent."""

    def _sql(self) -> str:
        return "COMMIT"


class Rollback(Statement, frozen=True, kw_only=True):
    """ROLLBACK: the queued writes are dropped, none of them having been sent."""

    def _sql(self) -> str:
        return "ROLLBACK"


def _is_default(source: exp.Expr) -> bool:
    return isinstance(source, exp.Values) and not source.expressions


def words(*said: object) -> str:
    """Those of the words that are said, with spaces between them."""
    return " ".join(str(word) for word in said if word)


def quoted_text(text: str) -> str:
    """A text as a string of the dialect."""
    return escape_templates("'" + text.replace("'", "''") + "'")


def _hints(hints: tuple[str, ...]) -> str:
    return f"/*+ {' '.join(hints)} */" if hints else ""


def _returning(expressions: tuple[exp.Expr, ...]) -> str:
    return f"RETURNING {', '.join(render(item) for item in expressions)}" if expressions else ""
