r"""What a value looks like: as text for table and csv, as JSON for json and jsonl.

Law: the column's type chooses the form, once a column. No digit is lost; what JSON cannot say (NaN, bytes, a
date) is a string; a JSON column's value is JSON itself and not a string of it.

    type                        text                          in JSON
    BIGINT, DECIMAL, DOUBLE     its digits, NaN, Infinity     a number; NaN and Infinity strings
    BOOLEAN                     true, false                   the same
    TIMESTAMP WITH TIME ZONE    2026-01-31T12:00:00Z          a string of it
    TIMESTAMP                   2026-01-31T12:00:00           a string of it: it has no zone, so no Z
    INTERVAL                    3 days 04:05:06               a string of it
    BLOB                        \xff00                        a string of it
    JSON, lists, STRUCT, MAP    compact JSON                  the same
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any

import msgspec

from sqloud.engine.base import Batch
from sqloud.output.shapes import Shape, shape_of

__all__ = ["NUMERIC", "ColumnWriter", "json_column", "json_string", "rows_of", "text_column"]

Form = Callable[[Any], str]
"""Writes one value that is not None."""

ColumnWriter = Callable[[Sequence[Any]], list[str]]
"""Writes the cells of a column, None among them."""

_INTEGERS = frozenset(
    f"{sign}{width}"
    for sign in ("", "U")
    for width in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT")
) | {"BIGNUM", "VARINT"}

NUMERIC = _INTEGERS | {"DECIMAL", "DOUBLE", "FLOAT"}
"""Kinds that a table aligns to the right."""

_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


json_string: Callable[[str], str] = encode_basestring
"""A JSON string, characters beyond ASCII as they are."""


def _number(value: float) -> str:
    digits = repr(value)
    return _NOT_FINITE.get(digits, digits)


def _single(value: float) -> str:
    """The fewest digits that are this FLOAT: the engine gives 32 bits, Python shows 64."""
    for precision in (6, 7, 8):
        shortest = float(f"{value:.{precision}g}")
        try:
            same = struct.unpack("f", struct.pack("f", shortest))[0] == value
        except OverflowError:  # rounded up beyond the largest FLOAT
            continue
        if same:
            return _number(shortest)
    return _number(value)


def _decimal(value: Decimal) -> str:
    return format(value, "f")


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _instant(value: datetime) -> str:
    offset = value.utcoffset()
    if offset:
        value -= offset
    return value.replace(tzinfo=None).isoformat() + "Z"


def _local(value: datetime | str) -> str:
    return value.isoformat() if isinstance(value, datetime) else value  # text, where no Python year is so far


def _moment(value: datetime) -> str:
    return _local(value) if value.tzinfo is None else _instant(value)


def _interval(value: timedelta) -> str:
    sign = "-" if value.days < 0 else ""
    value = abs(value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{sign}{hours:02}:{minutes:02}:{seconds:02}"
    if value.microseconds:
        clock += f".{value.microseconds:06}".rstrip("0")
    if not value.days:
        return clock
    days = f"{sign}{value.days} day{'s' if value.days != 1 else ''}"
    return f"{days} {clock}" if value.seconds or value.microseconds else days


def _hexadecimal(value: bytes) -> str:
    return "\\x" + value.hex()


def _json_text(value: str) -> str:
    """JSON text without its white space; a string of it where the engine let through what is no JSON."""
    try:
        return msgspec.json.format(value, indent=-1)
    except msgspec.DecodeError:
        return json_string(value)


def _text_by_value(value: Any) -> str:
    """Text of a value whose type's name says nothing (UNION, a struct without names)."""
    return _BY_CLASS.get(type(value), str)(value)


def _json_by_value(value: Any) -> str:
    if value is None:
        return "null"
    text = _text_by_value(value)
    bare = type(value) in _JSON_ITSELF and text not in _NOT_FINITE.values()
    return text if bare else json_string(text)


def _sequence(values: Sequence[Any]) -> str:
    return f"[{','.join(map(_json_by_value, values))}]"


def _mapping(values: dict[Any, Any]) -> str:
    return _members((_text_by_value(key), _json_by_value(value)) for key, value in values.items())


