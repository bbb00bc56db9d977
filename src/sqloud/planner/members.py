"""What a statement says of a member parameter, in terms of the list that it is a member of.

Law: a member column has no value of its own. Compared, it means `v = ANY(list)`; elsewhere it stands for the one
constant that the statement binds it to, and then only rows whose list has that constant are rows of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError
from sqloud.planner.names import BoundColumn
from sqloud.planner.sources import TableUse

__all__ = ["MemberReads", "replace_members"]

SingleValue = Callable[[TableUse, str], exp.Expr | None]
_NEGATED = (exp.NEQ, exp.NullSafeNEQ)
_COMPARED = (exp.EQ, exp.NullSafeEQ, *_NEGATED)


class MemberReads(msgspec.Struct, frozen=True, kw_only=True):
    """What a table must read for its members: list `columns`, and the `(constant, list)` pairs that its rows hold."""

    columns: tuple[str, ...] = ()
    held: tuple[tuple[str, str], ...] = ()


def replace_members(columns: Iterable[BoundColumn], single_value: SingleValue) -> dict[str, MemberReads]:
    """Rewrite every member column in place. The answer is by the id of the table's use.

    Raises NotSupportedError where a member stands alone and the statement binds it to no one constant.
    """
    reads: dict[str, MemberReads] = {}
    for column in columns:
        virtual = column.use.virtual.get(column.name)
        if virtual is None or virtual.kind != "member" or column.name in column.use.columns:
            continue
        listed = str(virtual.expression)
        before = reads.get(column.use.id, MemberReads())
        held = () if _rewritten(column, listed) else ((_fixed(column, listed, single_value), listed),)
        reads[column.use.id] = MemberReads(columns=(*before.columns, listed), held=(*before.held, *held))
    return reads


def _rewritten(column: BoundColumn, listed: str) -> bool:
    """Rewrite the comparison that a member stands in; False where it stands in none."""
    node: exp.Expr = column.node
    while isinstance(node.parent, exp.Paren):
        node = node.parent
    comparison = node.parent
    if isinstance(comparison, _COMPARED):
        values = [comparison.expression if comparison.this is node else comparison.this]
        inner = values[0].unnest()
        if isinstance(inner, exp.Any):
            array = inner.this.unnest()
            if not isinstance(array, exp.Array) or isinstance(comparison, _NEGATED):
                return False
            values = array.expressions
        elif isinstance(inner, exp.All):
            return False
    elif isinstance(comparison, exp.In) and comparison.this is node and comparison.expressions:
        values = comparison.expressions
    else:
        return False
    table = exp.to_identifier(column.use.alias, quoted=True)
    member = exp.column(exp.to_identifier(listed, quoted=True), table)
    found: exp.Expr = exp.false()
    for number, value in enumerate(values):
        one = exp.EQ(this=value.copy(), expression=exp.Any(this=exp.paren(member.copy())))
        found = one if number == 0 else exp.Or(this=found, expression=one)
    if isinstance(comparison, _NEGATED):
        found = exp.Not(this=exp.paren(found))
    comparison.replace(exp.paren(found))
    return True


def _fixed(column: BoundColumn, listed: str, single_value: SingleValue) -> str:
    value = single_value(column.use, column.name)
    if value is None:
        raise NotSupportedError(
            f"{column.name} of {column.use.resource.name} has no single value here",
            span=span_of(column.node),
            hints=(f"compare it with = or IN, or use {listed}",),
        )
    column.node.replace(value.copy())
    return value.sql(dialect="duckdb")
