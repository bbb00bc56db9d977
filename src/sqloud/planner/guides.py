"""SHOW of ready statements, and DESCRIBE of a method.

Law: what a method takes and answers is told as its document has it, down to the fields inside of fields; a ready
statement holds nothing that the method would refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sqloud.dialect import DescribeMethod, Path, ShowStatement
from sqloud.errors import Error, UnknownNameError
from sqloud.planner.discovery import Discovery, DiscoveryCatalogue, meant
from sqloud.planner.examples import example
from sqloud.planner.sources import nearest
from sqloud.registry.records import Column, Method, Resource, TableName

__all__ = ["describe_method", "ready"]

_DEEPEST = 8
"""How deep fields inside of fields are told."""


def ready(statement: ShowStatement, catalogue: DiscoveryCatalogue) -> Discovery:
    """A statement for each method of the verb, in the column `statement`. Raises UnknownNameError with a caret."""
    resource = _resource(statement.path, catalogue)
    if statement.verb == "exec":
        methods: tuple[Method, ...] = (
            msgspec.structs.replace(_method(statement.path, resource), verb="exec"),
        )
    else:
        methods = resource.methods_for(statement.verb)
    if not methods:
        verbs = ", ".join(sorted({method.verb.upper() for method in resource.methods}))
        raise UnknownNameError(
            f"{resource.name} has no {statement.verb.upper()} method (it has {verbs})",
            span=statement.path.span,
            hints=(f"SHOW METHODS IN {resource.name} lists them",),
        )
    rows = [(example(resource, method, whole=not statement.required),) for method in methods]
    return Discovery(columns=("statement",), rows=tuple(rows))


def describe_method(statement: DescribeMethod, catalogue: DiscoveryCatalogue) -> Discovery:
    """What a method takes (`input`) and answers (`output`), a row each. Raises UnknownNameError with a caret."""
    resource = _resource(statement.path, catalogue)
    method = _method(statement.path, resource)
    columns: tuple[str, ...] = ("direction", "name", "location", "type", "required", "note")
    if statement.extended:
        columns += ("description",)
    rows = [row[: len(columns)] for row in (*_inputs(method), *_outputs(method, resource))]
    return Discovery(columns=columns, rows=tuple(rows))


_Row = tuple[str, str, str, str, str, str, str]


def _inputs(method: Method) -> Iterator[_Row]:
    for one in method.parameters:
        required = "yes" if one.required else "no"
        note = "; ".join(filter(None, (meant(one), _bounds(one))))
        yield "input", one.sql_name, one.location, one.type.spelling, required, note, one.description
    for name, value in method.fixed:
        yield "input", name, "body", "", "no", f"always {value}", ""
    if method.body is None:
        return
    schema = msgspec.json.decode(method.body.schema) if method.body.schema else {}
    shapes = dict(_properties(schema))
    for field in method.body.fields:
        if field.read_only:
            continue
        required = "yes" if field.required else "no"
        enum = " | ".join(map(str, field.enum))
        note = "; ".join(filter(None, (enum, _bounds(field))))
        yield "input", field.name, "body", field.type.spelling, required, note, field.description
        yield from _nested(field.name, shapes.get(field.name, {}), 1)


def _nested(above: str, schema: Mapping[str, Any], depth: int) -> Iterator[_Row]:
    """The fields inside of a field: `a.b`, and `a[].b` inside of an array."""
    while isinstance(schema.get("items"), dict):
        schema, above = schema["items"], f"{above}[]"
    if depth > _DEEPEST:
        return
    required = set(schema.get("required", ()))
    for name, one in _properties(schema):
        if one.get("readOnly"):
            continue
        kind = one.get("type", "any")
        spelled = " or ".join(kind) if isinstance(kind, list) else str(kind)
        note = " | ".join(map(str, one.get("enum", ())))
        needed = "yes" if name in required else "no"
        yield "input", f"{above}.{name}", "body", spelled, needed, note, str(one.get("description", ""))
        yield from _nested(f"{above}.{name}", one, depth + 1)


def _properties(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The properties of a schema and of its forms, each name once."""
    seen: set[str] = set()
    for part in (
        schema,
        *(schema.get("allOf") or ()),
        *(schema.get("oneOf") or ()),
        *(schema.get("anyOf") or ()),
    ):
        for name, one in part.get("properties", {}).items():
            if name not in seen and isinstance(one, dict):
                seen.add(name)
                yield name, one


def _outputs(method: Method, resource: Resource) -> Iterator[_Row]:
    if method.rows is None:
        return
    columns: tuple[Column, ...] = resource.columns if method.columns is None else method.columns
    where = ".".join(method.rows.path)
    for column in columns:
        if not column.hidden:
            path = ".".join(column.path)
            note = f"key; at {path}" if column.name in resource.key else f"at {path}"
            yield "output", column.name, where or "answer", column.type.spelling, "", note, column.description


def _bounds(one: Any) -> str:
    """The bounds and the default of a parameter or of a field of a body."""
    low, high = (value if value is None else f"{value:g}" for value in (one.minimum, one.maximum))
    words = [f"{low or ''}..{high or ''}"] if low or high else []
    if one.default is not None:
        words.append(f"default {msgspec.json.encode(one.default).decode()}")
    return ", ".join(words)


def _resource(path: Path, catalogue: DiscoveryCatalogue) -> Resource:
    try:
        return catalogue.whole(TableName(*path.keys[:3]))
    except Error as error:
        error.span = error.span or path.span
        raise


def _method(path: Path, resource: Resource) -> Method:
    name = path.keys[3]
    for method in resource.methods:
        if method.name == name:
            return method
    raise UnknownNameError(
        f"{resource.name} has no method {name!r}",
        span=path.names[3].span,
        hints=(
            *nearest(name, [method.name for method in resource.methods]),
            f"SHOW METHODS IN {resource.name}; lists them all",
        ),
    )
