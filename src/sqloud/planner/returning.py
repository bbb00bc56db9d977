"""RETURNING: an expression over the rows that a write answered.

Law: it reads the row as the API answered it and the parameters that were sent, and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from sqloud.dialect import span_of
from sqloud.errors import NotSupportedError, UnknownNameError
from sqloud.plan.mutations import Returning
from sqloud.planner.outputs import name_outputs
from sqloud.planner.residual import generate
from sqloud.planner.sources import folded, nearest
from sqloud.registry.records import Method, Resource

__all__ = ["DONE", "everything", "read_columns", "returning"]

DONE = "done"
"""The table of the rows that were written."""


def returning(expressions: Sequence[exp.Expr], resource: Resource, method: Method) -> Returning | None:
    """RETURNING over the answers of a method. Raises UnknownNameError with a caret."""
    if not expressions:
        return None
    if method.rows is None and method.verb != "delete":
        raise NotSupportedError(
            f"{method.name} answers no row, so there is nothing to return",
            span=span_of(expressions[0]),
            hints=(f"SELECT it from {resource.name} afterwards",),
        )
    select = exp.select(*_projections(expressions, resource, method)).from_(
        exp.table_(exp.to_identifier(DONE, quoted=True))
    )
    read = {folded(column.this) for column in select.find_all(exp.Column)}
    roots = tuple(name for name in _roots(resource, method) if name in read)
    names = name_outputs(select)
    return Returning(sql=generate(select), names=names, roots=roots)


def everything(resource: Resource) -> Returning:
    """What an EXEC shows: the answer's own columns."""
    return Returning(sql=f'SELECT * FROM "{DONE}"', everything=True)


def read_columns(expressions: Sequence[exp.Expr], resource: Resource) -> list[str]:
    """The resource's columns that RETURNING reads, in the table's order."""
    if any(item.find(exp.Star) is not None for item in expressions):
        return [column.name for column in resource.columns]
    read = {folded(column.this) for item in expressions for column in item.find_all(exp.Column)}
    return [column.name for column in resource.columns if column.name in read]


def _roots(resource: Resource, method: Method) -> list[str]:
    """The keys of the answer's root that can be returned whole, where no column is called so."""
    own = {column.name for column in (*resource.columns, *(method.columns or ()))}
    place, found = method.rows, []
    while place is not None and method.verb != "delete":
        found += [name for name in (*place.path[:1], "links") if name not in own]
        place = place.otherwise
    return list(dict.fromkeys(found))


def _projections(expressions: Sequence[exp.Expr], resource: Resource, method: Method) -> list[exp.Expr]:
    own = resource.columns if method.columns is None or method.verb == "delete" else method.columns
    columns = [column.name for column in own]
    known = {*columns, *(parameter.sql_name for parameter in method.parameters), *_roots(resource, method)}
    found: list[exp.Expr] = []
    for item in expressions:
        refused = item.find(exp.Query, exp.AggFunc, exp.Window)
        if refused is not None:
            raise NotSupportedError(
                "RETURNING takes expressions over the row that was written", span=span_of(refused)
            )
        star = item.this if isinstance(item, exp.Column) else item
        if isinstance(star, exp.Star):
            found += [exp.column(exp.to_identifier(name, quoted=True)) for name in columns]
            continue
        item = item.copy()
        for column in item.find_all(exp.Column):
            name = folded(column.this)
            if name not in known:
                raise UnknownNameError(
                    f"no column {name} in {resource.name}",
                    span=span_of(column),
                    hints=nearest(name, sorted(known)),
                )
            for part in ("table", "db", "catalog"):
                column.set(part, None)
        found.append(item)
    return found
