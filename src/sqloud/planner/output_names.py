"""An output's name in WHERE: `SELECT id + 1 AS x ... WHERE x = 5`.

Law: a name means an output only where no relation of this FROM or of one around it has such a column; then it is
the output's expression, so that it binds and is pushed down as if that were written.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp
from sqlglot.optimizer.scope import Scope as SqlScope
from sqlglot.optimizer.scope import walk_in_scope

from sqloud.planner.literals import VOLATILE
from sqloud.planner.relations import Relations
from sqloud.planner.sources import folded

__all__ = ["spell_outputs"]


def spell_outputs(scope: SqlScope, levels: Mapping[int, Relations]) -> None:
    """Write the expressions of outputs in the place of their names in the WHERE of a SELECT, in place."""
    select = scope.expression
    if not isinstance(select, exp.Select) or select.args.get("where") is None:
        return
    where = select.args["where"]
    outputs = {
        item.alias.lower(): item.this
        for item in select.selects
        if isinstance(item, exp.Alias) and not item.this.find(exp.Query, exp.AggFunc, exp.Window, *VOLATILE)
    }
    for _ in outputs:  # an output may name another
        named = [
            node
            for node in walk_in_scope(where)
            if isinstance(node, exp.Column)
            and node.args.get("table") is None
            and folded(node.this) in outputs
            and not _is_column(folded(node.this), scope, levels)
        ]
        if not named:
            return
        for node in named:
            node.replace(exp.paren(outputs[folded(node.this)].copy(), copy=False))


def _is_column(name: str, scope: SqlScope, levels: Mapping[int, Relations]) -> bool:
    around: SqlScope | None = scope
    while around is not None:
        relations = levels[id(around)]
        if relations.opaque or relations.owners(name):
            return True
        around = around.parent
    return False
