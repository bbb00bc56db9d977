"""Predicates that the equalities of a SELECT imply: `b.p = d.id AND d.id = 5` says `b.p = 5`.

Law: what is implied holds for every row that passes the WHERE and the inner joins of the SELECT, so it may be taken
for a part of the WHERE; it is used to find keys alone, and the engine never sees it. An equality carries a predicate
from one column to another only where both are columns of API tables and of one type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from sqlglot import exp

from sqloud.planner.cover import conjuncts
from sqloud.planner.joins import is_nearest
from sqloud.planner.literals import VOLATILE
from sqloud.planner.outer import side_of
from sqloud.planner.relations import Relations

__all__ = ["IMPLIED", "implied_predicates"]

IMPLIED = "implied"
"""A mark on predicates that the user did not write: a value that does not fit binds nothing there."""
_MOST = 200
_NO_CARRYING = (exp.Query, exp.AggFunc, exp.Window, exp.Lambda, exp.Anonymous, *VOLATILE)

Place = tuple[str, str]
"""A column of a relation: its alias, and its name there."""
Reader = Callable[[exp.Column], Place | None]


def implied_predicates(
    relations: Relations, reads: Reader, usings: Sequence[exp.EQ]
) -> Iterator[tuple[exp.Expr, dict[int, Place]]]:
    """Each implied predicate with the columns that its nodes, by id, are; `reads` tells those of the statement.

    An equality of two columns is an EQ; a condition on one column stands in brackets.
    """
    select = relations.scope.expression
    if not isinstance(select, exp.Select) or not relations.tables:
        return
    joins = select.args.get("joins") or []
    if any(side_of(join) in {"RIGHT", "FULL"} or is_nearest(join) for join in joins):
        return
    parts = list(_conditions(select, joins, usings))
    classes: list[set[Place]] = []
    for part in parts:
        pair = _equal(part, relations, reads)
        if pair is not None:
            meeting = [one for one in classes if one & set(pair)]
            classes = [one for one in classes if one not in meeting] + [set(pair).union(*meeting)]
    if not classes:
        return
    said = {frozenset(pair) for part in parts if (pair := _equal(part, relations, reads)) is not None}
    made = 0
    for members in classes:
        ordered = sorted(members)
        pairs = [(one, other) for at, one in enumerate(ordered) for other in ordered[at + 1 :]]
        for one, other in pairs:
            if frozenset((one, other)) not in said and made < _MOST:
                made += 1
                yield _equality(one, other)
        for part in parts:
            place = _only_column(part, reads)
            other_side = _other_side(part, members, reads) if place is None else None
            if place not in members and other_side is None:
                continue
            for member in ordered:
                if member == place or made >= _MOST:
                    continue
                if place is not None:
                    made += 1
                    yield _carried(part, member)
                elif other_side is not None and member not in other_side:
                    made += 1
                    (foreign,) = (one for one in other_side if one not in members)
                    yield _equality(member, foreign)


def _conditions(
    select: exp.Select, joins: Sequence[exp.Join], usings: Sequence[exp.EQ]
) -> Iterator[exp.Expr]:
    """The conditions that hold together for every row of a SELECT."""
    where = select.args.get("where")
    if where is not None:
        yield from conjuncts(where.this)
    for join in joins:
        if not side_of(join) and str(join.args.get("kind") or "").upper() in {"", "INNER", "CROSS"}:
            on = join.args.get("on")
            if on is not None:
                yield from conjuncts(on)
    yield from usings


def _equal(part: exp.Expr, relations: Relations, reads: Reader) -> tuple[Place, Place] | None:
    """The two columns of API tables that a condition says are equal; None for any other."""
    places = _sides(part, reads)
    if places is None:
        return None
    kinds = {_type(place, relations) for place in places}
    return places if len(kinds) == 1 and None not in kinds and places[0] != places[1] else None


def _sides(part: exp.Expr, reads: Reader) -> tuple[Place, Place] | None:
    if not isinstance(part, exp.EQ):
        return None
    one, other = part.this.unnest(), part.expression.unnest()
    if not isinstance(one, exp.Column) or not isinstance(other, exp.Column):
        return None
    left, right = reads(one), reads(other)
    return (left, right) if left is not None and right is not None else None


def _other_side(part: exp.Expr, members: set[Place], reads: Reader) -> tuple[Place, Place] | None:
    """The sides of an equality between a member and a column that is none."""
    places = _sides(part, reads)
    return places if places is not None and len(members.intersection(places)) == 1 else None


def _type(place: Place, relations: Relations) -> str | None:
    alias, name = place
    use = relations.tables.get(alias)
    if use is None:
        return None
    if name in use.columns:
        return use.columns[name].type.sql
    virtual = use.virtual.get(name)
    return None if virtual is None or virtual.kind in {"member", "option"} else virtual.parameter.type.sql


def _only_column(part: exp.Expr, reads: Reader) -> Place | None:
    """The one column that a condition reads; None where it reads several, none, or more than its row."""
    if part.find(*_NO_CARRYING) is not None:
        return None
    found = {reads(column) for column in part.find_all(exp.Column)}
    return found.pop() if len(found) == 1 else None


def _equality(one: Place, other: Place) -> tuple[exp.Expr, dict[int, Place]]:
    nodes = [_column(one), _column(other)]
    made = exp.EQ(this=nodes[0], expression=nodes[1])
    made.meta[IMPLIED] = True
    return made, {id(node): place for node, place in zip(nodes, (one, other), strict=True)}


def _carried(part: exp.Expr, place: Place) -> tuple[exp.Expr, dict[int, Place]]:
    """A condition on one column, said of another. It stands by itself, out of the statement."""
    made = exp.Paren(this=part.copy())
    nodes = []
    for column in list(made.find_all(exp.Column)):
        nodes.append(_column(place))
        column.replace(nodes[-1])
    for node in made.walk():
        node.meta[IMPLIED] = True
    return made, {id(node): place for node in nodes}


def _column(place: Place) -> exp.Column:
    alias, name = place
    return exp.column(exp.to_identifier(name, quoted=True), exp.to_identifier(alias, quoted=True))
