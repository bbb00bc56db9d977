"""The parts of a statement that no row comes out of, whatever the rows are.

Law: what is called dead cannot change the answer, so nothing is asked for it. A SELECT is *void* where no row passes
its FROM and WHERE, and *empty* where it answers none.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlglot import exp

from sqloud.planner.cover import NEVER
from sqloud.planner.joins import is_nearest
from sqloud.planner.literals import literal_value
from sqloud.planner.names import Names, Reference
from sqloud.planner.outer import is_padded, side_of
from sqloud.planner.relations import Relations
from sqloud.planner.satisfying import Kind, Reading, Told, impossible

__all__ = ["Voids"]

_KINDS: Mapping[str, Kind] = {
    "BIGINT": "integer",
    "HUGEINT": "integer",
    "DOUBLE": "number",
    "VARCHAR": "text",
}
_OF_NOTHING = (exp.Max, exp.Min, exp.Sum, exp.Avg)
_REGROUPED = ("grouping_sets", "rollup", "cube", "totals")


class Voids:
    """Which SELECTs of one statement are void, empty or dead."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._levels = {id(one.scope.expression): one for one in names.levels.values()}
        self._void: set[int] = set()
        self._empty: set[int] = set()
        self._unmatched: set[int] = set()
        for relations in names.levels.values():  # the inner ones come first
            self._judge(relations)

    def is_unmatched(self, join: exp.Join) -> bool:
        """Whether no pair of rows satisfies the ON of a join."""
        return id(join) in self._unmatched

    def is_dead(self, node: exp.Expr) -> bool:
        """Whether what a node of the statement reads cannot matter: it stands in a part that no row comes out of."""
        below, here = node, node.parent
        while here is not None:
            if isinstance(here, exp.With):
                return False  # it matters where it is read
            if id(here) in self._empty:
                return True
            if id(here) in self._void and below.arg_key in {"from_", "joins", "where", "laterals"}:
                return True
            below, here = here, here.parent
        return False

    def _judge(self, relations: Relations) -> None:
        query = relations.scope.expression
        if isinstance(query, exp.SetOperation):
            left, right = (self._is_empty(side) for side in (query.this, query.expression))
            answer = left if isinstance(query, exp.Except) else left or right
            if (left and right) or (answer and not isinstance(query, exp.Union)) or _limited_to_none(query):
                self._empty.add(id(query))
            return
        if not isinstance(query, exp.Select):
            return
        if self._passes_none(query, relations):
            self._void.add(id(query))
            if not _answers_of_nothing(query):
                self._empty.add(id(query))
        if _limited_to_none(query):
            self._empty.add(id(query))

    def _passes_none(self, select: exp.Select, relations: Relations) -> bool:
        conditions: list[exp.Expr] = []
        none = False
        where = select.args.get("where")
        if where is not None:
            conditions.append(where.this)
            _mark(where.this, self._reading(relations, None))
        for number, join in enumerate(select.args.get("joins") or [], 1):
            on, kind = join.args.get("on"), str(join.args.get("kind") or "").upper()
            last = not _later_pads(select, number)
            if on is not None and not is_nearest(join):
                reading = self._reading(relations, number)
                _mark(on, reading)
                if impossible([on], reading):
                    self._unmatched.add(id(join))
                if not side_of(join) and kind != "ANTI" and last:
                    conditions.append(on)
            if kind != "ANTI" and side_of(join) not in {"LEFT", "FULL"}:
                none = none or (last and self._is_empty(join.this))
        first = select.args.get("from_")
        none = none or (first is not None and not _later_pads(select, 0) and self._is_empty(first.this))
        return none or impossible(conditions, self._reading(relations, None))

    def _is_empty(self, node: exp.Expr) -> bool:
        while isinstance(node, exp.Subquery):
            node = node.this
        if isinstance(node, exp.Table):
            origins = [
                origin.expression
                for one in self._names.levels.values()
                for alias, origin in one.origins.items()
                if one.nodes[alias] is node
            ]
            return bool(origins) and id(origins[0]) in self._empty
        return id(node) in self._empty

    def _reading(self, relations: Relations, before: int | None) -> Reading:
        return Reading(column=lambda column: self._told(column, relations, before), value=self._value)

    def _told(self, column: exp.Column, relations: Relations, before: int | None) -> Told | None:
        reference = self._names.references.get(id(column))
        if reference is None or reference.alias is None:
            return None
        level = list(self._names.levels).index(id(reference.level))
        kind, present = self._origin(reference, before if reference.level is relations.scope else None)
        return Told(name=f"{level}.{reference.alias}.{reference.name}", present=present, kind=kind)

    def _origin(self, reference: Reference, before: int | None) -> tuple[Kind, bool]:
        """The kind of what a reference is unchanged, and whether it is never NULL."""
        relations = self._names.levels[id(reference.level)]
        select, alias = relations.scope.expression, str(reference.alias)
        firm = isinstance(select, exp.Select) and not is_padded(select, relations.nodes[alias], before=before)
        use = relations.tables.get(alias)
        if use is not None:
            if reference.name in use.columns:
                kind = _KINDS.get(use.columns[reference.name].type.sql, "other")
                return kind, firm and reference.name in use.resource.key
            hidden = use.virtual.get(reference.name)
            if hidden is None or hidden.kind != "scope":
                return "other", False
            kind = _KINDS.get(hidden.parameter.type.sql, "other")
            return kind, firm and hidden.expression is None
        kinds: set[Kind] = set()
        for item, query in self._outputs(relations, alias, reference.name):
            kind, present = self._below(item, query)
            kinds.add(kind)
            firm = firm and present
        # Branches of several kinds answer what neither is.
        return (kinds.pop(), firm) if len(kinds) == 1 else ("other", False)

    def _below(self, item: exp.Expr, query: exp.Select) -> tuple[Kind, bool]:
        """The same of what a query of its own selects."""
        group = query.args.get("group")
        regrouped = group is not None and any(group.args.get(one) for one in _REGROUPED)
        if isinstance(item, (exp.Max, exp.Min)):
            item, regrouped = item.this, True
        below = self._names.references.get(id(item))
        if not isinstance(item, exp.Column) or below is None or below.alias is None:
            return "other", False
        kind, present = self._origin(below, None)
        return kind, present and not regrouped

    def _outputs(self, relations: Relations, alias: str, name: str) -> list[tuple[exp.Expr, exp.Select]]:
        """What a derived column is, in each branch of the query that gives it; nothing where that is not known."""
        origin, names = relations.origins.get(alias), relations.others.get(alias)
        if origin is None or names is None or names.count(name) != 1:
            return []
        query = origin.expression
        around = query.find_ancestor(exp.With)
        if (around is not None and around.args.get("recursive")) or isinstance(
            query.parent, exp.SetOperation
        ):
            return []
        branches = _branches(query)
        if any(len(branch.selects) != len(names) for branch in branches):
            return []
        place = names.index(name)
        return [(branch.selects[place].unalias(), branch) for branch in branches]

    def _value(self, node: exp.Expr) -> exp.Expr | None:
        """The literal that a subquery surely is, whatever the rows are."""
        if isinstance(node, exp.Exists):
            return exp.false() if self._is_empty(node.this) else None
        if isinstance(node, exp.In):
            return exp.false() if self._is_empty(node.args["query"]) else None
        if not isinstance(node, exp.Subquery):
            return None
        query = node.unnest()
        if id(query) in self._empty:
            return exp.null()
        if not isinstance(query, exp.Select) or id(query) not in self._void:
            return None
        if query.args.get("group") or query.args.get("having") or query.args.get("qualify"):
            return None
        if query.args.get("limit") or query.args.get("offset") or len(query.selects) != 1:
            return None
        item = query.selects[0].unalias()
        if isinstance(item, exp.Count):
            return exp.Literal.number(0)
        return exp.null() if isinstance(item, _OF_NOTHING) else None


