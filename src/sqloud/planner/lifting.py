"""What a view's body leaves unbound, as hidden columns of the view.

Law: a hidden column is the unbound column itself, unchanged, on the way that a predicate from outside takes back:
through the FROM of derived tables and CTEs, out of every branch of a set operation, and through nothing that would not
let it pass.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import MissingParameterError
from sqloud.planner.names import Names
from sqloud.planner.reach import passes
from sqloud.planner.relations import Relations, using_names
from sqloud.planner.sources import TableUse
from sqloud.registry.records import Parameter

__all__ = ["lift"]


def lift(names: Names, waiting: Sequence[tuple[TableUse, Sequence[Parameter]]]) -> tuple[str, ...]:
    """Add a hidden column to the outermost query for each unbound parameter, and give their names.

    One that the query already shows unchanged needs none. Where two tables have it, or another column has its name,
    it is called `alias.parameter`. Raises MissingParameterError where it cannot come out.
    """
    wanted: list[tuple[TableUse, Parameter]] = []
    for use, parameters in waiting:
        joined = using_names(names.level_of(use).scope.expression)
        for parameter in parameters:
            twin = any(
                parameter.sql_name == other.sql_name and names.level_of(use) is names.level_of(one)
                for one, other in wanted
            )
            if not (twin and parameter.sql_name in joined):
                wanted.append((use, parameter))
    found: list[str] = []
    ways = [
        _Way(use, parameter, names.level_of(use), use.alias, parameter.sql_name) for use, parameter in wanted
    ]
    while ways:
        branches: dict[int, list[_Branch]] = {}
        for way in ways:
            shared = sum(_is_beside(names, way, other) for other in ways) > 1
            end = _lifted(names, way, shared)
            if isinstance(end, _Branch):
                branches.setdefault(id(end.whole), []).append(end)
            elif end is not None:
                found.append(end)
        ways = []
        for beside in branches.values():
            for first in _joined(beside):
                name = first.whole.named_selects[first.position]
                if first.whole is names.tree:
                    found += [name] if "hidden" in first.whole.selects[first.position].meta else []
                    continue
                relations, alias = _around(names, first.whole, first.way.use, first.way.parameter)
                ways.append(_Way(first.way.use, first.way.parameter, relations, alias, name))
    return tuple(found)


class _Way(NamedTuple):
    """How far an unbound parameter has come: a column of a relation in a FROM."""

    use: TableUse
    parameter: Parameter
    relations: Relations
    alias: str
    column: str


class _Branch(NamedTuple):
    """An unbound parameter that a branch of a set operation gives out."""

    way: _Way
    whole: exp.SetOperation
    select: exp.Select
    position: int


def _is_beside(names: Names, one: _Way, other: _Way) -> bool:
    """Whether two would come out under one name: not where they do so from two branches of a set operation."""
    if one.parameter.sql_name != other.parameter.sql_name:
        return False
    here, there = one.relations.scope.expression, other.relations.scope.expression
    return here is there or _whole(here) is None or _whole(here) is not _whole(there)


def _whole(query: exp.Expr) -> exp.SetOperation | None:
    """The outermost set operation that a query is a branch of."""
    found = None
    above = query.parent
    while isinstance(above, exp.SetOperation) or (
        isinstance(above, exp.Subquery) and isinstance(above.parent, exp.SetOperation)
    ):
        found = above if isinstance(above, exp.SetOperation) else found
        above = above.parent
    return found


def _leaves(query: exp.Expr) -> Iterator[exp.Expr]:
    query = query.unnest()
    if isinstance(query, exp.SetOperation):
        yield from _leaves(query.this)
        yield from _leaves(query.expression)
    else:
        yield query


def _joined(branches: Sequence[_Branch]) -> Iterator[_Branch]:
    """What each branch of a set operation gives out in the same place, once; else MissingParameterError."""
    whole = branches[0].whole
    first = branches[0].way
    operations = [
        part
        for part in whole.walk()
        if isinstance(part, exp.SetOperation) and (part is whole or _whole(part) is whole)
    ]
    if any(one.args.get(clause) for one in operations for clause in ("limit", "offset", "by_name")):
        raise _refusal(
            first.use, first.parameter, "a set operation with a LIMIT, or BY NAME, does not keep it apart"
        )
    leaves = list(_leaves(whole))
    places: dict[int, list[_Branch]] = {}
    for branch in branches:
        places.setdefault(branch.position, []).append(branch)
    for beside in places.values():
        way = beside[0].way
        alike = {one.way.parameter.sql_name for one in beside}
        if len(alike) > 1 or {id(one.select) for one in beside} != {id(leaf) for leaf in leaves}:
            raise _refusal(
                way.use,
                way.parameter,
                f"a UNION hides it; leave {way.parameter.sql_name} unbound in every branch",
            )
        yield next(one for one in beside if one.select is leaves[0])


def _lifted(names: Names, way: _Way, shared: bool) -> str | _Branch | None:
    use, parameter, relations, alias, column = way
    while True:
        select = relations.scope.expression
        if not isinstance(select, exp.Select):
            raise _refusal(use, parameter, "it stands in no SELECT of the view's")
        position = _shown(names, relations, alias, column)
        added = None
        if position is None:
            added = _unused(select, parameter.sql_name, f"{use.alias}.{parameter.sql_name}", shared)
            value = exp.column(exp.to_identifier(column, quoted=True), exp.to_identifier(alias, quoted=True))
            hidden = exp.Alias(this=value, alias=exp.to_identifier(added, quoted=True))
            hidden.meta["hidden"] = True
            select.append("expressions", hidden)
            position = len(select.expressions) - 1
            if not passes(select, position, value):
                raise _refusal(
                    use, parameter, "an aggregate, a LIMIT or a window of the view's does not keep it apart"
                )
        column = select.selects[position].alias_or_name
        if select is names.tree:
            return added
        whole = _whole(select)
        if whole is not None:
            return _Branch(way, whole, select, position)
        relations, alias = _around(names, select, use, parameter)


def _around(names: Names, query: exp.Query, use: TableUse, parameter: Parameter) -> tuple[Relations, str]:
    """The FROM in which a query stands, and the name that it has there."""
    places = [
        (around, alias)
        for around in names.levels.values()
        for alias, origin in around.origins.items()
        if origin.expression is query
    ]
    if len(places) != 1:
        raise _refusal(use, parameter, "it stands in a subquery, where nothing outside of the view reaches")
    around, alias = places[0]
    holder = query.parent
    if isinstance(holder, (exp.Subquery, exp.CTE)) and holder.args["alias"].columns:
        table_alias = holder.args["alias"]
        hidden = [item.alias for item in query.selects if "hidden" in item.meta]
        given = table_alias.columns
        if len(given) == len(query.selects) - len(hidden):
            table_alias.set("columns", [*given, *(exp.to_identifier(name, quoted=True) for name in hidden)])
    return around, alias


def _shown(names: Names, relations: Relations, alias: str, column: str) -> int | None:
    """The place in which a SELECT already gives a column out unchanged."""
    select = relations.scope.expression
    assert isinstance(select, exp.Select)
    for position, item in enumerate(select.selects):
        reference = names.references.get(id(item.unalias()))
        value = item.unalias()
        if reference is None or (reference.alias, reference.name) != (alias, column):
            continue
        if isinstance(value, exp.Column) and passes(select, position, value):
            return position
    return None


def _unused(select: exp.Select, name: str, qualified: str, shared: bool) -> str:
    taken = {item.alias_or_name.lower() for item in select.selects}
    return qualified if shared or name in taken else name


def _refusal(use: TableUse, parameter: Parameter, why: str) -> MissingParameterError:
    name = parameter.sql_name
    return MissingParameterError(
        f"{use.resource.name} needs {name}, which nothing in the view binds, and no query over the view could: {why}",
        span=span_of(use.node),
        hints=(
            f"bind it inside: WHERE {name} = ...",
            f"or keep it apart: SELECT {name}, ... GROUP BY {name}",
        ),
    )
