"""Link headers, offsets and tokens: every row comes exactly once, or an error says what is missing."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.errors import IncompleteAnswerError
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.paging import Progress, follow
from sqloud.registry.records import Paging

URL = "https://api.example.com/things?tag=a%26b"
HEADER = Paging(style="link_header")
OFFSET = Paging(style="offset", offset="offset", size="limit", default_size=20, total=("total",))
MORE = Paging(style="offset", offset="skip", more=("has_more",))
TOKEN = Paging(style="token", token="cursor", next=("meta", "cursor"))
LAST = Paging(style="token", token="after", last=("id",), more=("has_more",))


def following(
    paging: Paging, body: object, rows: int = 2, page_rows: int = 2, link: str = "", url: str = URL
) -> str | None:
    answer = ApiResponse(status=200, headers={"link": link} if link else {}, body=msgspec.json.encode(body))
    progress = Progress(rows=rows, page_rows=page_rows, asked=frozenset({url}), rows_at=("data",))
    request = ApiRequest(http_verb="GET", url=url, provider="p")
    return next((after.url for after in follow(paging, request, answer, progress)), None)


TWO = {"data": [{"id": 1}, {"id": 2}]}


@pytest.mark.parametrize(
    ("paging", "body", "link", "expected"),
    [
        (HEADER, TWO, '</x>; rel="prev", </y?a=1,2>; rel="next last"', "https://api.example.com/y?a=1,2"),
        (HEADER, TWO, "<https://api.example.com/z>;title=t;rel=next", "https://api.example.com/z"),
        (HEADER, TWO, '</x>; rel="last"', None),
        (HEADER, TWO, "", None),
        (OFFSET, {**TWO, "total": 3}, "", f"{URL}&offset=2"),
        (OFFSET, {**TWO, "total": 2}, "", None),
        (OFFSET, TWO, "", f"{URL}&offset=2"),
        (MORE, {**TWO, "has_more": True}, "", f"{URL}&skip=2"),
        (MORE, {**TWO, "has_more": False}, "", None),
        (TOKEN, {**TWO, "meta": {"cursor": "a b/="}}, "", f"{URL}&cursor=a%20b%2F%3D"),
        (TOKEN, {**TWO, "meta": {"cursor": 7}}, "", f"{URL}&cursor=7"),
        (TOKEN, {**TWO, "meta": {"cursor": ""}}, "", None),
        (TOKEN, {**TWO, "meta": {}}, "", None),
        (LAST, {**TWO, "has_more": True}, "", f"{URL}&after=2"),
        (LAST, {**TWO, "has_more": False}, "", None),
    ],
)
def test_a_list_goes_on_or_ends(paging: Paging, body: object, link: str, expected: str | None) -> None:
    assert following(paging, body, link=link) == expected


@pytest.mark.parametrize(
    ("paging", "body", "rows", "message"),
    [
        (OFFSET, {"data": [], "total": 9}, 0, "promises 9 rows and gave 4"),
        (MORE, {"data": [], "has_more": True}, 0, "promises more rows and has none"),
        (MORE, {**TWO, "has_more": "yes"}, 2, "neither true nor false"),
        (TOKEN, {**TWO, "meta": {"cursor": [1]}}, 2, "neither text nor a number"),
        (LAST, {"data": [], "has_more": True}, 0, "gives no after"),
    ],
)
def test_what_cannot_be_completed_is_refused(paging: Paging, body: object, rows: int, message: str) -> None:
    with pytest.raises(IncompleteAnswerError, match=message):
        following(paging, body, rows=4, page_rows=rows)


def test_a_link_header_does_not_leave_the_host() -> None:
    with pytest.raises(IncompleteAnswerError, match="another host"):
        following(HEADER, TWO, link="<https://evil.example.com/things>; rel=next")


@given(
    length=st.integers(0, 50),
    size=st.integers(1, 12),
    style=st.sampled_from(["header", "offset", "offset and total", "more", "token", "last"]),
)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_row_comes_exactly_once(length: int, size: int, style: str) -> None:
    rows = [{"id": number} for number in range(length)]
    paging = {
        "header": HEADER,
        "offset": OFFSET,
        "offset and total": OFFSET,
        "more": MORE,
        "token": TOKEN,
    }.get(style, LAST)
    found: list[dict[str, int]] = []
    asked: frozenset[str] = frozenset()
    waiting = [ApiRequest(http_verb="GET", url=URL, provider="p")]
    while waiting:
        request = waiting.pop()
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}
        start = int(query.get("offset", query.get("skip", query.get("cursor", 0))))
        start = int(query["after"]) + 1 if "after" in query else start
        page = rows[start : start + size]
        more = start + size < length
        body: dict[str, object] = {"data": page}
        if style == "offset and total":
            body["total"] = length
        if style in ("more", "last"):
            body["has_more"] = more
        if style == "token":
            body["meta"] = {"cursor": str(start + size) if more else None}
        link = f'</things?offset={start + size}>; rel="next"' if style == "header" and more else ""
        found += page
        asked |= {request.url}
        answer = ApiResponse(
            status=200, headers={"link": link} if link else {}, body=msgspec.json.encode(body)
        )
        progress = Progress(rows=len(found), page_rows=len(page), asked=asked, rows_at=("data",))
        waiting += follow(paging, request, answer, progress)
    assert found == rows
