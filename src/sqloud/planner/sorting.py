"""ORDER BY ... LIMIT through an order that the API itself gives.

Law: the engine sorts again, and the order of the API is believed only as far as it is seen. Reading stops when so many
rows have passed the WHERE that surely come before whatever is unread: those strictly before the last row read. Rows
that come out of order, or without a value, make the scan read to the end.
"""

from __future__ import annotations

import msgspec
from sqlglot import exp

from sqloud.plan.steps import Limit
from sqloud.planner.limits import is_plain, window_of
from sqloud.planner.methods import Choice
from sqloud.planner.names import Names
from sqloud.planner.residual import generate
from sqloud.planner.sources import TableUse

__all__ = ["SortedStop", "sort_sent", "sorted_limit", "sorted_stop"]


class SortedStop(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """`select` wants the first `rows` rows of its one table by a column."""

    select: exp.Select
    alias: str
    column: str
    descending: bool
    rows: int


def sorted_stop(use: TableUse, names: Names) -> SortedStop | None:
    """The order in which a SELECT wants the rows of a table, and how many of them; None where it wants all."""
    relations = names.level_of(use)
    select = relations.scope.expression
    if not isinstance(select, exp.Select) or select.args.get("order") is None:
        return None
    if not is_plain(select, use.node, relations, names, {id(relations.scope)}, ordered=True):
        return None
    window = window_of(select)
    if window is None or window[0] is None:
        return None
    first = select.args["order"].expressions[0]
    column = _column(first.this, select, use, names)
    if column is None:
        return None
    return SortedStop(
        select=select,
        alias=use.alias,
        column=column,
        descending=bool(first.args.get("desc")),
        rows=window[0] + window[1],
    )


def sort_sent(stop: SortedStop, choice: Choice) -> tuple[tuple[str, str], ...] | None:
    """The parameters by which the chosen method answers in that order; None where it does not."""
    sort = choice.method.sort
    if sort is None or choice.asked_often or choice.single_page:
        return None
    if any(parameter.name in (sort.parameter, sort.direction) for parameter in choice.parameters):
        return None
    return sort.sent(stop.column, descending=stop.descending)


def sorted_limit(stop: SortedStop, table: str) -> Limit:
    """Where the scan whose rows are in `table` may stop. Asked once its table stands in the tree."""
    key, rows = _quoted(stop.column), _quoted(table)
    before, last = (">", "min") if stop.descending else ("<", "max")
    counted = stop.select.copy()
    for clause in ("limit", "offset", "order", "with_"):
        counted.set(clause, None)
    counted.set("expressions", [exp.Count(this=exp.Star())])
    where = counted.args.get("where")
    if where is not None:
        where.set("this", exp.paren(where.this, copy=False))  # it may hold an OR
    surely = f"{_quoted(stop.alias)}.{key} {before} (SELECT {last}({key}) FROM {rows})"
    passed = f"{generate(counted)} {'WHERE' if where is None else 'AND'} {surely}"
    unsorted = (
        f"SELECT 1 FROM (SELECT {key}, lag({key}) OVER (ORDER BY rowid) AS above FROM {rows}) "
        f"WHERE {key} IS NULL OR {key} {before} above"
    )
    return Limit(
        rows=stop.rows,
        passed=f"SELECT CASE WHEN EXISTS ({unsorted}) THEN 0 ELSE ({passed}) END",
        order=f"{stop.column} {'descending' if stop.descending else 'ascending'}",
    )


def _column(node: exp.Expr, select: exp.Select, use: TableUse, names: Names) -> str | None:
    """The column of the table that an item of ORDER BY is: by its name, its output's or its output's number."""
    if isinstance(node, exp.Literal) and not node.is_string and node.this.isdigit():
        number = int(node.this)
        node = select.selects[number - 1].unalias() if 0 < number <= len(select.selects) else node
    elif isinstance(node, exp.Column) and not node.args.get("table"):
        for item in select.selects:
            if isinstance(item, exp.Alias) and item.alias.lower() == node.name.lower():
                node = item.this
                break
    reference = names.references.get(id(node))
    if reference is None or reference.alias != use.alias or reference.name not in use.columns:
        return None
    return reference.name


def _quoted(name: str) -> str:
    return exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
