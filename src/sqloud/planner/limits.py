"""Where LIMIT may stop the network.

Law: a scan stops early only where the rows that it leaves unread cannot change the answer.
"""

from __future__ import annotations

from sqlglot import exp

from sqloud.dialect.functions import ONE_ROW
from sqloud.planner.literals import VOLATILE, literal_value
from sqloud.planner.names import Names
from sqloud.planner.residual import generate

__all__ = ["passed_count", "row_limit"]

_CLAUSES = (
    "group",
    "having",
    "order",
    "distinct",
    "windows",
    "qualify",
    "joins",
    "laterals",
    "sample",
    "with_",
    "with",
)


_MORE_THAN_A_ROW = (
    *(exp.AggFunc, exp.Window),
    *(exp.UDTF, exp.Explode, exp.Inline, exp.ExplodingGenerateSeries),
)


def row_limit(tree: exp.Expr, names: Names) -> int | None:
    """Rows after which the only scan of a statement may stop, or None.

    Only `SELECT ... FROM table [WHERE ...] LIMIT n [OFFSET m]` has one: without an order, a grouping or a
    function that sees or makes more than its row, each row that passes the filter is a row of the answer.
    """
    if not isinstance(tree, exp.Select) or len(names.uses) != 1 or len(names.levels) != 1:
        return None
    if any(tree.args.get(clause) for clause in _CLAUSES) or names.uses[0].node.args.get("sample"):
        return None
    if any(map(_sees_more_than_a_row, tree.expressions)) or tree.find(*VOLATILE):
        return None
    limit, offset = tree.args.get("limit"), tree.args.get("offset")
    if not isinstance(limit, exp.Limit):
        return None
    count = literal_value(limit.expression)
    skipped = literal_value(offset.expression) if offset is not None else 0
    if not isinstance(count, int) or not isinstance(skipped, int) or min(count, skipped) < 0:
        return None
    return count + skipped


def _sees_more_than_a_row(projection: exp.Expr) -> bool:
    calls = (call.name.lower() for call in projection.find_all(exp.Anonymous))
    return projection.find(*_MORE_THAN_A_ROW) is not None or any(name not in ONE_ROW for name in calls)


def passed_count(tree: exp.Expr) -> str:
    """SQL that counts the rows which pass the filter of such a statement, over what is loaded."""
    counted = tree.copy()
    counted.set("limit", None)
    counted.set("offset", None)
    counted.set("expressions", [exp.Count(this=exp.Star())])
    return generate(counted)
