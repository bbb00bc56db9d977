"""Which operation is which method of which resource, under which SQL verb.

Law: names that people know are given, in a file; every other operation gets its place by its verb and the shape
of its path, always the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sqloud.errors import Finding
from sqloud.importer.operations import Operation, Report
from sqloud.importer.words import free, identifier
from sqloud.registry.reader import Document, pointer, read_document
from sqloud.registry.sources import read_source, refuse

__all__ = ["NameMap", "Place", "place_operations", "read_names"]

VERBS = ("select", "insert", "update", "replace", "delete", "exec")
_VERB_OF = {"PUT": "replace", "PATCH": "update", "DELETE": "delete"}
_VERSION = re.compile(r"api|v[0-9]+([a-z]+[0-9]*|\.[0-9]+)?", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where an operation stands in SQL."""

    service: str
    resource: str
    method: str
    verb: str


class NameMap(msgspec.Struct, frozen=True, kw_only=True):
    """`places` by operationId; `columns`, in order, by (service, resource), as far as they are given.

    `whole` names, by the same, the hidden column that carries a whole row.
    """

    places: Mapping[str, Place] = {}
    columns: Mapping[tuple[str, str], tuple[str, ...]] = {}
    whole: Mapping[tuple[str, str], str] = {}


def read_names(path: Path) -> NameMap:
    """Read a file of names. Raises ProviderDocumentError with every finding.

    `names` holds services, these resources, these `methods` and perhaps the order of `columns` and the name of a
    hidden column for the `whole` row; a method is a verb (`droplets_get: select`), or a verb and an `operation`
    where that has another name.
    """
    document = read_document(read_source(path))
    findings: list[Finding] = []
    places: dict[str, Place] = {}
    columns: dict[tuple[str, str], tuple[str, ...]] = {}
    whole: dict[tuple[str, str], str] = {}
    root = document.root if isinstance(document.root, dict) else {}
    if list(root) != ["names"]:
        findings.append(document.finding("", "must hold the key 'names' and no other"))
    for service, resources in _mapping(document, root.get("names"), ("names",), findings):
        for resource, entry in _mapping(document, resources, ("names", service), findings):
            steps = ("names", service, resource)
            known = dict(_mapping(document, entry, steps, findings))
            findings.extend(
                document.finding(pointer(*steps, key), "must be methods, columns or whole")
                for key in known
                if key not in ("methods", "columns", "whole")
            )
            if isinstance(said := known.get("whole"), str) and _IDENTIFIER.fullmatch(said):
                whole[service, resource] = said
            elif said is not None:
                findings.append(document.finding(pointer(*steps, "whole"), "must be the name of a column"))
            listed = known.get("columns", [])
            if isinstance(listed, list) and all(isinstance(name, str) for name in listed):
                columns[service, resource] = tuple(listed)
            else:
                findings.append(document.finding(pointer(*steps, "columns"), "must be a list of names"))
            for method, said in _mapping(document, known.get("methods"), (*steps, "methods"), findings):
                at = pointer(*steps, "methods", method)
                verb = said.get("verb") if isinstance(said, dict) else said
                operation = said.get("operation", method) if isinstance(said, dict) else method
                if verb not in VERBS or not isinstance(operation, str):
                    findings.append(document.finding(at, f"must be one of {', '.join(VERBS)}"))
                elif operation in places:
                    findings.append(document.finding(at, f"names the operation {operation!r} once more"))
                else:
                    places[operation] = Place(service=service, resource=resource, method=method, verb=verb)
    if findings:
        raise refuse(findings, str(path))
    return NameMap(places=places, columns=columns, whole=whole)


def _mapping(
    document: Document, node: Any, steps: tuple[str, ...], findings: list[Finding]
) -> Iterable[tuple[str, Any]]:
    if not isinstance(node, dict):
        findings.append(document.finding(pointer(*steps), "must be a mapping"))
        return ()
    for name in node:
        if not _IDENTIFIER.fullmatch(name):
            message = "must be small letters, digits and _, beginning with a letter"
            findings.append(document.finding(pointer(*steps, name), message))
    return tuple(node.items())


