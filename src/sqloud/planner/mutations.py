"""Plan a write: choose its method, say what each value fills, plan the reading of its rows.

Law: the choice depends on the names that the statement gives, never on the order of the document; two methods that
fit are an error that names both, none that fits an error that names each and what it lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlglot import exp

from sqloud.dialect import Delete, Exec, Insert, Replace, ReplaceInto, Statement, Update, span_of
from sqloud.dialect.statements import Name, Path
from sqloud.errors import (
    AmbiguousNameError,
    Error,
    MissingParameterError,
    ProgrammingError,
    Span,
    UnknownNameError,
)
from sqloud.plan.mutations import Cell, Input, Mutation
from sqloud.plan.steps import Plan
from sqloud.planner.inputs import cell_of, input_of, lacks, unknown_input
from sqloud.planner.mutation_rows import Reading, plan_rows, table_of
from sqloud.planner.own import OwnRelations
from sqloud.planner.returning import everything, returning
from sqloud.planner.sources import Catalogue
from sqloud.registry.records import Method, Provider, Resource, TableName

__all__ = ["plan_write", "written_table"]

_AWAIT = "await"


def written_table(statement: Statement) -> Path | None:
    """The table that a statement writes, or the method that it calls; None where it writes nothing."""
    if isinstance(statement, (Insert, ReplaceInto, Update, Replace, Delete)):
        return statement.target
    return statement.path if isinstance(statement, Exec) else None


def plan_write(
    statement: Statement, catalogue: Catalogue, *, awaiting: bool = False, own: OwnRelations | None = None
) -> Mutation | Plan:
    """The mutation of a statement that writes to an API; the plan of a SELECT for an EXEC of a reading method.

    `own` are the user's own relations, which it may read. `awaiting` says that what it begins is followed to its end,
    as the hint AWAIT does for one statement.

    Raises UnknownNameError, AmbiguousNameError, MissingParameterError and InvalidValueError with their places.
    """
    planned = _PLANNERS[type(statement)](statement, Reading(catalogue=catalogue, own=own))
    if isinstance(planned, Plan) or not (planned.awaited or awaiting):
        return planned
    awaits = planned.method.awaits
    if awaits is None:
        return msgspec.structs.replace(planned, awaited=True)
    service, resource, name = awaits.method.split(".")
    watching = catalogue.resource(TableName(planned.provider.name, service, resource))
    watched = next(method for method in watching.methods if method.name == name)
    return msgspec.structs.replace(planned, awaited=True, watched=watched)


def _insert(statement: Insert | ReplaceInto, reading: Reading) -> Mutation:
    provider, resource = _looked_up(statement.target, reading.catalogue)
    verb = "insert" if isinstance(statement, Insert) else "replace"
    methods = _methods(resource, verb, statement.target.span)
    default = isinstance(statement.source, exp.Values) and not statement.source.expressions
    if not statement.columns and not default:
        raise ProgrammingError(
            f"{verb.upper()} INTO {resource.name} needs the names of its columns",
            span=statement.target.span,
            hints=(f"write   {verb.upper()} INTO {resource.name} (column, ...)",),
        )
    _refuse_twice(statement.columns)
    rows = [[]] if default else _written_rows(statement.source)
    if rows is not None and len(rows[0]) != len(statement.columns):
        raise ProgrammingError(
            f"{_counted(len(statement.columns), 'column')} named, and a row has {_counted(len(rows[0]), 'value')}",
            span=span_of(statement.source) or statement.target.span,
        )
    method, inputs = _fitting(resource, verb, methods, statement.columns, statement.target.span)
    common: dict[str, Any] = {
        "verb": verb,
        "resource": resource,
        "provider": provider.serving(method),
        "method": method,
        "inputs": inputs,
        "returning": returning(statement.returning, resource, method),
        "awaited": _AWAIT in statement.hints,
        "target": statement.target.span,
    }
    if rows is not None:
        cells = tuple(tuple(cell_of(node, once=True) for node in row) for row in rows)
        return Mutation(**common, **_spread(rows, cells, reading))
    plan = reading.query(statement.source)
    if len(plan.answer.names) not in (0, len(inputs)):
        raise ProgrammingError(
            f"{_counted(len(inputs), 'column')} named, and the query answers {len(plan.answer.names)}",
            span=span_of(statement.source) or statement.target.span,
        )
    return Mutation(source=plan, cells=((None,) * len(inputs),), **common)


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _written_rows(source: exp.Expr) -> list[list[exp.Expr]] | None:
    """The rows of a VALUES, or of a SELECT without FROM; None for a query."""
    if isinstance(source, exp.Values):
        rows = [list(row.expressions) if isinstance(row, exp.Tuple) else [row] for row in source.expressions]
        widths = sorted({len(row) for row in rows})
        if len(widths) > 1:
            raise ProgrammingError(
                f"the rows of VALUES have {widths[0]} to {widths[-1]} values", span=span_of(source)
            )
        return [[cell.this if isinstance(cell, exp.Paren) else cell for cell in row] for row in rows]
    if not isinstance(source, exp.Select) or set(_said(source)) - {"expressions"}:
        return None
    whole = [item.this if isinstance(item, exp.Alias) else item for item in source.expressions]
    many = (exp.Star, exp.Unnest, exp.Explode, exp.AggFunc, exp.Window, exp.Anonymous)
    return None if any(item.find(*many) is not None for item in whole) else [whole]


def _spread(
    rows: Sequence[Sequence[exp.Expr]], cells: tuple[tuple[Cell | None, ...], ...], reading: Reading
) -> dict[str, Any]:
    """The rows that are written out, and one query for those of their values that read tables."""
    queried = [
        node
        for row, made in zip(rows, cells, strict=True)
        for node, cell in zip(row, made, strict=True)
        if cell is None
    ]
    if not queried:
        return {"cells": cells}
    columns = [
        exp.Alias(this=node.copy(), alias=exp.to_identifier(f"v{number}", quoted=True))
        for number, node in enumerate(queried)
    ]
    return {"cells": cells, "source": reading.query(exp.select(*columns)), "spread": True}


def _said(node: exp.Expr) -> list[str]:
    return [name for name, value in node.args.items() if value]


def _refuse_twice(columns: Sequence[Name]) -> None:
    seen: set[str] = set()
    for name in columns:
        key = name.key.removeprefix("data__")
        if name.key in seen or (key in seen and f"data__{key}" not in {name.key, *seen}):
            raise ProgrammingError(f"{key} is given twice", span=name.span)
        seen.add(name.key)


def _fitting(
    resource: Resource, verb: str, methods: Sequence[Method], names: Sequence[Name], span: Span
) -> tuple[Method, tuple[Input, ...]]:
    """The one method that takes all of the names and lacks nothing."""
    fits: list[tuple[Method, tuple[Input, ...]]] = []
    refusals: list[tuple[Method, Error]] = []
    for method in methods:
        try:
            inputs = tuple(_input(method, name, resource) for name in names)
            _refuse_missing(method, inputs, span)
        except Error as error:
            refusals.append((method, error))
        else:
            fits.append((method, inputs))
    if len(fits) > 1:
        # The one whose required names are all that is given goes first.
        given = len(names)
        exact = [one for one in fits if len(one[0].required) == given]
        fits = exact if len(exact) == 1 else fits
    if len(fits) == 1:
        return fits[0]
    if fits:
        raise AmbiguousNameError(
            f"{' and '.join(method.name for method, _ in fits)} of {resource.name} both fit this {verb.upper()}",
            span=span,
            hints=tuple(f"EXEC {resource.name}.{method.name} ..." for method, _ in fits),
        )
    if len(refusals) == 1:
        raise refusals[0][1]
    raise UnknownNameError(
        f"no {verb.upper()} method of {resource.name} fits",
        span=span,
        hints=tuple(f"{method.name}: {error.message}" for method, error in refusals),
    )


def _input(method: Method, name: Name, resource: Resource) -> Input:
    found = input_of(method, name)
    if found is None:
        raise unknown_input(method, name, resource.columns)
    return found


def _refuse_missing(method: Method, inputs: Sequence[Input], span: Span) -> None:
    missing = lacks(method, inputs)
    if missing:
        raise MissingParameterError(
            f"{method.name} needs {', '.join(missing)}",
            span=span,
            hints=(f"add   {', '.join(missing)}",),
        )


def _changed(statement: Update | Replace | Delete, reading: Reading) -> Mutation:
    provider, resource = _looked_up(statement.target, reading.catalogue)
    verb = {Update: "update", Replace: "replace", Delete: "delete"}[type(statement)]
    methods = [_addressed(one, resource) for one in _methods(resource, verb, statement.target.span)]
    return plan_rows(statement, verb, provider, resource, methods, reading)


def _exec(statement: Exec, reading: Reading) -> Mutation | Plan:
    *names, last = statement.path.names
    provider, resource = _looked_up(Path(names=tuple(names)), reading.catalogue)
    method = next((one for one in resource.methods if one.name == last.key), None)
    if method is None:
        from sqloud.planner.sources import nearest

        raise UnknownNameError(
            f"{resource.name} has no method {last.key}",
            span=last.span,
            hints=nearest(last.key, [one.name for one in resource.methods]),
        )
    if method.verb == "select":
        return _called_select(statement, resource, reading)
    inputs = [_input(method, argument.name, resource) for argument in statement.arguments]
    nodes = [argument.value for argument in statement.arguments]
    if statement.json is not None:
        inputs.append(Input(name="@@json", whole=True, span=span_of(statement.json)))
        nodes.append(statement.json)
        if method.body is None or method.body.media:
            raise UnknownNameError(f"{method.name} takes no JSON body", span=span_of(statement.json))
    _refuse_missing(method, inputs, statement.path.span)
    cells = (tuple(cell_of(node, one.span, once=True) for node, one in zip(nodes, inputs, strict=True)),)
    return Mutation(
        verb="exec",
        resource=resource,
        provider=provider.serving(method),
        method=method,
        inputs=tuple(inputs),
        returning=everything(resource) if method.rows is not None else None,
        awaited=_AWAIT in statement.hints,
        target=statement.path.span,
        **_spread([nodes], cells, reading),
    )


def _called_select(statement: Exec, resource: Resource, reading: Reading) -> Plan:
    """An EXEC of a method that only reads is the SELECT over its resource which binds the same."""
    if statement.json is not None:
        raise UnknownNameError("a SELECT method takes no body", span=span_of(statement.json))
    query = exp.select("*").from_(table_of(Path(names=statement.path.names[:3])))
    for argument in statement.arguments:
        column = exp.to_identifier(argument.name.key, quoted=True)
        column.meta.update(start=argument.name.span.start, end=argument.name.span.end - 1)
        query = query.where(exp.EQ(this=exp.Column(this=column), expression=argument.value.copy()))
    return reading.query(query)


def _looked_up(path: Path, catalogue: Catalogue) -> tuple[Provider, Resource]:
    name = TableName(*path.keys)
    try:
        return catalogue.provider(name.provider), catalogue.resource(name)
    except Error as error:
        error.span = error.span or path.span
        raise


def _methods(resource: Resource, verb: str, span: Span) -> tuple[Method, ...]:
    """The methods that may do a verb. An UPDATE may go by PUT, a REPLACE by an UPDATE's PUT."""
    found = resource.methods_for(verb)
    if not found and verb == "update":
        found = resource.methods_for("replace")
    if not found and verb == "replace":
        found = tuple(one for one in resource.methods_for("update") if one.http_verb == "PUT")
    if not found and verb in ("update", "replace"):
        found = _puts_of_rows(resource)
    if not found:
        verbs = sorted({method.verb.upper() for method in resource.methods})
        raise UnknownNameError(
            f"{resource.name} has no {verb.upper()} method (it has {', '.join(verbs)})",
            span=span,
            hints=(*_calls(resource, verb), f"SHOW METHODS IN {resource.name} lists them"),
        )
    return found


