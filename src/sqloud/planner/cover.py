"""What a predicate binds: the constants that cover a table's parameters.

Law: every row of the table that satisfies the predicate has, for each subject, one of the values that its cover
gives. A cover may be too wide; it is never too narrow.

A cover is a union of alternatives, each of which binds some subjects to one constant. AND joins alternatives,
OR puts them side by side, NOT is first pushed to the leaves. `({},)` binds nothing; `()` says that no row can
satisfy the predicate. A subject is the canonical text of an expression over the row, so `id = 5` and a
parameter that equals `id` meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from sqlglot import exp

from sqloud.planner.literals import is_constant, literal_value

__all__ = [
    "NEVER",
    "NOTHING",
    "Alternatives",
    "Subjects",
    "both",
    "conjuncts",
    "cover",
    "either",
    "member_subject",
]

Alternatives = tuple[Mapping[str, exp.Expr], ...]
NOTHING: Alternatives = ({},)
NEVER = "never"
"""A mark on a part of a condition that no row satisfies: False, or True for its negation."""
_MOST = 20_000
"""Alternatives of one predicate; beyond it AND keeps its smaller side and OR covers nothing."""

_NEGATED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
}


class Subjects(Protocol):
    """The subjects of one table."""

    def subject(self, node: exp.Expr) -> str | None:
        """The canonical text of an expression over the table's row, or None if it reads anything else."""

    def kind(self, subject: str) -> str | None:
        """`text` or `number` where two literals of that kind that differ are two values; None elsewhere."""

    def accepts(self, node: exp.Expr) -> bool:
        """Whether the table can be asked with the values of an expression: a constant, or more than one."""

    def answers(self, query: exp.Expr) -> bool:
        """Whether the table can be asked with the rows of a query."""

    def cheaper(self, one: exp.Expr, other: exp.Expr) -> bool:
        """Whether the values of `one` surely cost less, or are fewer, than those of `other`."""


def member_subject(column: str) -> str:
    """The subject of `v = ANY(column)`."""
    return f"any {column}"


def cover(node: exp.Expr | None, subjects: Subjects, *, negated: bool = False) -> Alternatives:
    """The alternatives that cover `node` (or NOT `node`) being true."""
    if node is None:
        return NOTHING
    if node.meta.get(NEVER) is negated:
        return ()
    if isinstance(node, exp.Paren):
        return cover(node.this, subjects, negated=negated)
    if isinstance(node, exp.Not):
        return cover(node.this, subjects, negated=not negated)
    if isinstance(node, (exp.And, exp.Or)):
        left = cover(node.this, subjects, negated=negated)
        right = cover(node.expression, subjects, negated=negated)
        return (
            both(left, right, subjects) if isinstance(node, exp.And) is not negated else either(left, right)
        )
    if isinstance(node, exp.Boolean):
        return NOTHING if bool(node.this) is not negated else ()
    if isinstance(node, exp.Null):
        return ()
    if isinstance(node, exp.In):
        return NOTHING if negated else _membership(node, subjects)
    if isinstance(node, exp.NullSafeEQ):
        # A NULL is a value here, and a constant that is no literal may be one.
        known = literal_value(node.this) is not None or literal_value(node.expression) is not None
        return _equality(node.this, node.expression, subjects) if known and not negated else NOTHING
    if type(node) in _NEGATED:
        kind = _NEGATED[type(node)] if negated else type(node)
        return _equality(node.this, node.expression, subjects) if kind is exp.EQ else NOTHING
    if isinstance(node, exp.ArrayContains) and not negated:
        return _member(node.expression, node.this, subjects)
    return NOTHING


def conjuncts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of an AND."""
    if isinstance(node, exp.Paren):
        yield from conjuncts(node.this)
    elif isinstance(node, exp.And):
        yield from conjuncts(node.this)
        yield from conjuncts(node.expression)
    else:
        yield node


def both(left: Alternatives, right: Alternatives, subjects: Subjects) -> Alternatives:
    """The alternatives of two predicates that hold together."""
    if len(left) * len(right) > _MOST:
        return min(left, right, key=len)
    joined: list[Mapping[str, exp.Expr]] = []
    for one in left:
        for other in right:
            if any(
                _differ(subjects.kind(name), one[name], other[name]) for name in one.keys() & other.keys()
            ):
                continue
            chosen = {**other, **one}
            both_say = one.keys() & other.keys()
            if len(chosen) == 1 and both_say:  # one of several would no longer come in pairs with the others
                (name,) = both_say
                if subjects.cheaper(other[name], one[name]):
                    chosen[name] = other[name]
            joined.append(chosen)
    return tuple(joined)


def either(left: Alternatives, right: Alternatives) -> Alternatives:
    """The alternatives of two predicates of which one holds."""
    return NOTHING if len(left) + len(right) > _MOST else left + right


def _differ(kind: str | None, one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two constants are surely two values of a subject of that kind."""
    if kind is None or not isinstance(one, exp.Literal) or not isinstance(other, exp.Literal):
        return False
    if kind == "text":
        return one.is_string and other.is_string and one.this != other.this
    return not one.is_string and not other.is_string and float(one.this) != float(other.this)


def _equality(left: exp.Expr, right: exp.Expr, subjects: Subjects) -> Alternatives:
    for one, other in ((left, right), (right, left)):
        if isinstance(other, exp.Any):
            return _any(one, _inside(other), subjects)
        if subjects.accepts(other):
            if isinstance(other, exp.Null):
                return ()
            name = subjects.subject(one)
            if name is not None:
                return ({name: other},)
    return NOTHING


def _membership(node: exp.In, subjects: Subjects) -> Alternatives:
    query = node.args.get("query")
    if query is not None:
        return _rows_of(node.this, query, subjects)
    if node.args.get("unnest") or node.args.get("field"):
        return NOTHING
    alternatives: Alternatives = ()
    for item in node.expressions:
        alternatives = either(alternatives, _equality(node.this, item, subjects))
    return alternatives


def _any(one: exp.Expr, array: exp.Expr, subjects: Subjects) -> Alternatives:
    """`v = ANY(column)` binds the member; `column = ANY(ARRAY[...])` is an IN."""
    if isinstance(array, exp.Array):
        alternatives: Alternatives = ()
        for item in array.expressions:
            alternatives = either(alternatives, _equality(one, item, subjects))
        return alternatives
    if isinstance(array, exp.Query):
        return _rows_of(one, array, subjects)
    return _member(one, array, subjects)


def _rows_of(one: exp.Expr, query: exp.Expr, subjects: Subjects) -> Alternatives:
    """`one` is among the rows of a query."""
    name = subjects.subject(one)
    return ({name: query},) if name is not None and subjects.answers(query) else NOTHING


def _member(value: exp.Expr, array: exp.Expr, subjects: Subjects) -> Alternatives:
    name = subjects.subject(array)
    if name is None or not is_constant(value):
        return NOTHING
    return () if isinstance(value, exp.Null) else ({member_subject(name): value},)


def _inside(node: exp.Any) -> exp.Expr:
    inner: exp.Expr = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return inner
