"""One operation as a method of a document: facts, no decisions.

Law: what is written here follows from the specification alone; what a parameter means is decided elsewhere, and
every parameter is still there to be decided about.
"""

from __future__ import annotations

from typing import Any

import msgspec

from sqloud.importer.answers import Answer, read_answer
from sqloud.importer.names import Place
from sqloud.importer.operations import Operation, Report, Sent
from sqloud.importer.pagings import paging_of, unfollowable
from sqloud.importer.shapes import Specification
from sqloud.importer.types import bounds_of, default_of, pattern_of, type_of
from sqloud.importer.words import identifier, sentence, singular, words
from sqloud.registry.reader import pointer

__all__ = ["Draft", "describe", "draft_method"]

Entry = dict[str, Any]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A method before decisions. `entry` is as in a document, but that `paging` is the way of paging itself."""

    operation: Operation
    place: Place
    entry: Entry
    answer: Answer | None


def draft_method(
    specification: Specification,
    operation: Operation,
    place: Place,
    wanted: tuple[str, ...],
    keep_descriptions: bool,
    report: Report,
) -> Draft:
    """The facts of one operation. `wanted` are columns that the rows of its table are known to have."""
    answer = read_answer(specification, operation, wanted if place.verb == "select" else (), report)
    body = _body(specification, operation, report)
    verb, paging = place.verb, None
    if verb == "select":
        complaint = None
        onward = unfollowable(operation, answer.shape) if answer else None
        paging = paging_of(specification, operation, answer.shape) if answer else None
        if answer is None:
            kinds = ", ".join(operation.media) or "nothing"
            complaint = f"answers {kinds}, which is no table yet"
        elif operation.method not in ("GET", "HEAD") and operation.body is not None:
            complaint = "reads by what its body says, which a SELECT cannot fill yet"
        elif onward is not None and paging is None:
            complaint = f"goes on by {onward!r}, in a way that no paging of ours can follow"
        if complaint:
            verb, paging = "exec", None
            report(operation.at, f"{operation.id!r} {complaint}: it is an EXEC, not a SELECT")
    entry: Entry = {"verb": verb, "request": f"{operation.method} {operation.path}"}
    if keep_descriptions and operation.summary.strip():
        entry["description"] = " ".join(operation.summary.split())
    if answer is not None and verb != "delete":
        entry.update(answer.entry)
    if paging is not None:
        entry["paging"] = paging
    if operation.method == "DELETE":
        entry["destructive"] = True
    parameters = {}
    for sent in operation.parameters:
        drafted = _parameter(specification, sent, report)
        if drafted is not None:
            parameters[sent.name] = drafted
    if parameters:
        entry["parameters"] = parameters
    if body is not None:
        entry["body"] = body
    return Draft(operation=operation, place=place, entry=entry, answer=answer if verb == "select" else None)


def describe(place: Place, entry: Entry) -> str:
    """A short description from names alone."""
    one = words(singular(place.resource))
    parameters = entry.get("parameters", {})
    asked = [
        words(identifier(name, "asked"))
        for name, sent in parameters.items()
        if sent.get("required") or sent["in"] == "path"
    ]
    by = f", by {' and '.join(asked)}" if asked else ""
    match entry["verb"]:
        case "select":
            return sentence(f"one {one}{by}" if entry.get("shape") == "object" else f"every {one}{by}")
        case "insert":
            return sentence(f"create one {one}")
        case "update":
            return sentence(f"change one {one}{by}")
        case "replace":
            return sentence(f"replace one {one}{by}")
        case "delete":
            return sentence(f"delete one {one}{by}")
        case _:
            return sentence(words(place.method))


def _parameter(specification: Specification, sent: Sent, report: Report) -> Entry | None:
    """A parameter without its meaning; None where no plain value can stand for it."""
    shape = specification.shape(sent.schema)
    entry: Entry = {"in": sent.location}
    name = identifier(sent.name, "asked")
    if name != sent.name:
        entry["sql_name"] = name
    kinds = set(shape.types)
    if len(kinds) > 1 and kinds <= {"integer", "number", "string", "boolean"}:
        report(sent.at, f"the parameter {sent.name!r} takes {' or '.join(shape.types)}: it is a string here")
        shape = msgspec.structs.replace(shape, types=("string",), enum=(), default=None)
    elif not kinds:
        shape = msgspec.structs.replace(shape, types=("string",), enum=(), default=None)
    typed = type_of(specification, shape)
    plain = typed["type"] in ("integer", "number", "string", "boolean") or (
        sent.location != "path" and typed.get("items") in ("integer", "number", "string", "boolean")
    )
    if not plain:
        if sent.location == "path":
            report(sent.at, f"the parameter {sent.name!r} is {typed['type']} in a path: it is a string here")
            typed = {"type": "string"}
        else:
            report(sent.at, f"the parameter {sent.name!r} is {typed['type']}, no plain value: left out")
            return None
    entry.update(typed)
    if sent.required and sent.location != "path":
        entry["required"] = True
    entry.update(bounds_of(specification, shape, entry, sent.at, report))
    entry.update(pattern_of(shape, entry, sent.at, report))
    if entry["type"] != "array":
        entry.update(default_of(shape, entry, sent.at, report))
    return entry


def _body(specification: Specification, operation: Operation, report: Report) -> Entry | None:
    """The fields of a JSON body."""
    at = f"{operation.at}/requestBody"
    if operation.method in ("GET", "HEAD") and (operation.body is not None or operation.body_media):
        report(at, f"a {operation.method} with a body: the body is left out")
        return None
    if operation.body is None:
        if operation.body_media:
            report(at, f"the body is {', '.join(operation.body_media)}, not JSON: left out")
        return None
    shape = specification.shape(operation.body)
    fields: Entry = {}
    for name, node in shape.properties.items():
        place = f"{at}{pointer('properties', name)}"
        if not name or any(letter.isspace() for letter in name):
            report(place, f"the field {name!r} cannot be written: left out")
            continue
        inner = specification.shape(node)
        field = type_of(specification, inner)
        if inner.read_only:
            field["read_only"] = True
        elif name in shape.required:
            field["required"] = True
        if inner.nullable:
            field["nullable"] = True
        field.update(bounds_of(specification, inner, field, place, report))
        field.update(default_of(inner, field, place, report))
        fields[name] = field
    if not fields:
        report(at, "the body has no fields that are known: left out")
        return None
    body: Entry = {"required": True} if operation.body_required else {}
    return {**body, "fields": fields}
