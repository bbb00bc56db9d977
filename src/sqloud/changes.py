"""Statements that make, change and drop the user's own relations.

Law: whatever can be refused is refused before a request; the change itself is one transaction of the engine's, and
a statement that fails before it leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqloud.copying import WrittenFile, copy_options
from sqloud.dialect import (
    Alter,
    Copy,
    CreateTable,
    CreateView,
    Delete,
    Describe,
    Drop,
    Insert,
    Name,
    Refresh,
    Replace,
    ReplaceInto,
    Statement,
    Truncate,
    Update,
    render,
)
from sqloud.engine.base import KEPT, TEMPORARY, Changed, Engine, ResultColumn, Workspace
from sqloud.errors import (
    InternalError,
    MissingParameterError,
    NotSupportedError,
    OperationalError,
    ProgrammingError,
    UnknownNameError,
)
from sqloud.executor.result import Result
from sqloud.plan.steps import Plan
from sqloud.planner import own_writes, plan_query
from sqloud.planner.discovery import Discovery
from sqloud.planner.files import readable_files
from sqloud.planner.own import OwnRelation, rows_of
from sqloud.planner.own_writes import OwnWrite
from sqloud.planner.sources import nearest
from sqloud.planner.views import body_of, judge_view, view_columns
from sqloud.registry import Catalogue
from sqloud.storage import Storage, literal

__all__ = ["Changes", "Work"]

T = TypeVar("T")
_VIEWS = "name VARCHAR PRIMARY KEY, materialized BOOLEAN, columns VARCHAR[], text VARCHAR"


class Work(Protocol):
    """How a session runs the parts of a statement, so that each can be interrupted."""

    def load(self, plan: Plan, workspace: Workspace) -> None:
        """Prepare a plan and read all of its scans into the workspace."""

    def bind(self, plan: Plan, workspace: Workspace) -> tuple[ResultColumn, ...]:
        """Prepare a plan, without a request; gives the columns of its answer."""

    def run(self, function: Callable[[], T], workspace: Workspace) -> T:
        """What a function of the engine's gives."""

    def stoppable(self, workspace: Workspace) -> AbstractContextManager[Callable[[], bool]]:
        """While it is open, whether the statement was cancelled."""

    def notice(self, text: str) -> None:
        """Tell what is no error."""


