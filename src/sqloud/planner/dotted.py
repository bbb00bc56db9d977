"""Columns whose own name holds dots, written without quotes.

Law: a dotted name that is no table's is the column of that name. What a table's name explains stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlglot import exp

from sqloud.planner.relations import Relations
from sqloud.planner.sources import folded

__all__ = ["join_dotted"]


def join_dotted(node: exp.Column, around: Iterable[Relations]) -> None:
    """Make `a.b.c`, in place, the column "a.b.c", or "b.c" of the relation `a`, where one of `around` has it."""
    parts = [folded(part) for part in node.parts]
    if len(parts) < 2 or isinstance(node.this, exp.Star):
        return
    whole, table, rest = ".".join(parts), parts[0], ".".join(parts[1:])
    for relations in around:
        if parts[-2] in relations.nodes and relations.offers(parts[-2], parts[-1]):
            return
        if len(parts) > 2 and table in relations.tables and relations.tables[table].offers(rest):
            _rename(node, rest, node.parts[0])
            return
        if relations.owners(whole):
            _rename(node, whole, None)
            return


def _rename(node: exp.Column, name: str, table: exp.Expr | None) -> None:
    node.set("this", exp.to_identifier(name, quoted=True))
    node.set("table", table)
    node.set("db", None)
    node.set("catalog", None)
