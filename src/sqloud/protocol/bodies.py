"""Build and judge request bodies: the values of one row become one JSON object.

Law: a value goes into a body only as its field's own JSON type, and whatever the body refuses is refused here,
before any request, at its place in the statement. Quoted forms are read as the field's type: `'5'`, `'true'`,
`'["a"]'`, `'{"plan": "daily"}'`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from sqloud.errors import InvalidValueError, MissingParameterError, Span, UnknownNameError
from sqloud.plan.mutations import Input
from sqloud.protocol.schemas import BodyPlaceError, drop_read_only, judge_body
from sqloud.registry.records import Body, BodyField

__all__ = ["Given", "body_of", "encoded", "field_value"]

_INTEGER = re.compile(r"[+-]?\d+", re.ASCII)
_WORDS = {"true": True, "t": True, "false": False, "f": False}
_SHOWN = 60


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A value for an input: None, bool, int, float, Decimal, str, a date or time, a list or a dict.

    `default` says that nothing is sent. `span` is where the statement writes it.
    """

    input: Input
    value: Any = None
    default: bool = False
    span: Span | None = None


def body_of(
    body: Body, given: Sequence[Given], *, changing: bool, fixed: Sequence[tuple[str, Any]] = ()
) -> dict[str, Any] | None:
    """The JSON object of one row; None where a body that need not be sent has no value.

    `fixed` are the fields that the method always sends. `changing` says that NULL is a value to be set, and not one
    that is missing. Raises InvalidValueError, UnknownNameError and MissingParameterError.
    """
    made: dict[str, Any] = dict(fixed)
    for one in given:
        if one.input.whole:
            made.update(_whole(body, one))
    for one in given:
        if not one.input.path or one.default:
            continue
        field = one.input.field
        assert field is not None
        try:
            if len(one.input.path) > 1:
                _put(made, one.input.path, _free(one.value))
            elif (value := field_value(field, one.value, changing=changing)) is not _ABSENT:
                made[field.name] = value
        except InvalidValueError as error:
            if one.input.kept:
                if one.value is None and not field.required:
                    continue
                error = InvalidValueError(
                    f"{error.message}; it is taken from the row, which is sent whole",
                    hints=(f"add   SET {field.name} = ...",),
                )
            error.span = error.span or one.span
            raise error
    missing = [
        field.name
        for field in body.fields
        if field.required and not field.read_only and field.name not in made
    ]
    if missing and (made or body.required or given_body(given)):
        span = next((one.span for one in given if one.input.path and one.input.path[0] in missing), None)
        raise MissingParameterError(f"the body needs {', '.join(missing)}", span=span)
    if not made and not body.required:
        return None
    taken = frozenset(one.input.path[0] for one in given if one.input.kept and one.input.path)
    if taken:
        drop_read_only(body.schema, made, taken)
    _judge(body, made, given)
    return made


def _judge(body: Body, made: Mapping[str, Any], given: Sequence[Given]) -> None:
    """Hold a body against its schema; what is wrong is told at the value that brought it."""
    try:
        judge_body(body.schema, made)
    except (InvalidValueError, MissingParameterError) as error:
        path = error.path if isinstance(error, BodyPlaceError) else ()
        near = [one for one in given if one.input.path and path[: len(one.input.path)] == one.input.path]
        near = near or [one for one in given if one.input.path[:1] == path[:1] and path]
        near = near or [one for one in given if one.input.whole]
        error.span = near[0].span if near else None
        raise


def given_body(given: Iterable[Given]) -> bool:
    """Whether a row gives anything to the body."""
    return any(one.input.path or one.input.whole for one in given)


_ABSENT = msgspec.UNSET


def field_value(field: BodyField, value: Any, *, changing: bool) -> Any:
    """A value as its field takes it; UNSET for a NULL that stands for a value which is not given."""
    if value is None:
        if field.nullable:
            return None
        if field.required or changing:
            raise InvalidValueError(f"{field.name} cannot be NULL")
        return _ABSENT
    return _fitted(field, value)


