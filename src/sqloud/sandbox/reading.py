"""Answers to what reads.

Law: a query parameter keeps the rows that have what it asks; one of which nothing is known leaves them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from sqloud.sandbox.asking import Asked
from sqloud.sandbox.facts import Operation
from sqloud.sandbox.pages import Page, turn_to
from sqloud.sandbox.routes import is_template
from sqloud.sandbox.shapes import Listing
from sqloud.sandbox.sorting import in_order
from sqloud.sandbox.world import Path, World

__all__ = ["Filter", "Filters", "enveloped", "read", "rows_asked"]

Filter = Callable[[Any, Any, Path], bool]
"""(row, value asked, path of the list) to whether the row is answered."""

Filters = Mapping[tuple[str, str], Filter]
"""By path template and parameter."""

_NO_FILTERS = frozenset(
    {"page", "per_page", "limit", "after", "sort", "sort_by", "sort_direction", "page_token"}
)


def read(asked: Asked, filters: Filters) -> Any:
    """The body of the answer to a GET. Raises Refusal."""
    world, target = asked.world, asked.target
    listing = world.listing(target)
    if listing is not None:
        return _list(asked, listing, rows_asked(asked, filters))
    above = world.listing(target[:-1]) if _names_a_row(world, target) else None
    if above is not None and above.field is not None:
        row = world.find(target[:-1], target[-1])
        own = world.shapes.listing(asked.operation) or above
        if world.shapes.main_key(asked.operation) is None and own.key in world.shapes.envelope(
            asked.operation
        ):
            return enveloped(world, asked, {own.key: [row]})
        return answered(asked, row)
    return answered(asked, world.thing(target, asked.operation))


def _names_a_row(world: World, target: tuple[str, ...]) -> bool:
    reader = world.reader(target)
    return reader is not None and is_template(reader.template[-1])


def answered(asked: Asked, row: Any) -> Any:
    """One object, in the envelope of the operation's answer."""
    key = asked.world.shapes.main_key(asked.operation)
    return row if key is None else enveloped(asked.world, asked, {key: row})


def enveloped(world: World, asked: Asked, known: dict[str, Any]) -> dict[str, Any]:
    """An answer of `known` keys; what else its schema has is made up."""
    answer = dict(known)
    for name, schema in world.shapes.envelope(asked.operation).items():
        if name not in answer and name not in ("links", "meta"):
            dice = Random("/".join((*asked.target, name)))  # noqa: S311
            answer[name] = world.maker.make(schema, name, dice)
    return answer


def rows_asked(asked: Asked, filters: Filters) -> list[Any]:
    """The rows of a list that the query's parameters leave."""
    rows = asked.world.rows(asked.target)
    for parameter in asked.operation.given:
        name = parameter.name
        if parameter.place != "query" or name in _NO_FILTERS:
            continue
        test = filters.get((asked.operation.path, name)) or _same(name)
        value = asked.arguments.get(name, asked.world.customs.defaults.get((asked.operation.path, name)))
        if value is not None:
            rows = [row for row in rows if test(row, value, asked.target)]
    return in_order(rows, asked.operation, asked.arguments)


def _same(name: str) -> Filter:
    """Whether a row has a value under a name, bare, in a list or as the slug of an object."""

    def test(row: Any, asked: Any, path: Path) -> bool:
        del path
        if not isinstance(row, dict):
            return True
        if name == "tag_name":
            return asked in (row.get("tags") or ())
        if name not in row:
            return True
        held = row[name]
        if isinstance(held, dict):
            held = held.get("slug", held)
        if isinstance(asked, list):
            return held in asked
        if isinstance(held, list):
            return asked in held
        return str(held) == str(asked)

    return test


def _list(asked: Asked, listing: Listing, rows: list[Any]) -> Any:
    shapes = asked.world.shapes
    operation = asked.operation
    own = shapes.listing(operation)
    key = own.key if own is not None else listing.key
    envelope = shapes.envelope(operation)
    if "has_more" in envelope:
        return _after(asked, key, rows)
    if not _pages(operation, envelope):
        return enveloped(asked.world, asked, {key: rows} | _counts(envelope, len(rows)))
    page = turn_to(rows, asked.arguments, asked.query, asked.url, asked.clamp)
    answer = enveloped(asked.world, asked, {key: page.rows} | _counts(envelope, page.total, page))
    if "links" in envelope:
        answer["links"] = {"pages": page.links} if page.links else {}
    if "meta" in envelope:
        told = asked.world.facts.properties(envelope["meta"])
        answer["meta"] = {"total": page.total} | {
            name: value for name, value in (("page", page.number), ("pages", page.pages)) if name in told
        }
    return answer


def _pages(operation: Operation, envelope: Mapping[str, Any]) -> bool:
    return "meta" in envelope or any(one.name in ("page", "per_page") for one in operation.given)


def _counts(envelope: Mapping[str, Any], total: int, page: Page | None = None) -> dict[str, Any]:
    told = {"total": total, "count": total, "total_items": total, "object": "list"}
    if page is not None:
        told |= {"total_pages": page.pages, "current_page": page.number}
    return {name: value for name, value in told.items() if name in envelope}


def _after(asked: Asked, key: str, rows: list[Any]) -> Any:
    """A page that begins after the row that the request names."""
    field = "batch_id" if rows and "batch_id" in rows[0] else "id"
    ids = [row[field] for row in rows]
    after = asked.arguments.get("after")
    start = ids.index(after) + 1 if after in ids else 0
    size = int(asked.arguments.get("limit", 20))
    page = rows[start : start + size]
    return {
        "object": "list",
        key: page,
        "first_id": page[0][field] if page else None,
        "last_id": page[-1][field] if page else None,
        "has_more": start + size < len(rows),
    }
