"""Placeholders to literals.

Law: a value replaces a node of the tree, never text; each positional placeholder takes exactly one value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

import msgspec
from sqlglot import exp

from sqloud.dialect.nodes import span_of
from sqloud.dialect.statements import Statement
from sqloud.errors import InvalidValueError, ProgrammingError, Span

__all__ = ["bind"]

Bound = TypeVar("Bound", Statement, exp.Expr)
Parameters = Sequence[Any] | Mapping[str, Any] | None

_MAX_INTEGER_BITS = 1024


def bind(target: Bound, parameters: Parameters = None) -> Bound:
    """The same statement or tree with its placeholders (`?`, `%s`, `:name`, `%(name)s`) replaced by literals.

    A sequence fills `?` and `%s` in their order, a mapping fills names. Values may be None, bool, int, float,
    Decimal, str, bytes, date, time, datetime, a list or tuple of these (an array), or a dict (JSON text). The argument
    itself is left as it is. Raises ProgrammingError where a value is missing, or left over in a sequence, and
    InvalidValueError for a value that SQL cannot spell; both with the span of the placeholder.
    """
    trees = sorted(_trees(target), key=_start)
    # A function that sqlglot writes out in several nodes may hold one placeholder more than once.
    placeholders = list({_start(node): node for tree in trees for node in _placeholders(tree)}.values())
    values = _values(placeholders, parameters)
    if not placeholders:
        return target
    return _replaced(target, values)  # type: ignore[no-any-return]


def _trees(item: object) -> Iterator[exp.Expr]:
    if isinstance(item, exp.Expr):
        yield item
    elif isinstance(item, tuple) and not hasattr(item, "_fields"):
        for part in item:
            yield from _trees(part)
    elif isinstance(item, msgspec.Struct):
        for name in item.__struct_fields__:
            yield from _trees(getattr(item, name))


def _start(node: exp.Expr) -> int:
    return (span_of(node) or Span(0, 0)).start


def _placeholders(tree: exp.Expr) -> list[exp.Placeholder]:
    return sorted(tree.find_all(exp.Placeholder), key=_start)


def _values(placeholders: list[exp.Placeholder], parameters: Parameters) -> dict[int, exp.Expr]:
    """A literal for each placeholder, by the offset at which it stands."""
    positional = [node for node in placeholders if not node.this]
    if positional and len(positional) < len(placeholders):
        raise ProgrammingError(
            "? and named parameters cannot stand in one statement", span=span_of(positional[0])
        )
    if isinstance(parameters, (str, bytes)):
        raise ProgrammingError("parameters are a list, a tuple or a mapping, not one string")
    if isinstance(parameters, Mapping):
        if positional:
            raise ProgrammingError("? takes a list or a tuple, not a mapping", span=span_of(positional[0]))
        for node in placeholders:
            if node.name not in parameters:
                raise ProgrammingError(f"the parameter {node.name} has no value", span=span_of(node))
        return {_start(node): _literal(parameters[node.name], node) for node in placeholders}
    given = list(parameters or ())
    if placeholders and not positional:
        raise ProgrammingError(
            f"the parameter {placeholders[0].name} has no value",
            span=span_of(placeholders[0]),
            hints=(f"give it: --param {placeholders[0].name}=VALUE, or a mapping of parameters",),
        )
    if len(given) < len(positional):
        raise ProgrammingError(
            f"the statement has {len(positional)} parameters, and {len(given)} values are given",
            span=span_of(positional[len(given)]),
        )
    if len(given) > len(positional):
        raise ProgrammingError(
            f"the statement has {len(positional)} parameters, and {len(given)} values are given",
            span=span_of(positional[-1]) if positional else None,
        )
    return {_start(node): _literal(value, node) for node, value in zip(positional, given, strict=True)}


def _replaced(item: Any, values: dict[int, exp.Expr]) -> Any:
    if isinstance(item, exp.Expr):
        tree = item.copy()
        for node in list(tree.find_all(exp.Placeholder)):
            literal = values[_start(node)].copy()
            literal.meta.update(node.meta)
            if node is tree:
                return literal
            node.replace(literal)
        return tree
    if isinstance(item, tuple) and not hasattr(item, "_fields"):
        return tuple(_replaced(part, values) for part in item)
    if isinstance(item, msgspec.Struct):
        parts = {name: _replaced(getattr(item, name), values) for name in item.__struct_fields__}
        return msgspec.structs.replace(item, **parts)
    return item


def _literal(value: object, node: exp.Placeholder) -> exp.Expr:
    if value is None:
        return exp.Null()
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, str):
        return exp.Literal.string(str.__str__(value))
    if isinstance(value, (int, float, Decimal)):
        return _number(value, node)
    if isinstance(value, datetime):
        kind = "TIMESTAMPTZ" if value.tzinfo else "TIMESTAMP"
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), kind)
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "DATE")
    if isinstance(value, time):
        return exp.cast(exp.Literal.string(value.isoformat()), "TIMETZ" if value.tzinfo else "TIME")
    if isinstance(value, bytes):
        return exp.Unhex(this=exp.Literal.string(value.hex()))
    if isinstance(value, (list, tuple)):
        return exp.Array(expressions=[_literal(element, node) for element in value])
    if isinstance(value, dict):
        try:
            return exp.Literal.string(msgspec.json.encode(value).decode())
        except TypeError as cause:
            raise InvalidValueError(f"a dict that is no JSON: {cause}", span=span_of(node)) from cause
    raise InvalidValueError(
        f"a value of type {type(value).__name__} cannot be a parameter", span=span_of(node)
    )


def _number(value: int | float | Decimal, node: exp.Placeholder) -> exp.Expr:
    if isinstance(value, int):
        if value.bit_length() > _MAX_INTEGER_BITS:
            raise InvalidValueError("an integer too large for SQL", span=span_of(node))
        text = format(value, "d")
    elif not math.isfinite(value):
        raise InvalidValueError(f"{value} is no number in SQL", span=span_of(node))
    else:
        text = format(value, "f") if isinstance(value, Decimal) else float.__repr__(value)
    if text.startswith("-"):
        return exp.Paren(this=exp.Neg(this=exp.Literal.number(text[1:])))
    return exp.Literal.number(text)
