"""Outer joins that a statement uses as inner ones.

Law: a join is reduced only where every row that it pads is dropped again, whatever the rows are: by the WHERE, or by
the ON of a later join that keeps no such row. The statement stays as it was written; what a join is worth is marked
on it, for the rules of cover alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlglot import exp

__all__ = ["is_padded", "mark_reduced", "place_of", "side_of"]

_MARK = "reduced"
_STRICT = (exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Cast)
"""What is NULL where an operand is."""
_COMPARING = (
    *(exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE),
    *(exp.Like, exp.ILike, exp.RegexpLike, exp.Between),
)
_SIDES = {(True, True): "", (True, False): "RIGHT", (False, True): "LEFT", (False, False): "FULL"}

Truth = frozenset[bool | None]
_ANY: Truth = frozenset({True, False, None})
_NULL: Truth = frozenset({None})


def side_of(join: exp.Join) -> str:
    """The side of a join in capitals, after reduction; empty where it pads nothing."""
    side = join.meta.get(_MARK, join.args.get("side"))
    return str(side or "").upper()


def mark_reduced(select: exp.Select, aliases: Sequence[str], owners: Mapping[int, str]) -> None:
    """Mark the outer joins of a SELECT that keep no padded row.

    `aliases` are its relations in the order of the FROM, `owners` the relation of each column by the id of its node.
    """
    joins = select.args.get("joins") or []
    if len(aliases) != len(joins) + 1:
        return
    while any(_reduce(select, number, aliases, owners) for number in range(1, len(joins) + 1)):
        pass  # one that is reduced may show that another is


def is_padded(select: exp.Select, node: exp.Expr, *, before: int | None = None) -> bool:
    """Whether an outer join may put NULLs in the place of the relation in which `node` stands.

    `before` looks at the joins before the one with that number alone.
    """
    place = place_of(select, node)
    joins = select.args.get("joins") or []
    for number, join in enumerate(joins[: before - 1] if before else joins, 1):
        side = side_of(join)
        if place is None or (side == "LEFT" and place == number):
            return True
        if (side == "RIGHT" and place < number) or (side == "FULL" and place <= number):
            return True
    return place is None


def place_of(select: exp.Select, node: exp.Expr) -> int | None:
    """The number of the FROM's relation in which a node stands: 0, then one for each join."""
    clauses = [select.args.get("from_"), *(select.args.get("joins") or [])]
    here: exp.Expr | None = node
    while here is not None:
        for number, clause in enumerate(clauses):
            if clause is here:
                return number
        here = here.parent
    return None


def _reduce(select: exp.Select, number: int, aliases: Sequence[str], owners: Mapping[int, str]) -> bool:
    """Mark one join; whether it says less than before."""
    joins, where = select.args["joins"], select.args.get("where")
    join = joins[number - 1]
    side = side_of(join)
    if side not in {"LEFT", "RIGHT", "FULL"} or join.args.get("method"):
        return False
    keeping = [where.this] if where is not None else []
    keeping += [
        later.args["on"]
        for later in joins[number:]
        if side_of(later) in {"", "RIGHT"} and later.args.get("on") is not None and _is_plain(later)
    ]
    no_right = side == "RIGHT" or _rejects(keeping, {aliases[number]}, owners)
    no_left = side == "LEFT" or _rejects(keeping, set(aliases[:number]), owners)
    # No row whose right side is absent: what is left pads the left side alone, as a RIGHT join does.
    join.meta[_MARK] = _SIDES[no_right, no_left]
    return side_of(join) != side


def _is_plain(join: exp.Join) -> bool:
    return not join.args.get("method") and str(join.args.get("kind") or "").upper() != "ANTI"


def _rejects(conditions: Iterable[exp.Expr], absent: set[str], owners: Mapping[int, str]) -> bool:
    """Whether one of the conditions cannot be true where all columns of some relations are NULL."""
    return any(True not in _truth(condition, absent, owners) for condition in conditions)


def _truth(node: exp.Expr, absent: set[str], owners: Mapping[int, str]) -> Truth:
    """What a condition may be where all columns of some relations are NULL."""
    if isinstance(node, exp.Paren):
        return _truth(node.this, absent, owners)
    if isinstance(node, exp.Not):
        return frozenset(None if one is None else not one for one in _truth(node.this, absent, owners))
    if isinstance(node, (exp.And, exp.Or)):
        stops = isinstance(node, exp.Or)
        left, right = (_truth(side, absent, owners) for side in (node.this, node.expression))
        return frozenset(_joined(one, other, stops) for one in left for other in right)
    if isinstance(node, exp.Boolean):
        return frozenset({bool(node.this)})
    if isinstance(node, exp.Null):
        return _NULL
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        if not _is_null(node.this, absent, owners):
            return frozenset({True, False})
        return frozenset({not node.args.get("negate")})
    if isinstance(node, _COMPARING):
        sides = [node.this, node.args.get("expression")]
        if any(isinstance(side, (exp.Any, exp.All)) for side in sides):
            return _ANY  # over no rows these are false and true
        # Of BETWEEN only what stands between: `5 BETWEEN 9 AND NULL` is false, which NOT makes true.
        return _NULL if any(side is not None and _is_null(side, absent, owners) for side in sides) else _ANY
    if isinstance(node, exp.In) and _is_null(node.this, absent, owners):
        return _NULL if node.expressions and not node.args.get("query") else frozenset({None, False})
    if isinstance(node, exp.Column):
        return _NULL if _is_null(node, absent, owners) else _ANY
    return _ANY


def _joined(one: bool | None, other: bool | None, stops: bool) -> bool | None:
    if one is stops or other is stops:
        return stops
    return None if one is None or other is None else not stops


def _is_null(node: exp.Expr, absent: set[str], owners: Mapping[int, str]) -> bool:
    if isinstance(node, exp.Column):
        return owners.get(id(node)) in absent
    if isinstance(node, exp.Null):
        return True
    if isinstance(node, _STRICT):
        sides = (node.this, node.args.get("expression"))
        return any(isinstance(side, exp.Expr) and _is_null(side, absent, owners) for side in sides)
    return False
