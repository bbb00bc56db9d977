"""Constants that are compared with columns, to be tried before any request.

Law: a text that its column's type cannot read is refused while planning, not after the rows have come.
"""

from __future__ import annotations

import re

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.plan.steps import Check
from sqloud.planner.names import BoundColumn, Names

__all__ = ["checks_of"]

_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)


def checks_of(names: Names) -> tuple[Check, ...]:
    """A check for every text literal that is compared with a column of another type."""
    found: list[Check] = []
    for column in names.columns:
        parent = column.node.parent
        if isinstance(parent, _COMPARISONS):
            others = [parent.expression if parent.this is column.node else parent.this]
        elif isinstance(parent, exp.In) and parent.this is column.node:
            others = list(parent.expressions)
        elif isinstance(parent, exp.Between) and parent.this is column.node:
            others = [parent.args["low"], parent.args["high"]]
        else:
            continue
        found.extend(check for other in others if (check := _check(column, other)) is not None)
    return tuple(found)


def _check(column: BoundColumn, other: exp.Expr) -> Check | None:
    if not isinstance(other, exp.Literal) or not other.is_string:
        return None
    if column.name in column.use.columns:
        data_type = column.use.columns[column.name].type
    else:
        data_type = column.use.virtual[column.name].parameter.type
    if data_type.is_json or data_type.is_list or data_type.sql == "VARCHAR":
        return None
    tried = f"TRY_CAST({exp.Literal.string(other.this).sql(dialect='duckdb')} AS {data_type.sql}) IS NOT NULL"
    if data_type.type == "integer":
        if other.this.strip().isdecimal() and len(other.this) < 19:
            return None  # surely one; trying it would cost a query of the engine's
        if not _INTEGER.fullmatch(other.this):
            tried = "false"  # the engine would round '5.4'
    return Check(
        sql=f"SELECT {tried}",
        message=f"{column.name} is {data_type.spelling}, and {other.this[:60]!r} is none",
        span=span_of(other),
    )
