"""What a view's body leaves unbound, as hidden columns of the view.

Law: a hidden column is the unbound column itself, unchanged, on the way that a predicate from outside takes back:
through the FROM of derived tables and CTEs, and through nothing that would not let it pass.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    for use, parameter in wanted:
        shared = sum(parameter.sql_name == other.sql_name for _, other in wanted) > 1
        name = _lifted(names, use, parameter, shared)
        if name is not None:
            found.append(name)
    return tuple(found)


def _lifted(names: Names, use: TableUse, parameter: Parameter, shared: bool) -> str | None:
    relations, alias, column = names.level_of(use), use.alias, parameter.sql_name
    while True:
        select = relations.scope.expression
        if not isinstance(select, exp.Select):
            raise _refusal(use, parameter, "it stands in no SELECT of the view's")
        shown = _shown(names, relations, alias, column)
        if shown is not None:
            column, added = shown, None
        else:
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
            column = added
        if select is names.tree:
            return added
        relations, alias = _around(names, relations, use, parameter)


def _around(names: Names, relations: Relations, use: TableUse, parameter: Parameter) -> tuple[Relations, str]:
    """The FROM in which a query stands, and the name that it has there."""
    query = relations.scope.expression
    assert isinstance(query, exp.Query)
    if isinstance(query.parent, exp.SetOperation) or (
        isinstance(query.parent, exp.Subquery) and isinstance(query.parent.parent, exp.SetOperation)
    ):
        raise _refusal(use, parameter, f"a UNION hides it; select {parameter.sql_name} in every branch")
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


def _shown(names: Names, relations: Relations, alias: str, column: str) -> str | None:
    """The name under which a SELECT already gives a column out unchanged."""
    select = relations.scope.expression
    assert isinstance(select, exp.Select)
    for position, item in enumerate(select.selects):
        reference = names.references.get(id(item.unalias()))
        value = item.unalias()
        if reference is None or (reference.alias, reference.name) != (alias, column):
            continue
        if isinstance(value, exp.Column) and passes(select, position, value):
            return str(item.alias_or_name)
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
