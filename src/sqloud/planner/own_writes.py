"""Statements that change the user's own relations, as a plan and the engine's SQL around its answer.

Law: one statement of the engine's makes the whole change, so that one which fails changes nothing. What UPDATE and
DELETE touch is found by a query, planned as any other: API tables may stand in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlglot
from sqlglot import exp

from sqloud.dialect import Assignment, CreateTable, Delete, Insert, Name, Update, span_of
from sqloud.errors import NotSupportedError, ProgrammingError, UnknownNameError
from sqloud.plan.steps import KeyValues, Plan, Scan, Step
from sqloud.planner.outputs import output_name
from sqloud.planner.own import ROW_ID, OwnRelation, OwnRelations, as_table
from sqloud.planner.readings import plan_query
from sqloud.planner.residual import generate
from sqloud.planner.sources import Catalogue, folded, nearest

__all__ = [
    "OwnWrite",
    "definition_sql",
    "plan_create",
    "plan_delete",
    "plan_insert",
    "plan_update",
    "type_sql",
]


class OwnWrite(msgspec.Struct, frozen=True, kw_only=True):
    """A change: `before`, the SQL of the plan's answer, `after`.

    `returning` are the engine's expressions of RETURNING with their output names; `row` reads them off a row of the
    changed table, to type them.
    """

    plan: Plan
    before: str
    after: str = ""
    returning: tuple[tuple[str, str], ...] = ()
    row: str = ""

    @property
    def sql(self) -> str:
        """The statement for the engine, without RETURNING."""
        return f"{self.before}{self.plan.answer.sql}{self.after}"


def plan_insert(
    statement: Insert, relation: OwnRelation, catalogue: Catalogue, own: OwnRelations
) -> OwnWrite:
    """INSERT INTO an own table, of VALUES or of a query."""
    columns = _columns(statement.columns, relation) or [name for name, _ in relation.columns]
    source = statement.source.copy()
    if isinstance(source, exp.Values):
        _cast_values(source, columns, relation)
        source = exp.select("*").from_(source)
    plan = plan_query(source, catalogue, own=own)
    width = len(plan.answer.names)
    if isinstance(statement.source, exp.Values) and isinstance(statement.source.expressions[0], exp.Tuple):
        width = len(statement.source.expressions[0].expressions)
    if width and width != len(columns):
        raise ProgrammingError(
            f"INSERT gives {width} values for {len(columns)} columns of {relation.name}: {', '.join(columns)}",
            span=span_of(statement.source),
            hints=(f"name those that it gives: INSERT INTO {relation.name} ({columns[0]}, ...)",),
        )
    listed = ", ".join(_quoted(name) for name in columns)
    returning = _returning(statement.returning, relation, relation.name)
    return OwnWrite(
        plan=plan,
        before=f"INSERT INTO {relation.sql} ({listed}) ",
        returning=returning,
        row=relation.sql,
    )


def plan_update(
    statement: Update, relation: OwnRelation, catalogue: Catalogue, own: OwnRelations
) -> OwnWrite:
    """UPDATE of an own table; where several rows of FROM fit one of its rows, one of them counts, as in Postgres."""
    alias = statement.alias.key if statement.alias is not None else relation.name
    types = dict(relation.columns)
    names = _columns([item.column for item in statement.assignments], relation)
    values = [_value(item, types[name]) for item, name in zip(statement.assignments, names, strict=True)]
    given = [(name, value) for name, value in zip(names, values, strict=True) if value is not None]
    projections = [
        exp.alias_(value, f"v{position}", quoted=True) for position, (_, value) in enumerate(given)
    ]
    query = _rows(relation, alias, projections, statement.sources, statement.where)
    plan = plan_query(query, catalogue, own=own)
    fresh = {name: f'"new"."v{position}"' for position, (name, _) in enumerate(given)}
    assigned = ", ".join(f"{_quoted(name)} = {fresh.get(name, 'DEFAULT')}" for name in names)
    listed = ", ".join(["r", *(f"v{position}" for position in range(len(given)))])
    return OwnWrite(
        plan=plan,
        before=f"UPDATE {relation.sql} AS {_quoted(alias)} SET {assigned} "
        f"FROM (SELECT DISTINCT ON (r) * FROM (",
        after=f') AS "found"({listed})) AS "new" WHERE {_quoted(alias)}.{ROW_ID} = "new".r',
        returning=_returning(statement.returning, relation, alias),
        row=f"{relation.sql} AS {_quoted(alias)}",
    )


def plan_delete(
    statement: Delete, relation: OwnRelation, catalogue: Catalogue, own: OwnRelations
) -> OwnWrite:
    """DELETE from an own table."""
    alias = statement.alias.key if statement.alias is not None else relation.name
    query = _rows(relation, alias, [], statement.using, statement.where)
    return OwnWrite(
        plan=plan_query(query, catalogue, own=own),
        before=f"DELETE FROM {relation.sql} AS {_quoted(alias)} WHERE {_quoted(alias)}.{ROW_ID} IN (",
        after=")",
        returning=_returning(statement.returning, relation, alias),
        row=f"{relation.sql} AS {_quoted(alias)}",
    )


def plan_create(
    query: exp.Query,
    columns: Sequence[Name],
    target: OwnRelation,
    catalogue: Catalogue,
    own: OwnRelations,
    *,
    with_data: bool = True,
) -> OwnWrite:
    """CREATE OR REPLACE TABLE ... AS, for tables and materialized views."""
    plan = plan_query(query, catalogue, own=own)
    if not with_data:
        plan = _unasked(plan)
    names = [column.key for column in columns]
    shown = list(plan.answer.names)
    if shown and len(names) > len(shown):
        raise ProgrammingError(
            f"{target.name} is given {len(names)} names, and its query has {len(shown)} columns",
            span=columns[0].span,
        )
    full = [*names, *shown[len(names) :]]
    twice = next((name for name in full if full.count(name) > 1), None)
    if twice is not None:
        raise ProgrammingError(
            f"two columns of {target.name} are called {twice}",
            span=span_of(query),
            hints=("name each: SELECT a.id AS a_id, b.id AS b_id",),
        )
    listed = f"({', '.join(_quoted(name) for name in full)})" if full else ""
    return OwnWrite(
        plan=plan,
        before=f"CREATE OR REPLACE TABLE {target.sql} AS SELECT * FROM (",
        after=f') AS "answer"{listed}' + ("" if with_data else " LIMIT 0"),
    )


def _unasked(plan: Plan) -> Plan:
    """The plan over no rows at all, for what its columns are."""

    def step_of(step: Step) -> Step:
        if not isinstance(step, Scan):
            return step
        keys = KeyValues(parameters=step.keys.parameters, rows=())
        return msgspec.structs.replace(step, keys=keys, limit=None, counted=False)

    return msgspec.structs.replace(plan, steps=tuple(map(step_of, plan.steps)))


def definition_sql(statement: CreateTable) -> str:
    """The columns and constraints of a CREATE TABLE as the engine reads them."""
    return ", ".join(type_sql(item) for item in statement.definitions)


def type_sql(node: exp.Expr) -> str:
    """A definition or a type in the engine's dialect; its names fold as Postgres folds them."""
    node = node.copy()
    for name in node.find_all(exp.Identifier):
        name.set("this", folded(name))
        name.set("quoted", True)
    return generate(node)


