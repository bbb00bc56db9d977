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
_TOKEN = (
    "cursor", "after", "starting_after", "page_token", "pageToken", "next_token", "nextToken", "marker",
    "continuation_token", "continue", "next_cursor", "start_cursor",
)  # fmt: skip
_OFFSET = ("offset", "skip")
_ONWARD = (*_TOKEN, *_OFFSET, "start_index", "startIndex")
_NEXT_TOKEN = (
    "next_cursor", "nextCursor", "next_page_token", "nextPageToken", "next_token", "nextToken", "next_marker",
    "end_cursor", "endCursor", "continuation_token", "continue", "last_id", "cursor", "after", "marker",
)  # fmt: skip
_MORE = ("has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage", "more", "is_truncated")
_LAST = ("after", "starting_after")
"""Tokens that are the last row's own identifier, where the answer only says that there are more."""
_NEXT = ("next", "next_url", "next_page_url", "next_link", "nextLink", "next_href")
_TOTAL = ("total", "total_count", "totalCount", "total_results", "total_items", "total_entries")
_AROUND = (
    "links", "_links", "pages", "meta", "metadata", "pagination", "paging", "page_info", "pageInfo",
    "cursors", "response_metadata",
)  # fmt: skip

_NAMES = {
    "page_number": "pages",
    "next_link": "links",
    "link_header": "link_headers",
    "offset": "offsets",
    "token": "tokens",
}


def paging_of(specification: Specification, operation: Operation, shape: str) -> dict[str, Any] | None:
    """The paging of a list as a document writes it; None where the list is one answer."""
    if shape not in ("list", "map"):
        return None
    query = {sent.name: sent for sent in operation.parameters if sent.location == "query"}
    root = specification.shape(operation.answer)
    following = _find(specification, root, _NEXT, "string")
    total = _find(specification, root, _TOTAL, "integer")
    entry = _way_on(specification, operation, root, following, total, set(query))
    if entry is None:
        return None
    size = next((name for name in _SIZE if name in query), None)
    if size is not None:
        entry["size"] = size
        entry.update(_sizes(specification.shape(query[size].schema)))
    if following and entry["style"] in ("page_number", "next_link", "offset"):
        entry["next"] = ".".join(following)
    if total:
        entry["total"] = ".".join(total)
    return entry


def _way_on(
    specification: Specification,
    operation: Operation,
    root: Shape,
    following: tuple[str, ...] | None,
    total: tuple[str, ...] | None,
    query: set[str],
) -> dict[str, Any] | None:
    """The style of a paging with what only it has."""
    schemas = {sent.name: sent.schema for sent in operation.parameters if sent.location == "query"}
    if operation.links and following is None and total is None:
        return {"style": "link_header"}
    page = next((name for name in PAGE if name in query), None)
    if page is not None and specification.shape(schemas[page]).kind in ("integer", "number", "any"):
        return {"style": "page_number", "page": page}
    if following is not None:
        return {"style": "next_link"}
    more = _find(specification, root, _MORE, "boolean")
    promise = {"more": ".".join(more)} if more else {}
    token = next((name for name in _TOKEN if name in query), None)
    if token is not None:
        place = _find(specification, root, _NEXT_TOKEN, "string")
        if place is not None:
            return {"style": "token", "token": token, "next": ".".join(place), **promise}
        if token in _LAST and more is not None:
            return {"style": "token", "token": token, "last": "id", **promise}
    offset = next((name for name in _OFFSET if name in query), None)
    if offset is not None:
        return {"style": "offset", "offset": offset, **promise}
    return None


def unfollowable(operation: Operation, shape: str) -> str | None:
    """The parameter by which a list goes on in a way that no paging of ours can follow."""
    if shape not in ("list", "map"):
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