class Changes:
    """Runs what changes own relations."""

    def __init__(
        self,
        storage: Storage,
        engine: Engine,
        catalogue: Catalogue,
        work: Work,
        writable: tuple[Path, ...] = (),
    ) -> None:
        self._writable = writable
        self._storage = storage
        self._engine = engine
        self._catalogue = catalogue
        self._work = work

    def are_asked_by(self, statement: Statement) -> bool:
        """Whether a statement changes own relations."""
        if isinstance(statement, (Insert, Update, Delete, Replace, ReplaceInto)):
            return len(statement.target.names) == 1
        return isinstance(statement, (CreateTable, CreateView, Refresh, Drop, Truncate, Alter, Copy))

    def answer(self, statement: Statement) -> Result:
        """The result of one statement, made when this returns."""
        if isinstance(statement, (Insert, Update, Delete)):
            return self._rows(statement)
        if isinstance(statement, (Replace, ReplaceInto)):
            raise NotSupportedError(
                "REPLACE on a table of your own is not built",
                span=statement.target.span,
                hints=("DELETE and INSERT, or UPDATE, do it",),
            )
        if isinstance(statement, CreateTable):
            return self._create_table(statement)
        if isinstance(statement, CreateView):
            return self._create_view(statement)
        if isinstance(statement, Refresh):
            return self._refresh(statement)
        if isinstance(statement, Drop):
            return self._drop(statement)
        if isinstance(statement, Truncate):
            tables = [self._table(name) for name in statement.names]
            self._change([f"TRUNCATE {table.sql}" for table in tables])
            return changed("truncate", "TRUNCATE TABLE")
        if isinstance(statement, Alter):
            return self._alter(statement)
        if isinstance(statement, Copy):
            return self._copy_to(statement) if statement.direction == "to" else self._copy_from(statement)
        raise InternalError(f"{type(statement).__name__} changes nothing of the user's own")

    def asked(self, statement: Statement) -> Plan | None:
        """What a statement would read, judged as if it were run; None for what asks nothing. Nothing is changed."""
        if isinstance(statement, Copy):
            if statement.direction == "from" or statement.query is None:
                return None
            copy_options(statement)
            WrittenFile(statement.path, self._writable)
            return plan_query(statement.query, self._catalogue, own=self._storage)
        if isinstance(statement, (CreateTable, CreateView)):
            materialized = isinstance(statement, CreateView) and statement.materialized
            kind = "materialized view" if materialized else "table"
            if statement.query is None or not (materialized or isinstance(statement, CreateTable)):
                return None
            target = self._free(statement, kind, TEMPORARY if statement.temporary else KEPT)
            return self._made(statement, target).plan if target is not None else None
        if isinstance(statement, Refresh):
            return self._again(self._kept_answer(statement)).plan
        if isinstance(statement, (Insert, Update, Delete)):
            return self._row_write(statement).plan
        return None

    def filled_by(self, statement: Statement) -> list[OwnRelation]:
        """The relations whose rows a statement changes, as far as they are there."""
        if isinstance(statement, (Insert, Update, Delete, Replace, ReplaceInto)):
            names = [statement.target.names[0]]
        elif isinstance(statement, Truncate):
            names = list(statement.names)
        elif isinstance(statement, Copy):
            names = [statement.table] if statement.direction == "from" and statement.table is not None else []
        elif isinstance(statement, (CreateTable, CreateView, Refresh)):
            names = [statement.name]
        else:
            names = []
        found = [self._storage.relation(name.key) for name in names]
        return [relation for relation in found if relation is not None and relation.kind != "view"]

    def _made(self, statement: CreateTable | CreateView, target: OwnRelation) -> OwnWrite:
        assert statement.query is not None
        return own_writes.plan_create(
            statement.query,
            statement.columns,
            target,
            self._catalogue,
            self._storage,
            with_data=statement.with_data,
        )

    def _again(self, relation: OwnRelation) -> OwnWrite:
        columns = [Name(text=name, quoted=True) for name, _ in relation.columns]
        return own_writes.plan_create(body_of(relation), columns, relation, self._catalogue, self._storage)

    def _copy_to(self, statement: Copy) -> Result:
        options = copy_options(statement)
        query = statement.query
        if statement.table is not None:
            query = rows_of(self._known(statement.table), [column.key for column in statement.columns])
        assert query is not None
        file = WrittenFile(statement.path, self._writable)
        plan = plan_query(query, self._catalogue, own=self._storage)
        names = ", ".join(_quoted(name) for name in plan.answer.names)
        listed = f"({names})" if names else ""
        sql = f'COPY (SELECT * FROM ({plan.answer.sql}) AS "answer"{listed}) TO {literal(str(file.part))} ({options})'
        workspace = self._engine.open()
        try:
            with self._alone(workspace) if plan.stored else nullcontext():
                self._work.load(plan, workspace)
                done = self._work.run(lambda: workspace.change([sql]), workspace)
            file.take_place()
        except OSError as error:
            raise OperationalError(f"cannot write {statement.path}: {error.strerror or error}") from error
        finally:
            file.discard()
            workspace.close()
        return changed("copy", f"COPY {done.count}", done.count)

    def _copy_from(self, statement: Copy) -> Result:
        assert statement.table is not None
        options = copy_options(statement)
        table = self._table(statement.table)
        known = [name for name, _ in table.columns]
        for column in statement.columns:
            if column.key not in known:
                raise UnknownNameError(
                    f"no column {column.text} in {table.name}",
                    span=column.span,
                    hints=nearest(column.key, known),
                )
        files = readable_files(statement.path, self._storage.readable, None)
        if len(files) > 1:
            raise NotSupportedError(
                "COPY FROM reads one file",
                hints=(f"INSERT INTO {table.name} SELECT * FROM '...' reads several",),
            )
        names = ", ".join(_quoted(column.key) for column in statement.columns)
        target = f"{table.sql} ({names})" if names else table.sql
        done = self._change([f"COPY {target} FROM {literal(files[0])} ({options})"])
        return changed("copy", f"COPY {done.count}", done.count)

    def described(self, statement: Describe) -> Discovery:
        """The rows of DESCRIBE for an own relation, in the shape that a resource's have."""
        relation = self._known(statement.path.names[0])
        columns: tuple[str, ...] = ("name", "type", "kind", "note")
        if statement.extended:
            columns += ("description",)
        return Discovery(
            columns=columns, rows=tuple(row[: len(columns)] for row in self._described(relation))
        )

    def _described(self, relation: OwnRelation) -> list[tuple[str | None, ...]]:
        rows: list[tuple[str | None, ...]] = []
        if relation.kind != "view":
            rows = [(column, type_name, "column", "", "") for column, type_name in relation.columns]
        else:
            given = [column for column, _ in relation.columns]
            shown, hidden = view_columns(relation, self._storage, self._catalogue)
            types = {} if hidden else self._types(body_of(relation))
            names = [*given, *(shown or tuple(types))[len(given) :]]
            listed = list(types.values())
            rows = [
                (column, listed[place] if place < len(listed) else None, "column", "", "")
                for place, column in enumerate(names)
            ]
            note = "what the view leaves unbound"
            rows += [(column, None, "parameter, required", note, "") for column in hidden]
        return rows

    def columns(self, relation: OwnRelation) -> list[tuple[str, str | None]]:
        """The columns of an own relation with their types; no request is sent."""
        return [(str(row[0]), row[1]) for row in self._described(relation) if row[2] == "column"]

    def _types(self, query: Any) -> dict[str, str]:
        """The columns of a query with their types; no request is sent."""
        workspace = self._engine.open()
        try:
            plan = plan_query(query, self._catalogue, own=self._storage)
            return {column.name: column.type for column in self._work.bind(plan, workspace)}
        finally:
            workspace.close()

    def _rows(self, statement: Insert | Update | Delete) -> Result:
        write = self._row_write(statement)
        verb = type(statement).__name__.upper()
        columns, done = self._write(write, always_alone=not isinstance(statement, Insert))
        tag = f"INSERT 0 {done.count}" if verb == "INSERT" else f"{verb} {done.count}"
        return changed(verb.lower(), tag, done.count, columns, done.rows)

    def _row_write(self, statement: Insert | Update | Delete) -> OwnWrite:
        relation = self._table(statement.target.names[0])
        if isinstance(statement, Insert):
            return own_writes.plan_insert(statement, relation, self._catalogue, self._storage)
        if isinstance(statement, Update):
            return own_writes.plan_update(statement, relation, self._catalogue, self._storage)
        return own_writes.plan_delete(statement, relation, self._catalogue, self._storage)

    def _create_table(self, statement: CreateTable) -> Result:
        home = TEMPORARY if statement.temporary else KEPT
        target = self._free(statement, "table", home)
        if target is None:
            return changed("create", "CREATE TABLE")
        if statement.query is None:
            verb = "CREATE OR REPLACE TABLE" if statement.replace else "CREATE TABLE"
            self._change([f"{verb} {target.sql} ({own_writes.definition_sql(statement)})"])
            return changed("create", "CREATE TABLE")
        write = self._made(statement, target)
        _, done = self._write(write, again=lambda: self._free(statement, "table", home))
        return changed("create", f"SELECT {done.count}", done.count)

    def _create_view(self, statement: CreateView) -> Result:
        home = TEMPORARY if statement.temporary else KEPT
        kind = "materialized view" if statement.materialized else "view"
        target = self._free(statement, kind, home)
        if target is None:
            return changed("create", f"CREATE {kind.upper()}")
        names = tuple(column.key for column in statement.columns)
        kept = self._kept(target, statement.materialized, names, render(statement.query))
        if not statement.materialized:
            judge_view(statement.query, names, self._storage, self._catalogue, target.name)
            self._try(statement)
            self._change(kept)
            return changed("create", "CREATE VIEW")
        write = self._made(statement, target)
        _, done = self._write(write, kept, again=lambda: self._free(statement, kind, home))
        return changed("create", f"SELECT {done.count}", done.count)

    def _try(self, statement: CreateView) -> None:
        """Bind what a view asks, as far as it is bound, so that an unknown function is told now."""
        try:
            plan = plan_query(statement.query, self._catalogue, own=self._storage)
        except MissingParameterError:
            return  # what it leaves unbound is bound by those who read it
        workspace = self._engine.open()
        try:
            self._work.bind(plan, workspace)
        finally:
            workspace.close()

    def _refresh(self, statement: Refresh) -> Result:
        self._write(self._again(self._kept_answer(statement)))
        return changed("refresh", "REFRESH MATERIALIZED VIEW")

    def _kept_answer(self, statement: Refresh) -> OwnRelation:
        relation = self._known(statement.name)
        if relation.kind != "materialized view":
            raise ProgrammingError(
                f"{relation.name} is a {relation.kind}, and keeps no answer to refresh",
                span=statement.name.span,
            )
        return relation

    def _drop(self, statement: Drop) -> Result:
        dropped: list[OwnRelation] = []
        for name in statement.names:
            relation = self._storage.relation(name.key)
            if relation is None and statement.if_exists:
                self._work.notice(f"there is no {statement.kind} {name.text}, so none is dropped")
                continue
            relation = self._known(name)
            if relation.kind != statement.kind:
                raise ProgrammingError(
                    f"{relation.name} is a {relation.kind}",
                    span=name.span,
                    hints=(f"write   DROP {relation.kind.upper()} {name.text}",),
                )
            dropped.append(relation)
        for home in (TEMPORARY, KEPT):  # one transaction of the engine's changes one database
            statements = [sql for one in dropped if one.home == home for sql in _gone(one)]
            if statements:
                self._change(statements)
        return changed("drop", f"DROP {statement.kind.upper()}")

    def _alter(self, statement: Alter) -> Result:
        relation = self._table(statement.name)
        names = [name for name, _ in relation.columns]
        column = statement.column
        if column is not None and column.key not in names:
            raise UnknownNameError(
                f"no column {column.text} in {relation.name}",
                span=column.span,
                hints=nearest(column.key, names),
            )
        old = _quoted(column.key) if column is not None else ""
        new = _quoted(statement.to.key) if statement.to is not None else ""
        sql = own_writes.type_sql(statement.definition) if statement.definition is not None else ""
        if statement.action == "rename to" and statement.to is not None:
            self._judge_name(statement.to)
            taken = self._storage.held(statement.to.key, relation.home)
            if taken is not None:
                raise ProgrammingError(
                    f"there is already a {taken.kind} {taken.name}", span=statement.to.span
                )
        action = {
            "add": f"ADD COLUMN {sql}",
            "drop": f"DROP COLUMN {old}",
            "rename": f"RENAME COLUMN {old} TO {new}",
            "rename to": f"RENAME TO {new}",
            "type": f"ALTER COLUMN {old} SET DATA TYPE {sql}",
        }[statement.action]
        self._change([f"ALTER TABLE {relation.sql} {action}"])
        return changed("alter", "ALTER TABLE")

    def _free(self, statement: CreateTable | CreateView, kind: str, home: str) -> OwnRelation | None:
        """The relation to make; None where it is there and IF NOT EXISTS lets it be."""
        name = statement.name
        self._judge_name(name)
        there = self._storage.held(name.key, home)
        if there is not None:
            if statement.if_not_exists:
                self._work.notice(f"there is already a {there.kind} {there.name}; it is left as it is")
                return None
            if there.kind != kind or not statement.replace:
                hints = [f"DROP {there.kind.upper()} {name.to_sql()} makes room for it"]
                if there.kind == kind:
                    hints.insert(0, f"CREATE OR REPLACE {kind.upper()} takes its place")
                raise ProgrammingError(
                    f"there is already a {there.kind} {there.name}", span=name.span, hints=tuple(hints)
                )
        return OwnRelation(name=there.name if there is not None else name.key, kind=kind, home=home)

    def _judge_name(self, name: Name) -> None:
        if name.key.lower() in {*self._catalogue.providers(), "information_schema", "sqloud"}:
            raise ProgrammingError(
                f"{name.text} is the name of a provider or a schema, and cannot be that of a relation",
                span=name.span,
                hints=(f"call it   my_{name.key}",),
            )

    def _known(self, name: Name) -> OwnRelation:
        relation = self._storage.relation(name.key)
        if relation is None:
            raise UnknownNameError(
                f"there is no relation {name.text} of your own",
                span=name.span,
                hints=nearest(name.key, self._storage.names()) or ("SHOW TABLES lists them",),
            )
        return relation

    def _table(self, name: Name) -> OwnRelation:
        relation = self._known(name)
        if relation.kind != "table":
            raise ProgrammingError(
                f"{relation.name} is a {relation.kind}, and its rows are those of its query",
                span=name.span,
                hints=(f"REFRESH MATERIALIZED VIEW {name.text} asks it again",)
                if relation.kind == "materialized view"
                else ("change the tables that it reads",),
            )
        return relation

    def _kept(self, target: OwnRelation, materialized: bool, columns: Sequence[str], text: str) -> list[str]:
        """What keeps a view's text beside the relations of its home."""
        names = ", ".join(literal(name) for name in columns)
        row = f"{literal(target.name)}, {materialized}, [{names}]::VARCHAR[], {literal(text)}"
        return [
            f"CREATE SCHEMA IF NOT EXISTS {target.home}.sqloud",
            f"CREATE TABLE IF NOT EXISTS {target.home}.sqloud.views ({_VIEWS})",
            f"INSERT OR REPLACE INTO {target.home}.sqloud.views VALUES ({row})",
        ]

    def _write(
        self,
        write: OwnWrite,
        before: Sequence[str] = (),
        *,
        always_alone: bool = False,
        again: Callable[[], object] = lambda: None,
    ) -> tuple[tuple[ResultColumn, ...], Changed]:
        """Ask what a change needs, and make it; gives what RETURNING answers. `again` judges once it is alone."""
        workspace = self._engine.open()
        try:
            with self._alone(workspace) if always_alone or write.plan.stored else nullcontext():
                self._work.load(write.plan, workspace)
                types: tuple[ResultColumn, ...] = ()
                if write.returning:
                    listed = ", ".join(expression for expression, _ in write.returning)
                    types = workspace.bind(f"SELECT {listed} FROM {write.row}")
                columns = tuple(
                    ResultColumn(name=name, type=column.type)
                    for (_, name), column in zip(write.returning, types, strict=True)
                )
                returning = [
                    (expression, column.type)
                    for (expression, _), column in zip(write.returning, types, strict=True)
                ]
                statements = [*before, write.sql]
                is_held = always_alone or write.plan.stored
                with nullcontext() if is_held else self._alone(workspace):
                    if not is_held:
                        again()
                    done = self._work.run(lambda: workspace.change(statements, returning), workspace)
                    self._storage.load()
        finally:
            workspace.close()
        return columns, done

    def _change(self, statements: Sequence[str]) -> Changed:
        workspace = self._engine.open()
        try:
            with self._alone(workspace):
                done = self._work.run(lambda: workspace.change(statements), workspace)
                self._storage.load()
        finally:
            workspace.close()
        return done

    @contextmanager
    def _alone(self, workspace: Workspace) -> Iterator[None]:
        with self._work.stoppable(workspace) as is_stopped, self._storage.changing(is_stopped):
            yield


def changed(
    kind: str,
    tag: str,
    count: int | None = None,
    columns: tuple[ResultColumn, ...] = (),
    rows: Sequence[tuple[object, ...]] = (),
) -> Result:
    """The result of a statement that changes something, with the rows that RETURNING answers."""
    return Result(columns, iter([list(rows)]), kind=kind, tag=tag, rowcount=count)


def _gone(relation: OwnRelation) -> list[str]:
    forget = f"DELETE FROM {relation.home}.sqloud.views WHERE name = {literal(relation.name)}"
    if relation.kind == "view":
        return [forget]
    return [f"DROP TABLE {relation.sql}", *([forget] if relation.kind == "materialized view" else [])]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