def _puts_of_rows(resource: Resource) -> tuple[Method, ...]:
    """The calls that put a row in the place of the one at its own address, where it is also read or deleted."""
    addresses = {
        method.path
        for method in resource.methods
        if method.verb == "delete"
        or (method.verb == "select" and method.rows is not None and method.rows.shape == "object")
    }
    return tuple(
        method
        for method in resource.methods_for("exec")
        if method.http_verb == "PUT" and method.required and method.path in addresses
    )


def _addressed(method: Method, resource: Resource) -> Method:
    """A method whose path means what it does to the others at the same address, where it does not say.

    The path alone: a filter may give a read more rows than its value names, and a write must not reach them.
    """
    meanings = {
        parameter.name: parameter.meaning
        for other in resource.methods
        if other.path == method.path
        for parameter in other.parameters
        if parameter.meaning is not None and parameter.location == "path"
    }
    parameters = tuple(
        msgspec.structs.replace(one, meaning=meanings.get(one.name))
        if one.meaning is None and one.location == "path"
        else one
        for one in method.parameters
    )
    return msgspec.structs.replace(method, parameters=parameters)


def _calls(resource: Resource, verb: str) -> tuple[str, ...]:
    """What to write instead of a change, where the document names its PUT or PATCH as a call."""
    changing = {"update": ("PATCH", "PUT"), "replace": ("PUT",), "delete": ("DELETE",)}.get(verb, ())
    return tuple(
        f"write   EXEC {resource.name}.{method.name} "
        + ", ".join([*(f"@{one.sql_name} = ..." for one in method.required), "..."])
        for method in resource.methods_for("exec")
        if method.http_verb in changing
    )


_PLANNERS: Mapping[type[Statement], Callable[[Any, Reading], Mutation | Plan]] = {
    Insert: _insert,
    ReplaceInto: _insert,
    Update: _changed,
    Replace: _changed,
    Delete: _changed,
    Exec: _exec,
}
