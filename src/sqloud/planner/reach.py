"""Which predicates reach a table, and what an expression of the statement says about it.

Law: a predicate reaches a table only where every row of the table that fails it cannot matter to the answer. WHERE
and an inner ON reach both sides; the ON of LEFT and RIGHT the null-supplying side only; that of FULL neither.
From outside, a predicate reaches into a derived table or a CTE through an unchanged column, never through LIMIT,
OFFSET, DISTINCT ON, QUALIFY or a recursive CTE, nor to a table of which a sample is drawn; to the right side of an
ASOF join only its own ON; through GROUP BY only on a grouping key; through a window only on
a column of every PARTITION BY; into every branch of a set operation. A CTE used twice is reached by what both uses
say, as an OR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from sqloud.planner.joins import is_nearest
from sqloud.planner.names import Names, Reference
from sqloud.planner.outer import is_padded, place_of, side_of
from sqloud.planner.relations import Relations
from sqloud.planner.sources import TableUse
from sqloud.planner.voids import Voids

__all__ = ["Implied", "Path", "Reach", "join_reaches", "passes"]

Path = frozenset[int]
"""The places of FROMs, by the ids of their nodes, through which rows come to the answer."""
Way = tuple[Path, tuple[exp.Expr, ...]]
"""Predicates that all hold for the rows that come to the answer on one path."""
Implied = Mapping[int, tuple[exp.Expr, ...]]
"""What the conditions of a SELECT imply, by the id of its scope."""


class Reach:
    """The predicates of one statement, seen from its tables."""

    def __init__(self, names: Names, voids: Voids) -> None:
        self._names = names
        self._voids = voids

    def ways(self, use: TableUse, *implied: Implied) -> list[Way]:
        """The predicates that reach a table, on each way from it to the answer, and of `implied` those beside them."""
        return self._ways(self._names.level_of(use), use.node, 0, implied)

    def trace(self, reference: Reference, path: Path) -> list[tuple[TableUse, str]]:
        """The columns of API tables that a reference is, unchanged, along a path: none, one, or one a branch.

        Of a CTE that is read at two places, what is said of the one place says nothing of the other.
        """
        if reference.alias is None:
            return []
        relations = self._names.levels[id(reference.level)]
        if id(relations.nodes[reference.alias]) not in path:
            return []
        use = relations.tables.get(reference.alias)
        if use is not None:
            return [(use, reference.name)]
        origin = relations.origins.get(reference.alias)
        names = relations.others.get(reference.alias)
        if origin is None or names is None or reference.name not in names or _is_recursive(origin.expression):
            return []
        return list(self._through(origin.expression, names.index(reference.name), path))

    def _through(self, query: exp.Expr, position: int, path: Path) -> Iterator[tuple[TableUse, str]]:
        """The columns that the output at a position is, through whatever lets a predicate pass."""
        if isinstance(query, exp.SetOperation):
            if not (query.args.get("limit") or query.args.get("offset")):
                for branch in (query.this, query.expression):
                    yield from self._through(branch.unnest(), position, path)
            return
        if not isinstance(query, exp.Select) or position >= len(query.selects):
            return
        column = query.selects[position].unalias()
        reference = self._names.references.get(id(column))
        if isinstance(column, exp.Column) and reference is not None and passes(query, position, column):
            yield from self.trace(reference, path)

    def _ways(
        self, relations: Relations, node: exp.Expr, depth: int, implied: tuple[Implied, ...]
    ) -> list[Way]:
        if self._voids.is_dead(node):
            return []
        own = tuple(self._predicates(relations.scope.expression, node))
        if not node.args.get("sample"):
            own += tuple(one for said in implied for one in said.get(id(relations.scope), ()))
        around = list(self._around(relations.scope.expression)) if depth < 20 else []
        if not around and isinstance(_topmost(relations.scope.expression).parent, exp.CTE):
            return []  # nothing reads it
        if not around:
            return [(frozenset({id(node)}), (*own, *self._membership(relations.scope.expression)))]
        return [
            (path | {id(node)}, (*own, *predicates))
            for outer, item in around
            for path, predicates in self._ways(outer, item, depth + 1, implied)
        ]

    def _predicates(self, select: exp.Expr, node: exp.Expr) -> Iterator[exp.Expr]:
        """The WHERE of a SELECT and those ONs and USINGs that reach the relation in which `node` stands."""
        if not isinstance(select, exp.Select):
            return
        if node.args.get("sample"):
            return  # what is drawn is drawn from all rows
        where = select.args.get("where")
        joins = select.args.get("joins") or []
        place = place_of(select, node)
        nearest = place if place and is_nearest(joins[place - 1]) else None
        if where is not None and nearest is None:
            yield where.this
        for number, join in enumerate(joins, 1):
            if nearest not in (None, number):
                continue
            if place is not None and join_reaches(join, number, place):
                if self._voids.is_unmatched(join):
                    yield exp.false()
                if join.args.get("on") is not None:
                    yield join.args["on"]
                yield from self._names.usings.get(id(join), ())

    def _around(self, query: exp.Expr) -> Iterator[tuple[Relations, exp.Expr]]:
        """Where a derived table or a CTE is read: the FROM that it stands in, and its node there."""
        query = _topmost(query)
        for relations in self._names.levels.values():
            for alias, origin in relations.origins.items():
                if origin.expression is query:
                    yield relations, relations.nodes[alias]

    def _membership(self, query: exp.Expr) -> Iterator[exp.Expr]:
        """`x IN (SELECT p ...)` says p = x of the rows inside, where x cannot be NULL or only TRUE counts."""
        around = query.parent.parent if isinstance(query.parent, exp.Subquery) else query.parent
        if not isinstance(around, exp.In) or not isinstance(query, exp.Select) or len(query.selects) != 1:
            return
        column = query.selects[0].unalias()
        if not isinstance(column, exp.Column) or not passes(query, 0, column):
            return
        if _only_true_counts(around) or self._is_present(around.this):
            yield exp.EQ(this=column, expression=around.this)

    def _is_present(self, node: exp.Expr) -> bool:
        """Whether an expression is surely not NULL: the key of a table that no outer join pads."""
        reference = self._names.references.get(id(node))
        if reference is None or reference.alias is None:
            return False
        relations = self._names.levels[id(reference.level)]
        use = relations.tables.get(reference.alias)
        select = relations.scope.expression
        if use is None or not isinstance(select, exp.Select):
            return False
        return reference.name in use.resource.key and not is_padded(select, use.node)


def join_reaches(join: exp.Join, number: int, place: int) -> bool:
    """Whether the condition of the join with this number reaches the relation at a place of the FROM."""
    side = side_of(join)
    kind = str(join.args.get("kind") or "").upper()
    if side == "FULL":
        return False
    if side == "LEFT" or kind == "ANTI":
        return place == number
    if side == "RIGHT":
        return place < number
    return place <= number


def _topmost(query: exp.Expr) -> exp.Expr:
    """The set operation that a query is a branch of, however deep; else the query."""
    while (above := _set_operation_of(query)) is not None:
        query = above
    return query


def _set_operation_of(query: exp.Expr) -> exp.SetOperation | None:
    """The set operation that a query is a branch of, in brackets or not."""
    above = query.parent.parent if isinstance(query.parent, exp.Subquery) else query.parent
    return above if isinstance(above, exp.SetOperation) else None


def passes(select: exp.Select, position: int, column: exp.Column) -> bool:
    """Whether a predicate on an output of a SELECT may be asked of its rows instead."""
    if any(select.args.get(clause) for clause in ("limit", "offset", "qualify", "windows")):
        return False
    distinct = select.args.get("distinct")
    if distinct is not None and distinct.args.get("on"):
        return False
    group = select.args.get("group")
    if group is not None:
        if any(group.args.get(kind) for kind in ("grouping_sets", "rollup", "cube", "totals", "all")):
            return False
        keys = {_bare(key) for key in group.expressions}
        if not {_bare(column), str(position + 1), select.selects[position].alias_or_name} & keys:
            return False
    elif any(item.find(exp.AggFunc) and not item.find(exp.Window) for item in select.selects):
        return False
    windows = [window for item in select.selects for window in item.find_all(exp.Window)]
    return all(
        # A bare name that two relations had would have been refused.
        {_bare(column), column.name.lower()} & {_bare(part) for part in window.args.get("partition_by") or []}
        for window in windows
    )


def _bare(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb", comments=False).lower().replace('"', "")


def _is_recursive(query: exp.Expr) -> bool:
    around = query.find_ancestor(exp.With)
    return around is not None and bool(around.args.get("recursive"))


def _only_true_counts(node: exp.Expr) -> bool:
    """Whether a condition stands in a WHERE under nothing but AND and OR, where FALSE and NULL are one."""
    here = node.parent
    while isinstance(here, (exp.And, exp.Or, exp.Paren)):
        here = here.parent
    return isinstance(here, exp.Where)