def _branches(query: exp.Expr) -> list[exp.Select]:
    """The SELECTs whose rows a query is made of, column by column; none where something else gives some of them."""
    while isinstance(query, exp.Subquery):
        query = query.this
    if isinstance(query, exp.Select):
        return [query]
    if not isinstance(query, exp.SetOperation) or query.args.get("by_name"):
        return []
    left, right = _branches(query.this), _branches(query.expression)
    return [*left, *right] if left and right else []


def _mark(node: exp.Expr, reading: Reading, negated: bool = False) -> None:
    """Mark, for `cover`, the parts of a condition that no row satisfies."""
    if impossible([node], reading, negated=negated):
        node.meta[NEVER] = negated
    if isinstance(node, (exp.Paren, exp.Not)):
        _mark(node.this, reading, negated is not isinstance(node, exp.Not))
    elif isinstance(node, (exp.And, exp.Or)):
        _mark(node.this, reading, negated)
        _mark(node.expression, reading, negated)


def _answers_of_nothing(select: exp.Select) -> bool:
    """Whether a SELECT may answer a row where its FROM and WHERE give none, as an aggregate without keys does."""
    group = select.args.get("group")
    if group is not None:
        keys = [key for key in group.expressions if not isinstance(key, exp.Tuple) or key.expressions]
        return not keys or any(group.args.get(kind) for kind in (*_REGROUPED, "all"))
    if select.args.get("having"):
        return True
    items = [
        *select.selects,
        *(part for part in (select.args.get("order"), select.args.get("qualify")) if part),
    ]
    # A function that is not known may be an aggregate.
    kinds = (exp.AggFunc, exp.Anonymous)
    calls = [call for item in items for call in item.find_all(*kinds)]
    return any(
        call.find_ancestor(exp.Select) is select and not isinstance(call.parent, exp.Window) for call in calls
    )


def _limited_to_none(query: exp.Expr) -> bool:
    limit = query.args.get("limit")
    return isinstance(limit, exp.Limit) and literal_value(limit.expression) == 0


def _later_pads(select: exp.Select, number: int) -> bool:
    """Whether a later join keeps rows of its own beside those of the joins up to a number."""
    joins = select.args.get("joins") or []
    return any(side_of(join) in {"RIGHT", "FULL"} for join in joins[number:])
