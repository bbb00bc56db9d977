"""Row values: `(a, b) = (1, 2)` as the comparisons of columns that SQL defines it by.

Law: what a row comparison means is Postgres's. DuckDB compares rows as structs, in which a NULL equals a NULL, so
none is left to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import ProgrammingError

__all__ = ["spell_rows"]

_ORDERED: dict[type[exp.Expr], type[exp.Binary]] = {
    exp.LT: exp.LT,
    exp.LTE: exp.LT,
    exp.GT: exp.GT,
    exp.GTE: exp.GT,
}
"""Comparisons of order, each with the strict one that decides where two values differ."""


def spell_rows(tree: exp.Expr) -> None:
    """Rewrite, in place, every comparison of row values. Raises ProgrammingError for rows of two lengths."""
    for node in list(tree.find_all(exp.EQ, exp.NEQ, exp.In, *_ORDERED)):
        left = node.this.unnest()
        if not isinstance(left, exp.Tuple):
            continue
        if isinstance(node, exp.In):
            others = [item.unnest() for item in node.expressions]
            if others and all(isinstance(item, exp.Tuple) for item in others):
                node.replace(exp.paren(_any_of([_equal(left, item) for item in others]), copy=False))
            continue
        right = node.args["expression"].unnest()
        if isinstance(right, exp.Tuple):
            node.replace(exp.paren(_compared(node, left, right), copy=False))


def _compared(node: exp.Expr, left: exp.Tuple, right: exp.Tuple) -> exp.Expr:
    if isinstance(node, exp.EQ):
        return _equal(left, right)
    if isinstance(node, exp.NEQ):
        return exp.Not(this=exp.paren(_equal(left, right), copy=False))
    return _ordered(type(node), _pairs(left, right))


def _ordered(kind: type[exp.Expr], pairs: Sequence[tuple[exp.Expr, exp.Expr]]) -> exp.Expr:
    """The first two values that differ decide; where none do, whether equality is enough."""
    (one, other), rest = pairs[0], pairs[1:]
    if not rest:
        return kind(this=one.copy(), expression=other.copy())
    decided = _ORDERED[kind](this=one.copy(), expression=other.copy())
    equal = exp.EQ(this=one.copy(), expression=other.copy())
    return exp.Or(
        this=decided,
        expression=exp.paren(exp.And(this=equal, expression=exp.paren(_ordered(kind, rest)))),
    )


def _equal(left: exp.Tuple, right: exp.Expr) -> exp.Expr:
    joined: exp.Expr | None = None
    for one, other in _pairs(left, right):
        equal = exp.EQ(this=one.copy(), expression=other.copy())
        joined = equal if joined is None else exp.And(this=joined, expression=equal)
    assert joined is not None
    return joined


def _any_of(parts: Sequence[exp.Expr]) -> exp.Expr:
    joined: exp.Expr = exp.paren(parts[0], copy=False)
    for part in parts[1:]:
        joined = exp.Or(this=joined, expression=exp.paren(part, copy=False))
    return joined


def _pairs(left: exp.Tuple, right: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    ones, others = left.expressions, right.expressions
    if len(ones) != len(others) or not ones:
        raise ProgrammingError(
            f"a row of {len(ones)} values is compared with a row of {len(others)}", span=span_of(right)
        )
    return list(zip(ones, others, strict=True))
