"""What the identifiers in a path refer to.

Law: a placeholder stands for the same thing wherever the path before it is the same, so it refers to the column
that the method which reads one thing by it says that it equals. What an overlay says goes before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["refer"]

Entry = dict[str, Any]

_PLACEHOLDER = re.compile(r"\{[^{}/]+\}")


def refer(services: Mapping[str, Entry]) -> None:
    """Write, in place, `refers_to` for every placeholder of a path whose table is known.

    >>> one = {"in": "path", "type": "integer", "equals": "id"}
    >>> read = {"verb": "select", "request": "GET /v1/disks/{disk_id}", "parameters": {"disk_id": one}}
    >>> stop = {"verb": "exec", "request": "POST /v1/disks/{id}/stop", "parameters": {"id": {"in": "path"}}}
    >>> refer({"a": {"resources": {"disks": {"columns": {"id": {}}, "methods": {"get": read, "stop": stop}}}}})
    >>> stop["parameters"]["id"]
    {'in': 'path', 'refers_to': 'a.disks.id'}
    """
    known: dict[str, str | None] = {}
    for place, column in _readers(services):
        known[place] = column if known.setdefault(place, column) == column else None
    for _, _, entry in _methods(services):
        for place, name in _places(entry["request"]):
            sent = entry.get("parameters", {}).get(name)
            told = known.get(place)
            if sent is not None and told is not None and "refers_to" not in sent:
                sent["refers_to"] = told


def _methods(services: Mapping[str, Entry]) -> Iterator[tuple[str, Entry, Entry]]:
    """Each method with its `service.resource` and the resource's columns."""
    for service, document in services.items():
        for name, resource in document["resources"].items():
            columns = resource["columns"]
            if isinstance(columns, str):
                columns = document["resources"].get(columns, {}).get("columns", {})
            for entry in resource["methods"].values():
                yield f"{service}.{name}", columns if isinstance(columns, dict) else {}, entry


def _readers(services: Mapping[str, Entry]) -> Iterator[tuple[str, str]]:
    """The place of each placeholder that a SELECT ends with, and the plain column that it equals."""
    for table, columns, entry in _methods(services):
        places = list(_places(entry["request"]))
        if entry["verb"] != "select" or not places or not entry["request"].rstrip("/").endswith("}"):
            continue
        place, name = places[-1]
        equals = entry.get("parameters", {}).get(name, {}).get("equals")
        if equals in columns:
            yield place, f"{table}.{equals}"


def _places(request: str) -> Iterator[tuple[str, str]]:
    """Each placeholder of a request: the path before it, names of other placeholders left out, and its name."""
    path = request.partition(" ")[2]
    for found in _PLACEHOLDER.finditer(path):
        yield _PLACEHOLDER.sub("{}", path[: found.start()]), found.group()[1:-1]
