"""What a predicate binds: the constants that cover a table's parameters.

Law: every row of the table that satisfies the predicate has, for each subject, one of the values that its cover
gives. A cover may be too wide; it is never too narrow.

A cover is a union of alternatives, each of which binds some subjects to one constant. AND joins alternatives,
OR puts them side by side, NOT is first pushed to the leaves. `({},)` binds nothing; `()` says that no row can
satisfy the predicate. A subject is the canonical text of an expression over the row, so `id = 5` and a
parameter that equals `id` meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from sqloud.planner.literals import is_constant, literal_value

__all__ = ["NOTHING", "Alternatives", "Subject", "both", "cover", "member_subject"]

Alternatives = tuple[Mapping[str, exp.Expr], ...]
Subject = Callable[[exp.Expr], str | None]
"""The canonical text of an expression over the table's row, or None if it reads anything else."""

NOTHING: Alternatives = ({},)
_MOST = 20_000
"""Alternatives of one predicate; beyond it AND keeps its smaller side and OR covers nothing."""

_NEGATED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}


_SPOKEN = frozenset(
    ("true", "t", "yes", "y", "on", "false", "f", "no", "n", "off", "inf", "infinity", "nan", "epoch")
)
"""Texts that a cast to another type reads as a value of that type, and others as the same one."""


def member_subject(column: str) -> str:
    """The subject of `v = ANY(column)`."""
    return f"any {column}"


def cover(node: exp.Expr | None, subject: Subject, *, negated: bool = False) -> Alternatives:
    """The alternatives that cover `node` (or NOT `node`) being true."""
    if node is None:
        return NOTHING
    if isinstance(node, exp.Paren):
        return cover(node.this, subject, negated=negated)
    if isinstance(node, exp.Not):
        return cover(node.this, subject, negated=not negated)
    if isinstance(node, (exp.And, exp.Or)):
        left = cover(node.this, subject, negated=negated)
        right = cover(node.expression, subject, negated=negated)
        return both(left, right) if isinstance(node, exp.And) is not negated else _either(left, right)
    if isinstance(node, exp.Boolean):
        return NOTHING if bool(node.this) is not negated else ()
    if isinstance(node, exp.Null):
        return ()
    if isinstance(node, exp.In):
        return NOTHING if negated else _membership(node, subject)
    if isinstance(node, exp.NullSafeEQ):
        # NULL is not distinct from NULL, and no value covers a NULL: so only what is surely none binds.
        valued = any(literal_value(side) is not None for side in (node.this, node.expression))
        return _equality(node.this, node.expression, subject) if valued and not negated else NOTHING
    if type(node) in _NEGATED:
        kind = _NEGATED[type(node)] if negated else type(node)
        return _equality(node.this, node.expression, subject) if kind is exp.EQ else NOTHING
    if isinstance(node, exp.ArrayContains) and not negated:
        return _member(node.expression, node.this, subject)
    return NOTHING


def both(left: Alternatives, right: Alternatives) -> Alternatives:
    """The alternatives of two predicates that hold together."""
    if len(left) * len(right) > _MOST:
        return min(left, right, key=len)
    joined: list[Mapping[str, exp.Expr]] = []
    for one in left:
        for other in right:
            if any(_differ(one[name], other[name]) for name in one.keys() & other.keys()):
                continue
            joined.append({**other, **one})
    return tuple(joined)


def _either(left: Alternatives, right: Alternatives) -> Alternatives:
    return NOTHING if len(left) + len(right) > _MOST else left + right


def _differ(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two constants are surely unequal: literals of one kind with different texts."""
    if not isinstance(one, exp.Literal) or not isinstance(other, exp.Literal):
        return False
    if one.is_string and other.is_string:
        # '5' and '05' are one integer, '2026-01-01' and '20260101' one day, 'true' and 't' one boolean.
        return one.this != other.this and _plain_text(one.this) and _plain_text(other.this)
    return not one.is_string and not other.is_string and float(one.this) != float(other.this)


def _plain_text(text: str) -> bool:
    """Whether a text can be read as nothing but itself: no number, no moment, no boolean."""
    return text[:1].isalpha() and text.lower() not in _SPOKEN


def _equality(left: exp.Expr, right: exp.Expr, subject: Subject) -> Alternatives:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, exp.Any):
            return _any(one, _inside(other), subject)
        if isinstance(one, exp.Tuple) and isinstance(other, exp.Tuple):
            pairs = zip(one.expressions, other.expressions, strict=False)
            alternatives = NOTHING
            for first, second in pairs:
                alternatives = both(alternatives, _equality(first, second, subject))
            return alternatives
        if is_constant(other) and not isinstance(one, exp.Tuple):
            if isinstance(other, exp.Null):
                return ()
            name = subject(one)
            if name is not None:
                return ({name: other},)
    return NOTHING


def _membership(node: exp.In, subject: Subject) -> Alternatives:
    if node.args.get("query") or node.args.get("unnest") or node.args.get("field"):
        return NOTHING
    alternatives: Alternatives = ()
    for item in node.expressions:
        alternatives = _either(alternatives, _equality(node.this, item, subject))
    return alternatives


def _any(one: exp.Expr, array: exp.Expr, subject: Subject) -> Alternatives:
    """`v = ANY(column)` binds the member; `column = ANY(ARRAY[...])` is an IN."""
    if isinstance(array, exp.Array):
        alternatives: Alternatives = ()
        for item in array.expressions:
            alternatives = _either(alternatives, _equality(one, item, subject))
        return alternatives
    return _member(one, array, subject)


def _member(value: exp.Expr, array: exp.Expr, subject: Subject) -> Alternatives:
    name = subject(array)
    if name is None or not is_constant(value):
        return NOTHING
    return () if isinstance(value, exp.Null) else ({member_subject(name): value},)


def _inside(node: exp.Any) -> exp.Expr:
    inner: exp.Expr = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return inner