def _members(pairs: Iterable[tuple[str, str]]) -> str:
    return "{" + ",".join(f"{json_string(name)}:{value}" for name, value in pairs) + "}"


def _quoted(form: Form) -> Form:
    return lambda value: json_string(form(value))


def _quoted_unless_finite(form: Form) -> Form:
    def write(value: Any) -> str:
        text = form(value)
        return text if text[-1].isdigit() else f'"{text}"'

    return write


_TEXT: dict[str, Form] = {
    **dict.fromkeys(_INTEGERS, str),
    "DOUBLE": _number,
    "FLOAT": _single,
    "DECIMAL": _decimal,
    "BOOLEAN": _boolean,
    "TIMESTAMP WITH TIME ZONE": _instant,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), _local),
    "INTERVAL": _interval,
    "BLOB": _hexadecimal,
    **dict.fromkeys(("VARCHAR", "ENUM", "DATE", "TIME", "TIME WITH TIME ZONE", "UUID", "BIT"), str),
}

_JSON: dict[str, Form] = {
    kind: form
    if kind in _INTEGERS | {"DECIMAL", "BOOLEAN"}
    else _quoted_unless_finite(form)
    if kind in {"DOUBLE", "FLOAT"}
    else _quoted(form)
    for kind, form in _TEXT.items()
} | {"VARCHAR": json_string, "ENUM": json_string, "JSON": _json_text}

_BY_CLASS: dict[type, Form] = {
    bool: _boolean,
    float: _number,
    Decimal: _decimal,
    datetime: _moment,
    timedelta: _interval,
    bytes: _hexadecimal,
    list: _sequence,
    tuple: _sequence,
    dict: _mapping,
}

_JSON_ITSELF = frozenset({bool, int, float, Decimal, list, tuple, dict})


def json_form(shape: Shape) -> Form:
    """How a value of this shape is written in JSON."""
    if not shape.parts:
        return _JSON.get(shape.kind, _json_by_value)
    nested = _nested_form(shape)
    # The engine hands out what has moments deep inside as the JSON text of the whole.
    return lambda value: _json_text(value) if isinstance(value, str) else nested(value)


def _nested_form(shape: Shape) -> Form:
    parts = [_or_null(json_form(part)) for part in shape.parts]
    if shape.kind == "LIST":
        item = parts[0]
        return lambda values: f"[{','.join(map(item, values))}]"
    if shape.kind == "MAP":
        key, item = text_form(shape.parts[0]), parts[1]
        return lambda values: _members((key(name), item(value)) for name, value in values.items())
    return lambda value: _members(
        (name, form(field)) for (name, field), form in zip(value.items(), parts, strict=True)
    )


def text_form(shape: Shape) -> Form:
    """How a value of this shape is written as bare text; nested values are compact JSON."""
    if shape.parts or shape.kind == "JSON":
        return json_form(shape)
    return _TEXT.get(shape.kind, _text_by_value)


def json_column(type_name: str) -> ColumnWriter:
    """Writes the cells of a column of this engine's type as JSON; None is `null`."""
    form = json_form(shape_of(type_name))
    return lambda cells: ["null" if cell is None else form(cell) for cell in cells]


def text_column(type_name: str, null: str, finish: Callable[[str], str] | None = None) -> ColumnWriter:
    """Writes the cells of a column of this engine's type as text; None is `null`, as it stands.

    `finish` quotes or escapes the text of the others.
    """
    form = text_form(shape_of(type_name))
    if finish is None:
        return lambda cells: [null if cell is None else form(cell) for cell in cells]
    return lambda cells: [null if cell is None else finish(form(cell)) for cell in cells]


def rows_of(writers: Sequence[ColumnWriter], batch: Batch) -> Iterator[tuple[str, ...]]:
    """A batch's rows with every cell written."""
    if not batch:
        return iter(())
    columns = zip(*batch, strict=True)
    return zip(*(write(cells) for write, cells in zip(writers, columns, strict=True)), strict=True)


def _or_null(form: Form) -> Form:
    return lambda value: "null" if value is None else form(value)
