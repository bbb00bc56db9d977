"""A relation's name where a value stands: its whole row, as in Postgres.

Law: a row has the columns that `*` shows of the relation, in their order; a column of that name goes before. Where a
row may be missing (beside an outer join), or is asked whether it is NULL, it is refused: a record is not NULL where
its fields are.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.optimizer.scope import walk_in_scope

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError
from sqloud.planner.outer import is_padded
from sqloud.planner.relations import Relations
from sqloud.planner.sources import folded

__all__ = ["spell_whole_rows"]


def spell_whole_rows(around: Sequence[Relations]) -> None:
    """Write, in place, each whole row that a query names as a record; `around` are its relations and outer ones."""
    query = around[0].scope.expression
    selects = query.selects if isinstance(query, exp.Select) else []
    outputs = {item.alias.lower() for item in selects if isinstance(item, exp.Alias)}
    for node in list(walk_in_scope(query)):
        if not isinstance(node, exp.Column) or isinstance(node.this, exp.Star) or node.args.get("table"):
            continue
        alias = folded(node.this)
        if alias in outputs and isinstance(node.parent, (exp.Ordered, exp.Group)):
            continue
        for relations in around:
            if relations.owners(alias):
                break
            names = _columns(relations, alias)
            if names:
                _judge(node, alias, names, relations)
                record = _record(alias, names)
                shown = node.parent is query and node.arg_key == "expressions"
                node.replace(exp.alias_(record, alias, quoted=True) if shown else record)
                break


def _judge(node: exp.Column, alias: str, names: Sequence[str], relations: Relations) -> None:
    hints = (f"name a column: {alias}.{names[0]}",)
    select = relations.scope.expression
    if relations.opaque:
        raise NotSupportedError(
            f"{alias} is a relation here, and may be a column of one whose columns only the engine knows",
            span=span_of(node),
            hints=hints,
        )
    missing = isinstance(select, exp.Select) and is_padded(select, relations.nodes[alias])
    if missing or isinstance(node.parent, exp.Is):
        raise NotSupportedError(
            f"{alias} is a whole row, which is not built where the row may be missing",
            span=span_of(node),
            hints=hints,
        )


def _record(alias: str, names: Sequence[str]) -> exp.Struct:
    fields = [
        exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=_column(alias, name))
        for name in names
    ]
    return exp.Struct(expressions=fields)


def _columns(relations: Relations, alias: str) -> tuple[str, ...]:
    if alias in relations.tables:
        return tuple(relations.tables[alias].visible)
    return (relations.shown(alias) or ()) if alias in relations.origins else ()


def _column(alias: str, name: str) -> exp.Column:
    return exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(alias, quoted=True))
