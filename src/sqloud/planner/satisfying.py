"""Conditions that no row can satisfy.

Law: a condition is called impossible only where it is true of no row, whatever the rows are. What is not understood
counts as possible.

A condition becomes a union of alternatives, as in `cover`; an alternative is what it says of columns: NULL or not,
and how they compare with numbers, texts and each other. That a query has a row says of that row what the query's
own conditions say; its columns are names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec
from sqlglot import exp

from sqloud.planner.differences import HOLDS, Atom, Comparison, consistent

__all__ = ["Kind", "Reading", "Told", "impossible"]

Kind = Literal["integer", "number", "text", "other"]

_MOST = 100
"""Alternatives of one condition; beyond it, it says nothing."""
_EXACT = Decimal(10**15)
"""Up to here two numbers that differ are two values of a double, too."""

_MIRRORED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.NEQ: exp.NEQ,
    exp.LT: exp.GT,
    exp.GT: exp.LT,
    exp.LTE: exp.GTE,
    exp.GTE: exp.LTE,
}
_NEGATED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.NEQ,
    exp.NEQ: exp.EQ,
    exp.LT: exp.GTE,
    exp.GTE: exp.LT,
    exp.GT: exp.LTE,
    exp.LTE: exp.GT,
}


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a column: its one name, whether it is never NULL, and what its values are."""

    name: str
    present: bool
    kind: Kind


Alternatives = list[tuple[Atom, ...]]
_OPEN: Alternatives = [()]


class Reading(msgspec.Struct, frozen=True):
    """What the parts of a condition are: columns, and queries that have one known value."""

    column: Callable[[exp.Column], Told | None]
    value: Callable[[exp.Expr], exp.Expr | None]
    """The literal that a subquery surely is; for EXISTS and IN over it, FALSE where it has no row."""
    inside: Callable[[exp.Expr], tuple[Sequence[exp.Expr], exp.Expr] | None]
    """The conditions of every row of a query, and its first column; None where that is not known.

    Of a query that is one value, those of the row that the value is of.
    """


def impossible(
    conditions: Iterable[exp.Expr], reading: Reading, *, negated: bool = False, valued: exp.Expr | None = None
) -> bool:
    """Whether no row satisfies all of the conditions (or of their negations), and has a value in `valued`."""
    alternatives = _OPEN if valued is None else _valued(valued, reading)
    for condition in conditions:
        alternatives = _both(alternatives, _alternatives(condition, reading, negated))
    return not alternatives


def _alternatives(node: exp.Expr, reading: Reading, negated: bool) -> Alternatives:
    if isinstance(node, exp.Paren):
        return _alternatives(node.this, reading, negated)
    if isinstance(node, exp.Not):
        return _alternatives(node.this, reading, not negated)
    if isinstance(node, (exp.And, exp.Or)):
        left, right = (_alternatives(side, reading, negated) for side in (node.this, node.expression))
        if isinstance(node, exp.And) is not negated:
            return _both(left, right)
        return _OPEN if len(left) + len(right) > _MOST else left + right
    if isinstance(node, exp.Boolean):
        return _OPEN if bool(node.this) is not negated else []
    if isinstance(node, exp.Null):
        return []
    if isinstance(node, exp.Exists) or (isinstance(node, exp.In) and node.args.get("query") is not None):
        known = reading.value(node)
        if known is not None:
            return _alternatives(known, reading, negated)
        return _OPEN if negated else _found(node, reading)
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
        return _nullness(node.this, reading, negated is not bool(node.args.get("negate")))
    if isinstance(node, exp.In) and not node.args.get("unnest") and not node.args.get("field"):
        found: Alternatives = [] if not negated else _OPEN
        for item in node.expressions:
            one = _compared(exp.NEQ if negated else exp.EQ, node.this, item, reading)
            found = _both(found, one) if negated else found + one
        return _OPEN if len(found) > _MOST else found
    if isinstance(node, exp.Between) and not node.args.get("symmetric") and not negated:
        low = _compared(exp.GTE, node.this, node.args["low"], reading)
        return _both(low, _compared(exp.LTE, node.this, node.args["high"], reading))
    if type(node) in _NEGATED:
        kind = _NEGATED[type(node)] if negated else type(node)
        return _compared(kind, node.this, node.expression, reading)
    if isinstance(node, (exp.Like, exp.ILike)):
        return _both(_valued(node.this, reading), _valued(node.expression, reading))
    return _OPEN


def _found(node: exp.Expr, reading: Reading) -> Alternatives:
    """What it says that a query has a row, or one that is equal to a value: what holds of that row."""
    query = node.this if isinstance(node, exp.Exists) else node.args["query"]
    inside = reading.inside(query)
    if inside is None:
        return _OPEN
    conditions, column = inside
    found = _OPEN if isinstance(node, exp.Exists) else _compared(exp.EQ, node.this, column, reading)
    return _all(conditions, reading, found)


