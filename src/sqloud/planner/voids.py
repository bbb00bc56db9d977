"""The parts of a statement that no row comes out of, whatever the rows are.

Law: what is called dead cannot change the answer, so nothing is asked for it. A SELECT is *void* where no row passes
its FROM and WHERE, and *empty* where it answers none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlglot import exp

from sqloud.planner.cover import NEVER, conjuncts
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
        self._conditions: dict[int, list[exp.Expr]] = {}
        self._all_around: dict[int, list[exp.Expr]] = {}
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
            if id(here) in self._empty or NEVER in here.meta:
                return True
            if id(here) in self._unmatched and below.arg_key == "on":
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
                beside = (
                    self._of_the_left(select, relations, number)
                    if side_of(join) == "LEFT" or kind == "ANTI"
                    else []
                )
                if impossible([on, *beside], reading):
                    self._unmatched.add(id(join))
                if not side_of(join) and kind != "ANTI" and last:
                    conditions.append(on)
            if kind != "ANTI" and side_of(join) not in {"LEFT", "FULL"}:
                none = none or (last and self._is_empty(join.this))
        first = select.args.get("from_")
        none = none or (first is not None and not _later_pads(select, 0) and self._is_empty(first.this))
        conditions = [*conditions, *self._of_derived(select, relations)]
        self._conditions[id(select)] = conditions
        conditions = [*conditions, *self._around(select)]
        self._all_around[id(select)] = conditions
        return none or impossible(conditions, self._reading(relations, None))

    def _of_the_left(self, select: exp.Select, relations: Relations, number: int) -> list[exp.Expr]:
        """The parts of a WHERE without what a LEFT or ANTI join looks up: rows that fail them matter neither way."""
        where = select.args.get("where")
        if where is None or _later_pads(select, number):
            return []
        later = set(relations.order[number:])
        return [
            part for part in conjuncts(where.this) if self._reads(part, relations).isdisjoint({None, *later})
        ]

    def _of_derived(self, select: exp.Select, relations: Relations) -> Iterator[exp.Expr]:
        """What holds of every row of the derived tables that stand in a FROM and are not padded."""
        absent = {
            id(join.this)
            for join in select.args.get("joins") or []
            if str(join.args.get("kind")).upper() == "ANTI"
        }
        for alias, node in relations.nodes.items():
            if id(node) in absent or is_padded(select, node):
                continue
            inner = self._read_once(relations, alias)
            if isinstance(inner, exp.Select) and _one_by_one(inner):
                yield from self._conditions.get(id(inner), ())

    def _read_once(self, relations: Relations, alias: str) -> exp.Expr | None:
        """The query of a derived table, or of a CTE that nothing else reads: there its rows are one set of rows."""
        origin = relations.origins.get(alias)
        if origin is None or origin.expression.find_ancestor(exp.With) is None:
            return None if origin is None else origin.expression
        around = origin.expression.find_ancestor(exp.With)
        readers = [
            other
            for level in self._names.levels.values()
            for other in level.origins.values()
            if other is origin
        ]
        recursive = around is not None and around.args.get("recursive")
        return None if recursive or len(readers) != 1 else origin.expression

    def _around(self, select: exp.Select) -> Iterator[exp.Expr]:
        """What holds of the rows around a subquery wherever it matters: the rest of the WHERE that it stands in.

        Of that rest only what reads no table itself: else each of two subqueries could be left out for the other.
        """
        below: exp.Expr = select
        here = select.parent
        while here is not None:
            if isinstance(here, exp.Select):
                where = here.args.get("where")
                if below.arg_key == "expressions" and _answers_of_nothing(here):
                    return
                if below.arg_key in {"where", "expressions"} and where is not None:
                    for part in conjuncts(where.this):
                        if part.find(exp.Query) is None:
                            yield part
                elif below.arg_key not in {"where", "expressions"}:
                    return
            if isinstance(here, (exp.With, exp.From, exp.Join, exp.SetOperation)):
                return
            below, here = here, here.parent

    def _reads(self, node: exp.Expr, relations: Relations) -> set[str | None]:
        """The relations of a SELECT that an expression reads; None where that is not known."""
        found = (self._names.references.get(id(column)) for column in node.find_all(exp.Column))
        return {
            None if one is None else one.alias for one in found if one is None or one.level is relations.scope
        }

    def _inside(self, query: exp.Expr) -> tuple[list[exp.Expr], exp.Expr] | None:
        """The conditions of every row of a query, and the first of its columns; of a maximum, those of its row."""
        while isinstance(query, exp.Subquery):
            query = query.this
        conditions = self._conditions.get(id(query))
        if conditions is None or not isinstance(query, exp.Select):
            return None
        item = query.selects[0].unalias()
        if _one_by_one(query):
            return conditions, item
        clauses = ("group", "having", "qualify", "distinct", "limit", "offset")
        if not isinstance(item, (exp.Max, exp.Min)) or any(query.args.get(one) for one in clauses):
            return None
        return conditions, item.this

    def _is_empty(self, node: exp.Expr) -> bool:
        while isinstance(node, (exp.Subquery, exp.Lateral)):
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
        return Reading(
            column=lambda column: self._told(column, relations, before),
            value=self._value,
            inside=self._inside,
        )

    def _told(self, column: exp.Column, relations: Relations, before: int | None) -> Told | None:
        reference = self._names.references.get(id(column))
        if reference is None or reference.alias is None:
            return None
        kind, present = self._origin(reference, before if reference.level is relations.scope else None)
        reference = self._unchanged(reference)
        level = list(self._names.levels).index(id(reference.level))
        return Told(name=f"{level}.{reference.alias}.{reference.name}", present=present, kind=kind)

    def _unchanged(self, reference: Reference) -> Reference:
        """The column that one of a derived table is, row by row."""
        while reference.alias is not None:
            relations = self._names.levels[id(reference.level)]
            if self._read_once(relations, reference.alias) is None:
                break
            found = self._outputs(relations, reference.alias, reference.name)
            below = self._names.references.get(id(found[0][0])) if len(found) == 1 else None
            if below is None or below.alias is None or not _one_by_one(found[0][1]):
                break
            reference = below
        return reference

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
            # There is a row in every group, but not in what no key groups.
            item, regrouped = item.this, regrouped or group is None or not group.expressions
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
        query = node.unnest()
        if not isinstance(query, exp.Query):
            return None
        if id(query) in self._empty:
            return exp.null()
        if not isinstance(query, exp.Select):
            return None
        if query.args.get("group") or query.args.get("having") or query.args.get("qualify"):
            return None
        if query.args.get("limit") or query.args.get("offset") or len(query.selects) != 1:
            return None
        item = query.selects[0].unalias()
        if not isinstance(item, (exp.Count, *_OF_NOTHING)):
            return None
        if id(query) not in self._void and not self._of_nulls(item.this, query):
            return None
        return exp.Literal.number(0) if isinstance(item, exp.Count) else exp.null()

    def _of_nulls(self, node: exp.Expr, query: exp.Select) -> bool:
        """Whether an expression is NULL in every row that passes the conditions of a query."""
        relations, conditions = self._levels.get(id(query)), self._all_around.get(id(query))
        if relations is None or conditions is None or not isinstance(node, exp.Column):
            return False
        return impossible(conditions, self._reading(relations, None), valued=node)


def _one_by_one(select: exp.Select) -> bool:
    """Whether each row of a SELECT is one that passes its FROM and WHERE."""
    clauses = ("group", "having", "qualify", "distinct")
    return not any(select.args.get(one) for one in clauses) and not _answers_of_nothing(select)


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
