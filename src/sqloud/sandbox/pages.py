"""One page of a list, with its links and its total.

Law: the pages of a list are disjoint and make up the whole; a page past the end is empty, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from sqloud.datatypes import DataType
from sqloud.registry.records import Method, Option, Paging, Parameter, Scope
from sqloud.sandbox.arguments import Arguments

__all__ = ["Page", "announce", "paging_parameters", "put", "turn_to"]

_INTEGER = DataType(type="integer")


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` of one page; `links` by relation (first, prev, next, last); `total` rows of the whole list."""

    rows: Sequence[Any]
    links: dict[str, str]
    total: int


def paging_parameters(method: Method) -> tuple[Parameter, Parameter] | None:
    """The page and page size parameters of a method, as it declares them or made from its paging."""
    paging = method.paging
    if paging is None:
        return None
    declared = {parameter.name: parameter for parameter in method.parameters}
    page, size = paging.page or "page", paging.size or "per_page"
    return (
        declared.get(page) or _made(page, Scope(), None, 1),
        declared.get(size) or _made(size, Option(), paging.maximum_size, paging.default_size or 20),
    )


def _made(name: str, meaning: Scope | Option, maximum: int | None, default: int) -> Parameter:
    return Parameter(
        name=name,
        sql_name=name,
        location="query",
        type=_INTEGER,
        meaning=meaning,
        default=default,
        minimum=1,
        maximum=maximum,
    )


def turn_to(
    rows: Sequence[Any],
    paging: Paging,
    parameters: tuple[Parameter, Parameter],
    arguments: Arguments,
    query: Sequence[tuple[str, str]],
    url: str,
    clamp: int | None,
) -> Page:
    """The page that the arguments ask for; `url` (without its query) and `query` are what was asked.

    `clamp` is the most rows that a page has, whatever size is asked.
    """
    page_parameter, size_parameter = parameters
    number = int(arguments.get(page_parameter.sql_name, 1))
    size = int(arguments.get(size_parameter.sql_name, size_parameter.default or paging.default_size or 20))
    if clamp is not None:
        size = min(size, clamp)
    last = max(1, -(-len(rows) // size))
    places = {}
    if number > 1:
        places["first"] = 1
        places["prev"] = min(number - 1, last)
    if number < last:
        places["next"] = number + 1
        places["last"] = last
    kept = [(name, text) for name, text in query if name != page_parameter.name]
    links = {
        relation: f"{url}?{urlencode([*kept, (page_parameter.name, str(place))])}"
        for relation, place in places.items()
    }
    start = (number - 1) * size
    return Page(rows=rows[start : start + size], links=links, total=len(rows))


def announce(page: Page, paging: Paging, answer: dict[str, Any]) -> None:
    """Write the links and the total of a page into an answer, where its paging says that they stand.

    The other relations stand beside `next`; a list of one page has the outermost object of the links, empty.
    """
    before = paging.next[:-1]
    if before:
        put(answer, before[:1], {})
    for relation, link in page.links.items():
        if relation == "next" and paging.next:
            put(answer, paging.next, link)
        elif before:
            put(answer, (*before, relation), link)
    if paging.total:
        put(answer, paging.total, page.total)


def put(answer: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set a value at a path of an answer, making the objects on the way."""
    for key in path[:-1]:
        answer = answer.setdefault(key, {})
    answer[path[-1]] = value