def _fitted(field: BodyField, value: Any) -> Any:
    """A value as a field's JSON type, within its enum and bounds. Raises InvalidValueError."""
    kind = field.type.type
    found = _typed(kind, value)
    if found is _ABSENT:
        raise InvalidValueError(
            f"{field.name} is {_article(field.type.spelling)}, and {_shown(value)} is none"
        )
    if kind == "array" and field.type.items in _READERS:
        found = [_element(field, item) for item in found]
    if field.enum and not isinstance(found, (list, dict)) and found not in field.enum:
        raise InvalidValueError(
            f"{field.name} cannot be {_shown(value)}",
            hints=(f"it is one of {', '.join(map(str, field.enum))}",),
        )
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        low, high = field.minimum, field.maximum
        if (low is not None and found < low) or (high is not None and found > high):
            bounds = " and ".join(
                f"{word} {bound:g}"
                for word, bound in (("at least", low), ("at most", high))
                if bound is not None
            )
            raise InvalidValueError(f"{field.name} is {bounds}, and {found} is not")
    return found


def _element(field: BodyField, item: Any) -> Any:
    found = _typed(str(field.type.items), item) if item is not None else _ABSENT
    if found is _ABSENT:
        raise InvalidValueError(
            f"{field.name} is {_article(field.type.spelling)}, and its element {_shown(item)} is none"
        )
    return found


def _typed(kind: str, value: Any) -> Any:
    reader = _READERS.get(kind)
    return reader(value) if reader is not None else _free(value)


def _integer(value: Any) -> Any:
    if isinstance(value, str):
        text = value.strip()
        return int(text) if len(text) < 40 and _INTEGER.fullmatch(text) else _ABSENT
    if isinstance(value, bool):
        return _ABSENT
    if isinstance(value, (float, Decimal)) and value == int(value):
        return int(value)
    return value if isinstance(value, int) else _ABSENT


def _number(value: Any) -> Any:
    if isinstance(value, str):
        try:
            number = Decimal(value.strip())
        except ArithmeticError:
            return _ABSENT
        value = int(number) if number.is_finite() and number == int(number) else number
    if isinstance(value, bool):
        return _ABSENT
    if isinstance(value, Decimal):
        return float(value) if value.is_finite() else _ABSENT
    return value if isinstance(value, (int, float)) else _ABSENT


def _boolean(value: Any) -> Any:
    if isinstance(value, str):
        return _WORDS.get(value.strip().lower(), _ABSENT)
    return value if isinstance(value, bool) else _ABSENT


def _string(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        return _ABSENT
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_free(value))


def _array(value: Any) -> Any:
    value = _free(value)
    return value if isinstance(value, list) else _ABSENT


def _object(value: Any) -> Any:
    value = _free(value)
    return value if isinstance(value, dict) else _ABSENT


_READERS = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "string": _string,
    "array": _array,
    "object": _object,
}


def _free(value: Any) -> Any:
    """A value where no type is declared, as JSON: text that is an array or an object is read as one."""
    if isinstance(value, str):
        if value.lstrip()[:1] in ("[", "{"):
            try:
                return msgspec.json.decode(value)
            except (msgspec.DecodeError, RecursionError):
                return value
        return value
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo is not None else value
        return moment.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == int(value) else float(value)
    if isinstance(value, (list, tuple)):
        return [_free(item) if not isinstance(item, str) else item for item in value]
    if isinstance(value, dict):
        return {key: _free(item) if not isinstance(item, str) else item for key, item in value.items()}
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    return str(value)


def _whole(body: Body, one: Given) -> Mapping[str, Any]:
    """The body that `@@json` gives, judged like fields written one by one."""
    value = _free(one.value)
    if not isinstance(value, dict):
        raise InvalidValueError(
            f"a body is a JSON object, and {_shown(one.value)} is none",
            span=one.span,
            hints=("""write   @@json = '{"field": "value"}'""",),
        )
    fields = {field.name: field for field in body.fields}
    made: dict[str, Any] = {}
    for name, item in value.items():
        field = fields.get(name)
        if field is None:
            raise UnknownNameError(
                f"the body takes no {name}", span=one.span, hints=(f"there is {', '.join(fields)}",)
            )
        if field.read_only:
            raise InvalidValueError(f"{name} is readOnly: the API writes it", span=one.span)
        try:
            made[name] = None if item is None and field.nullable else _fitted(field, item)
        except InvalidValueError as error:
            error.span = one.span
            raise
    return made


def _put(made: dict[str, Any], path: Sequence[str], value: Any) -> None:
    here = made
    for step in path[:-1]:
        below = here.setdefault(step, {})
        if not isinstance(below, dict):
            raise InvalidValueError(
                f"{step} is given as a value, so {'.'.join(path)} cannot be set inside of it"
            )
        here = below
    here[path[-1]] = value


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as JSON bytes."""
    return msgspec.json.encode(body)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}... ({len(text):,} characters)"


def _article(text: str) -> str:
    return f"an {text}" if text[0] in "aeiou" else f"a {text}"
