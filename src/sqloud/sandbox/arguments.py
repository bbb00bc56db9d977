"""What a request asks with: its parameters, read from text and checked.

Law: a value reaches the rows only in its parameter's own type and within its bounds; a query parameter that
the method does not declare is ignored, as the real API does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from sqloud.datatypes import DataType
from sqloud.registry.records import Parameter
from sqloud.sandbox.refusal import Refusal, shortened

__all__ = ["Arguments", "read_arguments"]

Arguments = dict[str, Any]
"""Values by the parameter's `sql_name`; a parameter that was not sent is not in it."""

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {"true": True, "false": False}


def read_arguments(
    parameters: Sequence[Parameter],
    segments: Mapping[str, str],
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
) -> Arguments:
    """The arguments of a request: path segments by name, query pairs, headers by lower case name.

    Raises Refusal: 400 for a missing required parameter, 422 for one that its type, its bounds or another
    parameter does not allow.
    """
    sent: dict[tuple[str, str], list[str]] = {("path", name): [text] for name, text in segments.items()}
    for name, text in query:
        sent.setdefault(("query", name), []).append(text)
    for name, text in headers.items():
        sent["header", name] = [text]
    arguments: Arguments = {}
    present: list[Parameter] = []
    for parameter in parameters:
        name = parameter.name.lower() if parameter.location == "header" else parameter.name
        texts = sent.get((parameter.location, name))
        if texts is not None:
            arguments[parameter.sql_name] = _read(parameter, texts)
            present.append(parameter)
        elif parameter.required:
            raise Refusal(400, f"{parameter.name} is required")
    _check_exclusions(present)
    return arguments


def _check_exclusions(present: Sequence[Parameter]) -> None:
    names = {parameter.name for parameter in present}
    for parameter in present:
        for other in parameter.excludes:
            if other in names:
                raise Refusal(422, f"{parameter.name} and {other} cannot be used together")


def _read(parameter: Parameter, texts: Sequence[str]) -> Any:
    """The value of one parameter; where a scalar is sent twice the last one holds."""
    if parameter.type.type != "array":
        return _read_one(parameter, parameter.type, texts[-1])
    items = DataType(type=parameter.type.items or "string")
    return [_read_one(parameter, items, item) for text in texts for item in text.split(",")]


def _read_one(parameter: Parameter, data_type: DataType, text: str) -> Any:
    read = _READERS.get((data_type.type, data_type.format)) or _READERS.get((data_type.type, None), str)
    try:
        value = read(text)
    except ValueError:
        wanted = data_type.spelling
        raise Refusal(422, f"{parameter.name} must be {wanted}, got {shortened(text)}") from None
    _check_bounds(parameter, value)
    return value


def _check_bounds(parameter: Parameter, value: Any) -> None:
    if isinstance(value, int | float):
        if parameter.minimum is not None and value < parameter.minimum:
            raise Refusal(422, f"{parameter.name} must be at least {_plain(parameter.minimum)}")
        if parameter.maximum is not None and value > parameter.maximum:
            raise Refusal(422, f"{parameter.name} must be at most {_plain(parameter.maximum)}")
    if parameter.enum and value not in parameter.enum:
        allowed = ", ".join(str(choice) for choice in parameter.enum)
        raise Refusal(422, f"{parameter.name} must be one of {allowed}; got {shortened(str(value))}")
    if parameter.pattern is not None and isinstance(value, str) and not re.search(parameter.pattern, value):
        raise Refusal(422, f"{parameter.name} must match {parameter.pattern}; got {shortened(value)}")


def _plain(bound: float) -> str:
    return str(int(bound)) if bound == int(bound) else str(bound)


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise ValueError
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError
    return float(text)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text]


def _moment(text: str) -> str:
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        raise ValueError from None
    if moment.tzinfo is None:
        raise ValueError
    return text


_READERS: dict[tuple[str, str | None], Callable[[str], Any]] = {
    ("integer", None): _integer,
    ("number", None): _number,
    ("boolean", None): _boolean,
    ("string", None): str,
    ("string", "date-time"): _moment,
}
