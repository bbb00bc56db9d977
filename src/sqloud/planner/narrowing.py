"""Which providers and services a statement's local relations have to be read for.

Law: what is left out is refused by the statement's own WHERE, which is applied again.
"""

from __future__ import annotations

import msgspec
from sqlglot import exp

from sqloud.plan.steps import LocalRows
from sqloud.planner.cover import conjuncts
from sqloud.planner.local import LocalUse
from sqloud.planner.names import Names
from sqloud.planner.sources import folded

__all__ = ["narrowed"]

_PROVIDER_COLUMNS = frozenset({"provider", "table_catalog", "catalog_name", "constraint_catalog"})
_SERVICE_COLUMNS = frozenset({"service", "table_schema", "schema_name", "constraint_schema"})


def narrowed(use: LocalUse, names: Names) -> LocalRows:
    """The rows of a relation that a statement can see: of the providers and services that its WHERE names."""
    rows = use.rows
    level = next(one for one in names.levels.values() if any(node is use.node for node in one.nodes.values()))
    where = level.scope.expression.args.get("where")
    for condition in conjuncts(where.this) if where is not None else ():
        column, values = _compared(condition)
        if column is None or values is None:
            continue
        table = folded(column.args.get("table"))
        name = folded(column.this)
        if name not in use.names or table not in {"", use.alias}:
            continue
        if not table and len(level.nodes) > 1:
            continue
        if name in _PROVIDER_COLUMNS:
            rows = msgspec.structs.replace(rows, providers=values)
        elif name in _SERVICE_COLUMNS:
            rows = msgspec.structs.replace(rows, services=values)
    return rows


def _compared(condition: exp.Expr) -> tuple[exp.Column | None, tuple[str, ...] | None]:
    """The column and the texts of `column = 'text'` and `column IN ('text', ...)`."""
    condition = condition.unnest()
    if isinstance(condition, exp.EQ):
        sides = (condition.this, condition.expression)
        column = next((side for side in sides if isinstance(side, exp.Column)), None)
        values = [side for side in sides if side is not column]
    elif isinstance(condition, exp.In) and not condition.args.get("query"):
        column = condition.this if isinstance(condition.this, exp.Column) else None
        values = condition.expressions
    else:
        return None, None
    texts = tuple(value.name for value in values if isinstance(value, exp.Literal) and value.is_string)
    return column, texts if texts and len(texts) == len(values) else None
