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

from sqloud.planner.literals import is_constant

__all__ = ["NOTHING", "Alternatives", "Cover", "Subject", "both", "either", "member_subject"]

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


def member_subject(column: str) -> str:
    """The subject of `v = ANY(column)`."""
    return f"any {column}"


class Cover:
    """Covers predicates by what `accepts` takes as the other side of an equality: constants, or more than them.

    `queries` says whether a query is taken as the other side of IN.
    """

    def __init__(
        self,
        subject: Subject,
        accepts: Callable[[exp.Expr], bool] = is_constant,
        queries: Callable[[exp.Expr], bool] = lambda _: False,
    ) -> None:
        self._subject = subject
        self._accepts = accepts
        self._queries = queries

    def of(self, node: exp.Expr | None, *, negated: bool = False) -> Alternatives:
        """The alternatives that cover `node` (or NOT `node`) being true."""
        if node is None:
            return NOTHING
        if isinstance(node, exp.Paren):
            return self.of(node.this, negated=negated)
        if isinstance(node, exp.Not):
            return self.of(node.this, negated=not negated)
        if isinstance(node, (exp.And, exp.Or)):
            left = self.of(node.this, negated=negated)
            right = self.of(node.expression, negated=negated)
            return both(left, right) if isinstance(node, exp.And) is not negated else either(left, right)
        if isinstance(node, exp.Boolean):
            return NOTHING if bool(node.this) is not negated else ()
        if isinstance(node, exp.Null):
            return ()
        if isinstance(node, exp.In):
            return NOTHING if negated else self._membership(node)
        if isinstance(node, exp.NullSafeEQ):
            return NOTHING if negated else self.equality(node.this, node.expression)
        if type(node) in _NEGATED:
            kind = _NEGATED[type(node)] if negated else type(node)
            return self.equality(node.this, node.expression) if kind is exp.EQ else NOTHING
        if isinstance(node, exp.ArrayContains) and not negated:
            return self._member(node.expression, node.this)
        return NOTHING

    def equality(self, left: exp.Expr, right: exp.Expr) -> Alternatives:
        """The alternatives that cover `left = right`."""
        for one, other in ((left, right), (right, left)):
            if isinstance(other, exp.Any):
                return self._any(one, _inside(other))
            if isinstance(one, exp.Tuple) and isinstance(other, exp.Tuple):
                alternatives = NOTHING
                for first, second in zip(one.expressions, other.expressions, strict=False):
                    alternatives = both(alternatives, self.equality(first, second))
                return alternatives
            if not isinstance(one, exp.Tuple) and self._accepts(other):
                if isinstance(other, exp.Null):
                    return ()
                name = self._subject(one)
                if name is not None:
                    return ({name: other},)
        return NOTHING

    def _membership(self, node: exp.In) -> Alternatives:
        query = node.args.get("query")
        if query is not None:
            name = self._subject(node.this)
            return ({name: query},) if name is not None and self._queries(query) else NOTHING
        if node.args.get("unnest") or node.args.get("field"):
            return NOTHING
        alternatives: Alternatives = ()
        for item in node.expressions:
            alternatives = either(alternatives, self.equality(node.this, item))
        return alternatives

    def _any(self, one: exp.Expr, array: exp.Expr) -> Alternatives:
        """`v = ANY(column)` binds the member; `column = ANY(ARRAY[...])` is an IN, and so is `= ANY(query)`."""
        if isinstance(array, exp.Array):
            alternatives: Alternatives = ()
            for item in array.expressions:
                alternatives = either(alternatives, self.equality(one, item))
            return alternatives
        if isinstance(array, (exp.Query, exp.Subquery)):
            name = self._subject(one)
            return ({name: array},) if name is not None and self._queries(array) else NOTHING
        return self._member(one, array)

    def _member(self, value: exp.Expr, array: exp.Expr) -> Alternatives:
        name = self._subject(array)
        if name is None or not is_constant(value):
            return NOTHING
        return () if isinstance(value, exp.Null) else ({member_subject(name): value},)


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


def either(left: Alternatives, right: Alternatives) -> Alternatives:
    """The alternatives of two predicates of which one holds."""
    return NOTHING if len(left) + len(right) > _MOST else left + right


def _differ(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two constants are surely unequal: literals of one kind with different texts."""
    if not isinstance(one, exp.Literal) or not isinstance(other, exp.Literal):
        return False
    if one.is_string and other.is_string:
        # '5' and '05' are one integer; texts are told apart only where both read as no number.
        return one.this != other.this and not (_numeric(one.this) and _numeric(other.this))
    return not one.is_string and not other.is_string and float(one.this) != float(other.this)


def _numeric(text: str) -> bool:
    return text.strip().lstrip("+-").replace(".", "", 1).isdigit()


def _inside(node: exp.Any) -> exp.Expr:
    inner: exp.Expr = node.this
    while isinstance(inner, exp.Paren):
        inner = inner.this
    return inner
