"""From a parameter's meaning to a test of a row.

Law: asked with a value, no row is left out for which the meaning's promise holds; a superset answers more.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from sqloud.registry.records import Equals, MemberOf, Parameter, Resource, Scope
from sqloud.sandbox.expressions import Evaluate, compile_expression

__all__ = ["Filter", "compile_filter"]

Filter = Callable[[Any, Any], bool]
"""(row, value asked) to whether the row is answered."""


def compile_filter(parameter: Parameter, resource: Resource, owner: str) -> Filter | None:
    """The test that a parameter makes of a row, None where its meaning makes none.

    Raises NotSupportedError for an expression that the sandbox cannot evaluate; `owner` names the method.
    """
    columns = {column.name: column.path for column in resource.columns}
    place = f"{owner}({parameter.name})"
    match parameter.meaning:
        case Equals(expression=expression, superset=superset):
            same = _same_folded if superset else _comparison(parameter)
            return _equals(compile_expression(expression, columns, place), same)
        case Scope(computed=str(computed)):
            return _equals(compile_expression(computed, columns, place), _comparison(parameter))
        case MemberOf(column=column):
            return _member_of(compile_expression(f'"{column}"', columns, place), _comparison(parameter))
        case _:
            return None


def _comparison(parameter: Parameter) -> Filter:
    return _same_moment if parameter.type.format == "date-time" else _same


def _equals(evaluate: Evaluate, same: Filter) -> Filter:
    return lambda row, asked: same(evaluate(row), asked)


def _member_of(evaluate: Evaluate, same: Filter) -> Filter:
    return lambda row, asked: any(same(element, asked) for element in evaluate(row) or ())


def _same(value: Any, asked: Any) -> bool:
    """SQL's equality: NULL equals nothing, a boolean is no number, a number asked as text is its text."""
    if value is None or isinstance(value, bool) is not isinstance(asked, bool):
        return False
    if isinstance(asked, str) and isinstance(value, int | float):
        return str(value) == asked
    return bool(value == asked)


def _same_folded(value: Any, asked: Any) -> bool:
    if isinstance(value, str) and isinstance(asked, str):
        return value.casefold() == asked.casefold()
    return _same(value, asked)


def _same_moment(value: Any, asked: Any) -> bool:
    if not isinstance(value, str) or not isinstance(asked, str):
        return False
    return msgspec.convert(value, datetime) == msgspec.convert(asked, datetime)