def _all(conditions: Iterable[exp.Expr], reading: Reading, found: Alternatives) -> Alternatives:
    for condition in conditions:
        found = _both(found, _alternatives(condition, reading, negated=False))
    return found


def _both(left: Alternatives, right: Alternatives) -> Alternatives:
    if len(left) * len(right) > _MOST:
        return min(left, right, key=len)
    joined = [(*one, *other) for one in left for other in right]
    return [atoms for atoms in joined if consistent(atoms)]


def _nullness(node: exp.Expr, reading: Reading, negated: bool) -> Alternatives:
    node = reading.value(node.unnest()) or node.unnest()
    if isinstance(node, (exp.Null, exp.Literal)):
        return _OPEN if isinstance(node, exp.Null) is not negated else []
    told = reading.column(node) if isinstance(node, exp.Column) else None
    if told is None:
        return _OPEN
    if negated:
        return [(Atom(told.name, None),)]
    return [] if told.present else [(Atom(told.name, exp.Null),)]


def _valued(node: exp.Expr, reading: Reading) -> Alternatives:
    """An operand of what is NULL where an operand is."""
    node = reading.value(node.unnest()) or node.unnest()
    if isinstance(node, exp.Null):
        return []
    told = reading.column(node) if isinstance(node, exp.Column) else None
    return _OPEN if told is None else [(Atom(told.name, None),)]


def _compared(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, reading: Reading) -> Alternatives:
    left, right = (reading.value(side.unnest()) or side.unnest() for side in (left, right))
    if isinstance(left, exp.Null) or isinstance(right, exp.Null):
        return []
    if isinstance(left, (exp.Any, exp.All)) or isinstance(right, (exp.Any, exp.All)):
        return _OPEN
    for side, place in ((left, 0), (right, 1)):
        row = reading.inside(side) if isinstance(side, exp.Select) else None
        if row is not None:
            sides = (row[1], right) if place == 0 else (left, row[1])
            return _all(row[0], reading, _compared(kind, *sides, reading))
    one, other = _shifted(left, reading), _shifted(right, reading)
    if one is None and other is not None:
        one, other, left, right, kind = other, one, right, left, _MIRRORED[kind]
    if one is None:
        numbers = _number(left), _number(right)
        if numbers[0] is None or numbers[1] is None:
            return _OPEN
        return _OPEN if HOLDS[kind](numbers[0], numbers[1]) else []
    told, shift = one
    if other is not None:
        return _related(kind, told, other[0], other[1] - shift)
    if isinstance(right, exp.Literal) and right.is_string:
        exact = told.kind == "text" and kind in {exp.EQ, exp.NEQ}
        return [(Atom(told.name, kind, right.name) if exact else Atom(told.name, None),)]
    number = _number(right)
    # A text is read as the number's own type: '1.55' = 1.6 and '1.55' = 1.55.
    if number is None or told.kind not in {"integer", "number"} or (shift and told.kind != "integer"):
        return [(Atom(told.name, None),)]
    if told.kind == "integer" and kind is exp.EQ and number != number.to_integral_value():
        return [(Atom(told.name, None),)]  # a mistake, to be named as one where the column is asked
    return [(Atom(told.name, kind, number - shift, told.kind == "integer"),)]


def _related(kind: Comparison, one: Told, other: Told, shift: Decimal) -> Alternatives:
    """What a comparison of two columns says, of which the second has a number added."""
    atoms = [Atom(one.name, None), Atom(other.name, None)]
    if one.name == other.name:
        known = one.kind == "integer" or not shift
        return [tuple(atoms)] if not known or HOLDS[kind](Decimal(0), shift) else []
    if one.kind == other.kind == "text" and kind in {exp.EQ, exp.NEQ} and not shift:
        atoms.append(Atom(one.name, kind, "", other=other.name))
    if one.kind == other.kind and one.kind in {"integer", "number"} and (not shift or one.kind == "integer"):
        atoms.append(Atom(one.name, kind, shift, one.kind == "integer", other.name))
    return [tuple(atoms)]


def _shifted(node: exp.Expr, reading: Reading) -> tuple[Told, Decimal] | None:
    """A column, or a column and a number."""
    if isinstance(node, exp.Column):
        told = reading.column(node)
        return None if told is None else (told, Decimal(0))
    if isinstance(node, (exp.Add, exp.Sub)):
        inner, number = _shifted(node.this.unnest(), reading), _number(node.expression)
        if inner is not None and number is not None:
            return inner[0], inner[1] + (number if isinstance(node, exp.Add) else -number)
    return None


def _number(node: exp.Expr) -> Decimal | None:
    node = node.unnest()
    if isinstance(node, exp.Neg):
        inner = _number(node.this)
        return None if inner is None else -inner
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    value = Decimal(node.name)
    return value if abs(value) < _EXACT and len(value.as_tuple().digits) <= 15 else None
