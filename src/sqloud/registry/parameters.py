"""Judge one parameter: its type, its bounds, and that its meaning is about columns that are there.

Law: a name means one thing in a table. A parameter that is called like a column equals that column, or it is
called differently.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqloud.datatypes import SCALARS, DataType
from sqloud.registry.reader import Report, pointer
from sqloud.registry.records import Column, Equals, MemberOf, Method, Parameter, Scope
from sqloud.registry.schema import nearest

__all__ = ["fits", "judge_bounds", "judge_parameter", "judge_type"]

_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")
_FORMS: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "string": (str,),
    "array": (list,),
    "object": (dict,),
}


def fits(value: Any, data_type: DataType) -> bool:
    """Whether a document's value is one of the type; true is no integer, and 1 no text.

    >>> fits(1, DataType(type="integer")), fits(True, DataType(type="integer"))
    (True, False)
    """
    if data_type.type == "array" and isinstance(value, list) and data_type.items in SCALARS:
        return all(fits(item, DataType(type=data_type.items)) for item in value)
    return data_type.type not in _FORMS or type(value) in _FORMS[data_type.type]


def judge_type(at: str, data_type: DataType, report: Report) -> None:
    """`items` belongs to arrays and `format` to text."""
    if data_type.type == "array" and data_type.items is None:
        report(at, "an array says what it holds: items")
    if data_type.type != "array" and data_type.items is not None:
        report(f"{at}/items", f"only an array has items, and this is {data_type.type}")
    if data_type.type != "string" and data_type.format is not None:
        report(f"{at}/format", f"only a string has a format, and this is {data_type.type}")


def judge_bounds(
    at: str,
    data_type: DataType,
    minimum: float | None,
    maximum: float | None,
    enum: Sequence[str | int],
    report: Report,
) -> None:
    """`minimum`, `maximum` and `enum` are of the type (an array's: of its items)."""
    subject = data_type.items if data_type.type == "array" else data_type.type
    element = DataType(type=subject or "any")
    for name, bound in (("minimum", minimum), ("maximum", maximum)):
        if bound is None:
            continue
        if element.type not in ("integer", "number"):
            report(f"{at}/{name}", f"only numbers have a {name}, and this is {data_type.spelling}")
        elif element.type == "integer" and not bound.is_integer():
            report(f"{at}/{name}", "is no integer")
    if minimum is not None and maximum is not None and minimum > maximum:
        report(f"{at}/minimum", "is above maximum")
    for index, value in enumerate(enum):
        if not fits(value, element):
            report(f"{at}/enum/{index}", f"is no {element.type}")


def judge_parameter(
    place: str, parameter: Parameter, method: Method, columns: tuple[Column, ...], report: Report
) -> None:
    """Judge one parameter of the method at `place` against the columns of its table."""
    at = f"{place}{pointer('parameters', parameter.name)}"
    judge_type(at, parameter.type, report)
    if parameter.type.type not in SCALARS and not parameter.type.is_list:
        report(f"{at}/type", "a parameter is text, a number, true or false, or a list of these")
    elif parameter.location == "path" and parameter.type.is_list:
        report(f"{at}/type", "a path parameter is one value, not a list")
    if not _IDENTIFIER.fullmatch(parameter.sql_name):
        message = f"{parameter.sql_name!r} is no SQL name (small letters, digits and _); set sql_name"
        report(at, message)
    judge_bounds(at, parameter.type, parameter.minimum, parameter.maximum, parameter.enum, report)
    if parameter.default is not None:
        _judge_value(f"{at}/default", parameter.default, parameter, report)
    _judge_pattern(at, parameter, report)
    _judge_excludes(at, parameter, method, report)
    _judge_meaning(at, parameter, columns, report)


def _judge_value(at: str, value: str | float | bool, parameter: Parameter, report: Report) -> None:
    if not fits(value, parameter.type):
        report(at, f"is no {parameter.type.spelling}")
        return
    if parameter.enum and value not in parameter.enum:
        report(at, f"is not in enum ({', '.join(str(item) for item in parameter.enum)})")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if parameter.minimum is not None and value < parameter.minimum:
            report(at, f"is below minimum ({parameter.minimum:g})")
        if parameter.maximum is not None and value > parameter.maximum:
            report(at, f"is above maximum ({parameter.maximum:g})")


def _judge_pattern(at: str, parameter: Parameter, report: Report) -> None:
    if parameter.pattern is None:
        return
    if parameter.type.type != "string":
        report(f"{at}/pattern", f"only a string has a pattern, and this is {parameter.type.spelling}")
    try:
        re.compile(parameter.pattern)
    except re.error as error:
        report(f"{at}/pattern", f"is no regular expression: {error}")


def _judge_excludes(at: str, parameter: Parameter, method: Method, report: Report) -> None:
    others = {other.name: other for other in method.parameters if other is not parameter}
    for index, name in enumerate(parameter.excludes):
        if name == parameter.name:
            report(f"{at}/excludes/{index}", "a parameter cannot exclude itself")
        elif name not in others:
            report(f"{at}/excludes/{index}", f"the method has no parameter {name!r}{nearest(name, others)}")
        elif parameter.required or others[name].required:
            always = parameter.name if parameter.required else name
            report(f"{at}/excludes/{index}", f"{always!r} is required, so the other could never be sent")


def _judge_meaning(at: str, parameter: Parameter, columns: tuple[Column, ...], report: Report) -> None:
    known = {column.name: column for column in columns}
    meaning = parameter.meaning
    namesake = isinstance(meaning, Equals) and meaning.expression == parameter.sql_name
    if parameter.sql_name in known and not namesake:
        name = parameter.sql_name
        report(
            at, f"is called like the column {name!r} and does not say equals: {name}; set another sql_name"
        )
    if isinstance(meaning, MemberOf) and known:
        column = known.get(meaning.column)
        if column is None:
            report(
                f"{at}/member_of", f"there is no column {meaning.column!r}{nearest(meaning.column, known)}"
            )
        elif not column.type.is_list:
            report(
                f"{at}/member_of",
                f"the column {column.name!r} is {column.type.spelling}, not a list of scalars",
            )
    if parameter.text_equals is not None and (
        not isinstance(meaning, Equals) or parameter.type.type not in ("integer", "number")
    ):
        report(f"{at}/text_equals", "stands beside equals, of a parameter that is a number")
    if isinstance(meaning, Scope) and meaning.default is not None:
        _judge_value(f"{at}/scope/default", meaning.default, parameter, report)
        if parameter.required:
            report(f"{at}/scope/default", "a required parameter is always sent, so its scope has no default")
