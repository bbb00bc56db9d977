"""How a list goes on, where the specification shows one of the ways that our documents can say.

Law: pages that cannot be followed are told, and their method does not become a table: a table without its later
pages would be a wrong answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqloud.importer.operations import Operation
from sqloud.importer.shapes import Shape, Specification

__all__ = ["PAGE", "name_pagings", "paging_of", "unfollowable"]

PAGE = ("page", "page_number", "pageNumber", "page_num")
"""Query parameters that count pages."""
_SIZE = ("per_page", "page_size", "pageSize", "perPage", "limit", "size", "pagelen")
_ONWARD = (
    "cursor", "after", "starting_after", "page_token", "pageToken", "next_token", "nextToken", "marker", "offset",
    "skip", "start_index", "startIndex", "continuation_token",
)  # fmt: skip
_NEXT = ("next", "next_url", "next_page_url", "next_link", "nextLink", "next_href")
_TOTAL = ("total", "total_count", "totalCount", "total_results", "total_items", "total_entries")
_AROUND = ("links", "_links", "pages", "meta", "metadata", "pagination", "paging", "page_info")

_NAMES = {"page_number": "pages", "next_link": "links"}


def paging_of(specification: Specification, operation: Operation, shape: str) -> dict[str, Any] | None:
    """The paging of a list as a document writes it; None where the list is one answer."""
    if shape == "object":
        return None
    query = {sent.name: sent for sent in operation.parameters if sent.location == "query"}
    page = next((name for name in PAGE if name in query), None)
    size = next((name for name in _SIZE if name in query), None)
    root = specification.shape(operation.answer)
    following = _find(specification, root, _NEXT, "string")
    total = _find(specification, root, _TOTAL, "integer")
    if page is not None and specification.shape(query[page].schema).kind in ("integer", "number", "any"):
        entry: dict[str, Any] = {"style": "page_number", "page": page}
        if size is not None:
            entry["size"] = size
            entry.update(_sizes(specification.shape(query[size].schema)))
        if following:
            entry["next"] = ".".join(following)
        if total:
            entry["total"] = ".".join(total)
        return entry
    if following is None:
        return None
    entry = {"style": "next_link"}
    if size is not None:
        entry["size"] = size
        entry.update(_sizes(specification.shape(query[size].schema)))
    entry["next"] = ".".join(following)
    if total:
        entry["total"] = ".".join(total)
    return entry


def unfollowable(operation: Operation, shape: str) -> str | None:
    """The parameter by which a list goes on in a way that no paging of ours can follow."""
    if shape == "object":
        return None
    names = {sent.name for sent in operation.parameters if sent.location == "query"}
    return next((name for name in _ONWARD if name in names), None)


def _sizes(shape: Shape) -> dict[str, int]:
    found = {}
    if isinstance(shape.default, int) and shape.default >= 1:
        found["default_size"] = shape.default
    if shape.maximum is not None and shape.maximum >= max(1, found.get("default_size", 1)):
        found["maximum_size"] = int(shape.maximum)
    return found


def _find(
    specification: Specification, shape: Shape, names: Iterable[str], kind: str, depth: int = 3
) -> tuple[str, ...] | None:
    """Where a field of one of the names is, among what stands beside the rows."""
    for name in names:
        if name in shape.properties and specification.shape(shape.properties[name]).kind == kind:
            return (name,)
    if depth == 0:
        return None
    for name in _AROUND:
        if name in shape.properties:
            inner = _find(specification, specification.shape(shape.properties[name]), names, kind, depth - 1)
            if inner is not None:
                return (name, *inner)
    return None


def name_pagings(pagings: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Each way of paging once, under a name; the most frequent of a style has the plainest one."""
    counted: dict[tuple[tuple[str, Any], ...], int] = {}
    for paging in pagings:
        key = tuple(paging.items())
        counted[key] = counted.get(key, 0) + 1
    named: dict[str, dict[str, Any]] = {}
    for key in sorted(counted, key=lambda key: (-counted[key], str(key))):
        paging = dict(key)
        base = _NAMES[paging["style"]]
        names = [base]
        if "maximum_size" in paging:
            names.append(f"{base}_of_{paging['maximum_size']}")
        number = 2
        while names[0] in named and len(names) > 1:
            names.pop(0)
        name = names[0]
        while name in named:
            name = f"{base}_{number}"
            number += 1
        named[name] = paging
    return named
