"""What a request sends, held against the schema of its body.

Law: a body passes if the specification lets it, and is refused with every reason otherwise; a field that the
specification does not know passes, as it does with the real API.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from sqloud.sandbox.facts import Facts, Operation, Schema
from sqloud.sandbox.refusal import Refusal, shortened

__all__ = ["read_body", "reasons_against"]

_MOST_TOLD = 5

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


def read_body(facts: Facts, operation: Operation, body: bytes | None) -> Any:
    """The body of a request, decoded; {} where none is sent and none is needed.

    Raises Refusal: 400 for what is no JSON, 422 with the reasons for what the schema does not allow.
    """
    if not body:
        if operation.needs and operation.body is not None:
            raise Refusal(422, "a JSON body is required")
        missing = [] if operation.body is None else list(reasons_against(facts, operation.body, {}))
        if missing and operation.verb != "DELETE":
            raise Refusal(422, f"a JSON body is required: {'; '.join(missing[:_MOST_TOLD])}")
        return {}
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refusal(400, f"the body is not JSON: {error}") from None
    if operation.body is not None:
        reasons = list(reasons_against(facts, operation.body, sent))
        if reasons:
            more = f" (and {len(reasons) - _MOST_TOLD} more)" if len(reasons) > _MOST_TOLD else ""
            raise Refusal(422, "; ".join(reasons[:_MOST_TOLD]) + more)
    return sent


def reasons_against(facts: Facts, schema: Schema, value: Any, place: str = "") -> Iterator[str]:
    """Why a value does not fit a schema, each reason with the place in the body."""
    shape = facts.shape(schema)
    named = place or "the body"
    if value is None:
        if not _takes_null(facts, shape):
            yield f"{named} must not be null"
        return
    told = shape.get("type")
    if isinstance(told, str) and not _is_a(value, told):
        article = "an" if told[0] in "aeiou" else "a"
        yield f"{named} must be {article} {told}, got {shortened(msgspec.json.encode(value).decode())}"
        return
    yield from _bounds(shape, value, named)
    if isinstance(value, dict):
        yield from _fields(facts, shape, value, place)
    elif isinstance(value, list):
        yield from _items(facts, shape, value, named)
    for key in ("oneOf", "anyOf"):
        if shape.get(key):
            yield from _alternatives(facts, shape[key], value, place)


def _takes_null(facts: Facts, shape: Schema) -> bool:
    if shape.get("nullable") or not ({"type", "oneOf", "anyOf"} & set(shape)):
        return True
    return any(
        _takes_null(facts, facts.shape(one)) for key in ("oneOf", "anyOf") for one in shape.get(key, ())
    )


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _KINDS.get(kind, (object,)))


def _bounds(shape: Schema, value: Any, named: str) -> Iterator[str]:
    choices = shape.get("enum")
    if choices and value not in choices:
        yield f"{named} must be one of {', '.join(map(str, choices))}; got {shortened(str(value))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value < shape.get("minimum", value):
            yield f"{named} must be at least {shape['minimum']}"
        if value > shape.get("maximum", value):
            yield f"{named} must be at most {shape['maximum']}"
    elif isinstance(value, str):
        if len(value) < shape.get("minLength", 0):
            yield f"{named} must have at least {shape['minLength']} characters"
        if len(value) > shape.get("maxLength", len(value)):
            yield f"{named} must have at most {shape['maxLength']} characters"
        if "pattern" in shape and not re.search(shape["pattern"], value):
            yield f"{named} must match {shape['pattern']}; got {shortened(value)}"
        if shape.get("format") == "date-time" and not _is_moment(value):
            yield f"{named} must be a date and time as in RFC 3339; got {shortened(value)}"


def _is_moment(text: str) -> bool:
    try:
        msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return False
    return True


def _fields(facts: Facts, shape: Schema, value: dict[str, Any], place: str) -> Iterator[str]:
    properties = shape.get("properties", {})
    for name in dict.fromkeys(shape.get("required", ())):
        if name not in value and not facts.shape(properties.get(name)).get("readOnly"):
            yield f"{place}.{name} is required" if place else f"{name} is required"
    for name, inner in value.items():
        told = properties.get(name, shape.get("additionalProperties"))
        if told is not None:
            yield from reasons_against(facts, told, inner, f"{place}.{name}" if place else name)


def _items(facts: Facts, shape: Schema, value: list[Any], named: str) -> Iterator[str]:
    if len(value) < shape.get("minItems", 0):
        yield f"{named} must have at least {shape['minItems']} elements"
    if len(value) > shape.get("maxItems", len(value)):
        yield f"{named} must have at most {shape['maxItems']} elements"
    if "items" in shape:
        for number, inner in enumerate(value):
            yield from reasons_against(facts, shape["items"], inner, f"{named}[{number}]")


def _alternatives(facts: Facts, alternatives: list[Schema], value: Any, place: str) -> Iterator[str]:
    """The reasons of the alternative that comes nearest, none where one fits."""
    against = [list(reasons_against(facts, one, value, place)) for one in alternatives]
    if all(against):
        yield from min(against, key=len)
