"""Lists that go on by a Link header, by the number of rows before the page, or by a token of the answer.

Law: as in `paging`, of which this is a part: a list ends where the API says that it ends. An answer without the
header, the token or the promise of more is such an end; one that promises more and gives no way there is an error.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from sqloud.errors import IncompleteAnswerError
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.rows import navigate
from sqloud.registry.records import Paging

__all__ = ["header_link", "more_promised", "next_offset", "next_token", "with_query"]

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[^\s=;,]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def header_link(response: ApiResponse) -> str | None:
    """The target of the Link header whose relation is `next` (RFC 8288), None where there is none.

    >>> header_link(ApiResponse(status=200, headers={"link": "</a>; rel=prev, </b?x=1,2>; rel=next"}, body=b""))
    '/b?x=1,2'
    """
    for target, parameters in _LINK.findall(response.headers.get("link", "")):
        relation = _RELATION.search(parameters)
        if relation is not None and "next" in (relation[1] or relation[2] or "").lower().split():
            return str(target)
    return None


def with_query(url: str, name: str, value: str) -> str:
    """A URL in whose query `name` is `value`, and nothing else."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
    query.append((name, value))
    text = "&".join(f"{quote(key, safe='')}={quote(one, safe='')}" for key, one in query)
    return parts._replace(query=text).geturl()


def more_promised(paging: Paging, response: ApiResponse) -> bool | None:
    """What the answer says about more rows; None where it says nothing. Raises IncompleteAnswerError."""
    raw = navigate(response.body, paging.more) if paging.more else None
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=bool | None)
    except msgspec.DecodeError as error:
        place = ".".join(paging.more)
        raise IncompleteAnswerError(
            f"whether there are more rows, at {place}, is neither true nor false: {bytes(raw)[:80]!r}"
        ) from error


def next_offset(paging: Paging, request: ApiRequest, rows: int) -> str:
    """The URL of the page after `rows` rows that were read since the first request's own offset."""
    assert paging.offset is not None
    asked = dict(parse_qsl(urlsplit(request.url).query)).get(paging.offset, "0")
    begun = int(asked) if asked.isdecimal() else 0
    return with_query(request.url, paging.offset, str(begun + rows))


def next_token(
    paging: Paging, request: ApiRequest, response: ApiResponse, rows_at: Sequence[str]
) -> str | None:
    """The URL of the page after this answer's, None where there is none. Raises IncompleteAnswerError."""
    assert paging.token is not None
    promised = more_promised(paging, response)
    if promised is False:
        return None
    raw = navigate(response.body, paging.next) if paging.next else _of_last_row(paging, response, rows_at)
    token = _text(paging, raw)
    if token:
        return with_query(request.url, paging.token, token)
    if promised:
        raise IncompleteAnswerError(
            f"page {request.place} promises more rows and gives no {paging.token} to ask for them"
        )
    return None


def _of_last_row(paging: Paging, response: ApiResponse, rows_at: Sequence[str]) -> msgspec.Raw | None:
    raw = navigate(response.body, rows_at)
    if raw is None:
        return None
    try:
        rows = msgspec.json.decode(raw, type=list[msgspec.Raw] | None)
    except msgspec.DecodeError:
        return None  # told where the rows are decoded
    return navigate(rows[-1], paging.last, "the last row") if rows else None


def _text(paging: Paging, raw: msgspec.Raw | None) -> str:
    if raw is None:
        return ""
    try:
        token = msgspec.json.decode(raw, type=str | int | None)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IncompleteAnswerError(
            f"the token of the next page is neither text nor a number: {bytes(raw)[:80]!r}"
        ) from error
    return "" if token is None else str(token)