def place_operations(
    operations: Sequence[Operation], names: NameMap, report: Report
) -> tuple[tuple[Operation, Place], ...]:
    """Every operation with its place: those with given names first, in the order of the names."""
    by_id = {operation.id: operation for operation in operations}
    placed = []
    for operation_id, place in names.places.items():
        if operation_id in by_id:
            placed.append((by_id[operation_id], place))
        else:
            where = f"{place.service}.{place.resource}.{place.method}"
            report("/paths", f"has no operation {operation_id!r}, which the names call {where}")
    rest = [operation for operation in operations if operation.id not in names.places]
    if names.places:
        for operation in rest:
            report(operation.at, f"{operation.id!r} is not among the names: it is named by its path")
    return (*placed, *_by_path(rest, [place for _, place in placed]))


def _by_path(operations: Sequence[Operation], taken: Sequence[Place]) -> list[tuple[Operation, Place]]:
    """Names from paths: what can be read makes a table, what changes it belongs to it, the rest is called."""
    resources: dict[str, set[str]] = {}
    methods: dict[tuple[str, str], set[str]] = {}
    for place in taken:
        resources.setdefault(place.service, set()).add(place.resource)
    tables: dict[str, tuple[str, str]] = {}
    items = {operation.path.rstrip("/") for operation in operations if operation.ends_in_placeholder}
    with_items = {path.rpartition("/")[0] for path in items}

    def table(operation: Operation) -> tuple[str, str]:
        collection = _collection(operation)
        if collection not in tables:
            service = _service(operation)
            used = resources.setdefault(service, set())
            name = free(_resource(operation, service), used)
            used.add(name)
            tables[collection] = (service, name)
        return tables[collection]

    for operation in operations:
        if operation.method == "GET":
            table(operation)
    placed = []
    for operation in operations:
        verb, home = _verb(operation, tables, with_items)
        service, resource = home or table(operation)
        used = methods.setdefault((service, resource), set())
        method = free(identifier(operation.id, "call"), used)
        used.add(method)
        placed.append((operation, Place(service=service, resource=resource, method=method, verb=verb)))
    return placed


def _verb(
    operation: Operation, tables: Mapping[str, tuple[str, str]], with_items: set[str]
) -> tuple[str, tuple[str, str] | None]:
    """The SQL verb of an operation, and its table where that is another path's."""
    collection = _collection(operation)
    if operation.method in ("GET", "HEAD"):
        return ("select" if operation.method == "GET" else "exec"), tables.get(collection)
    whole = not operation.ends_in_placeholder and collection in with_items
    asked = any(sent.required and sent.location == "query" for sent in operation.parameters)
    if collection in tables:
        if operation.method == "POST":
            return ("exec" if operation.ends_in_placeholder else "insert"), tables[collection]
        return ("exec" if whole and not asked else _VERB_OF[operation.method]), tables[collection]
    above = collection
    while "/" in above:
        above = above.rpartition("/")[0]
        if above.endswith("}"):
            above = above.rpartition("/")[0]
        if above in tables:
            return "exec", tables[above]
    return ("exec" if operation.method == "POST" or whole else _VERB_OF[operation.method]), None


def _collection(operation: Operation) -> str:
    """The path without the placeholder at its end."""
    path = operation.path.rstrip("/")
    return path.rpartition("/")[0] if operation.ends_in_placeholder else path


def _literals(operation: Operation) -> list[str]:
    parts = [part for part in operation.path.split("/") if part and "{" not in part]
    while len(parts) > 1 and _VERSION.fullmatch(parts[0]):
        parts.pop(0)
    return [identifier(part, "path") for part in parts]


def _service(operation: Operation) -> str:
    literals = _literals(operation)
    name = identifier(operation.tag, "service") if operation.tag else literals[0] if literals else "root"
    return "provider_service" if name == "provider" else name


def _resource(operation: Operation, service: str) -> str:
    literals = _literals(operation)
    if len(literals) > 1 and literals[0] == service:
        literals = literals[1:]
    return "_".join(literals) or "root"
