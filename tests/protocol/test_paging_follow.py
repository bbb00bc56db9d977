"""`follow` as a table of answers, and the law of it: every row exactly once, or an error."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqloud.errors import IncompleteAnswerError
from sqloud.protocol.messages import ApiRequest, ApiResponse
from sqloud.protocol.paging import Progress, follow
from sqloud.registry.records import Paging

HOST = "https://api.example.com"
URL = f"{HOST}/v2/things?tag_name=a%26b&per_page=20"
NUMBERED = Paging(
    style="page_number",
    page="page",
    size="per_page",
    default_size=20,
    maximum_size=200,
    next=("links", "pages", "next"),
    total=("meta", "total"),
)
LINKED = Paging(style="next_link", next=("next",), total=("count",))
FLAT = msgspec.structs.replace(NUMBERED, next=("next",))


def answered(body: object) -> ApiResponse:
    return ApiResponse(status=200, headers={}, body=msgspec.json.encode(body))


def asked_for(url: str = URL, place: int = 1) -> ApiRequest:
    return ApiRequest(http_verb="GET", url=url, provider="p", place=place)


def following(
    paging: Paging | None, body: object, rows: int, page_rows: int, url: str = URL, place: int = 1
) -> str | None:
    found = follow(
        paging,
        asked_for(url, place),
        answered(body),
        Progress(rows=rows, page_rows=page_rows, asked=frozenset({url})),
    )
    assert len(found) <= 1
    if not found:
        return None
    assert found[0].place == place + 1
    return found[0].url


def link(target: object) -> dict[str, Any]:
    return {"links": {"pages": {"next": target}}}


def meta(total: object) -> dict[str, Any]:
    return {"meta": {"total": total}}


SECOND = f"{HOST}/v2/things?tag_name=a%26b&per_page=20&page=2"

ENDS_OR_GOES_ON = [
    # what is told, paging, answer, rows so far, rows of the page, the next URL
    ("no paging", None, link(SECOND), 20, 20, None),
    ("a link", NUMBERED, link(SECOND), 20, 20, SECOND),
    ("a link before a total", NUMBERED, link(SECOND) | meta(20), 20, 20, SECOND),
    ("a link on an empty page", NUMBERED, link(SECOND), 20, 0, SECOND),
    ("a relative link", NUMBERED, link("?page=2"), 20, 20, f"{HOST}/v2/things?page=2"),
    ("a link from the root", NUMBERED, link("/v2/things?page=2"), 20, 20, f"{HOST}/v2/things?page=2"),
    ("a link with the port spelled out", NUMBERED, link("https://API.example.com:443/x"), 20, 20,
     "https://API.example.com:443/x"),
    ("a fragment is not sent", NUMBERED, link(SECOND + "#top"), 20, 20, SECOND),
    ("links without next", NUMBERED, {"links": {"pages": {"prev": SECOND}}}, 20, 20, None),
    ("next is null", NUMBERED, link(None), 20, 20, None),
    ("next is empty", NUMBERED, link(""), 20, 20, None),
    ("pages is null", NUMBERED, {"links": {"pages": None}}, 20, 20, None),
    ("pages is empty", NUMBERED, {"links": {"pages": {}}}, 20, 20, None),
    ("links empty, total reached", NUMBERED, {"links": {}} | meta(7), 7, 7, None),
    ("links empty, a whole page, nothing promised", NUMBERED, {"links": {}}, 20, 20, SECOND),
    ("links null, a whole page", NUMBERED, {"links": None}, 20, 20, SECOND),
    ("links absent, a whole page", NUMBERED, {}, 20, 20, SECOND),
    ("links absent, a short page: it may be clamped", NUMBERED, {}, 19, 19, SECOND),
    ("links absent, an empty page", NUMBERED, {}, 40, 0, None),
    ("a link to another host, all rows there", NUMBERED, link("https://evil.example.com/x") | meta(20), 20, 20, None),
    ("a total without links", NUMBERED, meta(21), 20, 20, SECOND),
    ("a total without links, clamped", NUMBERED, meta(21), 3, 3, SECOND),
    ("a total beside links that end", NUMBERED, {"links": {"pages": {}}} | meta(21), 20, 20, SECOND),
    ("a total that is reached", NUMBERED, meta(20), 20, 20, None),
    ("a total that shrank", NUMBERED, meta(3), 20, 20, None),
    ("a total of text promises nothing", NUMBERED, meta("21"), 3, 3, SECOND),
    ("a total of null promises nothing", NUMBERED, meta(None), 20, 20, SECOND),
    ("a negative total promises nothing", NUMBERED, meta(-1), 20, 20, SECOND),
    ("next at the root is null", FLAT, {"next": None}, 20, 20, None),
    ("next at the root is absent", FLAT, {}, 20, 20, SECOND),
    ("links alone: one", LINKED, {"next": SECOND}, 1, 1, SECOND),
    ("links alone: none", LINKED, {"next": None}, 1, 1, None),
    ("links alone: absent", LINKED, {}, 1, 1, None),
    ("links alone: total reached", LINKED, {"count": 1}, 1, 1, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("paging", "body", "rows", "page_rows", "expected"),
    [row[1:] for row in ENDS_OR_GOES_ON],
    ids=[row[0] for row in ENDS_OR_GOES_ON],
)
def test_a_list_goes_on_or_ends(
    paging: Paging | None, body: object, rows: int, page_rows: int, expected: str | None
) -> None:
    assert following(paging, body, rows, page_rows) == expected


REFUSED = [
    ("another host", NUMBERED, link("https://evil.example.com/v2/things?page=2"), 20, 20, "another host"),
    ("another scheme", NUMBERED, link("http://api.example.com/v2/things?page=2"), 20, 20, "another host"),
    ("another port", NUMBERED, link("https://api.example.com:8443/v2/things"), 20, 20, "another host"),
    ("a host in a link without scheme", NUMBERED, link("//evil.example.com/x"), 20, 20, "another host"),
    ("a host that begins like ours", NUMBERED, link("https://api.example.com.evil.com/"), 20, 20, "another host"),
    ("a host behind ours", NUMBERED, link("https://api.example.com@evil.com/"), 20, 20, "another host"),
    ("a user's name", NUMBERED, link("https://me:secret@api.example.com/v2"), 20, 20, "another host"),
    ("a file", NUMBERED, link("file:///etc/passwd"), 20, 20, "another host"),
    ("a port that is none", NUMBERED, link("https://api.example.com:99999/"), 20, 20, "another host"),
    ("brackets that are not closed", NUMBERED, link("https://[::1/"), 20, 20, "another host"),
    ("a control character", NUMBERED, link("/v2/things\x00"), 20, 20, "no URL"),
    ("a very long link", NUMBERED, link("/v2/" + "x" * 50_000), 20, 20, "no URL"),
    ("the page at hand", NUMBERED, link(URL), 20, 20, "already read"),
    ("the page at hand and a fragment", NUMBERED, link(URL + "#2"), 20, 20, "already read"),
    ("a number", NUMBERED, link(2), 20, 20, "no text"),
    ("a boolean", NUMBERED, link(True), 20, 20, "no text"),
    ("an object", LINKED, {"next": {"href": SECOND}}, 20, 20, "no text"),
    ("an empty page before the total", NUMBERED, meta(21), 20, 0, "promises 21 rows and gave 20"),
    ("links alone end before the total", LINKED, {"count": 1000}, 999, 99, "promises 1,000 rows and gave 999"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("paging", "body", "rows", "page_rows", "said"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_list_that_cannot_be_completed_is_an_error(
    paging: Paging, body: object, rows: int, page_rows: int, said: str
) -> None:
    with pytest.raises(IncompleteAnswerError, match=said):
        following(paging, body, rows, page_rows)


def test_a_link_back_is_an_error_even_if_every_row_came() -> None:
    pages = frozenset({URL, SECOND})
    progress = Progress(rows=40, page_rows=20, asked=pages)
    with pytest.raises(IncompleteAnswerError, match="already read"):
        follow(NUMBERED, asked_for(SECOND, 2), answered(link(URL) | meta(40)), progress)


def test_a_page_that_repeats_the_rows_before_it_is_an_error() -> None:
    progress = Progress(rows=40, page_rows=20, asked=frozenset({URL, SECOND}), repeated=True)
    with pytest.raises(IncompleteAnswerError, match="page 2 repeats the rows"):
        follow(NUMBERED, asked_for(SECOND, 2), answered({}), progress)


def test_the_number_takes_the_place_of_the_one_before_and_nothing_else_changes() -> None:
    url = following(NUMBERED, meta(100), 40, 20, url=f"{SECOND}&empty=", place=2)
    assert url is not None
    assert parse_qs(urlsplit(url).query, keep_blank_values=True) == {
        "tag_name": ["a&b"],
        "per_page": ["20"],
        "empty": [""],
        "page": ["3"],
    }


def test_what_is_asked_next_keeps_headers_and_idempotence() -> None:
    first = msgspec.structs.replace(asked_for(), headers=(("accept", "x"),), idempotent=False)
    progress = Progress(rows=1, page_rows=1, asked=frozenset({URL}))
    (second,) = follow(LINKED, first, answered({"next": SECOND}), progress)
    assert second == msgspec.structs.replace(first, url=SECOND, place=2)


STYLES = ["links", "links and total", "total", "neither"]


@given(
    length=st.integers(0, 130),
    size=st.integers(1, 60),
    clamp=st.integers(1, 60),
    style=st.sampled_from(STYLES),
    absent=st.sampled_from([{}, {"links": {}}, {"links": {"pages": {}}}, {"links": {"pages": None}}]),
    by=st.sampled_from(["next_link", "page_number"]),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_every_row_comes_exactly_once(
    length: int, size: int, clamp: int, style: str, absent: dict[str, Any], by: str
) -> None:
    """Whatever the API makes of the size that was asked, and however little it tells."""
    default = 20
    if by == "next_link" and "links" not in style:
        style = "links"
    paging = msgspec.structs.replace(NUMBERED, style=by, default_size=default)
    request = asked_for(f"{HOST}/v2/things?per_page={size}")
    asked = frozenset({request.url})
    rows: list[int] = []
    for _ in range(200):
        query = parse_qs(urlsplit(request.url).query)
        number = int(query.get("page", ["1"])[0])
        count = min(int(query["per_page"][0]), clamp)
        page = list(range(length))[(number - 1) * count : number * count]
        body: dict[str, Any] = {"things": page}
        if "links" in style:
            body |= absent
            if number * count < length:
                body |= link(f"{HOST}/v2/things?per_page={size}&page={number + 1}")
        if "total" in style:
            body |= meta(length)
        rows += page
        found = follow(
            paging, request, answered(body), Progress(rows=len(rows), page_rows=len(page), asked=asked)
        )
        if not found:
            break
        (request,) = found
        asked |= {request.url}
    assert rows == list(range(length))
