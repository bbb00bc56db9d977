"""One page of a list, with its links and its total.

Law: the pages of a list are disjoint and make up the whole; a page past the end is empty, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec

from sqloud.sandbox.arguments import Arguments

__all__ = ["Page", "turn_to"]

_DEFAULT_SIZE = 20
_LARGEST_SIZE = 200


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """`rows` of one page; `links` by relation (first, prev, next, last); `total` rows of the whole list."""

    rows: Sequence[Any]
    links: dict[str, str]
    total: int
    number: int
    pages: int


def turn_to(
    rows: Sequence[Any], arguments: Arguments, query: Sequence[tuple[str, str]], url: str, clamp: int | None
) -> Page:
    """The page that the arguments ask for; `url` (without its query) and `query` are what was asked.

    `clamp` is the most rows that a page has, whatever size is asked.
    """
    number = int(arguments.get("page", 1))
    size = int(arguments.get("per_page") or arguments.get("limit") or _DEFAULT_SIZE)
    size = max(1, min(size, _LARGEST_SIZE if clamp is None else clamp))
    last = max(1, -(-len(rows) // size))
    places = {}
    if number > 1:
        places["first"] = 1
        places["prev"] = min(number - 1, last)
    if number < last:
        places["next"] = number + 1
        places["last"] = last
    kept = [(name, text) for name, text in query if name != "page"]
    links = {
        relation: f"{url}?{urlencode([*kept, ('page', str(place))])}" for relation, place in places.items()
    }
    start = (number - 1) * size
    return Page(rows=rows[start : start + size], links=links, total=len(rows), number=number, pages=last)
