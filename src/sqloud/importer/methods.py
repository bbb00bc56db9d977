"""One operation as a method of a document: facts, no decisions.

Law: what is written here follows from the specification alone; what a parameter means is decided elsewhere, and
every parameter is still there to be decided about.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sqloud.importer.answers import Answer, read_answer
from sqloud.importer.bodies import Schemas
from sqloud.importer.names import Place
from sqloud.importer.operations import Operation, Report, Sent
from sqloud.importer.pagings import paging_of, unfollowable
from sqloud.importer.provider import authentication_of_schemes
from sqloud.importer.shapes import Specification
from sqloud.importer.types import bounds_of, default_of, pattern_of, type_of
from sqloud.importer.words import identifier, sentence, singular, words
from sqloud.registry.reader import pointer

__all__ = ["Draft", "describe", "draft_method"]

Entry = dict[str, Any]

_SCALARS = ("integer", "number", "string", "boolean")
_PLACEHOLDER = re.compile(r"\{([^{}/]+)\}")
_NAME = re.compile(r"[^\s{}/?#&=]+")


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
    schemas: Schemas,
    keep_descriptions: bool,
    report: Report,
) -> Draft:
    """The facts of one operation. `wanted` are columns that the rows of its table are known to have."""
    answer = read_answer(specification, operation, wanted if place.verb == "select" else (), report)
    body = _body(specification, operation, schemas, report)
    verb, paging = place.verb, None
    inside: dict[str, Entry] = {}
    if verb == "select":
        complaint = None
        onward = unfollowable(operation, answer.shape) if answer else None
        paging = paging_of(specification, operation, answer.shape) if answer else None
        if (
            paging is not None
            and "last" in paging
            and answer is not None
            and paging["last"] not in answer.columns
        ):
            paging = None
        if answer is None:
            complaint = "answers nothing that could be a row"
        elif body is not None:
            inside, complaint = _asked_in_body(body)
        elif onward is not None and paging is None:
            complaint = f"goes on by {onward!r}, in a way that no paging of ours can follow"
        if complaint:
            verb, paging, inside = "exec", None, {}
            report(operation.at, f"{operation.id!r} {complaint}: it is an EXEC, not a SELECT")
    entry: Entry = {"verb": verb, "request": f"{operation.method} {operation.path}"}
    if keep_descriptions and operation.summary.strip():
        entry["description"] = " ".join(operation.summary.split())
    if answer is not None and verb != "delete":
        entry.update(answer.entry)
    if paging is not None:
        entry["paging"] = paging
    if operation.method == "PUT":
        # RFC 9110, 9.2.2. A DELETE is so too, but a second one's 404 does not tell whether the first one was done.
        entry["idempotent"] = True
    if operation.method == "DELETE":
        entry["destructive"] = True
    if operation.token_scopes:
        entry["token_scopes"] = list(operation.token_scopes)
    if operation.base_url is not None:
        entry["base_url"] = operation.base_url
    if operation.security == ():
        entry["authentication"] = {"scheme": "none"}
    elif operation.security is not None:
        entry["authentication"] = authentication_of_schemes(
            specification, place.service, operation.security, operation.at, report
        )
    parameters: Entry = {}
    for name in _PLACEHOLDER.findall(operation.base_url or ""):
        parameters[name] = {"in": "host", "type": "string"}
    for sent in operation.parameters:
        drafted = _parameter(specification, sent, report)
        if drafted is not None:
            parameters[sent.name] = drafted
    for name, drafted in inside.items():
        if name in parameters:
            report(operation.at, f"{name!r} is a parameter and a field of the body: the field is left out")
        else:
            parameters[name] = drafted
    if parameters:
        entry["parameters"] = parameters
    if body is not None and verb != "select":
        entry["body"] = body
    return Draft(operation=operation, place=place, entry=entry, answer=answer)


def _asked_in_body(body: Entry) -> tuple[dict[str, Entry], str | None]:
    """The fields of a SELECT's body as parameters, or why they cannot be."""
    inside: dict[str, Entry] = {}
    for name, field in body.get("fields", {}).items():
        plain = field["type"] in _SCALARS or field.get("items") in _SCALARS
        if field.get("read_only"):
            continue
        if not plain or not _NAME.fullmatch(name):
            if field.get("required"):
                return {}, f"needs {name!r} in its body, which is no plain value"
            continue
        kept = {key: value for key, value in field.items() if key != "nullable"}
        inside[name] = {"in": "body", "sql_name": f"data__{identifier(name, 'asked')}", **kept}
    return inside, None if inside else "reads by a body without plain fields"


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
            return sentence(
                f"one {one}{by}" if entry.get("shape") in ("object", "text", "binary") else f"every {one}{by}"
            )
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


def _body(
    specification: Specification, operation: Operation, schemas: Schemas, report: Report
) -> Entry | None:
    """The fields of a JSON body, and its schema where they do not say it all."""
    at = f"{operation.at}/requestBody"
    if operation.method in ("GET", "HEAD") and (operation.body is not None or operation.body_media):
        report(at, f"a {operation.method} with a body: the body is left out")
        return None
    if operation.body is None:
        if not operation.body_media:
            return None
        media = operation.body_media[0].partition(";")[0].strip().lower()
        report(at, f"the body is {media}, not JSON: it is sent as it is given")
        return {**({"required": True} if operation.body_required else {}), "media": media}
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
        field.update(pattern_of(inner, field, place, report))
        field.update(default_of(inner, field, place, report))
        fields[name] = field
    if not fields and shape.kind != "object":
        report(at, "the body has no fields that are known: left out")
        return None
    body: Entry = {"required": True} if operation.body_required else {}
    body["fields"] = fields
    schema = schemas.body(operation.body, at)
    if schema is not None:
        body["schema"] = schema
    return body
