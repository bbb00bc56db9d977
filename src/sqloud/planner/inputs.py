"""What a name of a write fills: the parameters of a method, or a place in its body.

Law: a name means the same whether it has StackQL's prefix `data__` or not; with the prefix it is the body's alone.
A name that a path and a body share fills both, as the API wants the same value in both places.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from sqlglot import exp

from sqloud.datatypes import DataType
from sqloud.dialect import constant_of, is_constant, span_of
from sqloud.dialect.statements import Name
from sqloud.errors import InvalidValueError, Span, UnknownNameError
from sqloud.plan.mutations import Cell, Input
from sqloud.planner.literals import has_one_value
from sqloud.planner.residual import generate
from sqloud.planner.sources import nearest
from sqloud.registry.records import BodyField, Column, Method

__all__ = ["cell_of", "input_of", "input_words", "is_default", "lacks", "unknown_input"]

_PREFIX = "data__"
_RAW = "body"
"""The input of a body that is no JSON."""
_NO_CONSTANT = (exp.Column, exp.Query, exp.Star, exp.Window, exp.AggFunc, exp.Placeholder)


def input_of(method: Method, name: Name) -> Input | None:
    """What a name fills in a method; None where it names nothing of it.

    Raises InvalidValueError for a field that only the API writes.
    """
    key = name.key
    bare = key.removeprefix(_PREFIX)
    prefixed = bare != key
    parameters = () if prefixed else tuple(p for p in method.parameters if key in (p.sql_name, p.name))
    if method.body is not None and method.body.media and bare == _RAW and not parameters:
        return Input(name=_RAW, whole=True, span=name.span)
    field, path = _field(method, bare)
    if field is not None and field.read_only and not parameters:
        raise InvalidValueError(
            f"{field.name} is readOnly: the API writes it, and {method.name} does not take it",
            span=name.span,
            hints=("leave it out",),
        )
    if field is not None and field.read_only:
        field, path = None, ()
    if not parameters and field is None:
        return None
    return Input(name=bare, parameters=parameters, path=path, field=field, span=name.span)


def _field(method: Method, name: str) -> tuple[BodyField | None, tuple[str, ...]]:
    """The top-level field that a plain or dotted name leads through, and the path from the body's root."""
    fields = {field.name: field for field in method.body.fields} if method.body is not None else {}
    folded = {field.lower(): field for field in fields}
    whole = name if name in fields else folded.get(name.lower())
    if whole is not None:
        return fields[whole], (whole,)
    first, _, rest = name.partition(".")
    head = first if first in fields else folded.get(first.lower())
    if not rest or head is None:
        return _undeclared(method, name)
    if not fields[head].type.is_json:
        return None, ()
    return fields[head], (head, *rest.split("."))


def _undeclared(method: Method, name: str) -> tuple[BodyField | None, tuple[str, ...]]:
    """A field that a body requires and does not describe."""
    body = method.body
    if body is None or not body.schema or name not in msgspec.json.decode(body.schema).get("required", ()):
        return None, ()
    return BodyField(name=name, type=DataType(type="any"), required=True), (name,)


def unknown_input(method: Method, name: Name, columns: Sequence[Column] = ()) -> UnknownNameError:
    """The error for a name that a method does not take; a column that can only be read is told as one."""
    key = name.key.removeprefix(_PREFIX)
    hints = nearest(key, input_words(method))
    if any(column.name == key for column in columns):
        return UnknownNameError(
            f"{method.name} takes no {name.key}: it is a column that the API writes, and here it can only be read",
            span=name.span,
            hints=(f"leave {name.key} out", *hints),
        )
    return UnknownNameError(f"{method.name} takes no {name.key}", span=name.span, hints=hints)


def input_words(method: Method) -> list[str]:
    """The names that a method takes: parameters, then the fields of its body that can be written."""
    fields = method.body.fields if method.body is not None else ()
    names = [parameter.sql_name for parameter in method.parameters]
    return list(dict.fromkeys([*names, *(field.name for field in fields if not field.read_only)]))


def lacks(method: Method, inputs: Iterable[Input]) -> list[str]:
    """The names of the required parameters and fields that no input fills."""
    inputs = list(inputs)
    filled = {parameter.name for one in inputs for parameter in one.parameters}
    missing = [parameter.sql_name for parameter in method.required if parameter.name not in filled]
    if any(one.whole for one in inputs) or method.body is None:
        return missing
    if method.body.media:
        return [*missing, _RAW]
    roots = {one.path[0] for one in inputs if one.path}
    if method.idempotency_key is not None:
        roots |= {method.idempotency_key.field} - {""}  # made for each row, where the statement gives none
    if not roots and not method.body.required and not any(field.required for field in method.body.fields):
        return missing
    return missing + [
        field.name
        for field in method.body.fields
        if field.required and not field.read_only and field.name not in roots
    ]


def is_default(node: exp.Expr) -> bool:
    """Whether an expression is the word DEFAULT."""
    if isinstance(node, exp.Var):
        return str(node.this).upper() == "DEFAULT"
    return (
        isinstance(node, exp.Column)
        and not node.table
        and node.name.upper() == "DEFAULT"
        and not node.this.args.get("quoted")
    )


def cell_of(node: exp.Expr, around: Span | None = None, *, once: bool = False) -> Cell | None:
    """A value that reads no row, as the statement writes it; None for what only a query can tell.

    `once` says that it is evaluated once, so that it need not be the same each time.
    """
    inner = node.this if isinstance(node, exp.Alias) else node
    span = span_of(inner) or around
    if is_default(inner):
        return Cell(default=True, span=span)
    if is_constant(inner):
        return Cell(value=constant_of(inner), span=span)
    if inner.find(*_NO_CONSTANT) is not None or not (once or has_one_value(inner)):
        return None
    return Cell(sql=generate(inner.copy()), span=span)