def _rows(
    relation: OwnRelation,
    alias: str,
    projections: Sequence[exp.Expr],
    sources: Sequence[exp.Expr],
    where: exp.Expr | None,
) -> exp.Select:
    """The query that finds the rows of an own table that a statement touches, by their number."""
    target = exp.Table(
        this=exp.to_identifier(relation.name, quoted=True),
        alias=exp.TableAlias(this=exp.to_identifier(alias, quoted=True)),
    )
    as_table(target, msgspec.structs.replace(relation, columns=(*relation.columns, (ROW_ID, "BIGINT"))))
    query = exp.select(exp.column(ROW_ID, exp.to_identifier(alias, quoted=True)), *projections).from_(target)
    for source in sources:
        source = source.copy()
        joins = source.args.pop("joins", None) or []
        query = query.join(source, join_type="cross", copy=False)
        for join in joins:
            query.append("joins", join)
    return query.where(where.copy(), copy=False) if where is not None else query


def _columns(names: Sequence[Name], relation: OwnRelation) -> list[str]:
    own = [name for name, _ in relation.columns]
    found: list[str] = []
    for name in names:
        if name.key not in own:
            raise UnknownNameError(
                f"no column {name.text} in {relation.name}", span=name.span, hints=nearest(name.key, own)
            )
        if name.key in found:
            raise ProgrammingError(f"the column {name.text} is named twice", span=name.span)
        found.append(name.key)
    return found


def _value(item: Assignment, type_name: str) -> exp.Expr | None:
    """What a column is set to, in its type; None for DEFAULT."""
    return None if _is_default(item.value) else _cast(item.value.copy(), type_name)


def _cast_values(values: exp.Values, columns: Sequence[str], relation: OwnRelation) -> None:
    """Give each value the type of its column, as an unknown literal has in Postgres."""
    types = dict(relation.columns)
    for row in values.expressions:
        items = row.expressions if isinstance(row, exp.Tuple) else [row]
        for item in items:
            if _is_default(item):
                raise NotSupportedError(
                    "DEFAULT among values is not built", span=span_of(item), hints=("leave the column out",)
                )
        if isinstance(row, exp.Tuple) and len(items) == len(columns):
            row.set(
                "expressions", [_cast(item, types[name]) for item, name in zip(items, columns, strict=True)]
            )


def _cast(value: exp.Expr, type_name: str) -> exp.Expr:
    try:
        return exp.Cast(this=value, to=exp.DataType.build(type_name, dialect="duckdb"))
    except sqlglot.ParseError:
        return value  # a type that only the engine spells: it casts by itself


def _is_default(node: exp.Expr) -> bool:
    if isinstance(node, exp.Column) and isinstance(node.this, exp.Identifier):
        return not node.table and not node.this.args.get("quoted") and node.name.upper() == "DEFAULT"
    return isinstance(node, exp.Var) and node.name.upper() == "DEFAULT"


def _returning(
    expressions: Sequence[exp.Expr], relation: OwnRelation, alias: str
) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    names = [name for name, _ in relation.columns]
    for item in expressions:
        if item.is_star:
            found += [(_quoted(name), name) for name in names]
            continue
        if item.find(exp.Query) is not None:
            raise NotSupportedError("a query inside of RETURNING is not built", span=span_of(item))
        item = item.copy()
        for column in item.find_all(exp.Column):
            if folded(column.this) not in names or folded(column.args.get("table")) not in {"", alias}:
                raise UnknownNameError(
                    f"no column {column.sql()} in {relation.name}",
                    span=span_of(column),
                    hints=nearest(folded(column.this), names),
                )
            column.set("table", None)
            column.set("this", exp.to_identifier(folded(column.this), quoted=True))
        name = folded(item.args["alias"]) if isinstance(item, exp.Alias) else output_name(item)
        found.append((generate(item.unalias()), name))
    return tuple(found)


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
