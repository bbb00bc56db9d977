"""Pages that can be asked for before the page before them has come.

Law: a guess at what `follow` will ask, and nothing more: what follows a page is `follow`'s alone to say, and a guess
that it does not take up is dropped. Guessed only where a first page tells how many there are, and where its link to
the second is what a guess would have asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from sqloud.errors import IncompleteAnswerError
from sqloud.protocol.authenticate import origin
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.paging import next_page_link, total
from sqloud.protocol.rows import navigate
from sqloud.registry.records import Paging

__all__ = ["canonical", "pages_ahead"]


def pages_ahead(
    paging: Paging | None,
    request: ApiRequest,
    response: ApiResponse,
    page_rows: int,
    enough: int | None = None,
) -> Iterator[ApiRequest]:
    """The requests of the second page and all after it, as far as a first page tells of them.

    page_rows: rows of this page, which is what the API made of the size that was asked. enough: rows after which
    nothing more is wanted.
    """
    if paging is None or paging.style != "page_number" or request.place != 1 or not page_rows:
        return
    last = _last(paging, response, page_rows)
    if enough is not None:
        last = min(last, -(-enough // page_rows))
    link = next_page_link(paging, response)
    second = _page(paging, request, 2)
    if last < 2 or (link is not None and canonical(link, request.url) != canonical(second.url)):
        return
    for place in range(2, last + 1):
        yield _page(paging, request, place)


def canonical(url: str, base: str = "") -> tuple[object, ...]:
    """What two URLs have in common that ask the same: origin, path, and the query in any order.

    >>> canonical("http://a:80/x?b=2&a=%31") == canonical("http://A/x?a=1&b=2")
    True
    """
    from urllib.parse import urljoin

    try:
        whole = urljoin(base, url) if base else url
        parts = urlsplit(whole)
        return (*origin(whole), parts.path, *sorted(parse_qsl(parts.query, keep_blank_values=True)))
    except ValueError:
        return (url,)


def _last(paging: Paging, response: ApiResponse, page_rows: int) -> int:
    """The number of the last page: by the total, else by the link to it; 0 where neither is told."""
    promised = total(paging, response)
    if promised is not None:
        return -(-promised // page_rows)
    if paging.next[-1:] != ("next",):
        return 0
    raw = navigate(response.body, (*paging.next[:-1], "last"))
    try:
        link = msgspec.json.decode(raw, type=str | None) if raw is not None else None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IncompleteAnswerError(
            f"the link to the last page is no text: {bytes(raw or b'')[:80]!r}"
        ) from error
    numbers = [
        value for name, value in parse_qsl(urlsplit(link or "").query) if name == (paging.page or "page")
    ]
    return int(numbers[-1]) if numbers and numbers[-1].isascii() and numbers[-1].isdigit() else 0


def _page(paging: Paging, request: ApiRequest, place: int) -> ApiRequest:
    name = paging.page or "page"
    parts = urlsplit(request.url)
    kept = "&".join(
        f"{quote(key, safe='')}={quote(value, safe='')}"
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key != name
    )
    query = f"{kept}&{name}={place}" if kept else f"{name}={place}"
    return msgspec.structs.replace(request, url=parts._replace(query=query).geturl(), place=place)
